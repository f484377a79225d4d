//! A range of numbers.

use alloc::string::{String, ToString};

/// A range of numbers: the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(pub u32, pub u32);

impl Range {
    pub(crate) fn holds(self, number: impl TryInto<u32>) -> bool {
        number
            .try_into()
            .is_ok_and(|number| (self.0..=self.1).contains(&number))
    }

    /// The range in words, such as `1 to 8`.
    pub(crate) fn words(self) -> String {
        match self {
            Self(least, most) if least == most => most.to_string(),
            Self(0, most) => ["at most ", &most.to_string()].concat(),
            Self(least, most) => [&least.to_string(), " to ", &most.to_string()].concat(),
        }
    }
}
