//! The proxies that ask, and how each of them does.

use clap::ValueEnum;
use http::HeaderName;

/// A proxy, with the headers that it overwrites in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Proxy {
    /// nginx, with `auth_request`.
    Nginx,
    /// Caddy, with `forward_auth`.
    Caddy,
}

/// The kind of answer to a check that a proxy understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// 200, 401 or 403, without a body. nginx turns any other status into 500. The proxy asks `/answer` for what the client gets instead.
    AuthRequest,
    /// 200, or the gate's own answer, which the proxy hands to the client.
    Forward,
}

impl Proxy {
    /// Returns the kind of answers that it understands.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::Nginx => Dialect::AuthRequest,
            Self::Caddy => Dialect::Forward,
        }
    }

    /// The only header that the original URI is read from.
    pub(crate) fn uri(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Nginx => "x-original-uri",
            Self::Caddy => "x-forwarded-uri",
        })
    }

    /// The only header that the original method is read from.
    pub(crate) fn method(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Nginx => "x-original-method",
            Self::Caddy => "x-forwarded-method",
        })
    }
}

/// Headers by which proxies and applications name the original target or method. Where a request has one that its proxy does not overwrite, a client
/// has written it, and something behind may believe it.
pub(crate) const NAMES: [&str; 10] = [
    "x-original-uri",
    "x-original-url",
    "x-original-method",
    "x-forwarded-uri",
    "x-forwarded-path",
    "x-forwarded-method",
    "x-rewrite-url",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
];
