//! Answers in JSON, in the format of the module `two-factor-ask.wasm` (wit/ASK.md): an object with one field, named for the kind of answer.
//! Absent values are left out.

use std::time::Duration;

use serde_json::{Map, Value, json};
use xoxzo_2fa::{Audit, Failure, Trail};

/// Returns an answer as a line.
pub(crate) fn line(kind: &str, fields: Value) -> String {
    json!({kind: present(fields)}).to_string()
}

pub(crate) fn failure(blame: &str, failure: &Failure) -> Value {
    json!({
        "blame": blame, "code": failure.code.as_str(), "detail": failure.detail, "guesses_left": failure.guesses_left,
        "retry_after_seconds": seconds(failure.retry_after), "expires_in_seconds": seconds(failure.expires_in),
        "audit": failure.audit.as_deref().map(audit),
    })
}

pub(crate) fn audit(audit: &Audit) -> Value {
    json!({
        "trail": audit.trail.as_ref().map(trail), "challenge_id": audit.challenge_id, "message_id": audit.message_id,
        "decoy": audit.decoy, "cause": audit.cause.as_ref().map(|cause| cause.as_str()),
        "alarm": audit.alarm.map(|alarm| alarm.as_str()),
    })
}

pub(crate) fn trail(trail: &Trail) -> Value {
    json!({"subject": trail.subject, "recipient": trail.recipient, "calling_code": trail.calling_code})
}

pub(crate) fn seconds(time: Option<Duration>) -> Option<u64> {
    time.map(|time| time.as_secs())
}

/// The value without fields that are null.
fn present(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                fields
                    .map(|(name, value)| (name, present(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(present).collect()),
        plain => plain,
    }
}
