//! `/voice/`: calls that speak or play, and their state.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::parameters::{Parameters, caller, language, message, recipient};
use super::refusal::Refusal;
use super::{dispatch, messages, senders};
use crate::line::Knife;
use crate::message::Draft;
use crate::site::Site;

/// Credits for the first minute of a call.
const COST: usize = 10;

pub(super) async fn call(
    State(site): State<Arc<Site>>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let mut parameters = Parameters::read(&headers, body)?;
    let sender = parameters.required("caller", caller);
    let recipient = parameters.required("recipient", recipient);
    let body = if parameters.has("tts_message") || parameters.has("tts_lang") {
        parameters.required("tts_lang", language);
        parameters.required("tts_message", message)
    } else {
        let url = parameters.required("recording_url", |_| Ok(()));
        format!("[{url}]")
    };
    let remarks = senders::look(&site, &mut parameters, "caller", &sender, &recipient);
    let draft = Draft {
        channel: "voice",
        sender: sender.trim_start_matches('+').to_string(),
        recipient,
        body,
        tags: parameters.list("tags"),
        callback_url: parameters.optional("callbackurl"),
        flat_cost: Some(COST),
        remarks,
    };
    parameters.refuse_faults()?;
    dispatch::take(&site, &knife, draft).await
}

pub(super) async fn status(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    messages::tell(&site, id, "voice")
}
