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
    /// HAProxy, with an action in Lua.
    Haproxy,
    /// Envoy, with `ext_authz`.
    Envoy,
    /// Apache, with `mod_lua`.
    Apache,
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
            Self::Caddy | Self::Haproxy | Self::Envoy | Self::Apache => Dialect::Forward,
        }
    }

    /// The name of the proxy, as an argument.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::Haproxy => "haproxy",
            Self::Envoy => "envoy",
            Self::Apache => "apache",
        }
    }

    /// The configuration of the proxy. A line may begin with the condition under which it is printed, and `{{…}}` is a value.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Nginx => include_str!("../fronts/nginx.conf"),
            Self::Caddy => include_str!("../fronts/Caddyfile"),
            Self::Haproxy => include_str!("../fronts/haproxy.cfg"),
            Self::Envoy => include_str!("../fronts/envoy.yaml"),
            Self::Apache => include_str!("../fronts/apache.conf"),
        }
    }

    /// The only header that the original URI is read from.
    pub(crate) fn uri(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Nginx => "x-original-uri",
            Self::Caddy | Self::Haproxy | Self::Envoy | Self::Apache => "x-forwarded-uri",
        })
    }

    /// The only header that the original method is read from.
    pub(crate) fn method(self) -> HeaderName {
        HeaderName::from_static(match self {
            Self::Nginx => "x-original-method",
            Self::Caddy | Self::Haproxy | Self::Envoy | Self::Apache => "x-forwarded-method",
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
