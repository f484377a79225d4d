//! Randomness: whole or an error.

use rand::TryCryptoRng;

use crate::common::failure::{Code, Failure};

/// `N` bytes of the host's generator.
///
/// # Errors
///
/// [`Code::Randomness`] if the generator fails or gives only zeros, as an unseeded or absent one does.
pub fn draw<const N: usize>(rng: &mut impl TryCryptoRng) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    let failed = rng.try_fill_bytes(&mut bytes).is_err();
    if failed || bytes == [0; N] {
        return Err(Failure::new(
            Code::Randomness,
            "the host gave no randomness",
        ));
    }
    Ok(bytes)
}
