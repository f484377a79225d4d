//! Destinations: the numbers that messages may go to.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::plan::{Country, Plan};
use super::{PREFIX, Recipient, Trusted, digits};
use crate::common::failure::InvalidFormat;

/// Numbers that messages may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(Area);

/// The kind of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// The fixed and mobile numbers of a country, by its code of ISO 3166-1. The ranges stay in the table.
    Country(String),
    /// A digit prefix, the length of the whole number, and ranges that are shut.
    Range {
        /// Digits after the `+`.
        prefix: String,
        /// Least number of digits, country code included.
        shortest: u8,
        /// Greatest number of digits, country code included.
        longest: u8,
        /// Prefixes within `prefix` that stay shut, in full.
        denied: Vec<String>,
    },
}

/// Mobile numbers of Japan: 070, 080 and 090 (MIC numbering plan). Not 020, which is machines and pagers.
const JP_MOBILE: [&str; 3] = ["8170", "8180", "8190"];

impl Destination {
    /// Takes a prefix such as `+8190`, the lengths of whole numbers in digits, and prefixes to shut within it.
    ///
    /// # Errors
    ///
    /// A prefix that is not `+` and 1 to 15 digits or has a trunk prefix after the calling code, lengths outside 8 to 15 or crossed, a
    /// denial outside the prefix.
    pub fn parse(
        prefix: &str,
        shortest: u8,
        longest: u8,
        denied: &[String],
        trusted: &Trusted,
    ) -> Result<Self, InvalidFormat> {
        let canonical = |text: &str| {
            let digits = digits(text).ok_or(PREFIX)?;
            let trunk = Plan::of(digits).is_some_and(|plan| {
                plan.is_trunk_prefix(digits.get(plan.code.len()..).unwrap_or_default())
            });
            if trunk && !trusted.covers(digits) {
                return Err(InvalidFormat(
                    "must not have a trunk prefix after the calling code: no number has one, so nothing would match",
                ));
            }
            Ok(digits.to_string())
        };
        let prefix = canonical(prefix)?;
        if !(8..=longest).contains(&shortest) || longest > 15 {
            return Err(InvalidFormat(
                "lengths must be 8 to 15 digits, the shortest first",
            ));
        }
        let denied: Vec<_> = denied
            .iter()
            .map(|text| canonical(text))
            .collect::<Result<_, _>>()?;
        if !denied.iter().all(|text| text.starts_with(&prefix)) {
            return Err(InvalidFormat("a denied prefix must lie within the prefix"));
        }
        Ok(Self(Area::Range {
            prefix,
            shortest,
            longest,
            denied,
        }))
    }

    /// The destinations that a name stands for: a country by its code of ISO 3166-1, such as `US`, or `JP-mobile`.
    ///
    /// # Errors
    ///
    /// Any other name.
    pub fn preset(name: &str) -> Result<Vec<Self>, InvalidFormat> {
        if name == "JP-mobile" {
            let mobile = |prefix: &&str| {
                Self(Area::Range {
                    prefix: (*prefix).to_string(),
                    shortest: 12,
                    longest: 12,
                    denied: Vec::new(),
                })
            };
            return Ok(JP_MOBILE.iter().map(mobile).collect());
        }
        match Country::of(name) {
            Some(_) => Ok(alloc::vec![Self(Area::Country(name.to_string()))]),
            None => Err(InvalidFormat(
                "must be a country by its code of ISO 3166-1, such as US, or JP-mobile, or an object with a prefix",
            )),
        }
    }

    pub(crate) fn area(&self) -> &Area {
        &self.0
    }

    pub(crate) fn from_area(place: Area) -> Self {
        Self(place)
    }
}

impl Area {
    /// Rates how closely the place describes a number: the length of the prefix that both have, and of two as long, a range before a country. `None`:
    /// it does not say anything of the number.
    fn rank(&self, digits: &str) -> Option<(usize, bool)> {
        let (prefix, is_range) = match self {
            Self::Country(name) => (Country::of(name)?.code, false),
            Self::Range { prefix, .. } => (prefix.as_str(), true),
        };
        digits
            .starts_with(prefix)
            .then_some((prefix.len(), is_range))
    }

    fn admits(&self, digits: &str) -> bool {
        match self {
            Self::Country(name) => Country::of(name).is_some_and(|country| country.admits(digits)),
            Self::Range {
                shortest,
                longest,
                denied,
                ..
            } => {
                (usize::from(*shortest)..=usize::from(*longest)).contains(&digits.len())
                    && !denied
                        .iter()
                        .any(|denied| digits.starts_with(denied.as_str()))
            }
        }
    }
}

/// Tells whether messages may go to a number. The longest prefix that matches decides, and of two as long the last. A country counts as a prefix of the
/// length of its calling code: a range as long goes before it, and of several countries with one calling code any can admit the number. Where
/// nothing matches, the answer is no.
pub(crate) fn allowed(destinations: &[Destination], recipient: &Recipient) -> bool {
    let digits = recipient.digits();
    let (mut closest, mut open) = (None, false);
    for Destination(place) in destinations {
        let Some(rank) = place.rank(digits) else {
            continue;
        };
        if closest.is_none_or(|closest| closest < rank) {
            (closest, open) = (Some(rank), place.admits(digits));
        } else if closest == Some(rank) {
            open = place.admits(digits) || (open && !rank.1);
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
        let denied: Vec<_> = denied.iter().map(ToString::to_string).collect();
        Destination::parse(prefix, 8, 15, &denied, &Trusted::default())
    }

    fn presets(names: &[&str]) -> Vec<Destination> {
        let all = names.iter().map(|name| Destination::preset(name).unwrap());
        all.collect::<Vec<_>>().concat()
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
            assert!(Destination::preset(name).is_err(), "{name}");
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
        let trusted = Trusted::parse(&["+41".to_string()]).unwrap();
        assert!(Destination::parse("+410", 8, 15, &[], &trusted).is_ok());
    }
}
