//! A refused request, in the shapes of Django REST framework.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Json, Response};
use serde_json::{Map, Value, json};

/// A status, and what is answered with it.
pub(super) struct Refusal {
    status: StatusCode,
    body: Body,
}

enum Body {
    /// The object that tells why.
    Object(Value),
    Page(&'static str),
}

impl Refusal {
    /// The request as a whole: `{"detail": text}`.
    pub(super) fn detail(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            body: Body::Object(json!({"detail": text})),
        }
    }

    /// 400 with the fault of one parameter.
    pub(super) fn fault(name: &str, text: &str) -> Self {
        Self::faults(Map::from_iter([(name.to_string(), json!([text]))]))
    }

    /// 400 with the faults of each parameter: `{"name": [text]}`.
    pub(super) fn faults(faults: Map<String, Value>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: Body::Object(Value::Object(faults)),
        }
    }

    /// 400 of an account that has fewer credits than it costs.
    pub(super) fn no_credits(cost: usize) -> Self {
        let text = format!("Not enough credits, required: {cost}");
        Self::fault("non_field_errors", &text)
    }

    /// 404 with a page: neither an unknown path nor an unknown id is answered in JSON.
    pub(super) fn missing() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            body: Body::Page("<h1>Not Found</h1>"),
        }
    }

    /// The page of a server that broke.
    pub(super) fn broken() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            body: Body::Page("<h1>Server Error (500)</h1>"),
        }
    }

    /// The page of a proxy whose server does not answer.
    pub(super) fn bad_gateway() -> Self {
        Self {
            status: StatusCode::GATEWAY_TIMEOUT,
            body: Body::Page("<h1>504 Gateway Time-out</h1>"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self.body {
            Body::Object(body) => (self.status, Json(body)).into_response(),
            Body::Page(page) => (self.status, Html(page)).into_response(),
        }
    }
}
