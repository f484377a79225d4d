//! The one account of a sandbox, and its HTTP Basic authentication (RFC 7617).

use std::io;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64ct::{Base64, Encoding};

use crate::ids::random_id;

/// The longest SID or Auth Token that xoxzo-2fa takes, in bytes.
const LONGEST: usize = 128;

/// Has no Debug: there is a token in it.
pub(crate) struct Account {
    pub(crate) sid: String,
    pub(crate) auth_token: String,
}

impl Account {
    /// Takes the credentials that are given, and draws the others at random.
    pub(crate) fn new(sid: Option<String>, auth_token: Option<String>) -> io::Result<Self> {
        let sid = sid.map_or_else(random_id, Ok)?;
        let auth_token = auth_token.map_or_else(random_id, Ok)?;
        Ok(Self { sid, auth_token })
    }

    /// Checks that the headers bear the credentials. The error says why not.
    pub(crate) fn admit(&self, headers: &HeaderMap) -> Result<(), &'static str> {
        const ABSENT: &str = "Authentication credentials were not provided.";
        const WRONG: &str = "Invalid username/password.";

        let given = headers.get(AUTHORIZATION).ok_or(ABSENT)?;
        let (scheme, text) = given
            .to_str()
            .ok()
            .and_then(|it| it.split_once(' '))
            .ok_or(ABSENT)?;
        if !scheme.eq_ignore_ascii_case("Basic") {
            return Err(ABSENT);
        }
        let pair = Base64::decode_vec(text.trim()).map_err(|_| WRONG)?;
        // The guesser is on this machine and the account opens nothing: plain equality will do.
        let own = format!("{}:{}", self.sid, self.auth_token);
        if pair == own.as_bytes() {
            Ok(())
        } else {
            Err(WRONG)
        }
    }
}

/// Checks that a SID is one that xoxzo-2fa takes and that fits HTTP Basic authentication.
pub(crate) fn check_sid(text: &str) -> Result<(), &'static str> {
    let fits = is_plain(text) && !text.contains(':');
    fits.then_some(())
        .ok_or("the SID must be 1 to 128 printable ASCII characters without spaces and colons")
}

/// Checks that an Auth Token is one that xoxzo-2fa takes.
pub(crate) fn check_auth_token(text: &str) -> Result<(), &'static str> {
    is_plain(text)
        .then_some(())
        .ok_or("the Auth Token must be 1 to 128 printable ASCII characters without spaces")
}

fn is_plain(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
