//! The places of faults in settings, as people name them: the file, the field, the variable, and the likely spelling.

use std::path::Path;
use std::{env, fs};

use serde_json::Value;
use xoxzo_2fa::{Code, Error, Settings};

/// Variables that are not settings.
const OTHERS: [&str; 2] = ["XOXZO_2FA_GUARD", "XOXZO_2FA_CACHE"];

/// Names the file, or the variable, in which a fault of settings is.
pub(crate) fn located(error: Error, file: Option<&Path>) -> Error {
    let Error::Misuse(mut failure) = error else {
        return error;
    };
    if failure.code == Code::Settings {
        failure.detail = match file {
            Some(file) => in_file(&failure.detail, file),
            None => in_variables(&failure.detail),
        };
    }
    Error::Misuse(failure)
}

/// Names the place of a field: in the file, or else the variable that sets it.
pub(crate) fn place(field: &str, file: Option<&Path>) -> String {
    match (file, variable(field)) {
        (Some(file), _) => format!("{}, {field}", file.display()),
        (None, Some(name)) => name.to_string(),
        (None, None) => format!("{field} (in a document for --settings)"),
    }
}

/// Returns a remark on each variable that looks like one of ours and is none.
pub(crate) fn strange_variables() -> Vec<String> {
    let known = known();
    let remark = |name: &String| {
        let near = nearest(name, &known)?;
        Some(format!("{name} means nothing; did you mean {near}?"))
    };
    strangers().iter().filter_map(remark).collect()
}

/// Returns the names of the variables that are set, look like ours and are none.
fn strangers() -> Vec<String> {
    let known = known();
    let set = env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let strange = |name: &String| {
        let first = |name: &str| name.split('_').next().map(str::to_string);
        let ours = known.iter().any(|own| first(own) == first(name));
        ours && !name.contains("_SANDBOX_") && !known.contains(&name.as_str())
    };
    set.filter(strange).collect()
}

fn known() -> Vec<&'static str> {
    let own = Settings::variables().iter().map(|own| own.name);
    own.chain(OTHERS).collect()
}

fn in_file(detail: &str, file: &Path) -> String {
    let place = file.display();
    let told = detail.strip_prefix("settings").unwrap_or(detail);
    let json = fs::read_to_string(file).unwrap_or_default();
    let found = match told {
        _ if told.contains("a field that does not exist") => unknown_field(&json),
        _ if told.contains("duplicate field") => repeated_field(&json),
        _ if json.starts_with('\u{feff}') => {
            Some("line 1: begins with a byte order mark: save it as UTF-8 without one".to_string())
        }
        _ => None,
    };
    match found {
        Some(found) => format!("{place}, {found}"),
        None => format!("{place}{told}"),
    }
}

/// Finds the second of two fields of one name in one object: under another name, it is one field more.
fn repeated_field(json: &str) -> Option<String> {
    let fields = |json: &str| serde_json::from_str(json).ok().map(|whole| count(&whole));
    let whole = fields(json)?;
    let quotes = json.match_indices('"').map(|(at, _)| at + 1);
    let other = |at: usize| [&json[..at], "~", &json[at..]].concat();
    let at = quotes
        .rev()
        .find(|at| fields(&other(*at)).is_some_and(|fields| fields > whole))?;
    let (name, _) = json[at..].split_once('"')?;
    let line = json[..at].matches('\n').count() + 1;
    Some(format!("line {line}: duplicate field `{name}`"))
}

/// Counts the fields in a document.
fn count(node: &Value) -> usize {
    match node {
        Value::Object(fields) => fields.len() + fields.values().map(count).sum::<usize>(),
        Value::Array(items) => items.iter().map(count).sum(),
        _ => 0,
    }
}

fn in_variables(detail: &str) -> String {
    let told = detail.strip_prefix("settings").unwrap_or(detail);
    if let Some(missing) = told
        .strip_prefix(": ")
        .and_then(|told| told.strip_suffix(" is not set"))
    {
        let strangers = strangers();
        let names: Vec<&str> = strangers.iter().map(String::as_str).collect();
        return match nearest(missing, &names) {
            Some(near) => format!("{missing} is not set; {near} is: did you mean {missing}?"),
            None => format!("{missing} is not set"),
        };
    }
    // The line is one of a document that nobody wrote.
    let Some((path, what)) = told
        .strip_prefix(", ")
        .and_then(|told| told.split_once(": "))
    else {
        return told.trim_start_matches([':', ' ']).to_string();
    };
    let path = path.split(", ").next().unwrap_or(path);
    match variable(path) {
        Some(name) => format!("{name} ({path}): {what}"),
        None => format!("{path}: {what}"),
    }
}

/// Finds the variable that sets a field.
fn variable(path: &str) -> Option<&'static str> {
    let sets = |field: &str| path == field || path.starts_with(&format!("{field}."));
    let capped = |field: &str| field.contains('*') && path.contains(".per_client");
    let mut variables = Settings::variables().iter();
    let own = variables.find(|own| sets(own.field) || capped(own.field))?;
    Some(own.name)
}

/// Finds the first field of a document that its schema does not have.
fn unknown_field(json: &str) -> Option<String> {
    let document = serde_json::from_str(json).ok()?;
    let schema = serde_json::from_str(Settings::schema()).ok()?;
    let (path, name, likely) = unknown(&document, &schema, "")?;
    let place = if path.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    };
    let quoted = format!("\"{name}\"");
    let mut found = json.match_indices(&quoted);
    // A name that stands in several places tells no line.
    let line = match (found.next(), found.next()) {
        (Some((at, _)), None) => format!("line {}: ", json[..at].matches('\n').count() + 1),
        _ => String::new(),
    };
    let likely = likely.map_or_else(String::new, |likely| format!("; did you mean `{likely}`?"));
    Some(format!("{line}{place}unknown field `{name}`{likely}"))
}

/// The path of an object, the name that it should not have, and the likely one.
fn unknown(node: &Value, schema: &Value, path: &str) -> Option<(String, String, Option<String>)> {
    match node {
        Value::Object(fields) => {
            let known = schema["properties"].as_object()?;
            for (name, value) in fields {
                let within = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                match known.get(name) {
                    Some(schema) => {
                        if let Some(found) = unknown(value, schema, &within) {
                            return Some(found);
                        }
                    }
                    None => {
                        let names: Vec<&str> = known.keys().map(String::as_str).collect();
                        let likely = nearest(name, &names).map(str::to_string);
                        return Some((path.to_string(), name.clone(), likely));
                    }
                }
            }
            None
        }
        Value::Array(items) => (0..).zip(items).find_map(|(at, item): (usize, _)| {
            unknown(item, &schema["items"], &format!("{path}.{at}"))
        }),
        _ => None,
    }
}

/// The candidate that a word is likely to be meant for: with a third of its letters wrong at most.
fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let rated = candidates
        .iter()
        .map(|candidate| (distance(word, candidate), *candidate));
    let (wrong, best) = rated.min()?;
    (wrong * 3 <= word.len().max(3)).then_some(best)
}

/// Counts the letters to insert, remove or replace (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], at + 1);
        for (column, own) in other.iter().enumerate() {
            let replaced = before + usize::from(letter != *own);
            before = row[column + 1];
            row[column + 1] = replaced.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
