//! Time: late, early, from the future, set back, wrong once, and dawdling.

use std::time::Duration;

use xoxzo_2fa::{Acceptance, Code, Error, Guard};

use crate::field::{COOLDOWN, Field, account, victim};
use crate::store::Store;
use crate::trick::Tricked;

attacks! {
    guess_a_second_late
    prolong_a_challenge_by_resends
    bring_a_token_from_the_future
    start_before_the_release
    dawdle_between_guess_and_claim
}

attacks_on_counters! {
    set_the_clock_back
    be_an_hour_ahead_once
    be_three_years_ahead_once
}

fn guess_a_second_late(field: &Field) {
    let host = field.host();
    let (early, early_pin) = field.start(&host, &account(1));
    let (late, late_pin) = field.start(&host, &victim());
    field.pass(299);
    field.accepted(host.verify(&early.token, &account(1), &early_pin));
    for wait in [1, 1, 60, 3_600, 86_400] {
        field.pass(wait);
        let guess = host.verify(&late.token, &victim(), &late_pin);
        field.refused(Code::Expired, guess);
    }
}

fn prolong_a_challenge_by_resends(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    for left in [240, 180, 120, 60] {
        field.pass(COOLDOWN);
        let resent = field.granted(host.resend(&challenge.token, &victim()));
        let told = resent.expires_in == Duration::from_secs(left);
        field.held("its life is not longer", told);
    }
    field.pass(1);
    field.refused(Code::Expired, host.resend(&challenge.token, &victim()));
    field.pass(59);
    field.refused(Code::Expired, host.resend(&challenge.token, &victim()));
    let guess = host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Expired, guess);
}

/// A token from a host whose clock is ahead, at one whose clock is right.
fn bring_a_token_from_the_future(field: &Field) {
    let host = field.host();
    field.clock.set(61);
    let (early, pin) = field.start(&host, &victim());
    field.clock.set(0);
    field.refused(Code::Clock, host.verify(&early.token, &victim(), &pin));
    field.refused(Code::Clock, host.resend(&early.token, &victim()));
    field.clock.set(1);
    field.accepted(host.verify(&early.token, &victim(), &pin));

    // Further ahead than a store with a clock believes.
    field.clock.set(1_000);
    let start = host.start(&account(1));
    if field.is_memory() {
        let early = start.unwrap();
        field.clock.set(0);
        let guess = host.verify(&early.token, &account(1), "123456");
        field.refused(Code::InvalidToken, guess);
    } else {
        field.refused(Code::Clock, start);
    }
}

/// A used challenge, whose time is made to come again, before its counter has ended and after.
fn set_the_clock_back(field: &Field) {
    let host = field.host();
    // Up to 120 s the counter is still there. Beyond, a store that tells its time is compared with the host's, and one that does not loses all
    // challenges of before.
    let due = |wrong: i64| match wrong {
        -120..=0 => Code::Used,
        _ if field.is_memory() => Code::InvalidToken,
        _ => Code::Clock,
    };
    for (passed, at) in [(400, [-105, -130, -200]), (700, [-401, -500, -600])] {
        let user = account(passed as usize);
        let (challenge, pin) = field.start(&host, &user);
        field.accepted(host.verify(&challenge.token, &user, &pin));
        field.pass(passed);
        let guess = || host.verify(&challenge.token, &user, &pin);
        field.refused(Code::Expired, guess());
        field.accepted(host.start(&account(1)));
        for wrong in at {
            field.set_clock(wrong);
            field.refused(due(wrong), guess());
        }
        if field.is_memory() {
            let (challenge, pin) = field.start(&host, &victim());
            field.accepted(host.verify(&challenge.token, &victim(), &pin));
        }
        field.set_clock(0);
        field.pass(COOLDOWN);
    }
}

fn start_before_the_release(field: &Field) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim());
    let since = field.now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(since.unwrap().as_secs()).unwrap();
    // 1970, 2000, and the day before the release, 2026-11-24.
    for then in [0, 946_684_800, 1_795_478_399] {
        field.clock.set(then - now);
        field.refused(Code::Clock, host.start(&account(1)));
        let guess = host.verify(&challenge.token, &victim(), &pin);
        field.refused(Code::Clock, guess);
        let handle = challenge.handle.as_ref().unwrap();
        field.refused(Code::Clock, host.status(handle));
    }
    field.clock.set(0);
    let guess = host.verify(&challenge.token, &victim(), &pin);
    if field.is_memory() {
        // The clock was set back, which ends every challenge of before.
        field.refused(Code::InvalidToken, guess);
        let (challenge, pin) = field.start_later(&host, &victim());
        field.accepted(host.verify(&challenge.token, &victim(), &pin));
    } else {
        field.accepted(guess);
    }
}

fn be_an_hour_ahead_once(field: &Field) {
    ahead_once(field, 3_600);
}

fn be_three_years_ahead_once(field: &Field) {
    ahead_once(field, 3 * 31_536_000);
}

/// One run with a clock that is ahead, then the clock is set right: nothing is accepted twice meanwhile, and nothing stays shut for ever.
fn ahead_once(field: &Field, seconds: u32) {
    let host = field.host();
    let (used, pin) = field.start(&host, &victim());
    field.accepted(host.verify(&used.token, &victim(), &pin));
    let again = || host.verify(&used.token, &victim(), &pin);

    field.set_clock(seconds.into());
    field.refused(Code::Expired, again());
    match field.place.store {
        Store::Redis => field.refused(Code::Clock, host.start(&account(1))),
        // Nothing tells that the time is wrong.
        Store::Sqlite => field.accepted(host.start(&account(1))),
        Store::Memory | Store::Amnesiac => {
            let (early, pin) = field.start(&host, &account(1));
            let early = || host.verify(&early.token, &account(1), &pin);
            field.accepted(early());
            // A clock that is set back ends every challenge of before, also of this one, whose time is to come.
            field.set_clock(0);
            field.refused(Code::InvalidToken, early());
            field.pass(u64::from(seconds));
            field.refused(Code::InvalidToken, early());
        }
    }
    field.set_clock(0);
    match field.place.store {
        Store::Sqlite => shut(field, seconds, &again),
        Store::Redis => field.refused(Code::Used, again()),
        Store::Memory | Store::Amnesiac => field.refused(Code::InvalidToken, again()),
    }
    let (challenge, pin) = field.start_later(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
    let guess = host.verify(&challenge.token, &victim(), &pin);
    field.refused(Code::Used, guess);
}

/// The file is shut until its time is reached or it is repaired.
fn shut(field: &Field, seconds: u32, again: &dyn Fn() -> Result<Acceptance, Error>) {
    let host = field.host();
    let helps = seconds <= 3_600;
    let is_shut = || {
        let start = host.start(&account(2));
        let wait = start.as_ref().err().and_then(|it| it.failure().retry_after);
        field.held("it says whether waiting helps", wait.is_some() == helps);
        field.refused(Code::Clock, start);
    };
    field.refused(Code::Clock, again());
    is_shut();
    if helps {
        field.pass(u64::from(seconds) - 121);
        is_shut();
        field.pass(1);
    } else {
        field.pass(86_400);
        is_shut();
        field.place.sqlite().repair().unwrap();
        field.pass(839);
        field.refused(Code::Clock, host.start(&account(2)));
        field.pass(1);
    }
    field.refused(Code::Expired, again());
}

/// Over a minute between a guess and its claim, the used mark could end before the challenge does.
fn dawdle_between_guess_and_claim(field: &Field) {
    let guard = Tricked::new(field.guard());
    let host = field.host_with(field.settings(), guard.clone());
    let (challenge, pin) = field.start(&host, &victim());
    let clock = field.clock.clone();
    let dawdle = |seconds| {
        let clock = clock.clone();
        guard.play(move |inner, charges| {
            let answer = inner.add(charges);
            clock.set(seconds);
            Some(answer)
        });
    };
    for seconds in [61, 100, -61] {
        field.clock.set(0);
        dawdle(seconds);
        let guess = host.verify(&challenge.token, &victim(), &pin);
        field.refused(Code::Clock, guess);
    }
    field.clock.set(0);
    dawdle(60);
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}
