//! Settings and operation that an instance keeps for the next turn.
//!
//! ```text
//! settings ──► Kept ──► Known ──► suspend ──► state ──► the host ──► resume ──► Turn
//! ```
//!
//! Each turn ends as in a new instance: what is kept is found by its own bytes, and by no others.

use alloc::boxed::Box;
use alloc::string::String;

use zeroize::Zeroizing;

use crate::common::failure::Failure;
use crate::operations::state::Suspended;
use crate::operations::turn::{Answer, Operation, Turn};
use crate::settings::prepared::Prepared;

/// The settings that were read last, and the operation that waits under them.
pub struct Kept(ByText<Known>);

/// Settings that were read, and the operation that waits under them.
pub struct Known {
    settings: Prepared,
    /// With the time of its state.
    waiting: ByText<(u32, Suspended)>,
}

/// A value, and the text that it was read from or written as.
struct ByText<T>(Option<(Zeroizing<Box<[u8]>>, T)>);

impl Kept {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(ByText(None))
    }

    /// Reads what `prepare` gave, if it is not what is kept.
    ///
    /// # Errors
    ///
    /// [`Code::Settings`](crate::Code::Settings), as [`Prepared::parse`].
    pub fn known(&mut self, settings: &[u8]) -> Result<&mut Known, Failure> {
        self.0.of(settings, |settings| {
            Ok(Known {
                // What is no text was not prepared either.
                settings: Prepared::parse(str::from_utf8(settings).unwrap_or_default())?,
                waiting: ByText(None),
            })
        })
    }
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

impl Known {
    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Prepared {
        &self.settings
    }

    /// Writes the state of an operation that waits, and keeps the operation.
    pub fn suspend(&mut self, operation: Suspended, now: u32) -> String {
        let state = operation.to_state(&self.settings, now);
        let kept = Zeroizing::new(state.as_bytes().into());
        self.waiting.0 = Some((kept, (now, operation)));
        state
    }

    /// Goes on with the operation of a state.
    ///
    /// # Errors
    ///
    /// Those of [`Suspended::from_state`], and of the operation.
    pub fn resume(
        &mut self,
        now: u32,
        state: &str,
        came: Answer,
    ) -> Result<Turn<Suspended>, Failure> {
        let operation = match self.waiting.take(state.as_bytes()) {
            Some((written_at, operation)) => {
                Suspended::is_in_time(written_at, now)?;
                operation
            }
            None => Suspended::from_state(&self.settings, now, state)?,
        };
        operation.resume(&self.settings, now, came)
    }
}

impl<T> ByText<T> {
    /// Gives the value back, if it is that of `text`.
    fn take(&mut self, text: &[u8]) -> Option<T> {
        let kept = self.0.take().filter(|(of, _)| same(of, text));
        kept.map(|(_, value)| value)
    }

    /// Returns the value of `text`, and reads it if it is not the one that is kept.
    fn of(
        &mut self,
        text: &[u8],
        read: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<&mut T, Failure> {
        let kept = self.0.take().filter(|(of, _)| same(of, text));
        let kept = match kept {
            Some(kept) => kept,
            None => (Zeroizing::new(text.into()), read(text)?),
        };
        Ok(&mut self.0.insert(kept).1)
    }
}

/// Compares eight bytes at a time, which a guest's own comparison does not.
fn same(one: &[u8], other: &[u8]) -> bool {
    let ((one, rest), (other, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let number = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let one = one.iter().map(number);
    rest == other_rest && one.eq(other.iter().map(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_the_same() {
        let bytes: [u8; 24] = core::array::from_fn(|at| at as u8);
        let copy = bytes;
        for length in 0..bytes.len() {
            let one = &bytes[..length];
            assert!(same(one, &copy[..length]));
            assert!(!same(one, &bytes[..length + 1]));
            for at in 0..length {
                let mut other = bytes;
                other[at] ^= 1;
                assert!(!same(one, &other[..length]), "{length} {at}");
            }
        }
    }
}
