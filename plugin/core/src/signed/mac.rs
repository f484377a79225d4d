//! HMAC-SHA-256 with keys that are read once.
//!
//! ```text
//! MAC of a message   H(outer | H(inner | message))      inner: key ^ 0x36..., outer: key ^ 0x5c..., a block each
//! ```
//!
//! Reading a key is half of the work of a short MAC. What both hashes are after their first block is kept in its place, also in prepared settings:
//! RFC 2104, section 4, which also says that it is to be guarded like a key. The crate `sha2` compresses the blocks,
//! and this file pads the last one.

use core::fmt;

use sha2::block_api::compress256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::common::codec::{Reader, Writer};
use crate::common::record::Stored;

/// Bytes of a block.
const BLOCK: usize = 64;

/// Bytes of the length at the end of the last block.
const LENGTH: usize = 8;

/// SHA-256 after some blocks.
type State = [u32; 8];

/// SHA-256 before the first block: FIPS 180-4, section 5.3.3.
const BEGIN: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A key that was read. Debug prints `[REDACTED]`; wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MacKey {
    inner: State,
    outer: State,
}

impl MacKey {
    /// Reads a key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self {
            inner: begun(key, 0x36),
            outer: begun(key, 0x5c),
        }
    }

    /// HMAC-SHA-256 over `message`.
    pub(crate) fn mac(&self, message: &[u8]) -> [u8; 32] {
        hash(self.outer, &hash(self.inner, message))
    }

    /// The first bytes of the MAC of `message`.
    pub(crate) fn short_mac<const N: usize>(&self, message: &[u8]) -> [u8; N] {
        let mac = self.mac(message);
        mac.first_chunk().copied().unwrap_or([0; N])
    }

    /// Checks in constant time that `tag` is the MAC of `message`.
    pub(crate) fn verifies(&self, message: &[u8], tag: &[u8]) -> bool {
        self.mac(message).ct_eq(tag).into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl Stored for MacKey {
    fn store(&self, out: &mut Writer) {
        out.raw(&to_bytes(&self.inner)).raw(&to_bytes(&self.outer));
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        Self {
            inner: from_bytes(&from.array()),
            outer: from_bytes(&from.array()),
        }
    }
}

fn to_bytes(state: &State) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (words, _) = bytes.as_chunks_mut();
    words
        .iter_mut()
        .zip(state)
        .for_each(|(place, word)| *place = word.to_be_bytes());
    bytes
}

fn from_bytes(bytes: &[u8; 32]) -> State {
    let mut state = [0; 8];
    let (words, _) = bytes.as_chunks();
    state
        .iter_mut()
        .zip(words)
        .for_each(|(place, word)| *place = u32::from_be_bytes(*word));
    state
}

/// The state after one block: the key with `pad`.
fn begun(key: &[u8; 32], pad: u8) -> State {
    // A key shorter than a block is filled up with zeros.
    let mut block = Zeroizing::new([pad; BLOCK]);
    let places = block.iter_mut().zip(key);
    places.for_each(|(place, byte)| *place ^= byte);
    let mut state = BEGIN;
    compress256(&mut state, core::slice::from_ref(&*block));
    state
}

/// The hash of one block, after which the state is `state`, and a message.
fn hash(mut state: State, message: &[u8]) -> [u8; 32] {
    let (blocks, rest) = message.as_chunks();
    compress256(&mut state, blocks);
    // FIPS 180-4, section 5.1.1: a bit that is 1, zeros up to the end of a block, and there the length of all in bits.
    let mut last = [[0; BLOCK]; 2];
    if let Some((front, after)) = last.as_flattened_mut().split_at_mut_checked(rest.len()) {
        front.copy_from_slice(rest);
        if let Some(place) = after.first_mut() {
            *place = 0x80;
        }
    }
    let bytes = (BLOCK as u64).wrapping_add(message.len() as u64);
    let count = if rest.len() < BLOCK - LENGTH { 1 } else { 2 };
    let last = last.get_mut(..count).unwrap_or_default();
    if let Some(end) = last.last_mut().and_then(|block| block.last_chunk_mut()) {
        *end = bytes.wrapping_mul(8).to_be_bytes();
    }
    compress256(&mut state, last);
    to_bytes(&state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;
    use hmac::{Hmac, KeyInit, Mac};
    use sha2::Sha256;

    fn key(byte: u8) -> [u8; 32] {
        core::array::from_fn(|at| byte.wrapping_mul(at as u8 | 1))
    }

    /// Over each length up to three blocks, and by a crate that knows nothing of this file.
    #[test]
    fn a_mac_is_that_of_the_crate_hmac() {
        for length in 0..200 {
            let (key, message) = (key(length), vec![length; length.into()]);
            let mut expected = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            expected.update(&message);
            let expected: [u8; 32] = expected.finalize().into_bytes().into();
            assert_eq!(MacKey::new(&key).mac(&message), expected, "{length}");
        }
    }

    #[test]
    fn a_stored_key_makes_the_same_macs() {
        for byte in 0..=u8::MAX {
            let (key, mut out) = (MacKey::new(&key(byte)), Writer::new());
            key.store(&mut out);
            let stored = out.finish();
            let mut from = Reader::new(&stored);
            let restored = MacKey::restore(&mut from);
            assert!(from.finish());
            assert_eq!(restored.mac(b"message"), key.mac(b"message"));
        }
    }

    #[test]
    fn each_bit_of_a_tag_counts() {
        let key = MacKey::new(&key(7));
        let tag = key.mac(b"message");
        assert!(key.verifies(b"message", &tag));
        for bit in 0..256 {
            let mut other = tag;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verifies(b"message", &other), "{bit}");
        }
        assert!(!key.verifies(b"message", &tag[..31]) && !key.verifies(b"message", &[]));
        assert!(!key.verifies(b"other", &tag));
        assert_eq!(format!("{key:?}"), "[REDACTED]");
    }
}
