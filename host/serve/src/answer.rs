//! The gate's decisions as HTTP, in the words that a proxy understands.

use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use xoxzo_2fa_gate::{Forward, GateResponse};

use crate::judge::Decision;
use crate::proxy::Dialect;

/// A whole answer.
pub(crate) type Answer = Response<Full<Bytes>>;

/// The value of the receipt's header where there is no receipt: on paths that need no pass. Some proxies would hand on a client's own header
/// otherwise.
const NO_RECEIPT: HeaderValue = HeaderValue::from_static("-");

/// An answer with nothing but a status and a line of text.
pub(crate) fn plain(status: StatusCode, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

/// Answers a check. Only a request that may reach the application is answered with a status below 300, and no such answer sets a cookie.
pub(crate) fn check(dialect: Dialect, decision: &Decision) -> Answer {
    let response = match decision {
        Decision::Forward(forward) => return forwarded(forward),
        Decision::Respond(response) => response,
    };
    match dialect {
        Dialect::AuthRequest => {
            let challenges = matches!(response.status, 303 | 401);
            plain(
                if challenges {
                    StatusCode::UNAUTHORIZED
                } else {
                    StatusCode::FORBIDDEN
                },
                "",
            )
        }
        Dialect::Forward => {
            let mut answer = page(response);
            // A page of the gate that was asked for by another way than its own.
            if answer.status().is_success() {
                *answer.status_mut() = StatusCode::FORBIDDEN;
            }
            answer
        }
    }
}

fn forwarded(forward: &Forward) -> Answer {
    if is_forged(forward) {
        return plain(StatusCode::FORBIDDEN, "");
    }
    let receipt = forward.receipt.as_deref().map(HeaderValue::from_str);
    let Ok(receipt) = receipt.unwrap_or(Ok(NO_RECEIPT)) else {
        return plain(StatusCode::FORBIDDEN, "");
    };
    let mut answer = plain(StatusCode::OK, "");
    let name = HeaderName::from_static(Forward::RECEIPT);
    answer.headers_mut().insert(name, receipt);
    answer
}

/// Tells whether the client wrote a header that must not reach the application. A check cannot take one away, and the proxy overwrites only the
/// receipt's. Those of Envoy are believed behind Envoy only, and other proxies in front may add them.
fn is_forged(forward: &Forward) -> bool {
    let mut names = forward.remove.iter();
    names.any(|name| name != Forward::RECEIPT && !name.starts_with("x-envoy-"))
}

/// Says to the client what the proxy cannot: the gate's own answer to a request whose check was refused.
pub(crate) fn instead(decision: &Decision) -> Answer {
    match decision {
        Decision::Respond(response) => page(response),
        Decision::Forward(forward) if is_forged(forward) => plain(StatusCode::FORBIDDEN, ""),
        // A pass was won since the check, or the application's own status came here.
        Decision::Forward(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "try again\n"),
    }
}

/// The gate's own answer.
pub(crate) fn page(response: &GateResponse) -> Answer {
    let mut answer = Response::new(Full::from(response.body.clone()));
    let Ok(status) = StatusCode::from_u16(response.status) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, "");
    };
    *answer.status_mut() = status;
    for (name, value) in &response.headers {
        let Ok(value) = HeaderValue::from_str(value) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "");
        };
        answer
            .headers_mut()
            .append(HeaderName::from_static(name), value);
    }
    answer
}
