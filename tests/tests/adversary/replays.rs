//! Using a code more than once.

use std::thread;

use xoxzo_2fa::{Charge, Code, Guard, GuardError, Totals};
use xoxzo_2fa_tests::Client;

use crate::field::{COOLDOWN, Field, account, victim, wrong};
use crate::trick::{Answer, Tricked, is_claim};

attacks_on_counters! {
    use_a_code_twice
    use_a_code_twice_at_once
    use_a_code_after_a_restart
    use_both_messages_of_a_resend
    resend_a_used_challenge
    repeat_a_claim_whose_answer_was_lost
    repeat_a_guess_whose_answer_was_lost
    forget_a_failure_by_two_wins_at_once
}

fn use_a_code_twice(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let guess = |pin: &str| host.verify(&challenge.token, &victim(), pin);
    field.accepted(guess(&pin));
    for at in 0..10 {
        field.refused(Code::Used, guess(&pin));
        // A used challenge does not say whether a guess is right.
        field.refused(Code::Used, guess(&wrong(&pin, at)));
    }
}

fn use_a_code_twice_at_once(field: &Field) {
    let host = field.host();
    for at in 0..4 {
        let (challenge, pin) = field.start(&host, &account(at));
        let ended: Vec<_> = thread::scope(|scope| {
            let guess = || host.verify(&challenge.token, &account(at), &pin);
            let threads: Vec<_> = (0..5).map(|_| scope.spawn(guess)).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let (won, lost): (Vec<_>, Vec<_>) = ended.into_iter().partition(Result::is_ok);
        field.held("one at most is accepted", won.len() <= 1);
        field.control("one is accepted", won.len() == 1);
        field.all_refused(&[(Code::Used, 4)], lost);
    }
}

/// A challenge in memory ends with its process, used or not.
fn use_a_code_after_a_restart(field: &Field) {
    let open = account(1);
    let host = field.host();
    let (used, used_pin) = field.start(&host, &victim());
    let (spare, spare_pin) = field.start(&host, &open);
    field.accepted(host.verify(&used.token, &victim(), &used_pin));
    drop(host);
    let host = field.host_with(field.settings(), field.reopened());
    let again = host.verify(&used.token, &victim(), &used_pin);
    let spare = host.verify(&spare.token, &open, &spare_pin);
    if field.is_memory() {
        field.refused(Code::InvalidToken, again);
        field.refused(Code::InvalidToken, spare);
    } else {
        field.refused(Code::Used, again);
        field.accepted(spare);
    }
}

/// Two messages of one challenge are one code.
fn use_both_messages_of_a_resend(field: &Field) {
    let host = field.host();
    let (challenge, first) = field.start(&host, &victim());
    field.pass(COOLDOWN);
    let resent = host.resend(&challenge.token, &victim()).unwrap();
    let second = field.pin("+819012345678");
    field.control("two messages went out", field.sent() == 2);
    field.accepted(host.verify(&challenge.token, &victim(), &first));
    for pin in [&first, &second] {
        for token in [&challenge.token, &resent.token] {
            field.refused(Code::Used, host.verify(token, &victim(), pin));
        }
    }
}

fn resend_a_used_challenge(field: &Field) {
    let host = field.host();
    let (used, pin) = field.start(&host, &victim());
    field.accepted(host.verify(&used.token, &victim(), &pin));
    let (open, _) = field.start(&host, &account(1));
    field.pass(COOLDOWN);
    for _ in 0..3 {
        let again = host.resend(&used.token, &victim());
        field.refused(Code::Used, again);
    }
    field.held("no message went out", field.sent() == 2);
    field.accepted(host.resend(&open.token, &account(1)));
}

fn lost(_: Answer) -> Answer {
    Err(GuardError::Unreachable("lost".to_string()))
}

/// The claim was made, its answer is lost, and the user tries again.
fn repeat_a_claim_whose_answer_was_lost(field: &Field) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    let guess = || host.verify(&challenge.token, &victim(), &pin);
    guard.on_claim(lost);
    field.refused(Code::Guard, guess());
    guard.behave();
    for _ in 0..3 {
        field.refused(Code::Used, guess());
    }
    let (challenge, pin) = field.start_later(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// The guess was charged before its answer was lost, so that it cost one.
fn repeat_a_guess_whose_answer_was_lost(field: &Field) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    let guess = || host.verify(&challenge.token, &victim(), &pin);
    guard.on_guess(lost);
    for _ in 0..5 {
        field.refused(Code::Guard, guess());
    }
    guard.behave();
    field.refused(Code::Exhausted, guess());

    guard.behave();
    let (challenge, pin) = field.start_later(&host, &victim());
    guard.on_guess(lost);
    let guess = || host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Guard, guess());
    guard.behave();
    field.accepted(guess());
}

/// Cuts a claim into parts.
type Cut = fn(&[Charge]) -> Vec<&[Charge]>;

/// The failures that are left when, after the first part of a claim, another challenge of the user is won and a guess at a third one fails.
fn left_after_two_wins(field: &Field, cut: Cut) -> u32 {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let [first, second, third] = ["a", "b", "c"].map(|session| {
        let login = victim().session(session);
        let (challenge, pin) = field.start_later(&host, &login);
        let wrong = wrong(&pin, 0);
        move |host: &Client, is_right: bool| {
            let pin = if is_right { &pin } else { &wrong };
            host.verify(&challenge.token, &login, pin)
        }
    });
    let (other, tricked) = (host.clone(), guard.clone());
    guard.play(move |inner, charges| {
        is_claim(charges).then(|| {
            tricked.behave();
            let mut made = Totals::default();
            for (at, part) in cut(charges).into_iter().enumerate() {
                let Totals { totals, now, .. } = inner.add(part)?;
                made.totals.extend(totals);
                made.now = now;
                if at == 0 {
                    assert!(second(&other, true).is_ok());
                    let failed = third(&other, false).err().map(|error| error.code());
                    assert_eq!(failed, Some(Code::WrongPin));
                }
            }
            Ok(made)
        })
    });
    assert!(first(&host, true).is_ok());
    let lifted = host.unlock("+819012345678", "user-1");
    lifted.map_or(0, |lifted| lifted.failures)
}

/// A claim and the failures that it clears are one change: a failure that came after two wins at once is still counted when both are done.
fn forget_a_failure_by_two_wins_at_once(field: &Field) {
    let left = left_after_two_wins(field, |charges| Charge::runs(charges).collect());
    field.held("the failure is counted", left == 1);
    let left = left_after_two_wins(field, |charges| charges.chunks(1).collect());
    field.control("a store that cuts groups forgets it", left == 0);
}
