//! The user and the challenge that an operation is about, and the keyed hashes that stand for them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::audit::{Audit, Trail};
use crate::common::codec::{Writer, to_base64url};
use crate::common::failure::Failure;
use crate::phone::Recipient;
use crate::settings::prepared::Prepared;
use crate::signed::binding::{Binding, Claimed, id};
use crate::signed::mac::MacKey;
use crate::signed::token::Token;

/// The user and the challenge that an operation is about.
#[derive(Default)]
pub struct About {
    user: Option<(String, Recipient)>,
    challenge: ChallengeRef,
    message_id: Option<String>,
    decoy: bool,
}

/// A challenge: by what is authenticated of it, or by its id.
#[derive(Default)]
enum ChallengeRef {
    #[default]
    None,
    Message(Vec<u8>),
    Id([u8; 8]),
}

impl About {
    /// A subject and a recipient, as a host gives them, and the token that came with them.
    #[must_use]
    pub fn claimed(settings: &Prepared, claimed: Claimed<'_>, token: Option<&str>) -> Self {
        let token = token.and_then(Token::parse);
        let message = token.and_then(|token| {
            let binding = Binding::parse(claimed, &settings.trust_numbers_under).ok()?;
            Some(token.head.message(&settings.audience, &binding))
        });
        Self {
            challenge: message.map_or(ChallengeRef::None, ChallengeRef::Message),
            ..Self::user(settings, claimed.subject, claimed.recipient)
        }
    }

    /// A subject and a recipient, as a host gives them.
    #[must_use]
    pub fn user(settings: &Prepared, subject: &str, recipient: &str) -> Self {
        let recipient = Recipient::parse(recipient, &settings.trust_numbers_under);
        Self {
            user: id(subject, "subject").ok().zip(recipient.ok()),
            ..Self::default()
        }
    }

    /// The user of a binding and, by its bytes, a challenge.
    pub(crate) fn challenge(binding: &Binding, message: Option<Vec<u8>>, decoy: bool) -> Self {
        Self {
            challenge: message.map_or(ChallengeRef::None, ChallengeRef::Message),
            decoy,
            ..Self::bound(&binding.subject, &binding.recipient)
        }
    }

    /// A subject and a recipient.
    pub(crate) fn bound(subject: &str, recipient: &Recipient) -> Self {
        Self {
            user: Some((subject.to_string(), recipient.clone())),
            ..Self::default()
        }
    }

    /// A message.
    pub(crate) fn message(challenge_id: [u8; 8], message_id: &str, decoy: bool) -> Self {
        Self {
            challenge: ChallengeRef::Id(challenge_id),
            message_id: Some(message_id.to_string()),
            decoy,
            ..Self::default()
        }
    }

    pub(crate) fn audit(self, settings: &Prepared) -> Audit {
        let (key, user) = (&settings.audit, self.user.as_ref());
        let challenge_id = match self.challenge {
            ChallengeRef::None => None,
            ChallengeRef::Message(message) => Some(challenge_id(key, &message)),
            ChallengeRef::Id(id) => Some(id),
        };
        Audit {
            trail: user.map(|(subject, recipient)| Trail::new(key, subject, recipient)),
            challenge_id: challenge_id.map(|id| to_base64url(&id)),
            message_id: self.message_id,
            decoy: self.decoy,
            cause: None,
            alarm: None,
        }
    }
}

impl Trail {
    /// Hashes a subject and a recipient.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request): one of them is malformed.
    pub fn of(settings: &Prepared, subject: &str, recipient: &str) -> Result<Self, Failure> {
        let recipient = Recipient::parse(recipient, &settings.trust_numbers_under)
            .map_err(|invalid| invalid.argument("recipient"))?;
        let subject = id(subject, "subject")?;
        Ok(Self::new(&settings.audit, &subject, &recipient))
    }

    fn new(key: &MacKey, subject: &str, recipient: &Recipient) -> Self {
        Self {
            subject: hash(key, "subject", subject),
            recipient: hash(key, "recipient", recipient.as_str()),
            calling_code: recipient.calling_code().to_string(),
        }
    }
}

/// An index of a number, by which a service finds whether it has the number already without keeping it in the clear: 22 characters of base64url.
/// It stays the same while `guard.key` does.
///
/// # Errors
///
/// [`Code::Request`](crate::Code::Request): the recipient is malformed.
pub fn number_index(settings: &Prepared, recipient: &str) -> Result<String, Failure> {
    let recipient = Recipient::parse(recipient, &settings.trust_numbers_under)
        .map_err(|invalid| invalid.argument("recipient"))?;
    Ok(hash(&settings.audit, "number index", recipient.as_str()))
}

fn hash(key: &MacKey, label: &str, text: &str) -> String {
    let input = Writer::new().text(label).text(text).finish();
    to_base64url(&key.short_mac::<16>(&input))
}

/// Eight bytes that stand for a challenge in events, and in the handles of its messages, by the key of hashes in events.
pub(crate) fn challenge_id(key: &MacKey, message: &[u8]) -> [u8; 8] {
    let input = Writer::new().text("challenge").bytes(message).finish();
    key.short_mac(&input)
}
