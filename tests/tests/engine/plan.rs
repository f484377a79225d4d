//! Limits wider than one challenge: what each refuses, what it leaves alone, and what is only told.

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Alarm, Answer, Challenge, Claimed, Code, Failure, NoAnswer, Sending, inspect,
};
use xoxzo_2fa_tests::{LOGIN, World, code, other_than, taken};

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
            assert_eq!(
                (locked.code, &*locked.detail),
                (Code::Locked, "too many failures of this subject for now")
            );
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
            assert_eq!(
                (locked.code, &*locked.detail),
                (Code::Locked, "too many failures from this client for now")
            );
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
            let locked = right.err().unwrap();
            assert_eq!(
                (locked.code, &*locked.detail),
                (Code::Locked, "too many failures from this client for now")
            );
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

/// PINs that were hoarded while all was calm have one guess each once somebody guesses at many accounts.
#[test]
fn under_the_alarm_a_short_pin_has_one_guess() {
    let room = json!({"count": 1_000, "seconds": 3_600});
    let alarm = |digits: u32| {
        json!({
            "pin": {"digits": digits},
            "failures": {"per_audience": {"count": 10, "seconds": 3_600}},
            "sends": {"per_range": room, "per_audience": room},
        })
    };
    let user = |at: usize| (format!("+8190000000{at:02}"), format!("user-{at}"));
    let hoard = |world: &mut World, digits: usize| {
        (0..20)
            .map(|at| {
                let (recipient, subject) = user(at);
                let claimed = Claimed {
                    recipient: &recipient,
                    subject: &subject,
                    ..LOGIN
                };
                (world.start(claimed).ok().unwrap().token, world.pin(digits))
            })
            .collect::<Vec<_>>()
    };
    let guess = |world: &mut World, hoard: &[(String, String)], at: usize, right: bool| {
        let (recipient, subject) = user(at);
        let claimed = Claimed {
            recipient: &recipient,
            subject: &subject,
            ..LOGIN
        };
        let (token, pin) = &hoard[at];
        let wrong = if pin.starts_with('1') { "2" } else { "1" }.repeat(pin.len());
        let made = world.verify(token, claimed, if right { pin } else { &wrong });
        made.err().map(|it| (it.code, it.guesses_left, it.alarm))
    };
    let mut world = World::with(&alarm(6));
    let hoarded = hoard(&mut world, 6);
    // All is calm up to the cap, then the first guess at each goes on, and says that there is no second.
    for at in 0..20 {
        let calm = at < 10;
        let alarm = (!calm).then_some(Alarm::Failures);
        let left = if calm { 4 } else { 0 };
        assert_eq!(
            guess(&mut world, &hoarded, at, false),
            Some((Code::WrongPin, Some(left), alarm))
        );
    }
    for at in [0, 5, 19] {
        for right in [false, true] {
            assert_eq!(
                guess(&mut world, &hoarded, at, right),
                Some((Code::Exhausted, None, Some(Alarm::Failures)))
            );
        }
    }
    // Nor is a message sent again for it, and what that would have charged is given back.
    world.now += 60;
    let (recipient, subject) = user(19);
    let claimed = Claimed {
        recipient: &recipient,
        subject: &subject,
        ..LOGIN
    };
    let messages = |world: &World| {
        let day = |(_, ends): &&(u32, u32)| *ends > world.now + 80_000;
        let totals = world.counters.values().filter(day);
        totals.map(|(total, _)| *total).sum::<u32>()
    };
    let (before, sent) = (messages(&world), world.requests.len());
    let again = world.resend(&hoarded[19].0, claimed, Sending::default());
    assert_eq!(code(again), Some(Code::Exhausted));
    assert_eq!((messages(&world), world.requests.len()), (before, sent));
    // A challenge of the alarm's own has all its guesses, as has one that was long before.
    let token = world.start(claimed).ok().unwrap().token;
    assert_eq!(inspect(&token).map(|it| it.digits), Ok(8));
    let pin = world.pin(8);
    for _ in 0..2 {
        let wrong = if pin.starts_with('1') { "2" } else { "1" }.repeat(8);
        let left = world.verify(&token, claimed, &wrong).err().unwrap();
        assert_eq!(left.code, Code::WrongPin);
    }
    assert!(world.verify(&token, claimed, &pin).is_ok());
    let mut world = World::with(&alarm(8));
    let hoarded = hoard(&mut world, 8);
    for _ in 0..2 {
        for at in 0..20 {
            let made = guess(&mut world, &hoarded, at, false);
            assert_eq!(made.map(|it| it.0), Some(Code::WrongPin));
        }
    }
    assert_eq!(guess(&mut world, &hoarded, 7, true), None);
}

/// A stranger who asks for codes to somebody's number, again and again, does not keep that user's login waiting.
#[test]
fn a_strangers_cooldown_is_not_the_logins() {
    let mut world = World::with(&json!({}));
    let stranger = Claimed {
        purpose: "sign-up",
        subject: "new-user",
        ..LOGIN
    };
    for _ in 0..2 {
        world.now += 60;
        assert!(world.start(stranger).is_ok());
        assert_eq!(code(world.start(stranger)), Some(Code::Cooldown));
        let login = world.start(LOGIN);
        assert!(login.is_ok());
        assert_eq!(code(world.start(LOGIN)), Some(Code::Cooldown));
        // A login that is won may ask for the next code at once; the stranger still may not.
        let token = login.ok().unwrap().token;
        let pin = world.pin(6);
        assert!(world.verify(&token, LOGIN, &pin).is_ok());
        assert_eq!(code(world.start(stranger)), Some(Code::Cooldown));
    }
    // Nor does a message of which nothing is known.
    world.now += 180;
    world.xoxzo = Answer::Unanswered(NoAnswer::Unknown, String::new());
    assert!(world.start(stranger).is_ok());
    world.now += 61;
    assert_eq!(code(world.start(stranger)), Some(Code::Cooldown));
    world.xoxzo = taken();
    assert!(world.start(LOGIN).is_ok());
}
