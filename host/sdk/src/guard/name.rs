//! Names of counters and groups.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};
use rand::TryRng;

use super::GuardError;
use crate::bindings::xoxzo::two_factor::types;

/// The name of a counter or of a group: 16 bytes of a keyed hash, which tell nothing personal.
///
/// Its text is 22 characters of base64url, the same in every store and language.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardName([u8; 16]);

impl GuardName {
    /// The name with these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Draws a name that nothing else has, for tests of a store.
    ///
    /// # Errors
    ///
    /// [`GuardError::Unreachable`]: the system gives no randomness.
    pub fn random() -> Result<Self, GuardError> {
        let mut bytes = [0; 16];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).map_err(|_| {
            GuardError::Unreachable("randomness: the system gives none".to_string())
        })?;
        Ok(Self(bytes))
    }

    /// The bytes of the name.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 22];
        let text = Base64UrlUnpadded::encode(&self.0, &mut text).map_err(|_| fmt::Error)?;
        f.write_str(text)
    }
}

impl fmt::Debug for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<types::GuardName> for GuardName {
    fn from(types::GuardName { high, low }: types::GuardName) -> Self {
        let bits = u128::from(high) << 64 | u128::from(low);
        Self(bits.to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_are_the_high_half() {
        let name = GuardName::from(types::GuardName {
            high: 0x0001_0203_0405_0607,
            low: 0x0809_0a0b_0c0d_0eff,
        });
        assert_eq!(
            *name.as_bytes(),
            [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]
        );
        assert_eq!(name.to_string(), "AAECAwQFBgcICQoLDA0O_w");
    }
}
