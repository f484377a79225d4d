//! A refused request, in the shapes of Django REST framework.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Json, Response};
use serde_json::{Map, Value, json};

/// A status and the object that tells why.
pub(super) struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    /// The request as a whole: `{"detail": text}`.
    pub(super) fn detail(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            body: json!({"detail": text}),
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
            body: Value::Object(faults),
        }
    }
}

/// The page of a path that is none, as the router of Django gives it.
pub(super) fn missing() -> Response {
    (StatusCode::NOT_FOUND, Html("<h1>Not Found</h1>")).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
