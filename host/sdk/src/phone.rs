//! National phone numbers.

use phonenumber::{Mode, country};

use crate::error::{Code, Error, Failure};

/// Turns a number as people write it into canonical E.164, by libphonenumber's tables: `090-1234-5678` with the region `JP`
/// becomes `+819012345678`. Do this once, where the number is registered, and store the result.
///
/// `region` is an ISO 3166-1 code of two capital letters, for numbers without a country code.
///
/// # Errors
///
/// [`Error::Misuse`]: not a region, or not a number that is in use there. The text names no digits.
pub fn to_e164(number: &str, region: &str) -> Result<String, Error> {
    let misuse = |detail: &str| Error::Misuse(Failure::new(Code::Request, detail));
    let region: country::Id = region
        .parse()
        .map_err(|_| misuse("region: must be an ISO 3166-1 code, such as JP"))?;
    let narrow: String = number.chars().map(narrow).collect();
    let parsed = phonenumber::parse(Some(region), narrow)
        .map_err(|_| misuse("recipient: not a phone number of the region"))?;
    if !parsed.is_valid() || parsed.extension().is_some() {
        return Err(misuse("recipient: no such phone number in the region"));
    }
    Ok(parsed.format().mode(Mode::E164).to_string())
}

/// Converts a character of a Japanese keyboard to ASCII.
fn narrow(letter: char) -> char {
    match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        '‐' | '‑' | '–' | '−' | 'ー' => '-',
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_numbers_become_canonical() {
        for (number, region, expected) in [
            ("090-1234-5678", "JP", "+819012345678"),
            ("０９０ー１２３４−５６７８", "JP", "+819012345678"),
            ("＋８１　（９０）１２３４－５６７８", "JP", "+819012345678"),
            ("+81 90 1234 5678", "US", "+819012345678"),
            ("(415) 555-2671", "US", "+14155552671"),
            ("07911 123456", "GB", "+447911123456"),
        ] {
            assert_eq!(to_e164(number, region).unwrap(), expected, "{number}");
        }
    }

    #[test]
    fn what_is_no_number_there_is_refused_without_naming_it() {
        for (number, region) in [
            ("", "JP"),
            ("12", "JP"),
            ("090-1234-56789", "JP"),
            ("090-1234-5678 ext. 5", "JP"),
            ("090-1234-5678", "Japan"),
            ("hello", "JP"),
            ("415-555-2671", "JP"),
        ] {
            let error = to_e164(number, region).unwrap_err();
            assert_eq!(error.code(), Code::Request, "{number}");
            assert!(number.is_empty() || !error.to_string().contains(number));
        }
    }
}
