//! Prepared settings as a string.

use alloc::string::String;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::{Key, Prepared, foreign};
use crate::common::codec::{Reader, Writer, from_hex, to_hex};
use crate::common::failure::Failure;
use crate::common::record::Stored;
use crate::guard::CounterKeys;
use crate::signed::mac::MacKey;
use crate::xoxzo::account::Account;

/// Names the layout below and the release: a string of another build is refused, not misread.
const BUILD: &str = concat!("xoxzo-2fa ", env!("CARGO_PKG_VERSION"), " prepared 7");

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 8;

/// A sum that changes with every change within eight bytes, and with other damage but once in 2^64. It is against damage alone: who can write
/// settings can write others.
fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let (eights, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last.iter_mut()
        .zip(rest)
        .for_each(|(place, byte)| *place = *byte);
    let words = eights.iter().chain([&last]);
    let sum = words.fold(bytes.len() as u64, |sum, word| {
        let mixed = sum.rotate_left(29) ^ u64::from_le_bytes(*word);
        // The odd number nearest to 2^64 divided by the golden ratio.
        mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    sum.to_be_bytes()
}

impl Prepared {
    /// The string. A secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = Writer::new();
        out.text(BUILD);
        self.store(&mut out);
        let bytes = Zeroizing::new(out.finish());
        let mut whole = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(CHECKSUM)));
        whole.extend_from_slice(&bytes);
        whole.extend(checksum(&bytes));
        to_hex(&whole)
    }

    /// Reads the string.
    ///
    /// # Errors
    ///
    /// [`Code::Settings`](crate::Code::Settings): not what this build's `prepare` made, such as the JSON itself, or a damaged copy.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let bytes = Zeroizing::new(from_hex(text).ok_or_else(foreign)?);
        let (body, sum) = bytes
            .split_at_checked(bytes.len().saturating_sub(CHECKSUM))
            .ok_or_else(foreign)?;
        if sum != checksum(body) {
            return Err(foreign());
        }
        let mut from = Reader::new(body);
        if from.text() != BUILD {
            return Err(foreign());
        }
        let prepared = Self::restore(&mut from);
        from.finish().then_some(prepared).ok_or_else(foreign)
    }
}

crate::stored! {
    Prepared {
        audience service message keys names audit state purposes destinations trust_numbers_under pin failures sends voice account
    }
}

crate::stored! { Key { kid token decoy pin handle receipt test } }

crate::stored! { Account { base_url authorization sender timeout callback_url tags japan } }

impl Stored for [u8; 4] {
    fn store(&self, out: &mut Writer) {
        out.raw(self);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        from.array()
    }
}

impl Stored for CounterKeys {
    fn store(&self, out: &mut Writer) {
        self.0.store(out);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        Self(MacKey::restore(from))
    }
}
