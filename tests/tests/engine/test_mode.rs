//! Test mode: its limits hold, and nothing that it makes is worth anything elsewhere.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xoxzo_2fa_core::{Code, Expected, ReceiptKey, RootKey, check_receipt};
use xoxzo_2fa_tests::{LOGIN, NOW, World, code, document, key, other_than, pin_in};

fn testing() -> Value {
    let mut account = document()["xoxzo"].clone();
    account["base_url"] = json!("http://127.0.0.1:8080");
    json!({"test": true, "xoxzo": account, "sends": {"cooldown_seconds": 1}})
}

#[test]
fn what_test_mode_makes_is_worth_nothing_elsewhere() {
    let (mut test, mut live) = (World::with(&testing()), World::with(&json!({})));
    let token = test.start(LOGIN).ok().unwrap().token;
    let pin = test.pin(6);
    assert_eq!(
        code(live.verify(&token, LOGIN, &pin)),
        Some(Code::InvalidToken)
    );
    let challenge = live.start(LOGIN).ok().unwrap();
    let live_pin = live.pin(6);
    assert_eq!(
        code(test.verify(&challenge.token, LOGIN, &live_pin)),
        Some(Code::InvalidToken)
    );
    assert_ne!(pin, live_pin);
    // Nor do they count together.
    let names = |world: &World| world.counters.keys().cloned().collect::<BTreeSet<_>>();
    assert!(names(&test).is_disjoint(&names(&live)));

    let root = RootKey::parse(&key(1)).unwrap();
    let (live_key, test_key) = (
        root.receipt_key("shop", false),
        root.receipt_key("shop", true),
    );
    let receipts = [
        (test.verify(&token, LOGIN, &pin).ok().unwrap(), true),
        (
            live.verify(&challenge.token, LOGIN, &live_pin)
                .ok()
                .unwrap(),
            false,
        ),
    ];
    let expected = Expected {
        subject: LOGIN.subject,
        purpose: LOGIN.purpose,
        recipient: None,
        session: None,
        transaction: None,
    };
    for (receipt, is_test) in receipts {
        let check = |keys: &[&ReceiptKey]| {
            let keys: Vec<_> = keys.iter().map(|key| (*key).clone()).collect();
            check_receipt(&keys, &receipt, NOW, expected).map(|claims| claims.test)
        };
        let (own, other) = if is_test {
            (&test_key, &live_key)
        } else {
            (&live_key, &test_key)
        };
        assert_eq!(check(&[own]).ok(), Some(is_test));
        assert_eq!(code(check(&[other])), Some(Code::InvalidToken));
        assert_eq!(check(&[other, own]).ok(), Some(is_test));
    }
}

#[test]
fn limits_hold_in_test_mode() {
    let mut world = World::with(&testing());
    let token = world.start(LOGIN).ok().unwrap().token;
    let pin = world.pin(6);
    for _ in 0..5 {
        assert_eq!(
            code(world.verify(&token, LOGIN, other_than(&pin))),
            Some(Code::WrongPin)
        );
    }
    assert_eq!(
        code(world.verify(&token, LOGIN, &pin)),
        Some(Code::Exhausted)
    );
    world.now += 1;
    let token = world.start(LOGIN).ok().unwrap().token;
    let pin = pin_in(&world.requests.last().unwrap().body, 6).unwrap();
    assert!(world.verify(&token, LOGIN, &pin).is_ok());
    assert_eq!(code(world.verify(&token, LOGIN, &pin)), Some(Code::Used));
}
