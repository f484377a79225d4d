//! The exchange between Envoy and the gate: heads, bodies, answers, the calls to Xoxzo and to the guard service.
//!
//! Only getters of bytes: those of text end the virtual machine where something is not UTF-8.

use std::ops::Range;
use std::time::Duration;

use log::error;
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};
use xoxzo_2fa_core::{Answer, NoAnswer, Request as Call};
use xoxzo_2fa_gate::{Forward, GateResponse, Head, IdentityClaims, IdentitySettings, Source};

use crate::host;

/// Bytes of a reply that are read for the gate.
pub(crate) const REPLY: usize = 16 * 1024;

/// Beginnings of the bodies that Envoy writes itself where a cluster did not answer. They say why: a name, a connection, a certificate, a timeout.
const OWN: [&str; 3] = [
    "upstream connect error",
    "no healthy upstream",
    "upstream request timeout",
];

/// Text for whoever set up an Envoy that keeps bodies back.
const LACKING: &str = "No body of a form has come to the gate in 10 seconds. \
    Set allow_on_headers_stop_iteration: true beside vm_config of the gate's filter (Envoy 1.36 or later): \
    without it Envoy keeps the body of each form back, and no code can be sent or checked.\n";

/// The head of the request.
pub(crate) fn head() -> Option<Head> {
    map(MapType::HttpRequestHeaders)
}

/// The request's trailers.
pub(crate) fn trailers() -> Option<Head> {
    map(MapType::HttpRequestTrailers)
}

fn map(of: MapType) -> Option<Head> {
    pairs(host::map(of)?)
}

fn pairs(bytes: Vec<u8>) -> Option<Head> {
    let places = places(&bytes)?;
    Some(Head::from_parts(bytes, places))
}

/// Where the names and values of a map are, as the host writes one: their number, then the lengths of each name and value, then each with a
/// zero byte at its end (proxy-wasm ABI 0.2.1). All numbers have four bytes, little-endian.
fn places(bytes: &[u8]) -> Option<Vec<[Range<usize>; 2]>> {
    let number = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    let count = if bytes.is_empty() { 0 } else { number(0)? };
    let mut place = count.checked_mul(8)?.checked_add(4)?;
    let mut next = |length: usize| {
        let end = place.checked_add(length)?;
        let range = place..end;
        place = end.checked_add(1)?;
        Some(range)
    };
    let mut places = Vec::with_capacity(count.min(bytes.len()));
    for pair in 0..count {
        let at = pair.checked_mul(8)?.checked_add(4)?;
        places.push([next(number(at)?)?, next(number(at.checked_add(4)?)?)?]);
    }
    Some(places)
}

/// So many bytes of the request's body.
pub(crate) fn body(size: usize) -> Vec<u8> {
    if size == 0 {
        return Vec::new();
    }
    let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, size);
    body.ok().flatten().unwrap_or_default()
}

/// Reads the claims that an earlier filter has verified.
pub(crate) fn claims(identity: &IdentitySettings) -> IdentityClaims {
    if identity.source == Source::DangerHeaders {
        return IdentityClaims::default();
    }
    let IdentitySettings { filter, key, .. } = identity;
    // All at once, which is one call of the host. It fails if one of them, whichever, is of a kind that Envoy does not write.
    let whole = property(&["metadata", "filter_metadata", filter, key]);
    let whole = whole.and_then(pairs);
    let claim = |name: &str| match &whole {
        Some(claims) => claims.value(name).map(<[u8]>::to_vec),
        None => property(&["metadata", "filter_metadata", filter, key, name]),
    };
    // Only what was read as a whole can lack a phone. One that is of such a kind is no absent one, and zero is no phone.
    let phone = claim(&identity.phone).or_else(|| whole.is_none().then(|| vec![0]));
    IdentityClaims {
        subject: claim(&identity.subject),
        phone,
        session: identity.session_name().and_then(|name| claim(name)),
        credential_version: identity.credential_version.as_deref().and_then(claim),
    }
}

/// The client's address, without its port.
pub(crate) fn client() -> Option<String> {
    let address = property(&["source", "address"])?;
    let (host, _) = std::str::from_utf8(&address).ok()?.rsplit_once(':')?;
    Some(host.trim_matches(['[', ']']).to_string())
}

fn property(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path.to_vec()).ok().flatten()
}

/// Changes the request; false if that did not work.
pub(crate) fn change(forward: &Forward) -> bool {
    let removed = remove(MapType::HttpRequestHeaders, &forward.remove);
    let set = forward.receipt.as_ref().is_none_or(|receipt| {
        let name = Forward::RECEIPT;
        hostcalls::set_map_value(MapType::HttpRequestHeaders, name, Some(receipt)).is_ok()
    });
    removed && forward.cookies.as_deref().is_none_or(replace_cookies) && set
}

/// Puts a value in the place of all cookies.
fn replace_cookies(value: &[u8]) -> bool {
    let (map, name) = (MapType::HttpRequestHeaders, "cookie");
    hostcalls::remove_map_value(map, name).is_ok()
        && (value.is_empty() || hostcalls::add_map_value_bytes(map, name, value).is_ok())
}

/// Takes trailers away; false if that did not work.
pub(crate) fn remove_trailers(names: &[String]) -> bool {
    remove(MapType::HttpRequestTrailers, names)
}

fn remove(from: MapType, names: &[String]) -> bool {
    names
        .iter()
        .all(|name| hostcalls::remove_map_value(from, name).is_ok())
}

/// Answers the request.
pub(crate) fn respond(response: &GateResponse) {
    let headers = response.headers.iter();
    let headers = headers
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let body = Some(response.body.as_bytes());
    if hostcalls::send_http_response(response.status.into(), headers, body).is_err() {
        error!("the answer could not be given");
    }
}

/// The last resort: nothing goes through.
pub(crate) fn fail(why: &str) {
    error!("{why}");
    let headers = vec![("cache-control", "no-store")];
    // Where this fails too, the request waits until Envoy ends it.
    let _given = hostcalls::send_http_response(500, headers, None);
}

/// Answers another request, whose form came without its body.
pub(crate) fn give_up(context: u32) {
    if hostcalls::set_effective_context(context).is_err() {
        // It has ended.
        return;
    }
    error!("{LACKING}");
    let headers = vec![
        ("cache-control", "no-store"),
        ("content-type", "text/plain"),
    ];
    let _given = hostcalls::send_http_response(503, headers, Some(LACKING.as_bytes()));
}

/// Asks Xoxzo, or the guard service.
///
/// # Errors
///
/// The request was not sent, and why.
pub(crate) fn call(cluster: &str, call: &Call) -> Result<(), String> {
    let place = call.url.split_once("://").and_then(|(scheme, rest)| {
        let (authority, path) = rest.split_at_checked(rest.find('/')?)?;
        Some((scheme, authority, path))
    });
    let (scheme, authority, path) = place.ok_or("envoy: the URL has no path")?;
    let mut headers = vec![
        (":method", call.method),
        (":scheme", scheme),
        (":authority", authority),
        (":path", path),
    ];
    headers.extend(
        call.headers
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    let timeout = Duration::from_millis(call.timeout.into());
    let body = (!call.body.is_empty()).then_some(call.body.as_bytes());
    let made = hostcalls::dispatch_http_call(cluster, headers, body, Vec::new(), timeout);
    made.map(|_| ()).map_err(|status| {
        error!("the call to cluster {cluster:?} was not made: {status:?}");
        format!("envoy: no call to the cluster: {status:?}")
    })
}

/// Reads a response, of so many headers and bytes, up to `most` bytes.
pub(crate) fn reply(headers: usize, size: usize, most: usize) -> Answer {
    // Without headers there is no answer, and to read one would be fatal.
    if headers == 0 {
        let cause = "envoy: no answer".to_string();
        return Answer::Unanswered(NoAnswer::Unknown, cause);
    }
    let headers = map(MapType::HttpCallResponseHeaders).unwrap_or_default();
    let value = |name: &str| std::str::from_utf8(headers.value(name)?).ok();
    let status = value(":status").and_then(|status| status.parse().ok());
    let body = match size.min(most) {
        0 => None,
        size => hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size)
            .ok()
            .flatten(),
    };
    let body = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
    let status = status.unwrap_or(0);
    if status >= 500 && OWN.iter().any(|own| body.starts_with(own)) {
        return Answer::Unanswered(NoAnswer::Unknown, ["envoy: ", &body].concat());
    }
    let wait = value("retry-after").map(|value| ("retry-after", value));
    Answer::Response(xoxzo_2fa_core::Response::new(status, wait, body))
}
