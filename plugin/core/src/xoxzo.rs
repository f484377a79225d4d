//! The Xoxzo API, as far as it is used: freeform SMS.
//!
//! Source of each rule: docs.xoxzo.com, "SMS" (parameters, 201 with an array of one object) and "README" (HTTP Basic).

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::phone::Recipient;
use crate::prepared::Account;

/// An HTTP request to make. Debug shows neither headers nor body: they hold credentials and a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// Absolute URL on the origin of the settings.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
    /// Milliseconds for the whole exchange.
    pub timeout: u32,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What an HTTP answer of Xoxzo means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// The message was taken.
    Taken {
        /// Xoxzo's id of it.
        message_id: String,
    },
    /// A 4xx: the message was surely not taken.
    Refused {
        /// HTTP status.
        status: u16,
        /// Which of the known fields are named in the answer, for a log. Never the answer's text, which may hold the number.
        fields: String,
        /// Seconds to wait, with a 429 that says so.
        retry_after: Option<u32>,
    },
    /// Anything else: it may have been taken.
    Unreadable {
        /// HTTP status.
        status: u16,
    },
}

/// The request that sends `text`.
pub(crate) fn send(account: &Account, recipient: &Recipient, text: &str) -> Request {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("message", text)
        .append_pair("recipient", recipient.as_str())
        .append_pair("sender", &account.sender);
    Request {
        method: "POST",
        url: [&account.base_url, "/sms/messages/"].concat(),
        headers: alloc::vec![
            ("accept", "application/json".to_string()),
            ("authorization", account.authorization.to_owned()),
            (
                "content-type",
                "application/x-www-form-urlencoded".to_string()
            ),
        ],
        body: form.finish(),
        timeout: account.timeout,
    }
}
