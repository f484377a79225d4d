//! Lines for operators' logs.

use alloc::boxed::Box;
use alloc::string::String;

use xoxzo_2fa_core::{Alarm, Audit, Blame, Code, Delivery, Failure};

use crate::object::Object;
use crate::turn::Event;

/// What is logged of an operation of the engine. Holds nothing personal: users are named by hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// Why it was refused or failed. Absent if it was done.
    pub code: Option<Code>,
    /// What is known of the message.
    pub delivery: Option<Delivery>,
    /// Whom it is about, and what operators should know.
    pub audit: Audit,
}

impl Note {
    pub(crate) fn of(failure: &Failure) -> Self {
        Self {
            code: Some(failure.code),
            delivery: None,
            audit: told(failure.audit.clone()),
        }
    }

    pub(crate) fn done(audit: Option<Box<Audit>>, delivery: Option<Delivery>) -> Self {
        Self {
            code: None,
            delivery,
            audit: told(audit),
        }
    }

    /// What operators should look at now.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        self.audit.alarm
    }

    /// Tells whether the line is a warning: an alarm, a message of unknown fate, or something outside that failed.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        let blame = self.code.map(Code::blame);
        self.alarm().is_some()
            || self.delivery == Some(Delivery::Unknown)
            || blame.is_some_and(|blame| blame != Blame::Refuse)
    }

    /// The line, a JSON object. `client` is the address of the end user.
    #[must_use]
    pub fn line(&self, event: Event, client: Option<&str>) -> String {
        let mut line = Object::new();
        line.text("event", event.name());
        let mut maybe = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                line.text(name, value);
            }
        };
        let audit = &self.audit;
        let trail = audit.trail.as_ref();
        maybe("code", self.code.map(Code::name));
        maybe("delivery", self.delivery.map(Delivery::name));
        maybe("subject", trail.map(|trail| &*trail.subject));
        maybe("recipient", trail.map(|trail| &*trail.recipient));
        maybe("calling_code", trail.map(|trail| &*trail.calling_code));
        maybe("challenge_id", audit.challenge_id.as_deref());
        maybe("message_id", audit.message_id.as_deref());
        maybe("cause", audit.cause.as_deref());
        maybe("alarm", audit.alarm.map(Alarm::name));
        maybe("client", client);
        line.finish()
    }
}

fn told(audit: Option<Box<Audit>>) -> Audit {
    audit.map(|audit| *audit).unwrap_or_default()
}
