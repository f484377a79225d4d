//! The meaning of Xoxzo's HTTP responses.
//!
//! Tolerant where the API is not documented: an array of one object or a bare object, any extra fields, any body with an
//! error. A message counts as taken only with a 2xx that names its id, and as surely not taken only with a 4xx.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use core::fmt;

use crate::common::delivery::Delivery;
use crate::common::json::Node;

/// An HTTP response of Xoxzo. Debug shows its status only: an error can hold the number.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Value of the header `Retry-After`.
    pub retry_after: Option<String>,
    /// Body, decoded leniently as UTF-8.
    pub body: String,
}

impl Response {
    /// Takes a response with its headers, of which only `Retry-After` is read.
    pub fn new<'a>(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: String,
    ) -> Self {
        let mut headers = headers.into_iter();
        let wait = headers.find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
        Self {
            status,
            retry_after: wait.map(|(_, value)| value.to_string()),
            body,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// The meaning of an HTTP response of Xoxzo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A 2xx, and what was found in it.
    Read {
        /// The id of a message or call. With it, what was sent is surely taken.
        message_id: Option<String>,
        /// The state of a message or call, in Xoxzo's word.
        state: Option<String>,
        /// Whole credits of the account.
        credits: Option<i64>,
    },
    /// A 4xx: nothing was taken.
    Refused {
        /// HTTP status.
        status: u16,
        /// The known fields that the answer names, for a log. Never the answer's text, which may hold the number.
        fields: String,
        /// Seconds to wait, with a 429.
        retry_after: Option<u32>,
    },
    /// Anything else: what was sent may have been taken.
    Unreadable {
        /// HTTP status.
        status: u16,
        /// Seconds to wait, if the answer says so.
        retry_after: Option<u32>,
    },
}

/// Fields of an error that may be named in a log. The rest of an error is not repeated: it can hold the number.
const FIELDS: [&str; 9] = [
    "caller",
    "detail",
    "message",
    "non_field_errors",
    "recipient",
    "sender",
    "tts_lang",
    "tts_message",
    "variables",
];

/// The longest time to wait that is believed, in seconds.
const LONGEST_WAIT: u32 = 86_400;

/// Seconds to wait where a 429 does not say it. Xoxzo publishes no limits; its own example says 1.
const WAIT: u32 = 30;

impl Response {
    /// Reads what it means.
    pub(crate) fn read(&self) -> Reply {
        let retry_after = self.retry_after.as_deref();
        let (status, body) = (self.status, &*self.body);
        match status {
            200..=299 => read(body),
            429 => Reply::Refused {
                status,
                fields: String::new(),
                retry_after: Some(wait(retry_after, body).unwrap_or(WAIT)),
            },
            400..=499 => Reply::Refused {
                status,
                fields: fields(body),
                retry_after: None,
            },
            _ => Reply::Unreadable {
                status,
                retry_after: retry_after.and_then(seconds),
            },
        }
    }
}

/// `[{"msgid": "…"}]` or `[{"callid": "…"}]` after sending, `{"status": "…"}` or `{"credits": 1000.0}` after asking; what does not look like an id or a
/// state is none.
fn read(body: &str) -> Reply {
    let body = Node::parse(body).unwrap_or(Node::Null);
    let object = body.list().first().unwrap_or(&body);
    let text = |name: &str, longest: usize, plain: fn(u8) -> bool| {
        let text = object.field(name)?.text()?;
        let fits = (1..=longest).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| text.to_string())
    };
    let id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b' ' || byte == b'_';
    Reply::Read {
        message_id: text("msgid", 64, id).or_else(|| text("callid", 64, id)),
        state: text("status", 32, word),
        credits: match object.field("credits") {
            Some(Node::Number(number)) => i64::try_from(*number).ok(),
            Some(Node::Fraction(number)) => Some(*number),
            _ => None,
        },
    }
}

/// Lists the known fields that the error names, joined with commas.
fn fields(body: &str) -> String {
    let body = Node::parse(body).unwrap_or(Node::Null);
    FIELDS
        .into_iter()
        .filter(|field| body.field(field).is_some())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Seconds to wait: from the header, else the number in `detail`.
fn wait(retry_after: Option<&str>, body: &str) -> Option<u32> {
    let detail = || {
        let body = Node::parse(body).ok()?;
        let detail = body.field("detail")?.text()?;
        detail
            .split(|letter: char| !letter.is_ascii_digit())
            .find(|run| !run.is_empty())
            .and_then(seconds)
    };
    retry_after.and_then(seconds).or_else(detail)
}

/// Seconds as a header has them (RFC 9110, section 10.2.3). Its other form, a date, is not read: hosts' clocks differ.
fn seconds(text: &str) -> Option<u32> {
    let seconds = text.trim_ascii().parse().ok();
    seconds.filter(|seconds| *seconds <= LONGEST_WAIT)
}

/// Xoxzo's pages spell two of the states in two ways (blog.xoxzo.com 2017-11-15, help.xoxzo.com "what does the delivery status
/// mean"); those of calls are known from their use by others.
pub(crate) fn delivery(state: &str) -> Delivery {
    match state {
        "QUEUED" => Delivery::Queued,
        "DELIVERING" | "IN PROGRESS" => Delivery::Delivering,
        "DELIVERED" | "OK" | "ANSWERED" => Delivery::Delivered,
        "FAILED" | "FAIL" | "NO ANSWER" => Delivery::Failed,
        _ => Delivery::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, retry_after: Option<&str>, body: &str) -> Reply {
        let response = Response {
            status,
            retry_after: retry_after.map(ToString::to_string),
            body: body.to_string(),
        };
        response.read()
    }

    fn id(body: &str) -> Option<String> {
        match reply(201, None, body) {
            Reply::Read { message_id, .. } => message_id,
            _ => None,
        }
    }

    #[test]
    fn an_id_is_found_in_an_array_or_an_object() {
        assert_eq!(id(r#"[{"msgid":"aB3"}]"#).as_deref(), Some("aB3"));
        assert_eq!(id(r#"{"msgid":"aB3","new":1}"#).as_deref(), Some("aB3"));
        assert_eq!(id(r#"[{"callid":"0-f"}]"#).as_deref(), Some("0-f"));
        for body in [
            "",
            "[]",
            "{}",
            "null",
            "<h1>",
            "[[]]",
            r#"[{"msgid":""}]"#,
            r#"[{"msgid":7}]"#,
            r#"[{"msgid":"a/b"}]"#,
            r#"[{"msgid":"a\nb"}]"#,
            r#"[{"msgid":"a"}"#,
            r#"[{"msgid":"a"}] x"#,
        ] {
            assert_eq!(id(body), None, "{body}");
        }
        let long = "x".repeat(65);
        assert_eq!(id(&["[{\"msgid\":\"", &long, "\"}]"].concat()), None);
    }

    #[test]
    fn a_state_is_a_short_word() {
        for (body, expected) in [
            (r#"{"msgid":"a","status":"DELIVERED"}"#, Some("DELIVERED")),
            (r#"{"callid":"a","status":"NO ANSWER"}"#, Some("NO ANSWER")),
            (r#"{"status":"+819012345678"}"#, None),
            (r#"{"status":"a\nb"}"#, None),
            (r#"{"status":1}"#, None),
            ("{}", None),
        ] {
            let Reply::Read { state, .. } = reply(200, None, body) else {
                unreachable!("a 2xx is read")
            };
            assert_eq!(state.as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_4xx_names_known_fields_and_nothing_else() {
        let body = r#"{"recipient":["+819012345678 is not valid"],"x":1,"sender":["no"]}"#;
        let refused = |status, fields: &str| Reply::Refused {
            status,
            fields: fields.to_string(),
            retry_after: None,
        };
        assert_eq!(reply(400, None, body), refused(400, "recipient, sender"));
        assert_eq!(reply(404, None, "<h1>Not Found</h1>"), refused(404, ""));
        assert_eq!(reply(403, Some("5"), ""), refused(403, ""));
        assert_eq!(reply(400, None, "[\"recipient\"]"), refused(400, ""));
    }

    #[test]
    fn a_429_says_how_long() {
        const DETAIL: &str =
            r#"{"detail":"Request was throttled. Expected available in 12 seconds."}"#;
        for (header, body, expected) in [
            (Some("7"), DETAIL, 7),
            (Some(" 7 "), "", 7),
            (None, DETAIL, 12),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), DETAIL, 12),
            (Some("86401"), DETAIL, 12),
            (Some("-1"), "", WAIT),
            (None, r#"{"detail":"slow down"}"#, WAIT),
            (None, r#"{"detail":"99999999999 seconds"}"#, WAIT),
            (None, "", WAIT),
        ] {
            let expected = Reply::Refused {
                status: 429,
                fields: String::new(),
                retry_after: Some(expected),
            };
            assert_eq!(reply(429, header, body), expected, "{header:?} {body}");
        }
    }

    #[test]
    fn anything_else_is_unreadable() {
        for status in [0, 100, 301, 302, 500, 503, 504, 599] {
            for (header, retry_after) in [(None, None), (Some("20"), Some(20)), (Some("x"), None)] {
                let unreadable = Reply::Unreadable {
                    status,
                    retry_after,
                };
                assert_eq!(reply(status, header, r#"[{"msgid":"a"}]"#), unreadable);
            }
        }
    }
}
