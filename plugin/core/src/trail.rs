//! Whom an event is about, for a log that must hold nothing personal.

use alloc::string::{String, ToString};

use crate::binding::id;
use crate::codec::{Writer, to_base64url};
use crate::failure::Failure;
use crate::phone::Recipient;
use crate::prepared::Prepared;

/// Keyed hashes of who and where, and the country. The hashes stay the same while `guard.key` does, so that events of one
/// user can be seen together; without the key nobody can look a number up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trail {
    /// Of the subject: 22 characters of base64url.
    pub subject: String,
    /// Of the recipient: 22 characters of base64url.
    pub recipient: String,
    /// Country code of the recipient.
    pub calling_code: String,
}

impl Trail {
    /// The trail of a subject and a recipient.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request): one of them has not its form.
    pub fn of(settings: &Prepared, subject: &str, recipient: &str) -> Result<Self, Failure> {
        let recipient = Recipient::parse(recipient, &settings.trusted)
            .map_err(|invalid| invalid.argument("recipient"))?;
        let subject = id(subject, "subject")?;
        let hash = |label: &str, text: &str| {
            let input = Writer::new().text(label).text(text).finish();
            let hash = settings.audit.mac(&input);
            to_base64url(hash.first_chunk::<16>().map_or(&hash[..], |half| &half[..]))
        };
        Ok(Self {
            subject: hash("subject", &subject),
            recipient: hash("recipient", recipient.as_str()),
            calling_code: recipient.calling_code().to_string(),
        })
    }
}
