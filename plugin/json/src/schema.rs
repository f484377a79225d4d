//! The JSON schema of the settings document (draft 2020-12), from the table that reads it.

use alloc::string::String;

use serde_json::{Map, Value, json};

use xoxzo_2fa_core::Settings;
use xoxzo_2fa_core::document::{Absent, Field, Form};

/// The schema, as it stands in `wit/settings.schema.json`.
#[must_use]
pub fn schema() -> String {
    schema_of(
        &Settings::FORM,
        "Settings of xoxzo-2fa",
        "Where x-secret is true, a host also takes {\"env\": \"NAME\"} or {\"file\": \"PATH\"} in place of the string, and resolves it before the engine sees it.",
    )
}

/// The schema of the gate's configuration, as it stands in `wit/gate.schema.json`.
#[cfg(feature = "gate")]
#[must_use]
pub fn gate_schema() -> String {
    schema_of(
        &crate::gate::CONFIGURATION,
        "Configuration of the login gate of xoxzo-2fa",
        "Where x-secret is true, {\"env\": \"NAME\"} may stand in place of the string.",
    )
}

/// Writes the schema of a document, from the table that reads it.
#[must_use]
pub fn schema_of(document: &Form, title: &str, description: &str) -> String {
    let mut schema = form(document);
    let head = [
        ("$schema", "https://json-schema.org/draft/2020-12/schema"),
        ("title", title),
        ("description", description),
    ];
    if let Value::Object(fields) = &mut schema {
        fields.extend(head.map(|(name, text)| (name.into(), json!(text))));
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn form(of: &Form) -> Value {
    match of {
        Form::Flag => json!({"type": "boolean"}),
        Form::Number(range) => json!({"type": "integer", "minimum": range.0, "maximum": range.1}),
        Form::Whole => json!({"type": "integer", "minimum": 0}),
        Form::Text(_) => json!({"type": "string"}),
        Form::Secret(_) => json!({"type": "string", "x-secret": true}),
        Form::Choice(choices) => json!({"enum": choices}),
        Form::Map(fields) => map(fields),
        Form::List(item, range) => {
            json!({"type": "array", "items": form(item), "minItems": range.0, "maxItems": range.1})
        }
        Form::Either(_, fields) => json!({"oneOf": [{"type": "string"}, map(fields)]}),
    }
}

fn map(fields: &[Field]) -> Value {
    let properties: Map<_, _> = fields
        .iter()
        .map(|one| (one.name.into(), property(one)))
        .collect();
    let required = fields
        .iter()
        .filter(|one| matches!(one.absent, Absent::Required))
        .map(|one| one.name);
    json!({
        "type": "object", "additionalProperties": false, "properties": properties, "required": required.collect::<alloc::vec::Vec<_>>(),
    })
}

fn property(field: &Field) -> Value {
    let mut property = form(&field.form);
    if let Value::Object(facts) = &mut property {
        facts.insert("description".into(), json!(field.about.trim_start()));
        match field.absent {
            Absent::Flag(flag) => facts.insert("default".into(), json!(flag)),
            Absent::Number(number) => facts.insert("default".into(), json!(number)),
            Absent::Text(text) => facts.insert("default".into(), json!(text)),
            Absent::Empty => facts.insert("default".into(), json!([])),
            _ => None,
        };
    }
    property
}
