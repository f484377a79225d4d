//! Display text from outside that ends up in a message: the service's name and a payee.
//!
//! Whoever can write into an SMS writes in the service's name. So the alphabet is small, and a text that could be read as a code, a link, a
//! phone number or another message is refused. Nothing is shortened or rewritten: what is authenticated must be what is shown.

use crate::common::failure::InvalidFormat;

/// Digits that may stand together, whatever signs stand between them. The shortest PIN has one more.
pub(crate) const DIGITS: u8 = 3;

/// Too many digits together.
pub(crate) const CODE: InvalidFormat = InvalidFormat(
    "must not have four digits together, with or without signs between them: they could be read as a code",
);

/// Tells whether a character reads as a digit: ASCII, fullwidth, Thai, and the numerals of Han.
pub(crate) fn is_digit(letter: char) -> bool {
    matches!(
        letter,
        '0'..='9' | '\u{ff10}'..='\u{ff19}' | '\u{e50}'..='\u{e59}' | '〇'
    ) || numeral(letter)
}

fn numeral(letter: char) -> bool {
    "一二三四五六七八九零".contains(letter)
}

/// Takes 1 to 40 characters.
///
/// # Errors
///
/// - A character that is not in the alphabet: among them line breaks, `@ # / : < >` (WebOTP lines and links), invisible and
///   direction-changing characters, and letters that have another spelling in normal form C.
/// - More than three digits before a letter follows, in ASCII or in Han, with or without signs between them: `12 34` and `1-800` are refused.
/// - A full stop directly before a letter or digit, which phones show as a link. Initials such as `S.p.A.` pass.
/// - Scripts in one word that Unicode Technical Standard 39, section 5.2, does not call highly restrictive: Latin letters go with Han,
///   kana and Hangul, and every other script stands alone.
/// - Thai marks that cover each other: a consonant takes one vowel and then one tone mark.
pub(crate) fn check(text: &str) -> Result<(), InvalidFormat> {
    let length = text
        .chars()
        .fold(0_usize, |length, _| length.saturating_add(1));
    if !(1..=40).contains(&length) {
        return Err(InvalidFormat("must be 1 to 40 characters"));
    }
    if text.starts_with(' ')
        || text.ends_with(' ')
        || text.as_bytes().windows(2).any(|pair| pair == b"  ")
    {
        return Err(InvalidFormat(
            "must have single spaces, and none at its ends",
        ));
    }
    let mut reading = Scan::default();
    text.chars().try_for_each(|letter| reading.take(letter))
}

/// The character classes of the alphabet.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// A space or one of `, ' & ( ) -`: ends a word.
    Sign,
    Stop,
    Digit,
    Letter(Script),
    /// A sign above or below a Thai consonant.
    Vowel,
    /// A tone mark, above a Thai consonant and its vowel.
    Tone,
}

/// The scripts in which one word may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Greek,
    Cyrillic,
    /// `true` for a consonant, which takes marks.
    Thai(bool),
    /// Han, kana and Hangul. `true` for a numeral.
    EastAsian(bool),
}

/// The text read so far.
#[derive(Default)]
struct Scan {
    /// Digits since the last letter.
    digits: u8,
    /// Letters and digits since the last sign or full stop.
    label: usize,
    /// The label is one letter: an initial, as far as it was read.
    initial: bool,
    /// The character before is a full stop; with whether an initial stands before that.
    stop: Option<bool>,
    /// The label began directly after a full stop.
    dotted: bool,
    /// The scripts of the word.
    latin: bool,
    other: Option<Script>,
    /// The base that a mark may stand on.
    base: Base,
}

/// The marks that the last character takes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Base {
    #[default]
    Nothing,
    /// A vowel mark, then a tone mark.
    Consonant,
    /// A tone mark.
    WithVowel,
}

impl Scan {
    fn take(&mut self, letter: char) -> Result<(), InvalidFormat> {
        let class = class(letter).ok_or(InvalidFormat(
            "must have only letters, digits, spaces and . , ' & ( ) -, in normal form C",
        ))?;
        self.mark(class)?;
        match class {
            Class::Sign => self.end(None),
            Class::Stop => self.end(Some(self.initial)),
            Class::Vowel | Class::Tone => {}
            Class::Digit => {
                self.label(false)?;
                self.digit()?;
            }
            Class::Letter(script) => {
                self.label(true)?;
                self.script(script)?;
                if script == Script::EastAsian(true) {
                    self.digit()?;
                } else {
                    self.digits = 0;
                }
            }
        }
        Ok(())
    }

    /// A sign, or a full stop with whether it may stand within a word.
    fn end(&mut self, stop: Option<bool>) {
        *self = Self {
            digits: self.digits,
            stop,
            ..Self::default()
        };
    }

    fn digit(&mut self) -> Result<(), InvalidFormat> {
        self.digits = self.digits.saturating_add(1);
        if self.digits > DIGITS {
            return Err(CODE);
        }
        Ok(())
    }

    fn label(&mut self, letter: bool) -> Result<(), InvalidFormat> {
        const LINK: InvalidFormat = InvalidFormat(
            "must have a space after a full stop, but between initials: it could be read as a link",
        );
        match self.stop.take() {
            Some(true) => self.dotted = true,
            Some(false) => return Err(LINK),
            None => {}
        }
        self.label = self.label.saturating_add(1);
        self.initial = letter && self.label == 1;
        if self.dotted && !self.initial {
            return Err(LINK);
        }
        Ok(())
    }

    fn script(&mut self, script: Script) -> Result<(), InvalidFormat> {
        if script == Script::Latin {
            self.latin = true;
        } else {
            let whole = script.whole();
            if self.other.is_some_and(|other| other != whole) {
                return Err(MIXED);
            }
            self.other = Some(whole);
        }
        match self.other {
            Some(other) if self.latin && other != Script::EastAsian(false) => Err(MIXED),
            _ => Ok(()),
        }
    }

    fn mark(&mut self, class: Class) -> Result<(), InvalidFormat> {
        self.base = match (class, self.base) {
            (Class::Vowel, Base::Consonant) => Base::WithVowel,
            (Class::Tone, Base::Consonant | Base::WithVowel) => Base::Nothing,
            (Class::Vowel | Class::Tone, _) => {
                return Err(InvalidFormat("must not have marks that cover each other"));
            }
            (Class::Letter(Script::Thai(true)), _) => Base::Consonant,
            _ => Base::Nothing,
        };
        Ok(())
    }
}

const MIXED: InvalidFormat =
    InvalidFormat("must not mix scripts in one word: letters that look alike hide a name");

impl Script {
    /// Without what only one letter of it is.
    fn whole(self) -> Self {
        match self {
            Self::Thai(_) => Self::Thai(false),
            Self::EastAsian(_) => Self::EastAsian(false),
            Self::Latin | Self::Greek | Self::Cyrillic => self,
        }
    }
}

/// A list and not `char::is_alphabetic`: what is on it has one spelling in normal form C, is visible, and is written by
/// Xoxzo's users. Fullwidth and halfwidth forms, which look like what is refused, are not on it.
fn class(letter: char) -> Option<Class> {
    let script = match letter {
        ' ' | ',' | '\'' | '&' | '(' | ')' | '-' => return Some(Class::Sign),
        '.' => return Some(Class::Stop),
        '0'..='9' => return Some(Class::Digit),
        'A'..='Z' | 'a'..='z' => Script::Latin,
        // Latin with marks, without the signs × and ÷ and the clicks that look like | and !; Vietnamese.
        '\u{c0}'..='\u{d6}'
        | '\u{d8}'..='\u{f6}'
        | '\u{f8}'..='\u{1bf}'
        | '\u{1c4}'..='\u{233}'
        | '\u{1ea0}'..='\u{1ef9}' => Script::Latin,
        '\u{386}'
        | '\u{388}'..='\u{38a}'
        | '\u{38c}'
        | '\u{38e}'..='\u{3a1}'
        | '\u{3a3}'..='\u{3ce}' => Script::Greek,
        '\u{400}'..='\u{45f}' | '\u{490}'..='\u{491}' => Script::Cyrillic,
        // Thai, without its currency sign and digits. Marks of transcriptions are not on the list.
        '\u{e01}'..='\u{e2e}' => Script::Thai(true),
        '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}' => return Some(Class::Vowel),
        '\u{e48}'..='\u{e4c}' => return Some(Class::Tone),
        '\u{e2f}'..='\u{e33}' | '\u{e40}'..='\u{e46}' => Script::Thai(false),
        letter if numeral(letter) => Script::EastAsian(true),
        // Kana with the prolonged sound mark and the middle dot, iteration marks, Han, Hangul syllables.
        '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}' | '々' | '〆' => {
            Script::EastAsian(false)
        }
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' => {
            Script::EastAsian(false)
        }
        _ => return None,
    };
    Some(Class::Letter(script))
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
            "LINEペイ",
            "NTTドコモ",
            "三井住友銀行",
            "一二三堂",
            "ร้านค้า",
            "น้ำตก สิทธิ์ ที่รัก เป็นกุ้ง",
            "Cửa hàng",
            "상점",
            "Ёлка и Ко",
            "Αθήνα",
            "A1",
            "7-Eleven",
            "Studio 54",
            "ACME S.p.A.",
            "J.P. Morgan",
            "Kumi Co., Ltd.",
            "Kumi Co.,Ltd.",
            "St. Mary's",
            "Bar 101 (Route 66)",
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

    fn refused(text: &str, why: &str) {
        let unfit = check(text).err().map(|unfit| unfit.0);
        assert!(unfit.is_some_and(|unfit| unfit.contains(why)), "{text}");
    }

    #[test]
    fn digits_are_counted_over_signs() {
        for text in [
            "1234",
            "Refund. Code 111111",
            "Your code is 123-456",
            "12 34 56",
            "1, 2, 3, 4",
            "(12) '34",
            "call 1-800",
            "12. 34",
            "一二三四",
            "コード 七三 一五",
            "3四5六",
            "12 三四",
        ] {
            refused(text, "digits");
        }
    }

    #[test]
    fn no_word_is_a_link() {
        for text in [
            "evil.com",
            "x.com",
            "t.co",
            "pay.e",
            ".com",
            "a.b.example",
            "1.1.1",
            "пример.рф",
            "例え.jp",
            "Mr.Smith",
            "a.1",
        ] {
            refused(text, "link");
        }
    }

    #[test]
    fn a_word_has_one_script() {
        for text in ["pаypal", "Αpple", "Δρδpа", "รa", "ラρ", "Ёлкa"] {
            refused(text, "scripts");
        }
        assert_eq!(check("Apple Αθήνα Ёлка"), Ok(()));
    }

    #[test]
    fn marks_do_not_pile_up() {
        for text in [
            "\u{e01}\u{e48}\u{e48}",
            "\u{e01}\u{e34}\u{e34}",
            "\u{e01}\u{e48}\u{e34}",
            "\u{e48}",
            "a\u{e48}",
            "\u{e40}\u{e48}",
            "\u{e01} \u{e48}",
        ] {
            refused(text, "marks");
        }
    }
}
