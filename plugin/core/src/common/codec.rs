//! The one canonical byte encoding: of M, of receipts and of prepared settings.
//!
//! Numbers are big-endian. A byte string is a `u32` length and its bytes. An optional field is one byte, `0` or `1`,
//! then the field if `1`: absent and empty differ, and no two sequences of fields have the same bytes.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroize;

/// Appends fields.
pub struct Writer(Vec<u8>);

impl Writer {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Vec::with_capacity(256))
    }

    /// Bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// One byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.0.push(value);
        self
    }

    pub(crate) fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_be_bytes())
    }

    /// A length-prefixed byte string. Nothing here is near 4 GiB long; a longer one would be cut nowhere
    /// and only have a wrong length, which no reader accepts.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u32(u32::try_from(bytes.len()).unwrap_or(u32::MAX))
            .raw(bytes)
    }

    /// A length-prefixed text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// A text that may be absent.
    pub fn option(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.u8(0),
            Some(text) => self.u8(1).text(text),
        }
    }

    /// One byte, `0` or `1`.
    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.u8(value.into())
    }

    /// A number that may be absent.
    pub fn maybe_u32(&mut self, value: Option<u32>) -> &mut Self {
        match value {
            None => self.flag(false),
            Some(value) => self.flag(true).u32(value),
        }
    }

    /// Returns the appended bytes, and begins anew.
    pub fn finish(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        wipe(self.finish());
    }
}

/// Takes fields off the front. What is not there reads as nothing, and [`Reader::finish`] tells.
pub struct Reader<'a> {
    rest: &'a [u8],
    whole: bool,
}

impl<'a> Reader<'a> {
    /// Reads from the front of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            whole: true,
        }
    }

    pub(crate) fn raw(&mut self, length: usize) -> &'a [u8] {
        match self.rest.split_at_checked(length) {
            Some((front, rest)) => {
                self.rest = rest;
                front
            }
            None => {
                self.fail();
                &[]
            }
        }
    }

    /// Records that these bytes cannot have been written by [`Writer`].
    pub(crate) fn fail(&mut self) {
        self.whole = false;
        self.rest = &[];
    }

    /// So many bytes.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        self.raw(N).try_into().unwrap_or([0; N])
    }

    /// One byte.
    pub fn u8(&mut self) -> u8 {
        u8::from_be_bytes(self.array())
    }

    pub(crate) fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    /// Four bytes, big-endian.
    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    /// A length-prefixed text.
    pub fn text(&mut self) -> String {
        let length = usize::try_from(self.u32()).unwrap_or(usize::MAX);
        match core::str::from_utf8(self.raw(length)) {
            Ok(text) => text.to_string(),
            Err(_) => {
                self.fail();
                String::new()
            }
        }
    }

    /// Reads whether an optional field follows.
    pub fn present(&mut self) -> bool {
        match self.u8() {
            0 => false,
            1 => true,
            _ => {
                self.fail();
                false
            }
        }
    }

    /// A text that may be absent.
    pub fn option(&mut self) -> Option<String> {
        self.present().then(|| self.text())
    }

    /// A number that may be absent.
    pub fn maybe_u32(&mut self) -> Option<u32> {
        self.present().then(|| self.u32())
    }

    /// One of `all`, of which its place was written.
    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::from(self.u8())).copied()
    }

    /// All bytes were read, and all that was read was there.
    #[must_use]
    pub fn finish(&self) -> bool {
        self.whole && self.rest.is_empty()
    }
}

/// Wipes bytes with all the room that they have. `Vec` alone would wipe byte by byte.
pub(crate) fn wipe(mut bytes: Vec<u8>) {
    bytes.clear();
    bytes.spare_capacity_mut().zeroize();
}

/// base64url without padding (RFC 4648, section 5).
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// Letters of 16 bytes in base64url.
pub(crate) const LETTERS: usize = 22;

/// base64url of 16 bytes that are no secret: it looks each letter up in a table, which takes a third of the time.
pub(crate) fn letters(bytes: &[u8; 16]) -> [u8; LETTERS] {
    const TABLE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let letter = |bits: u32| TABLE.get(bits as usize & 63).copied().unwrap_or(0);
    let four = |[a, b, c]: [u8; 3]| {
        let bits = u32::from_be_bytes([0, a, b, c]);
        [18, 12, 6, 0].map(|shift| letter(bits >> shift))
    };
    let mut text = [0; LETTERS];
    let ((threes, last), (fours, two)) = (bytes.as_chunks(), text.as_chunks_mut());
    for (four_letters, three_bytes) in fours.iter_mut().zip(threes) {
        *four_letters = four(*three_bytes);
    }
    if let (Some(byte), Some(two)) = (last.first(), two.first_chunk_mut()) {
        let [a, b, ..] = four([*byte, 0, 0]);
        *two = [a, b];
    }
    text
}

/// The bytes of `text`, if it is the only spelling of them.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// Lower-case hexadecimal: for what only the engine reads, since reading it takes a quarter of the work.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// The bytes of lower-case hexadecimal, in constant time. Settings are read by it in each operation, so it takes eight letters at once.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (eights, rest) = text.as_bytes().as_chunks();
    let mut bytes = Vec::with_capacity(text.len().div_ceil(2));
    let mut wrong = 0;
    for letters in eights {
        let (four, unfit) = four_of_hex(*letters);
        bytes.extend_from_slice(&four);
        wrong |= unfit;
    }
    let mut last = [b'0'; 8];
    last.iter_mut()
        .zip(rest)
        .for_each(|(place, letter)| *place = *letter);
    let (four, unfit) = four_of_hex(last);
    bytes.extend(four.iter().take(rest.len() / 2));
    if wrong | unfit == 0 && rest.len() % 2 == 0 {
        Some(bytes)
    } else {
        wipe(bytes);
        None
    }
}

/// Four bytes, and 0 if all letters are of lower-case hexadecimal.
fn four_of_hex(letters: [u8; 8]) -> ([u8; 4], u64) {
    /// A byte of each letter.
    const fn each(byte: u8) -> u64 {
        u64::from_le_bytes([byte; 8])
    }
    let text = u64::from_le_bytes(letters);
    // Of digits, 0x30 on, this bit is 0, of letters, 0x61 on, 1.
    let letter = (text >> 6) & each(1);
    // At most 15 + 9, so that no byte reaches into the next.
    let value = (text & each(15)).wrapping_add(letter.wrapping_mul(9));
    // What has this value is written so: 0x30 on, and 0x27 more for a letter.
    let written = value
        .wrapping_add(each(b'0'))
        .wrapping_add(letter.wrapping_mul(0x27));
    // From 10 on it is a letter, and it is below 16.
    let over_nine = (value.wrapping_add(each(6)) >> 4) & each(1);
    let unfit = (written ^ text) | (over_nine ^ letter) | (value & each(0xf0));
    let pairs = (value << 4) | (value >> 8);
    let [a, _, b, _, c, _, d, _] = pairs.to_le_bytes();
    ([a, b, c, d], unfit)
}

/// Splits a text at the first `mark`.
pub(crate) fn split(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at.saturating_add(1)..)?))
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
    fn letters_are_those_of_base64url() {
        for first in 0..=u8::MAX {
            let bytes = core::array::from_fn(|at| first.wrapping_add((at * 37) as u8));
            assert_eq!(letters(&bytes), to_base64url(&bytes).as_bytes());
        }
    }

    /// Compares with a crate that looks at one letter at a time: any two bytes at each place, and any length.
    #[test]
    fn hexadecimal_is_read_as_by_the_crate_base16ct() {
        for pair in 0..=u16::MAX {
            let pair = pair.to_be_bytes();
            let Ok(pair) = core::str::from_utf8(&pair) else {
                continue;
            };
            for at in [0, 2, 4, 6, 8, 9, 17] {
                let mut text = String::from("0123456789abcdef0123");
                text.replace_range(at..at + 2, pair);
                let expected = base16ct::lower::decode_vec(&text).ok();
                assert_eq!(from_hex(&text), expected, "{text:?}");
            }
        }
        for length in 0..40 {
            let text = "0a1b2c3d4e5f".repeat(4);
            let text = &text[..length];
            assert_eq!(from_hex(text), base16ct::lower::decode_vec(text).ok());
        }
        let beyond = "é".repeat(8);
        assert_eq!(from_hex(&beyond), None);
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
        assert_eq!((reader.u8(), reader.u16(), reader.u32()), (7, 8, 9));
        assert_eq!(reader.text(), "ten");
        assert!(!reader.finish());
        assert!(reader.present());
        assert_eq!(reader.text(), "é");
        assert!(reader.finish());
        assert_eq!(reader.u8(), 0);
        assert!(!reader.finish());
    }

    #[test]
    fn a_reader_tells_what_no_writer_made() {
        for bytes in [
            &[0, 0, 0, 9, 1][..],
            &[0, 0, 0, 1, 0xff],
            &[0xff, 0xff, 0xff, 0xff],
        ] {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.text(), "");
            assert!(!reader.finish());
        }
        let mut reader = Reader::new(&[2]);
        assert!(!reader.present());
        assert!(!reader.finish());
    }
}
