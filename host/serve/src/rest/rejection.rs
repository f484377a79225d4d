//! Requests that are answered before any function runs.

use http::{HeaderValue, StatusCode, header};
use xoxzo_2fa_core::document::SchemaError;

use super::key::{Right, Unknown};
use super::reply;
use crate::answer::Answer;

/// The reason why a request is not asked of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// Nobody whom a key names.
    Caller(Unknown),
    /// The key of this name has not this right.
    Right(Right, String),
    /// No such path.
    Path,
    /// A function is asked with POST, a document is read with GET.
    Method(&'static str),
    /// The body is not `application/json`, or is encoded.
    Type,
    /// The body is longer than a question may be.
    Large,
    /// The body did not come whole and in time.
    Slow,
    /// The body is no question.
    Body(SchemaError),
}

impl Rejection {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Caller(_) => StatusCode::UNAUTHORIZED,
            Self::Right(..) => StatusCode::FORBIDDEN,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Body(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The cause in metrics.
    pub(crate) fn cause(&self) -> &'static str {
        match self {
            Self::Caller(_) => "key",
            Self::Right(..) => "right",
            Self::Path => "path",
            Self::Method(_) => "method",
            Self::Type => "type",
            Self::Large => "large",
            Self::Slow => "slow",
            Self::Body(_) => "question",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Caller(Unknown::Missing) => "authorization: must be a bearer token".to_string(),
            Self::Caller(Unknown::Wrong) => "authorization: not one of the keys".to_string(),
            Self::Right(right, _) => {
                format!("authorization: the key lacks the right {}", right.code())
            }
            Self::Path => "path: does not exist".to_string(),
            Self::Method(method) => format!("method: must be {method}"),
            Self::Type => "content-type: must be application/json, without an encoding".to_string(),
            Self::Large => "body: longer than 64 KiB".to_string(),
            Self::Slow => "body: did not come whole and in time".to_string(),
            Self::Body(SchemaError { path, requirement }) => {
                let place = if path.is_empty() { "question" } else { path };
                format!("{place}: {requirement}")
            }
        }
    }

    pub(crate) fn answer(&self) -> Answer {
        let mut answer = reply::misuse(self.status(), &self.detail());
        let headers = answer.headers_mut();
        match self {
            // RFC 6750, section 3: without a token no error is named.
            Self::Caller(Unknown::Missing) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::Caller(Unknown::Wrong) => {
                let challenge = HeaderValue::from_static("Bearer error=\"invalid_token\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Right(..) => {
                let challenge = HeaderValue::from_static("Bearer error=\"insufficient_scope\"");
                headers.insert(header::WWW_AUTHENTICATE, challenge);
            }
            Self::Method(method) => {
                headers.insert(header::ALLOW, HeaderValue::from_static(method));
            }
            Self::Path | Self::Type | Self::Large | Self::Slow | Self::Body(_) => {}
        }
        answer
    }
}
