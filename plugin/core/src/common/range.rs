//! A range of numbers.

/// A range of numbers: the least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(pub u32, pub u32);

impl Range {
    pub(crate) fn holds(self, number: impl TryInto<u32>) -> bool {
        number
            .try_into()
            .is_ok_and(|number| (self.0..=self.1).contains(&number))
    }
}
