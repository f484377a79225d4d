//! The one canonical byte encoding: of M, of receipts and of prepared settings.
//!
//! Numbers are big-endian. A byte string is a `u32` length and its bytes. An optional field is one byte, `0` or `1`,
//! then the field if `1`: absent and empty differ, and no two sequences of fields have the same bytes.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroize;

/// Appends fields.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    pub(crate) fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// A length-prefixed byte string. Nothing here is near 4 GiB long; a longer one would be cut nowhere
    /// and only have a wrong length, which no reader accepts.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
            .raw(bytes)
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn option(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.u8(0),
            Some(text) => self.u8(1).text(text),
        }
    }

    pub(crate) fn finish(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Takes fields off the front. `None`: the bytes are not what a [`Writer`] made.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.raw(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.u32()?).ok()?;
        core::str::from_utf8(self.raw(length)?)
            .ok()
            .map(ToString::to_string)
    }

    pub(crate) fn option(&mut self) -> Option<Option<String>> {
        match self.u8()? {
            0 => Some(None),
            1 => self.text().map(Some),
            _ => None,
        }
    }

    /// All bytes were read.
    pub(crate) fn finish(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// base64url without padding (RFC 4648, section 5).
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of `text`, if it is the only spelling of them.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    (to_base64url(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_and_empty_differ() {
        let absent = Writer::new().option(None).finish();
        let empty = Writer::new().option(Some("")).finish();
        assert_eq!(absent, [0]);
        assert_eq!(empty, [1, 0, 0, 0, 0]);
    }

    #[test]
    fn slack_bits_and_padding_are_refused() {
        assert_eq!(from_base64url("AA"), Some([0].to_vec()));
        assert_eq!(from_base64url("AB"), None);
        assert_eq!(from_base64url("AA=="), None);
        assert_eq!(from_base64url("A+"), None);
        assert_eq!(from_base64url(" AA"), None);
    }

    #[test]
    fn a_reader_takes_what_a_writer_made() {
        let bytes = Writer::new()
            .u8(7)
            .u16(8)
            .u32(9)
            .text("ten")
            .option(Some("é"))
            .finish();
        let mut reader = Reader::new(&bytes);
        assert_eq!(
            (reader.u8(), reader.u16(), reader.u32()),
            (Some(7), Some(8), Some(9))
        );
        assert_eq!(reader.text().as_deref(), Some("ten"));
        assert_eq!(reader.option(), Some(Some("é".to_string())));
        assert_eq!(reader.u8(), None);
        assert_eq!(reader.finish(), Some(()));
    }
}
