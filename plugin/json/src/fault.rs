//! Faults of a document, told without its values.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use serde::de::Error;
use serde_path_to_error::Segment;
use xoxzo_2fa_core::{Broken, Code, Failure, Unfit};

/// Begins the texts that are ours and hold no value, among serde's own that may.
const OURS: &str = "\u{1}";

/// A serde error that says which rule is broken.
pub(crate) fn rule<E: Error>(text: impl Display) -> E {
    E::custom(format!("{OURS}{text}"))
}

/// A serde error that says which form is required.
pub(crate) fn unfit<E: Error>(unfit: Unfit) -> E {
    rule(unfit.requirement())
}

/// The failure of a document that serde could not read.
pub(crate) fn unreadable(error: &serde_path_to_error::Error<serde_json::Error>) -> Failure {
    let inner = error.inner();
    let path: Vec<_> = error.path().iter().map(segment).collect();
    failure(&path.join("."), inner.line(), &kind(inner))
}

/// The failure of a document whose values do not go together. Its line is that of the setting, if the document has it.
pub(crate) fn broken(Broken { path, rule, .. }: &Broken, json: &str) -> Failure {
    failure(path, line(json, path), rule.requirement())
}

/// A step of a path. A name that no setting has may be a key in the wrong place: it is not repeated.
fn segment(segment: &Segment) -> String {
    match segment {
        Segment::Map { key } if key.len() <= 24 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') => {
            key.clone()
        }
        Segment::Seq { index } => index.to_string(),
        _ => "?".to_string(),
    }
}

fn failure(path: &str, line: usize, kind: &str) -> Failure {
    let place = match (path, line) {
        ("." | "", 0) => "settings".to_string(),
        ("." | "", line) => format!("settings, line {line}"),
        (path, 0) => format!("settings, {path}"),
        (path, line) => format!("settings, {path}, line {line}"),
    };
    Failure::new(Code::Settings, format!("{place}: {kind}"))
}

/// What kind of fault it is. serde's own texts hold values and names from the document; only what is known to hold none
/// is told.
fn kind(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if let Some(ours) = text.strip_prefix(OURS) {
        return ours.rsplit_once(" at line ").map_or(ours, |(kind, _)| kind).to_string();
    }
    if let Some(name) = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
        return format!("the field {} is missing", name.0);
    }
    let kinds = [
        ("unknown field", "a field that does not exist"),
        ("unknown variant", "not one of the values that exist"),
        ("duplicate field", "a field that stands there twice"),
        ("invalid type", "a value of the wrong type"),
        ("invalid value", "a number out of range"),
        ("data did not match", "neither the name of a preset nor a range"),
    ];
    let known = kinds.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, kind)| *kind);
    known.unwrap_or(if error.is_data() { "a value of the wrong form" } else { "not JSON" }).to_string()
}

/// The line on which the last name of a path stands after those before it; 0 if one is absent. For people to look at:
/// in a document that spells a name within a string, it can be a line too early.
fn line(json: &str, path: &str) -> usize {
    let mut at = 0_usize;
    for name in path.split('.') {
        let Some(found) = json.get(at..).and_then(|rest| rest.find(&format!("\"{name}\""))) else { return 0 };
        at = at.saturating_add(found);
    }
    json.get(..at).map_or(0, |before| before.matches('\n').count().saturating_add(1))
}
