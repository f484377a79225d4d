//! Lines for operators' logs.

use alloc::boxed::Box;
use alloc::string::String;

use xoxzo_2fa_core::json::Object;
use xoxzo_2fa_core::{Alarm, Audit, Blame, Channel, Code, Delivery, Failure};

use crate::action::Action;
use crate::event::Event;

/// An operation of the engine that ended, with the fields that events have on every host (`wit/SPEC.md`, "Events"). Holds nothing personal: users
/// are named by hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The action of the form. Absent where a pass was looked up.
    pub(crate) action: Option<Action>,
    /// The code of the refusal or failure. Absent if it was done.
    pub code: Option<Code>,
    /// The state of the message, as far as it is known.
    pub delivery: Option<Delivery>,
    /// Billed parts of the message, as far as they are known.
    pub parts: Option<u32>,
    /// The user's pseudonyms, and other information for operators.
    pub audit: Audit,
}

impl Note {
    pub(crate) fn of(failure: &Failure) -> Self {
        Self {
            code: Some(failure.code),
            audit: told(failure.audit.clone()),
            ..Self::default()
        }
    }

    pub(crate) fn sent(audit: Option<Box<Audit>>, delivery: Delivery, parts: Option<u32>) -> Self {
        Self {
            delivery: Some(delivery),
            parts,
            audit: told(audit),
            ..Self::default()
        }
    }

    pub(crate) fn accepted(audit: Option<Box<Audit>>) -> Self {
        Self {
            audit: told(audit),
            ..Self::default()
        }
    }

    pub(crate) fn by(self, action: Action) -> Self {
        Self {
            action: Some(action),
            ..self
        }
    }

    /// Returns the condition that operators should look at now.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        self.audit.alarm
    }

    /// Returns the outcome of the operation.
    fn outcome(&self) -> &'static str {
        match (self.code.map(Code::blame), self.delivery) {
            (Some(blame), _) => blame.name(),
            (None, Some(Delivery::Unknown)) => "unknown",
            (None, _) => "ok",
        }
    }

    /// Tells whether the line is a warning: an alarm, a message of unknown fate, or something outside that failed.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        let refused = self.code.map(Code::blame) == Some(Blame::Refuse);
        self.alarm().is_some() || !(refused || self.outcome() == "ok")
    }

    /// The line, a JSON object. `purpose` is that of the gate's settings, `client` the address of the end user.
    #[must_use]
    pub fn line(&self, event: Event, purpose: &str, client: Option<&str>) -> String {
        let mut line = Object::with_capacity(256);
        let audit = &self.audit;
        let trail = audit.trail.as_ref();
        let fields = [
            ("event", Some(event.name())),
            ("operation", self.action.and_then(Action::operation)),
            ("outcome", Some(self.outcome())),
            ("code", self.code.map(Code::name)),
            ("purpose", Some(purpose)),
            (
                "channel",
                self.action.and_then(Action::channel).map(Channel::name),
            ),
            ("delivery", self.delivery.map(Delivery::name)),
            ("subject", trail.map(|trail| &*trail.subject)),
            ("recipient", trail.map(|trail| &*trail.recipient)),
            ("calling_code", trail.map(|trail| &*trail.calling_code)),
            ("challenge_id", audit.challenge_id.as_deref()),
            ("message_id", audit.message_id.as_deref()),
            ("cause", audit.cause.as_deref()),
            ("alarm", audit.alarm.map(Alarm::name)),
            ("client", client),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                line.text(name, value);
            }
        }
        if let Some(parts) = self.parts {
            line.number("parts", parts);
        }
        line.finish()
    }
}

fn told(audit: Option<Box<Audit>>) -> Audit {
    audit.map(|audit| *audit).unwrap_or_default()
}
