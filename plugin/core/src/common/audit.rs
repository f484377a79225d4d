//! Information for operators beside the answer of an operation: for logs, metrics and tickets, never for a user.

use alloc::string::String;

use crate::common::codec::{Reader, Writer};

/// An operation's information for operators. Holds nothing personal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audit {
    /// Pseudonyms of subject and recipient. Absent for `status`, and where one of them is malformed.
    pub trail: Option<Trail>,
    /// The same for all operations on one challenge: 11 characters of base64url. Absent where there is no challenge.
    pub challenge_id: Option<String>,
    /// Xoxzo's id of the message; of a decoy, invented.
    pub message_id: Option<String>,
    /// Nobody was sent anything. Metrics should leave it out.
    pub decoy: bool,
    /// The reason why the guard or Xoxzo gave no readable answer.
    pub cause: Option<String>,
    /// The condition to look at now.
    pub alarm: Option<Alarm>,
}

/// Pseudonyms of a subject and a recipient: keyed hashes that stay the same while `guard.key` does, so that events of one user can be
/// seen together. Without the key nobody can look a number up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trail {
    /// Hash of the subject: 22 characters of base64url.
    pub subject: String,
    /// Hash of the recipient: 22 characters of base64url.
    pub recipient: String,
    /// Country code of the recipient (ITU-T E.164).
    pub calling_code: String,
}

/// A condition that operators should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// More failures over everyone than `failures.per_audience` allows: somebody guesses at many accounts. New PINs are longer.
    Failures,
    /// A cap on messages is reached, which `sends.monitor` keeps from refusing.
    Sends,
    /// The guard's clock and the host's are apart.
    Clock,
    /// Xoxzo gave no readable answer: a message may or may not have gone out.
    Delivery,
}

impl Alarm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Failures, Self::Sends, Self::Clock, Self::Delivery];

    /// Returns the name that every host uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failures => "failures",
            Self::Sends => "sends",
            Self::Clock => "clock",
            Self::Delivery => "delivery",
        }
    }

    pub(crate) fn write(alarm: Option<Self>, out: &mut Writer) {
        out.u8(match alarm {
            None => 0,
            Some(Self::Failures) => 1,
            Some(Self::Sends) => 2,
            Some(Self::Clock) => 3,
            Some(Self::Delivery) => 4,
        });
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Option<Self>> {
        from.one_of(&[
            None,
            Some(Self::Failures),
            Some(Self::Sends),
            Some(Self::Clock),
            Some(Self::Delivery),
        ])
    }
}
