//! The head of a request: its pseudo-headers and headers, as bytes.

use alloc::string::String;
use alloc::vec::Vec;

/// The head of a request.
#[derive(Clone, Debug, Default)]
pub struct Head {
    pairs: Vec<(String, Vec<u8>)>,
}

/// What a header that may stand there once says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Only<'a> {
    Absent,
    One(&'a str),
    /// Repeated, empty, or not printable ASCII.
    Odd,
}

impl Head {
    /// Takes pairs of a lower-case name and a value, in the order of the request, with the pseudo-headers `:method` and `:path` of HTTP/2
    /// (RFC 9113, section 8.3.1) among them. Values need not be UTF-8.
    #[must_use]
    pub fn new(pairs: Vec<(String, Vec<u8>)>) -> Self {
        Self { pairs }
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |(own, _): &&(String, Vec<u8>)| own == name;
        self.pairs.iter().filter(named).map(|(_, value)| &**value)
    }

    pub(crate) fn first(&self, name: &str) -> &[u8] {
        let pair = self.pairs.iter().find(|(own, _)| own == name);
        pair.map_or(&[], |(_, value)| value)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs.iter().any(|(own, _)| own == name)
    }

    pub(crate) fn only<'a>(&'a self, name: &'a str) -> Only<'a> {
        let mut values = self.all(name);
        match (values.next(), values.next()) {
            (None, _) => Only::Absent,
            (Some(value), None) => visible(value).map_or(Only::Odd, Only::One),
            _ => Only::Odd,
        }
    }

    /// Names of the headers for which this holds; hyphens and underscores are one, as applications that read them from an environment
    /// cannot tell them apart.
    pub(crate) fn names(&self, holds: impl Fn(&str) -> bool) -> Vec<String> {
        let mut names = Vec::new();
        for (name, _) in &self.pairs {
            let named = if name.contains('_') {
                holds(&name.replace('_', "-"))
            } else {
                holds(name)
            };
            if named && !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }

    /// The value of a cookie, if it is there once.
    pub(crate) fn cookie<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let cookies = self
            .all("cookie")
            .flat_map(|line| line.split(|byte| *byte == b';'));
        let mut values = cookies.filter_map(|cookie| {
            let cookie = cookie.trim_ascii();
            cookie.strip_prefix(name.as_bytes())?.strip_prefix(b"=")
        });
        match (values.next(), values.next()) {
            (Some(value), None) => visible(value),
            _ => None,
        }
    }

    /// Whether the client asks for this media type by its name.
    pub(crate) fn accepts(&self, media: &str) -> bool {
        self.all("accept").any(|value| {
            let mut ranges = value.split(|byte| *byte == b',');
            ranges.any(|range| {
                let named = range.split(|byte| *byte == b';').next().unwrap_or_default();
                named.trim_ascii().eq_ignore_ascii_case(media.as_bytes())
            })
        })
    }
}

fn visible(value: &[u8]) -> Option<&str> {
    let sound = !value.is_empty() && value.iter().all(u8::is_ascii_graphic);
    core::str::from_utf8(value).ok().filter(|_| sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(pairs: &[(&str, &[u8])]) -> Head {
        Head::new(
            pairs
                .iter()
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect(),
        )
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
            ("x-2f", b""),
            ("x_2fa_receipt", b""),
        ]);
        let found = head.names(|name| name.starts_with("x-2fa-"));
        assert_eq!(found, ["x-2fa-receipt", "x_2fa_receipt", "x-2fa_a"]);
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
