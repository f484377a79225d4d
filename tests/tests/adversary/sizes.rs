//! Texts of enormous size: each is refused like any other that is wrong, and as quickly.

use std::time::Instant;

use serde_json::json;
use xoxzo_2fa::{
    Binding, Code, Error, Expected, Receipt, Transaction, check_receipt, inspect, receipt_key,
};
use xoxzo_2fa_tests::{PATIENCE, key};

use crate::field::{Field, HOME, account, from, victim};

attacks! {
    type_an_enormous_code
    bring_an_enormous_token
    bring_an_enormous_handle
    bring_an_enormous_receipt
    name_an_enormous_user
    name_an_enormous_payee
    name_an_enormous_address
}

/// Bytes: around what the component is handed, what it can hold, and beyond.
const SIZES: [usize; 5] = [4_096, 4_097, 102_400, 1_100_000, 5_000_000];

/// Tries all sizes of a few letters.
#[track_caller]
fn enormous<T>(field: &Field, due: Code, try_with: impl Fn(&str) -> Result<T, Error>) {
    for size in SIZES {
        for letter in ["1", "A", "é", "\0"] {
            let text = letter.repeat(size / letter.len());
            let began = Instant::now();
            field.refused(due, try_with(&text));
            let took = began.elapsed();
            field.held("it is quick", took < PATIENCE);
        }
    }
}

fn type_an_enormous_code(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    enormous(field, Code::Malformed, |text| {
        host.verify(&challenge.token, &victim(), text)
    });
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn bring_an_enormous_token(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let token = challenge.token.as_str();
    enormous(field, Code::InvalidToken, |text| {
        host.verify(&text.into(), &victim(), &pin)
    });
    enormous(field, Code::InvalidToken, |text| {
        host.resend(&text.into(), &victim())
    });
    enormous(field, Code::InvalidToken, |text| inspect(&text.into()));
    enormous(field, Code::InvalidToken, |text| {
        host.verify(&format!("{token}{text}").into(), &victim(), &pin)
    });
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn bring_an_enormous_handle(field: &Field) {
    let host = field.host();
    let (challenge, _) = field.start(&host, &victim());
    let handle = challenge.handle.unwrap();
    enormous(field, Code::InvalidToken, |text| host.status(&text.into()));
    enormous(field, Code::InvalidToken, |text| {
        host.status(&format!("{}{text}", handle.as_str()).into())
    });
    field.accepted(host.status(&handle));
}

fn bring_an_enormous_receipt(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let won = host.verify(&challenge.token, &victim(), &pin).unwrap();
    let keys = [receipt_key(&key(1), "shop", false).unwrap()];
    let expected = Expected::from(&victim());
    let check = |receipt: &Receipt| check_receipt(&keys, receipt, field.now(), &expected);
    enormous(field, Code::InvalidToken, |text| check(&text.into()));
    enormous(field, Code::InvalidToken, |text| {
        check(&format!("{}{text}", won.receipt.as_str()).into())
    });
    field.accepted(check(&won.receipt));
}

fn name_an_enormous_user(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let bindings: [fn(&str) -> Binding; 4] = [
        |text| Binding::new(text, "user-1", "login"),
        |text| Binding::new("+819012345678", text, "login"),
        |text| Binding::new("+819012345678", "user-1", text),
        |text| victim().session(text),
    ];
    for binding in bindings {
        enormous(field, Code::Request, |text| host.start(&binding(text)));
        enormous(field, Code::Request, |text| {
            host.verify(&challenge.token, &binding(text), &pin)
        });
    }
    enormous(field, Code::Request, |text| {
        host.unlock("+819012345678", text)
    });
    enormous(field, Code::Request, |text| host.unlock(text, "user-1"));
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
    let longest = Binding::new("+819087654321", "u".repeat(128), "login");
    field.accepted(host.start(&longest.session("s".repeat(128))));
}

fn name_an_enormous_payee(field: &Field) {
    let host = field.host();
    let transactions: [fn(&str) -> Transaction; 3] = [
        |text| Transaction::new("12.50", "EUR", text),
        |text| Transaction::new(text, "EUR", "Ann Lee"),
        |text| Transaction::new("12.50", text, "Ann Lee"),
    ];
    for transaction in transactions {
        enormous(field, Code::Request, |text| {
            host.start(&victim().transaction(transaction(text)))
        });
    }
    field.held("no message went out", field.sent() == 0);
    let longest = Transaction::new("12.50", "EUR", "x".repeat(40));
    field.accepted(host.start(&victim().transaction(longest)));
}

fn name_an_enormous_address(field: &Field) {
    let cap = json!({"count": 10, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/failures/per_client", cap));
    let (challenge, pin) = field.start(&host, &victim());
    enormous(field, Code::Request, |text| {
        host.start_with(&account(1), &from(text))
    });
    enormous(field, Code::Request, |text| {
        host.start_with(&account(1), &from(HOME).locale(text))
    });
    enormous(field, Code::Request, |text| {
        host.verify_from(&challenge.token, &victim(), &pin, text)
    });
    field.accepted(host.verify_from(&challenge.token, &victim(), &pin, HOME));
}
