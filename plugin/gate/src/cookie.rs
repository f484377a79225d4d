//! Cookies: the one with the session, which must be one to every parser, and the gate's own.

use alloc::vec::Vec;

use memchr::memchr;

/// The cookie with a session, in the lines of the header `cookie`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCookie<'a> {
    /// None has its name.
    Absent,
    /// The value of the only one.
    One(&'a str),
    /// Several have a name that some parser could take for this one, or one has it in another spelling. The application may see another session than
    /// the one that was checked.
    Doubtful,
}

impl<'a> SessionCookie<'a> {
    /// Finds the cookie of a name. A comma ends a cookie too, as in RFC 2109, white space as in Python, and quotes hide nothing.
    pub fn find(lines: impl IntoIterator<Item = &'a [u8]>, name: &str) -> Self {
        let mut found = Self::Absent;
        for line in lines {
            for part in line.split(|byte| b";, \t\r\n\x0b\x0c".contains(byte)) {
                let cookie = Cookie::read(part);
                if !cookie.is_like(name) {
                    continue;
                }
                let exact = cookie.name.trim_ascii() == name.as_bytes();
                let value = cookie.value.filter(|_| exact && found == Self::Absent);
                let value = value.and_then(|value| core::str::from_utf8(value.trim_ascii()).ok());
                found = value.map_or(Self::Doubtful, Self::One);
            }
        }
        found
    }
}

/// Joins lines without the cookies of these names. `None`: there are none of them.
pub(crate) fn without<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    names: &[&str],
) -> Option<Vec<u8>> {
    let (mut kept, mut found) = (Vec::new(), false);
    for line in lines {
        for part in line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
            if names.iter().any(|name| Cookie::read(part).is_like(name)) {
                found = true;
            } else if !part.is_empty() {
                if !kept.is_empty() {
                    kept.extend_from_slice(b"; ");
                }
                kept.extend_from_slice(part);
            }
        }
    }
    found.then_some(kept)
}

/// One cookie as it was sent.
struct Cookie<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
}

impl<'a> Cookie<'a> {
    fn read(part: &'a [u8]) -> Self {
        // Some take what follows a lone sign for a cookie.
        let part = part.trim_ascii_start();
        let sign = part.iter().take_while(|byte| **byte == b'=').count();
        let part = part.get(sign..).unwrap_or_default();
        let end = memchr(b'=', part);
        let (name, rest) = part
            .split_at_checked(end.unwrap_or(part.len()))
            .unwrap_or((part, b""));
        Self {
            name,
            value: rest.get(1..),
        }
    }

    /// Tells whether some parser could take its name for this one: escapes decoded, without quotes, spaces and what is not ASCII, whatever the case.
    /// PHP writes some signs as `_`, a space among them.
    // A copy for each caller would make the filter larger.
    #[inline(never)]
    fn is_like(&self, name: &str) -> bool {
        let like = |space: bool| {
            let kept = |byte: &u8| {
                byte.is_ascii_graphic() && !b"\"'".contains(byte) || space && *byte == b' '
            };
            let plain = Decoded(self.name).skip_while(|byte| *byte == b' ');
            plain.filter(kept).map(sign).eq(name.bytes().map(sign))
        };
        like(false) || like(true)
    }
}

/// A letter whatever its case, and one sign for those that PHP takes for one.
fn sign(byte: u8) -> u8 {
    if b" .[+".contains(&byte) {
        b'_'
    } else {
        byte.to_ascii_lowercase()
    }
}

/// Bytes with their escapes decoded.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let digits = rest.split_first_chunk().filter(|_| *first == b'%');
        let decoded = digits.and_then(|(digits, after)| Some((hexadecimal(*digits)?, after)));
        let Some((byte, after)) = decoded else {
            return Some(*first);
        };
        self.0 = after;
        Some(byte)
    }
}

fn hexadecimal([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let number = digit(high)?.checked_mul(16)?.checked_add(digit(low)?)?;
    u8::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(lines: &[&'a str]) -> SessionCookie<'a> {
        let lines = lines.iter().map(|line| line.as_bytes());
        SessionCookie::find(lines, "__Host-session")
    }

    #[test]
    fn one_session_is_one() {
        for lines in [
            &["a=b; __Host-session=x.y; c=d"][..],
            &["a=b", "__Host-session=x.y"],
            &["a=__Host-session; __Host-session=x.y"],
            &["__Host-session-csrf=y; __Host-session=x.y"],
            &["%5F%5FHost-sessio=y; x__Host-session=z; __Host-session=x.y"],
        ] {
            assert_eq!(value(lines), SessionCookie::One("x.y"), "{lines:?}");
        }
        for lines in [
            &["a=b; __Host-session-csrf=x"][..],
            &["a=__Host-session"],
            &[],
        ] {
            assert_eq!(value(lines), SessionCookie::Absent, "{lines:?}");
        }
    }

    #[test]
    fn two_sessions_are_none() {
        for lines in [
            &["__Host-session=x; __Host-session=y"][..],
            &["__Host-session=x", "__Host-session=y"],
            &["__Host-session=x; __host-session=y"],
            &["__Host-session=x; \"__Host-session\"=y"],
            &["__Host-session=x; %5F%5FHost-session=y"],
            &["__Host-session=x; a=\"b; __Host-session=y\""],
            &["__Host-session=x,__Host-session=y"],
            &["__Host-session=x; __Host-session"],
            &["__host-session=x"],
            &["__Host-session"],
            &["\u{a0}__Host-session=y; __Host-session=x"],
            &["__Host-session=x; \u{3000}__Host-session\u{85}=y"],
            &["__Host-session=x; a=b __Host-session=y"],
            &["__Host-session=x; a=b\u{b}__Host-session=y"],
            &["=__Host-session=y; __Host-session=x"],
            &["__Host-session=x; = __Host-session=y"],
            &[".[Host-session=y; __Host-session=x"],
            &["+%20Host-session=y; __Host-session=x"],
            &["%20__Host-session=y; __Host-session=x"],
        ] {
            assert_eq!(value(lines), SessionCookie::Doubtful, "{lines:?}");
        }
    }

    /// Bytes that are no UTF-8, which parsers of ISO 8859-1 take for a space.
    #[test]
    fn bytes_beyond_ascii_hide_no_session() {
        for byte in 0x80..=0xff {
            let other = [&[byte][..], b"__Host-session=y"].concat();
            let found = SessionCookie::find([&other[..], b"__Host-session=x"], "__Host-session");
            assert_eq!(found, SessionCookie::Doubtful, "{byte:x}");
        }
    }

    #[test]
    fn what_is_ours_is_left_out() {
        let of = |lines: &[&str]| {
            let lines = lines.iter().map(|line| line.as_bytes());
            without(lines, &["a", "b"]).map(|kept| alloc::string::String::from_utf8(kept).unwrap())
        };
        assert_eq!(of(&["c=1; d=\"x,y\";e"]), None);
        assert_eq!(of(&["c=1; a=2; d=3"]).as_deref(), Some("c=1; d=3"));
        assert_eq!(of(&["a=1", "c=2;b=3", "d"]).as_deref(), Some("c=2; d"));
        assert_eq!(of(&["%61=1; A=2; \"b\"=3"]).as_deref(), Some(""));
    }
}
