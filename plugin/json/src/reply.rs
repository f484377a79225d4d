//! What an HTTP answer of Xoxzo means.
//!
//! Tolerant where the API is not documented: an array of one object or a bare object, any extra fields, any body with an
//! error. A message counts as taken only with a 2xx that names its id, and as surely not taken only with a 4xx.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xoxzo_2fa_core::Reply;

use crate::node::Node;

/// Fields of an error that may be named in a log. The rest of an error is not repeated: it can hold the number.
const FIELDS: [&str; 5] = [
    "detail",
    "message",
    "non_field_errors",
    "recipient",
    "sender",
];

/// The longest time to wait that is believed, in seconds.
const LONGEST_WAIT: u32 = 86_400;

/// Reads an answer: its status, its header `Retry-After` if it has one, and its body.
#[must_use]
pub fn reply(status: u16, retry_after: Option<&str>, body: &str) -> Reply {
    match status {
        200..=299 => taken(body).map_or(Reply::Unreadable { status }, |message_id| Reply::Taken {
            message_id,
        }),
        429 => Reply::Refused {
            status,
            fields: String::new(),
            retry_after: wait(retry_after, body),
        },
        400..=499 => Reply::Refused {
            status,
            fields: fields(body),
            retry_after: None,
        },
        _ => Reply::Unreadable { status },
    }
}

/// The id in `[{"msgid": "…"}]`, if it looks like one.
fn taken(body: &str) -> Option<String> {
    let body = Node::parse(body).ok()?;
    let id = body
        .list()
        .first()
        .unwrap_or(&body)
        .field("msgid")?
        .text()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_string())
}

/// Which known fields the error names, joined with commas.
fn fields(body: &str) -> String {
    let body = Node::parse(body).unwrap_or(Node::Null);
    FIELDS
        .into_iter()
        .filter(|field| body.field(field).is_some())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Seconds to wait: from the header (RFC 9110, 10.2.3, as seconds), else the number in `detail`.
fn wait(retry_after: Option<&str>, body: &str) -> Option<u32> {
    let number = |text: &str| text.parse().ok().filter(|seconds| *seconds <= LONGEST_WAIT);
    let detail = || {
        let body = Node::parse(body).ok()?;
        let detail = body.field("detail")?.text()?;
        detail
            .split(|letter: char| !letter.is_ascii_digit())
            .find(|run| !run.is_empty())
            .and_then(number)
    };
    retry_after
        .map(str::trim_ascii)
        .and_then(number)
        .or_else(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_2xx_with_an_id_is_taken() {
        let taken = Reply::Taken {
            message_id: "aB3".to_string(),
        };
        assert_eq!(reply(201, None, r#"[{"msgid":"aB3"}]"#), taken);
        assert_eq!(reply(200, None, r#"{"msgid":"aB3","new":1}"#), taken);
        for body in [
            "",
            "[]",
            "{}",
            "null",
            r#"[{"msgid":""}]"#,
            r#"[{"msgid":"a b"}]"#,
            "<html>",
            r#"[{"msgid":7}]"#,
        ] {
            assert_eq!(
                reply(201, None, body),
                Reply::Unreadable { status: 201 },
                "{body}"
            );
        }
    }

    #[test]
    fn a_4xx_is_refused_and_its_text_is_not_repeated() {
        let body = r#"{"recipient":["+819012345678 is not valid"],"other":1}"#;
        let refused = |status, fields: &str| Reply::Refused {
            status,
            fields: fields.to_string(),
            retry_after: None,
        };
        assert_eq!(reply(400, None, body), refused(400, "recipient"));
        assert_eq!(reply(404, None, "<html>"), refused(404, ""));
        assert_eq!(
            reply(401, None, r#"{"detail":"no"}"#),
            refused(401, "detail")
        );
    }

    #[test]
    fn a_429_says_how_long_or_does_not() {
        let waits = |header, body| match reply(429, header, body) {
            Reply::Refused { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        };
        let detail = r#"{"detail":"Request was throttled. Expected available in 1 second."}"#;
        assert_eq!(waits(Some("7"), detail), Some(7));
        assert_eq!(waits(None, detail), Some(1));
        assert_eq!(waits(Some("Wed, 21 Oct 2026 07:28:00 GMT"), "{}"), None);
        assert_eq!(waits(None, ""), None);
        assert_eq!(waits(Some("4000000000"), ""), None);
    }

    #[test]
    fn anything_else_may_have_been_taken() {
        for status in [100, 301, 302, 500, 503, 504, 599] {
            assert_eq!(
                reply(status, None, r#"[{"msgid":"a"}]"#),
                Reply::Unreadable { status }
            );
        }
    }
}
