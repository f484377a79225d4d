//! Prepared settings as a string.

use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Key, Prepared, foreign};
use crate::common::codec::{Reader, Writer, from_hex, to_hex};
use crate::common::failure::Failure;
use crate::common::record::Stored;
use crate::guard::CounterKeys;
use crate::signed::key::{ReceiptKey, Secret};
use crate::xoxzo::account::Account;

/// Names the layout below and the release: a string of another build is refused, not misread.
const BUILD: &str = concat!("xoxzo-2fa ", env!("CARGO_PKG_VERSION"), " prepared 5");

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 8;

impl Prepared {
    /// The string. A secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = Writer::new();
        out.text(BUILD);
        self.store(&mut out);
        let bytes = Zeroizing::new(out.finish());
        let sum: [u8; 32] = Sha256::digest(&*bytes).into();
        let mut whole = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(CHECKSUM)));
        whole.extend_from_slice(&bytes);
        whole.extend(sum.iter().take(CHECKSUM));
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
        let expected: [u8; 32] = Sha256::digest(body).into();
        if expected.get(..CHECKSUM) != Some(sum) {
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

crate::stored! { Key { kid token decoy pin handle receipt } }

crate::stored! { ReceiptKey { secret test } }

crate::stored! { Account { base_url authorization sender timeout callback_url tags japan } }

impl Stored for [u8; 4] {
    fn store(&self, out: &mut Writer) {
        out.raw(self);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        from.array()
    }
}

impl Stored for Secret {
    fn store(&self, out: &mut Writer) {
        out.raw(self.expose());
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        Self::new(from.array())
    }
}

impl Stored for CounterKeys {
    fn store(&self, out: &mut Writer) {
        out.raw(self.expose());
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        Self::new(Secret::restore(from))
    }
}
