//! `/sms/messages/`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::refusal::Refusal;
use crate::message::{Draft, Message};
use crate::site::{Site, random_id};

/// The longest text, in UTF-16 units (help.xoxzo.com, `how-many-characters`).
const LONGEST_TEXT: usize = 660;

/// Country codes after which a national number never begins with 0: there it is a kept trunk zero.
const NO_ZERO_AFTER: [&str; 11] = [
    "31", "33", "44", "49", "60", "61", "62", "66", "81", "82", "84",
];

pub(super) async fn send(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body
        .map_err(|_| Refusal::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large."))?;
    let draft = draft(Parameters::parse(&headers, &body)?)?;
    let Ok(id) = random_id() else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    site.phones
        .take(Message::new(id.clone(), draft, site.now()));
    Ok((StatusCode::CREATED, Json(json!([{"msgid": id}]))).into_response())
}

pub(super) async fn status(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, Refusal> {
    let message = id.ok().and_then(|Path(id)| site.phones.find(&id));
    let message = message.ok_or_else(|| Refusal::detail(StatusCode::NOT_FOUND, "Not found."))?;
    Ok(Json(message.status(&site.url, site.now())))
}

fn draft(mut parameters: Parameters) -> Result<Draft, Refusal> {
    let body = parameters.required("message", message);
    let recipient = parameters.required("recipient", recipient);
    let sender = parameters.required("sender", sender);
    let tags = parameters.list("tags");
    parameters.refuse_faults()?;
    Ok(Draft {
        sender,
        recipient,
        body,
        tags,
    })
}

fn message(text: &str) -> Result<(), &'static str> {
    let fits = text.encode_utf16().count() <= LONGEST_TEXT;
    fits.then_some(()).ok_or("Message too long")
}

/// E.164: a plus sign and 8 to 15 digits, the first not 0, and no trunk zero after the country code.
fn recipient(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let plausible = (8..=15).contains(&digits.len()) && all_digits(digits);
    let trunk_zero = NO_ZERO_AFTER.iter().any(|code| {
        let national = digits.strip_prefix(code).unwrap_or_default();
        national.starts_with('0')
    });
    let sound = plausible && !digits.starts_with('0') && !trunk_zero;
    sound.then_some(()).ok_or("Enter a valid phone number.")
}

/// At most 10 letters and digits; or at most 15 digits, with or without a plus sign.
fn sender(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let numeric = !digits.is_empty() && digits.len() <= 15 && all_digits(digits);
    let named = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (numeric || named)
        .then_some(())
        .ok_or("Enter a valid sender.")
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
