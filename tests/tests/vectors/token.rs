//! Tokens, and what a verify of each near miss answers.

use super::*;
use xoxzo_2fa_core::{About, Code, Failure, number_index};

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
        (
            "Decoy",
            "AUTHENTICATION",
            "A genuine token of which no PIN was ever sent.",
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
            let token = vector["token"].as_str().unwrap().into();
            let pin = vector["pin"].as_str().unwrap().into();
            match two_factor.verify(&token, &binding(&vector["binding"]), &pin) {
                Ok(acceptance) => {
                    assert_eq!(acceptance.receipt.as_str(), vector["receipt"], "{id}");
                }
                Err(error) => assert_eq!(json!(error.code().as_str()), vector["code"], "{id}"),
            }
            if vector["result"] == "valid" {
                assert_eq!(
                    xoxzo_2fa::inspect(&token).unwrap().key_id,
                    vector["token_info"]["key_id"],
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
    for lifetime in [60, 600] {
        let document = with(
            document(),
            json!({"pin": {"digits": 6, "lifetime_seconds": lifetime}}),
        );
        let mut world = World::new(&document);
        let (token, pin) = world.challenge();
        let shorter = with(
            document.clone(),
            json!({"pin": {"digits": 6, "lifetime_seconds": 60}}),
        );
        let longer = with(
            document.clone(),
            json!({"pin": {"digits": 7, "lifetime_seconds": lifetime}}),
        );
        for (comment, document, seconds) in [
            ("the last second", &document, lifetime - 1),
            ("the second after", &document, lifetime),
            (
                "the last second of a life that is now shorter",
                &shorter,
                59,
            ),
            ("the second after a life that is now shorter", &shorter, 60),
            ("the settings now ask for a longer pin", &longer, 1),
        ] {
            made.push(verified(json!({
                "comment": comment, "flags": ["Time"], "document": document, "token": token, "binding": login(), "pin": pin,
                "now": NOW + seconds,
            })));
        }
    }
    made
}

/// The token of a decoy that is in all else the challenge of a vector.
fn decoy(valid: &Value) -> String {
    let mut world = World::new(&valid["document"]);
    let sending = Sending {
        decoy: true,
        ..Sending::default()
    };
    let challenge = world.start_with(claimed(&valid["binding"]), sending);
    challenge.map_err(|failure| failure.detail).unwrap().token
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
    let account = with(
        valid["document"]["xoxzo"].clone(),
        json!({"base_url": "http://127.0.0.1:8080"}),
    );
    let test = with(
        valid["document"].clone(),
        json!({"test": true, "xoxzo": account}),
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
            "a clock before this format, and no token at all",
            "Time",
            json!({"now": EARLIEST - 1, "token": "x"}),
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
            in_the_other_alphabet(token),
        ),
        change(
            "another audience",
            "Audience",
            json!({"document": other_audience}),
        ),
        change("another scope", "Scope", json!({"document": process})),
        change("test mode", "Scope", json!({"document": test})),
        change(
            "a decoy, with what would be its pin",
            "Decoy",
            json!({"token": decoy(valid)}),
        ),
        rotated,
        dropped,
    ]
}

/// The same bytes in base64 that is not for URLs: `+` and `/` where `-` and `_` were.
fn in_the_other_alphabet(token: &str) -> String {
    let other = token.replace('-', "+").replace('_', "/");
    assert_ne!(
        other, token,
        "the token has none of the letters that differ"
    );
    other
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
            let token_info = inspect(&token).map_err(|failure| failure.detail).unwrap();
            vector["token_info"] = json!({
                "key_id": token_info.key_id, "digits": token_info.digits, "issued_at": token_info.issued_at, "expires_at": token_info.expires_at,
            });
            let mut used: Vec<_> = world
                .counters
                .iter()
                .filter(|(_, (total, _))| *total > 0)
                .map(|(name, _)| name.to_text())
                .collect();
            vector["counter"] = json!(used.pop());
            let about = About::claimed(&world.settings, claimed(&vector["binding"]), Some(&token));
            let told = Failure::new(Code::Used, "").audited(&world.settings, about, None);
            let audit = told.audit.unwrap();
            let recipient = vector["binding"]["recipient"].as_str().unwrap();
            let index = number_index(&world.settings, recipient);
            vector["number_index"] = json!(index.map_err(|failure| failure.detail).unwrap());
            let trail = audit.trail.unwrap();
            vector["audit"] = json!({
                "trail": {"subject": trail.subject, "recipient": trail.recipient, "calling_code": trail.calling_code},
                "challenge_id": audit.challenge_id,
            });
            assert!(used.is_empty(), "after a success only the use is left");
        }
        Err(failure) => {
            vector["result"] = json!("invalid");
            vector["code"] = json!(failure.code.name());
        }
    }
    vector
}
