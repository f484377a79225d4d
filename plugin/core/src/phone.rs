//! Phone numbers: canonical or refused, and where messages may go.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::failure::Unfit;

/// Country codes after which a national number never begins with 0, so that a kept trunk zero is a slip. Two digits each.
const NO_ZERO_AFTER: &str = "3133444960616266818284";

/// Two digits after which a country code has a third (ITU-T E.164, list of assigned codes). Of the others 1 and 7 are whole codes.
const LONG_AFTER: &str = "2122232425262829353738425059676869808385878889969799";

/// A phone number in canonical E.164: one number has one spelling. Debug shows it masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(String);

impl Recipient {
    /// Takes `+`, a first digit 1 to 9, and 8 to 15 digits in all (ITU-T E.164, section 6).
    ///
    /// # Errors
    ///
    /// Any other spelling, among them a trunk zero kept after the country code.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        const FORM: Unfit =
            Unfit("must be canonical E.164: +, country code, national number, 8 to 15 digits");
        let digits = text.strip_prefix('+').ok_or(FORM)?;
        let plausible = (8..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        let (code, national) = digits.as_bytes().split_at_checked(2).unwrap_or_default();
        let trunk_zero = national.starts_with(b"0")
            && NO_ZERO_AFTER
                .as_bytes()
                .chunks(2)
                .any(|other| other == code);
        (plausible && !trunk_zero)
            .then(|| Self(text.to_string()))
            .ok_or(FORM)
    }

    /// The number, with its `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number without its `+`.
    pub(crate) fn digits(&self) -> &str {
        self.0.strip_prefix('+').unwrap_or(&self.0)
    }

    /// All but the last four digits: numbers that are handed out together.
    pub(crate) fn range(&self) -> &str {
        let digits = self.digits();
        digits
            .get(..digits.len().saturating_sub(4))
            .unwrap_or(digits)
    }

    /// The country code.
    pub(crate) fn calling_code(&self) -> &str {
        let digits = self.digits();
        let length = match digits.as_bytes() {
            [b'1' | b'7', ..] => 1,
            [first, second, ..] => {
                let long = LONG_AFTER.as_bytes().chunks(2);
                if long.into_iter().any(|pair| pair == [*first, *second]) {
                    3
                } else {
                    2
                }
            }
            _ => 0,
        };
        digits.get(..length).unwrap_or_default()
    }

    /// The number with all but the first two and the last two digits as `*`.
    #[must_use]
    pub fn masked(&self) -> String {
        let last = self.digits().len().saturating_sub(2);
        let digits = self.digits().chars().enumerate();
        core::iter::once('+')
            .chain(digits.map(|(at, digit)| if at < 2 || at >= last { digit } else { '*' }))
            .collect()
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Numbers that messages may go to: a digit prefix, the length of the whole number, and ranges that are shut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Digits after the `+`.
    prefix: String,
    /// Least number of digits, country code included.
    shortest: u8,
    /// Greatest number of digits, country code included.
    longest: u8,
    /// Prefixes within `prefix` that stay shut, in full.
    denied: Vec<String>,
}

/// Mobile numbers of Japan: 070, 080 and 090 (MIC numbering plan). Not 020, which is machines and pagers.
const JP_MOBILE: [&str; 3] = ["8170", "8180", "8190"];

/// Area codes within +1 that are neither the United States' 50 states nor Canada, or that cost extra: the Caribbean,
/// Bermuda and Pacific islands, premium rate, toll-free and personal numbers (NANPA). Three digits each.
const US_CA_DENIED: &str = concat!(
    "242246264268284340345441473500521522523524525533544566577588649658664670671684700710721758767784787",
    "800809829833844849855866868869876877888900939976"
);

impl Destination {
    /// Takes a prefix such as `+8190`, the lengths of whole numbers in digits, and prefixes to shut within it.
    ///
    /// # Errors
    ///
    /// A prefix that is not `+` and 1 to 15 digits, lengths outside 8 to 15 or crossed, a denial outside the
    /// prefix.
    pub fn parse(
        prefix: &str,
        shortest: u8,
        longest: u8,
        denied: &[String],
    ) -> Result<Self, Unfit> {
        const PREFIX: Unfit = Unfit("must be + and 1 to 15 digits");
        let digits = |text: &str| {
            let digits = text.strip_prefix('+')?;
            let fits = (1..=15).contains(&digits.len())
                && digits.bytes().all(|byte| byte.is_ascii_digit());
            (fits && !digits.starts_with('0')).then(|| digits.to_string())
        };
        let prefix = digits(prefix).ok_or(PREFIX)?;
        if !(8..=longest).contains(&shortest) || longest > 15 {
            return Err(Unfit("lengths must be 8 to 15 digits, the shortest first"));
        }
        let denied: Vec<_> = denied
            .iter()
            .map(|text| digits(text))
            .collect::<Option<_>>()
            .ok_or(PREFIX)?;
        if !denied.iter().all(|text| text.starts_with(&prefix)) {
            return Err(Unfit("a denied prefix must lie within the prefix"));
        }
        Ok(Self {
            prefix,
            shortest,
            longest,
            denied,
        })
    }

    /// The destinations that a preset stands for.
    ///
    /// # Errors
    ///
    /// A name that is no preset's.
    pub fn preset(name: &str) -> Result<Vec<Self>, Unfit> {
        let own = |prefix: &str, length, denied| Self {
            prefix: prefix.to_string(),
            shortest: length,
            longest: length,
            denied,
        };
        match name {
            "JP-mobile" => Ok(JP_MOBILE
                .iter()
                .map(|prefix| own(prefix, 12, Vec::new()))
                .collect()),
            "US-CA" => {
                let codes = US_CA_DENIED.as_bytes().chunks(3);
                let denied = codes.map(|code| {
                    "1".chars()
                        .chain(code.iter().map(|digit| char::from(*digit)))
                        .collect()
                });
                Ok(alloc::vec![own("1", 11, denied.collect())])
            }
            _ => Err(Unfit(
                "must be a preset, JP-mobile or US-CA, or an object with a prefix",
            )),
        }
    }

    pub(crate) fn parts(&self) -> (&str, u8, u8, &[String]) {
        (&self.prefix, self.shortest, self.longest, &self.denied)
    }

    pub(crate) fn from_parts(
        prefix: String,
        shortest: u8,
        longest: u8,
        denied: Vec<String>,
    ) -> Self {
        Self {
            prefix,
            shortest,
            longest,
            denied,
        }
    }

    fn admits(&self, recipient: &Recipient) -> bool {
        let digits = recipient.digits();
        (usize::from(self.shortest)..=usize::from(self.longest)).contains(&digits.len())
            && !self
                .denied
                .iter()
                .any(|denied| digits.starts_with(denied.as_str()))
    }
}

/// Whether the longest prefix that matches admits the number. No match: no.
pub(crate) fn allowed(destinations: &[Destination], recipient: &Recipient) -> bool {
    let matching = destinations
        .iter()
        .filter(|destination| recipient.digits().starts_with(&destination.prefix));
    matching
        .max_by_key(|destination| destination.prefix.len())
        .is_some_and(|longest| longest.admits(recipient))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn one_number_has_one_spelling() {
        assert!(Recipient::parse("+819012345678").is_ok());
        for other in [
            "",
            "+",
            "819012345678",
            "00819012345678",
            "+8190123456789012",
            "+8190",
            "+8109012345678",
            "+081901234567",
            "+81 9012345678",
            "+81-90-1234-5678",
            "+81(0)9012345678",
            "+８１９０１２３４５６７８",
            "+819012345678\n",
            "\u{a0}+819012345678",
            "+٨١٩٠١٢٣٤٥٦٧٨",
            "+819012345678,+819012345679",
            "++819012345678",
            "tel:+819012345678",
            "+819012345678;ext=1",
            "+819012345678\0",
        ] {
            assert!(Recipient::parse(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_country_code_has_one_to_three_digits() {
        for (number, expected) in [
            ("+14155550100", "1"),
            ("+79012345678", "7"),
            ("+819012345678", "81"),
            ("+447400123456", "44"),
            ("+841234567890", "84"),
            ("+6591234567", "65"),
            ("+60123456789", "60"),
            ("+852912345678", "852"),
            ("+886912345678", "886"),
            ("+2348012345678", "234"),
            ("+211912345678", "211"),
            ("+3531234567", "353"),
            ("+971501234567", "971"),
            ("+998901234567", "998"),
            ("+201234567890", "20"),
            ("+27123456789", "27"),
        ] {
            assert_eq!(Recipient::parse(number).unwrap().calling_code(), expected);
        }
    }

    #[test]
    fn masked_shows_two_and_two() {
        let recipient = Recipient::parse("+819012345678").unwrap();
        assert_eq!(recipient.masked(), "+81********78");
        assert_eq!(format!("{recipient:?}"), "+81********78");
    }

    #[test]
    fn presets_shut_what_costs_extra() {
        let all = [
            Destination::preset("JP-mobile").unwrap(),
            Destination::preset("US-CA").unwrap(),
        ]
        .concat();
        let open = |text| allowed(&all, &Recipient::parse(text).unwrap());
        assert!(
            open("+819012345678")
                && open("+817012345678")
                && open("+14155550100")
                && open("+14165550100")
        );
        for shut in [
            "+81312345678",
            "+812012345678",
            "+18765550100",
            "+19005550100",
            "+442012345678",
            "+8190123456789",
        ] {
            assert!(!open(shut), "{shut}");
        }
        assert!(!allowed(&[], &Recipient::parse("+819012345678").unwrap()));
    }

    #[test]
    fn the_longest_prefix_decides() {
        let wide = Destination::parse("+44", 12, 12, &["+4470".to_string()]).unwrap();
        let narrow = Destination::parse("+447911", 12, 12, &["+447911".to_string()]).unwrap();
        let open = |text| {
            allowed(
                &[narrow.clone(), wide.clone()],
                &Recipient::parse(text).unwrap(),
            )
        };
        assert!(open("+447400123456"));
        assert!(!open("+447012345678"));
        assert!(!open("+447911123456"));
    }
}
