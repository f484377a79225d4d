//! What is signed beside tokens: receipts and handles. Altered, too old, with another's key, and each shown as every other.

use std::time::Duration;

use xoxzo_2fa::{
    Binding, Code, Expected, Handle, Receipt, Token, Transaction, check_receipt, receipt_key,
};
use xoxzo_2fa_core::{Claimed, Turn, Verify};
use xoxzo_2fa_tests::{Client, NOW, document, key, prepared};

use crate::field::{COOLDOWN, Field, account, victim};

attacks! {
    alter_a_receipt
    check_a_receipt_with_anothers_key
    show_an_old_receipt
    show_a_receipt_of_test_mode
    show_a_logins_receipt_for_a_payment
    show_another_users_receipt
    show_a_receipt_of_another_session
    find_a_user_in_a_receipt
    forge_a_handle
    show_every_signed_thing_as_every_other
}

attacks_on_counters! {
    ask_for_a_status_in_a_loop
}

/// The receipt of a login on a host with or without test mode.
fn receipt(field: &Field, test: bool) -> Receipt {
    let host = field.host_of(field.settings().set("/test", test));
    receipt_for(field, &host, &victim())
}

fn receipt_for(field: &Field, host: &Client, binding: &Binding) -> Receipt {
    let (challenge, pin) = field.start(host, binding);
    let won = host.verify(&challenge.token, binding, &pin);
    won.unwrap().receipt
}

/// What a service expects that knows whom it serves.
fn expected() -> Expected {
    Expected::from(&victim())
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
    let text = receipt.as_str();
    let mut others = altered(text, 1);
    others.extend([
        String::new(),
        format!("{text}="),
        format!("{text}A"),
        text[1..].to_string(),
        text[..text.len() - 1].to_string(),
        text.replace('-', "+").replace('_', "/") + "==",
    ]);
    for other in others {
        field.refused(
            Code::InvalidToken,
            check_receipt(&keys, &other.into(), field.now(), &expected()),
        );
    }
    let claims = field.granted(check_receipt(&keys, &receipt, field.now(), &expected()));
    field.control("it says for what", claims.purpose == "login");
}

fn check_a_receipt_with_anothers_key(field: &Field) {
    let receipt = receipt(field, false);
    let check = |keys: &[String]| check_receipt(keys, &receipt, field.now(), &expected());
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
        let check = check_receipt(&keys, &receipt, now + second * late, &expected());
        field.refused(Code::Expired, check);
    }
    for early in [61, 3_600, 86_400 * 365] {
        let check = check_receipt(&keys, &receipt, now - second * early, &expected());
        field.refused(Code::Clock, check);
    }
    for good in [now + second * 59, now - second * 60] {
        field.accepted(check_receipt(&keys, &receipt, good, &expected()));
    }
}

fn show_a_receipt_of_test_mode(field: &Field) {
    let receipt = receipt(field, true);
    let check = |test| {
        check_receipt(
            &[checker(1, "shop", test)],
            &receipt,
            field.now(),
            &expected(),
        )
    };
    field.refused(Code::InvalidToken, check(false));
    // The same key under the other name.
    let renamed = checker(1, "shop", true).replace("x2ft1_", "x2fr1_");
    let renamed = check_receipt(&[renamed], &receipt, field.now(), &expected());
    field.refused(Code::Request, renamed);
    let claims = field.granted(check(true));
    field.control("it says that it is of tests", claims.test);
}

/// A login is won, and the receipt is shown to the service that moves money.
fn show_a_logins_receipt_for_a_payment(field: &Field) {
    let host = field.host();
    let keys = [checker(1, "shop", false)];
    let paid = |amount: &str, payee: &str| Transaction::new(amount, "EUR", payee);
    let payment = paid("12.50", "Ann Lee");
    let login = receipt_for(field, &host, &victim());
    let check = |receipt: &Receipt, expected: Expected| {
        check_receipt(&keys, receipt, field.now(), &expected)
    };
    let stolen = expected().transaction(payment.clone());
    field.refused(Code::InvalidToken, check(&login, stolen.clone()));
    field.accepted(check(&login, expected()));

    // A payment's is for that payment, and no login.
    field.pass(COOLDOWN);
    let won = receipt_for(field, &host, &victim().transaction(payment));
    for other in [
        paid("1250.00", "Ann Lee"),
        paid("12.51", "Ann Lee"),
        paid("12.50", "Eve Lee"),
        Transaction::new("12.50", "USD", "Ann Lee"),
    ] {
        let check = check(&won, expected().transaction(other));
        field.refused(Code::InvalidToken, check);
    }
    field.refused(Code::InvalidToken, check(&won, expected()));
    field.accepted(check(&won, stolen));
}

/// The attacker wins a challenge of his own, and shows its receipt where another user is to be.
fn show_another_users_receipt(field: &Field) {
    let host = field.host();
    let keys = [checker(1, "shop", false)];
    let own = receipt_for(field, &host, &account(1));
    let check = |expected: &Expected| check_receipt(&keys, &own, field.now(), expected);
    let mut others: Vec<_> = (2..50).map(account).collect();
    others.extend([
        Binding::new(account(1).recipient, "USER-1", "login"),
        Binding::new(account(1).recipient, "user-10", "login"),
        Binding::new(account(1).recipient, account(1).recipient, "login"),
        Binding::new(account(1).recipient, "user-1", "sign-up"),
        Binding::new(account(2).recipient, "user-1", "login"),
    ]);
    for other in &others {
        field.refused(Code::InvalidToken, check(&Expected::from(other)));
    }
    field.accepted(check(&Expected::from(&account(1))));
    field.accepted(check(&Expected::new("user-1", "login")));
}

/// A receipt of one session of the user, in another and in none.
fn show_a_receipt_of_another_session(field: &Field) {
    let keys = [checker(1, "shop", false)];
    let receipt = receipt(field, false);
    let check = |receipt: &Receipt, expected: &Expected| {
        check_receipt(&keys, receipt, field.now(), expected)
    };
    for session in ["s-2", "S-1", "s-1s-1", "s", "user-1"] {
        let other = expected().session(session);
        field.refused(Code::InvalidToken, check(&receipt, &other));
    }
    let without = Expected::new("user-1", "login");
    field.refused(Code::InvalidToken, check(&receipt, &without));
    field.accepted(check(&receipt, &expected()));

    // One of no session is not of every session.
    field.pass(COOLDOWN);
    let host = field.host();
    let bare = Binding::new("+819012345678", "user-1", "login");
    let bare = receipt_for(field, &host, &bare);
    field.refused(Code::InvalidToken, check(&bare, &expected()));
    field.accepted(check(&bare, &without));
}

/// Whoever sees receipts, as in a log, and knows every user, session and number: with the keys that he has he cannot tell whose one is.
fn find_a_user_in_a_receipt(field: &Field) {
    let host = field.host();
    let receipt = receipt_for(field, &host, &victim());
    for known in ["user-1", "s-1", "819012345678", "9012345678"] {
        field.held(
            "the receipt shows whom it is about",
            !receipt.as_str().contains(known),
        );
    }
    // Every key but that of the receipt's audience.
    let keys = [
        checker(1, "bank", false),
        checker(2, "shop", false),
        checker(1, "shop", true),
    ];
    for user in (1..20).map(account).chain([victim()]) {
        let told = check_receipt(&keys, &receipt, field.now(), &Expected::from(&user));
        field.refused(Code::InvalidToken, told);
    }
    let own = [checker(1, "shop", false)];
    field.accepted(check_receipt(&own, &receipt, field.now(), &expected()));
}

fn forge_a_handle(field: &Field) {
    let host = field.host();
    let (challenge, _) = field.start(&host, &victim());
    let (handle, id) = (
        challenge.handle.unwrap(),
        challenge.audit.message_id.unwrap(),
    );
    let text = handle.as_str();
    let mut forged = altered(text, 3);
    forged.extend([
        id.clone(),
        format!("../{id}"),
        format!("{id}/../../sms/messages"),
        String::new(),
        format!("{text}="),
        format!("{text}A"),
        text[1..].to_string(),
    ]);
    for forged in forged {
        field.refused(Code::InvalidToken, host.status(&forged.into()));
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
    let receipts = (receipt(field, false), receipt(field, true));
    let (live, test) = (receipts.0.as_str(), receipts.1.as_str());
    let (challenge, pin) = field.start(&host, &account(1));
    let token = challenge.token.as_str();
    let handle = challenge.handle.as_ref().unwrap().as_str();
    let state = &*state(field);
    for other in [live, test, handle, state] {
        for other in fitted(other, token.len()).map(Token::from) {
            let guess = host.verify(&other, &account(1), &pin);
            field.refused(Code::InvalidToken, guess);
            let resend = host.resend(&other, &account(1));
            field.refused(Code::InvalidToken, resend);
        }
    }
    for other in [live, test, token, state] {
        for other in fitted(other, handle.len()).map(Handle::from) {
            field.refused(Code::InvalidToken, host.status(&other));
        }
    }
    let check = |test, text: &str| {
        let keys = [checker(1, "shop", test)];
        check_receipt(&keys, &text.into(), field.now(), &expected())
    };
    for other in [test, token, handle, state] {
        for other in fitted(other, live.len()) {
            field.refused(Code::InvalidToken, check(false, &other));
        }
    }
    for other in [live, token, handle, state] {
        for other in fitted(other, test.len()) {
            field.refused(Code::InvalidToken, check(true, &other));
        }
    }
    field.accepted(host.status(&handle.into()));
    field.accepted(check(false, live));
    field.accepted(check(true, test));
    field.accepted(host.verify(&challenge.token, &account(1), &pin));
}
