//! How a sandbox starts.

use std::fmt;

/// How to start. The default takes a free port and random credentials.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Options {
    /// TCP port on 127.0.0.1; 0, the default, takes a free one.
    pub port: u16,
    /// API SID; a random one of 32 letters and digits if absent.
    pub sid: Option<String>,
    /// Auth Token; a random one of 32 letters and digits if absent.
    pub auth_token: Option<String>,
}

impl Options {
    /// Sets the TCP port on 127.0.0.1; 0 takes a free one.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the credentials: the API SID, which holds no colon (RFC 7617, section 2), and the
    /// Auth Token.
    #[must_use]
    pub fn account(mut self, sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        self.sid = Some(sid.into());
        self.auth_token = Some(auth_token.into());
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("port", &self.port)
            .field("sid", &self.sid)
            .field("auth_token", &"[REDACTED]")
            .finish()
    }
}
