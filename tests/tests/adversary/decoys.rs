//! Decoys: challenges that were never sent, for forms that must not tell whether an account exists.

use serde_json::json;
use xoxzo_2fa::{Binding, Challenge, Code, Delivery, Error, Handle};
use xoxzo_2fa_sandbox::Fault;

use crate::field::{COOLDOWN, Field, HOME, account, from, victim, wrong};

attacks! {
    tell_a_decoy_by_its_answers
}

attacks_on_counters! {
    guess_at_a_decoy
    resend_a_decoy
    ask_decoys_beyond_a_cap
    tell_a_decoy_by_the_failures_of_others
}

fn guess_at_a_decoy(field: &Field) {
    let settings = field
        .settings()
        .set("/pin", json!({"digits": 4, "guesses": 10}));
    let settings = settings.set("/failures/soft", json!({"count": 100, "seconds": 3_600}));
    let host = field.host_of(settings);
    let decoy = host.start_with(&victim(), &from(HOME).decoy()).unwrap();
    field.held("nothing is sent", field.sent() == 0);
    for at in 0..10 {
        let guess = host.verify(&decoy.token, &victim(), &format!("{:04}", at * 997));
        field.refused(Code::WrongPin, guess);
    }
    let guess = host.verify(&decoy.token, &victim(), "0000");
    field.refused(Code::Exhausted, guess);
    let (challenge, pin) = field.start(&host, &account(1));
    field.accepted(host.verify(&challenge.token, &account(1), &pin));
}

/// A resend knows its decoys: it sends nothing, and says nothing of it.
fn resend_a_decoy(field: &Field) {
    let host = field.host();
    let decoy = host.start_with(&victim(), &from(HOME).decoy()).unwrap();
    let (real, _) = field.start(&host, &account(1));
    field.pass(COOLDOWN);
    let again = host.resend(&decoy.token, &victim()).unwrap();
    field.held("nothing is sent", field.sent() == 1);
    field.held("it is said to be", again.delivery == Delivery::Accepted);
    field.refused(Code::Cooldown, host.resend(&decoy.token, &victim()));
    // Nor is it made one, or another.
    let made = host.resend_with(&real.token, &account(1), &from(HOME).decoy());
    field.refused(Code::Request, made);
    let guess = host.verify(&decoy.token, &victim(), "123456");
    field.refused(Code::WrongPin, guess);
    field.accepted(host.resend(&real.token, &account(1)));
    field.control("another message went out", field.sent() == 2);
}

fn tell_a_decoy_by_its_answers(field: &Field) {
    let host = field.host();
    let (real, pin) = field.start(&host, &account(1));
    let decoy = host.start_with(&account(2), &from(HOME).decoy()).unwrap();
    let seen = |challenge: &Challenge| {
        let Challenge {
            token,
            handle,
            audit,
            ..
        } = challenge;
        let told = (
            challenge.masked.len(),
            challenge.expires_in,
            challenge.resend_after,
        );
        let lengths = [
            Some(token.as_str()),
            handle.as_ref().map(Handle::as_str),
            audit.message_id.as_deref(),
        ];
        (
            told,
            challenge.delivery,
            challenge.parts,
            lengths.map(|it| it.map(str::len)),
        )
    };
    field.held("they look alike", seen(&real) == seen(&decoy));
    let wait = |result: Result<Challenge, Error>| {
        let failure = result.err().unwrap().failure().clone();
        (failure.code, failure.retry_after.is_some(), failure.detail)
    };
    let (one, other) = (host.start(&account(1)), host.start(&account(2)));
    field.held("they wait alike", wait(one) == wait(other));
    for at in 0..4 {
        let guesses = [(&real, account(1)), (&decoy, account(2))];
        let [one, other] = guesses.map(|(challenge, user)| {
            let guess = host.verify(&challenge.token, &user, &wrong(&pin, at));
            guess.err().unwrap()
        });
        // What operators are told differs, and nobody else gets to see it.
        let shown = |error: &Error| {
            let mut failure = error.failure().clone();
            failure.audit = None;
            failure
        };
        field.held("they fail alike", shown(&one) == shown(&other));
        field.refused::<()>(Code::WrongPin, Err(one));
        field.refused::<()>(Code::WrongPin, Err(other));
    }
    for challenge in [&real, &decoy] {
        let handle = challenge.handle.as_ref().unwrap();
        field.accepted(host.status(handle));
        field.refused(Code::Cooldown, host.status(handle));
    }
    field.accepted(host.verify(&real.token, &account(1), &pin));
    field.pass(300);
    let report = field.granted(host.status(decoy.handle.as_ref().unwrap()));
    let ended = [Delivery::Delivered, Delivery::Failed].contains(&report.delivery);
    field.held("its message has come to an end", ended);
}

/// A decoy counts like a message, or a form would ask on and on.
fn ask_decoys_beyond_a_cap(field: &Field) {
    let cap = json!({"count": 5, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/sends/per_client", cap));
    let ask = |at| host.start_with(&account(at), &from(HOME).decoy());
    for at in 0..5 {
        field.accepted(ask(at));
    }
    for at in 5..10 {
        field.refused(Code::TooManySends, ask(at));
        let real = host.start_with(&account(at), &from(HOME));
        field.refused(Code::TooManySends, real);
    }
    field.held("nothing is sent", field.sent() == 0);
}

/// Whatever others make fail, a decoy is refused when a real start is, with the same words.
fn tell_a_decoy_by_the_failures_of_others(field: &Field) {
    let host = field.host();
    let fail = || {
        let other = Binding::new(Fault::Throttled.recipient(), "other", "login");
        host.start(&other)
    };
    let decoy = |at| host.start_with(&account(at), &from(HOME).decoy());
    for at in 0..4 {
        field.refused(Code::Provider, fail());
        field.accepted(decoy(at));
        field.accepted(host.start(&account(100 + at)));
    }
    for _ in 0..5 {
        field.refused(Code::Provider, fail());
    }
    for at in 4..8 {
        let [one, other] = [decoy(at), host.start(&account(100 + at))].map(|start| {
            let told = start.as_ref().err().map(|error| {
                let mut failure = error.failure().clone();
                failure.audit = None;
                failure
            });
            field.refused(Code::Provider, start);
            told
        });
        field.held("they fail alike", one == other);
    }
    field.held("nothing is sent", field.sent() == 4);
    // Xoxzo is tried again after the seconds that it asked for.
    field.pass(7);
    field.accepted(host.start(&account(200)));
    field.accepted(decoy(8));
}
