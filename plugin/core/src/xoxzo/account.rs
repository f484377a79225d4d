//! The account at Xoxzo: its settings with their rules, and how requests reach it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::common::codec::split;
use crate::common::form;
use crate::common::range::Range;

/// The Xoxzo account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xoxzo {
    /// The address of the API, without a slash at the end.
    pub base_url: String,
    /// API SID, the user of HTTP Basic.
    pub sid: String,
    /// API token, the password of HTTP Basic.
    pub auth_token: String,
    /// Sender of messages: at most 10 letters and digits, or at most 15 digits.
    pub sender: String,
    /// Milliseconds for one exchange, 1,000 to 30,000.
    pub timeout: u32,
    /// The https URL to which Xoxzo reports how messages fare. Nothing signs what arrives there, so it should hold something unguessable.
    pub callback_url: Option<String>,
    /// Tags of messages in Xoxzo's records: at most 8 of 1 to 32 letters, digits, `-` and `_`.
    pub tags: Vec<String>,
    /// Direct routes to Japanese carriers.
    pub japan: Option<Japan>,
}

impl Xoxzo {
    /// Range of `timeout`.
    pub const TIMEOUT: Range = Range(1_000, 30_000);
    /// Range of the number of tags.
    pub const TAGS: Range = Range(0, 8);

    /// The rules on them, each with its path and its words.
    pub(crate) fn rules(&self, test: bool) -> [(bool, &'static str, &'static str); 9] {
        let loopback = self.base_url.strip_prefix("http").is_some_and(|rest| {
            let rest = rest.strip_prefix('s').unwrap_or(rest);
            ["://127.0.0.1", "://localhost", "://[::1]"]
                .iter()
                .any(|own| {
                    rest.strip_prefix(own)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
                })
        });
        [
            (
                origin(&self.base_url),
                "xoxzo.base_url",
                "must be https://HOST, or http://LOOPBACK:PORT, and no more",
            ),
            (
                !test || loopback,
                "xoxzo.base_url",
                "must be a loopback address, since test is on",
            ),
            (
                self.callback_url.as_deref().is_none_or(callback),
                "xoxzo.callback_url",
                "must be an https url, or http on a loopback address, of at most 256 characters",
            ),
            (
                self.tags
                    .iter()
                    .all(|tag| tag.len() <= 32 && form::name(tag)),
                "xoxzo.tags",
                "must be 1 to 32 letters, digits, - and _ each",
            ),
            (
                self.japan
                    .as_ref()
                    .is_none_or(|japan| form::digits(&japan.sender, 1)),
                "xoxzo.japan.sender",
                "must be 1 to 15 digits",
            ),
            (form::plain(&self.sid, 128), "xoxzo.sid", form::PLAIN),
            (
                split(&self.sid, b':').is_none(),
                "xoxzo.sid",
                "must have no colon",
            ),
            (
                form::plain(&self.auth_token, 128),
                "xoxzo.auth_token",
                form::PLAIN,
            ),
            (
                sender(&self.sender),
                "xoxzo.sender",
                "must be 1 to 10 letters and digits, or 1 to 15 digits",
            ),
        ]
    }
}

/// Xoxzo's direct routes to Japanese carriers, for messages to +81 (help.xoxzo.com, "K-Premium").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Japan {
    /// K-Premium Lite instead of K-Premium.
    pub lite: bool,
    /// The registered numeric sender, 1 to 15 digits.
    pub sender: String,
}

/// The account as requests need it. Debug shows no credentials.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Account {
    #[zeroize(skip)]
    pub(crate) base_url: String,
    /// Value of the header `authorization`.
    pub(crate) authorization: String,
    #[zeroize(skip)]
    pub(crate) sender: String,
    pub(crate) timeout: u32,
    /// Holds something unguessable.
    pub(crate) callback_url: Option<String>,
    /// The tags, separated by commas.
    #[zeroize(skip)]
    pub(crate) tags: String,
    #[zeroize(skip)]
    pub(crate) japan: Option<Japan>,
}

impl Account {
    pub(crate) fn new(xoxzo: &Xoxzo) -> Self {
        let pair = Zeroizing::new([xoxzo.sid.as_str(), ":", &xoxzo.auth_token].concat());
        Self {
            base_url: xoxzo.base_url.clone(),
            authorization: [
                "Basic ",
                &Zeroizing::new(Base64::encode_string(pair.as_bytes())),
            ]
            .concat(),
            sender: xoxzo.sender.clone(),
            timeout: xoxzo.timeout,
            callback_url: xoxzo.callback_url.clone(),
            tags: xoxzo.tags.join(","),
            japan: xoxzo.japan.clone(),
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("base_url", &self.base_url)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

/// An origin that credentials may be sent to: https, or http to a loopback address.
fn origin(url: &str) -> bool {
    let port = |text: &str| {
        text.parse::<u16>()
            .is_ok_and(|port| port > 0 && port.to_string() == text)
    };
    let (secure, authority) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let (name, digits) = match authority.strip_prefix("[::1]") {
        Some("") => ("[::1]", None),
        Some(rest) => ("[::1]", rest.strip_prefix(':').or(Some(""))),
        None => {
            split(authority, b':').map_or((authority, None), |(name, digits)| (name, Some(digits)))
        }
    };
    let loopback = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
    (loopback || (secure && form::host(name))) && digits.is_none_or(port)
}

/// An origin, and any path behind it.
fn callback(url: &str) -> bool {
    let start = url
        .bytes()
        .position(|byte| byte == b':')
        .map_or(0, |at| at.saturating_add(3));
    let end = url
        .bytes()
        .enumerate()
        .find(|(at, byte)| *at >= start && b"/?".contains(byte))
        .map_or(url.len(), |(at, _)| at);
    form::plain(url, 256)
        && url.bytes().all(|byte| !b"\"#\\<>".contains(&byte))
        && url.get(..end).is_some_and(origin)
}

fn sender(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (1..=if digits { 15 } else { 10 }).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_go_to_https_or_loopback() {
        for good in [
            "https://a.example/x?y=z",
            "https://a.example",
            "http://127.0.0.1:1/x",
            "https://a.example:8443/a/",
        ] {
            assert!(callback(good), "{good}");
        }
        for bad in [
            "",
            "http://a.example/x",
            "https:///x",
            "https://u:p@a.example/",
            "https://a.example/\"",
            "ftp://a",
            "https://a b/",
            "https://a.example/#x",
        ] {
            assert!(!callback(bad), "{bad}");
        }
    }

    #[test]
    fn credentials_go_to_https_or_loopback() {
        for good in [
            "https://api.xoxzo.com",
            "https://api.xoxzo.com:8443",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:80",
            "http://127.0.0.1",
        ] {
            assert!(origin(good), "{good}");
        }
        for bad in [
            "",
            "api.xoxzo.com",
            "http://api.xoxzo.com",
            "https://",
            "https://api.xoxzo.com/",
            "https://a@b",
            "https://a/b",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1:0",
            "http://127.0.0.1:080",
            "http://127.0.0.1:99999",
            "https://a?b",
            "https://a#b",
            "https://A",
            "ftp://127.0.0.1",
            "http://[::1]x",
            "https://a b",
            "http://localhost@evil",
        ] {
            assert!(!origin(bad), "{bad}");
        }
    }

    #[test]
    fn senders() {
        for good in ["Xoxzo", "A123456789", "814512345678901"] {
            assert!(sender(good), "{good}");
        }
        for bad in [
            "",
            "Example Shop",
            "ABCDEFGHIJK",
            "8145123456789012",
            "+8145",
            "店",
        ] {
            assert!(!sender(bad), "{bad}");
        }
    }
}
