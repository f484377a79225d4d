//! Vectors: what the engine answers, what the component answers, and what the files say must be the same.
//!
//! `tests/python/verifier.py` reads the same files from the specification alone. With `BLESS=1` the files are written anew
//! from the engine; look at the difference before committing it.

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

/// Tokens that are made, and what a verify of each near miss answers.
fn token_vectors() -> Vec<Value> {
    let mut made = Vec::new();
    let payment =
        json!({"transaction": {"amount": "12.50", "currency": "EUR", "payee": "Ann Lee"}});
    let bindings = [
        login(),
        with(login(), json!({"session": "s-1"})),
        with(login(), payment),
        with(login(), json!({"purpose": "sign-up"})),
    ];
    for digits in 4..=10_u8 {
        let document = with(document(), json!({"pin": {"digits": digits}}));
        for binding in &bindings {
            let mut world = World::new(&document);
            let token = world
                .start(claimed(binding))
                .map_err(|failure| failure.detail)
                .unwrap()
                .token;
            let pin = world.pin(digits.into());
            let valid = json!({"document": document, "token": token, "binding": binding, "pin": pin, "now": NOW});
            made.push(verified(with(
                valid.clone(),
                json!({"comment": "as it was made", "flags": []}),
            )));
            if digits == 6 {
                made.extend(near_misses(&valid).into_iter().map(verified));
            }
        }
    }
    made
}

fn near_misses(valid: &Value) -> Vec<Value> {
    let token = valid["token"].as_str().unwrap();
    let change = |comment: &str, flag: &str, change: Value| {
        with(
            with(valid.clone(), json!({"comment": comment, "flags": [flag]})),
            change,
        )
    };
    let bound = |comment: &str, other: Value| {
        change(
            comment,
            "Binding",
            json!({"binding": with(valid["binding"].clone(), other)}),
        )
    };
    let token_is =
        |comment: &str, flag: &str, token: String| change(comment, flag, json!({"token": token}));
    let late = |seconds: u32| json!({"now": NOW + seconds});
    let mut document = valid["document"].clone();
    document["keys"] = json!([key(2), key(1)]);
    let rotated = change(
        "the signing key is no longer the first",
        "Rotation",
        json!({"document": document}),
    );
    document["keys"] = json!([key(2)]);
    let dropped = change(
        "the signing key is gone",
        "Rotation",
        json!({"document": document}),
    );
    let other_audience = with(valid["document"].clone(), json!({"audience": "bank"}));
    let process = with(
        valid["document"].clone(),
        json!({"guard": {"key": key(3), "scope": "process"}}),
    );
    vec![
        change("the last second", "Time", late(299)),
        change("the second after", "Time", late(300)),
        change(
            "from a clock a minute ahead",
            "Time",
            json!({"now": NOW - 60}),
        ),
        change(
            "from a clock more than a minute ahead",
            "Time",
            json!({"now": NOW - 61}),
        ),
        change(
            "another pin",
            "Pin",
            json!({"pin": if valid["pin"] == "000000" { "000001" } else { "000000" }}),
        ),
        change("no pin", "Pin", json!({"pin": ""})),
        change(
            "a pin with a space",
            "Pin",
            json!({"pin": format!("{} ", valid["pin"].as_str().unwrap())}),
        ),
        change("fullwidth digits", "Pin", json!({"pin": "１２３４５６"})),
        bound("another recipient", json!({"recipient": "+819087654321"})),
        bound("another subject", json!({"subject": "user-2"})),
        bound(
            "another purpose",
            json!({"purpose": if valid["binding"]["purpose"] == "login" { "sign-up" } else { "login" }}),
        ),
        bound("another session", json!({"session": "s-2"})),
        bound(
            "another amount",
            json!({"transaction": {"amount": "12.51", "currency": "EUR", "payee": "Ann Lee"}}),
        ),
        bound(
            "another payee",
            json!({"transaction": {"amount": "12.50", "currency": "EUR", "payee": "Eve Lee"}}),
        ),
        bound("an empty session", json!({"session": ""})),
        bound(
            "a recipient in another spelling",
            json!({"recipient": "+8109012345678"}),
        ),
        token_is("padded", "Spelling", format!("{token}=")),
        token_is("a space after it", "Spelling", format!("{token} ")),
        token_is("four characters less", "Spelling", token[..76].to_string()),
        token_is("four characters more", "Spelling", format!("{token}AAAA")),
        token_is("empty", "Spelling", String::new()),
        token_is("another version", "Spelling", format!("I{}", &token[1..])),
        token_is(
            "the other alphabet",
            "Spelling",
            format!("{}+{}", &token[..40], &token[41..]),
        ),
        change(
            "another audience",
            "Audience",
            json!({"document": other_audience}),
        ),
        change("another scope", "Scope", json!({"document": process})),
        rotated,
        dropped,
    ]
}

/// The vector with the engine's answer.
fn verified(mut vector: Value) -> Value {
    let mut world = World::new(&vector["document"]);
    world.now = u32::try_from(vector["now"].as_u64().unwrap()).unwrap();
    let text = |name: &str| vector[name].as_str().unwrap().to_string();
    let (token, pin) = (text("token"), text("pin"));
    match world.verify(&token, claimed(&vector["binding"]), &pin) {
        Ok(receipt) => {
            vector["result"] = json!("valid");
            vector["receipt"] = json!(receipt);
            let outline = inspect(&token).map_err(|failure| failure.detail).unwrap();
            vector["outline"] = json!({
                "key_id": outline.key_id, "digits": outline.digits, "issued_at": outline.issued_at, "expires_at": outline.expires_at,
            });
            let mut used: Vec<_> = world
                .counters
                .iter()
                .filter(|(_, (total, _))| *total > 0)
                .map(|(name, _)| name.clone())
                .collect();
            vector["counter"] = json!(used.pop());
            assert!(used.is_empty(), "after a success only the use is left");
        }
        Err(failure) => {
            vector["result"] = json!("invalid");
            vector["code"] = json!(code(failure.code));
        }
    }
    vector
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

#[test]
fn tokens_and_pins() {
    let notes = notes(&[
        (
            "Audience",
            "KEY_SEPARATION",
            "Made for another service with the same keys.",
        ),
        (
            "Binding",
            "BINDING",
            "Shown with something else than it was made for.",
        ),
        ("Pin", "AUTHENTICATION", "What was typed is not the PIN."),
        ("Rotation", "KEY_MANAGEMENT", "Keys moved or went."),
        (
            "Scope",
            "KEY_SEPARATION",
            "Made for counters that are not these.",
        ),
        (
            "Spelling",
            "MALLEABILITY",
            "Not the one spelling of a token.",
        ),
        ("Time", "EXPIRY", "Near the ends of the token's life."),
    ]);
    let made = vectors("token.json", notes, token_vectors());
    let half = made.len() / 2;
    let check = |vectors: &[Value]| {
        for vector in vectors {
            let id = &vector["tcId"];
            let two_factor = component(
                &vector["document"],
                vector["now"].as_u64().unwrap(),
                Recorder::default(),
            )
            .unwrap();
            let (token, pin) = (
                vector["token"].as_str().unwrap(),
                vector["pin"].as_str().unwrap(),
            );
            match two_factor.verify(token, &binding(&vector["binding"]), pin) {
                Ok(acceptance) => assert_eq!(json!(acceptance.receipt), vector["receipt"], "{id}"),
                Err(error) => assert_eq!(json!(error.code().as_str()), vector["code"], "{id}"),
            }
            if vector["result"] == "valid" {
                assert_eq!(
                    xoxzo_2fa::inspect(token).unwrap().key_id,
                    vector["outline"]["key_id"],
                    "{id}"
                );
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| check(&made[..half]));
        check(&made[half..]);
    });
}

#[test]
fn receipts() {
    let mut world = World::new(&with(document(), json!({"message": {"max_parts": 2}})));
    let payment = with(
        with(login(), json!({"session": "s-1"})),
        json!({"transaction": {"amount": "1250", "currency": "JPY", "payee": "例のお店"}}),
    );
    let mut made = Vec::new();
    let root = RootKey::parse(&key(1)).unwrap();
    let (own, other) = (
        root.receipt_key("shop").to_text(),
        root.receipt_key("bank").to_text(),
    );
    for bound in [login(), payment] {
        world.now += 60;
        let token = world
            .start(claimed(&bound))
            .map_err(|failure| failure.detail)
            .unwrap()
            .token;
        let pin = world.pin(6);
        let receipt = world
            .verify(&token, claimed(&bound), &pin)
            .map_err(|failure| failure.detail)
            .unwrap();
        let base = json!({"receipt_keys": [own], "receipt": receipt, "now": world.now, "comment": "as it was made", "flags": []});
        let change = |comment: &str, flag: &str, change: Value| {
            with(
                with(base.clone(), json!({"comment": comment, "flags": [flag]})),
                change,
            )
        };
        let mut flipped = receipt.clone().into_bytes();
        flipped[30] = if flipped[30] == b'A' { b'B' } else { b'A' };
        made.extend([
            base.clone(),
            change(
                "with two keys",
                "Rotation",
                json!({"receipt_keys": [other, own]}),
            ),
            change("the last second", "Time", json!({"now": world.now + 59})),
            change("the second after", "Time", json!({"now": world.now + 60})),
            change(
                "from a clock a minute ahead",
                "Time",
                json!({"now": world.now - 60}),
            ),
            change(
                "from a clock more than a minute ahead",
                "Time",
                json!({"now": world.now - 61}),
            ),
            change(
                "the key of another audience",
                "Audience",
                json!({"receipt_keys": [other]}),
            ),
            change("no key", "Audience", json!({"receipt_keys": []})),
            change(
                "one character changed",
                "Spelling",
                json!({"receipt": String::from_utf8(flipped).unwrap()}),
            ),
            change(
                "padded",
                "Spelling",
                json!({"receipt": format!("{receipt}=")}),
            ),
            change(
                "cut",
                "Spelling",
                json!({"receipt": receipt[..receipt.len() - 4]}),
            ),
            change("empty", "Spelling", json!({"receipt": ""})),
            change("a token", "Kind", json!({"receipt": token})),
        ]);
    }
    for vector in &mut made {
        let keys: Vec<_> = vector["receipt_keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| ReceiptKey::parse(key.as_str().unwrap()).unwrap())
            .collect();
        let now = u32::try_from(vector["now"].as_u64().unwrap()).unwrap();
        match check_receipt(&keys, vector["receipt"].as_str().unwrap(), now) {
            Ok(claims) => {
                let bound = &claims.binding;
                let paid = bound.transaction.as_ref().map(|paid| json!({"amount": paid.amount, "currency": paid.currency, "payee": paid.payee}));
                vector["result"] = json!("valid");
                vector["claims"] = json!({
                    "id": claims.id, "audience": claims.audience, "recipient": bound.recipient.as_str(), "subject": bound.subject,
                    "purpose": bound.purpose, "session": bound.session, "transaction": paid,
                    "issued_at": claims.issued_at, "expires_at": claims.expires_at,
                });
            }
            Err(failure) => {
                vector["result"] = json!("invalid");
                vector["code"] = json!(code(failure.code));
            }
        }
    }
    let notes = notes(&[
        (
            "Audience",
            "KEY_SEPARATION",
            "The key of another audience, or none.",
        ),
        (
            "Kind",
            "CONFUSION",
            "Something else that is signed with the same root.",
        ),
        ("Rotation", "KEY_MANAGEMENT", "More than one key."),
        (
            "Spelling",
            "MALLEABILITY",
            "Not the one spelling of a receipt.",
        ),
        ("Time", "EXPIRY", "Near the ends of the receipt's life."),
    ]);
    for vector in vectors("receipt.json", notes, made) {
        let keys: Vec<_> = vector["receipt_keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key.as_str().unwrap().to_string())
            .collect();
        let now = UNIX_EPOCH + Duration::from_secs(vector["now"].as_u64().unwrap());
        match xoxzo_2fa::check_receipt(&keys, vector["receipt"].as_str().unwrap(), now) {
            Ok(claims) => {
                assert_eq!(json!(claims.id), vector["claims"]["id"]);
                assert!(claims.binding == binding(&vector["claims"]));
            }
            Err(error) => assert_eq!(
                json!(error.code().as_str()),
                vector["code"],
                "{}",
                vector["tcId"]
            ),
        }
    }
}

#[test]
fn settings() {
    let cases = [
        ("the least", json!({})),
        (
            "all there is",
            json!({
                "pin": {"digits": 8, "lifetime_seconds": 120, "guesses": 3}, "failures": {"soft": {"count": 5, "seconds": 3600}, "hard": 50},
                "sends": {"cooldown_seconds": 90, "per_subject": {"count": 3, "seconds": 3600}, "per_number": {"count": 3, "seconds": 3600},
                    "per_client": {"count": 30, "seconds": 3600}, "per_range": {"count": 30, "seconds": 3600}, "per_audience": {"count": 100, "seconds": 3600}},
                "message": {"locale": "ja", "max_parts": 2},
                "destinations": ["JP-mobile", {"prefix": "+4474", "min_digits": 12, "max_digits": 12, "deny": ["+447400"]}],
            }),
        ),
        ("another version", json!({"version": 2})),
        ("an unknown field", json!({"surprise": true})),
        ("no keys", json!({"keys": []})),
        ("the same key twice", json!({"keys": [key(1), key(1)]})),
        (
            "a passphrase for a key",
            json!({"keys": ["correct horse battery staple 1234"]}),
        ),
        (
            "a key with a slip",
            json!({"keys": [key(1).replace('A', "B")]}),
        ),
        (
            "a reference that nobody resolved",
            json!({"guard": {"key": {"env": "KEY"}}}),
        ),
        (
            "http to the world",
            json!({"xoxzo": {"sid": "s", "auth_token": "t", "sender": "Shop", "base_url": "http://api.xoxzo.com"}}),
        ),
        (
            "a path in the base URL",
            json!({"xoxzo": {"sid": "s", "auth_token": "t", "sender": "Shop", "base_url": "https://api.xoxzo.com/x"}}),
        ),
        (
            "a sender that is too long",
            json!({"xoxzo": {"sid": "s", "auth_token": "t", "sender": "ElevenChars"}}),
        ),
        (
            "a service that writes a WebOTP line",
            json!({"service": "a @evil.example #1"}),
        ),
        (
            "a service with an invisible character",
            json!({"service": "Sh\u{200b}op"}),
        ),
        ("no purpose", json!({"purposes": []})),
        ("an unknown preset", json!({"destinations": ["everywhere"]})),
        ("too few digits", json!({"pin": {"digits": 3}})),
        ("too long a life", json!({"pin": {"lifetime_seconds": 601}})),
        (
            "more failures than NIST allows",
            json!({"failures": {"hard": 101}}),
        ),
        ("no cooldown", json!({"sends": {"cooldown_seconds": 0}})),
        (
            "a cap of nothing",
            json!({"sends": {"per_number": {"count": 0, "seconds": 60}}}),
        ),
        ("a negative number", json!({"pin": {"digits": -6}})),
        ("a fraction", json!({"pin": {"digits": 6.5}})),
        ("a number as a text", json!({"pin": {"digits": "6"}})),
    ];
    let made = cases.map(|(comment, change)| {
        let document = with(document(), change).to_string();
        let mut vector = json!({"comment": comment, "flags": [], "document": document});
        match xoxzo_2fa_json::prepare(&document, &mut Counting::default()) {
            Ok(preparation) => {
                vector["result"] = json!("valid");
                vector["effective"] = serde_json::from_str(&preparation.effective).unwrap();
            }
            Err(failure) => {
                vector["result"] = json!("invalid");
                vector["detail"] = json!(failure.detail);
            }
        }
        vector
    });
    for vector in vectors("settings.json", notes(&[]), made.to_vec()) {
        let document: Value = serde_json::from_str(vector["document"].as_str().unwrap()).unwrap();
        // A reference is the host's to resolve, and this host does.
        if vector["comment"] == "a reference that nobody resolved" {
            continue;
        }
        match component(&document, u64::from(NOW), Recorder::default()) {
            Ok(two_factor) => {
                let effective: Value =
                    serde_json::from_str(two_factor.effective_settings()).unwrap();
                assert_eq!(effective, vector["effective"]);
            }
            Err(error) => assert_eq!(
                json!(error.failure().detail),
                vector["detail"],
                "{}",
                vector["comment"]
            ),
        }
    }
}

#[test]
fn requests() {
    let payment =
        json!({"transaction": {"amount": "1250", "currency": "JPY", "payee": "Ann & Bob"}});
    let cases = [
        ("English", json!({}), login(), None),
        ("Japanese", json!({}), login(), Some("ja")),
        ("a payment", json!({}), with(login(), payment.clone()), None),
        (
            "a payment in Japanese, of two parts",
            json!({"message": {"max_parts": 2}}),
            with(login(), payment),
            Some("ja"),
        ),
        (
            "to the United States, from a sandbox",
            json!({
                "xoxzo": {"sid": "s", "auth_token": "t", "sender": "814512345678", "base_url": "http://127.0.0.1:8080", "timeout_milliseconds": 5000},
            }),
            with(login(), json!({"recipient": "+14155550100"})),
            None,
        ),
    ];
    let mut made = Vec::new();
    for (comment, change, bound, locale) in cases {
        let document = with(document(), change);
        let mut world = World::new(&document);
        let sending = xoxzo_2fa_core::Sending {
            locale,
            client: None,
        };
        let challenge = world
            .start_with(claimed(&bound), sending)
            .map_err(|failure| failure.detail)
            .unwrap();
        let pin = world.pin(6);
        let request = world.requests.pop().unwrap();
        let headers: Map<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value)))
            .collect();
        let seen = json!({"method": request.method, "url": request.url, "headers": headers, "timeout_milliseconds": request.timeout});
        made.push(json!({
            "comment": comment, "flags": [], "result": "valid", "document": document, "binding": bound, "locale": locale,
            "request": seen, "body": request.body.replace(&pin, "{pin}"), "parts": challenge.parts, "masked": challenge.masked,
        }));
    }
    for vector in vectors("request.json", notes(&[]), made) {
        let recorder = Recorder::default();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let two_factor = component(&vector["document"], now, recorder.clone()).unwrap();
        let mut sending = xoxzo_2fa::Sending::default();
        sending.locale = vector["locale"].as_str().map(str::to_string);
        let challenge = two_factor
            .start_with(&binding(&vector["binding"]), &sending)
            .unwrap();
        let (seen, body) = recorder.0.lock().unwrap().pop().unwrap();
        let pin = pin_in(body.split("&recipient").next().unwrap(), 6).unwrap();
        assert_eq!(seen, vector["request"]);
        assert_eq!(json!(body.replace(&pin, "{pin}")), vector["body"]);
        assert_eq!(
            (json!(challenge.parts), json!(challenge.masked)),
            (vector["parts"].clone(), vector["masked"].clone())
        );
    }
}
