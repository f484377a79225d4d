//! Destinations: the numbers that messages may go to.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::plan::{Country, Plan};
use super::{Recipient, Trusted, digits, prefix};
use crate::common::codec::{Reader, Writer};
use crate::common::document::{Absent, Form};
use crate::common::failure::InvalidFormat;
use crate::common::json::Node;
use crate::common::range::Range;
use crate::common::record::{Stored, Value};

/// Numbers that messages may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The fixed and mobile numbers of a country, by its code of ISO 3166-1. The ranges stay in the table.
    Country(String),
    /// Mobile numbers of Japan: 070, 080 and 090 (MIC numbering plan). Not 020, which is machines and pagers.
    JapanMobile,
    /// Whole numbers with a prefix.
    Range(DestinationRange),
}

crate::record! {
    stored
    /// Whole numbers with a prefix.
    pub DestinationRange {
        /// + and 1 to 15 digits, without a trunk prefix after the calling code.
        prefix: String = Form::Text(prefix), Absent::Required;
        /// Minimum number of digits of a whole number, country code included.
        min_digits: u8 = Form::Number(Range(8, 15)), Absent::Required;
        /// Maximum number of digits of a whole number, country code included.
        max_digits: u8 = Form::Number(Range(8, 15)), Absent::Required;
        /// Prefixes within prefix that stay shut, written like it.
        deny: Vec<String> = Form::List(&Form::Text(prefix), Range(0, 256)), Absent::Empty;
    }
}

const JAPAN_MOBILE: &str = "JP-mobile";
const JAPAN_MOBILE_PREFIXES: [&str; 3] = ["8170", "8180", "8190"];

impl Destination {
    /// Takes a country by its code of ISO 3166-1, such as `US`, or `JP-mobile`.
    ///
    /// # Errors
    ///
    /// Any other name.
    pub fn named(name: &str) -> Result<Self, InvalidFormat> {
        if name == JAPAN_MOBILE {
            return Ok(Self::JapanMobile);
        }
        match Country::of(name) {
            Some(_) => Ok(Self::Country(name.to_string())),
            None => Err(InvalidFormat(
                "must be a country by its code of ISO 3166-1, such as US, or JP-mobile, or an object with a prefix",
            )),
        }
    }

    /// Checks that numbers can match it.
    ///
    /// # Errors
    ///
    /// A range that no number can be in, or whose prefixes have a trunk prefix after the calling code that is not trusted.
    pub fn check_reachable(&self, trusted: &Trusted) -> Result<(), InvalidFormat> {
        let Self::Range(range) = self else {
            return Ok(());
        };
        let DestinationRange {
            prefix,
            min_digits,
            max_digits,
            deny,
        } = range;
        for text in [prefix].into_iter().chain(deny) {
            let digits = digits(text).unwrap_or_default();
            let trunk = Plan::of(digits).is_some_and(|plan| {
                plan.is_trunk_prefix(digits.get(plan.code.len()..).unwrap_or_default())
            });
            InvalidFormat::unless(
                !trunk || trusted.covers(digits),
                "must not have a trunk prefix after the calling code: no number has one, so nothing would match",
            )?;
        }
        InvalidFormat::unless(
            min_digits <= max_digits,
            "min_digits must not be over max_digits",
        )?;
        InvalidFormat::unless(
            deny.iter().all(|text| text.starts_with(prefix)),
            "a denied prefix must lie within the prefix",
        )
    }

    /// Rates how closely it describes a number: the length of the prefix that both have, and of two as long, a range before a country. `None`: it does not
    /// say anything of the number.
    fn rank(&self, recipient: &Recipient) -> Option<(usize, bool)> {
        let digits = recipient.digits();
        let (prefix, is_range) = match self {
            Self::Country(name) => (Country::of(name)?.code, false),
            Self::JapanMobile => {
                let mut prefixes = JAPAN_MOBILE_PREFIXES.into_iter();
                (prefixes.find(|prefix| digits.starts_with(prefix))?, true)
            }
            Self::Range(range) => (range.prefix.strip_prefix('+')?, true),
        };
        digits
            .starts_with(prefix)
            .then_some((prefix.len(), is_range))
    }

    /// Tells whether it lets a number in that it describes.
    fn admits(&self, recipient: &Recipient) -> bool {
        let digits = recipient.digits();
        match self {
            Self::Country(name) => Country::of(name).is_some_and(|country| country.admits(digits)),
            Self::JapanMobile => digits.len() == 12,
            Self::Range(range) => {
                let lengths = usize::from(range.min_digits)..=usize::from(range.max_digits);
                let denied = |prefix: &String| recipient.as_str().starts_with(prefix);
                lengths.contains(&digits.len()) && !range.deny.iter().any(denied)
            }
        }
    }
}

impl Value for Destination {
    fn read(node: &Node) -> Option<Self> {
        match node.text() {
            Some(name) => Self::named(name).ok(),
            None => DestinationRange::read(node).map(Self::Range),
        }
    }
}

impl Stored for Destination {
    fn store(&self, out: &mut Writer) {
        match self {
            Self::Country(name) => name.store(out.u8(0)),
            Self::JapanMobile => drop(out.u8(1)),
            Self::Range(range) => range.store(out.u8(2)),
        }
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        match from.u8() {
            0 => Self::Country(from.text()),
            1 => Self::JapanMobile,
            2 => Self::Range(DestinationRange::restore(from)),
            _ => {
                from.fail();
                Self::JapanMobile
            }
        }
    }
}

/// Tells whether messages may go to a number. The longest prefix that matches decides, and of two as long the last. A country counts as a prefix of the
/// length of its calling code: a range as long goes before it, and of several countries with one calling code any can admit the number. Where
/// nothing matches, the answer is no.
pub(crate) fn allowed(destinations: &[Destination], recipient: &Recipient) -> bool {
    let (mut closest, mut open) = (None, false);
    for destination in destinations {
        let Some(rank) = destination.rank(recipient) else {
            continue;
        };
        if closest.is_none_or(|closest| closest < rank) {
            (closest, open) = (Some(rank), destination.admits(recipient));
        } else if closest == Some(rank) {
            open = destination.admits(recipient) || (open && !rank.1);
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Recipient {
        Recipient::parse(text, &Trusted::default()).unwrap()
    }

    fn range(prefix: &str, denied: &[&str]) -> Result<Destination, InvalidFormat> {
        within(prefix, denied, &Trusted::default())
    }

    fn within(
        prefix: &str,
        denied: &[&str],
        trusted: &Trusted,
    ) -> Result<Destination, InvalidFormat> {
        let range = Destination::Range(DestinationRange {
            prefix: prefix.to_string(),
            min_digits: 8,
            max_digits: 15,
            deny: denied.iter().map(ToString::to_string).collect(),
        });
        range.check_reachable(trusted).map(|()| range)
    }

    fn presets(names: &[&str]) -> Vec<Destination> {
        let all = names.iter().map(|name| Destination::named(name).unwrap());
        all.collect()
    }

    #[test]
    fn presets_shut_what_costs_extra() {
        let all = presets(&["JP-mobile", "US", "CA"]);
        for open in [
            "+819012345678",
            "+817012345678",
            "+14155550100",
            "+14165550100",
        ] {
            assert!(allowed(&all, &number(open)), "{open}");
        }
        for shut in [
            "+81312345678",
            "+812012345678",
            "+18765550100",
            "+19005550100",
            "+17875550100",
            "+442012345678",
        ] {
            assert!(!allowed(&all, &number(shut)), "{shut}");
        }
        assert!(!allowed(&[], &number("+819012345678")));
    }

    #[test]
    fn countries_that_share_a_code_are_told_apart() {
        for (number, country) in [
            ("+14155550100", "US"),
            ("+14165550100", "CA"),
            ("+17875550100", "PR"),
            ("+79123456789", "RU"),
            ("+77012345678", "KZ"),
            ("+447400123456", "GB"),
            ("+447797123456", "JE"),
            ("+447781123456", "GG"),
            ("+447624123456", "IM"),
        ] {
            for other in ["US", "CA", "PR", "RU", "KZ", "GB", "JE", "GG", "IM"] {
                let open = allowed(&presets(&[other]), &self::number(number));
                assert_eq!(open, other == country, "{number} {other}");
            }
        }
    }

    #[test]
    fn names_are_countries_or_a_preset() {
        for name in [
            "", "J", "JP-", "jp", "JPN", "US-CA", "XX", "81", "+81", "J\u{d6}",
        ] {
            assert!(Destination::named(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_longest_prefix_decides() {
        let wide = range("+44", &["+4470"]).unwrap();
        let narrow = range("+447911", &["+447911"]).unwrap();
        let all = [narrow, presets(&["GB"]).remove(0), wide];
        assert!(allowed(&all, &number("+447400123456")));
        assert!(!allowed(&all, &number("+447012345678")));
        assert!(!allowed(&all, &number("+447911123456")));
        // Premium rate: the range as long as the calling code goes before the country.
        assert!(allowed(&all, &number("+449012345678")));
        assert!(!allowed(&presets(&["GB"]), &number("+449012345678")));
        assert!(allowed(
            &[range("+4", &["+44"]).unwrap(), presets(&["GB"]).remove(0)],
            &number("+447400123456")
        ));
    }

    #[test]
    fn prefixes_are_canonical() {
        assert!(range("+41", &["+41900"]).is_ok());
        assert!(range("+39", &["+390"]).is_ok());
        assert!(range("+598", &["+5980"]).is_ok());
        for (prefix, denied) in [("+41", "+410900"), ("+410", "+4109"), ("+36", "+3606")] {
            let refusal = range(prefix, &[denied]).unwrap_err();
            assert!(refusal.requirement().contains("trunk prefix"), "{prefix}");
        }
        let trusted = Trusted::of(&["+41"]);
        assert!(within("+410", &[], &trusted).is_ok());
    }
}
