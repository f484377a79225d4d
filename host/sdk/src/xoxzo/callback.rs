//! Callbacks: Xoxzo tells `xoxzo.callback_url` that the state of a message has changed (blog.xoxzo.com, 2017-10-17).
//!
//! Nothing signs a callback, so that anybody who knows the URL can send one. It is taken for a hint only: of all that it says the id of the message is
//! read, and the state is asked from Xoxzo.

use serde_json::Value;

use crate::binding::Report;
use crate::client::TwoFactor;
use crate::error::Error;
use crate::signed::Handle;

/// The longest body that is read, in bytes.
const LONGEST: usize = 16 * 1024;

/// The longest id of a message, in characters.
const ID: usize = 64;

/// The outcome of a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Callback {
    /// Xoxzo was asked, and reports this state.
    Reported {
        /// Xoxzo's id of the message.
        message_id: String,
        /// The state, as Xoxzo reports it.
        report: Report,
    },
    /// The callback is malformed, or about a message that the service does not know or that is older than a day. Xoxzo was not asked.
    Ignored,
    /// Xoxzo cannot be asked now: it was moments ago, or the guard or Xoxzo does not answer. Let the callback come again.
    Postponed(Error),
}

impl Callback {
    /// Returns the HTTP status to answer with: 200, or 503 for a callback that should come again.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Reported { .. } | Self::Ignored => 200,
            Self::Postponed(_) => 503,
        }
    }

    fn asked(message_id: String, result: Result<Report, Error>) -> Self {
        match result {
            Ok(report) => Self::Reported { message_id, report },
            Err(error @ Error::Upstream(_)) => Self::Postponed(error),
            Err(error) if error.failure().retry_after.is_some() => Self::Postponed(error),
            Err(_) => Self::Ignored,
        }
    }
}

impl TwoFactor {
    /// Takes a callback of Xoxzo's: finds out which message it is about, and asks Xoxzo for its state. A state in the callback itself is not read. A
    /// callback that is repeated changes nothing, and Xoxzo is asked at most once in 5 s for each message.
    ///
    /// `body` is the body of the request, a form or JSON, or the query of its URL. More than 16 KiB are ignored; let the server read no more. `find`
    /// returns the handle that the service kept for [`Audit::message_id`](crate::Audit::message_id) of a challenge.
    ///
    /// ```no_run
    /// # use std::collections::HashMap;
    /// # use xoxzo_2fa::{Callback, Handle, TwoFactor};
    /// fn delivery(two_factor: &TwoFactor, sent: &HashMap<String, Handle>, body: &[u8]) -> u16 {
    ///     let callback = two_factor.receive(body, |message_id| sent.get(message_id).cloned());
    ///     if let Callback::Reported { message_id, report } = &callback {
    ///         println!("{message_id} is {}", report.delivery.as_str());
    ///     }
    ///     callback.status()
    /// }
    /// ```
    pub fn receive(&self, body: &[u8], find: impl FnOnce(&str) -> Option<Handle>) -> Callback {
        let Some(message_id) = message_id(body) else {
            return Callback::Ignored;
        };
        match find(&message_id) {
            Some(handle) => Callback::asked(message_id, self.status(&handle)),
            None => Callback::Ignored,
        }
    }
}

#[cfg(feature = "tokio")]
impl crate::AsyncTwoFactor {
    /// The asynchronous form of [`TwoFactor::receive`], whose `find` may wait, too.
    ///
    /// ```no_run
    /// # use xoxzo_2fa::{AsyncTwoFactor, Handle};
    /// use axum::{body::Bytes, extract::State, http::StatusCode};
    ///
    /// # #[derive(Clone)]
    /// # struct Handles;
    /// # impl Handles {
    /// #     async fn of(&self, _: &str) -> Option<Handle> { None }
    /// # }
    /// #[derive(Clone)]
    /// struct Service {
    ///     two_factor: AsyncTwoFactor,
    ///     handles: Handles, // a table of the service's database
    /// }
    ///
    /// async fn delivery(State(service): State<Service>, body: Bytes) -> StatusCode {
    ///     let find = |message_id: String| async move { service.handles.of(&message_id).await };
    ///     let callback = service.two_factor.receive(&body, find).await;
    ///     StatusCode::from_u16(callback.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    /// }
    /// # let _: axum::Router<Service> = axum::Router::new().route("/delivery/9f2c", axum::routing::post(delivery));
    /// ```
    pub async fn receive<F>(&self, body: &[u8], find: impl FnOnce(String) -> F) -> Callback
    where
        F: Future<Output = Option<Handle>>,
    {
        let Some(message_id) = message_id(body) else {
            return Callback::Ignored;
        };
        match find(message_id.clone()).await {
            Some(handle) => Callback::asked(message_id, self.status(&handle).await),
            None => Callback::Ignored,
        }
    }
}

/// Finds the id in a JSON object or a form, which Xoxzo's pages do not settle.
fn message_id(body: &[u8]) -> Option<String> {
    if body.len() > LONGEST {
        return None;
    }
    let id = match serde_json::from_slice::<Value>(body) {
        Ok(object) => NAMES
            .iter()
            .find_map(|name| Some(object.get(name)?.as_str()?.to_string())),
        Err(_) => {
            let mut pairs = form_urlencoded::parse(body);
            let id = pairs.find(|(name, _)| NAMES.contains(&&**name));
            id.map(|(_, id)| id.into_owned())
        }
    };
    id.filter(|id| is_id(id))
}

/// The names of the id of a message and of a call.
const NAMES: [&str; 2] = ["msgid", "callid"];

fn is_id(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=ID).contains(&id.len()) && id.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_in_a_form_or_an_object() {
        for (body, expected) in [
            ("msgid=aB3&status=DELIVERED", Some("aB3")),
            ("status=DELIVERED&callid=0-f_1", Some("0-f_1")),
            (r#"{"status":"DELIVERED","msgid":"aB3"}"#, Some("aB3")),
            ("msgid=%61B3", Some("aB3")),
            ("", None),
            ("msgid=", None),
            ("msgid=a/../b", None),
            ("msgid=a%0Ab", None),
            ("message=aB3", None),
            (r#"["msgid"]"#, None),
            (r#"{"msgid":7}"#, None),
            (r#"{"msgid":"a b"}"#, None),
            ("17", None),
            ("\u{0}\u{ff}", None),
        ] {
            assert_eq!(message_id(body.as_bytes()).as_deref(), expected, "{body:?}");
        }
    }

    #[test]
    fn input_is_bounded() {
        let padded = |length: usize| {
            let mut body = b"msgid=aB3&x=".to_vec();
            body.resize(length, b'x');
            message_id(&body)
        };
        assert_eq!(padded(LONGEST).as_deref(), Some("aB3"));
        assert_eq!(padded(LONGEST + 1), None);
        let id = |length: usize| message_id(format!("msgid={}", "x".repeat(length)).as_bytes());
        assert!(id(ID).is_some() && id(ID + 1).is_none());
        let deep = "[".repeat(LONGEST);
        assert_eq!(message_id(deep.as_bytes()), None);
    }
}
