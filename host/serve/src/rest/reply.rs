//! Answers in JSON.

use http::{HeaderValue, StatusCode, header};
use xoxzo_2fa::{Beside, Code, JsonAnswer};

use crate::answer::{self, Answer};

/// An answer in JSON, which nobody may keep.
pub(crate) fn json(status: StatusCode, text: String) -> Answer {
    let mut answer = answer::plain(status, text);
    let kind = HeaderValue::from_static("application/json");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// A failure of a request that no client saw: it has no form, or its key has no right.
pub(crate) fn misuse(status: StatusCode, detail: &str) -> Answer {
    let failure = JsonAnswer::Fault("misuse", Code::Request, detail);
    json(status, failure.to_json(Beside::default()))
}
