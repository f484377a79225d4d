//! Settings: one JSON document, the same for every host.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fmt, fs};

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::error::Error;
use crate::guard::Scope;

/// The schema of the document. Where it says `x-secret`, a reference may stand.
const SCHEMA: &str = include_str!("../wit/settings.schema.json");

/// Bytes of the longest document that the component is handed; it takes half of that.
const LONGEST: usize = 64 * 1024;

/// A variable that [`Settings::from_environment`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variable {
    /// The name of the variable.
    pub name: &'static str,
    /// The field of the document that it sets. `*` stands for each object that has the rest.
    pub field: &'static str,
    /// Its meaning, in a few words.
    pub about: &'static str,
}

const fn variable(name: &'static str, field: &'static str, about: &'static str) -> Variable {
    Variable { name, field, about }
}

const VARIABLES: [Variable; 12] = [
    variable("XOXZO_API_SID", "xoxzo.sid", "account at Xoxzo; required"),
    variable(
        "XOXZO_API_AUTH_TOKEN",
        "xoxzo.auth_token",
        "its token; required",
    ),
    variable(
        "XOXZO_2FA_KEY",
        "keys",
        "keys of challenges from `keygen`, with commas between them: the first signs; required",
    ),
    variable(
        "XOXZO_2FA_GUARD_KEY",
        "guard.key",
        "key of the counters' names from `keygen`, another one; required",
    ),
    variable(
        "XOXZO_2FA_SERVICE",
        "service",
        "name of the service in messages",
    ),
    variable(
        "XOXZO_2FA_AUDIENCE",
        "audience",
        "name of the service in tokens",
    ),
    variable(
        "XOXZO_2FA_DESTINATIONS",
        "destinations",
        "countries that get messages, such as US,JP-mobile",
    ),
    variable("XOXZO_2FA_PIN_DIGITS", "pin.digits", "digits of a PIN"),
    variable(
        "XOXZO_2FA_TEXTS",
        "message.texts",
        "file with the service's own texts",
    ),
    variable(
        "XOXZO_2FA_CLIENT_CAP",
        "*.per_client",
        "COUNT/SECONDS for each client address",
    ),
    variable("XOXZO_SENDER", "xoxzo.sender", "sender of messages"),
    variable(
        "XOXZO_BASE_URL",
        "xoxzo.base_url",
        "origin of the API, such as a sandbox's",
    ),
];

/// A settings document whose references are resolved. Debug prints `[REDACTED]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Settings(String);

impl Settings {
    /// Takes the document that `settings.schema.json` describes, and resolves its references: at the places that the schema
    /// marks `x-secret`, `{"env": "NAME"}` stands for an environment variable, and `{"file": "PATH"}` for the content of a
    /// file without one line break at its end. Everything else is the component's to check.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`]: not JSON, or a reference to something that is not there or not text.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        let document: &RawValue = serde_json::from_str(json).map_err(|error| {
            Error::settings(format!("settings, line {}: not JSON", error.line()))
        })?;
        let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is ours");
        // In front of the value there may be line breaks, which count.
        let before = json.len() - json.trim_start().len();
        let document = [&json[..before], &resolved(&schema, document, "")?].concat();
        Ok(Self(document))
    }

    /// Returns the JSON schema of the document, `settings.schema.json`.
    #[must_use]
    pub fn schema() -> &'static str {
        SCHEMA
    }

    /// Returns the variables that [`Settings::from_environment`] reads.
    #[must_use]
    pub fn variables() -> &'static [Variable] {
        &VARIABLES
    }

    /// Takes the document from a file.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`]: no such file, or as [`Settings::from_json`].
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let json = fs::read_to_string(path).map_err(|error| {
            Error::settings(format!(
                "settings: the file cannot be read: {}",
                error.kind()
            ))
        })?;
        Self::from_json(&json)
    }

    /// Takes working defaults and the environment:
    ///
    /// | variable | |
    /// |---|---|
    /// | `XOXZO_API_SID`, `XOXZO_API_AUTH_TOKEN` | the account; required |
    /// | `XOXZO_2FA_KEY` | keys of challenges from `keygen`, separated by commas: the first signs, all verify; required |
    /// | `XOXZO_2FA_GUARD_KEY` | key of the counters' names from `keygen`, another one than those: it stays when they rotate; required |
    /// | `XOXZO_BASE_URL` | origin of the API |
    /// | `XOXZO_SENDER` | sender of messages; `Xoxzo` if absent |
    /// | `XOXZO_2FA_SERVICE`, `XOXZO_2FA_AUDIENCE` | names of the service in messages and in tokens; `Xoxzo 2FA` and `xoxzo-2fa` if absent |
    /// | `XOXZO_2FA_DESTINATIONS` | countries such as `US`, or `JP-mobile`, separated by commas; `JP-mobile` if absent |
    /// | `XOXZO_2FA_PIN_DIGITS` | digits of a PIN |
    /// | `XOXZO_2FA_TEXTS` | path of a file with the JSON array `message.texts` |
    /// | `XOXZO_2FA_CLIENT_CAP` | `COUNT/SECONDS`: so many messages and so many failures per client address in such a window |
    ///
    /// An empty variable counts as absent.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`], naming the variable that is missing or malformed.
    pub fn from_environment() -> Result<Self, Error> {
        Self::from_variables(|name| env::var(name).ok())
    }

    /// Takes the variables of [`Settings::from_environment`] from elsewhere.
    ///
    /// # Errors
    ///
    /// The same as for [`Settings::from_environment`].
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let optional = |name: &str| variable(name).filter(|text| !text.is_empty());
        let required = |name: &str| {
            optional(name).ok_or_else(|| Error::settings(format!("settings: {name} is not set")))
        };
        let wrong = |name: &str, what: &str| Error::settings(format!("settings: {name}: {what}"));
        let keys = required("XOXZO_2FA_KEY")?;
        let destinations =
            optional("XOXZO_2FA_DESTINATIONS").unwrap_or_else(|| "JP-mobile".to_string());
        let mut builder = Self::builder()
            .audience(optional("XOXZO_2FA_AUDIENCE").unwrap_or_else(|| "xoxzo-2fa".to_string()))
            .service(optional("XOXZO_2FA_SERVICE").unwrap_or_else(|| "Xoxzo 2FA".to_string()))
            .guard_key(required("XOXZO_2FA_GUARD_KEY")?)
            .account(
                required("XOXZO_API_SID")?,
                required("XOXZO_API_AUTH_TOKEN")?,
            )
            .sender(optional("XOXZO_SENDER").unwrap_or_else(|| "Xoxzo".to_string()));
        for key in keys.split(',') {
            builder = builder.key(key.trim());
        }
        for preset in destinations.split(',') {
            builder = builder.destination(preset.trim());
        }
        if let Some(digits) = optional("XOXZO_2FA_PIN_DIGITS") {
            let digits: u32 = digits
                .parse()
                .map_err(|_| wrong("XOXZO_2FA_PIN_DIGITS", "must be a number"))?;
            builder = builder.set("/pin/digits", digits);
        }
        if let Some(path) = optional("XOXZO_2FA_TEXTS") {
            let json = fs::read_to_string(path).map_err(|error| {
                let what = format!("the file cannot be read: {}", error.kind());
                wrong("XOXZO_2FA_TEXTS", &what)
            })?;
            let texts: Value = serde_json::from_str(&json).map_err(|error| {
                let what = format!("line {} of the file: not JSON", error.line());
                wrong("XOXZO_2FA_TEXTS", &what)
            })?;
            builder = builder.set("/message/texts", texts);
        }
        if let Some(cap) = optional("XOXZO_2FA_CLIENT_CAP") {
            let cap = cap.split_once('/').and_then(|(count, seconds)| {
                let number = |text: &str| text.trim().parse::<u32>().ok();
                Some(json!({"count": number(count)?, "seconds": number(seconds)?}))
            });
            let cap = cap.ok_or_else(|| {
                wrong("XOXZO_2FA_CLIENT_CAP", "must be COUNT/SECONDS, as 20/3600")
            })?;
            builder = builder
                .set("/sends/per_client", cap.clone())
                .set("/failures/per_client", cap);
        }
        if let Some(base_url) = optional("XOXZO_BASE_URL") {
            builder = builder.base_url(base_url.trim_end_matches('/'));
        }
        Ok(builder.build())
    }

    /// Builds a document in code.
    #[must_use]
    pub fn builder() -> SettingsBuilder {
        SettingsBuilder(json!({"version": 1}))
    }

    /// The document for the component, with the scope of the store that is used.
    pub(crate) fn document(&self, scope: Scope) -> Result<String, Error> {
        if self.0.len() > LONGEST {
            return Err(Error::settings("settings: longer than 32 KiB".to_string()));
        }
        let name = match scope {
            Scope::Process => "process",
            Scope::Shared => "shared",
        };
        let Some(guard) = fields(&self.0).remove("guard") else {
            return Ok(self.0.clone());
        };
        match fields(guard.get()).get("scope") {
            Some(given) if serde_json::from_str::<Value>(given.get()).ok() != Some(json!(name)) => {
                Err(Error::settings(format!(
                    "settings, guard.scope: the store in use is of scope {name}"
                )))
            }
            Some(_) => Ok(self.0.clone()),
            None => {
                let scoped = guard
                    .get()
                    .replacen('{', &format!("{{\"scope\":\"{name}\","), 1);
                Ok(replaced(&self.0, [(guard, scoped)]))
            }
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Settings([REDACTED])")
    }
}

/// Builds [`Settings`]; what is not set has the defaults of the schema.
#[derive(Clone)]
pub struct SettingsBuilder(Value);

impl SettingsBuilder {
    /// Name of the service in tokens and receipts.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.set("/audience", audience.into())
    }

    /// Name of the service in messages.
    #[must_use]
    pub fn service(self, service: impl Into<String>) -> Self {
        self.set("/service", service.into())
    }

    /// Adds a key of challenges. The first signs, all verify.
    #[must_use]
    pub fn key(self, key: impl Into<String>) -> Self {
        self.push("keys", key.into().into())
    }

    /// Key of the counters' names.
    #[must_use]
    pub fn guard_key(self, key: impl Into<String>) -> Self {
        self.set("/guard/key", key.into())
    }

    /// SID and token of the Xoxzo account.
    #[must_use]
    pub fn account(self, sid: impl Into<String>, auth_token: impl Into<String>) -> Self {
        self.set("/xoxzo/sid", sid.into())
            .set("/xoxzo/auth_token", auth_token.into())
    }

    /// Sender of messages.
    #[must_use]
    pub fn sender(self, sender: impl Into<String>) -> Self {
        self.set("/xoxzo/sender", sender.into())
    }

    /// Sets the address of the API: a sandbox on a loopback address, for instance.
    #[must_use]
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.set("/xoxzo/base_url", base_url.into())
    }

    /// Adds an allowed destination: a country by its two letters (ISO 3166-1), such as `US`, or `JP-mobile`.
    #[must_use]
    pub fn destination(self, preset: impl Into<String>) -> Self {
        self.push("destinations", preset.into().into())
    }

    /// Adds a purpose; with the first, the default `login` goes.
    #[must_use]
    pub fn purpose(self, name: impl Into<String>, after_first_factor: bool) -> Self {
        let name = name.into();
        self.push(
            "purposes",
            json!({"name": name, "after_first_factor": after_first_factor}),
        )
    }

    /// Sets any other value of the document by its JSON pointer, such as `/pin/digits`.
    #[must_use]
    pub fn set(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let mut at = &mut self.0;
        for name in pointer.split('/').skip(1) {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            at = at
                .as_object_mut()
                .expect("it was just made one")
                .entry(name)
                .or_insert(Value::Null);
        }
        *at = value.into();
        self
    }

    fn push(mut self, name: &str, value: Value) -> Self {
        match self.0.get_mut(name) {
            Some(Value::Array(list)) => list.push(value),
            _ => self.0[name] = json!([value]),
        }
        self
    }

    /// The settings. Whether they are right, [`TwoFactor::new`](crate::TwoFactor::new) tells.
    #[must_use]
    pub fn build(self) -> Settings {
        Settings(format!("{:#}", self.0))
    }
}

impl fmt::Debug for SettingsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SettingsBuilder([REDACTED])")
    }
}

/// The text of a value, in which what stands for a secret is replaced. The rest stays letter by letter, so that the lines in
/// errors are those of the document, and the engine refuses what a parser here would have mended.
fn resolved(schema: &Value, node: &RawValue, path: &str) -> Result<String, Error> {
    let text = node.get();
    if schema["x-secret"] == true {
        return match serde_json::from_str(text) {
            Ok(Value::Object(reference)) => {
                let lines = "\n".repeat(text.matches('\n').count());
                Ok(Value::String(look_up(&reference, path)?).to_string() + &lines)
            }
            _ => Ok(text.to_string()),
        };
    }
    let within = |name: &str| {
        if path.is_empty() {
            name.to_string()
        } else {
            format!("{path}.{name}")
        }
    };
    let mut parts = Vec::new();
    for (name, node) in fields(text) {
        let part = resolved(&schema["properties"][&name], node, &within(&name))?;
        parts.push((node, part));
    }
    for (at, node) in serde_json::from_str::<Vec<&RawValue>>(text)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        parts.push((
            node,
            resolved(&schema["items"], node, &within(&at.to_string()))?,
        ));
    }
    Ok(replaced(text, parts))
}

/// The fields of an object; of anything else, none.
fn fields(text: &str) -> BTreeMap<String, &RawValue> {
    serde_json::from_str(text).unwrap_or_default()
}

/// A text with parts of it replaced.
fn replaced<'a>(text: &str, parts: impl IntoIterator<Item = (&'a RawValue, String)>) -> String {
    let mut parts: Vec<_> = parts
        .into_iter()
        .map(|(part, new)| {
            (
                part.get().as_ptr().addr() - text.as_ptr().addr(),
                part.get().len(),
                new,
            )
        })
        .collect();
    parts.sort_unstable_by_key(|(at, ..)| *at);
    let (mut whole, mut end) = (String::new(), 0);
    for (at, length, new) in parts {
        whole.push_str(&text[end..at]);
        whole.push_str(&new);
        end = at + length;
    }
    whole + &text[end..]
}

/// Tells whether a text is like the names of variables: at most 64 capital letters, digits and `_`, with a `_` among them.
fn is_variable(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 64 && name.contains('_') && name.bytes().all(fits)
}

fn look_up(reference: &Map<String, Value>, path: &str) -> Result<String, Error> {
    let fault = |what: &str| Error::settings(format!("settings, {path}: {what}"));
    let mut entries = reference.iter();
    let (Some((kind, Value::String(name))), None) = (entries.next(), entries.next()) else {
        return Err(fault(
            "must be a string, {\"env\": NAME} or {\"file\": PATH}",
        ));
    };
    match kind.as_str() {
        "env" => {
            // Whatever is not like a name may be the secret itself.
            let named = |name: &String| format!(" {name}");
            let shown = Some(name)
                .filter(|name| is_variable(name))
                .map_or_else(String::new, named);
            env::var(name).map_err(|_| {
                fault(&format!(
                    "the environment variable{shown} is not set, or not text"
                ))
            })
        }
        "file" => {
            let text = fs::read_to_string(name)
                .map_err(|error| fault(&format!("the file cannot be read: {}", error.kind())))?;
            let line = text
                .strip_suffix('\n')
                .map(|line| line.strip_suffix('\r').unwrap_or(line));
            Ok(line.unwrap_or(&text).to_string())
        }
        _ => Err(fault(
            "must be a string, {\"env\": NAME} or {\"file\": PATH}",
        )),
    }
}
