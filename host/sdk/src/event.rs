//! Events: one for each operation that ended.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::audit::Audit;
use crate::binding::{
    Acceptance, Binding, Challenge, Channel, Delivery, Report, Sending, Unlocked,
};
use crate::error::{Code, Error};
use crate::limits::{Credits, Limits};

/// An operation, as events name it.
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

/// The outcome of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The operation did what was asked.
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

    fn of(error: &Error) -> Self {
        match error {
            Error::Misuse(_) => Self::Misuse,
            Error::Refuse(_) => Self::Refuse,
            Error::Upstream(_) => Self::Upstream,
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

/// The cost of an operation at Xoxzo.
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
    /// The operation.
    pub operation: Operation,
    /// The outcome.
    pub outcome: Outcome,
    /// The code of the refusal or failure. Absent if the operation was done or cancelled.
    pub code: Option<Code>,
    /// The name of the operator who did it. Absent for what users do.
    pub operator: Option<String>,
    /// The purpose, as the settings name it. Absent where there is none, and for one that they do not name.
    pub purpose: Option<String>,
    /// The channel by which a message went or would have gone.
    pub channel: Option<Channel>,
    /// The state of the message, as far as it is known.
    pub delivery: Option<Delivery>,
    /// The cost.
    pub cost: Cost,
    /// The user's pseudonyms, and other information for operators.
    pub audit: Audit,
    /// The duration, with all waits.
    pub took: Duration,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.code.map_or(self.outcome.as_str(), Code::as_str);
        write!(f, "{}: {code}", self.operation.as_str())
    }
}

/// The parts of an event that are known before the operation ends.
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
            Err(error) => (Outcome::of(error), Some(error.code())),
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
