//! The one cookie that carries a session.

use http::{HeaderMap, header};

/// Returns the value of the cookie if exactly one has this name, in any way that a parser might read it. Of two, an application may take the other one.
pub(crate) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut found = None;
    for line in headers.get_all(header::COOKIE) {
        for part in line.as_bytes().split(|byte| b";,".contains(byte)) {
            let end = part.iter().position(|byte| *byte == b'=');
            let (own, value) = part.split_at(end.unwrap_or(part.len()));
            if is_like(own, name) && found.replace((own, value)).is_some() {
                return None;
            }
        }
    }
    let (own, value) = found?;
    let exact = own.trim_ascii() == name.as_bytes();
    let value = value.strip_prefix(b"=").filter(|_| exact)?;
    std::str::from_utf8(value.trim_ascii()).ok()
}

/// Tells whether some parser could take a name for this one: escapes decoded, without quotes and spaces, whatever the case.
fn is_like(own: &[u8], name: &str) -> bool {
    let mut plain = Vec::with_capacity(own.len());
    let mut rest = own;
    while let [first, after @ ..] = rest {
        let decoded = after.first_chunk::<2>().and_then(|digits| escaped(*digits));
        (plain, rest) = match (first, decoded) {
            (b'%', Some(byte)) => (push(plain, byte), &after[2..]),
            (byte, _) => (push(plain, *byte), after),
        };
    }
    let odd =
        |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"\"'".contains(byte);
    plain.retain(|byte| !odd(byte));
    plain.eq_ignore_ascii_case(name.as_bytes())
}

fn push(mut bytes: Vec<u8>, byte: u8) -> Vec<u8> {
    bytes.push(byte);
    bytes
}

fn escaped(digits: [u8; 2]) -> Option<u8> {
    let text = std::str::from_utf8(&digits).ok()?;
    let hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
    hexadecimal
        .then(|| u8::from_str_radix(text, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn value(lines: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        only(&headers, "__Host-session").map(String::from)
    }

    #[test]
    fn one_session_is_one() {
        assert_eq!(
            value(&["a=b; __Host-session=x.y.z; c=d"]).as_deref(),
            Some("x.y.z")
        );
        assert_eq!(value(&["a=b", "__Host-session=x"]).as_deref(), Some("x"));
        assert_eq!(
            value(&["a=__Host-session; __Host-session=x"]).as_deref(),
            Some("x")
        );
        assert_eq!(
            value(&["__Host-session-csrf=y; __Host-session=x"]).as_deref(),
            Some("x")
        );
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
            &["a=b"],
            &[],
        ] {
            assert_eq!(value(lines), None, "{lines:?}");
        }
    }
}
