//! HMAC-SHA-256 with keys that are read once.
//!
//! ```text
//! MAC of a message   H(outer | H(inner | message))      inner: key ^ 0x36..., outer: key ^ 0x5c..., a block each
//! ```
//!
//! Reading a key is half of the work of a short MAC. What both hashes are after their first block is kept in its place, also in prepared settings:
//! RFC 2104, section 4, which also says that it is to be guarded like a key.

use core::fmt;

use sha2::digest::block_api::CoreProxy;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::common::codec::{Reader, Writer};
use crate::common::record::Stored;

/// Bytes of a block.
const BLOCK: usize = 64;

/// A key that was read. Debug prints `[REDACTED]`; wiped on drop.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MacKey {
    inner: [u8; 32],
    outer: [u8; 32],
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
        let inner = after(&self.inner).chain_update(message).finalize();
        after(&self.outer).chain_update(inner).finalize().into()
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
        out.raw(&self.inner).raw(&self.outer);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        Self {
            inner: from.array(),
            outer: from.array(),
        }
    }
}

type Core = <Sha256 as CoreProxy>::Core;

/// The hash's state after one block: the key with `pad`. It is what `sha2` writes down, without the number of blocks behind it.
fn begun(key: &[u8; 32], pad: u8) -> [u8; 32] {
    // A key shorter than a block is filled up with zeros.
    let mut block = Zeroizing::new([pad; BLOCK]);
    let places = block.iter_mut().zip(key);
    places.for_each(|(place, byte)| *place ^= byte);
    let (core, _) = Sha256::new_with_prefix(block.as_slice()).decompose();
    let mut written = core.serialize();
    let state = written.first_chunk().copied().unwrap_or_default();
    written.as_mut_slice().zeroize();
    state
}

/// The hash that goes on after one block.
fn after(state: &[u8; 32]) -> Sha256 {
    let mut written = SerializedState::<Core>::default();
    if let Some((first, rest)) = written.split_first_chunk_mut() {
        *first = *state;
        if let Some(blocks) = rest.first_chunk_mut() {
            *blocks = 1_u64.to_le_bytes();
        }
    }
    let read = Core::deserialize(&written);
    written.as_mut_slice().zeroize();
    match read {
        Ok(core) => Sha256::compose(core, Default::default()),
        // It reads any bytes. If it ever did not, MACs would be others, but none without the key.
        Err(_) => Sha256::new_with_prefix(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec;
    use hmac::{Hmac, KeyInit, Mac};

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
