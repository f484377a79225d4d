//! The schemas of the sections that are this server's own, which are made from the tables that read them. With `BLESS=1` they are written anew.

use std::{env, fs};

use serde_json::Value;
use xoxzo_2fa_core::document::Form;

use crate::document::ServeSettings;
use crate::rest::document::RestSettings;

/// A section, its form, and what stands above its schema.
const SECTIONS: [(&str, Form, &str, &str); 2] = [
    (
        "serve",
        Form::Map(&ServeSettings::FIELDS),
        "Section `serve` of the settings of xoxzo-2fa-serve",
        "Beside it stand two_factor and gate of gate.schema.json. Where x-secret is true, {\"env\": \"NAME\"} or {\"file\": \"PATH\"} may stand in place of the string.",
    ),
    (
        "rest",
        Form::Map(&RestSettings::FIELDS),
        "Section `rest` of the settings of xoxzo-2fa-serve rest",
        "Beside it stands two_factor of settings.schema.json. Where x-secret is true, {\"env\": \"NAME\"} or {\"file\": \"PATH\"} stands in place of the string.",
    ),
];

#[test]
fn schemas_are_up_to_date() {
    for (name, form, title, about) in SECTIONS {
        let made = xoxzo_2fa_json::schema_of(&form, title, about);
        let path = format!("{}/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
        if env::var_os("BLESS").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap();
        assert_eq!(kept, made, "{path}: run with BLESS=1 to write it");
    }
}

#[test]
fn the_readmes_settings_are_of_the_schemas() {
    let documents: Vec<Value> = include_str!("../README.md")
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| serde_json::from_str(rest.split_once("```")?.0).ok())
        .collect();
    for (name, form, title, about) in SECTIONS {
        let schema = serde_json::from_str(&xoxzo_2fa_json::schema_of(&form, title, about)).unwrap();
        let sections = documents.iter().filter_map(|one| one.get(name));
        let unknown: Vec<_> = sections
            .clone()
            .flat_map(|section| unknown(&schema, section))
            .collect();
        assert!(
            sections.count() > 0 && unknown.is_empty(),
            "{name}: {unknown:?}"
        );
    }
}

/// Names in a value that its schema does not have, or requires and the value lacks.
fn unknown(schema: &Value, value: &Value) -> Vec<String> {
    match value {
        Value::Object(fields) if schema["x-secret"] != true => {
            let required = schema["required"].as_array().into_iter().flatten();
            let lacking = required.filter_map(Value::as_str);
            let lacking = lacking.filter(|name| !fields.contains_key(*name));
            let lacking: Vec<_> = lacking.map(ToString::to_string).collect();
            let inside = fields.iter().flat_map(|(name, value)| {
                let known = schema["properties"].get(name);
                known.map_or(vec![name.clone()], |schema| unknown(schema, value))
            });
            lacking.into_iter().chain(inside).collect()
        }
        Value::Array(entries) => {
            let inside = entries.iter();
            inside
                .flat_map(|entry| unknown(&schema["items"], entry))
                .collect()
        }
        _ => Vec::new(),
    }
}
