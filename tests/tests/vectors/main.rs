//! Vectors: what the engine answers, what the component answers, and what the files say must be the same.
//!
//! `tests/python/verifier.py` reads the same files from the specification alone. With `BLESS=1` the files are written anew
//! from the engine; look at the difference before committing it.

mod receipt;
mod request;
mod settings;
mod token;

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use serde_json::{Map, Value, json};
use xoxzo_2fa::{
    Binding, Body, Charge, Error, Guard, GuardError, Lost, MemoryGuard, Scope, Settings, Total,
    Transaction, Transport, TwoFactor,
};
use xoxzo_2fa_core::{Claimed, ReceiptKey, RootKey, check_receipt, inspect};
use xoxzo_2fa_tests::{Counting, LOGIN, NOW, World, document, key, pin_in};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("vectors")
        .join(name)
}

/// The file's vectors, after writing `made` to it if that is asked for, and comparing in any case.
fn vectors(name: &str, notes: Value, mut made: Vec<Value>) -> Vec<Value> {
    for (at, vector) in made.iter_mut().enumerate() {
        vector["tcId"] = json!(at + 1);
    }
    let whole = json!({"algorithm": "xoxzo-2fa 1", "schema": name, "numberOfTests": made.len(), "notes": notes, "tests": made});
    if env::var_os("BLESS").is_some() {
        fs::write(
            file(name),
            serde_json::to_string_pretty(&whole).unwrap() + "\n",
        )
        .unwrap();
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(file(name)).unwrap()).unwrap();
    assert_eq!(kept, whole, "{name} differs from what the engine makes");
    made
}

fn notes(flags: &[(&str, &str, &str)]) -> Value {
    let note = |(flag, bug, about): &(&str, &str, &str)| {
        (
            flag.to_string(),
            json!({"bugType": bug, "description": about}),
        )
    };
    Value::Object(flags.iter().map(note).collect::<Map<_, _>>())
}

fn claimed(binding: &Value) -> Claimed<'_> {
    let text = |name: &str| binding[name].as_str().unwrap_or_default();
    let paid = &binding["transaction"];
    let part = |name: &str| paid[name].as_str().unwrap_or_default();
    Claimed {
        recipient: text("recipient"),
        subject: text("subject"),
        purpose: text("purpose"),
        session: binding["session"].as_str(),
        transaction: paid
            .is_object()
            .then(|| (part("amount"), part("currency"), part("payee"))),
    }
}

fn login() -> Value {
    json!({"recipient": LOGIN.recipient, "subject": LOGIN.subject, "purpose": LOGIN.purpose})
}

fn with(mut base: Value, change: Value) -> Value {
    base.as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    base
}

fn code(code: xoxzo_2fa_core::Code) -> String {
    let name = format!("{code:?}");
    name.char_indices()
        .fold(String::new(), |mut kebab, (at, letter)| {
            if letter.is_ascii_uppercase() && at > 0 {
                kebab.push('-');
            }
            kebab.push(letter.to_ascii_lowercase());
            kebab
        })
}

/// A store that several hosts could share: what the vectors' scope asks for.
struct SharedMemory(MemoryGuard);

impl Guard for SharedMemory {
    fn add(&self, charges: &[Charge]) -> Result<Vec<Total>, GuardError> {
        self.0.add(charges)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

/// A Xoxzo that writes down what it is sent.
#[derive(Clone, Default)]
struct Recorder(std::sync::Arc<std::sync::Mutex<Vec<(Value, String)>>>);

impl Transport for Recorder {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let headers: Map<_, _> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
            .collect();
        let seen = json!({
            "method": request.method().as_str(), "url": request.uri().to_string(), "headers": headers,
            "timeout_milliseconds": u64::try_from(timeout.as_millis()).unwrap(),
        });
        self.0
            .lock()
            .unwrap()
            .push((seen, request.body().as_str().to_string()));
        Ok(http::Response::builder()
            .status(201)
            .body(br#"[{"msgid":"m1"}]"#.to_vec())
            .unwrap())
    }
}

fn component(document: &Value, now: u64, recorder: Recorder) -> Result<TwoFactor, Error> {
    let settings = Settings::from_json(&document.to_string())?;
    let builder = match document["guard"]["scope"].as_str() {
        Some("shared") => TwoFactor::builder(settings, SharedMemory(MemoryGuard::default())),
        _ => TwoFactor::builder(settings, MemoryGuard::default()),
    };
    builder
        .transport(recorder)
        .danger_clock(move || UNIX_EPOCH + Duration::from_secs(now))
        .build()
}

fn binding(from: &Value) -> Binding {
    let claimed = claimed(from);
    let mut binding = Binding::new(claimed.recipient, claimed.subject, claimed.purpose);
    binding.session = claimed.session.map(str::to_string);
    binding.transaction = claimed
        .transaction
        .map(|(amount, currency, payee)| Transaction::new(amount, currency, payee));
    binding
}
