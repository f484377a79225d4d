//! The configuration of the service: the settings of the engine, and a section of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::value::RawValue;
use xoxzo_2fa::Settings;
use xoxzo_2fa_core::document::{Absent, Form, SchemaError, any};
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{InvalidFormat, Range, record};

use super::key::{ApiKey, Right};
use crate::document::{Secret, resolve, secret};

record! {
    /// Settings of the service, the section `rest`.
    pub(crate) RestSettings {
        /// Keys of the callers.
        keys: Vec<KeySettings> = Form::List(&Form::Map(&KeySettings::FIELDS), Range(1, 64)), Absent::Required;
        /// Where counters are kept; in this process by default.
        guard: GuardSettings = Form::Map(&GuardSettings::FIELDS), Absent::Defaults;
    }
}

record! {
    /// A caller's key. Either the key is elsewhere, or its digest is here.
    pub(crate) KeySettings {
        /// Name of the caller, in logs.
        name: String = Form::Text(name), Absent::Required;
        /// What it may be used for.
        rights: Vec<Right> = Form::List(&Form::Choice(&Right::CODES), Range(1, 8)), Absent::Required;
        /// The key: 32 to 256 printable characters without spaces, from a variable or a file.
        key: Option<Secret> = Form::Secret(secret), Absent::Out;
        /// SHA-256 of the key, in 64 hexadecimal digits.
        sha256: Option<String> = Form::Text(digest), Absent::Out;
    }
}

record! {
    /// A store of counters. Without any of these, it is the memory of this process.
    pub(crate) GuardSettings {
        /// Path of an SQLite file, which all processes of this machine may use.
        sqlite: Option<String> = Form::Text(any), Absent::Out;
        /// URL of a Redis server, which all machines may use, from a variable or a file: it may hold a password.
        redis: Option<Secret> = Form::Secret(any), Absent::Out;
    }
}

/// A configuration, with every reference resolved.
pub(crate) struct RestDocument {
    pub(crate) two_factor: Settings,
    pub(crate) keys: Vec<ApiKey>,
    pub(crate) guard: GuardSettings,
}

impl RestDocument {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong, and where. It holds no value.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let at = |error: SchemaError| {
            let place = if error.path.is_empty() { "" } else { ", " };
            format!("settings{place}{}: {}", error.path, error.requirement)
        };
        // Repeated names are found here, and lines below.
        let whole = Node::parse(text).map_err(|(kind, line)| match line {
            0 => format!("settings: {kind}"),
            line => format!("settings, line {line}: {kind}"),
        })?;
        let sections: BTreeMap<&str, &RawValue> = serde_json::from_str(text)
            .map_err(|_| "settings: must be an object with two_factor and rest".to_string())?;
        if sections
            .keys()
            .any(|name| !["two_factor", "rest"].contains(name))
        {
            return Err("settings: has a section other than two_factor and rest".to_string());
        }
        let missing = |name: &str| at(SchemaError::new("is missing").within(name));
        let two_factor = sections.get("two_factor").ok_or(missing("two_factor"))?;
        let rest = whole.field("rest").ok_or(missing("rest"))?;
        let RestSettings { keys, guard } =
            settings(rest).map_err(|error| at(error.within("rest")))?;
        // The settings keep their lines, which errors name.
        let begin = two_factor.get().as_ptr().addr() - text.as_ptr().addr();
        let lines = text[..begin].matches('\n').count();
        let two_factor = ["\n".repeat(lines).as_str(), two_factor.get()].concat();
        let two_factor = Settings::from_json(&two_factor);
        Ok(Self {
            two_factor: two_factor.map_err(|error| error.failure().detail.clone())?,
            keys: callers(&keys).map_err(|error| at(error.within("rest.keys")))?,
            guard,
        })
    }
}

fn settings(given: &Node) -> Result<RestSettings, SchemaError> {
    let form = Form::Map(&RestSettings::FIELDS);
    let mut given = given.clone();
    form.each_secret(&mut given, &mut |node| match node {
        Node::Map(_) => resolve(node),
        _ => Err(SchemaError::new(
            "must be {\"env\": NAME} of a variable or {\"file\": PATH}: these settings hold no secret",
        )),
    })?;
    form.fill(&mut given)?;
    record::read(&given)
}

fn callers(keys: &[KeySettings]) -> Result<Vec<ApiKey>, SchemaError> {
    let mut known = Vec::<ApiKey>::new();
    for (at, one) in keys.iter().enumerate() {
        let fault = |what: &str| SchemaError::new(what).within(&at.to_string());
        let key = match (&one.key, &one.sha256) {
            (Some(key), None) => ApiKey::new(&one.name, key.as_bytes(), &one.rights),
            (None, Some(digest)) => ApiKey::from_digest(&one.name, bytes(digest), &one.rights),
            _ => return Err(fault("must have either key or sha256")),
        };
        if known.iter().any(|other| other.is_same(&key)) {
            return Err(fault("has the name or the key of another"));
        }
        known.push(key);
    }
    Ok(known)
}

fn name(name: &str) -> Result<(), InvalidFormat> {
    let fits = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    InvalidFormat::unless(
        fits,
        "must be 1 to 64 letters, digits, hyphens, underscores and dots",
    )
}

fn digest(text: &str) -> Result<(), InvalidFormat> {
    let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    InvalidFormat::unless(fits, "must be 64 hexadecimal digits")
}

/// The bytes of a digest, which has its form.
fn bytes(digest: &str) -> [u8; 32] {
    let digit = |at: usize| {
        (digest.as_bytes()[at] as char)
            .to_digit(16)
            .unwrap_or_default()
    };
    std::array::from_fn(|at| (digit(2 * at) * 16 + digit(2 * at + 1)) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn fault(rest: &str) -> String {
        let text = format!("{{\"two_factor\": {{}},\n \"rest\": {rest}}}");
        RestDocument::parse(&text).err().unwrap_or_default()
    }

    #[test]
    fn faults_name_their_place_and_no_value() {
        let key = |fields: &str| format!("{{\"keys\": [{{\"name\": \"shop\", {fields}}}]}}");
        let digest = format!("\"sha256\": \"{DIGEST}\"");
        assert_eq!(
            fault(&key(&format!("\"rights\": [\"send\"], {digest}"))),
            ""
        );
        for (rest, said) in [
            ("{}".to_string(), "settings, rest.keys: is missing"),
            (
                "{\"keys\": []}".to_string(),
                "settings, rest.keys: must have",
            ),
            (
                key("\"rights\": []"),
                "settings, rest.keys.0.rights: must have",
            ),
            (
                key("\"rights\": [\"all\"]"),
                "settings, rest.keys.0.rights.0: must be send or",
            ),
            (
                key("\"rights\": [\"send\"]"),
                "settings, rest.keys.0: must have either",
            ),
            (
                key("\"rights\": [\"send\"], \"key\": \"0123456789abcdef0123456789abcdef\""),
                "settings, rest.keys.0.key: must be {\"env\"",
            ),
            (
                key("\"rights\": [\"send\"], \"key\": {\"env\": \"NO_SUCH_VARIABLE\"}"),
                "settings, rest.keys.0.key: must be",
            ),
            (
                key("\"rights\": [\"send\"], \"sha256\": \"abc\""),
                "settings, rest.keys.0.sha256: must be 64",
            ),
            (
                format!(
                    "{{\"keys\": [{0}, {0}]}}",
                    format!("{{\"name\": \"a\", \"rights\": [\"send\"], {digest}}}")
                ),
                "settings, rest.keys.1: has the name",
            ),
        ] {
            assert!(fault(&rest).starts_with(said), "{}", fault(&rest));
            assert!(!fault(&rest).contains("0123"));
        }
    }

    #[test]
    fn sections_are_the_two() {
        let said = |text: &str| RestDocument::parse(text).err().unwrap_or_default();
        assert!(said("{}").contains("two_factor: is missing"));
        assert!(said("{\"two_factor\": {}}").contains("rest: is missing"));
        assert!(said("{\"gate\": {}}").contains("other than"));
        assert!(said("{\n[").contains("line 2"));
        assert!(said("{\"rest\": {}, \"rest\": {}}").starts_with("settings: "));
        let key = format!(
            "{{\"keys\": [{{\"name\": \"a\", \"rights\": [\"send\"], \"sha256\": \"{DIGEST}\"}}]}}"
        );
        let reference = format!(
            "{{\"rest\": {key},\n\n\"two_factor\": {{\"guard\": {{\"key\":\n{{\"env\": \"NO_SUCH\"}}}}}}}}"
        );
        assert!(
            said(&reference).contains("guard.key"),
            "{}",
            said(&reference)
        );
    }

    #[test]
    fn a_digest_is_its_bytes() {
        assert_eq!(bytes(DIGEST)[..3], [0x9f, 0x86, 0xd0]);
        assert_eq!(bytes(&DIGEST.to_uppercase()), bytes(DIGEST));
    }
}
