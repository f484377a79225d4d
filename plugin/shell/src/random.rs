//! The host's generator.

use core::fmt;

use crate::bindings::wasi::random::random;

/// The host's generator. An answer of another length than asked is an error.
pub struct Random;

/// The host gave another number of bytes than it was asked for.
#[derive(Debug)]
pub struct Short;

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("short randomness")
    }
}

impl core::error::Error for Short {}

impl rand::TryRng for Random {
    type Error = Short;

    fn try_next_u32(&mut self) -> Result<u32, Short> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Short> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Short> {
        let bytes = random::get_random_bytes(to.len() as u64);
        if bytes.len() != to.len() {
            return Err(Short);
        }
        to.copy_from_slice(&bytes);
        Ok(())
    }
}

impl rand::TryCryptoRng for Random {}
