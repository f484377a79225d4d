//! The head of a request: its pseudo-headers and headers, as bytes.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::ops::Range;

use memchr::memchr;

/// The head of a request, in one piece: with a pass, most of what a request costs is in the reading of its head.
#[derive(Clone, Debug, Default)]
pub struct Head {
    bytes: Vec<u8>,
    /// The places of each name and value.
    places: Vec<[Range<usize>; 2]>,
}

/// The value of a header that may stand there once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only<'a> {
    Absent,
    One(&'a str),
    /// Repeated, empty, or not printable ASCII.
    Odd,
}

impl Head {
    /// Takes pairs of a lower-case name and a value, in the order of the request, with the pseudo-headers `:method` and `:path` of HTTP/2
    /// (RFC 9113, section 8.3.1) among them. Neither need be UTF-8.
    pub fn new(pairs: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>) -> Self {
        let mut head = Self::default();
        for (name, value) in pairs {
            let place = [name.as_ref(), value.as_ref()].map(|part| {
                let begin = head.bytes.len();
                head.bytes.extend_from_slice(part);
                begin..head.bytes.len()
            });
            head.places.push(place);
        }
        head
    }

    /// Takes the same as bytes, and where in them each name and value is.
    #[must_use]
    pub fn from_parts(bytes: Vec<u8>, places: Vec<[Range<usize>; 2]>) -> Self {
        Self { bytes, places }
    }

    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let part = |place: &Range<usize>| self.bytes.get(place.clone()).unwrap_or_default();
        self.places
            .iter()
            .map(move |[name, value]| (part(name), part(value)))
    }

    /// Checks that all names are printable ASCII, as they must be (RFC 9110, section 5.1). Others could not be taken away by their name.
    pub(crate) fn is_sound(&self) -> bool {
        self.pairs()
            .all(|(name, _)| !name.is_empty() && name.iter().all(u8::is_ascii_graphic))
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |(own, _): &(&[u8], &[u8])| *own == name.as_bytes();
        self.pairs().filter(named).map(|(_, value)| value)
    }

    /// The first value of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        let mut pairs = self.pairs();
        let pair = pairs.find(|(own, _)| *own == name.as_bytes());
        pair.map(|(_, value)| value)
    }

    pub(crate) fn first(&self, name: &str) -> &[u8] {
        self.value(name).unwrap_or_default()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    pub(crate) fn only<'a>(&'a self, name: &'a str) -> Only<'a> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (None, _) => Only::Absent,
            (Some(value), None) => visible(value).map_or(Only::Odd, Only::One),
            _ => Only::Odd,
        }
    }

    /// Names of the headers for which this holds, each once.
    pub(crate) fn names(&self, holds: &dyn Fn(&[u8]) -> bool) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.pairs().filter(|(name, _)| holds(name)) {
            if let Ok(name) = core::str::from_utf8(name)
                && names.iter().all(|own| own != name)
            {
                names.push(name.to_string());
            }
        }
        names
    }

    /// The value of a cookie, if it is there once.
    pub(crate) fn cookie<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let mut found = None;
        for mut line in self.all("cookie") {
            while !line.is_empty() {
                let end = memchr(b';', line).unwrap_or(line.len());
                let (cookie, rest) = line.split_at_checked(end)?;
                let value = cookie.trim_ascii().strip_prefix(name.as_bytes());
                if let Some(value) = value.and_then(|rest| rest.strip_prefix(b"="))
                    && found.replace(value).is_some()
                {
                    return None;
                }
                line = rest.get(1..).unwrap_or_default();
            }
        }
        found.and_then(visible)
    }

    /// Tells whether the client asks for this media type by its name.
    pub(crate) fn accepts(&self, media: &str) -> bool {
        self.all("accept").any(|value| {
            let mut ranges = value.split(|byte| *byte == b',');
            ranges.any(|range| {
                let named = range.split(|byte| *byte == b';').next();
                let named = named.unwrap_or_default().trim_ascii();
                named.eq_ignore_ascii_case(media.as_bytes())
            })
        })
    }
}

/// Tells whether a name begins with these letters, or is them, where all signs are one: applications that read headers from an environment cannot tell
/// `x-user`, `x_user` and `x.user` apart.
// A copy for each caller would make the filter larger.
#[inline(never)]
pub(crate) fn begins_like(name: &[u8], letters: &str) -> bool {
    let like =
        |(own, other): (&u8, u8)| *own == other || (other == b'-' && !own.is_ascii_alphanumeric());
    name.len() >= letters.len() && name.iter().zip(letters.bytes()).all(like)
}

/// The same for the whole name.
pub(crate) fn is_like(name: &[u8], letters: &str) -> bool {
    name.len() == letters.len() && begins_like(name, letters)
}

fn visible(value: &[u8]) -> Option<&str> {
    let sound = !value.is_empty() && value.iter().all(u8::is_ascii_graphic);
    core::str::from_utf8(value).ok().filter(|_| sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(&str, &[u8])]) -> Head {
        Head::new(pairs.iter().copied())
    }

    #[test]
    fn a_cookie_counts_once() {
        let value = |lines: &[&[u8]]| {
            let pairs: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
            head(&pairs).cookie("a").map(String::from)
        };
        assert_eq!(value(&[b"b=2; a=1; c=3"]).as_deref(), Some("1"));
        assert_eq!(value(&[b"b=2", b"a=1"]).as_deref(), Some("1"));
        for lines in [
            &[&b"a=1; a=1"[..]][..],
            &[b"a=1", b"a=2"],
            &[b"aa=1"],
            &[b"a=\xff"],
            &[b"a="],
            &[b"a"],
            &[b"A=1"],
            &[b"a =1"],
            &[b"x; b=a=1"],
        ] {
            assert_eq!(value(lines), None, "{lines:?}");
        }
    }

    #[test]
    fn only_one_is_one() {
        let head = head(&[
            ("x", b"1"),
            ("y", b"1"),
            ("y", b"1"),
            ("z", b""),
            ("w", b"a b"),
            ("v", b"\xff"),
        ]);
        assert_eq!(head.only("x"), Only::One("1"));
        assert_eq!(head.only("u"), Only::Absent);
        for odd in ["y", "z", "w", "v"] {
            assert_eq!(head.only(odd), Only::Odd);
        }
    }

    #[test]
    fn names_are_found_however_they_are_joined() {
        let head = head(&[
            ("x-2fa-receipt", b""),
            ("x_2fa_receipt", b""),
            ("x-2fa_a", b""),
            ("x.2fa-a", b""),
            ("x-2f", b""),
            ("x_2fa_receipt", b""),
        ]);
        let found = head.names(&|name| begins_like(name, "x-2fa-"));
        assert_eq!(
            found,
            ["x-2fa-receipt", "x_2fa_receipt", "x-2fa_a", "x.2fa-a"]
        );
    }

    #[test]
    fn places_outside_are_empty() {
        let parts = Head::from_parts(b"ab".to_vec(), alloc::vec![[0..1, 1..9], [5..6, 0..1]]);
        assert_eq!(parts.only("a"), Only::Odd);
        assert!(!parts.is_sound() && !head(&[("\u{e9}", b"")]).is_sound());
        assert!(head(&[(":path", b"\xff")]).is_sound());
    }

    #[test]
    fn media_types_are_asked_for_by_name() {
        let head = head(&[
            ("accept", b"text/html;q=0.9, Application/JSON"),
            ("accept", b"*/*"),
        ]);
        assert!(
            head.accepts("text/html")
                && head.accepts("application/json")
                && !head.accepts("text/plain")
        );
    }
}
