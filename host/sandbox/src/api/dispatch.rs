//! Sends messages: a sound request is paid for, taken and answered, or fails as its number asks for.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;

use super::refusal::{Refusal, missing};
use crate::callback;
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

pub(super) async fn take(
    site: &Arc<Site>,
    knife: &Knife,
    draft: Draft,
) -> Result<Response, Refusal> {
    let fault = Fault::of(&draft.recipient);
    if fault.is_some_and(|fault| !fault.takes()) {
        return refuse(knife, fault).await;
    }
    let cost = draft.cost();
    if !site.pay(cost) {
        return Err(no_credits(cost));
    }
    let (name, id) = match draft.channel {
        "voice" => ("callid", random_uuid()),
        _ => ("msgid", random_id()),
    };
    let Ok(id) = id else {
        return Ok(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let message = Message::new(id.clone(), draft, site.now());
    callback::announce(site, &message);
    site.phones.take(message);
    Ok(answer(knife, fault, json!([{ name: id }])).await)
}

/// The answer to what was taken.
async fn answer(knife: &Knife, fault: Option<Fault>, mut body: Value) -> Response {
    match fault {
        Some(Fault::Slow) => sleep(SLOW).await,
        Some(Fault::LostReply) => knife.close(),
        Some(Fault::Huge) => body[0]["padding"] = json!("x".repeat(HUGE)),
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
async fn refuse(knife: &Knife, fault: Option<Fault>) -> Result<Response, Refusal> {
    const THROTTLED: &str = "Request was throttled. Expected available in 7 seconds.";
    match fault {
        Some(Fault::Reset) => {
            knife.reset();
            Ok(StatusCode::CREATED.into_response())
        }
        Some(Fault::Hang) => pending().await,
        Some(Fault::Redirect) => {
            let elsewhere = HeaderValue::from_static("https://example.com/");
            Ok((StatusCode::FOUND, [(LOCATION, elsewhere)]).into_response())
        }
        Some(Fault::BadGateway) => {
            let page = Html("<h1>504 Gateway Time-out</h1>");
            Ok((StatusCode::GATEWAY_TIMEOUT, page).into_response())
        }
        Some(Fault::NotFoundHtml) => Ok(missing()),
        Some(Fault::Refused) => Err(Refusal::fault("recipient", "Enter a valid phone number.")),
        Some(Fault::Unauthorized) => Err(Refusal::detail(
            StatusCode::UNAUTHORIZED,
            "Invalid username/password.",
        )),
        Some(Fault::Forbidden) => Err(Refusal::detail(
            StatusCode::FORBIDDEN,
            "You do not have permission to perform this action.",
        )),
        Some(Fault::NoCredits) => Err(no_credits(10)),
        Some(Fault::Throttled) => {
            let wait = [(RETRY_AFTER, HeaderValue::from_static("7"))];
            let refusal = Refusal::detail(StatusCode::TOO_MANY_REQUESTS, THROTTLED);
            Ok((wait, refusal).into_response())
        }
        Some(Fault::ThrottledInDetail) => {
            Err(Refusal::detail(StatusCode::TOO_MANY_REQUESTS, THROTTLED))
        }
        Some(Fault::ThrottledSilently) => {
            Ok((StatusCode::TOO_MANY_REQUESTS, Json(json!({}))).into_response())
        }
        _ => Ok(broken()),
    }
}

fn no_credits(cost: usize) -> Refusal {
    let text = format!("Not enough credits, required: {cost}");
    Refusal::fault("non_field_errors", &text)
}

/// The page of a server that broke.
pub(super) fn broken() -> Response {
    let page = Html("<h1>Server Error (500)</h1>");
    (StatusCode::INTERNAL_SERVER_ERROR, page).into_response()
}
