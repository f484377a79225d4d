//! Causes of what did not answer: text of drivers and libraries, which may quote secrets.

use alloc::string::String;

/// Characters of the longest cause.
const CAUSE: usize = 200;

/// The mark in the place of a word that could be a secret.
const CUT: &str = "[cut]";

/// A cause as one line without secrets. A word is cut if it could be a URL, credentials, a key, a phone number or an address for mail, and so is the
/// word after one that announces credentials.
pub(crate) fn one_line(text: &str) -> String {
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
