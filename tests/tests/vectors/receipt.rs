//! Receipts, and near misses.

use super::*;

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
    made.extend(of_test_mode(&root));
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
                    "test": claims.test, "issued_at": claims.issued_at, "expires_at": claims.expires_at,
                });
            }
            Err(failure) => {
                vector["result"] = json!("invalid");
                vector["code"] = json!(failure.code.name());
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
        (
            "Test",
            "KEY_SEPARATION",
            "Test mode, whose receipts and keys are apart.",
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
                assert_eq!(json!(claims.test), vector["claims"]["test"]);
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
        json!({"comment": comment, "flags": ["Test"], "receipt_keys": [key], "receipt": receipt, "now": NOW})
    })
    .collect()
}
