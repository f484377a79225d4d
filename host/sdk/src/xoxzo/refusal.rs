//! The likely reasons of refusals.

use crate::error::{Code, Failure};

/// The likely reason why Xoxzo refused a message. Xoxzo documents few of its refusals: the reason is read from the HTTP status and from the fields that
/// the answer names, never from its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// SID and token are not those of an account (401). Correct `xoxzo.sid` and `xoxzo.auth_token`.
    Credentials,
    /// The account may not do this (403): most likely it has no right to texts of its own, and `message.templates` is empty.
    Permission,
    /// The account has too few credits (400 with `non_field_errors`).
    Credits,
    /// The sender or caller is refused (400).
    Sender,
    /// The recipient is refused (400).
    Recipient,
    /// The variables do not fit the template (400).
    Variables,
    /// Too many requests at once (429).
    TooMany,
    /// Any other refusal.
    Other,
}

impl Failure {
    /// Returns the likely reason why Xoxzo refused. Absent where Xoxzo refused nothing: it was not reached, or the refusal is the engine's own.
    #[must_use]
    pub fn refusal(&self) -> Option<Refusal> {
        if self.code != Code::Provider {
            return None;
        }
        // The engine writes: xoxzo refused the request (400): fields, advice.
        let (_, rest) = self.detail.split_once(" (")?;
        let (status, fields) = rest.split_once("): ")?;
        let status: u16 = status.parse().ok()?;
        let named = |name: &str| fields.split(", ").any(|field| field == name);
        Some(match status {
            401 => Refusal::Credentials,
            403 => Refusal::Permission,
            429 => Refusal::TooMany,
            _ if named("recipient") => Refusal::Recipient,
            _ if named("sender") || named("caller") => Refusal::Sender,
            _ if named("variables") => Refusal::Variables,
            _ if named("non_field_errors") => Refusal::Credits,
            _ => Refusal::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_read_from_status_and_fields() {
        let reason = |code, detail: &str| Failure::new(code, detail).refusal();
        for (detail, expected) in [
            (
                "xoxzo refused the account (401): check xoxzo.sid",
                Some(Refusal::Credentials),
            ),
            (
                "xoxzo refused the account (403): most likely it may not",
                Some(Refusal::Permission),
            ),
            (
                "xoxzo refused the request (429): too many at once",
                Some(Refusal::TooMany),
            ),
            (
                "xoxzo refused the request (400): non_field_errors, most likely for want of credits",
                Some(Refusal::Credits),
            ),
            (
                "xoxzo refused the request (400): recipient, sender",
                Some(Refusal::Recipient),
            ),
            (
                "xoxzo refused the request (400): sender",
                Some(Refusal::Sender),
            ),
            (
                "xoxzo refused the request (400): caller",
                Some(Refusal::Sender),
            ),
            (
                "xoxzo refused the request (400): variables",
                Some(Refusal::Variables),
            ),
            (
                "xoxzo refused the request (404): no field named",
                Some(Refusal::Other),
            ),
            ("xoxzo was not reached, nothing was sent", None),
            ("xoxzo refused the request (many): x", None),
            ("xoxzo did not say", None),
        ] {
            assert_eq!(reason(Code::Provider, detail), expected, "{detail}");
        }
        assert_eq!(reason(Code::Guard, "a guard (403): x"), None);
    }
}
