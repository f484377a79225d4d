//! Guessing from many addresses, or at many users.

use serde_json::json;
use xoxzo_2fa::{Acceptance, Code, Error};
use xoxzo_2fa_tests::Client;

use crate::field::{Field, HOME, account, from, victim, wrong};

attacks! {
    guess_without_an_address
}

attacks_on_counters! {
    guess_once_at_each_of_many_users
    hoard_codes_for_one_burst
    guess_from_every_address_of_a_prefix
    guess_from_a_mapped_address
    guess_at_one_user_from_many_addresses
    guess_at_many_users_from_many_addresses
    burn_a_victims_guesses_from_a_locked_address
    ask_for_messages_from_every_address_of_a_prefix
}

/// Where the attacker is.
const HERE: &str = "198.51.100.9";

/// A host on which one address has ten failures an hour.
fn capped(field: &Field) -> Client {
    let cap = json!({"count": 10, "seconds": 3_600});
    field.host_of(field.settings().set("/failures/per_client", cap))
}

/// A wrong guess at a new challenge of the `at`th user, who is at home.
fn guess(field: &Field, host: &Client, at: usize, client: &str) -> Result<Acceptance, Error> {
    let user = account(at);
    let (challenge, pin) = field.start(host, &user);
    host.verify_from(&challenge.token, &user, &wrong(&pin, 0), client)
}

fn guess_once_at_each_of_many_users(field: &Field) {
    let host = capped(field);
    for at in 0..10 {
        field.refused(Code::WrongPin, guess(field, &host, at, HERE));
    }
    for at in 10..20 {
        field.refused(Code::Locked, guess(field, &host, at, HERE));
        let start = host.start_with(&account(100 + at), &from(HERE));
        field.refused(Code::Locked, start);
    }
    let (challenge, pin) = field.start(&host, &victim());
    field.accepted(host.verify_from(&challenge.token, &victim(), &pin, HOME));
}

/// Codes are asked for while all is calm, and guessed at together: once the alarm is raised, each has one guess.
fn hoard_codes_for_one_burst(field: &Field) {
    let cap = json!({"count": 10, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/failures/per_audience", cap));
    let hoard: Vec<_> = (0..20).map(|at| field.start(&host, &account(at))).collect();
    let guess = |at: usize, pin: &str| host.verify(&hoard[at].0.token, &account(at), pin);
    for (at, (_, pin)) in hoard.iter().enumerate().take(19) {
        field.refused(Code::WrongPin, guess(at, &wrong(pin, 0)));
    }
    for (at, (_, pin)) in hoard.iter().enumerate().take(19) {
        field.refused(Code::Exhausted, guess(at, &wrong(pin, 1)));
        field.refused(Code::Exhausted, guess(at, pin));
    }
    // Whoever has just got a code still gets in with it, and new codes have all their guesses.
    field.accepted(guess(19, &hoard[19].1));
    let (challenge, pin) = field.start_later(&host, &victim());
    let slip = host.verify(&challenge.token, &victim(), &wrong(&pin, 0));
    field.refused(Code::WrongPin, slip);
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// Whoever has one IPv6 address has 2^64 of them.
fn guess_from_every_address_of_a_prefix(field: &Field) {
    let host = capped(field);
    for at in 0..20 {
        let due = if at < 10 {
            Code::WrongPin
        } else {
            Code::Locked
        };
        let client = format!("2001:db8:0:7:{at:x}:ffff::{at}");
        field.refused(due, guess(field, &host, at, &client));
    }
    let (challenge, pin) = field.start(&host, &victim());
    let neighbour = "2001:db8:0:8::1";
    field.accepted(host.verify_from(&challenge.token, &victim(), &pin, neighbour));
}

fn guess_from_a_mapped_address(field: &Field) {
    let host = capped(field);
    let spellings = [
        "198.51.100.9",
        "::ffff:198.51.100.9",
        "::ffff:c633:6409",
        "0:0:0:0:0:FFFF:198.51.100.9",
    ];
    for (at, client) in spellings.into_iter().cycle().take(20).enumerate() {
        let due = if at < 10 {
            Code::WrongPin
        } else {
            Code::Locked
        };
        field.refused(due, guess(field, &host, at, client));
    }
    let (challenge, pin) = field.start(&host, &victim());
    let other = "::ffff:198.51.100.10";
    field.accepted(host.verify_from(&challenge.token, &victim(), &pin, other));
}

fn guess_without_an_address(field: &Field) {
    let host = capped(field);
    let (challenge, pin) = field.start(&host, &victim());
    let guess = |client| host.verify_from(&challenge.token, &victim(), &pin, client);
    field.refused(Code::Request, host.start(&account(1)));
    let hidden = host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Request, hidden);
    for client in [
        "",
        "unknown",
        "example.com",
        "198.51.100.9:443",
        "198.51.100.09",
        " 198.51.100.9",
        "198.51.100.9, 203.0.113.7",
        "[2001:db8::1]",
        "2001:db8::1%eth0",
    ] {
        field.refused(Code::Request, guess(client));
        let start = host.start_with(&account(1), &from(client));
        field.refused(Code::Request, start);
    }
    field.accepted(guess(HOME));
}

fn guess_at_one_user_from_many_addresses(field: &Field) {
    let host = capped(field);
    for _ in 0..2 {
        let (challenge, pin) = field.start_later(&host, &victim());
        for at in 0..5 {
            let client = format!("198.51.{at}.{at}");
            let guess = host.verify_from(&challenge.token, &victim(), &wrong(&pin, at), &client);
            field.refused(Code::WrongPin, guess);
        }
    }
    field.pass(60);
    for at in 5..10 {
        let client = format!("198.51.{at}.{at}");
        field.refused(Code::Locked, host.start_with(&victim(), &from(&client)));
    }
    let (challenge, pin) = field.start(&host, &account(1));
    field.accepted(host.verify_from(&challenge.token, &account(1), &pin, "198.51.0.0"));
}

/// Over the cap of everyone nobody is locked: new codes are longer.
fn guess_at_many_users_from_many_addresses(field: &Field) {
    let cap = json!({"count": 10, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/failures/per_audience", cap));
    for at in 0..16 {
        let (challenge, pin) = field.start(&host, &account(at));
        if at <= 10 {
            field.control("codes are short before", pin.len() == 6);
        } else {
            field.held("no new code is short", pin.len() == 8);
        }
        let guess = host.verify(&challenge.token, &account(at), &wrong(&pin, 0));
        field.refused(Code::WrongPin, guess);
    }
    let (challenge, pin) = field.start(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// An address over its cap is refused before the challenge is charged.
fn burn_a_victims_guesses_from_a_locked_address(field: &Field) {
    let host = capped(field);
    let (challenge, pin) = field.start(&host, &victim());
    for at in 0..10 {
        field.refused(Code::WrongPin, guess(field, &host, at, HERE));
    }
    for at in 0..10 {
        let burn = host.verify_from(&challenge.token, &victim(), &wrong(&pin, at), HERE);
        field.refused(Code::Locked, burn);
    }
    field.accepted(host.verify_from(&challenge.token, &victim(), &pin, HOME));
}

fn ask_for_messages_from_every_address_of_a_prefix(field: &Field) {
    let cap = json!({"count": 5, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/sends/per_client", cap));
    for at in 0..15 {
        let client = format!("2001:db8:0:7::{at}");
        let start = host.start_with(&account(at), &from(&client));
        if at < 5 {
            field.accepted(start);
        } else {
            field.refused(Code::TooManySends, start);
        }
    }
    field.held("five went out", field.sent() == 5);
    field.accepted(host.start_with(&account(15), &from("2001:db8:0:8::15")));
}
