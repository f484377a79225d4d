//! Bodies of requests, bounded in size and time.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::rejection::Rejection;

/// The longest body in bytes.
pub(crate) const LONGEST: usize = 64 * 1024;

/// Reads a body of JSON. It is wiped on drop: it may hold a code.
pub(crate) async fn read<B: Body<Data = Bytes> + Unpin>(
    headers: &HeaderMap,
    mut body: B,
    patience: Duration,
) -> Result<Zeroizing<Vec<u8>>, Rejection> {
    if !is_json(headers) {
        return Err(Rejection::Type);
    }
    let expected = body.size_hint().lower();
    if expected > LONGEST as u64 {
        return Err(Rejection::Large);
    }
    let whole = async {
        // With room for all that is taken, so that growing leaves no copy behind.
        let mut read = Zeroizing::new(Vec::with_capacity(LONGEST));
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Rejection::Slow)?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            if read.len() + data.len() > LONGEST {
                return Err(Rejection::Large);
            }
            read.extend_from_slice(data);
        }
        Ok(read)
    };
    timeout(patience, whole)
        .await
        .unwrap_or(Err(Rejection::Slow))
}

/// Tells whether the body says that it is plain JSON. Browsers send that to another origin only after they have asked there.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(kind), None) = (types.next(), types.next()) else {
        return false;
    };
    is_named(kind) && !headers.contains_key(header::CONTENT_ENCODING)
}

fn is_named(kind: &HeaderValue) -> bool {
    let Ok(kind) = kind.to_str() else {
        return false;
    };
    let (name, parameters) = kind.split_once(';').unwrap_or((kind, ""));
    let parameters = parameters.trim();
    name.trim().eq_ignore_ascii_case("application/json")
        && (parameters.is_empty() || parameters.eq_ignore_ascii_case("charset=utf-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_is_json() {
        let headers = |kinds: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for kind in kinds {
                headers.append(header::CONTENT_TYPE, HeaderValue::from_static(kind));
            }
            headers
        };
        for kind in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;",
        ] {
            assert!(is_json(&headers(&[kind])), "{kind}");
        }
        for kinds in [
            &[][..],
            &["text/plain"],
            &["application/json; charset=utf-16"],
            &["application/jsonp"],
            &["application/json", "application/json"],
        ] {
            assert!(!is_json(&headers(kinds)), "{kinds:?}");
        }
        let mut encoded = headers(&["application/json"]);
        encoded.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(!is_json(&encoded));
    }
}
