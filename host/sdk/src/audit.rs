//! Audits: information for operators beside each answer.

use std::fmt;

use crate::bindings::xoxzo::two_factor::types;

/// A condition that operators should look at, whatever became of the operation.
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

/// Information for operators beside an operation's answer: for logs, metrics and tickets. Show none of it to a user.
///
/// Holds nothing personal: no PIN, no token, no key, no URL and no phone number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Pseudonyms of the user. Absent for a status, and where subject or recipient is malformed.
    pub trail: Option<Trail>,
    /// The same for each operation on one challenge: 11 characters of base64url. Absent where there is no challenge.
    pub challenge_id: Option<String>,
    /// Xoxzo's id of the message. Absent if it is not known; of a decoy, invented.
    pub message_id: Option<String>,
    /// The challenge is a decoy. Metrics leave it out, or strangers could move them.
    pub decoy: bool,
    /// The reason why the guard or Xoxzo gave no readable answer.
    pub cause: Option<Cause>,
    /// The condition that operators should look at now.
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

/// The reason why the guard or Xoxzo gave no readable answer: one line that begins with the kind of fault, such as `dns:`, `tls:` or `busy:`. It is the
/// [`source`](std::error::Error::source) of an [`Error`](crate::Error).
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
