//! Phone numbers: canonical or refused, and where messages may go.

mod destination;
mod invalid;
mod plan;
mod plans;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::common::codec::{Reader, Writer};
use crate::common::failure::InvalidFormat;
use crate::common::json::Node;
use crate::common::record::{Stored, Value};

pub(crate) use destination::allowed;
pub use destination::{Destination, DestinationRange};
pub use invalid::InvalidNumber;
use invalid::masked;
use plan::Plan;

/// Digits of the longest number (ITU-T E.164, section 6).
const LONGEST: usize = 15;

/// A phone number in canonical E.164: one number has one spelling. Debug shows it masked.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(String);

impl Recipient {
    /// Takes `+`, a calling code and a national number that its numbering plan can have, without a trunk prefix. Numbers under
    /// `trusted` have no plan: they only need 8 to 15 digits.
    ///
    /// # Errors
    ///
    /// Any other spelling. A trunk spelling is refused and not rewritten: what was stored elsewhere would not be changed with it.
    pub fn parse(text: &str, trusted: &Trusted) -> Result<Self, InvalidNumber> {
        let digits = digits(text).ok_or(InvalidNumber::Form)?;
        if trusted.covers(digits) {
            let fits = (8..=LONGEST).contains(&digits.len());
            return fits
                .then(|| Self(text.to_string()))
                .ok_or(InvalidNumber::Length);
        }
        let plan = Plan::of(digits).ok_or(InvalidNumber::CallingCode)?;
        plan.check(digits).map(|()| Self(text.to_string()))
    }

    /// A number that the engine wrote itself: it was checked before, with the settings of that time.
    pub(crate) fn written(text: String) -> Option<Self> {
        digits(&text).is_some().then_some(Self(text))
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

    /// The country code. One that is not assigned counts as one of three digits, as all are that are left.
    pub(crate) fn calling_code(&self) -> &str {
        let digits = self.digits();
        match Plan::of(digits) {
            Some(plan) => plan.code,
            None => digits.get(..3).unwrap_or_default(),
        }
    }

    /// The number with all but the first two and the last two digits as `*`.
    #[must_use]
    pub fn masked(&self) -> String {
        masked(self.digits())
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// The digits after a `+`: 1 to 15, the first not 0.
fn digits(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('+')?;
    let fits =
        (1..=LONGEST).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (fits && !digits.starts_with('0')).then_some(digits)
}

/// Prefixes whose numbers are taken without a numbering plan, because the plan has changed since the engine's table was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted(Vec<String>);

impl Trusted {
    /// The prefixes, without `+`.
    pub(crate) fn prefixes(&self) -> &[String] {
        &self.0
    }

    fn covers(&self, digits: &str) -> bool {
        self.0
            .iter()
            .any(|prefix| digits.starts_with(prefix.as_str()))
    }
}

#[cfg(test)]
impl Trusted {
    fn of(prefixes: &[&str]) -> Self {
        let text = |prefix: &&str| Node::Text((*prefix).to_string());
        Self::read(&Node::List(prefixes.iter().map(text).collect())).unwrap()
    }
}

impl Value for Trusted {
    fn read(node: &Node) -> Option<Self> {
        let prefixes = node.list().iter();
        let digits = prefixes.map(|node| digits(node.text()?).map(ToString::to_string));
        digits.collect::<Option<_>>().map(Self)
    }
}

impl Stored for Trusted {
    fn store(&self, out: &mut Writer) {
        self.0.store(out);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        Self(Vec::restore(from))
    }
}

/// Takes a prefix of numbers.
pub(crate) fn prefix(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(digits(text).is_some(), "must be + and 1 to 15 digits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn parse(text: &str) -> Result<Recipient, InvalidNumber> {
        Recipient::parse(text, &Trusted::default())
    }

    #[test]
    fn one_number_has_one_spelling() {
        assert!(parse("+819012345678").is_ok());
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
            assert!(parse(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_trunk_prefix_is_told_with_the_canonical_form_masked() {
        for (number, masked) in [
            ("+410781234567", "+41*******67"),
            ("+8109012345678", "+81********78"),
            ("+789123456789", "+79*******89"),
            ("+3606201234567", "+36*******67"),
            ("+55011961234567", "+55*********67"),
            ("+23408021234567", "+23*********67"),
            ("+112015550123", "+12*******23"),
            ("+8201012345678", "+82********78"),
        ] {
            let failure = parse(number).unwrap_err().argument("recipient");
            let expected =
                "recipient: has a trunk prefix after the calling code, and its canonical form is ";
            assert_eq!(failure.detail, [expected, masked].concat(), "{number}");
        }
        assert_eq!(
            parse("+4100781234567"),
            Err(InvalidNumber::TrunkPrefix(None))
        );
    }

    #[test]
    fn a_zero_that_is_part_of_the_number_stays() {
        for number in [
            "+390236618300",
            "+39312345678",
            "+2250123456789",
            "+24106031234",
            "+242061234567",
            "+2290195123456",
            "+59800041234",
            "+79123456789",
            "+78001234567",
        ] {
            assert!(parse(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn plus_one_has_area_codes() {
        assert!(parse("+14155550100").is_ok());
        for number in [
            "+10155550100",
            "+11155550100",
            "+19115550100",
            "+14110550100",
            "+14151550100",
        ] {
            assert!(parse(number).is_err(), "{number}");
        }
        assert_eq!(parse("+19115550100"), Err(InvalidNumber::AreaCode));
        assert_eq!(parse("+1415555010"), Err(InvalidNumber::Length));
    }

    #[test]
    fn calling_codes_that_nobody_has_are_no_numbers() {
        for number in ["+210123456789", "+999123456789", "+8091234567"] {
            assert_eq!(parse(number), Err(InvalidNumber::CallingCode), "{number}");
        }
        for number in ["+80012345678", "+881612345678", "+8835100012345"] {
            assert!(parse(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn what_is_trusted_needs_no_plan() {
        let trusted = Trusted::of(&["+410", "+999"]);
        for number in ["+410781234567", "+41012345", "+999123456789012"] {
            assert!(parse(number).is_err(), "{number}");
            assert!(Recipient::parse(number, &trusted).is_ok(), "{number}");
        }
        for number in ["+4101234", "+999", "+8109012345678", "+9991234567890123"] {
            assert!(Recipient::parse(number, &trusted).is_err(), "{number}");
        }
        for wrong in ["", "41", "+", "+0", "+4x"] {
            assert!(prefix(wrong).is_err(), "{wrong}");
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
            ("+85291234567", "852"),
            ("+886912345678", "886"),
            ("+2348012345678", "234"),
            ("+211912345678", "211"),
            ("+3531234567", "353"),
            ("+971501234567", "971"),
            ("+998901234567", "998"),
            ("+201234567890", "20"),
            ("+27123456789", "27"),
        ] {
            assert_eq!(parse(number).unwrap().calling_code(), expected);
        }
        let unassigned = Recipient::written("+210123456789".to_string()).unwrap();
        assert_eq!(unassigned.calling_code(), "210");
    }

    #[test]
    fn masked_shows_two_and_two() {
        let recipient = parse("+819012345678").unwrap();
        assert_eq!(recipient.masked(), "+81********78");
        assert_eq!(format!("{recipient:?}"), "+81********78");
    }
}
