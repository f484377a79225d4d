//! The envelope of signed texts: a body, then its MAC of 32 bytes.
//!
//! Each kind of text has a key and a label of its own, and a first byte of its own where kinds could be taken for each other.

use alloc::string::String;
use alloc::vec::Vec;

const MAC: usize = 32;

/// Writes body and MAC as text.
pub(crate) fn close(body: &[u8], mac: &[u8; MAC], encode: fn(&[u8]) -> String) -> String {
    encode(&[body, mac].concat())
}

/// Reads a text of at most `longest` characters as body and MAC. Nothing is authenticated yet.
pub(crate) fn open(
    text: &str,
    longest: usize,
    decode: fn(&str) -> Option<Vec<u8>>,
) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut body = Some(text)
        .filter(|text| text.len() <= longest)
        .and_then(decode)?;
    let mac = body.split_off(body.len().checked_sub(MAC)?);
    Some((body, mac))
}
