//! The API of Xoxzo, as far as it is imitated. Error bodies are those of Django REST framework.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use base64ct::{Base64, Encoding};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use crate::server::{Site, random_id};
use crate::sms::Message;

/// The longest request body, in bytes.
const BODY: usize = 64 * 1024;

/// The longest message, in UTF-16 units.
const LONGEST: usize = 660;

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/sms/messages/", post(send).fallback(wrong_method))
        .route("/sms/messages/{id}/", get(status).fallback(wrong_method))
        .layer(DefaultBodyLimit::max(BODY))
}

/// Anything else: a path without its last slash is sent to the one with it.
pub(crate) async fn missing(method: Method, uri: Uri) -> Response {
    let path = uri.path();
    if method == Method::GET && !path.ends_with('/') && path.starts_with("/sms/") {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(location) = HeaderValue::from_str(&format!("{path}/{query}")) {
            return (StatusCode::MOVED_PERMANENTLY, [(LOCATION, location)]).into_response();
        }
    }
    (StatusCode::NOT_FOUND, "<h1>Not Found</h1>").into_response()
}

async fn wrong_method(method: Method) -> Response {
    detail(StatusCode::METHOD_NOT_ALLOWED, &format!("Method \"{method}\" not allowed."))
}

async fn send(State(site): State<Arc<Site>>, headers: HeaderMap, body: Result<Bytes, axum::extract::rejection::BytesRejection>) -> Response {
    if !authorized(&site, &headers) {
        return unauthorized();
    }
    let Ok(body) = body else { return detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large.") };
    let fields = match parameters(&headers, &body) {
        Ok(fields) => fields,
        Err(response) => return response,
    };
    let errors = check(&fields);
    if !errors.is_empty() {
        return (StatusCode::BAD_REQUEST, Json(Value::Object(errors))).into_response();
    }
    let take = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let tags = take("tags").split(',').filter(|tag| !tag.is_empty()).map(str::to_string).collect();
    let Ok(id) = random_id() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    site.phones.take(Message::new(id.clone(), take("sender"), take("recipient"), take("message"), tags));
    (StatusCode::CREATED, Json(json!([{"msgid": id}]))).into_response()
}

async fn status(State(site): State<Arc<Site>>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if !authorized(&site, &headers) {
        return unauthorized();
    }
    match site.phones.find(&id) {
        Some(message) => Json(message.status(&site.url, OffsetDateTime::now_utc())).into_response(),
        None => detail(StatusCode::NOT_FOUND, "Not found."),
    }
}

fn authorized(site: &Site, headers: &HeaderMap) -> bool {
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Basic "));
    let pair = given.and_then(|text| Base64::decode_vec(text).ok());
    pair.as_deref() == Some([site.sid.as_str(), ":", &site.auth_token].concat().as_bytes())
}

fn unauthorized() -> Response {
    let body = Json(json!({"detail": "Invalid username/password."}));
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Basic realm=\"api\"")], body).into_response()
}

fn detail(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"detail": text}))).into_response()
}

/// The parameters of a form or a JSON object.
fn parameters(headers: &HeaderMap, body: &[u8]) -> Result<BTreeMap<String, String>, Response> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => Ok(form_urlencoded::parse(body).into_owned().collect()),
        "application/json" => {
            let parsed: Result<Map<String, Value>, _> = serde_json::from_slice(body);
            let fields = parsed.map_err(|_| detail(StatusCode::BAD_REQUEST, "JSON parse error"))?;
            let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_string);
            Ok(fields.into_iter().map(|(name, value)| (name, text(value))).collect())
        }
        other => Err(detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &format!("Unsupported media type \"{other}\" in request."))),
    }
}

fn check(fields: &BTreeMap<String, String>) -> Map<String, Value> {
    let mut errors = Map::new();
    for (name, rule) in [("message", message as fn(&str) -> Option<&'static str>), ("recipient", recipient), ("sender", sender)] {
        let fault = match fields.get(name).map(String::as_str) {
            None => Some("This field is required."),
            Some("") => Some("This field may not be blank."),
            Some(text) => rule(text),
        };
        if let Some(fault) = fault {
            errors.insert(name.to_string(), json!([fault]));
        }
    }
    errors
}

fn message(text: &str) -> Option<&'static str> {
    (text.encode_utf16().count() > LONGEST).then_some("Message too long")
}

/// E.164 without a kept trunk zero.
fn recipient(text: &str) -> Option<&'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let plausible = (8..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let sound = plausible && !digits.starts_with('0') && !digits.starts_with("810");
    (!sound).then_some("Enter a valid phone number.")
}

/// At most 10 letters and digits, or at most 15 digits, with or without a plus.
fn sender(text: &str) -> Option<&'static str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let numeric = !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let named = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!numeric && !named).then_some("Enter a valid sender.")
}
