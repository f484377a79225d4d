//! Answers in JSON that only the command line gives, in the format of the others (wit/ASK.md): an object with one field, named for the kind of answer.
//! Absent values are left out.

use serde_json::{Map, Value, json};
use xoxzo_2fa::Beside;

/// Things that are written beside a result: its audit.
pub(crate) const AUDITED: Beside<'static> = Beside {
    audit: true,
    operator: None,
    event: None,
};

/// Returns an answer as a line.
pub(crate) fn line(kind: &str, fields: Value) -> String {
    json!({kind: present(fields)}).to_string()
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
