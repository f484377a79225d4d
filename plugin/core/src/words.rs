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
    if !(1..=40).contains(&text.chars().count()) {
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

fn permitted(letter: char) -> bool {
    match letter {
        ' ' | '.' | ',' | '\'' | '&' | '(' | ')' | '-' | '0'..='9' => true,
        // Letters whose normal form C is another spelling, or that join with the letter before into another.
        '\u{212a}'
        | '\u{212b}'
        | '\u{2126}'
        | '\u{1100}'..='\u{11ff}'
        | '\u{3099}'..='\u{309a}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fb1d}'..='\u{fb4f}'
        | '\u{2f800}'..='\u{2fa1f}'
        | '\u{340}'..='\u{345}'
        | '\u{1f71}'..='\u{1f7d}'
        | '\u{958}'..='\u{95f}' => false,
        // Fullwidth and halfwidth forms, which look like what is refused above; blank and filler letters.
        '\u{ff00}'..='\u{ffef}' | '\u{3164}' | '\u{2800}' => false,
        // Thai vowels above and tone marks: they spell words and have no composed form.
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}' => true,
        // The prolonged sound mark and middle dot of katakana, the iteration marks of kanji.
        '・' | 'ー' | '々' | '〆' | 'ヶ' => true,
        _ => letter.is_alphabetic(),
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
