//! The account: questions that cost nothing, and what the answers tell.

use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding};
use http::Uri;
use http::header::{AUTHORIZATION, DATE, HeaderValue};
use serde_json::Value;
use zeroize::Zeroizing;

use super::templates;
use crate::diagnosis::{Diagnosis, Point};
use crate::seconds::{SKEW, ahead_of};
use crate::transport::{Body, Lost, Transport};

/// The price of one part to a Japanese number, in credits (help.xoxzo.com, "pre vs postpay").
const PRICE: f64 = 10.0;

/// The credits of a new account in 2018, which are for tests (blog.xoxzo.com, 2018-06-27).
pub(crate) const GIVEN: i32 = 50;

const BASE_URL: &str = "xoxzo.base_url";
const CREDENTIALS: [&str; 2] = ["xoxzo.sid", "xoxzo.auth_token"];

/// The access to an account. Has no Debug: there is a token in it.
pub(crate) struct Account {
    base_url: String,
    authorization: HeaderValue,
    timeout: Duration,
}

/// A response, reduced to what is read of it.
struct Answer {
    status: u16,
    date: Option<SystemTime>,
    /// Null if it is not JSON.
    body: Value,
}

impl Account {
    /// Takes the account of a document that was found sound, and the settings in effect.
    pub(crate) fn new(document: &Value, effective: &Value) -> Option<Self> {
        let (own, effective) = (&document["xoxzo"], &effective["xoxzo"]);
        let pair = format!("{}:{}", own["sid"].as_str()?, own["auth_token"].as_str()?);
        let pair = Base64::encode_string(Zeroizing::new(pair).as_bytes());
        let mut authorization = HeaderValue::from_str(&format!("Basic {pair}")).ok()?;
        authorization.set_sensitive(true);
        Some(Self {
            base_url: effective["base_url"].as_str()?.to_string(),
            authorization,
            timeout: Duration::from_millis(effective["timeout_milliseconds"].as_u64()?),
        })
    }

    fn ask(&self, transport: &dyn Transport, path: &str) -> Result<Answer, Lost> {
        let request = http::Request::get(format!("{}{path}", self.base_url))
            .header(AUTHORIZATION, self.authorization.clone())
            .body(Body::from(String::new()))
            .map_err(|_| Lost::NotSent("http: the address is not one".to_string()))?;
        let response = transport.send(request, self.timeout)?;
        let date = response.headers().get(DATE);
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        Ok(Answer {
            status: response.status().as_u16(),
            date,
            body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
        })
    }
}

/// The origin of the API in the settings in effect.
pub(crate) fn origin(effective: &str) -> Option<Uri> {
    let effective: Value = serde_json::from_str(effective).ok()?;
    effective["xoxzo"]["base_url"].as_str()?.parse().ok()
}

/// Asks an account for what its API tells, without sending anything. `templates` are those of the settings.
pub(crate) fn examine(
    account: &Account,
    transport: &dyn Transport,
    templates: &[Value],
) -> Vec<Diagnosis> {
    let answer = match account.ask(transport, "/you/credits/") {
        Ok(answer) => answer,
        Err(lost) => {
            let text = match lost {
                Lost::NotSent(cause) => format!("Xoxzo was not reached: {cause}"),
                Lost::Unknown(cause) => format!("Xoxzo did not answer: {cause}"),
            };
            let advice = "check the address, the network and the firewall of this machine";
            let lost = Diagnosis::faulty(Point::Connection, text, advice);
            return unasked(lost.about(&[BASE_URL]), UNANSWERED);
        }
    };
    let connected = Diagnosis::sound(Point::Connection, "Xoxzo answers");
    let mut found = match answer.status {
        200..=299 if tells_credits(&answer.body) => {
            let let_in = Diagnosis::sound(Point::Credentials, "Xoxzo accepts SID and token");
            let listed = match account.ask(transport, "/sms/templates/") {
                Ok(list) => templates::examine(templates, list.body.as_array()),
                Err(_) => templates::examine(templates, None),
            };
            let mut found = vec![
                connected,
                let_in.about(&CREDENTIALS),
                credits(&answer.body),
                test_credit(&answer.body),
                freeform(templates),
            ];
            found.extend(listed);
            found
        }
        401 | 403 => {
            let refused = match answer.status {
                401 => unauthorized(),
                _ => forbidden(),
            };
            let mut found = unasked(refused, "the account was not let in");
            found.push(connected);
            found
        }
        status => unasked(unreadable(status), UNANSWERED),
    };
    found.push(clock(answer.date));
    found
}

/// The reason why nothing else was asked.
const UNANSWERED: &str = "Xoxzo did not answer";

pub(super) fn unauthorized() -> Diagnosis {
    let text = "Xoxzo refuses SID and token (401)";
    let advice = "copy both from an API user of your account at Xoxzo";
    Diagnosis::faulty(Point::Credentials, text, advice).about(&CREDENTIALS)
}

fn forbidden() -> Diagnosis {
    let text = "Xoxzo refuses this API user, or this machine (403)";
    let advice =
        "look at the API user in your account at Xoxzo: it may have a list of allowed addresses";
    Diagnosis::faulty(Point::Credentials, text, advice).about(&CREDENTIALS)
}

/// An answer that tells neither credits nor a refusal of the account.
fn unreadable(status: u16) -> Diagnosis {
    let none = match status {
        200..=299 => ", and tells none",
        _ => "",
    };
    let text = format!("Xoxzo answers the question for credits with {status}{none}");
    let faulty = |advice: &str| Diagnosis::faulty(Point::Connection, text, advice);
    match status {
        429 => faulty("wait a minute and try again"),
        500..=599 => faulty("try again later, and ask Xoxzo if it stays"),
        _ => faulty("give the address of Xoxzo's API, which is https://api.xoxzo.com by default")
            .about(&[BASE_URL]),
    }
}

/// A fault that keeps the other questions from being asked.
fn unasked(fault: Diagnosis, why: &str) -> Vec<Diagnosis> {
    let points = [
        Point::Credentials,
        Point::Credits,
        Point::TestCredit,
        Point::Freeform,
        Point::Templates,
    ];
    let others = points.into_iter().filter(|point| *point != fault.point);
    let mut found: Vec<_> = others
        .map(|point| Diagnosis::not_known(point, why))
        .collect();
    found.push(fault);
    found
}

/// Tells whether an answer is Xoxzo's: other servers answer any path, with a page of theirs.
fn tells_credits(body: &Value) -> bool {
    matches!(body["credits"], Value::Number(_) | Value::String(_))
}

fn credits(body: &Value) -> Diagnosis {
    let Some(credits) = body["credits"].as_f64() else {
        let text = "the answer has no readable `credits`";
        return Diagnosis::not_known(Point::Credits, text);
    };
    if credits < 0.0 {
        let text = format!("the balance is {credits}, as an account may have that pays afterwards");
        return Diagnosis::not_known(Point::Credits, text);
    }
    if credits < PRICE {
        let text =
            format!("{credits} credits are left, and one message to Japan costs {PRICE} or more");
        let advice = "buy credits at Xoxzo, unless your account pays afterwards";
        return Diagnosis::faulty(Point::Credits, text, advice);
    }
    let messages = (credits / PRICE).floor();
    let text = format!("{credits} credits are left, for {messages} messages of one part to Japan");
    Diagnosis::sound(Point::Credits, text)
}

fn test_credit(body: &Value) -> Diagnosis {
    let hint = match body["credits"].as_f64() {
        Some(credits) if credits <= f64::from(GIVEN) => {
            format!("; {credits} may be those that a new account is given")
        }
        _ => String::new(),
    };
    let text = format!(
        "the API does not tell credits for tests from bought ones{hint}. Until the first purchase Xoxzo replaces the text of every \
         message, and no code arrives"
    );
    let advice = "send a message to a phone of yours, and look whether it has a code";
    Diagnosis::not_known(Point::TestCredit, text).advise(advice)
}

/// Judges the right to freeform by the settings alone, which may not need it. The API does not tell who has it.
fn freeform(templates: &[Value]) -> Diagnosis {
    if templates.is_empty() {
        let text = "only approved accounts may send texts of their own, and the API does not tell which they are";
        let advice = "send a message to a phone of yours, or name templates";
        return Diagnosis::not_known(Point::Freeform, text)
            .about(&[templates::FIELD])
            .advise(advice);
    }
    let text = "not needed: every SMS is made from a template";
    Diagnosis::sound(Point::Freeform, text).about(&[templates::FIELD])
}

fn clock(date: Option<SystemTime>) -> Diagnosis {
    let Some(date) = date else {
        let text = "Xoxzo's answer has no readable `Date`";
        return Diagnosis::not_known(Point::Clock, text);
    };
    let ahead = ahead_of(date);
    let apart = ahead.unsigned_abs();
    if apart <= SKEW {
        let text = format!("this machine and Xoxzo are not more than {SKEW} s apart");
        return Diagnosis::sound(Point::Clock, text);
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let text = format!("this machine is {apart} s {side} Xoxzo's `Date`");
    let advice =
        "set the clock of this machine by NTP, for example with `timedatectl set-ntp true`";
    Diagnosis::faulty(Point::Clock, text, advice)
}
