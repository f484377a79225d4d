//! Records the calls of the API, with what they are answered.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;

use crate::calls::{Call, Remark};
use crate::message::rfc3339;
use crate::site::Site;

/// The longest shown parameters, in characters.
const SHOWN: usize = 2_000;

/// Records a request as it comes, and its answer as it goes. The sandbox's own pages are none of Xoxzo's.
pub(crate) async fn record(
    State(site): State<Arc<Site>>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path().starts_with("/_sandbox") {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    // It was read whole before this.
    // It is the sandbox's own, and in memory already.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let kind = head.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let number = site.calls.begin(Call {
        number: 0,
        called_at: rfc3339(site.now()),
        method: head.method.to_string(),
        path: head
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        parameters: parameters(kind, &body),
        status: None,
        remarks: Vec::new(),
    });
    let response = next.run(Request::from_parts(head, Body::from(body))).await;
    let (response, mut remarks) = reason(response).await;
    let remark = response.extensions().get::<Remark>().cloned();
    let cut = remark.as_ref().is_some_and(|remark| remark.cut);
    remarks.extend(remark.into_iter().flat_map(|remark| remark.text));
    let status = (!cut).then(|| response.status().as_u16());
    site.calls.end(number, status, remarks);
    response
}

/// The parameters of a request as people read them, a line for each of a form's.
fn parameters(kind: &str, body: &[u8]) -> String {
    let text = if kind.starts_with("application/x-www-form-urlencoded") {
        form_urlencoded::parse(body)
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
            .join("\n")
    } else {
        String::from_utf8_lossy(body).into_owned()
    };
    text.chars().take(SHOWN).collect()
}

/// Reads why a request was refused from the answer itself.
async fn reason(response: Response) -> (Response, Vec<String>) {
    if !response.status().is_client_error() && !response.status().is_server_error() {
        return (response, Vec::new());
    }
    let (head, body) = response.into_parts();
    // It is the sandbox's own, and in memory already.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let told = match serde_json::from_slice(&body) {
        Ok(Value::Object(fields)) => fields
            .iter()
            .map(|(name, value)| match (name.as_str(), plain(value)) {
                ("detail" | "non_field_errors", text) => text,
                (name, text) => format!("{name}: {text}"),
            })
            .collect(),
        _ => Vec::new(),
    };
    (Response::from_parts(head, Body::from(body)), told)
}

/// A text, or the texts of a list.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
