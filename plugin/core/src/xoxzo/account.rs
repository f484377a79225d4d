//! The account at Xoxzo: its settings with their rules, and how requests reach it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::common::codec::split;
use crate::common::document::{Absent, Form};
use crate::common::failure::InvalidFormat;
use crate::common::form;
use crate::common::range::Range;

crate::record! {
    /// The Xoxzo account.
    pub(crate) Xoxzo {
        /// API SID.
        sid: String = Form::Secret(sid), Absent::Required;
        /// API token.
        auth_token: String = Form::Secret(form::plain::<128>), Absent::Required;
        /// Sender of messages: at most 10 letters and digits, or at most 15 digits.
        sender: String = Form::Text(sender), Absent::Required;
        /// https://HOST, or http:// and a loopback address. Nothing is ever sent to another origin.
        base_url: String = Form::Text(base_url), Absent::Text("https://api.xoxzo.com");
        /// Time-out of one request to Xoxzo, in milliseconds.
        timeout_milliseconds: u32 = Form::Number(Range(1_000, 30_000)), Absent::Number(10_000);
        /// URL to which Xoxzo reports the status of messages: https, or http and a loopback address. Nothing signs what arrives there: let the path hold
        /// something unguessable, and ask for the status before acting.
        callback_url: Option<String> = Form::Secret(callback_url), Absent::Out;
        /// Tags of messages in Xoxzo's records: 1 to 32 letters, digits, - and _ each.
        tags: Vec<String> = Form::List(&Form::Text(tag), Range(0, 8)), Absent::Empty;
        /// Direct routes to Japanese carriers, for messages to +81. For registered users.
        japan: Option<Japan> = Form::Map(&Japan::FIELDS), Absent::Out;
    }
}

crate::record! {
    stored
    /// Direct routes to Japanese carriers, for messages to +81 (help.xoxzo.com, "K-Premium").
    pub(crate) Japan {
        /// kp: K-Premium (jp_kp). kpl: K-Premium Lite (jp_kpl).
        route: Route = Form::Choice(&Route::CODES), Absent::Required;
        /// The registered numeric sender (jp_kp_sender): 1 to 15 digits.
        sender: String = Form::Text(registered_sender), Absent::Required;
    }
}

crate::choice! {
    stored
    /// A direct route to Japanese carriers.
    Route {
        /// K-Premium.
        Premium = "kp",
        /// K-Premium Lite.
        PremiumLite = "kpl",
    }
}

impl Xoxzo {
    /// Tells whether requests go to this machine only, as test mode demands.
    pub(crate) fn is_loopback(&self) -> bool {
        let url = self.base_url.as_str();
        let rest = url.strip_prefix("https").or(url.strip_prefix("http"));
        let own = |rest: &str| {
            ["://127.0.0.1", "://localhost", "://[::1]"]
                .iter()
                .filter_map(|own| rest.strip_prefix(own))
                .any(|rest| rest.is_empty() || rest.starts_with(':'))
        };
        rest.is_some_and(own)
    }
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
            timeout: xoxzo.timeout_milliseconds,
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
fn is_origin(url: &str) -> bool {
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
fn is_callback(url: &str) -> bool {
    let start = url
        .bytes()
        .position(|byte| byte == b':')
        .map_or(0, |at| at.saturating_add(3));
    let end = url
        .bytes()
        .enumerate()
        .find(|(at, byte)| *at >= start && b"/?".contains(byte))
        .map_or(url.len(), |(at, _)| at);
    form::plain::<256>(url).is_ok()
        && url.bytes().all(|byte| !b"\"#\\<>".contains(&byte))
        && url.get(..end).is_some_and(is_origin)
}

fn sid(text: &str) -> Result<(), InvalidFormat> {
    form::plain::<128>(text)?;
    InvalidFormat::unless(split(text, b':').is_none(), "must have no colon")
}

fn sender(text: &str) -> Result<(), InvalidFormat> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (1..=if digits { 15 } else { 10 }).contains(&text.len());
    InvalidFormat::unless(
        fits,
        "must be 1 to 10 letters and digits, or 1 to 15 digits",
    )
}

fn registered_sender(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(form::digits(text, 1), "must be 1 to 15 digits")
}

fn base_url(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        is_origin(text),
        "must be https://HOST, or http://LOOPBACK:PORT, and no more",
    )
}

fn callback_url(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(
        is_callback(text),
        "must be an https url, or http on a loopback address, of at most 256 characters",
    )
}

fn tag(text: &str) -> Result<(), InvalidFormat> {
    let fits = text.len() <= 32 && form::name(text);
    InvalidFormat::unless(fits, "must be 1 to 32 letters, digits, - and _")
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
            assert!(is_callback(good), "{good}");
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
            assert!(!is_callback(bad), "{bad}");
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
            assert!(is_origin(good), "{good}");
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
            assert!(!is_origin(bad), "{bad}");
        }
    }

    #[test]
    fn senders() {
        for good in ["Xoxzo", "A123456789", "814512345678901"] {
            assert!(sender(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "Example Shop",
            "ABCDEFGHIJK",
            "8145123456789012",
            "+8145",
            "店",
        ] {
            assert!(sender(bad).is_err(), "{bad}");
        }
    }
}
