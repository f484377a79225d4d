//! Templates of the settings against those of the account (docs.xoxzo.com, "SMS templates").

use std::collections::BTreeSet;

use serde_json::Value;

use crate::diagnosis::{Diagnosis, Point};

/// The field of the settings that names templates.
pub(super) const FIELD: &str = "message.templates";

/// Advice where the settings name other placeholders than the template has.
pub(super) const NAME_ALL: &str = "name all placeholders of the template, and no others";

/// The most ids in a line.
const LISTED: usize = 20;

/// The longest name of a placeholder, in characters.
const LONGEST: usize = 64;

/// Compares the templates of the settings with the account's list, which is absent if it could not be read.
pub(super) fn examine(own: &[Value], list: Option<&Vec<Value>>) -> Vec<Diagnosis> {
    let Some(list) = list else {
        let text = "Xoxzo gave no readable list";
        return vec![Diagnosis::not_known(Point::Templates, text).about(&[FIELD])];
    };
    if own.is_empty() {
        let approved = list.iter().filter(|entry| entry["status"] == "APPROVED");
        let text = match ids(approved) {
            none if none.is_empty() => "none is used, and the account has no approved one".into(),
            ids => format!("none is used; approved in the account: {ids}"),
        };
        return vec![Diagnosis::sound(Point::Templates, text).about(&[FIELD])];
    }
    let faults: Vec<_> = (0..)
        .zip(own)
        .filter_map(|(at, template)| compare(at, template, list))
        .collect();
    if faults.is_empty() {
        let text = format!(
            "approved, with the placeholders that the settings name: {}",
            ids(own)
        );
        return vec![Diagnosis::sound(Point::Templates, text).about(&[FIELD])];
    }
    faults
}

/// Returns what is wrong with one template of the settings.
fn compare(at: u32, own: &Value, list: &[Value]) -> Option<Diagnosis> {
    let field = format!("{FIELD}.{at}");
    let faulty = |field: &str, text: String, advice: &str| {
        Some(Diagnosis::faulty(Point::Templates, text, advice).about(&[field]))
    };
    let id = &own["id"];
    let Some(entry) = list.iter().find(|entry| entry["id"] == *id) else {
        let text = match ids(list) {
            none if none.is_empty() => {
                format!("template {id} does not exist: the account has none")
            }
            ids => format!("template {id} does not exist: the account has {ids}"),
        };
        let advice = "name one of the account's, or make it at Xoxzo and wait for its approval";
        return faulty(&format!("{field}.id"), text, advice);
    };
    match entry["status"].as_str() {
        Some("APPROVED") => {}
        Some("PENDING") => {
            let text = format!("template {id} is not approved (PENDING): Xoxzo sends none such");
            let advice = "wait for Xoxzo's staff to approve it, or name an approved one";
            return faulty(&format!("{field}.id"), text, advice);
        }
        _ => {
            let text = format!("template {id} has a status that Xoxzo does not document");
            return Some(Diagnosis::not_known(Point::Templates, text).about(&[&field]));
        }
    }
    let Some(content) = entry["approved_content"].as_str() else {
        let text = format!("the text of template {id} cannot be read");
        return Some(Diagnosis::not_known(Point::Templates, text).about(&[&field]));
    };
    let there = placeholders(content);
    let variables = own["variables"].as_object();
    let named: BTreeSet<_> = variables
        .iter()
        .flat_map(|variables| variables.values())
        .filter_map(Value::as_str)
        .collect();
    if there == named {
        return None;
    }
    let text = format!(
        "template {id} has the placeholders {}; the settings name {}",
        joined(&there),
        joined(&named)
    );
    faulty(&format!("{field}.variables"), text, NAME_ALL)
}

/// Finds the names between braces: single ones as in Xoxzo's documents, or double ones as in its announcement (blog.xoxzo.com, 2026-06-03).
fn placeholders(content: &str) -> BTreeSet<&str> {
    let parts = content.split('{').skip(1);
    let names = parts.filter_map(|part| part.split_once('}').map(|(name, _)| name.trim()));
    names.filter(|name| is_name(name)).collect()
}

fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST).contains(&name.len()) && name.bytes().all(known)
}

fn joined(names: &BTreeSet<&str>) -> String {
    match names.len() {
        0 => "none".to_string(),
        _ => names.iter().copied().collect::<Vec<_>>().join(", "),
    }
}

/// Lists the ids of templates, joined with commas, and how many more there are.
fn ids<'a>(templates: impl IntoIterator<Item = &'a Value>) -> String {
    let ids = templates
        .into_iter()
        .filter_map(|template| template["id"].as_u64());
    let mut ids: Vec<_> = ids.map(|id| id.to_string()).collect();
    let more = ids.len().saturating_sub(LISTED);
    if more > 0 {
        ids.truncate(LISTED);
        ids.push(format!("and {more} more"));
    }
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnosis::Health;

    fn own() -> Value {
        json!([{"id": 7, "locale": "en", "variables": {"pin": "code", "service": "name"}}])
    }

    fn found(list: &Value) -> (Health, String, Vec<String>) {
        let found = examine(own().as_array().unwrap(), list.as_array());
        let [diagnosis] = &found[..] else {
            panic!("one finding is expected: {found:?}");
        };
        let diagnosis = diagnosis.clone();
        (diagnosis.health, diagnosis.text, diagnosis.fields)
    }

    fn entry(status: &str, content: &str) -> Value {
        json!([{"id": 6}, {"id": 7, "status": status, "approved_content": content}])
    }

    #[test]
    fn placeholders_have_single_or_double_braces() {
        for content in ["{name}: {code}", "{{name}}: {{ code }}, {code}"] {
            let (health, ..) = found(&entry("APPROVED", content));
            assert_eq!(health, Health::Sound, "{content}");
        }
        for (content, told) in [
            (
                "{code}",
                "has the placeholders code; the settings name code, name",
            ),
            (
                "{name}: {code} {minutes}",
                "has the placeholders code, minutes, name;",
            ),
            ("no more", "has the placeholders none;"),
            ("{name}: {+819012345678}", "has the placeholders name;"),
        ] {
            let (health, text, fields) = found(&entry("APPROVED", content));
            assert_eq!(health, Health::Faulty, "{content}");
            assert!(text.contains(told), "{content}: {text}");
            assert_eq!(fields, ["message.templates.0.variables"]);
        }
    }

    #[test]
    fn what_is_not_documented_is_not_known() {
        let odd = json!([{"id": 7, "status": "REJECTED", "approved_content": "{name}: {code}"}]);
        let untold = json!([{"id": 7, "status": "APPROVED", "approved_content": null}]);
        for list in [&odd, &untold, &json!({"id": 7})] {
            assert_eq!(found(list).0, Health::NotKnown, "{list}");
        }
        let (health, text, _) = found(&json!([{"id": 6}]));
        assert_eq!(health, Health::Faulty);
        assert!(text.ends_with("the account has 6"), "{text}");
        let many = Value::from_iter((10..40).map(|id| json!({"id": id})));
        let (_, text, _) = found(&many);
        assert!(text.ends_with("10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, and 10 more"), "{text}");
    }
}
