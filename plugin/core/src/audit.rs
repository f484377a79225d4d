//! What operators are told beside the answer of an operation: for logs, metrics and tickets, never for a user.
//!
//! ```text
//! Turn<Operation> ──► Audited ──► Turn<Audited<Operation>> ──► output with its Audit, or failure with its Audit
//!                        ▲ what did not answer, and why
//! ```

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::binding::{Binding, Claimed, id};
use crate::codec::{Reader, Writer, to_base64url};
use crate::failure::{Alarm, Failure};
use crate::phone::Recipient;
use crate::prepared::Prepared;
use crate::token::Token;
use crate::turn::{Answer, Operation, Suspend, Turn};
use crate::xoxzo::Reply;

/// What an operation tells operators. Holds nothing personal.
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
    /// Why the guard or Xoxzo gave no readable answer.
    pub cause: Option<String>,
    /// What to look at now.
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

impl Trail {
    /// Hashes a subject and a recipient.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request): one of them is malformed.
    pub fn of(settings: &Prepared, subject: &str, recipient: &str) -> Result<Self, Failure> {
        let recipient = Recipient::parse(recipient, &settings.trusted)
            .map_err(|invalid| invalid.argument("recipient"))?;
        let subject = id(subject, "subject")?;
        Ok(Self::new(settings, &subject, &recipient))
    }

    fn new(settings: &Prepared, subject: &str, recipient: &Recipient) -> Self {
        Self {
            subject: hash(settings, "subject", subject),
            recipient: hash(settings, "recipient", recipient.as_str()),
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
    let recipient = Recipient::parse(recipient, &settings.trusted)
        .map_err(|invalid| invalid.argument("recipient"))?;
    Ok(hash(settings, "number index", recipient.as_str()))
}

fn hash(settings: &Prepared, label: &str, text: &str) -> String {
    let input = Writer::new().text(label).text(text).finish();
    let hash = settings.audit.mac(&input);
    to_base64url(hash.first_chunk::<16>().map_or(&hash[..], |half| &half[..]))
}

/// Eight bytes that stand for a challenge in events, and in the handles of its messages.
pub(crate) fn challenge_id(settings: &Prepared, message: &[u8]) -> [u8; 8] {
    let input = Writer::new().text("challenge").bytes(message).finish();
    let hash = settings.audit.mac(&input);
    hash.first_chunk().copied().unwrap_or_default()
}

/// Whom and what an operation is about.
#[derive(Default)]
pub struct About {
    user: Option<(String, Recipient)>,
    challenge: Challenge,
    message_id: Option<String>,
    decoy: bool,
}

/// A challenge: by what is authenticated of it, or by its id.
#[derive(Default)]
enum Challenge {
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
            let binding = Binding::parse(claimed, &settings.trusted).ok()?;
            Some(token.head.message(&settings.audience, &binding))
        });
        Self {
            challenge: message.map_or(Challenge::None, Challenge::Message),
            ..Self::user(settings, claimed.subject, claimed.recipient)
        }
    }

    /// A subject and a recipient, as a host gives them.
    #[must_use]
    pub fn user(settings: &Prepared, subject: &str, recipient: &str) -> Self {
        let recipient = Recipient::parse(recipient, &settings.trusted);
        Self {
            user: id(subject, "subject").ok().zip(recipient.ok()),
            ..Self::default()
        }
    }

    /// The user of a binding and, by its bytes, a challenge.
    pub(crate) fn challenge(binding: &Binding, message: Option<Vec<u8>>, decoy: bool) -> Self {
        Self {
            challenge: message.map_or(Challenge::None, Challenge::Message),
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
            challenge: Challenge::Id(challenge_id),
            message_id: Some(message_id.to_string()),
            decoy,
            ..Self::default()
        }
    }

    fn audit(self, settings: &Prepared) -> Audit {
        let user = self.user.as_ref();
        let challenge_id = match self.challenge {
            Challenge::None => None,
            Challenge::Message(message) => Some(challenge_id(settings, &message)),
            Challenge::Id(id) => Some(id),
        };
        Audit {
            trail: user.map(|(subject, recipient)| Trail::new(settings, subject, recipient)),
            challenge_id: challenge_id.map(|id| to_base64url(&id)),
            message_id: self.message_id,
            decoy: self.decoy,
            cause: None,
            alarm: None,
        }
    }
}

/// An operation of which operators are told, if `asked`.
#[derive(Clone)]
pub struct Audited<O> {
    pub(crate) operation: O,
    asked: bool,
    /// Of the latest answer that was none.
    cause: Option<String>,
}

/// What an operation ended with, and what operators are told if that was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// The result.
    pub output: T,
    /// For operators.
    pub audit: Option<Box<Audit>>,
}

/// What an output itself tells operators.
pub trait Tell {
    /// Moves it into the audit.
    fn tell(&mut self, audit: &mut Audit);
}

impl<O: Operation<Output: Tell>> Turn<O> {
    /// The same turn, of an operation of which operators are told.
    ///
    /// # Errors
    ///
    /// Those of the operation, with their audit.
    pub fn audited(
        begun: Result<Self, Failure>,
        settings: &Prepared,
        asked: bool,
        about: impl FnOnce() -> About,
    ) -> Result<Turn<Audited<O>>, Failure> {
        let about = || asked.then(about);
        go_on(settings, begun, about, asked, None)
    }
}

fn go_on<O: Operation<Output: Tell>>(
    settings: &Prepared,
    turn: Result<Turn<O>, Failure>,
    about: impl FnOnce() -> Option<About>,
    asked: bool,
    cause: Option<String>,
) -> Result<Turn<Audited<O>>, Failure> {
    let audited = |operation, cause| Audited {
        operation,
        asked,
        cause,
    };
    match turn {
        Ok(Turn::Count(charges, operation)) => Ok(Turn::Count(charges, audited(operation, cause))),
        Ok(Turn::Send(request, operation)) => Ok(Turn::Send(request, audited(operation, cause))),
        Ok(Turn::Done(mut output)) => {
            let audit = about().map(|about| {
                let mut audit = about.audit(settings);
                audit.cause = cause;
                output.tell(&mut audit);
                Box::new(audit)
            });
            Ok(Turn::Done(Told { output, audit }))
        }
        Err(failure) => Err(match about() {
            Some(about) => failure.audited(settings, about, cause),
            None => failure,
        }),
    }
}

impl Failure {
    /// The same failure, with what operators are told of it.
    #[must_use]
    pub fn audited(mut self, settings: &Prepared, about: About, cause: Option<String>) -> Self {
        let mut audit = about.audit(settings);
        audit.decoy |= self.decoy;
        audit.alarm = self.alarm;
        audit.cause = cause;
        self.audit = Some(Box::new(audit));
        self
    }
}

impl<O: Operation<Output: Tell>> Operation for Audited<O> {
    type Output = Told<O::Output>;

    fn about(&self, settings: &Prepared) -> About {
        self.operation.about(settings)
    }

    fn resume(self, settings: &Prepared, now: u32, answer: Answer) -> Result<Turn<Self>, Failure> {
        let Self {
            operation,
            asked,
            mut cause,
        } = self;
        let about = asked.then(|| operation.about(settings));
        if asked && let Some(why) = why(&answer) {
            cause = Some(why);
        }
        let turn = operation.resume(settings, now, answer);
        go_on(settings, turn, || about, asked, cause)
    }
}

impl<O: Suspend> Suspend for Audited<O> {
    fn write(&self, settings: &Prepared, out: &mut Writer) {
        self.operation.write(settings, out);
        out.flag(self.asked).option(self.cause.as_deref());
    }

    fn read(settings: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            operation: O::read(settings, from)?,
            asked: from.present(),
            cause: from.option(),
        })
    }
}

/// Why an answer is none, for a log.
fn why(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Unanswered(_, cause) => Some(one_line(cause)).filter(|line| !line.is_empty()),
        Answer::Reply(Reply::Refused { status, .. } | Reply::Unreadable { status, .. }) => {
            Some(["http: status ", &status.to_string()].concat())
        }
        Answer::Reply(Reply::Read {
            message_id: None,
            state: None,
            credits: None,
        }) => Some("http: no id in a reply of success".to_string()),
        Answer::Reply(Reply::Read { .. }) | Answer::Totals(_) => None,
    }
}

/// Characters of the longest cause.
const CAUSE: usize = 200;

/// What stands in the place of a word that could be a secret.
const CUT: &str = "[cut]";

/// A cause as one line without secrets. A word is cut if it could be a URL, credentials, a key, a phone number or an address for mail, and so is the
/// word after one that announces credentials.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    let mut announced = false;
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    for word in words.filter(|word| !word.is_empty()) {
        let shown = if announced || is_secret(word) {
            CUT
        } else {
            word
        };
        announced = announces(word);
        let longer = line.chars().count().saturating_add(shown.chars().count());
        if longer >= CAUSE {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(shown);
    }
    line
}

fn is_secret(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit);
    let phone = word.trim_matches(|letter: char| !letter.is_ascii_digit());
    let number = phone.len() >= 7
        && phone
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'(' | b')'));
    word.contains("://")
        || word.contains('@')
        || word.len() > 64
        || word.starts_with("x2f")
        || (word.contains('+') && digits.count() >= 7)
        || number
}

fn announces(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphabetic());
    let names = ["authorization", "basic", "bearer", "password"];
    word == "AUTH" || names.iter().any(|name| word.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_one_line_without_secrets() {
        for (text, line) in [
            (
                "dns: the host name was not found",
                "dns: the host name was not found",
            ),
            ("redis://:secret@10.0.0.1:6379/0 refused", "[cut] refused"),
            ("user:secret@host is gone", "[cut] is gone"),
            (
                "authorization: Basic c2VjcmV0 was sent",
                "authorization: [cut] [cut] was sent",
            ),
            (
                "WRONGPASS AUTH secret failed",
                "WRONGPASS AUTH [cut] failed",
            ),
            ("to +819012345678 and 090-1234-5678", "to [cut] and [cut]"),
            ("a\r\nb\u{0}c\td", "a b c d"),
            (
                "read timed out after 10000 ms",
                "read timed out after 10000 ms",
            ),
            ("", ""),
            (" \n ", ""),
        ] {
            assert_eq!(one_line(text), line, "{text:?}");
        }
        let long = "word ".repeat(100);
        assert!(one_line(&long).chars().count() < CAUSE);
        assert_eq!(one_line(&"x".repeat(65)), CUT);
    }
}
