//! Faults of phone numbers, which never show a full number.

use alloc::string::{String, ToString};

use crate::common::failure::{Code, Failure};

/// A text is not a phone number in canonical E.164. It holds no full number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidNumber {
    /// The text is not `+` and 1 to 15 digits, the first not 0. National spellings are the host's to convert.
    Form,
    /// The calling code is not assigned to anyone (ITU-T E.164).
    CallingCode,
    /// The numbering plan of the calling code has no numbers of this length.
    Length,
    /// A trunk prefix stands after the calling code, such as 0 in `+410781234567`: the number has another spelling, which is this one,
    /// masked. `None`: what remains without the prefix is not a number either.
    TrunkPrefix(Option<String>),
    /// The area code or the exchange is none that +1 can have (North American Numbering Plan).
    AreaCode,
}

impl InvalidNumber {
    /// Describes the fault, for a log.
    fn detail(&self) -> String {
        let text = match self {
            Self::Form => {
                "must be canonical E.164: +, calling code, national number, at most 15 digits"
            }
            Self::CallingCode => "has a calling code that is not assigned",
            Self::Length => "has too few or too many digits for its calling code",
            Self::TrunkPrefix(Some(canonical)) => {
                return [TRUNK, ", and its canonical form is ", canonical].concat();
            }
            Self::TrunkPrefix(None) => TRUNK,
            Self::AreaCode => "has an area code or an exchange that +1 cannot have",
        };
        text.to_string()
    }

    /// The failure of an argument called `name`.
    #[must_use]
    pub fn argument(&self, name: &str) -> Failure {
        Failure::new(Code::Request, [name, ": ", &self.detail()].concat())
    }
}

const TRUNK: &str = "has a trunk prefix after the calling code";

/// A number of these digits with all but the first two and the last two as `*`.
pub(super) fn masked(digits: &str) -> String {
    let last = digits.len().saturating_sub(2);
    let digits = digits.chars().enumerate();
    core::iter::once('+')
        .chain(digits.map(|(at, digit)| if at < 2 || at >= last { digit } else { '*' }))
        .collect()
}
