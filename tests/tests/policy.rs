//! Limits wider than one challenge: what each refuses, what it leaves alone, and what is only told.

use serde_json::{Value, json};
use xoxzo_2fa_core::{Alarm, Challenge, Claimed, Code, Failure, Sending, inspect};
use xoxzo_2fa_tests::{LOGIN, World, code, other_than};

/// Failures that nothing but the cap in question limits.
fn failures(change: Value) -> Value {
    let mut limits = json!({"soft": {"count": 100, "seconds": 86_400}, "hard": 100});
    limits
        .as_object_mut()
        .unwrap()
        .extend(change.as_object().unwrap().clone());
    json!({"failures": limits, "sends": {
        "per_subject": {"count": 1_000, "seconds": 60}, "per_number": {"count": 1_000, "seconds": 60},
        "per_range": {"count": 1_000, "seconds": 60},
    }})
}

fn start(world: &mut World, claimed: Claimed<'_>) -> Result<Challenge, Failure> {
    world.now += 60;
    world.start(claimed)
}

fn at(client: &str) -> Sending<'_> {
    Sending {
        client: Some(client),
        ..Sending::default()
    }
}

#[test]
fn a_subject_is_capped_over_all_recipients_and_no_success_clears_it() {
    let mut world = World::with(&failures(
        json!({"per_subject": {"count": 6, "seconds": 86_400}}),
    ));
    let numbers: Vec<String> = (0..10).map(|at| format!("+8190123456{at:02}")).collect();
    let own = |number: usize| Claimed {
        recipient: &numbers[number],
        ..LOGIN
    };
    for number in 0..6 {
        let token = start(&mut world, own(number)).ok().unwrap().token;
        let pin = world.pin(6);
        // A wrong guess, then the right one: it clears what belongs to the number, and takes back only itself here.
        assert_eq!(
            code(world.verify(&token, own(number), other_than(&pin))),
            Some(Code::WrongPin)
        );
        if number < 5 {
            assert!(world.verify(&token, own(number), &pin).is_ok(), "{number}");
        } else {
            let before = world.counters.clone();
            let locked = world.verify(&token, own(number), &pin).err().unwrap();
            assert_eq!(locked.code, Code::Locked);
            assert!(locked.retry_after.is_some_and(|wait| wait > 80_000));
            assert_eq!(
                world.counters, before,
                "a refusal by the wide counter uses up no guess"
            );
        }
    }
    assert_eq!(code(start(&mut world, own(7))), Some(Code::Locked));
    let other = Claimed {
        subject: "user-2",
        ..own(7)
    };
    assert!(start(&mut world, other).is_ok());
    // Nor does a stranger's purpose count for it.
    let sign_up = Claimed {
        purpose: "sign-up",
        ..own(8)
    };
    assert!(start(&mut world, sign_up).is_ok());
}

#[test]
fn a_client_is_capped_over_all_accounts() {
    let mut world = World::with(&failures(
        json!({"per_client": {"count": 3, "seconds": 3_600}}),
    ));
    let subjects: Vec<String> = (0..10).map(|at| format!("user-{at}")).collect();
    let numbers: Vec<String> = (0..10).map(|at| format!("+8190123456{at:02}")).collect();
    let user = |at: usize| Claimed {
        subject: &subjects[at],
        recipient: &numbers[at],
        ..LOGIN
    };
    assert_eq!(
        code(world.start(LOGIN)),
        Some(Code::Request),
        "an address is needed"
    );
    // One address in its spellings, and a /64.
    let addresses = [
        "203.0.113.7",
        "::ffff:203.0.113.7",
        "203.0.113.7",
        "203.0.113.7",
    ];
    for (number, client) in addresses.iter().enumerate() {
        world.now += 60;
        let challenge = world.start_with(user(number), at(client));
        if number == 3 {
            let locked = challenge.err().unwrap();
            assert_eq!(locked.code, Code::Locked);
            assert!(locked.retry_after.is_some());
            break;
        }
        let token = challenge.ok().unwrap().token;
        let pin = world.pin(6);
        assert_eq!(
            code(world.verify(&token, user(number), &pin)),
            Some(Code::Request)
        );
        let wrong = world.verify_from(&token, user(number), other_than(&pin), Some(client));
        assert_eq!(code(wrong), Some(Code::WrongPin));
        if number == 2 {
            let before = world.counters.clone();
            let right = world.verify_from(&token, user(number), &pin, Some(client));
            assert_eq!(code(right), Some(Code::Locked));
            assert_eq!(world.counters, before, "the user has all guesses left");
            // From where the user really is, it works.
            assert!(
                world
                    .verify_from(&token, user(number), &pin, Some("2001:db8::1"))
                    .is_ok()
            );
        }
    }
}

#[test]
fn guessing_at_many_accounts_locks_nobody_lengthens_pins_and_raises_an_alarm() {
    let mut world = World::with(&failures(
        json!({"per_audience": {"count": 20, "seconds": 3_600}}),
    ));
    let mut alarms = 0;
    for at in 0..24 {
        let (subject, number) = (format!("user-{at}"), format!("+8190123456{at:02}"));
        let user = Claimed {
            subject: &subject,
            recipient: &number,
            ..LOGIN
        };
        let challenge = start(&mut world, user).ok().unwrap();
        let alarmed = at > 20;
        let digits = inspect(&challenge.token).ok().unwrap().digits;
        assert_eq!(
            (digits, challenge.alarm.is_some()),
            (if alarmed { 8 } else { 6 }, alarmed),
            "{at}"
        );
        let pin = world.pin(digits.into());
        let wrong = if digits == 8 {
            "00000000"
        } else {
            other_than(&pin)
        };
        let refusal = world.verify(&challenge.token, user, wrong).err().unwrap();
        assert_eq!(refusal.code, Code::WrongPin);
        alarms += u32::from(refusal.alarm == Some(Alarm::Failures));
        // Who has the right one gets in all the same.
        if alarmed {
            assert!(world.verify(&challenge.token, user, &pin).is_ok());
        }
    }
    assert_eq!(alarms, 4);
    // When the window is over, so is the alarm.
    world.now += 3_600;
    let challenge = world.start(LOGIN).ok().unwrap();
    assert_eq!(
        (
            inspect(&challenge.token).ok().unwrap().digits,
            challenge.alarm
        ),
        (6, None)
    );
}

#[test]
fn monitored_caps_count_and_tell_but_the_cooldown_and_guesses_hold() {
    let mut world = World::with(
        &json!({"sends": {"monitor": true, "per_number": {"count": 2, "seconds": 3_600}}}),
    );
    for (at, expected) in [None, None, Some(Alarm::Sends), Some(Alarm::Sends)]
        .into_iter()
        .enumerate()
    {
        let challenge = start(&mut world, LOGIN).ok().unwrap();
        assert_eq!(challenge.alarm, expected, "{at}");
        assert_eq!(code(world.start(LOGIN)), Some(Code::Cooldown));
        if at == 3 {
            let pin = world.pin(6);
            for _ in 0..5 {
                assert_eq!(
                    code(world.verify(&challenge.token, LOGIN, other_than(&pin))),
                    Some(Code::WrongPin)
                );
            }
            assert_eq!(
                code(world.verify(&challenge.token, LOGIN, &pin)),
                Some(Code::Exhausted)
            );
        }
    }
    let elsewhere = Claimed {
        recipient: "+18765550100",
        ..LOGIN
    };
    assert_eq!(code(start(&mut world, elsewhere)), Some(Code::NotAllowed));
}

#[test]
fn odds_of_a_day_are_those_that_are_published() {
    // The most guesses that an account can be made to compare in a day, whatever challenges are asked for.
    for (preset, most) in [("default", 10), ("psd2", 5), ("strict", 5)] {
        let mut world = World::with(
            &json!({"preset": preset, "sends": {"per_subject": {"count": 1_000, "seconds": 60},
            "per_number": {"count": 1_000, "seconds": 60}, "per_range": {"count": 1_000, "seconds": 60}}}),
        );
        let (began, mut compared) = (world.now, 0);
        while world.now < began + 43_200 {
            let Ok(challenge) = start(&mut world, LOGIN) else {
                continue;
            };
            let digits = inspect(&challenge.token).ok().unwrap().digits;
            let pin = world.pin(digits.into());
            let wrong = if pin.starts_with('0') { "1" } else { "0" }.to_string() + &pin[1..];
            while code(world.verify(&challenge.token, LOGIN, &wrong)) == Some(Code::WrongPin) {
                compared += 1;
            }
        }
        assert_eq!(compared, most, "{preset}");
    }
}

/// One guess at each of many accounts, with the defaults: the alarm is raised at the 301st, and no code is short after it.
#[test]
fn one_guess_at_each_of_many_accounts_raises_the_alarm() {
    let mut world = World::with(&json!({"sends": {
        "per_range": {"count": 100_000, "seconds": 60}, "per_audience": {"count": 100_000, "seconds": 60},
    }}));
    let (mut first, mut short) = (None, 0);
    for at in 0..400 {
        let (subject, number) = (format!("user-{at}"), format!("+819012345{at:03}"));
        let user = Claimed {
            subject: &subject,
            recipient: &number,
            ..LOGIN
        };
        let challenge = world.start(user).ok().unwrap();
        let digits = inspect(&challenge.token).ok().unwrap().digits;
        short += u32::from(first.is_some() && digits < 8);
        let wrong = if digits == 8 { "00000000" } else { "000000" };
        let alarm = world
            .verify(&challenge.token, user, wrong)
            .err()
            .and_then(|failure| failure.alarm);
        if alarm == Some(Alarm::Failures) {
            first.get_or_insert(at + 1);
        }
    }
    assert_eq!((first, short), (Some(301), 0));
}

/// Hosts whose clocks differ from the store's by up to a minute: who has used a challenge on one uses it on none, at any later second.
#[test]
fn hosts_with_other_clocks_never_accept_what_is_used() {
    for made_ahead in [-60, -30, 0, 30, 60] {
        for used_ahead in [-60, 0, 60] {
            let mut world = World::with(&json!({"pin": {"lifetime_seconds": 60}}));
            world.ahead = made_ahead;
            let token = world.start(LOGIN).ok().unwrap().token;
            let pin = world.pin(6);
            world.ahead = used_ahead;
            let used = world.verify(&token, LOGIN, &pin);
            if let Err(failure) = &used {
                assert!(
                    matches!(failure.code, Code::Clock | Code::Expired),
                    "{made_ahead} {used_ahead}"
                );
                continue;
            }
            for later in 1..=400 {
                world.now = xoxzo_2fa_tests::NOW + later;
                for ahead in [-60, 0, 60] {
                    world.ahead = ahead;
                    let again = code(world.verify(&token, LOGIN, &pin));
                    assert!(
                        matches!(again, Some(Code::Used | Code::Expired | Code::Clock)),
                        "{made_ahead} {used_ahead} {later}"
                    );
                }
            }
        }
    }
}
