//! Sends messages: a sound request is paid for, taken and answered, or fails as its number or an order for it asks.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;

use super::refusal::Refusal;
use crate::callback;
use crate::calls::Remark;
use crate::fault::Fault;
use crate::ids::{random_id, random_uuid};
use crate::line::Knife;
use crate::message::{Draft, Message};
use crate::site::Site;

/// The delay of a slow answer.
const SLOW: Duration = Duration::from_secs(3);

/// The time that a truncated answer stays open.
const SOON: Duration = Duration::from_millis(50);

/// Bytes of a huge answer.
const HUGE: usize = 1024 * 1024;

/// Sends, and answers with an array of the one id.
pub(super) async fn take(
    site: &Arc<Site>,
    knife: &Knife,
    draft: Draft,
) -> Result<Response, Refusal> {
    dispatch(site, knife, draft, |entry| json!([entry])).await
}

/// Sends, and answers with the id alone.
pub(super) async fn take_one(
    site: &Arc<Site>,
    knife: &Knife,
    draft: Draft,
) -> Result<Response, Refusal> {
    dispatch(site, knife, draft, |entry| entry).await
}

async fn dispatch(
    site: &Arc<Site>,
    knife: &Knife,
    mut draft: Draft,
    shape: fn(Value) -> Value,
) -> Result<Response, Refusal> {
    let ordered = site.orders.for_recipient(&draft.recipient);
    let fault = ordered.or_else(|| Fault::of(&draft.recipient));
    if let Some(fault) = fault.filter(|fault| !fault.takes()) {
        return Ok(refuse(knife, fault).await);
    }
    let cost = draft.cost();
    if !site.pay(cost) {
        return Err(Refusal::no_credits(cost));
    }
    let (name, id) = match draft.channel {
        "voice" => ("callid", random_uuid()),
        _ => ("msgid", random_id()),
    };
    let id = id.map_err(|_| Refusal::broken())?;
    let remarks = std::mem::take(&mut draft.remarks);
    let message = Message::new(id.clone(), draft, fault, site.now());
    callback::announce(site, &message);
    site.phones.take(message);
    let mut response = answer(knife, fault, json!({ name: id }), shape).await;
    response.extensions_mut().insert(Remark {
        text: fault.map(described).into_iter().chain(remarks).collect(),
        cut: fault == Some(Fault::LostReply),
    });
    Ok(response)
}

fn described(fault: Fault) -> String {
    format!("Fault {}: {}", fault.name(), fault.about())
}

/// The answer to what was taken.
async fn answer(
    knife: &Knife,
    fault: Option<Fault>,
    mut entry: Value,
    shape: fn(Value) -> Value,
) -> Response {
    if fault == Some(Fault::Huge) {
        entry["padding"] = json!("x".repeat(HUGE));
    }
    let body = shape(entry);
    match fault {
        Some(Fault::Slow) => sleep(SLOW).await,
        Some(Fault::LostReply) => knife.close(),
        Some(Fault::BadJson) => {
            let text = body.to_string();
            let half = text[..text.len() / 2].to_string();
            return (StatusCode::CREATED, half).into_response();
        }
        Some(Fault::Truncated) => {
            let half = Bytes::from(body.to_string()[..10].to_string());
            let (pieces, stream) = mpsc::channel(1);
            tokio::spawn(async move {
                let _gone = pieces.send(Ok(half)).await;
                // What was written must be on its way before the end is seen.
                sleep(SOON).await;
                let broken = io::Error::from(io::ErrorKind::ConnectionAborted);
                let _gone = pieces.send(Err(broken)).await;
            });
            let body = Body::from_stream(ReceiverStream::new(stream));
            return (StatusCode::CREATED, body).into_response();
        }
        _ => {}
    }
    (StatusCode::CREATED, Json(body)).into_response()
}

/// The answer to what was not.
pub(super) async fn refuse(knife: &Knife, fault: Fault) -> Response {
    const THROTTLED: &str = "Request was throttled. Expected available in 7 seconds.";
    let throttled = || Refusal::detail(StatusCode::TOO_MANY_REQUESTS, THROTTLED);
    let mut response = match fault {
        Fault::Reset => {
            knife.reset();
            StatusCode::CREATED.into_response()
        }
        Fault::Hang => pending().await,
        Fault::Redirect => {
            let elsewhere = HeaderValue::from_static("https://example.com/");
            (StatusCode::FOUND, [(LOCATION, elsewhere)]).into_response()
        }
        Fault::BadGateway => Refusal::bad_gateway().into_response(),
        Fault::NotFoundHtml => Refusal::missing().into_response(),
        Fault::Refused => {
            Refusal::fault("recipient", "Enter a valid phone number.").into_response()
        }
        Fault::Unauthorized => {
            let text = "Invalid username/password.";
            Refusal::detail(StatusCode::UNAUTHORIZED, text).into_response()
        }
        Fault::Forbidden => {
            let text = "You do not have permission to perform this action.";
            Refusal::detail(StatusCode::FORBIDDEN, text).into_response()
        }
        Fault::NoCredits => Refusal::no_credits(10).into_response(),
        Fault::Throttled => {
            let wait = [(RETRY_AFTER, HeaderValue::from_static("7"))];
            (wait, throttled()).into_response()
        }
        Fault::ThrottledInDetail => throttled().into_response(),
        Fault::ThrottledSilently => {
            (StatusCode::TOO_MANY_REQUESTS, Json(json!({}))).into_response()
        }
        _ => Refusal::broken().into_response(),
    };
    response.extensions_mut().insert(Remark {
        text: vec![described(fault)],
        cut: fault == Fault::Reset,
    });
    response
}
