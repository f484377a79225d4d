//! The text of a message: built and counted before it costs money.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::settings::Messages;
use crate::signed::binding::Transaction;
use crate::words::languages::Locale;
use crate::words::pattern::{self, Piece, Placeholder};

/// The values that a message tells.
pub(crate) struct Message<'a> {
    pub(crate) service: &'a str,
    pub(crate) pin: &'a str,
    /// Seconds left. The text says whole minutes, rounded down: never more than is true.
    pub(crate) left: u32,
    pub(crate) transaction: Option<&'a Transaction>,
}

impl Message<'_> {
    /// The text of an SMS.
    pub(crate) fn sms(
        &self,
        locale: Locale,
        purpose: &str,
        messages: &Messages,
    ) -> Zeroizing<String> {
        let (own, engines) = match self.transaction {
            None => (messages.own(locale, purpose, |it| &it.text), locale.login()),
            Some(_) => (
                messages.own(locale, purpose, |it| &it.payment),
                locale.payment(),
            ),
        };
        let mut text = self.fill(own.unwrap_or(engines), locale, self.pin);
        // The last line, without a line break after it: with one, browsers find no code. What follows the code there is left to
        // others by the grammar, so the hash can end the message, as Android wants it.
        let mut mark = '\n';
        if let Some(domain) = &messages.webotp_domain {
            text.push_str(&Zeroizing::new(["\n@", domain, " #", self.pin].concat()));
            mark = ' ';
        }
        if let Some(hash) = &messages.android_hash {
            text.push(mark);
            text.push_str(hash);
        }
        text
    }

    /// Returns the words of a call, and their language.
    pub(crate) fn speech(
        &self,
        locale: Locale,
        purpose: &str,
        messages: &Messages,
    ) -> (Zeroizing<String>, &'static str) {
        let (locale, call) = locale.spoken();
        let (own, engines) = match self.transaction {
            None => (messages.own(locale, purpose, |it| &it.call), call.login),
            Some(_) => (None, call.payment),
        };
        let mut digits = Zeroizing::new(String::with_capacity(32));
        for digit in self.pin.chars() {
            if !digits.is_empty() {
                digits.push_str(",,");
            }
            digits.push(digit);
        }
        let text = self.fill(own.unwrap_or(engines), locale, &digits);
        // `tts_lang` is ISO 639-1, as these two tags are.
        (text, locale.code())
    }

    /// Whole minutes that are left.
    pub(crate) fn minutes(&self) -> String {
        self.left.checked_div(60).unwrap_or(0).max(1).to_string()
    }

    /// Amount and currency; empty without a payment.
    pub(crate) fn amount(&self, locale: Locale) -> String {
        self.transaction.map_or_else(String::new, |paid| {
            [
                &*grouped(&paid.amount, locale.grouping()),
                " ",
                &paid.currency,
            ]
            .concat()
        })
    }

    /// Returns the payee; empty without a payment.
    pub(crate) fn payee(&self) -> &str {
        self.transaction.map_or("", |paid| &paid.payee)
    }

    /// Puts values in the places of a pattern. Joined, not formatted: nothing else in a component needs the formatting of `core`.
    fn fill(&self, pattern: &str, locale: Locale, pin: &str) -> Zeroizing<String> {
        let minutes = self.minutes();
        let (amount, currency) = self.transaction.map_or_else(Default::default, |paid| {
            (grouped(&paid.amount, locale.grouping()), &*paid.currency)
        });
        // Room for all of it and the lines of autofill, so that no copy of the PIN is left behind by growing.
        let values = [pin, pin, self.service, self.payee()].map(str::len);
        let room = values.into_iter().fold(512, usize::saturating_add);
        let room = room.saturating_add(pattern.len());
        let mut text = Zeroizing::new(String::with_capacity(room));
        for piece in pattern::cut(pattern).unwrap_or_default() {
            text.push_str(match piece {
                Piece::Text(text) => text,
                Piece::Placeholder(Placeholder::Service) => self.service,
                Piece::Placeholder(Placeholder::Pin) => pin,
                Piece::Placeholder(Placeholder::Minutes) => &minutes,
                Piece::Placeholder(Placeholder::Amount) => &amount,
                Piece::Placeholder(Placeholder::Currency) => currency,
                Piece::Placeholder(Placeholder::Payee) => self.payee(),
            });
        }
        text
    }
}

impl Transaction {
    /// Returns amount and currency as messages in this language show them.
    #[must_use]
    pub fn amount_in(&self, locale: Locale) -> String {
        let amount = grouped(&self.amount, locale.grouping());
        [&*amount, " ", &*self.currency].concat()
    }
}

/// A canonical amount with its whole part in groups of three digits, so that none of it has the length of a code.
fn grouped(amount: &str, mark: char) -> String {
    let whole = amount.bytes().take_while(u8::is_ascii_digit).count();
    let mut text = String::with_capacity(24);
    for (at, letter) in amount.chars().enumerate() {
        let left = whole.saturating_sub(at);
        if at > 0 && left > 0 && left.is_multiple_of(3) {
            text.push(mark);
        }
        text.push(letter);
    }
    text
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

/// The messages of one language, as they would be sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessagePreview {
    /// Its language.
    pub locale: Locale,
    /// The text of an SMS, with the digits `1234567890` as far as the PIN is long.
    pub text: String,
    /// Billed parts of the SMS.
    pub parts: u32,
    /// The words of a call.
    pub call: String,
}

/// The messages of a purpose in every language.
pub(crate) fn previews(
    message: &Message<'_>,
    purpose: &str,
    messages: &Messages,
) -> Vec<MessagePreview> {
    let preview = |locale| {
        let text = message.sms(locale, purpose, messages).to_string();
        MessagePreview {
            locale,
            parts: parts(&text),
            text,
            call: message.speech(locale, purpose, messages).0.to_string(),
        }
    };
    Locale::ALL.into_iter().map(preview).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn paid() -> Transaction {
        Transaction {
            amount: "12.50".to_string(),
            currency: "EUR".to_string(),
            payee: "Ann Lee".to_string(),
        }
    }

    fn message(transaction: Option<&Transaction>) -> Message<'_> {
        Message {
            service: "Example Shop",
            pin: "123456",
            left: 119,
            transaction,
        }
    }

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
    fn every_language_says_all_of_it() {
        let paid = paid();
        for locale in Locale::ALL {
            assert!(Locale::parse(locale.code()) == Ok(locale));
            for transaction in [None, Some(&paid)] {
                let text = message(transaction).sms(locale, "login", &Messages::default());
                assert!(!text.contains(['{', '}', '\n']), "{}", *text);
                assert!(text.contains("Example Shop"), "{}", *text);
                let code = text.find("123456").unwrap();
                assert_eq!(text.rfind("123456"), Some(code), "once: {}", *text);
                let after = text.get(code + 6..).unwrap();
                assert!(after.contains('1'), "119 s are one whole minute: {}", *text);
                if transaction.is_some() {
                    assert!(text.find("12.50 EUR").unwrap() < code, "{}", *text);
                    assert!(text.find("Ann Lee").unwrap() < code, "{}", *text);
                } else {
                    assert_eq!(parts(&text), 1, "{}", *text);
                }
            }
        }
    }

    #[test]
    fn large_amounts_are_grouped() {
        for (amount, expected) in [
            ("0", "0"),
            ("999", "999"),
            ("1250", "1,250"),
            ("12.50", "12.50"),
            ("1234.567", "1,234.567"),
            ("999999999999999", "999,999,999,999,999"),
        ] {
            assert_eq!(grouped(amount, ','), expected);
        }
    }

    #[test]
    fn a_call_says_digits_singly_and_twice_after_the_warning() {
        let paid = paid();
        for (locale, language, warning) in [
            (Locale::Ja, "ja", "教えないで"),
            (Locale::En, "en", "Do not tell"),
            (Locale::Th, "en", "Do not tell"),
        ] {
            for transaction in [None, Some(&paid)] {
                let (text, spoken) =
                    message(transaction).speech(locale, "login", &Messages::default());
                assert_eq!(spoken, language);
                let digits = "1,,2,,3,,4,,5,,6";
                let first = text.find(digits).unwrap();
                assert!(text.rfind(digits).unwrap() > first, "{}", *text);
                assert!(!text.contains("123456"), "{}", *text);
                assert!(text.find("Example Shop").unwrap() < text.find(warning).unwrap());
                assert!(text.find(warning).unwrap() < first, "{}", *text);
                assert_eq!(text.contains("Ann Lee"), transaction.is_some());
            }
        }
    }
}
