//! The challenge token: 60 bytes that carry nothing personal and authenticate everything.
//!
//! ```text
//! head (28)  version and kind 0x11 | kid 4 | digits 1 | issued at 4 | lifetime 2 | nonce 16
//! MAC  (32)  HMAC-SHA-256 under the token key over M
//! M          "xoxzo-2fa challenge" | head | audience, recipient, subject, purpose, session, transaction
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::clock;
use crate::common::codec::{Reader, Writer, from_base64url, to_base64url};
use crate::common::failure::{Code, Failure};
use crate::common::mark;
use crate::signed::binding::Binding;

/// The fields that a token carries in the clear. They must not be believed before the MAC is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenHead {
    pub(crate) kid: [u8; 4],
    pub(crate) digits: u8,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) issued_at: u32,
    /// Seconds.
    pub(crate) lifetime: u16,
    pub(crate) nonce: [u8; 16],
}

impl TokenHead {
    /// M: the one byte string that the MAC, the PIN and the name of the challenge's counter are computed over.
    pub(crate) fn message(&self, audience: &str, binding: &Binding) -> Vec<u8> {
        let mut out = Writer::new();
        out.text("xoxzo-2fa challenge");
        self.write(&mut out);
        binding.write(audience, &mut out);
        out.finish()
    }

    /// Seconds that the challenge has left at `now`, with `longest` as the longest life the settings allow.
    ///
    /// # Errors
    ///
    /// [`Code::Expired`], without grace; [`Code::Clock`] for a challenge from a future beyond the skew.
    pub(crate) fn left(&self, longest: u16, now: u32) -> Result<u32, Failure> {
        clock::within(self.issued_at, self.lifetime.min(longest).into(), now)
    }

    /// Returns the second from which the token is refused.
    pub(crate) fn expires_at(&self) -> u32 {
        self.issued_at.saturating_add(self.lifetime.into())
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.u8(mark::TOKEN).raw(&self.kid).u8(self.digits);
        out.u32(self.issued_at).u16(self.lifetime).raw(&self.nonce);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Self {
        let first = from.u8();
        let head = Self {
            kid: from.array(),
            digits: from.u8(),
            issued_at: from.u32(),
            lifetime: from.u16(),
            nonce: from.array(),
        };
        if first != mark::TOKEN || !(4..=10).contains(&head.digits) {
            from.fail();
        }
        head
    }
}

/// A token, apart from whether it is genuine.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) head: TokenHead,
    pub(crate) mac: [u8; 32],
}

impl Token {
    /// Takes 80 characters of base64url that are the only spelling of a version 1 challenge.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() != 80 {
            return None;
        }
        let bytes = from_base64url(text)?;
        let mut reader = Reader::new(&bytes);
        let (head, mac) = (TokenHead::read(&mut reader), reader.array());
        reader.finish().then_some(Self { head, mac })
    }

    pub(crate) fn to_text(&self) -> String {
        let mut out = Writer::new();
        self.head.write(&mut out);
        to_base64url(&out.raw(&self.mac).finish())
    }
}

/// The fields that anyone can read in a token. None of them is authenticated here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Id of the key that is said to have signed: 8 hexadecimal digits.
    pub key_id: String,
    /// Digits of the PIN.
    pub digits: u8,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub issued_at: u32,
    /// The second from which the token is refused.
    pub expires_at: u32,
}

/// Reads what a token carries in the clear, for people who look for a fault.
///
/// # Errors
///
/// [`Code::InvalidToken`]: not the form of a token.
pub fn inspect(token: &str) -> Result<TokenInfo, Failure> {
    let Token { head, .. } = Token::parse(token)
        .ok_or_else(|| Failure::new(Code::InvalidToken, "not the form of a token"))?;
    let hex = |byte: u8| {
        [byte >> 4, byte & 15].map(|half| char::from_digit(half.into(), 16).unwrap_or('0'))
    };
    let key_id = head.kid.into_iter().flat_map(hex).collect();
    Ok(TokenInfo {
        key_id,
        digits: head.digits,
        issued_at: head.issued_at,
        expires_at: head.expires_at(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let head = TokenHead {
            kid: *b"\x00\xff\x10\x80",
            digits: 6,
            issued_at: 1_800_000_000,
            lifetime: 300,
            nonce: [0xa5; 16],
        };
        Token {
            head,
            mac: [0x5a; 32],
        }
    }

    #[test]
    fn reads_back_what_it_writes() {
        let text = token().to_text();
        assert_eq!(text.len(), 80);
        assert!(Token::parse(&text) == Some(token()));
    }

    #[test]
    fn has_one_spelling() {
        let text = token().to_text();
        for other in [
            alloc::format!("{text}="),
            alloc::format!("{text}."),
            alloc::format!(" {text}"),
            alloc::format!("{text}\n"),
            text.replace('-', "+"),
            text.replace('_', "/"),
            alloc::format!("{text}AAAA"),
            text.chars().skip(4).collect(),
            String::new(),
            "A".repeat(80),
            "é".repeat(40),
        ] {
            assert!(other == text || Token::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_digit_count_outside_4_to_10_is_no_token() {
        for digits in [0, 3, 11, 255] {
            let mut odd = token();
            odd.head.digits = digits;
            assert!(Token::parse(&odd.to_text()).is_none());
        }
    }

    #[test]
    fn a_challenge_lives_no_longer_than_settings_allow() {
        let head = TokenHead {
            issued_at: 1_800_000_000,
            ..token().head
        };
        let left = |longest, after: u32| head.left(longest, head.issued_at + after).ok();
        assert_eq!(
            (left(600, 0), left(600, 299), left(600, 300)),
            (Some(300), Some(1), None)
        );
        assert_eq!((left(120, 119), left(120, 120)), (Some(1), None));
    }
}
