//! Requests of the component on their way out, and responses on their way in.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Uri};

use crate::bindings::xoxzo::two_factor::types;
use crate::guard::{Charge, GuardError, Totals};
use crate::transport::{Body, INWARD, Lost};

/// Bytes of the longest string that the component is handed as it is.
const LONGEST: usize = 4 * 1024;

/// The most receipt keys.
pub(crate) const KEYS: usize = 256;

/// A string for the component. One that is longer than any that is right becomes an empty one, which is refused as any other that is wrong.
pub(crate) fn bounded(text: &str) -> &str {
    if text.len() > LONGEST { "" } else { text }
}

/// The most charges of a list: more than any operation makes.
const CHARGES: usize = 64;

/// Reads a list for a store.
///
/// # Errors
///
/// The answer to a list that no store may see.
pub(crate) fn listed(charges: Vec<types::Charge>) -> Result<Vec<Charge>, types::HostFailure> {
    if charges.len() > CHARGES {
        return Err(types::HostFailure {
            no_answer: types::NoAnswer::GuardUnreachable,
            cause: format!("plugin: the component made a list of more than {CHARGES} charges"),
        });
    }
    Ok(charges.into_iter().map(Charge::from).collect())
}

/// A guard's answer for the component: no longer than the list that it answers.
pub(crate) fn counted(
    charges: &[Charge],
    answer: Result<Totals, GuardError>,
) -> Result<Totals, GuardError> {
    answer.and_then(|totals| {
        if totals.len() > charges.len() {
            return Err(GuardError::Unfit("more totals than charges".to_string()));
        }
        Ok(totals)
    })
}

/// A request that may go out, and the time it has.
///
/// # Errors
///
/// [`Lost::NotSent`] for any origin but that of the settings, and for what is no request.
pub(crate) fn outgoing(
    allowed: Option<&Uri>,
    request: types::Request,
) -> Result<(Request<Body>, Duration), Lost> {
    let malformed = || Lost::NotSent("plugin: the component made no valid request".to_string());
    let uri: Uri = request.url.parse().map_err(|_| malformed())?;
    if allowed.is_none_or(|origin| {
        (origin.scheme(), origin.authority()) != (uri.scheme(), uri.authority())
    }) {
        return Err(Lost::NotSent(
            "plugin: the component asked for another origin than that of the settings".to_string(),
        ));
    }
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| malformed())?;
    let timeout =
        Duration::from_millis(request.timeout_milliseconds.into()).min(Duration::from_secs(30));
    let mut outgoing = Request::new(Body(request.body));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = uri;
    for types::Header { name, value } in request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| malformed())?;
        value.set_sensitive(name == http::header::AUTHORIZATION);
        outgoing.headers_mut().append(name, value);
    }
    Ok((outgoing, timeout))
}

/// Reduces a response to the parts that the component sees.
pub(crate) fn inward(response: http::Response<Vec<u8>>) -> types::Response {
    let (parts, body) = response.into_parts();
    let retry_after = parts
        .headers
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let header = |value: &str| types::Header {
        name: "retry-after".to_string(),
        value: value.chars().take(64).collect(),
    };
    let mut text = String::from_utf8_lossy(&body[..body.len().min(INWARD)]).into_owned();
    text.truncate(text.floor_char_boundary(INWARD));
    types::Response {
        status: parts.status.as_u16(),
        headers: retry_after.map(header).into_iter().collect(),
        body: text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> types::Request {
        types::Request {
            method: "POST".to_string(),
            url: url.to_string(),
            headers: vec![types::Header {
                name: "authorization".to_string(),
                value: "Basic x".to_string(),
            }],
            body: "secret".to_string(),
            timeout_milliseconds: 1_000,
        }
    }

    #[test]
    fn a_component_reaches_one_origin() {
        let origin: Uri = "https://api.xoxzo.com".parse().unwrap();
        for url in [
            "http://api.xoxzo.com/",
            "https://api.xoxzo.com:8443/",
            "https://api.xoxzo.com.evil.example/",
            "https://api.xoxzo.com@evil.example/",
            "https://evil.example/https://api.xoxzo.com/",
            "/sms/messages/",
            "file:///etc/passwd",
            "",
        ] {
            assert!(
                matches!(outgoing(Some(&origin), request(url)), Err(Lost::NotSent(_))),
                "{url}"
            );
        }
        let url = "https://api.xoxzo.com/sms/messages/";
        assert!(outgoing(None, request(url)).is_err());
        let (request, timeout) = outgoing(Some(&origin), request(url)).unwrap();
        assert_eq!(*request.uri(), url);
        assert!(request.headers().values().all(HeaderValue::is_sensitive));
        assert_eq!(timeout, Duration::from_secs(1));
    }

    #[test]
    fn a_header_that_would_split_is_not_sent() {
        let origin: Uri = "https://api.xoxzo.com".parse().unwrap();
        let mut split = request("https://api.xoxzo.com/");
        split.headers[0].value = "a\r\nb: c".to_string();
        assert!(matches!(
            outgoing(Some(&origin), split),
            Err(Lost::NotSent(_))
        ));
    }

    #[test]
    fn a_body_is_cut_and_decoded_leniently() {
        let response = inward(http::Response::new(vec![0xff; 64 * 1024]));
        assert!(response.body.len() <= INWARD && response.body.len() > INWARD - 3);
        assert!(response.body.chars().all(|letter| letter == '\u{fffd}'));
    }
}
