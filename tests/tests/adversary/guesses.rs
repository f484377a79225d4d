//! Guessing at one user: more often, at once, over new codes, keys, restarts, numbers and months.

use std::thread;

use serde_json::json;
use xoxzo_2fa::{Acceptance, Binding, Code, Error};
use xoxzo_2fa_tests::{Client, key};

use crate::field::{COOLDOWN, Field, victim, wrong};

attacks_on_counters! {
    guess_on_and_on
    guess_at_once
    guess_at_new_codes
    guess_over_rotated_keys_and_restarts
    guess_between_wins_with_ones_own_phone
    guess_over_many_numbers
    guess_on_after_a_resend
    guess_for_months_one_short_of_the_limit
    post_a_spent_token_to_lock_its_user_out
}

/// So many wrong guesses at one challenge.
fn wrong_guesses(field: &Field, host: &Client, count: usize) -> Vec<Result<Acceptance, Error>> {
    let (challenge, pin) = field.start_later(host, &victim());
    let guess = |at| host.verify(&challenge.token, &victim(), &wrong(&pin, at));
    (0..count).map(guess).collect()
}

fn guess_on_and_on(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let guess = |pin: &str| host.verify(&challenge.token, &victim(), pin);
    for at in 0..5 {
        field.refused(Code::WrongPin, guess(&wrong(&pin, at)));
    }
    for at in 5..100 {
        field.refused(Code::Exhausted, guess(&wrong(&pin, at)));
    }
    field.refused(Code::Exhausted, guess(&pin));

    // The fifth guess is the last one that is compared.
    let (challenge, pin) = field.start_later(&host, &victim());
    let guess = |pin: &str| host.verify(&challenge.token, &victim(), pin);
    for at in 0..4 {
        field.refused(Code::WrongPin, guess(&wrong(&pin, at)));
    }
    field.accepted(guess(&pin));
}

fn guess_at_once(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let guesses = thread::scope(|scope| {
        let guess = |at| {
            let (host, token, pin) = (&host, &challenge.token, wrong(&pin, at));
            scope.spawn(move || host.verify(token, &victim(), &pin))
        };
        let threads: Vec<_> = (0..64).map(guess).collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap());
        ended.collect()
    });
    let due = [(Code::WrongPin, 5), (Code::Exhausted, 59)];
    field.all_refused(&due, guesses);
    let (challenge, pin) = field.start_later(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn guess_at_new_codes(field: &Field) {
    let host = field.host();
    for session in 0..2 {
        let login = victim().session(format!("s-{session}"));
        let (challenge, pin) = field.start_later(&host, &login);
        for at in 0..5 {
            let guess = host.verify(&challenge.token, &login, &wrong(&pin, at));
            field.refused(Code::WrongPin, guess);
        }
    }
    for session in 2..6 {
        field.pass(COOLDOWN);
        let login = victim().session(format!("s-{session}"));
        field.refused(Code::Locked, host.start(&login));
    }
    // A day after the first failure.
    field.pass(86_400);
    let (challenge, pin) = field.start(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// Counters have names under another key than challenges: they outlive every rotation.
fn guess_over_rotated_keys_and_restarts(field: &Field) {
    for round in 1..=4_u8 {
        let keys: Vec<_> = (0..round).map(|at| key(10 + round - at)).collect();
        let settings = field.settings().set("/keys", keys);
        // Memory ends with its process, and so do its tokens: there, only the keys change.
        let guard = if field.is_memory() {
            field.guard()
        } else {
            field.reopened()
        };
        let host = field.host_with(settings, guard);
        if round <= 2 {
            for guess in wrong_guesses(field, &host, 5) {
                field.refused(Code::WrongPin, guess);
            }
        } else {
            field.pass(COOLDOWN);
            field.refused(Code::Locked, host.start(&victim()));
        }
        if round == 4 {
            // Another user is not kept out.
            let other = Binding::new("+819087654321", "user-2", "login");
            let (challenge, pin) = field.start(&host, &other);
            field.accepted(host.verify(&challenge.token, &other, &pin));
        }
    }
}

/// A thief of a half-open session binds a phone of their own to the victim's account, succeeds with it, and guesses on at the victim's.
fn guess_between_wins_with_ones_own_phone(field: &Field) {
    let host = field.host();
    let own = Binding::new("+819087654321", "user-1", "login");
    for round in 0..4 {
        field.pass(COOLDOWN);
        if round < 2 {
            let (challenge, pin) = field.start(&host, &victim());
            for at in 0..5 {
                let guess = host.verify(&challenge.token, &victim(), &wrong(&pin, at));
                field.refused(Code::WrongPin, guess);
            }
        } else {
            field.refused(Code::Locked, host.start(&victim()));
        }
        let (challenge, pin) = field.start(&host, &own);
        field.accepted(host.verify(&challenge.token, &own, &pin));
    }
}

/// Each number has failures of its own, and a user has some over all numbers, whatever succeeds.
fn guess_over_many_numbers(field: &Field) {
    let host = field.host();
    let of = |number: usize| Binding::new(format!("+8190{number:04}5678"), "user-1", "login");
    for number in 0..7 {
        let binding = of(number);
        let (challenge, pin) = field.start(&host, &binding);
        for at in 0..4 {
            let guess = host.verify(&challenge.token, &binding, &wrong(&pin, at));
            field.refused(Code::WrongPin, guess);
        }
        field.accepted(host.verify(&challenge.token, &binding, &pin));
    }
    let (challenge, pin) = field.start(&host, &of(7));
    for at in 0..2 {
        let guess = host.verify(&challenge.token, &of(7), &wrong(&pin, at));
        field.refused(Code::WrongPin, guess);
    }
    field.refused(Code::Locked, host.verify(&challenge.token, &of(7), &pin));
    field.refused(Code::Locked, host.start(&of(8)));
    let other = Binding::new("+819000085678", "user-2", "login");
    field.accepted(host.start(&other));
}

/// A resend gives no guess back and no life.
fn guess_on_after_a_resend(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let guess = |pin: &str| host.verify(&challenge.token, &victim(), pin);
    for at in 0..4 {
        field.refused(Code::WrongPin, guess(&wrong(&pin, at)));
    }
    field.pass(COOLDOWN);
    let resent = field.granted(host.resend(&challenge.token, &victim()));
    field.held("the token is the same", resent.token == challenge.token);
    field.refused(Code::WrongPin, guess(&wrong(&pin, 4)));
    field.refused(Code::Exhausted, guess(&pin));
    field.pass(COOLDOWN);
    let again = host.resend(&challenge.token, &victim());
    field.refused(Code::Exhausted, again);
}

/// Four failures a day reach no daily limit, and end at a hundred in a row: locked, until an operator acts.
fn guess_for_months_one_short_of_the_limit(field: &Field) {
    let host = field.host();
    for _ in 0..25 {
        for guess in wrong_guesses(field, &host, 4) {
            field.refused(Code::WrongPin, guess);
        }
        field.pass(86_400);
    }
    for _ in 0..3 {
        let locked = host.start(&victim());
        let wait = locked.as_ref().err().map(|it| it.failure().retry_after);
        field.refused(Code::Locked, locked);
        field.held("no waiting helps", wait == Some(None));
        field.pass(30 * 86_400);
    }
    host.unlock("+819012345678", "user-1").unwrap();
    let (challenge, pin) = field.start(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// A refused guess counts for nobody.
fn post_a_spent_token_to_lock_its_user_out(field: &Field) {
    let six = json!({"count": 6, "seconds": 86_400});
    let host = field.host_of(field.settings().set("/failures/soft", six));
    let guesses = wrong_guesses(field, &host, 105);
    let due = [(Code::WrongPin, 5), (Code::Exhausted, 100)];
    field.all_refused(&due, guesses);
    let (challenge, pin) = field.start_later(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}
