//! The text of a message: built and counted before it costs money.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::binding::Transaction;
use crate::locale::{Locale, Speech};

/// What a message says.
pub(crate) struct Message<'a> {
    pub(crate) service: &'a str,
    pub(crate) pin: &'a str,
    /// Seconds left. The text says whole minutes, rounded down: never more than is true.
    pub(crate) left: u32,
    pub(crate) transaction: Option<&'a Transaction>,
}

/// What lets a phone fill the code in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autofill {
    /// Domain of the page that may take the code (WICG, "Origin-bound one-time codes delivered via SMS").
    pub webotp_domain: Option<String>,
    /// The 11 characters that name an Android app (SMS Retriever).
    pub android_hash: Option<String>,
}

impl Message<'_> {
    /// The text of an SMS.
    pub(crate) fn sms(&self, locale: Locale, autofill: &Autofill) -> Zeroizing<String> {
        let pattern = match self.transaction {
            None => locale.login(),
            Some(_) => locale.payment(),
        };
        let mut text = self.fill(pattern, self.pin);
        // The last line, without a line break after it: with one, browsers find no code. What follows the code there is left to
        // others by the grammar, so the hash can end the message, as Android wants it.
        let mut mark = '\n';
        if let Some(domain) = &autofill.webotp_domain {
            text.push_str(&Zeroizing::new(["\n@", domain, " #", self.pin].concat()));
            mark = ' ';
        }
        if let Some(hash) = &autofill.android_hash {
            text.push(mark);
            text.push_str(hash);
        }
        text
    }

    /// What a call says, and the language it says it in.
    pub(crate) fn speech(&self, locale: Locale) -> (Zeroizing<String>, &'static str) {
        let speech = Speech::of(locale);
        let pattern = match self.transaction {
            None => speech.login,
            Some(_) => speech.payment,
        };
        let mut digits = Zeroizing::new(String::with_capacity(32));
        for digit in self.pin.chars() {
            if !digits.is_empty() {
                digits.push_str(",,");
            }
            digits.push(digit);
        }
        (self.fill(pattern, &digits), speech.language)
    }

    /// Whole minutes that are left.
    pub(crate) fn minutes(&self) -> String {
        self.left.checked_div(60).unwrap_or(0).max(1).to_string()
    }

    /// Amount and currency; empty without a payment.
    pub(crate) fn amount(&self) -> String {
        self.transaction.map_or_else(String::new, |paid| {
            [&*paid.amount, " ", &paid.currency].concat()
        })
    }

    /// Who is paid; empty without a payment.
    pub(crate) fn payee(&self) -> &str {
        self.transaction.map_or("", |paid| &paid.payee)
    }

    /// Puts values in the places of a pattern. Joined, not formatted: nothing else in a component needs the formatting of `core`.
    fn fill(&self, pattern: &str, pin: &str) -> Zeroizing<String> {
        let (minutes, amount) = (self.minutes(), self.amount());
        // Room for all of it, so that no copy of the PIN is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(1024));
        let mut pieces = pattern.split('{');
        text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            text.push_str(match piece.as_bytes().first() {
                Some(b's') => self.service,
                Some(b'p') => pin,
                Some(b'm') => &minutes,
                Some(b'a') => &amount,
                _ => self.payee(),
            });
            text.push_str(piece.get(2..).unwrap_or_default());
        }
        text
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

/// A text as it would be sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Specimen {
    /// Its language.
    pub locale: Locale,
    /// The text, with the digits `1234567890` as far as the PIN is long.
    pub text: String,
    /// Billed parts.
    pub parts: u32,
}

/// The texts of an SMS in every language.
pub(crate) fn specimens(message: &Message<'_>, autofill: &Autofill) -> Vec<Specimen> {
    let specimen = |locale| {
        let text = message.sms(locale, autofill).to_string();
        Specimen {
            locale,
            parts: parts(&text),
            text,
        }
    };
    Locale::ALL.into_iter().map(specimen).collect()
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
                let text = message(transaction).sms(locale, &Autofill::default());
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
    fn a_call_says_digits_singly_and_twice_after_the_warning() {
        let paid = paid();
        for (locale, language, warning) in [
            (Locale::Ja, "ja", "教えないで"),
            (Locale::En, "en", "Do not tell"),
            (Locale::Th, "en", "Do not tell"),
        ] {
            for transaction in [None, Some(&paid)] {
                let (text, spoken) = message(transaction).speech(locale);
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
