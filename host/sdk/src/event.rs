//! Events: one for each operation that ended.

use std::fmt;
use std::time::Duration;

use crate::audit::Audit;
use crate::binding::{Channel, Delivery};
use crate::error::{Code, Error};
use crate::operation::{Call, Operation, Output};
use crate::panics::caught;

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

impl Event {
    /// The event of an operation that ended.
    pub(crate) fn ended<A: Output>(
        call: &Call<'_, A>,
        result: &Result<A, Error>,
        took: Duration,
    ) -> Self {
        let channel = call.arguments.channel();
        let (outcome, code) = match result {
            Ok(told) if channel.is_some() && told.delivery() == Some(Delivery::Unknown) => {
                (Outcome::Unknown, None)
            }
            Ok(_) => (Outcome::Ok, None),
            Err(error) => (Outcome::of(error), Some(error.code())),
        };
        let mut event = Self::begun(call, outcome, took);
        event.code = code;
        if code == Some(Code::Request) {
            // A purpose that the settings do not name is the caller's text, and stays out.
            event.purpose = None;
        }
        match result {
            Ok(told) => {
                event.audit = told.audit().clone();
                event.delivery = told.delivery();
                event.cost = match channel {
                    _ if event.audit.decoy => Cost::Nothing,
                    None => Cost::Nothing,
                    Some(Channel::Voice) => Cost::Call,
                    Some(Channel::Sms) => told.parts().map_or(Cost::Template, Cost::Parts),
                };
            }
            Err(error) => {
                let audit = error.failure().audit.as_deref();
                event.audit = audit.cloned().unwrap_or_default();
            }
        }
        event
    }

    /// The event of an operation whose caller went away.
    #[cfg(feature = "tokio")]
    pub(crate) fn cancelled<A>(call: &Call<'_, A>, took: Duration) -> Self {
        Self::begun(call, Outcome::Cancelled, took)
    }

    fn begun<A>(call: &Call<'_, A>, outcome: Outcome, took: Duration) -> Self {
        Self {
            operation: call.arguments.operation(),
            outcome,
            code: None,
            operator: call.operator.map(str::to_string),
            purpose: call.arguments.purpose().map(str::to_string),
            channel: call.arguments.channel(),
            delivery: None,
            cost: Cost::Nothing,
            audit: Audit::default(),
            took,
        }
    }
}

/// Takes events, on the thread of the operation: it should be quick. A panic in it is caught, since nobody is to lose a login by it.
pub type Auditor = dyn Fn(&Event) + Send + Sync;

/// Hands an event over.
pub(crate) fn tell(auditor: &Auditor, event: &Event) {
    let _told_unless_it_panicked = caught(|| auditor(event));
}
