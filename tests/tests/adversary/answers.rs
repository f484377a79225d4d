//! The store as the weak point: it is away, forgets, and answers what cannot be.

use xoxzo_2fa::{Charge, Code, Guard, GuardError, MemoryGuard, Total, Totals};
use xoxzo_2fa_tests::LIFE;

use crate::field::{Field, HOME, account, from, victim, wrong};
use crate::trick::{Answer, Tricked};

attacks! {
    take_the_store_away
    bring_a_store_that_fails_its_self_test
    forget_what_was_added
    answer_too_few_totals
    answer_too_many_totals
    answer_over_a_limit_and_go_on
}

attacks_on_counters! {
    answer_totals_out_of_order
    answer_a_claim_with_its_guess
    answer_a_claim_with_exactly_itself
    answer_a_claim_with_two_wins
    refuse_a_claim_for_nothing
}

/// Every operation on a store whose answers are changed fails with `guard`; on the store itself the same challenge is accepted.
fn fails_closed(field: &Field, change: fn(Answer) -> Answer) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    let handle = challenge.handle.as_ref().unwrap();
    field.pass(60);
    let sent = field.sent();
    guard.play(move |inner, charges| Some(change(inner.add(charges))));
    for at in 0..3 {
        let guess = host.verify(&challenge.token, &victim(), &wrong(&pin, at));
        field.refused(Code::Guard, guess);
    }
    let resend = host.resend(&challenge.token, &victim());
    field.refused(Code::Guard, resend);
    field.refused(Code::Guard, host.start(&account(1)));
    field.refused(Code::Guard, host.status(handle));
    field.refused(Code::Guard, host.unlock("+819012345678", "user-1"));
    field.held("no message went out", field.sent() == sent);
    guard.behave();
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// A right guess whose claim is answered otherwise is not let in; with the honest answer, another one is.
fn claim(field: &Field, due: Code, change: impl Fn(Answer) -> Answer + Send + Sync + 'static) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    guard.on_claim(change);
    let guess = host.verify(&challenge.token, &victim(), &pin);
    field.refused(due, guess);
    guard.behave();
    // The store had made the claim.
    let guess = host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Used, guess);
    let (challenge, pin) = field.start_later(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn map(answer: Answer, change: impl FnOnce(&mut Vec<Total>)) -> Answer {
    answer.map(|mut answer| {
        change(&mut answer.totals);
        answer
    })
}

fn take_the_store_away(field: &Field) {
    for error in [
        GuardError::Full,
        GuardError::Unreachable("away".to_string()),
    ] {
        let guard = Tricked::new(field.guard());
        let host = field.host_with(field.settings(), guard.clone());
        let (challenge, pin) = field.start_later(&host, &victim());
        let sent = field.sent();
        guard.play(move |_, _| Some(Err(error.clone())));
        for _ in 0..10 {
            let guess = host.verify(&challenge.token, &victim(), &pin);
            field.refused(Code::Guard, guess);
        }
        field.pass(60);
        let resend = host.resend(&challenge.token, &victim());
        field.refused(Code::Guard, resend);
        field.refused(Code::Guard, host.start(&account(1)));
        let decoy = host.start_with(&account(2), &from(HOME).decoy());
        field.refused(Code::Guard, decoy);
        let handle = challenge.handle.as_ref().unwrap();
        field.refused(Code::Guard, host.status(handle));
        field.refused(Code::Guard, host.unlock("+819012345678", "user-1"));
        let built = field.try_host(field.settings(), guard.clone());
        field.refused(Code::Guard, built);
        field.held("no message went out", field.sent() == sent);
        guard.behave();
        field.accepted(host.verify(&challenge.token, &victim(), &pin));
    }
}

/// Totals of a store in which nothing was ever added.
fn zeros(charges: &[Charge]) -> Answer {
    let totals = charges.iter().map(|charge| Total::new(0, charge.ttl));
    Ok(Totals::new(totals.collect()))
}

fn bring_a_store_that_fails_its_self_test(field: &Field) {
    let guard = Tricked::new(field.guard());
    let build = || field.try_host(field.settings(), guard.clone());
    guard.play(|_, charges| Some(zeros(charges)));
    field.refused(Code::Guard, build());
    // It knows no limit.
    guard.play(|inner, charges| {
        let mut free = charges.to_vec();
        free.iter_mut().for_each(|charge| charge.limit = u32::MAX);
        Some(inner.add(&free))
    });
    field.refused(Code::Guard, build());
    // It begins anew with each list.
    guard.play(|_, charges| Some(MemoryGuard::with_capacity(1_000).add(charges)));
    field.refused(Code::Guard, build());
    // It loses the last.
    guard.play(|inner, charges| {
        Some(map(inner.add(charges), |totals| {
            totals.pop();
        }))
    });
    field.refused(Code::Guard, build());
    guard.behave();
    let host = field.granted(build());
    field.accepted(host.start(&victim()));
}

fn forget_what_was_added(field: &Field) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    guard.play(|_, charges| Some(zeros(charges)));
    for at in 0..10 {
        for pin in [wrong(&pin, at), pin.clone()] {
            let guess = host.verify(&challenge.token, &victim(), &pin);
            field.refused(Code::Guard, guess);
        }
    }
    field.refused(Code::Guard, host.start(&account(1)));
    field.held("no message went out", field.sent() == 1);
    guard.behave();
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn answer_too_few_totals(field: &Field) {
    fails_closed(field, |answer| {
        map(answer, |totals| {
            totals.pop();
        })
    });
    field.pass(60);
    fails_closed(field, |answer| map(answer, Vec::clear));
}

fn answer_too_many_totals(field: &Field) {
    fails_closed(field, |answer| {
        map(answer, |totals| totals.push(Total::new(1, LIFE)))
    });
}

/// A list begins with looks, whose totals are 0 for a new user, and ends with charges, whose totals are not.
fn answer_totals_out_of_order(field: &Field) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    for at in 0..3 {
        guard.behave();
        let (challenge, pin) = field.start(&host, &account(at));
        guard.on_guess(|answer| map(answer, |totals| totals.reverse()));
        let guess = host.verify(&challenge.token, &account(at), &pin);
        field.refused(Code::Guard, guess);
    }
    claim(field, Code::Guard, |answer| {
        map(answer, |totals| totals.reverse())
    });
}

/// A list ends at a refusal. One that goes on behind it was not made in its order.
fn answer_over_a_limit_and_go_on(field: &Field) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    guard.on_guess(|answer| {
        map(answer, |totals| {
            totals[1].total = 1_000;
        })
    });
    let guess = host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Guard, guess);
    guard.on_guess(|answer| {
        map(answer, |totals| {
            totals.iter_mut().for_each(|it| it.total = u32::MAX);
        })
    });
    let guess = host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Guard, guess);
    guard.behave();
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// A stale copy answers what it knew before: to a claim, the totals of its guess.
fn answer_a_claim_with_its_guess(field: &Field) {
    claim(field, Code::Guard, |answer| {
        map(answer, |totals| totals[0].total -= 1 << 20)
    });
}

/// A claim comes on top of its guess: without it, the guess was forgotten.
fn answer_a_claim_with_exactly_itself(field: &Field) {
    claim(field, Code::Guard, |answer| {
        map(answer, |totals| totals[0].total = 1 << 20)
    });
}

/// More than one claim fits: a list that goes on behind that was not refused there.
fn answer_a_claim_with_two_wins(field: &Field) {
    claim(field, Code::Guard, |answer| {
        map(answer, |totals| totals[0].total += 1 << 20)
    });
}

/// Somebody else won, says the store, and is believed.
fn refuse_a_claim_for_nothing(field: &Field) {
    claim(field, Code::Used, |answer| {
        map(answer, |totals| {
            totals.truncate(1);
            totals[0].total += 1 << 20;
        })
    });
}
