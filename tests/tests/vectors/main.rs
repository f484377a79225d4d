//! Vectors: what the engine answers, what the component answers, and what the files say must be the same.
//!
//! `tests/python/verifier.py` reads the same files from the specification alone. With `BLESS=1` the files are written anew
//! from the engine; look at the difference before committing it.

mod explain;
mod handle;
mod message;
mod phone;
mod receipt;
mod request;
mod response;
mod settings;
mod step_up;
mod token;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use serde_json::{Map, Value, json};
use xoxzo_2fa::{
    Binding, Body, Charge, Error, Guard, GuardError, Lost, MemoryGuard, Scope, Settings, Total,
    Totals, Transaction, Transport, TwoFactor,
};
use xoxzo_2fa_core::{
    Challenge, Claimed, Code, Expected, Locale, ReceiptKey, RootKey, Sending, check_receipt,
    inspect,
};
use xoxzo_2fa_tests::{
    Counters, Counting, LOGIN, NOW, World, charge, document, key, pin_in, prepared, said,
};

/// The first second that a clock may tell: 2026-11-24T00:00:00Z.
const EARLIEST: u32 = 1_795_478_400;

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

/// What a vector's receipt is expected to be for.
fn expected(from: &Value) -> Expected<'_> {
    let claimed = claimed(from);
    Expected {
        subject: claimed.subject,
        purpose: claimed.purpose,
        recipient: from["recipient"].as_str(),
        session: claimed.session,
        transaction: claimed.transaction,
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

/// A store that several hosts could share: what the vectors' scope asks for.
struct SharedMemory(MemoryGuard);

impl Guard for SharedMemory {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.0.add(charges)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

/// A store that begins anew with every list: no cooldown to wait for.
struct Forgetful;

impl Guard for Forgetful {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let total =
            |charge: &Charge| Total::new(0_u32.saturating_add_signed(charge.amount), charge.ttl);
        Ok(Totals::new(charges.iter().map(total).collect()))
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }

    // It would not pass.
    fn check(&self) -> Result<(), GuardError> {
        Ok(())
    }
}

/// A Xoxzo that writes down what it is sent, and takes it or answers what it is told to.
#[derive(Clone, Default)]
struct Recorder {
    seen: Arc<Mutex<Vec<(Value, String)>>>,
    answer: Option<(u16, Option<String>, String)>,
}

impl Recorder {
    fn pop(&self) -> (Value, String) {
        self.seen.lock().unwrap().pop().unwrap()
    }
}

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
        self.seen
            .lock()
            .unwrap()
            .push((seen, request.body().as_str().to_string()));
        let taken = (201, None, r#"[{"msgid":"m1"}]"#.to_string());
        let (status, retry_after, body) = self.answer.clone().unwrap_or(taken);
        let mut response = http::Response::builder().status(status);
        if let Some(retry_after) = retry_after {
            response = response.header("retry-after", retry_after);
        }
        Ok(response.body(body.into_bytes()).unwrap())
    }
}

fn component(document: &Value, now: u64, recorder: Recorder) -> Result<TwoFactor, Error> {
    let memory = MemoryGuard::default();
    match document["guard"]["scope"].as_str() {
        Some("shared") => component_with(document, SharedMemory(memory), now, recorder),
        _ => component_with(document, memory, now, recorder),
    }
}

fn component_with(
    document: &Value,
    guard: impl Guard + 'static,
    now: u64,
    recorder: Recorder,
) -> Result<TwoFactor, Error> {
    let settings = Settings::from_json(&document.to_string())?;
    TwoFactor::builder(settings, guard)
        .transport(recorder)
        .danger_clock(move || UNIX_EPOCH + Duration::from_secs(now))
        .build()
}

/// The two ways that a vector's message can go.
fn channels(vector: &Value) -> (xoxzo_2fa_core::Channel, xoxzo_2fa::Channel) {
    match vector["channel"].as_str() {
        Some("voice") => (xoxzo_2fa_core::Channel::Voice, xoxzo_2fa::Channel::Voice),
        _ => (xoxzo_2fa_core::Channel::Sms, xoxzo_2fa::Channel::Sms),
    }
}

/// The engine's last request for a vector's `document`, `binding`, `locale` and `channel`: of a start or, for a call, of the
/// resend a minute later; and the challenge.
fn requested(vector: &Value) -> (World, Challenge) {
    let mut world = World::new(&vector["document"]);
    let locale = vector["locale"].as_str();
    let sending = Sending {
        locale,
        ..Sending::default()
    };
    let bound = claimed(&vector["binding"]);
    let mut challenge = world
        .start_with(bound, sending)
        .map_err(|failure| failure.detail)
        .unwrap();
    let (channel, _) = channels(vector);
    if channel == xoxzo_2fa_core::Channel::Voice {
        world.now += 60;
        let sending = Sending { channel, ..sending };
        challenge = world
            .resend(&challenge.token, bound, sending)
            .map_err(|failure| failure.detail)
            .unwrap();
    }
    (world, challenge)
}

/// The same by the component.
fn requested_of_component(vector: &Value, recorder: Recorder) -> (TwoFactor, xoxzo_2fa::Challenge) {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let two_factor = component_with(&vector["document"], Forgetful, now, recorder).unwrap();
    let mut sending = xoxzo_2fa::Sending::default();
    sending.locale = vector["locale"].as_str().map(str::to_string);
    let bound = binding(&vector["binding"]);
    let mut challenge = two_factor.start_with(&bound, &sending).unwrap();
    let (_, channel) = channels(vector);
    if channel == xoxzo_2fa::Channel::Voice {
        let sending = sending.channel(channel);
        challenge = two_factor
            .resend_with(&challenge.token, &bound, &sending)
            .unwrap();
    }
    (two_factor, challenge)
}

/// The PIN in a body, and the body with `{pin}` in its places: as a whole, or digit by digit as a call says it.
fn without_pin(body: &str) -> String {
    let plain = body.split("&recipient").next().unwrap_or(body);
    if let Some(pin) = pin_in(plain, 6) {
        return body.replace(&pin, "{pin}");
    }
    // Six digits, each with a comma or its escape twice after it but for the last.
    let mark = if body.contains("%2C%2C") {
        "%2C%2C"
    } else {
        ",,"
    };
    let digits: Vec<_> = body
        .match_indices(mark)
        .filter_map(|(at, _)| body[..at].chars().next_back())
        .filter(char::is_ascii_digit)
        .take(5)
        .collect();
    let start: String = digits
        .iter()
        .map(|digit| format!("{digit}{mark}"))
        .collect();
    let at = body.find(&start).expect("the digits stand in a row") + start.len();
    let last = body[at..].chars().next().expect("and one more");
    body.replace(&format!("{start}{last}"), "{pin}")
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
