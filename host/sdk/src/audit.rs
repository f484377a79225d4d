//! Events: what was decided, about whom, without saying whom.

use std::fmt;
use std::time::{Duration, Instant};

use crate::binding::{Acceptance, Binding, Challenge, Channel, Delivery, Sending};
use crate::bindings::xoxzo::two_factor::types;
use crate::error::{Code, Error};

/// Which operation decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A first message.
    Start,
    /// Another message.
    Resend,
    /// A guess.
    Verify,
    /// A lock lifted by an operator.
    Unlock,
}

impl Operation {
    /// `start`, `resend`, `verify` or `unlock`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Resend => "resend",
            Self::Verify => "verify",
            Self::Unlock => "unlock",
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
}

impl Alarm {
    /// `failures`, `sends` or `clock`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Sends => "sends",
            Self::Clock => "clock",
        }
    }

    pub(crate) fn from_wit(alarm: types::Alarm) -> Self {
        match alarm {
            types::Alarm::Failures => Self::Failures,
            types::Alarm::Sends => Self::Sends,
            types::Alarm::Clock => Self::Clock,
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
    /// `nothing`, `sms`, `template` or `call`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Parts(_) => "sms",
            Self::Template => "template",
            Self::Call => "call",
        }
    }
}

/// A decision. Holds nothing personal: subject and recipient are hashes under a key that is derived from `guard.key`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Which operation.
    pub operation: Operation,
    /// Why it was refused or failed; absent if it was done.
    pub code: Option<Code>,
    /// `ok`, `misuse`, `refuse` or `upstream`.
    pub outcome: &'static str,
    /// The purpose, as the settings name it; absent for an unlock and for one that they do not name.
    pub purpose: Option<String>,
    /// By which way a message went or would have gone.
    pub channel: Option<Channel>,
    /// What is known of the message.
    pub delivery: Option<Delivery>,
    /// What it costs.
    pub cost: Cost,
    /// Keyed hash of the subject: 22 characters of base64url. Absent where it had not its form.
    pub subject: Option<String>,
    /// Keyed hash of the recipient, likewise.
    pub recipient: Option<String>,
    /// Country code of the recipient.
    pub calling_code: Option<String>,
    /// What operators should look at.
    pub alarm: Option<Alarm>,
    /// How long it took, with all waits.
    pub took: Duration,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or(self.outcome, Code::as_str);
        write!(f, "{}: {code}", self.operation.as_str())
    }
}

impl Event {
    pub(crate) fn new(operation: Operation) -> Self {
        Self {
            operation,
            code: None,
            outcome: "ok",
            purpose: None,
            channel: None,
            delivery: None,
            cost: Cost::Nothing,
            subject: None,
            recipient: None,
            calling_code: None,
            alarm: None,
            took: Duration::ZERO,
        }
    }

    /// What it is about. An unlock is about every purpose; one that the settings do not name is the caller's text, and stays out.
    pub(crate) fn about(mut self, binding: &Binding) -> Self {
        let named = self.operation != Operation::Unlock && self.code != Some(Code::Request);
        self.purpose = named.then(|| binding.purpose.clone());
        self
    }

    pub(crate) fn took(mut self, since: Instant) -> Self {
        self.took = since.elapsed();
        self
    }

    pub(crate) fn trail(mut self, trail: Option<types::Trail>) -> Self {
        if let Some(trail) = trail {
            self.subject = Some(trail.subject);
            self.recipient = Some(trail.recipient);
            self.calling_code = Some(trail.calling_code);
        }
        self
    }

    pub(crate) fn sent(mut self, sending: &Sending, result: &Result<Challenge, Error>) -> Self {
        self.channel = Some(sending.channel);
        if let Ok(challenge) = result {
            self.delivery = Some(challenge.delivery);
            self.alarm = challenge.alarm;
            self.cost = match (sending.channel, challenge.parts) {
                _ if sending.decoy => Cost::Nothing,
                (Channel::Voice, _) => Cost::Call,
                (_, Some(parts)) => Cost::Parts(parts),
                (_, None) => Cost::Template,
            };
        }
        self.ended(result.as_ref().err())
    }

    pub(crate) fn guessed(mut self, result: &Result<Acceptance, Error>) -> Self {
        self.alarm = result.as_ref().ok().and_then(|acceptance| acceptance.alarm);
        self.ended(result.as_ref().err())
    }

    pub(crate) fn ended(mut self, error: Option<&Error>) -> Self {
        if let Some(error) = error {
            self.code = Some(error.code());
            self.outcome = error.blame();
            self.alarm = error.failure().alarm;
        }
        self
    }
}

/// Takes events, on the thread of the operation: it should be quick, and must not panic.
pub type Auditor = dyn Fn(&Event) + Send + Sync;

/// What is done with events where nothing else is set: a line of `tracing` and counters of `metrics`, as far as these
/// features are on.
pub(crate) fn default_auditor(event: &Event) {
    #[cfg(feature = "tracing")]
    trace(event);
    #[cfg(feature = "metrics")]
    count(event);
    let _unused_without_features = event;
}

/// Target `xoxzo_2fa::audit`: warnings for alarms and for what failed upstream or by misuse, else information.
#[cfg(feature = "tracing")]
fn trace(event: &Event) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                target: "xoxzo_2fa::audit",
                operation = event.operation.as_str(),
                outcome = event.outcome,
                code = event.code.map(Code::as_str),
                purpose = event.purpose.as_deref(),
                channel = event.channel.map(Channel::as_str),
                delivery = event.delivery.map(Delivery::as_str),
                cost = event.cost.as_str(),
                subject = event.subject.as_deref(),
                recipient = event.recipient.as_deref(),
                calling_code = event.calling_code.as_deref(),
                alarm = event.alarm.map(Alarm::as_str),
                took_us = u64::try_from(event.took.as_micros()).unwrap_or(u64::MAX),
                "{event}"
            )
        };
    }
    if event.alarm.is_some() || matches!(event.outcome, "misuse" | "upstream") {
        tell!(warn);
    } else {
        tell!(info);
    }
}

/// `xoxzo_2fa_events_total`, `xoxzo_2fa_parts_total`, `xoxzo_2fa_alarms_total` and `xoxzo_2fa_seconds`, by labels with few values.
#[cfg(feature = "metrics")]
fn count(event: &Event) {
    let code = event.code.map_or("ok", Code::as_str);
    let operation = event.operation.as_str();
    metrics::counter!("xoxzo_2fa_events_total", "operation" => operation, "code" => code)
        .increment(1);
    metrics::histogram!("xoxzo_2fa_seconds", "operation" => operation)
        .record(event.took.as_secs_f64());
    if let Some(alarm) = event.alarm {
        metrics::counter!("xoxzo_2fa_alarms_total", "alarm" => alarm.as_str()).increment(1);
    }
    if event.cost != Cost::Nothing {
        let country = event.calling_code.clone().unwrap_or_default();
        let parts = match event.cost {
            Cost::Parts(parts) => parts.into(),
            _ => 1,
        };
        metrics::counter!("xoxzo_2fa_parts_total", "cost" => event.cost.as_str(), "calling_code" => country)
            .increment(parts);
    }
}
