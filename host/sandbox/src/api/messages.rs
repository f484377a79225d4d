//! `/sms/messages/`: freeform SMS, their state, and their list.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use serde_json::Value;
use time::{Date, Duration, Month};

use super::parameters::{Parameters, message, recipient, sender};
use super::refusal::Refusal;
use super::{dispatch, senders};
use crate::fault::Fault;
use crate::line::Knife;
use crate::message::{Draft, Message};
use crate::site::Site;

/// The text that an account with test credits sends in place of every other.
const REPLACED: &str = "This is a test message. To send a text of your own, purchase credits.";

/// The age of the oldest message in the list, in days.
const DAYS: i64 = 90;

pub(super) async fn send(
    State(site): State<Arc<Site>>,
    ConnectInfo(knife): ConnectInfo<Knife>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let mut parameters = Parameters::read(&headers, body)?;
    let body = parameters.required("message", message);
    let draft = envelope(&site, &mut parameters, body);
    parameters.refuse_faults()?;
    if !site.options.freeform {
        let text = "You do not have permission to perform this action.";
        return Err(Refusal::detail(StatusCode::FORBIDDEN, text));
    }
    dispatch::take(&site, &knife, replaced(&site, draft)).await
}

/// Reads the parameters that every SMS has beside its text.
pub(super) fn envelope(site: &Site, parameters: &mut Parameters, body: String) -> Draft {
    let recipient = parameters.required("recipient", recipient);
    let sender = parameters.required("sender", sender);
    let mut remarks = senders::look(site, parameters, "sender", &sender, &recipient);
    senders::premium(parameters);
    remarks.extend(parameters.not_imitated());
    Draft {
        channel: "sms",
        body,
        recipient,
        sender,
        tags: parameters.list("tags"),
        callback_url: parameters.optional("callbackurl"),
        flat_cost: None,
        remarks,
    }
}

/// The draft, with another text if the account has test credits only.
pub(super) fn replaced(site: &Site, mut draft: Draft) -> Draft {
    if site.options.test_credit {
        draft.body = REPLACED.to_string();
    }
    draft
}

pub(super) async fn status(
    State(site): State<Arc<Site>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    tell(&site, id, "sms")
}

/// The state of a message of a channel.
pub(super) fn tell(
    site: &Site,
    id: Result<Path<String>, PathRejection>,
    channel: &str,
) -> Result<Response, Refusal> {
    let message = id.ok().and_then(|Path(id)| site.phones.find(&id));
    let message = message.filter(|message| message.channel == channel);
    let message = message.ok_or_else(Refusal::missing)?;
    match message.fault {
        Some(Fault::StateError) => Err(Refusal::broken()),
        Some(Fault::StateLost) => Err(Refusal::missing()),
        _ => Ok(Json(message.status(&site.url, site.state(&message))).into_response()),
    }
}

/// The messages of the last 90 days. A filter is a name with its operator glued to it, `?sent_date>=2026-11-24`, so it is no
/// query of names and values.
pub(super) async fn list(
    State(site): State<Arc<Site>>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let query = query.unwrap_or_default();
    let today = site.now().date();
    let mut filters = Vec::new();
    for text in query
        .split('&')
        .filter(|text| text.starts_with("sent_date"))
    {
        let filter =
            Filter::parse(text).filter(|filter| today - filter.date <= Duration::days(DAYS));
        filters.push(filter.ok_or_else(|| Refusal::fault("sent_date", "Invalid sent_date"))?);
    }
    let messages = site.phones.inbox(None);
    let shown = messages.iter().filter(|message| {
        message.channel == "sms" && filters.iter().all(|filter| filter.holds(message.date()))
    });
    let entry = |message: &Message| message.status(&site.url, site.state(message));
    Ok(Json(shown.map(entry).collect()))
}

struct Filter {
    operator: String,
    date: Date,
}

impl Filter {
    fn parse(text: &str) -> Option<Self> {
        let text = text
            .replace("%3C", "<")
            .replace("%3c", "<")
            .replace("%3E", ">")
            .replace("%3e", ">")
            .replace("%3D", "=")
            .replace("%3d", "=");
        let rest = text.strip_prefix("sent_date")?;
        let digits = rest.trim_start_matches(['<', '>', '=']);
        let operator = rest.strip_suffix(digits)?.to_string();
        if !["<", "<=", "=", ">=", ">"].contains(&operator.as_str()) {
            return None;
        }
        let shape = digits.len() == 10
            && digits.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        let mut numbers = digits.split('-').map(|part| part.parse::<u16>().ok());
        let (year, month, day) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
        shape.then_some(Self { operator, date })
    }

    fn holds(&self, date: Date) -> bool {
        match self.operator.as_str() {
            "<" => date < self.date,
            "<=" => date <= self.date,
            "=" => date == self.date,
            ">=" => date >= self.date,
            _ => date > self.date,
        }
    }
}
