//! Receipts, and near misses.

use super::*;

/// A body with number and user in it, which an engine with these keys once authenticated: a receipt in everything but its form.
const IN_THE_CLEAR: &str = "EmKwOuBs2vcC14uJMDXMF_lrSdI8AAAABHNob3AAAAANKzgxOTAxMjM0NTY3OAAAAAZ1c2VyLTEAAAAFbG9naW4AAJysFdDrVwl9kiF7h5Q6DoDYfSeQk5P_OxJ6mD2gtaJV";

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
        root.receipt_key("shop", false).to_text(),
        root.receipt_key("bank", false).to_text(),
    );
    let mut shown = Vec::new();
    for bound in [login(), payment, login()] {
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
        let base = json!({
            "receipt_keys": [own], "receipt": receipt, "now": world.now, "expected": bound,
            "comment": "as it was made", "flags": [],
        });
        let again = shown.iter().any(|(earlier, _)| *earlier == bound);
        shown.push((bound, receipt));
        if again {
            let earlier = &shown[0].1;
            let change = json!({"unlike": earlier, "comment": "another of one user, without a hash in common", "flags": ["Unlinkable"]});
            made.push(with(base, change));
            continue;
        }
        made.extend(near(&base, &token, &other));
        made.extend(of_something_else(&base));
        made.extend(malformed(&base));
    }
    made.push(json!({
        "receipt_keys": [own], "receipt": IN_THE_CLEAR, "now": 1_800_000_060, "expected": login(),
        "comment": "a body that carries number and user, under the same key", "flags": ["Kind"],
    }));
    made.extend(of_test_mode(&root));
    for vector in &mut made {
        judge(vector);
    }
    let notes = notes(&[
        (
            "Audience",
            "KEY_SEPARATION",
            "The key of another audience, or none.",
        ),
        (
            "Expectation",
            "AUTHORIZATION",
            "A genuine receipt for something else than what is expected.",
        ),
        (
            "Form",
            "MALFORMED_INPUT",
            "An expectation that does not have its form. It is refused whatever the receipt is.",
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
        (
            "Test",
            "KEY_SEPARATION",
            "Test mode, whose receipts and keys are apart.",
        ),
        ("Time", "EXPIRY", "Near the ends of the receipt's life."),
        (
            "Unlinkable",
            "PRIVACY",
            "The receipt has no hash in common with the one in `unlike`.",
        ),
    ]);
    for vector in vectors("receipt.json", notes, made) {
        let keys: Vec<_> = vector["receipt_keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key.as_str().unwrap().to_string())
            .collect();
        let now = UNIX_EPOCH + Duration::from_secs(vector["now"].as_u64().unwrap());
        let receipt = vector["receipt"].as_str().unwrap().into();
        let expected = expected_of_sdk(&vector["expected"]);
        match xoxzo_2fa::check_receipt(&keys, &receipt, now, &expected) {
            Ok(claims) => {
                assert_eq!(json!(claims.id), vector["claims"]["id"]);
                assert_eq!(json!(claims.audience), vector["claims"]["audience"]);
                assert_eq!(json!(claims.purpose), vector["claims"]["purpose"]);
                assert_eq!(json!(claims.test), vector["claims"]["test"]);
                assert_eq!(claims.transaction, expected.transaction);
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

/// Writes what the engine answers into a vector.
fn judge(vector: &mut Value) {
    let keys: Vec<_> = vector["receipt_keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| ReceiptKey::parse(key.as_str().unwrap()).unwrap())
        .collect();
    let now = u32::try_from(vector["now"].as_u64().unwrap()).unwrap();
    let receipt = vector["receipt"].as_str().unwrap();
    match check_receipt(&keys, receipt, now, expected(&vector["expected"])) {
        Ok(claims) => {
            let paid = claims.transaction.as_ref().map(|paid| json!({"amount": paid.amount, "currency": paid.currency, "payee": paid.payee}));
            vector["result"] = json!("valid");
            vector["claims"] = json!({
                "id": claims.id, "audience": claims.audience, "purpose": claims.purpose, "transaction": paid,
                "test": claims.test, "issued_at": claims.issued_at, "expires_at": claims.expires_at,
            });
        }
        Err(failure) => {
            vector["result"] = json!("invalid");
            vector["code"] = json!(failure.code.name());
        }
    }
}

fn expected_of_sdk(from: &Value) -> xoxzo_2fa::Expected {
    let binding = binding(from);
    let mut expected = xoxzo_2fa::Expected::from(&binding);
    expected.recipient = from["recipient"].as_str().map(str::to_string);
    expected
}

fn changed(base: &Value, comment: &str, flag: &str, change: Value) -> Value {
    with(
        with(base.clone(), json!({"comment": comment, "flags": [flag]})),
        change,
    )
}

/// The vector itself, and the receipt with other keys, at other times and in other spellings.
fn near(base: &Value, token: &str, other: &str) -> Vec<Value> {
    let receipt = base["receipt"].as_str().unwrap();
    let (own, now) = (&base["receipt_keys"][0], base["now"].as_u64().unwrap());
    let change = |comment, flag, change| changed(base, comment, flag, change);
    let mut flipped = receipt.to_string().into_bytes();
    flipped[30] = if flipped[30] == b'A' { b'B' } else { b'A' };
    vec![
        base.clone(),
        change(
            "with two keys",
            "Rotation",
            json!({"receipt_keys": [other, own]}),
        ),
        change("the last second", "Time", json!({"now": now + 59})),
        change("the second after", "Time", json!({"now": now + 60})),
        change(
            "from a clock a minute ahead",
            "Time",
            json!({"now": now - 60}),
        ),
        change(
            "from a clock more than a minute ahead",
            "Time",
            json!({"now": now - 61}),
        ),
        change(
            "a clock before this format, and no receipt at all",
            "Time",
            json!({"now": EARLIEST - 1, "receipt": "x"}),
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
        change(
            "without its MAC",
            "Spelling",
            json!({"receipt": receipt[..receipt.len() - 43]}),
        ),
        change(
            "longer than any",
            "Spelling",
            json!({"receipt": receipt.repeat(3)}),
        ),
        change("empty", "Spelling", json!({"receipt": ""})),
        change("a token", "Kind", json!({"receipt": token})),
    ]
}

/// The base's expectation with other fields. A field that is null is absent.
fn expecting(base: &Value, comment: &str, flag: &str, change: Value) -> Value {
    let mut expected = with(base["expected"].clone(), change);
    expected
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    changed(base, comment, flag, json!({"expected": expected}))
}

/// A change of what is expected to another payment.
fn paid(amount: &str, currency: &str, payee: &str) -> Value {
    json!({"transaction": {"amount": amount, "currency": currency, "payee": payee}})
}

/// The same receipt where something else is expected, one field at a time; and without the number, which is not.
fn of_something_else(base: &Value) -> Vec<Value> {
    let change = |comment, change| expecting(base, comment, "Expectation", change);
    let mut made = vec![
        change("whatever the number", json!({"recipient": null})),
        change("another subject", json!({"subject": "user-2"})),
        change("a subject in capitals", json!({"subject": "USER-1"})),
        change("another purpose", json!({"purpose": "sign-up"})),
        change(
            "a purpose that no settings have",
            json!({"purpose": "payment"}),
        ),
        change("another number", json!({"recipient": "+819012345679"})),
        change(
            "another spelling of the number",
            json!({"recipient": "+8109012345678"}),
        ),
        change("another session", json!({"session": "s-2"})),
        change(
            "subject and session the other way round",
            json!({"subject": "s-1", "session": "user-1"}),
        ),
        change("another amount", paid("1251", "JPY", "例のお店")),
        change("another currency", paid("1250", "KRW", "例のお店")),
        change("another payee", paid("1250", "JPY", "例の店")),
        changed(
            base,
            "something else, when it is over",
            "Expectation",
            json!({"now": base["now"].as_u64().unwrap() + 60, "expected": {"subject": "user-2", "purpose": "login"}}),
        ),
    ];
    if base["expected"]["session"].is_null() {
        made.extend([
            change("a session where there is none", json!({"session": "s-1"})),
            change(
                "a payment where there is none",
                paid("1250", "JPY", "例のお店"),
            ),
        ]);
    } else {
        made.extend([
            change("no session where there is one", json!({"session": null})),
            change(
                "no payment where there is one",
                json!({"transaction": null}),
            ),
        ]);
    }
    made
}

/// Expectations that do not have their form, with a good receipt and with none.
fn malformed(base: &Value) -> Vec<Value> {
    let change = |comment, change| expecting(base, comment, "Form", change);
    vec![
        change("an empty subject", json!({"subject": ""})),
        change("a subject with a space", json!({"subject": "user 1"})),
        change(
            "a subject of 129 characters",
            json!({"subject": "u".repeat(129)}),
        ),
        change("an empty purpose", json!({"purpose": ""})),
        change("an empty session", json!({"session": ""})),
        change("a session that is not ASCII", json!({"session": "é"})),
        change("a national number", json!({"recipient": "09012345678"})),
        change(
            "a number with spaces",
            json!({"recipient": "+81 90 1234 5678"}),
        ),
        change(
            "an amount with decimals",
            paid("1250.00", "JPY", "例のお店"),
        ),
        change("no currency", paid("1250", "XXX", "例のお店")),
        change("a payee with four digits", paid("1250", "JPY", "Shop 1234")),
        change(
            "a payee with digits of another script",
            paid("1250", "JPY", "一二三四"),
        ),
        change(
            "a payee that is a link",
            paid("1250", "JPY", "evil.example"),
        ),
        change("a payee in two scripts", paid("1250", "JPY", "P\u{430}y")),
        change(
            "a payee with marks piled on a letter",
            paid("1250", "JPY", "ร\u{e49}\u{e49}าน"),
        ),
        changed(
            base,
            "a malformed expectation and no receipt",
            "Form",
            json!({"expected": {"subject": "", "purpose": "login"}, "receipt": ""}),
        ),
    ]
}

/// A receipt of test mode with each key, and a live one with the key of test mode.
fn of_test_mode(root: &RootKey) -> Vec<Value> {
    let (live_key, test_key) = (
        root.receipt_key("shop", false).to_text(),
        root.receipt_key("shop", true).to_text(),
    );
    let account = with(
        document()["xoxzo"].clone(),
        json!({"base_url": "http://127.0.0.1:8080"}),
    );
    let receipt = |document: &Value| {
        let mut world = World::new(document);
        let (token, pin) = world.challenge();
        let receipt = world.verify(&token, LOGIN, &pin);
        receipt.map_err(|failure| failure.detail).unwrap()
    };
    let test = receipt(&with(document(), json!({"test": true, "xoxzo": account})));
    let live = receipt(&document());
    [
        ("a receipt of test mode with its key", &test, &test_key),
        ("a receipt of test mode with a live key", &test, &live_key),
        ("a live receipt with a key of test mode", &live, &test_key),
    ]
    .into_iter()
    .map(|(comment, receipt, key)| {
        json!({"comment": comment, "flags": ["Test"], "receipt_keys": [key], "receipt": receipt, "now": NOW, "expected": login()})
    })
    .collect()
}
