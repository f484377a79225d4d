//! What is signed beside tokens: receipts and handles. Altered, too old, with another's key, and each shown as every other.

use std::time::Duration;

use xoxzo_2fa::{Code, check_receipt, receipt_key};
use xoxzo_2fa_core::{Claimed, Turn, Verify};
use xoxzo_2fa_tests::{NOW, document, key, prepared};

use crate::field::{Field, account, victim};

attacks! {
    alter_a_receipt
    check_a_receipt_with_anothers_key
    show_an_old_receipt
    show_a_receipt_of_test_mode
    forge_a_handle
    show_every_signed_thing_as_every_other
}

attacks_on_counters! {
    ask_for_a_status_in_a_loop
}

/// The receipt of a login on a host with or without test mode.
fn receipt(field: &Field, test: bool) -> String {
    let host = field.host_of(field.settings().set("/test", test));
    let (challenge, pin) = field.start(&host, &victim());
    let won = host.verify(&challenge.token, &victim(), &pin);
    won.unwrap().receipt
}

fn checker(root: u8, audience: &str, test: bool) -> String {
    receipt_key(&key(root), audience, test).unwrap()
}

/// The text with another letter at each of some places.
fn altered(text: &str, step: usize) -> Vec<String> {
    let places = (0..text.len()).step_by(step);
    let alter = |at: usize| {
        let other = if text.as_bytes()[at] == b'A' {
            "B"
        } else {
            "A"
        };
        format!("{}{other}{}", &text[..at], &text[at + 1..])
    };
    places.map(alter).collect()
}

fn alter_a_receipt(field: &Field) {
    let receipt = receipt(field, false);
    let keys = [checker(1, "shop", false)];
    let mut others = altered(&receipt, 1);
    others.extend([
        String::new(),
        format!("{receipt}="),
        format!("{receipt}A"),
        receipt[1..].to_string(),
        receipt[..receipt.len() - 1].to_string(),
        receipt.replace('-', "+").replace('_', "/") + "==",
    ]);
    for other in others {
        field.refused(
            Code::InvalidToken,
            check_receipt(&keys, &other, field.now()),
        );
    }
    let claims = field.granted(check_receipt(&keys, &receipt, field.now()));
    field.control("it says who", claims.binding == victim());
}

fn check_a_receipt_with_anothers_key(field: &Field) {
    let receipt = receipt(field, false);
    let check = |keys: &[String]| check_receipt(keys, &receipt, field.now());
    let others = [
        checker(1, "bank", false),
        checker(1, "Shop", false),
        checker(1, "", false),
        checker(2, "shop", false),
        checker(1, "shop", true),
    ];
    for other in &others {
        field.refused(Code::InvalidToken, check(std::slice::from_ref(other)));
    }
    field.refused(Code::InvalidToken, check(&others));
    // The key that makes challenges checks no receipt, nor does one that is none.
    for other in [key(1), String::new(), "x2fr1_".to_string()] {
        field.refused(Code::Request, check(&[other]));
    }
    field.accepted(check(&[
        checker(1, "bank", false),
        checker(1, "shop", false),
    ]));
}

fn show_an_old_receipt(field: &Field) {
    let receipt = receipt(field, false);
    let keys = [checker(1, "shop", false)];
    let (now, second) = (field.now(), Duration::from_secs(1));
    for late in [60, 61, 3_600, 86_400 * 365] {
        let check = check_receipt(&keys, &receipt, now + second * late);
        field.refused(Code::Expired, check);
    }
    for early in [61, 3_600, 86_400 * 365] {
        let check = check_receipt(&keys, &receipt, now - second * early);
        field.refused(Code::Clock, check);
    }
    field.accepted(check_receipt(&keys, &receipt, now + second * 59));
    field.accepted(check_receipt(&keys, &receipt, now - second * 60));
}

fn show_a_receipt_of_test_mode(field: &Field) {
    let receipt = receipt(field, true);
    let check = |test| check_receipt(&[checker(1, "shop", test)], &receipt, field.now());
    field.refused(Code::InvalidToken, check(false));
    // The same key under the other name.
    let renamed = checker(1, "shop", true).replace("x2ft1_", "x2fr1_");
    let renamed = check_receipt(&[renamed], &receipt, field.now());
    field.refused(Code::Request, renamed);
    let claims = field.granted(check(true));
    field.control("it says that it is of tests", claims.test);
}

fn forge_a_handle(field: &Field) {
    let host = field.host();
    let (challenge, _) = field.start(&host, &victim());
    let (handle, id) = (
        challenge.handle.unwrap(),
        challenge.audit.message_id.unwrap(),
    );
    let mut forged = altered(&handle, 3);
    forged.extend([
        id.clone(),
        format!("../{id}"),
        format!("{id}/../../sms/messages"),
        String::new(),
        format!("{handle}="),
        format!("{handle}A"),
        handle[1..].to_string(),
    ]);
    for forged in forged {
        field.refused(Code::InvalidToken, host.status(&forged));
    }
    field.accepted(host.status(&handle));
    field.pass(86_400);
    field.refused(Code::Expired, host.status(&handle));
}

fn ask_for_a_status_in_a_loop(field: &Field) {
    let host = field.host();
    let (challenge, _) = field.start(&host, &victim());
    let handle = challenge.handle.unwrap();
    for _ in 0..3 {
        field.accepted(host.status(&handle));
        for _ in 0..5 {
            field.refused(Code::Cooldown, host.status(&handle));
        }
        field.pass(5);
    }
}

/// What waits between two steps of a guess, made natively with the field's keys.
fn state(field: &Field) -> String {
    let mut document = document();
    document["guard"]["key"] = field.guard_key().into();
    let settings = prepared(&document);
    let claimed = Claimed {
        recipient: "+819012345678",
        subject: "user-1",
        purpose: "login",
        session: Some("s-1"),
        transaction: None,
    };
    let token = {
        let mut world = xoxzo_2fa_tests::World::new(&document);
        world.start(claimed).ok().unwrap().token
    };
    let begun = Verify::begin(&settings, NOW, &token, claimed, "123456", None);
    match xoxzo_2fa_tests::audited(&settings, begun) {
        Ok(Turn::Count(_, waiting)) => waiting.to_state(&settings, NOW),
        _ => panic!("a guess counts first"),
    }
}

/// A text as it is, and with the length that another kind has.
fn fitted(text: &str, length: usize) -> [String; 2] {
    let fit: String = text.chars().cycle().take(length).collect();
    [text.to_string(), fit]
}

fn show_every_signed_thing_as_every_other(field: &Field) {
    let host = field.host();
    let (live, test) = (receipt(field, false), receipt(field, true));
    let (challenge, pin) = field.start(&host, &account(1));
    let (token, handle) = (challenge.token, challenge.handle.unwrap());
    let state = state(field);
    for other in [&live, &test, &handle, &state] {
        for other in fitted(other, token.len()) {
            let guess = host.verify(&other, &account(1), &pin);
            field.refused(Code::InvalidToken, guess);
            let resend = host.resend(&other, &account(1));
            field.refused(Code::InvalidToken, resend);
        }
    }
    for other in [&live, &test, &token, &state] {
        for other in fitted(other, handle.len()) {
            field.refused(Code::InvalidToken, host.status(&other));
        }
    }
    let check = |test, text: &str| {
        let keys = [checker(1, "shop", test)];
        check_receipt(&keys, text, field.now())
    };
    for other in [&test, &token, &handle, &state] {
        for other in fitted(other, live.len()) {
            field.refused(Code::InvalidToken, check(false, &other));
        }
    }
    for other in [&live, &token, &handle, &state] {
        for other in fitted(other, test.len()) {
            field.refused(Code::InvalidToken, check(true, &other));
        }
    }
    field.accepted(host.status(&handle));
    field.accepted(check(false, &live));
    field.accepted(check(true, &test));
    field.accepted(host.verify(&token, &account(1), &pin));
}
