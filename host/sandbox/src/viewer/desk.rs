//! The part of `/_sandbox/` for tests: the inbox, the next message, the calls and the faults, as JSON.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};

use crate::calls::Call;
use crate::fault::Fault;
use crate::message::Message;
use crate::orders::{Order, Target};
use crate::site::Site;

/// Seconds that `next` waits if it is not told how long.
const WAIT: u64 = 10;

/// The most seconds that `next` waits.
const LONGEST_WAIT: u64 = 60;

/// The most requests that one order is for.
const MOST_TIMES: u32 = 1_000;

type Parameters = Query<BTreeMap<String, String>>;

/// A request that is not what the README says.
pub(super) struct Wrong(String);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"error": self.0}))).into_response()
    }
}

pub(super) async fn inbox(
    State(site): State<Arc<Site>>,
    Query(query): Parameters,
) -> Result<Json<Value>, Wrong> {
    known(&query, &["recipient"])?;
    let messages = site
        .phones
        .inbox(query.get("recipient").map(String::as_str));
    Ok(Json(messages.iter().map(Message::entry).collect()))
}

pub(super) async fn clear_inbox(State(site): State<Arc<Site>>) -> StatusCode {
    site.phones.clear();
    StatusCode::NO_CONTENT
}

/// The first message to a recipient, or the first after another; waits until there is one.
pub(super) async fn next(
    State(site): State<Arc<Site>>,
    Query(query): Parameters,
) -> Result<Response, Wrong> {
    known(&query, &["recipient", "after", "wait"])?;
    let wait = number(&query, "wait", 0, LONGEST_WAIT)?.unwrap_or(WAIT);
    let (recipient, after) = (query.get("recipient"), query.get("after"));
    let recipient = recipient.map(String::as_str);
    if let Some(id) = after.filter(|id| site.phones.find(id).is_none()) {
        return Err(Wrong(format!("after: there is no message {id}")));
    }
    let deadline = Instant::now() + Duration::from_secs(wait);
    let mut arrivals = site.phones.arrivals();
    loop {
        // Seen before the look, so that a message between the two is not missed.
        arrivals.mark_unchanged();
        if let Some(message) = site.phones.next(recipient, after.map(String::as_str)) {
            return Ok(Json(message.entry()).into_response());
        }
        let arrived = timeout_at(deadline, arrivals.changed()).await;
        if !matches!(arrived, Ok(Ok(()))) {
            return Ok(StatusCode::NO_CONTENT.into_response());
        }
    }
}

pub(super) async fn calls(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(site.calls.all().iter().map(Call::entry).collect())
}

pub(super) async fn clear_calls(State(site): State<Arc<Site>>) -> StatusCode {
    site.calls.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn faults(State(site): State<Arc<Site>>) -> Json<Value> {
    Json(site.orders.entries().into_iter().collect())
}

/// Orders a fault for the next requests, and answers all orders there are.
pub(super) async fn order(
    State(site): State<Arc<Site>>,
    Query(query): Parameters,
) -> Result<Json<Value>, Wrong> {
    known(&query, &["name", "times", "recipient", "path"])?;
    let name = query.get("name").map_or("", String::as_str);
    let fault = Fault::ALL.iter().find(|fault| fault.name() == name);
    let fault = *fault.ok_or_else(|| {
        let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
        Wrong(format!("name: `{name}` is none of {}", names.join(", ")))
    })?;
    let target = match (query.get("recipient"), query.get("path")) {
        (None, None) => Target::Sends,
        (Some(number), None) if !is_number(number) => {
            return Err(Wrong(format!(
                "recipient: `{number}` is not a number in E.164, such as +819012345678"
            )));
        }
        (Some(number), None) => Target::Recipient(number.clone()),
        (None, Some(_)) if fault.takes() => {
            return Err(Wrong(format!(
                "path: `{name}` is about a message that is taken, so it is for a number or for the next messages"
            )));
        }
        (None, Some(path)) if !path.starts_with('/') => {
            return Err(Wrong(format!(
                "path: `{path}` does not begin with /, as in /sms/messages/"
            )));
        }
        (None, Some(path)) => Target::Path(path.clone()),
        (Some(_), Some(_)) => {
            return Err(Wrong("give `recipient` or `path`, not both".to_string()));
        }
    };
    let times = number(&query, "times", 1, u64::from(MOST_TIMES))?.unwrap_or(1);
    let times = u32::try_from(times).unwrap_or(MOST_TIMES);
    site.orders.add(Order {
        fault,
        times,
        target,
    });
    Ok(faults(State(site)).await)
}

pub(super) async fn clear_faults(State(site): State<Arc<Site>>) -> StatusCode {
    site.orders.clear();
    StatusCode::NO_CONTENT
}

/// Tells whether a text has the form of E.164. Other messages than to such a number are refused before any fault.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Refuses a name that means nothing here.
fn known(query: &BTreeMap<String, String>, names: &[&str]) -> Result<(), Wrong> {
    match query.keys().find(|name| !names.contains(&name.as_str())) {
        None => Ok(()),
        Some(other) => Err(Wrong(format!("`{other}` is none of {}", names.join(", ")))),
    }
}

fn number(
    query: &BTreeMap<String, String>,
    name: &str,
    least: u64,
    most: u64,
) -> Result<Option<u64>, Wrong> {
    let Some(text) = query.get(name) else {
        return Ok(None);
    };
    let number = text.parse().ok();
    let number = number.filter(|number| (least..=most).contains(number));
    let wrong = || {
        Wrong(format!(
            "{name}: it must be a number from {least} to {most}"
        ))
    };
    number.map(Some).ok_or_else(wrong)
}
