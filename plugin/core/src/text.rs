//! The text of a message: built and counted before it costs money.

use alloc::string::{String, ToString};

use crate::binding::Transaction;
use crate::failure::Unfit;

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Locale {
    /// English.
    En,
    /// Japanese.
    Ja,
}

impl Locale {
    /// Takes an ISO 639-1 code that there are texts for.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        match text {
            "en" => Ok(Self::En),
            "ja" => Ok(Self::Ja),
            _ => Err(Unfit("must be en or ja")),
        }
    }

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ja => "ja",
        }
    }
}

/// Who writes, how long the code is good, and for what.
pub(crate) struct Message<'a> {
    pub(crate) locale: Locale,
    pub(crate) service: &'a str,
    pub(crate) pin: &'a str,
    /// Seconds left. The text says whole minutes, rounded down: never more than is true.
    pub(crate) left: u32,
    /// Amount and payee come before the code (PSD2 RTS, article 5(1)).
    pub(crate) transaction: Option<&'a Transaction>,
}

impl Message<'_> {
    pub(crate) fn compose(&self) -> String {
        let Self {
            locale,
            service,
            pin,
            left,
            transaction,
        } = self;
        let minutes = left.checked_div(60).unwrap_or(0).max(1).to_string();
        // Joined, not formatted: nothing else in a component needs the formatting of `core`.
        match (locale, transaction) {
            (Locale::En, None) => [
                service,
                ": your code is ",
                pin,
                ". Valid for ",
                &minutes,
                " min. Never share it with anyone.",
            ]
            .concat(),
            (Locale::En, Some(paid)) => [
                service,
                ": to pay ",
                &paid.amount,
                " ",
                &paid.currency,
                " to ",
                &paid.payee,
                ", the code is ",
                pin,
                ". Valid for ",
                &minutes,
                " min. Never share it.",
            ]
            .concat(),
            (Locale::Ja, None) => [
                "【",
                service,
                "】認証コード: ",
                pin,
                "（",
                &minutes,
                "分間有効）誰にも教えないでください。",
            ]
            .concat(),
            (Locale::Ja, Some(paid)) => [
                "【",
                service,
                "】",
                &paid.payee,
                "へ",
                &paid.amount,
                " ",
                &paid.currency,
                "の支払い 認証コード: ",
                pin,
                "（",
                &minutes,
                "分間有効）誰にも教えないでください。",
            ]
            .concat(),
        }
    }
}

/// Billed parts of a text: one of 140 ASCII characters or 70 UTF-16 units, else 132 or 66 each (help.xoxzo.com, "how many
/// characters").
pub(crate) fn parts(text: &str) -> u32 {
    let units = text.encode_utf16().count();
    let (whole, split) = if text.is_ascii() {
        (140, 132)
    } else {
        (70, 66)
    };
    if units <= whole {
        1
    } else {
        u32::try_from(units.div_ceil(split)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the source, at its edges.
    #[test]
    fn parts_follow_the_table() {
        for (length, expected) in [
            (1, 1),
            (140, 1),
            (141, 2),
            (264, 2),
            (265, 3),
            (396, 3),
            (660, 5),
        ] {
            assert_eq!(parts(&"x".repeat(length)), expected, "{length} ASCII");
        }
        for (length, expected) in [(1, 1), (70, 1), (71, 2), (132, 2), (133, 3), (660, 10)] {
            assert_eq!(parts(&"あ".repeat(length)), expected, "{length} other");
        }
        assert_eq!(parts(&"🙂".repeat(35)), 1);
        assert_eq!(parts(&"🙂".repeat(36)), 2);
    }

    #[test]
    fn amount_and_payee_come_before_the_code() {
        let paid = Transaction {
            amount: "12.50".to_string(),
            currency: "EUR".to_string(),
            payee: "Ann Lee".to_string(),
        };
        for locale in [Locale::En, Locale::Ja] {
            let text = Message {
                locale,
                service: "Shop",
                pin: "123456",
                left: 119,
                transaction: Some(&paid),
            }
            .compose();
            let code = text.find("123456").unwrap();
            assert!(text.find("12.50 EUR").unwrap() < code && text.find("Ann Lee").unwrap() < code);
            assert!(
                text.contains("1 min") || text.contains("1分"),
                "119 s are one whole minute: {text}"
            );
        }
    }
}
