//! A settings document in, prepared settings out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::document::SchemaError;
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{Code, Failure, Prepared, Settings, record};

/// The longest document, in bytes.
const LONGEST: usize = 32 * 1024;

/// The answer of `prepare`.
pub struct Preparation {
    /// Checked, with derived keys.
    pub prepared: Prepared,
    /// The settings in effect as JSON, with `[REDACTED]` for secrets.
    pub effective: String,
    /// Warnings about settings that are allowed and unwise.
    pub warnings: Vec<String>,
}

/// Checks a settings document and derives its keys.
///
/// # Errors
///
/// [`Code::Settings`], naming path, line and kind; [`Code::Randomness`].
pub fn prepare(json: &str, rng: &mut impl TryCryptoRng) -> Result<Preparation, Failure> {
    if json.len() > LONGEST {
        return Err(fault("", 0, "longer than 32 KiB"));
    }
    let place = |error: SchemaError| placed(json, &error);
    let given = Node::parse(json).map_err(|(kind, line)| fault("", line, kind))?;
    let mut document = preset(given);
    Settings::FORM.fill(&mut document).map_err(place)?;
    let settings: Settings = record::read(&document).map_err(place)?;
    let prepared = settings.prepare(rng)?.map_err(place)?;
    Settings::FORM
        .each_secret(&mut document, &mut |node| {
            *node = Node::Text("[REDACTED]".to_string());
            Ok(())
        })
        .map_err(place)?;
    let mut effective = String::new();
    document.write(&mut effective);
    Ok(Preparation {
        prepared,
        effective,
        warnings: settings.warnings(),
    })
}

/// A document over the defaults of its preset. What the preset is called is checked with everything else.
pub(crate) fn preset(mut given: Node) -> Node {
    let defaults = match given.field("preset").and_then(Node::text) {
        Some("psd2") => PSD2,
        Some("strict") => STRICT,
        _ => return given,
    };
    if let Ok(defaults) = Node::parse(defaults) {
        given.underlay(&defaults);
    }
    given
}

/// PSD2 RTS (EU 2018/389), article 4(3)(b): at most five failed attempts.
const PSD2: &str = r#"{"failures":{"soft":{"count":5}}}"#;

const STRICT: &str = concat!(
    r#"{"pin":{"digits":8,"lifetime_seconds":120,"guesses":3},"#,
    r#""failures":{"soft":{"count":5},"hard":50,"per_subject":{"count":10},"per_audience":{"count":60}},"#,
    r#""sends":{"per_subject":{"count":5},"per_number":{"count":5},"per_range":{"count":20}}}"#
);

/// The failure of a rule that the document breaks, with the line of the setting.
pub(crate) fn placed(json: &str, error: &SchemaError) -> Failure {
    fault(&error.path, line(json, &error.path), &error.requirement)
}

pub(crate) fn fault(path: &str, line: usize, kind: &str) -> Failure {
    let mut place = "settings".to_string();
    if !path.is_empty() {
        place.push_str(", ");
        place.push_str(path);
    }
    if line > 0 {
        place.push_str(", line ");
        place.push_str(&line.to_string());
    }
    Failure::new(Code::Settings, [&place, ": ", kind].concat())
}

/// The line of the deepest name of a path that the document has; 0 if it has none. For people to look at: where a
/// name also stands as a value before, it is a line too early.
fn line(json: &str, path: &str) -> usize {
    let (mut rest, mut found) = (json.as_bytes(), None);
    for name in path.as_bytes().split(|byte| *byte == b'.') {
        let quoted = |at: &usize| {
            let after = rest.get(*at..).and_then(|rest| rest.strip_prefix(b"\""));
            after
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with(b"\""))
        };
        if let Some(at) = (0..rest.len()).find(quoted) {
            rest = rest.get(at..).unwrap_or_default();
            found = Some(rest.len());
        }
    }
    let before = found.and_then(|left| json.as_bytes().get(..json.len().saturating_sub(left)));
    before.map_or(0, |before| {
        before
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            .saturating_add(1)
    })
}
