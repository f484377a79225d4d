//! Words from outside that end up in a message: the service's name, a payee.
//!
//! Whoever may write into an SMS writes in the service's name. So the alphabet is small: letters, marks that spell
//! them, digits in short runs, a little punctuation. No line breaks, no `@ # / : < >` (WebOTP lines, links), no
//! invisible or direction-changing characters, and only one spelling of each letter (NFC).

use crate::failure::Unfit;

/// Takes 1 to 40 such characters.
///
/// # Errors
///
/// Anything else. Refused, never shortened: what is authenticated must be what is shown.
pub(crate) fn check(text: &str) -> Result<(), Unfit> {
    let length = text
        .chars()
        .fold(0_usize, |length, _| length.saturating_add(1));
    if !(1..=40).contains(&length) {
        return Err(Unfit("must be 1 to 40 characters"));
    }
    if text.starts_with(' ')
        || text.ends_with(' ')
        || text.as_bytes().windows(2).any(|pair| pair == b"  ")
    {
        return Err(Unfit("must have single spaces, and none at its ends"));
    }
    let mut digits = 0_u8;
    for letter in text.chars() {
        digits = if letter.is_ascii_digit() {
            digits.saturating_add(1)
        } else {
            0
        };
        if digits == 4 {
            return Err(Unfit(
                "must not have four digits in a row, which could be read as a code",
            ));
        }
        if !permitted(letter) {
            return Err(Unfit(
                "must have only letters, digits, spaces and . , ' & ( ) -, in normal form C",
            ));
        }
    }
    Ok(())
}

/// A list and not `char::is_alphabetic`: what is on it has one spelling in normal form C, is visible, and is written by
/// Xoxzo's users. Fullwidth and halfwidth forms, which look like what is refused, are not on it.
fn permitted(letter: char) -> bool {
    match letter {
        ' ' | '.' | ',' | '\'' | '&' | '(' | ')' | '-' | '0'..='9' | 'A'..='Z' | 'a'..='z' => true,
        // Latin with marks, without the signs × and ÷ and the clicks that look like | and !; Vietnamese.
        '\u{c0}'..='\u{d6}'
        | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{1bf}'
        | '\u{1c4}'..='\u{233}'
        | '\u{1ea0}'..='\u{1ef9}' => true,
        // Greek and Cyrillic.
        '\u{386}'
        | '\u{388}'..='\u{38a}'
        | '\u{38c}'
        | '\u{38e}'..='\u{3a1}'
        | '\u{3a3}'..='\u{3ce}' => true,
        '\u{400}'..='\u{45f}' | '\u{490}'..='\u{491}' => true,
        // Thai, with its vowels above and tone marks, without its currency sign and digits.
        '\u{e01}'..='\u{e3a}' | '\u{e40}'..='\u{e4e}' => true,
        // Kana with the prolonged sound mark and the middle dot, iteration marks, Han, Hangul syllables.
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}' | '々' | '〆' => true,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_pass() {
        for name in [
            "Example Shop",
            "O'Neil & Sons (UK)",
            "例のお店",
            "ラーメン・ヤマダ",
            "ร้านค้า",
            "Cửa hàng",
            "상점",
            "A1",
        ] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_could_write_a_message_of_its_own_is_refused() {
        for text in [
            "",
            " a",
            "a ",
            "a  b",
            "a\nb",
            "a\r",
            "a\u{2028}b",
            "@evil.example #123",
            "evil.example/x",
            "a:b",
            "<b>",
            "Refund. Code 111111",
            "1234",
            "\u{202e}abc",
            "a\u{200b}b",
            "a\u{feff}",
            "e\u{301}",
            "\u{212b}",
            "ｅｖｉｌ",
            "１２３",
            "a\u{ad}b",
            "\u{1100}\u{1161}",
            "か\u{3099}",
            "a\0",
            "🙂",
            "“a”",
            "a…",
            "٣٤٥٦",
        ] {
            assert!(check(text).is_err(), "{text:?}");
        }
        assert!(check(&"x".repeat(41)).is_err());
        assert!(check(&"x".repeat(40)).is_ok());
    }
}
