//! The facts that a request of the proxy states, each from exactly one header.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use subtle::ConstantTimeEq;
use xoxzo_2fa_gate::Head;

use crate::document::Secret;
use crate::proxy::{NAMES, Proxy};

/// The header with the secret that the proxy shares with the server.
pub(crate) const SECRET: HeaderName = HeaderName::from_static("x-2fa-secret");
/// The header with the address of the client.
pub(crate) const CLIENT: HeaderName = HeaderName::from_static("x-2fa-client");

/// The request is not as the proxy makes it. The text is for a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Untrusted(pub(crate) &'static str);

/// A request that its proxy asks about, or one of the gate's own pages.
pub(crate) struct Facts {
    /// The original request, with its pseudo-headers.
    pub(crate) head: Head,
    /// The address of the client, if the proxy says it.
    pub(crate) client: Option<String>,
}

/// Checks that the proxy makes the request: by the secret, or without one by the socket that only the proxy can open.
pub(crate) fn trust(headers: &HeaderMap, secret: Option<&Secret>) -> Result<(), Untrusted> {
    let Some(secret) = secret else {
        return Ok(());
    };
    match only(headers, &SECRET)? {
        Some(shown) if bool::from(shown.as_bytes().ct_eq(secret.as_bytes())) => Ok(()),
        Some(_) => Err(Untrusted("x-2fa-secret has another value")),
        None => Err(Untrusted("x-2fa-secret is missing")),
    }
}

impl Facts {
    /// Reads a request that the proxy asks about: URI and method from the proxy's own headers.
    pub(crate) fn asked(headers: &HeaderMap, proxy: Proxy) -> Result<Self, Untrusted> {
        let (uri, method) = (proxy.uri(), proxy.method());
        let missing = Untrusted("the original URI or method is missing");
        let path = only(headers, &uri)?.ok_or(missing)?;
        let verb = only(headers, &method)?.ok_or(missing)?;
        Self::new(headers, path.as_bytes(), verb.as_bytes(), &[uri, method])
    }

    /// Reads a request that the proxy forwards as it came.
    pub(crate) fn forwarded(
        headers: &HeaderMap,
        path: &str,
        method: &str,
    ) -> Result<Self, Untrusted> {
        Self::new(headers, path.as_bytes(), method.as_bytes(), &[])
    }

    fn new(
        headers: &HeaderMap,
        path: &[u8],
        method: &[u8],
        used: &[HeaderName],
    ) -> Result<Self, Untrusted> {
        let strange = |name: &HeaderName| !used.contains(name) && is_known(name);
        if headers.keys().any(strange) {
            return Err(Untrusted(
                "a header names another URI or method, or does so in another spelling",
            ));
        }
        let client = match only(headers, &CLIENT)? {
            Some(address) => {
                Some(address_of(address).ok_or(Untrusted("x-2fa-client is no address"))?)
            }
            None => None,
        };
        let own = |name: &HeaderName| *name == SECRET || *name == CLIENT || used.contains(name);
        let pairs = headers.iter().filter(|(name, _)| !own(name));
        let pairs = pairs.map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
        let pseudo = [(&b":method"[..], method), (b":path", path)];
        Ok(Self {
            head: Head::new(pseudo.into_iter().chain(pairs)),
            client,
        })
    }
}

/// Tells whether a header names a target or method. Hyphens and underscores are one: some applications cannot tell them apart.
fn is_known(name: &HeaderName) -> bool {
    NAMES
        .iter()
        .any(|known| name.as_str().replace('_', "-") == *known)
}

/// The value of a header that stands there once at most.
fn only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, Untrusted> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match values.next() {
        Some(_) => Err(Untrusted("a header of the proxy is repeated")),
        None => Ok(first),
    }
}

fn address_of(value: &HeaderValue) -> Option<String> {
    let address: IpAddr = value.to_str().ok()?.parse().ok()?;
    Some(address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect::<Vec<_>>().into_iter().fold(
            HeaderMap::new(),
            |mut map, (name, value)| {
                map.append(name, value);
                map
            },
        )
    }

    const URI: (&str, &str) = ("x-original-uri", "/a?b");
    const METHOD: (&str, &str) = ("x-original-method", "POST");

    #[test]
    fn uri_and_method_have_one_source() {
        let asked = |pairs: &[_]| Facts::asked(&headers(pairs), Proxy::Nginx);
        let facts = asked(&[
            URI,
            METHOD,
            ("cookie", "a=b"),
            ("x-2fa-client", "192.0.2.1"),
        ])
        .unwrap();
        assert_eq!(facts.head.value(":path"), Some(&b"/a?b"[..]));
        assert_eq!(facts.head.value(":method"), Some(&b"POST"[..]));
        assert_eq!(facts.head.value("cookie"), Some(&b"a=b"[..]));
        assert_eq!(facts.head.value("x-original-uri"), None);
        assert_eq!(facts.client.as_deref(), Some("192.0.2.1"));
        for pairs in [
            &[URI][..],
            &[METHOD],
            &[URI, URI, METHOD],
            &[URI, METHOD, METHOD],
            &[URI, METHOD, ("x-forwarded-uri", "/a?b")],
            &[URI, METHOD, ("x_original_uri", "/a?b")],
            &[URI, METHOD, ("x-http-method-override", "GET")],
            &[URI, METHOD, ("x-2fa-client", "192.0.2.1, 192.0.2.2")],
            &[URI, METHOD, ("x-2fa-client", "a"), ("x-2fa-client", "a")],
        ] {
            assert!(asked(pairs).is_err(), "{pairs:?}");
        }
    }

    #[test]
    fn pages_have_no_other_uri_at_all() {
        let forwarded = |pairs: &[_]| Facts::forwarded(&headers(pairs), "/.2fa/", "GET");
        assert!(forwarded(&[("cookie", "a=b")]).is_ok());
        assert!(forwarded(&[URI]).is_err());
    }

    #[test]
    fn the_secret_is_shown_once_and_whole() {
        let secret = Secret::new("0123456789abcdef0123456789abcdef");
        let shown = |pairs: &[_]| trust(&headers(pairs), Some(&secret));
        let right = ("x-2fa-secret", "0123456789abcdef0123456789abcdef");
        assert_eq!(shown(&[right]), Ok(()));
        for pairs in [
            &[][..],
            &[right, right],
            &[("x-2fa-secret", "0123456789abcdef0123456789abcde")],
            &[("x-2fa-secret", "")],
        ] {
            assert!(shown(pairs).is_err());
        }
        assert_eq!(trust(&headers(&[]), None), Ok(()));
    }
}
