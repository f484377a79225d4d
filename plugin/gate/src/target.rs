//! The target of a request, if there is one way to read it.
//!
//! Proxies, frameworks and file systems disagree on escapes, dots and slashes. A target on which they could is refused, so that no
//! spelling reaches the application as another path than the gate judged. RFC 3986, sections 2.3, 3.3 and 6.2.2.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

/// The longest target that a visit comes back to.
const LONGEST_RETURN: usize = 1_024;

/// A target with one reading.
#[derive(Clone)]
pub(crate) struct Target<'a> {
    whole: &'a str,
    /// The query with its mark, or nothing.
    pub(crate) query: &'a str,
    /// The path without the query.
    pub(crate) path: &'a str,
    /// The path without escapes. Settings and requests are compared by it.
    pub(crate) decoded: Cow<'a, str>,
}

impl<'a> Target<'a> {
    /// Takes a target in origin form.
    ///
    /// Refused are: empty segments, and those of dots and spaces only; `\`, `;`, `#`, quotes, angle brackets, controls and what is not ASCII; escapes that are
    /// incomplete, double, not UTF-8, or of a byte that needs none or must not be hidden (`/`, `\`, `;`, a control).
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let whole = core::str::from_utf8(bytes).ok()?;
        let end = whole.find('?').unwrap_or(whole.len());
        let (path, query) = whole.split_at_checked(end)?;
        let hidden = |byte: u8| byte.is_ascii_control() || byte == b'#';
        let decoded = decoded(path)?;
        let sound = !query.bytes().any(hidden);
        sound.then_some(Self {
            whole,
            query,
            path,
            decoded,
        })
    }

    /// Returns the place that a visit may come back to: the target, or its path if the query is long or odd.
    pub(crate) fn to_return(&self) -> Option<&'a str> {
        [self.whole, self.path].into_iter().find(|text| {
            text.len() <= LONGEST_RETURN && text.bytes().all(|byte| byte.is_ascii_graphic())
        })
    }

    /// Tells whether this is `place`, which is decoded, or lies under it.
    pub(crate) fn is_under(&self, place: &str) -> bool {
        let rest = self.decoded.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Returns a path without escapes, if it has one reading.
pub(crate) fn decoded(path: &str) -> Option<Cow<'_, str>> {
    let (mut before, mut escapes, mut dots) = (0, false, false);
    for byte in path.bytes() {
        match byte {
            b'\\' | b';' | b'#' | b'"' | b'<' | b'>' | 0..=b' ' | 0x7f.. => return None,
            b'/' if before == b'/' => return None,
            b'.' | b'%' if before == b'/' => dots = true,
            _ => {}
        }
        escapes |= byte == b'%';
        before = byte;
    }
    if !path.starts_with('/') || (dots && path.split('/').any(is_nothing)) {
        None
    } else if escapes {
        without_escapes(path).map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(path))
    }
}

/// Tells whether a segment is of dots and spaces only, as `.` and `..` are, and what some file systems take for them.
fn is_nothing(segment: &str) -> bool {
    let left = segment.replace("%20", "");
    !segment.is_empty() && left.bytes().all(|byte| byte == b'.')
}

fn without_escapes(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut decoded: Vec<u8> = parts.next().unwrap_or_default().into();
    for part in parts {
        let byte = escaped(part)?;
        let needless = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if needless || byte.is_ascii_control() || b"/\\;".contains(&byte) {
            return None;
        }
        let rest = part.get(2..).unwrap_or_default();
        if byte == b'%' && escaped(rest).is_some() {
            return None;
        }
        decoded.push(byte);
        decoded.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(decoded).ok()
}

/// The byte of two hexadecimal digits at the front.
fn escaped(text: &str) -> Option<u8> {
    let digits = text.get(..2)?;
    let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hexadecimal
        .then(|| u8::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(target: &str) -> Option<&str> {
        Target::parse(target.as_bytes()).map(|target| target.path)
    }

    #[test]
    fn plain_spellings_are_read() {
        for target in [
            "/",
            "/a",
            "/a/",
            "/a/b.html",
            "/a/.well-known/x",
            "/a..b",
            "/a%20b",
            "/%E3%81%82",
            "/%e3%81%82",
            "/100%25",
            "/a:b@c!$&'()*+,=",
            "/a|b[c]^`{}",
            "/%3F%23",
        ] {
            assert_eq!(path(target), Some(target));
        }
        assert_eq!(path("/a?b=/../c;d&e=%2e%2f\\"), Some("/a"));
        assert_eq!(path("/a?"), Some("/a"));
    }

    #[test]
    fn doubtful_spellings_are_refused() {
        for target in [
            "",
            "a",
            "*",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/.",
            "/..",
            "/a/.",
            "/...",
            "/a/..%20/b",
            "/a/%20/b",
            "/a/.%20.",
            "/a/..",
            "/a/./b",
            "/a/../b",
            "/%2e",
            "/%2E%2e/a",
            "/a%2fb",
            "/a%2Fb",
            "/a%5cb",
            "/a\\b",
            "/a;b",
            "/a/..;/b",
            "/a%3bb",
            "/a%00",
            "/a%0d%0ab",
            "/%61",
            "/%7E",
            "/%",
            "/%2",
            "/%zz",
            "/%+1",
            "/%252e",
            "/%25%32%65",
            "/%c0%ae",
            "/%c0%ae%c0%ae/",
            "/%ff",
            "/é",
            "/a b",
            "/a\tb",
            "/a#b",
            "/a?b#c",
            "/a\"b",
            "/a<b",
            "http://host/a",
            "/a\n",
            "/a?b\r\n",
            "/\u{2215}",
        ] {
            assert_eq!(path(target), None, "{target:?}");
        }
        assert!(Target::parse(b"/\xff").is_none());
        assert!(Target::parse(b"/a?\xff").is_none());
    }

    #[test]
    fn places_end_at_segments() {
        let at = |target| Target::parse(target).unwrap();
        for (target, under) in [
            (&b"/static"[..], true),
            (b"/static/", true),
            (b"/static/a?b", true),
            (b"/statics", false),
            (b"/STATIC", false),
            (b"/", false),
            (b"/stat", false),
        ] {
            assert_eq!(at(target).is_under("/static"), under);
        }
        assert!(at(b"/a%3Ab/c").is_under("/a:b"));
    }

    #[test]
    fn what_is_long_or_odd_is_left_out_of_the_return() {
        let long = alloc::format!("/a?{}", "b".repeat(1_024));
        assert_eq!(
            Target::parse(long.as_bytes()).unwrap().to_return(),
            Some("/a")
        );
        assert_eq!(
            Target::parse("/a?é".as_bytes()).unwrap().to_return(),
            Some("/a")
        );
        assert_eq!(
            Target::parse(b"/a?b=c").unwrap().to_return(),
            Some("/a?b=c")
        );
        let long = alloc::format!("/{}", "b".repeat(1_024));
        assert_eq!(Target::parse(long.as_bytes()).unwrap().to_return(), None);
    }
}
