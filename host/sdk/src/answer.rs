//! Results, failures and events as JSON, with the names of `wit/ASK.md` and `wit/SPEC.md`; `accepted` has its subject too. What is absent is left out.

mod object;

use std::fmt;
use std::time::Duration;

use self::object::Object;
use crate::audit::{Audit, Trail};
use crate::binding::{Acceptance, Challenge, MessagePreview, Report, TokenInfo, Unlocked};
use crate::error::{Code, Error, Failure};
use crate::event::Event;
use crate::explanation::Explanation;
use crate::limits::{Credits, Limits};
use crate::receipt::Claims;
use crate::seconds::of_instant;

/// A result or a failure, as a program in another language reads it: [`JsonAnswer::to_json`] writes an object with one field, which names its kind.
/// Its `Debug` shows the kind only.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum JsonAnswer<'a> {
    /// `challenged`, of a start or a resend.
    Challenged(&'a Challenge),
    /// `accepted`, of a verify, with the subject of its binding. A caller that lets in whom it names lets in nobody without it.
    Accepted(&'a Acceptance, &'a str),
    /// `reported`, of a question for the state of a message.
    Reported(&'a Report),
    /// `unlocked`, of an unlock, with what was taken off.
    Unlocked(&'a Unlocked),
    /// `limits`, of a look at the limits.
    Limits(&'a Limits),
    /// `credits`, of a question for the balance.
    Credits(&'a Credits),
    /// `failure`, of any operation that the client was asked for.
    Failure(&'a Error),
    /// `failure`, of a host that did not ask the client: its blame, its code and its detail.
    Fault(&'a str, Code, &'a str),
    /// `ready`, of a client whose guard passed its test.
    Ready,
    /// `explanation`, what a user reads of a failure.
    Explanation(&'a Explanation),
    /// `previews`, of the messages of a purpose.
    Previews(&'a [MessagePreview]),
    /// `trail`, the pseudonyms of a user and a number.
    Trail(&'a Trail),
    /// `number_index`, of a phone number, for lists of accounts.
    NumberIndex(&'a str),
    /// `claims`, of a receipt that was checked.
    Claims(&'a Claims),
    /// `token_info`, of a token that was inspected.
    TokenInfo(&'a TokenInfo),
    /// `written_key`, of a key that was made or derived.
    WrittenKey(&'a str),
    /// `signed_request`, of a step-up request that was signed.
    SignedRequest(&'a str),
}

/// Information for operators that is written beside the fields of a [`JsonAnswer`]. By default none is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Write the audit of the result or failure, as `audit`.
    pub audit: bool,
    /// The operator's name, as `operator`.
    pub operator: Option<&'a str>,
    /// The event of the operation, as `event`.
    pub event: Option<&'a Event>,
}

impl fmt::Debug for JsonAnswer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JsonAnswer").field(&self.kind()).finish()
    }
}

impl JsonAnswer<'_> {
    /// Writes the answer on one line.
    #[must_use]
    pub fn to_json(self, beside: Beside<'_>) -> String {
        Object::written(|out| {
            out.object(self.kind(), |out| {
                self.fields(out);
                out.maybe_text("operator", beside.operator);
                if let Some(audit) = self.audit().filter(|_| beside.audit) {
                    out.object("audit", |out| audited(out, audit));
                }
                if let Some(event) = beside.event {
                    out.object("event", |out| told(out, event));
                }
            });
        })
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Challenged(_) => "challenged",
            Self::Accepted(..) => "accepted",
            Self::Reported(_) => "reported",
            Self::Unlocked(_) => "unlocked",
            Self::Limits(_) => "limits",
            Self::Credits(_) => "credits",
            Self::Failure(_) | Self::Fault(..) => "failure",
            Self::Ready => "ready",
            Self::Explanation(_) => "explanation",
            Self::Previews(_) => "previews",
            Self::Trail(_) => "trail",
            Self::NumberIndex(_) => "number_index",
            Self::Claims(_) => "claims",
            Self::TokenInfo(_) => "token_info",
            Self::WrittenKey(_) => "written_key",
            Self::SignedRequest(_) => "signed_request",
        }
    }

    fn audit(&self) -> Option<&Audit> {
        match self {
            Self::Challenged(challenge) => Some(&challenge.audit),
            Self::Accepted(acceptance, _) => Some(&acceptance.audit),
            Self::Reported(report) => Some(&report.audit),
            Self::Unlocked(unlocked) => Some(&unlocked.audit),
            Self::Limits(limits) => Some(&limits.audit),
            Self::Credits(credits) => Some(&credits.audit),
            Self::Failure(error) => error.failure().audit.as_deref(),
            Self::Fault(..)
            | Self::Ready
            | Self::Explanation(_)
            | Self::Previews(_)
            | Self::Trail(_)
            | Self::NumberIndex(_)
            | Self::Claims(_)
            | Self::TokenInfo(_)
            | Self::WrittenKey(_)
            | Self::SignedRequest(_) => None,
        }
    }

    fn fields(self, out: &mut Object) {
        match self {
            Self::Challenged(challenge) => challenged(out, challenge),
            Self::Accepted(acceptance, subject) => {
                out.text("subject", subject);
                out.text("receipt", acceptance.receipt.as_str());
                out.number("expires_in_seconds", acceptance.expires_in.as_secs());
            }
            Self::Reported(report) => {
                out.text("delivery", report.delivery.as_str());
                out.text("detail", &report.detail);
            }
            Self::Unlocked(unlocked) => {
                out.number("failures", unlocked.failures);
                out.number("subject_failures", unlocked.subject_failures);
                out.number("messages", unlocked.messages);
            }
            Self::Limits(limits) => counted(out, limits),
            Self::Credits(credits) => out.number("credits", credits.credits),
            Self::Failure(error) => failed(out, error.blame(), error.failure()),
            Self::Fault(blame, code, detail) => {
                failed(out, blame, &Failure::new(code, detail));
            }
            Self::Ready => {}
            Self::Explanation(explanation) => {
                out.text("text", &explanation.text);
                out.texts("offers", explanation.offers.iter().map(|it| it.as_str()));
            }
            Self::Previews(previews) => out.objects("previews", previews, |out, preview| {
                out.text("locale", &preview.locale);
                out.text("text", &preview.text);
                out.number("parts", preview.parts);
                out.text("call", &preview.call);
            }),
            Self::Trail(trail) => pseudonyms(out, trail),
            Self::NumberIndex(index) => out.text("index", index),
            Self::Claims(claims) => claimed(out, claims),
            Self::TokenInfo(token_info) => {
                out.text("key_id", &token_info.key_id);
                out.number("digits", token_info.digits);
                out.number("issued_at_seconds", of_instant(token_info.issued_at));
                out.number("expires_at_seconds", of_instant(token_info.expires_at));
            }
            Self::WrittenKey(key) => out.text("key", key),
            Self::SignedRequest(request) => out.text("request", request),
        }
    }
}

impl Event {
    /// Writes the event on one line, with the names of `wit/SPEC.md`, "Events".
    #[must_use]
    pub fn to_json(&self) -> String {
        Object::written(|out| told(out, self))
    }
}

fn challenged(out: &mut Object, challenge: &Challenge) {
    out.text("token", challenge.token.as_str());
    out.text("masked", &challenge.masked);
    out.number("expires_in_seconds", challenge.expires_in.as_secs());
    out.number("resend_after_seconds", challenge.resend_after.as_secs());
    out.text("delivery", challenge.delivery.as_str());
    let handle = challenge.handle.as_ref();
    out.maybe_text("handle", handle.map(|handle| handle.as_str()));
    out.maybe_number("parts", challenge.parts);
}

fn counted(out: &mut Object, limits: &Limits) {
    out.objects("limits", &limits.limits, |out, limit| {
        out.text("setting", &limit.setting);
        out.flag("open", limit.open);
        out.number("total", limit.total);
        out.number("most", limit.most);
        out.maybe_number("ends_in_seconds", limit.ends_in.map(|it| it.as_secs()));
        out.flag("refuses", limit.refuses);
    });
}

fn failed(out: &mut Object, blame: &str, failure: &Failure) {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    out.text("blame", blame);
    out.text("code", failure.code.as_str());
    out.text("detail", &failure.detail);
    out.maybe_number("guesses_left", failure.guesses_left);
    out.maybe_number("retry_after_seconds", seconds(failure.retry_after));
    out.maybe_number("expires_in_seconds", seconds(failure.expires_in));
}

fn claimed(out: &mut Object, claims: &Claims) {
    out.text("id", &claims.id);
    out.text("audience", &claims.audience);
    out.text("purpose", &claims.purpose);
    if let Some(transaction) = &claims.transaction {
        out.object("transaction", |out| {
            out.text("amount", &transaction.amount);
            out.text("currency", &transaction.currency);
            out.text("payee", &transaction.payee);
        });
    }
    out.flag("test", claims.test);
    out.number("issued_at_seconds", of_instant(claims.issued_at));
    out.number("expires_at_seconds", of_instant(claims.expires_at));
}

fn told(out: &mut Object, event: &Event) {
    out.text("operation", event.operation.as_str());
    out.maybe_text("operator", event.operator.as_deref());
    out.text("outcome", event.outcome.as_str());
    out.maybe_text("code", event.code.map(Code::as_str));
    out.maybe_text("purpose", event.purpose.as_deref());
    out.maybe_text("channel", event.channel.map(|channel| channel.as_str()));
    out.maybe_text("delivery", event.delivery.map(|delivery| delivery.as_str()));
    out.text("cost", event.cost.as_str());
    out.number("parts", event.cost.parts());
    if let Some(trail) = &event.audit.trail {
        pseudonyms(out, trail);
    }
    beyond_the_trail(out, &event.audit);
    out.number("took_us", event.took.as_micros());
}

fn audited(out: &mut Object, audit: &Audit) {
    if let Some(trail) = &audit.trail {
        out.object("trail", |out| pseudonyms(out, trail));
    }
    beyond_the_trail(out, audit);
}

fn beyond_the_trail(out: &mut Object, audit: &Audit) {
    out.maybe_text("challenge_id", audit.challenge_id.as_deref());
    out.maybe_text("message_id", audit.message_id.as_deref());
    out.flag("decoy", audit.decoy);
    let cause = audit.cause.as_ref();
    out.maybe_text("cause", cause.map(|cause| cause.as_str()));
    out.maybe_text("alarm", audit.alarm.map(|alarm| alarm.as_str()));
}

fn pseudonyms(out: &mut Object, trail: &Trail) {
    out.text("subject", &trail.subject);
    out.text("recipient", &trail.recipient);
    out.text("calling_code", &trail.calling_code);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::binding::Channel;
    use crate::event::{Cost, Outcome};
    use crate::operation::Operation;

    fn read(json: &str) -> Value {
        serde_json::from_str(json).expect("it is JSON")
    }

    fn audit() -> Audit {
        let trail = Trail {
            subject: "s".to_string(),
            recipient: "r".to_string(),
            calling_code: "81".to_string(),
        };
        let mut audit = Audit::caused("dns: \"none\"\n".to_string());
        audit.trail = Some(trail);
        audit
    }

    #[test]
    fn what_is_for_operators_is_written_if_it_is_asked_for() {
        let mut failure = Failure::new(Code::Locked, "a \"detail\"");
        failure.retry_after = Some(Duration::from_millis(1_999));
        failure.audit = Some(Box::new(audit()));
        let error = Error::Refuse(failure);
        let plain = json!({"blame": "refuse", "code": "locked", "detail": "a \"detail\"", "retry_after_seconds": 1});
        let answer = JsonAnswer::Failure(&error);
        assert_eq!(
            read(&answer.to_json(Beside::default())),
            json!({"failure": plain})
        );
        let event = Event {
            operation: Operation::Start,
            outcome: Outcome::Refuse,
            code: Some(Code::Locked),
            operator: None,
            purpose: Some("login".to_string()),
            channel: Some(Channel::Sms),
            delivery: None,
            cost: Cost::Nothing,
            audit: audit(),
            took: Duration::from_micros(1_500),
        };
        let beside = Beside {
            audit: true,
            operator: Some("ann"),
            event: Some(&event),
        };
        let cause = "dns: \"none\"\n";
        let mut whole = plain;
        whole["audit"] = json!({
            "trail": {"subject": "s", "recipient": "r", "calling_code": "81"}, "decoy": false, "cause": cause,
        });
        whole["operator"] = json!("ann");
        whole["event"] = json!({
            "operation": "start", "outcome": "refuse", "code": "locked", "purpose": "login", "channel": "sms", "cost": "nothing", "parts": 0,
            "subject": "s", "recipient": "r", "calling_code": "81", "decoy": false, "cause": cause, "took_us": 1_500,
        });
        let written = answer.to_json(beside);
        assert!(!written.contains('\n'), "it is one line");
        assert_eq!(read(&written), json!({"failure": whole}));
        assert_eq!(read(&event.to_json()), whole["event"]);
    }

    #[test]
    fn lists_may_be_empty() {
        let previews = JsonAnswer::Previews(&[]).to_json(Beside::default());
        assert_eq!(previews, r#"{"previews":{"previews":[]}}"#);
    }
}
