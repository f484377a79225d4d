//! What operators are told: an audit beside each answer, and an event for each operation.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::binding::{
    Acceptance, Binding, Challenge, Channel, Delivery, Report, Sending, Unlocked,
};
use crate::bindings::xoxzo::two_factor::types;
use crate::error::{Code, Error};
use crate::operator::{Credits, Limits};

/// Which operation an event is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A first message.
    Start,
    /// Another message.
    Resend,
    /// A guess.
    Verify,
    /// A question about a message.
    Status,
    /// A lock lifted by an operator.
    Unlock,
    /// A look at a user's counters by an operator.
    Limits,
    /// A question about the account by an operator.
    Credits,
}

impl Operation {
    /// Returns `start`, `resend`, `verify`, `status`, `unlock`, `limits` or `credits`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Resend => "resend",
            Self::Verify => "verify",
            Self::Status => "status",
            Self::Unlock => "unlock",
            Self::Limits => "limits",
            Self::Credits => "credits",
        }
    }
}

/// What operators should look at, whatever became of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Alarm {
    /// More failures over everyone than `failures.per_audience` allows: somebody guesses at many accounts.
    Failures,
    /// A cap on messages is reached, and `sends.monitor` keeps it from refusing.
    Sends,
    /// The guard's clock and the host's are apart.
    Clock,
    /// Xoxzo gave no readable answer to a message: it may or may not have gone out.
    Delivery,
}

impl Alarm {
    /// Returns `failures`, `sends`, `clock` or `delivery`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Sends => "sends",
            Self::Clock => "clock",
            Self::Delivery => "delivery",
        }
    }
}

impl From<types::Alarm> for Alarm {
    fn from(alarm: types::Alarm) -> Self {
        match alarm {
            types::Alarm::Failures => Self::Failures,
            types::Alarm::Sends => Self::Sends,
            types::Alarm::Clock => Self::Clock,
            types::Alarm::Delivery => Self::Delivery,
        }
    }
}

/// Pseudonyms of a subject and a recipient: keyed hashes under a key that is derived from `guard.key`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trail {
    /// Hash of the subject: 22 characters of base64url.
    pub subject: String,
    /// Hash of the recipient: 22 characters of base64url.
    pub recipient: String,
    /// Country code of the recipient, 1 to 3 digits.
    pub calling_code: String,
}

impl From<types::Trail> for Trail {
    fn from(trail: types::Trail) -> Self {
        Self {
            subject: trail.subject,
            recipient: trail.recipient,
            calling_code: trail.calling_code,
        }
    }
}

/// What an operation tells operators beside its answer: for logs, metrics and tickets. Show none of it to a user.
///
/// Holds nothing personal: no PIN, no token, no key, no URL and no phone number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Whom the operation is about. Absent for a status, and where subject or recipient is malformed.
    pub trail: Option<Trail>,
    /// The same for each operation on one challenge: 11 characters of base64url. Absent where there is no challenge.
    pub challenge_id: Option<String>,
    /// Xoxzo's id of the message. Absent if it is not known; of a decoy, invented.
    pub message_id: Option<String>,
    /// The challenge is a decoy. Metrics leave it out, or strangers could move them.
    pub decoy: bool,
    /// Why the guard or Xoxzo gave no readable answer.
    pub cause: Option<Cause>,
    /// What operators should look at now.
    pub alarm: Option<Alarm>,
}

impl Audit {
    /// Every call asks for an audit, so that there is one.
    pub(crate) fn told(audit: Option<types::Audit>) -> Self {
        audit.map(Self::from).unwrap_or_default()
    }

    pub(crate) fn caused(cause: String) -> Self {
        Self {
            cause: Some(Cause(cause)),
            ..Self::default()
        }
    }
}

impl From<types::Audit> for Audit {
    fn from(audit: types::Audit) -> Self {
        Self {
            trail: audit.trail.map(Trail::from),
            challenge_id: audit.challenge_id,
            message_id: audit.message_id,
            decoy: audit.decoy,
            cause: audit.cause.map(Cause),
            alarm: audit.alarm.map(Alarm::from),
        }
    }
}

/// Why the guard or Xoxzo gave no readable answer: one line that begins with the kind of fault, such as `dns:`, `tls:` or `busy:`. It is the
/// [`source`](std::error::Error::source) of an [`Error`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause(String);

impl Cause {
    /// Returns the line: at most 200 characters, in which what could be a URL, credentials or a number is cut.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Cause {}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// As asked.
    Ok,
    /// A message may or may not have gone out; the challenge is usable.
    Unknown,
    /// The embedding program is wrong.
    Misuse,
    /// The end user is refused.
    Refuse,
    /// Something outside failed.
    Upstream,
    /// The caller went away while it ran. What was charged stays charged, and a message may be on its way.
    Cancelled,
}

impl Outcome {
    /// Returns `ok`, `unknown`, `misuse`, `refuse`, `upstream` or `cancelled`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Misuse => "misuse",
            Self::Refuse => "refuse",
            Self::Upstream => "upstream",
            Self::Cancelled => "cancelled",
        }
    }

    /// Tells whether operators should look: neither done nor refused.
    #[must_use]
    pub fn is_odd(self) -> bool {
        match self {
            Self::Ok | Self::Refuse => false,
            Self::Unknown | Self::Misuse | Self::Upstream | Self::Cancelled => true,
        }
    }
}

/// What an operation costs at Xoxzo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cost {
    /// Nothing: nothing was sent.
    Nothing,
    /// So many parts of an SMS.
    Parts(u32),
    /// An SMS from a template, whose parts only Xoxzo knows.
    Template,
    /// A call.
    Call,
}

impl Cost {
    /// Returns `nothing`, `sms`, `template` or `call`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Parts(_) => "sms",
            Self::Template => "template",
            Self::Call => "call",
        }
    }

    /// Returns how many parts are billed, as far as that is known: of a template or a call at least one.
    #[must_use]
    pub fn parts(self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Parts(parts) => parts,
            Self::Template | Self::Call => 1,
        }
    }
}

/// An operation that ended. Holds nothing personal. Names and fields are the same on every host: `wit/SPEC.md`, "Events".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Which operation.
    pub operation: Operation,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it was refused or failed. Absent if it was done or cancelled.
    pub code: Option<Code>,
    /// The name of the operator who did it. Absent for what users do.
    pub operator: Option<String>,
    /// The purpose, as the settings name it. Absent where there is none, and for one that they do not name.
    pub purpose: Option<String>,
    /// By which way a message went or would have gone.
    pub channel: Option<Channel>,
    /// What is known of the message.
    pub delivery: Option<Delivery>,
    /// What it costs.
    pub cost: Cost,
    /// Whom it is about, and what operators should know.
    pub audit: Audit,
    /// How long it took, with all waits.
    pub took: Duration,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or(self.outcome.as_str(), Code::as_str);
        write!(f, "{}: {code}", self.operation.as_str())
    }
}

/// What an event is made of, before it is known how the operation ends.
#[derive(Clone)]
pub(crate) struct Subject<'a> {
    pub(crate) operation: Operation,
    /// Absent for a status and for credits; without a purpose for an unlock and for limits.
    pub(crate) binding: Option<&'a Binding>,
    pub(crate) channel: Option<Channel>,
    pub(crate) operator: Option<&'a str>,
}

impl<'a> Subject<'a> {
    pub(crate) fn message(operation: Operation, binding: &'a Binding, sending: &Sending) -> Self {
        Self {
            operation,
            binding: Some(binding),
            channel: Some(sending.channel),
            operator: None,
        }
    }

    pub(crate) fn guess(binding: &'a Binding) -> Self {
        Self {
            operation: Operation::Verify,
            binding: Some(binding),
            channel: None,
            operator: None,
        }
    }

    pub(crate) fn status() -> Self {
        Self {
            operation: Operation::Status,
            binding: None,
            channel: None,
            operator: None,
        }
    }

    pub(crate) fn unlock(binding: &'a Binding, operator: &'a str) -> Self {
        Self::operator(Operation::Unlock, Some(binding), operator)
    }

    pub(crate) fn limits(binding: &'a Binding, operator: &'a str) -> Self {
        Self::operator(Operation::Limits, Some(binding), operator)
    }

    pub(crate) fn credits(operator: &'a str) -> Self {
        Self::operator(Operation::Credits, None, operator)
    }

    fn operator(operation: Operation, binding: Option<&'a Binding>, operator: &'a str) -> Self {
        Self {
            operation,
            binding,
            channel: None,
            operator: Some(operator),
        }
    }

    /// The event of an operation whose caller went away.
    #[cfg(feature = "tokio")]
    pub(crate) fn cancelled(&self, took: Duration) -> Event {
        Event {
            operation: self.operation,
            outcome: Outcome::Cancelled,
            code: None,
            operator: self.operator.map(str::to_string),
            purpose: self.purpose(),
            channel: self.channel,
            delivery: None,
            cost: Cost::Nothing,
            audit: Audit::default(),
            took,
        }
    }

    pub(crate) fn ended<T: Told>(&self, result: &Result<T, Error>, took: Duration) -> Event {
        let (outcome, code) = match result {
            Ok(told) if self.channel.is_some() && told.delivery() == Some(Delivery::Unknown) => {
                (Outcome::Unknown, None)
            }
            Ok(_) => (Outcome::Ok, None),
            Err(error) => (error.outcome(), Some(error.code())),
        };
        let audit = match result {
            Ok(told) => told.audit().clone(),
            Err(error) => error
                .failure()
                .audit
                .clone()
                .map(|it| *it)
                .unwrap_or_default(),
        };
        let cost = match (result, self.channel) {
            (Err(_), _) | (_, None) => Cost::Nothing,
            _ if audit.decoy => Cost::Nothing,
            (Ok(_), Some(Channel::Voice)) => Cost::Call,
            (Ok(told), Some(Channel::Sms)) => told.parts().map_or(Cost::Template, Cost::Parts),
        };
        Event {
            operation: self.operation,
            outcome,
            code,
            operator: self.operator.map(str::to_string),
            // One that the settings do not name is the caller's text, and stays out.
            purpose: self.purpose().filter(|_| code != Some(Code::Request)),
            channel: self.channel,
            delivery: result.as_ref().ok().and_then(Told::delivery),
            cost,
            audit,
            took,
        }
    }

    fn purpose(&self) -> Option<String> {
        let purpose = self.binding.map(|binding| binding.purpose.clone());
        purpose.filter(|purpose| !purpose.is_empty())
    }
}

/// A result that comes with an audit.
pub(crate) trait Told {
    fn audit(&self) -> &Audit;

    fn delivery(&self) -> Option<Delivery> {
        None
    }

    fn parts(&self) -> Option<u32> {
        None
    }
}

impl Told for Challenge {
    fn audit(&self) -> &Audit {
        &self.audit
    }

    fn delivery(&self) -> Option<Delivery> {
        Some(self.delivery)
    }

    fn parts(&self) -> Option<u32> {
        self.parts
    }
}

impl Told for Acceptance {
    fn audit(&self) -> &Audit {
        &self.audit
    }
}

impl Told for Report {
    fn audit(&self) -> &Audit {
        &self.audit
    }

    fn delivery(&self) -> Option<Delivery> {
        Some(self.delivery)
    }
}

impl Told for Unlocked {
    fn audit(&self) -> &Audit {
        &self.audit
    }
}

impl Told for Limits {
    fn audit(&self) -> &Audit {
        &self.audit
    }
}

impl Told for Credits {
    fn audit(&self) -> &Audit {
        &self.audit
    }
}

/// Takes events, on the thread of the operation: it should be quick. A panic in it is caught, since nobody is to lose a login by it.
pub type Auditor = dyn Fn(&Event) + Send + Sync;

/// Hands an event over.
pub(crate) fn tell(auditor: &Auditor, event: &Event) {
    let told = catch_unwind(AssertUnwindSafe(|| auditor(event)));
    // The panic's hook has printed what there is to say.
    drop(told);
}

/// What is done with events where nothing else is set: a line of `tracing` and counters of `metrics`, as far as these
/// features are on.
pub(crate) fn default_auditor(event: &Event) {
    #[cfg(feature = "tracing")]
    trace(event);
    #[cfg(feature = "metrics")]
    count(event);
    let _unused_without_features = event;
}

/// Target `xoxzo_2fa::audit`: warnings for alarms and for what is neither done nor refused, else information.
#[cfg(feature = "tracing")]
fn trace(event: &Event) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                target: "xoxzo_2fa::audit",
                operation = event.operation.as_str(),
                outcome = event.outcome.as_str(),
                code = event.code.map(Code::as_str),
                operator = event.operator.as_deref(),
                purpose = event.purpose.as_deref(),
                channel = event.channel.map(Channel::as_str),
                delivery = event.delivery.map(Delivery::as_str),
                cost = event.cost.as_str(),
                parts = event.cost.parts(),
                subject = event.audit.trail.as_ref().map(|trail| &*trail.subject),
                recipient = event.audit.trail.as_ref().map(|trail| &*trail.recipient),
                calling_code = event.audit.trail.as_ref().map(|trail| &*trail.calling_code),
                challenge_id = event.audit.challenge_id.as_deref(),
                message_id = event.audit.message_id.as_deref(),
                decoy = event.audit.decoy,
                cause = event.audit.cause.as_ref().map(Cause::as_str),
                alarm = event.audit.alarm.map(Alarm::as_str),
                took_us = u64::try_from(event.took.as_micros()).unwrap_or(u64::MAX),
                "{event}"
            )
        };
    }
    if event.audit.alarm.is_some() || event.outcome.is_odd() {
        tell!(warn);
    } else {
        tell!(info);
    }
}

/// The metrics of `wit/SPEC.md`, "Events", by labels with few values. Decoys are left out, but for their alarms.
#[cfg(feature = "metrics")]
fn count(event: &Event) {
    use metrics::{counter, histogram};

    let operation = event.operation.as_str();
    if let Some(alarm) = event.audit.alarm {
        counter!("xoxzo_2fa_alarms_total", "alarm" => alarm.as_str()).increment(1);
    }
    if event.audit.decoy {
        return;
    }
    let (outcome, code) = (event.outcome.as_str(), event.code.map_or("", Code::as_str));
    counter!("xoxzo_2fa_events_total", "operation" => operation, "outcome" => outcome, "code" => code)
        .increment(1);
    histogram!("xoxzo_2fa_seconds", "operation" => operation).record(event.took.as_secs_f64());
    let trail = event.audit.trail.as_ref();
    let country = || trail.map_or_else(String::new, |trail| trail.calling_code.clone());
    if let (Some(channel), Some(delivery)) = (event.channel, event.delivery) {
        let (channel, delivery) = (channel.as_str(), delivery.as_str());
        counter!("xoxzo_2fa_messages_total", "channel" => channel, "delivery" => delivery, "calling_code" => country())
            .increment(1);
    }
    if event.operation == Operation::Verify && event.outcome == Outcome::Ok {
        counter!("xoxzo_2fa_acceptances_total", "calling_code" => country()).increment(1);
    }
    if event.cost != Cost::Nothing {
        counter!("xoxzo_2fa_parts_total", "cost" => event.cost.as_str(), "calling_code" => country())
            .increment(event.cost.parts().into());
    }
}
