//! The configuration: the gate's document, with a section of this server's own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::{env, fs};

use serde_json::value::RawValue;
use xoxzo_2fa_core::document::{Absent, Form, SchemaError, any};
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::record::Value;
use xoxzo_2fa_core::{InvalidFormat, Range, choice, record};

use crate::rest::GuardSettings;

/// The name of the section.
const SECTION: &str = "serve";

record! {
    /// Settings of the server, the section `serve` of the gate's configuration.
    pub(crate) ServeSettings {
        /// Secret that the proxy sends in the header x-2fa-secret, at least 32 printable characters without spaces. Required unless the server listens on a Unix socket.
        secret: Option<Secret> = Form::Secret(secret), Absent::Out;
        /// The application's sessions, which are JWTs. Required where gate.identity.source is metadata, and left out where it is danger_headers.
        jwt: Option<JwtSettings> = Form::Map(&JwtSettings::FIELDS), Absent::Out;
        /// Where counters are kept; in this process by default. Servers that share a store are a fleet: limits hold once, and codes and passes are good on
        /// each of them.
        guard: GuardSettings = Form::Map(&GuardSettings::FIELDS), Absent::Defaults;
    }
}

record! {
    /// Verification of a session: the JWT in the cookie gate.identity.cookie or, without that, the bearer in the header authorization. The claims that
    /// gate.identity names must be texts.
    pub(crate) JwtSettings {
        /// The only algorithm that is taken.
        algorithm: SignatureAlgorithm = Form::Choice(&SignatureAlgorithm::CODES), Absent::Required;
        /// File with the keys as a JWK Set (RFC 7517). Read at the start and with each SIGHUP.
        jwks_file: String = Form::Text(any), Absent::Required;
        /// The value that the claim iss must have.
        issuer: String = Form::Text(any), Absent::Required;
        /// A value that the claim aud must have.
        audience: String = Form::Text(any), Absent::Required;
        /// Maximum time until a token expires, in seconds. One that lasts longer is rejected.
        max_life_seconds: u32 = Form::Number(Range(60, 2_592_000)), Absent::Number(86_400);
    }
}

choice! {
    /// An algorithm of signatures (RFC 7518, section 3.1).
    SignatureAlgorithm {
        /// HMAC with SHA-256.
        Hs256 = "HS256",
        /// RSASSA-PKCS1-v1_5 with SHA-256.
        Rs256 = "RS256",
        /// ECDSA with P-256 and SHA-256.
        Es256 = "ES256",
    }
}

/// A secret text. Debug prints `[REDACTED]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    #[cfg(test)]
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_string())
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

impl Value for Secret {
    fn read(node: &Node) -> Option<Self> {
        node.text().map(|text| Self(text.to_string()))
    }
}

/// A configuration in its two parts.
pub(crate) struct Document {
    /// The gate's part, with its lines where they were.
    pub(crate) gate: String,
    /// The server's.
    pub(crate) serve: ServeSettings,
}

/// Names the file in a text about settings, which begins with that word.
pub(crate) fn in_file(why: &str, path: &Path) -> String {
    match why.strip_prefix("settings") {
        Some(rest) => format!("{}{rest}", path.display()),
        None => why.to_string(),
    }
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong, and where.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path);
        let text = text.map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let sections: BTreeMap<&str, &RawValue> = serde_json::from_str(text)
            .map_err(|error| format!("settings, line {}: not a JSON object", error.line()))?;
        let Some(section) = sections.get(SECTION) else {
            return Err("settings: the section `serve` is missing".to_string());
        };
        let serve = settings(section.get()).map_err(|error| {
            let SchemaError { path, requirement } = error.within(SECTION);
            format!("settings, {path}: {requirement}")
        })?;
        Ok(Self {
            gate: without(text, section.get()),
            serve,
        })
    }
}

fn settings(json: &str) -> Result<ServeSettings, SchemaError> {
    let form = Form::Map(&ServeSettings::FIELDS);
    let mut given = Node::parse(json).map_err(|(kind, _)| SchemaError::new(kind))?;
    form.each_secret(&mut given, &mut resolve)?;
    form.fill(&mut given)?;
    record::read(&given)
}

/// Puts the value in the place of `{"env": "NAME"}` or `{"file": "PATH"}`. A file's last line break does not count.
pub(crate) fn resolve(node: &mut Node) -> Result<(), SchemaError> {
    let Node::Map(reference) = &*node else {
        return Ok(());
    };
    let text = match &reference[..] {
        [(kind, Node::Text(name))] if kind == "env" => env::var(name).ok(),
        [(kind, Node::Text(path))] if kind == "file" => fs::read_to_string(path).ok(),
        _ => None,
    };
    let text = text.ok_or(SchemaError::new(
        "must be a string, {\"env\": NAME} of a variable that is set, or {\"file\": PATH} of a file that can be read",
    ))?;
    *node = Node::Text(text.trim_end_matches(['\r', '\n']).to_string());
    Ok(())
}

/// Blanks a member of an object, its value a part of the text, and keeps the lines of all others.
fn without(text: &str, value: &str) -> String {
    let begin = value.as_ptr().addr() - text.as_ptr().addr();
    let end = begin + value.len();
    // Before the value are the member's name, which has no escapes, and a colon.
    let name = text[..begin].rfind(SECTION).unwrap_or(begin) - 1;
    let rest = text[end..].trim_start();
    let (name, end) = if rest.starts_with(',') {
        (name, text.len() - rest.len() + 1)
    } else {
        let before = text[..name].trim_end();
        (before.strip_suffix(',').map_or(name, str::len), end)
    };
    let blank = text[name..end].chars().map(|letter| match letter {
        '\n' => '\n',
        _ => ' ',
    });
    let blank: String = blank.collect();
    [&text[..name], &blank, &text[end..]].concat()
}

/// Takes 32 to 256 printable characters.
pub(crate) fn secret(text: &str) -> Result<(), InvalidFormat> {
    let fits = (32..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    InvalidFormat::unless(
        fits,
        "must be 32 to 256 printable characters without spaces",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str =
        r#"{"algorithm": "ES256", "jwks_file": "keys", "issuer": "i", "audience": "a"}"#;

    #[test]
    fn the_section_is_taken_out_and_lines_stay() {
        for (text, rest) in [
            ("{\"serve\": {},\n \"gate\": {}}", "\n \"gate\": {}}"),
            ("{\"gate\": {},\n \"serve\":\n{}\n}", "\"gate\": {}\n\n\n}"),
            ("{\"serve\": {}}", "{}"),
            (
                "{\"a\": 1, \"serve\" : {}, \"b\": \"serve\"}",
                "\"a\": 1,\"b\": \"serve\"}",
            ),
        ] {
            let document = Document::parse(text).unwrap();
            assert_eq!(
                document.gate.matches('\n').count(),
                text.matches('\n').count()
            );
            let plain = |text: &str| text.replace([' ', '{'], "");
            assert_eq!(plain(&document.gate), plain(rest), "{text}");
            serde_json::from_str::<serde_json::Value>(&document.gate).unwrap();
        }
    }

    #[test]
    fn faults_name_their_place_and_no_value() {
        let fault = |serve: &str| Document::parse(&format!("{{\"serve\": {serve}}}")).err();
        let said = |serve: &str| fault(serve).unwrap_or_default();
        assert_eq!(fault(&format!(r#"{{"jwt": {JWT}}}"#)), None);
        assert!(said(r#"{"secret": "short"}"#).starts_with("settings, serve.secret: must be 32"));
        assert!(said(r#"{"secret": {"env": "NO_SUCH_VARIABLE"}}"#).contains("serve.secret"));
        assert!(said(r#"{"jwt": {}}"#).contains("serve.jwt.algorithm"));
        assert!(said(r#"{"sekret": "x"}"#).contains("does not exist"));
        let none = JWT.replace("ES256", "none");
        assert!(said(&format!(r#"{{"jwt": {none}}}"#)).contains("HS256 or RS256 or ES256"));
        assert!(Document::parse("{}").is_err_and(|fault| fault.contains("`serve` is missing")));
        assert!(Document::parse("{\n[").is_err_and(|fault| fault.contains("line 2")));
        assert!(
            Document::parse("{\"serve\": {}, \"serve\": {}}")
                .is_ok_and(|read| read.gate.contains(SECTION))
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        let text = r#"{"serve": {"secret": "0123456789abcdef0123456789abcdef"}}"#;
        let document = Document::parse(text).unwrap();
        assert!(!format!("{:?}", document.serve).contains("0123"));
    }
}
