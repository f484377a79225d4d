//! Randomness of the host.

use core::fmt;

/// The host's generator: fills bytes, and tells whether it has.
pub struct HostRandom(pub fn(&mut [u8]) -> bool);

/// The host gave no random bytes, or too few.
#[derive(Debug)]
pub struct ShortRandomness;

impl fmt::Display for ShortRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("short randomness")
    }
}

impl core::error::Error for ShortRandomness {}

impl rand::TryRng for HostRandom {
    type Error = ShortRandomness;

    fn try_next_u32(&mut self) -> Result<u32, ShortRandomness> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, ShortRandomness> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), ShortRandomness> {
        if (self.0)(to) {
            Ok(())
        } else {
            Err(ShortRandomness)
        }
    }
}

impl rand::TryCryptoRng for HostRandom {}
