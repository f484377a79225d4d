//! Seals: what a layer above the engine hands to a client and must know again, such as a cookie.
//!
//! ```text
//! b64(kid 4 | body | MAC 32)
//! MAC  HMAC-SHA-256 over "xoxzo-2fa seal" | label | audience | what it is bound to | body
//! ```
//!
//! The first key signs, all verify, so that seals rotate with challenges.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::codec::{Writer, from_base64url, to_base64url};
use crate::signed::envelope;
use crate::signed::mac::MacKey;

/// The longest sealed text that is looked at.
const LONGEST: usize = 4_096;

/// Makes and opens sealed texts of one use.
#[derive(Clone, Debug)]
pub struct Seal {
    audience: String,
    label: String,
    keys: Vec<([u8; 4], MacKey)>,
}

impl Seal {
    pub(crate) fn new(audience: &str, label: &str, keys: Vec<([u8; 4], MacKey)>) -> Self {
        Self {
            audience: audience.into(),
            label: label.into(),
            keys,
        }
    }

    /// Seals `body`, which the text shows, to `bound`, which it does not: base64url without padding.
    #[must_use]
    pub fn close(&self, body: &[u8], bound: &[u8]) -> String {
        let Some((kid, key)) = self.keys.first() else {
            return String::new();
        };
        let mac = key.mac(&self.authenticated(body, bound));
        envelope::close(&[&kid[..], body].concat(), &mac, to_base64url)
    }

    /// The body of a text that one of the keys sealed to `bound`.
    #[must_use]
    pub fn open(&self, text: &str, bound: &[u8]) -> Option<Vec<u8>> {
        let (bytes, mac) = envelope::open(text, LONGEST, from_base64url)?;
        let (kid, body) = bytes.split_at_checked(4)?;
        let (_, key) = self.keys.iter().find(|(own, _)| own == kid)?;
        key.verifies(&self.authenticated(body, bound), &mac)
            .then(|| body.to_vec())
    }

    fn authenticated(&self, body: &[u8], bound: &[u8]) -> Vec<u8> {
        let mut out = Writer::new();
        out.text("xoxzo-2fa seal").text(&self.label);
        out.text(&self.audience).bytes(bound).raw(body).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn seal(label: &str, kids: &[u8]) -> Seal {
        let key = |byte: &u8| ([*byte; 4], MacKey::new(&[*byte; 32]));
        Seal::new("shop", label, kids.iter().map(key).collect())
    }

    #[test]
    fn opens_what_was_closed_and_nothing_near_it() {
        let text = seal("pass", &[1]).close(b"body", b"alice");
        assert_eq!(
            seal("pass", &[2, 1]).open(&text, b"alice"),
            Some(b"body".to_vec())
        );
        assert_eq!(seal("pass", &[1]).open(&text, b"bob"), None);
        assert_eq!(seal("visit", &[1]).open(&text, b"alice"), None);
        assert_eq!(seal("pass", &[2]).open(&text, b"alice"), None);
        for at in 0..text.len() {
            let mut near = text.clone().into_bytes();
            near[at] = if near[at] == b'A' { b'B' } else { b'A' };
            let near = String::from_utf8(near).unwrap();
            assert_eq!(seal("pass", &[1]).open(&near, b"alice"), None);
            assert_eq!(seal("pass", &[1]).open(&text[..at], b"alice"), None);
        }
    }

    #[test]
    fn body_and_bound_do_not_run_into_each_other() {
        let own = seal("pass", &[1]);
        let text = own.close(b"ab", b"c");
        for bound in ["", "b", "bc", "ca"] {
            assert_eq!(own.open(&text, bound.as_bytes()), None);
        }
        assert_eq!(own.open(&own.close(b"", b""), b""), Some(vec![]));
    }
}
