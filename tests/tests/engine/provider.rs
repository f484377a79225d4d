//! Requests that Xoxzo refuses are counted, and where it fails in a row it is asked once a second: a host without I/O.

mod simulation;

use std::collections::HashMap;

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Alarm, Answer, Charge, Claimed, Code, Delivery, Dispatch, Failure, NoAnswer, Operation,
    Prepared, Sending, Total, Totals, Turn,
};
use xoxzo_2fa_tests::{
    BAD_NUMBER, Counters, Counting, LOGIN, World, code, document, prepared, said, taken,
};

fn cap(count: u32) -> Value {
    json!({"count": count, "seconds": 3_600})
}

fn refused(status: u16, retry_after: Option<u32>) -> Answer {
    said(status, retry_after, BAD_NUMBER)
}

/// A 400 that names these fields.
fn naming(fields: &str) -> Answer {
    let named = fields.split(", ").filter(|field| !field.is_empty());
    let named = named.map(|field| (field.to_string(), json!(["no"])));
    said(400, None, &Value::Object(named.collect()).to_string())
}

/// A 503 that asks for so many seconds.
fn unreadable(retry_after: Option<u32>) -> Answer {
    said(503, retry_after, "")
}

fn unsent() -> Answer {
    Answer::Unanswered(NoAnswer::NotSent, String::new())
}

const CLIENT: &str = "203.0.113.7";

const FROM: Sending<'static> = Sending {
    channel: xoxzo_2fa_core::Channel::Sms,
    locale: None,
    client: Some(CLIENT),
    decoy: false,
};

const DECOY: Sending<'static> = Sending {
    decoy: true,
    ..FROM
};

/// The user with this number, each in a range of numbers of their own.
fn user(at: usize) -> (String, String) {
    (format!("+8190{at:04}5678"), format!("user-{at}"))
}

fn of<'a>(user: &'a (String, String), purpose: &'a str) -> Claimed<'a> {
    Claimed {
        recipient: &user.0,
        subject: &user.1,
        purpose,
        ..LOGIN
    }
}

/// Starts for the `at`th user.
fn ask(world: &mut World, at: usize, purpose: &str, sending: Sending<'_>) -> Result<(), Failure> {
    world
        .start_with(of(&user(at), purpose), sending)
        .map(|_| ())
}

/// What is counted under this name.
fn total(world: &mut World, name: &str, open: bool) -> u32 {
    let limits = world.limits(LOGIN.subject, LOGIN.recipient, Some(CLIENT));
    let limits = limits.map_err(|failure| failure.code).unwrap();
    let limit = limits
        .iter()
        .find(|it| it.setting == name && it.open == open);
    limit.expect("it is looked at").total
}

/// A world in which the caps of messages are wide, but for one client.
fn narrow() -> World {
    World::with(&json!({"sends": {
        "per_client": cap(5), "per_range": cap(1_000), "per_audience": cap(1_000),
    }}))
}

#[test]
fn a_client_has_as_many_refused_requests_as_messages() {
    let mut world = narrow();
    world.xoxzo = refused(400, None);
    for at in 0..5 {
        let refused = ask(&mut world, at, "login", FROM);
        assert_eq!(code(refused), Some(Code::Provider));
    }
    for at in 5..500 {
        let failure = ask(&mut world, at, "login", FROM).err().unwrap();
        assert_eq!(failure.code, Code::TooManySends);
        assert_eq!(failure.retry_after, Some(3_600));
        assert!(failure.detail.ends_with("attempts per client"));
    }
    assert_eq!(world.requests.len(), 5);
    // Nothing else is counted: neither messages nor cooldowns, and nobody else is held back.
    assert_eq!(total(&mut world, "attempts per client", false), 5);
    assert_eq!(total(&mut world, "sends.per_client", false), 0);
    assert_eq!(world.counters.len(), 2);
    world.xoxzo = taken();
    let other = Sending {
        client: Some("198.51.100.9"),
        ..FROM
    };
    assert!(ask(&mut world, 0, "login", other).is_ok());
    world.now += 3_600;
    assert!(ask(&mut world, 1, "login", FROM).is_ok());
}

/// What is sent, what may be, and what fails for reasons of Xoxzo or of the account is no attempt.
#[test]
fn only_a_refusal_of_the_request_itself_is_an_attempt() {
    for (answer, attempts) in [
        (taken(), 0),
        (unreadable(None), 0),
        (Answer::Unanswered(NoAnswer::Unknown, String::new()), 0),
        (unsent(), 0),
        (refused(429, Some(1)), 0),
        (refused(401, None), 0),
        (refused(402, None), 0),
        (refused(403, None), 0),
        (naming("non_field_errors"), 0),
        (naming("sender, message"), 0),
        (naming(""), 1),
        (naming("detail"), 1),
        (naming("recipient, sender"), 1),
        (refused(400, None), 1),
        (refused(404, None), 1),
        (refused(422, None), 1),
    ] {
        let mut world = narrow();
        world.xoxzo = answer.clone();
        let _either_is_right = ask(&mut world, 0, "login", FROM);
        for name in ["attempts per client", "attempts per audience"] {
            assert_eq!(total(&mut world, name, false), attempts, "{answer:?}");
        }
        let failures = total(&mut world, "provider failures", false);
        let works = attempts > 0 || answer == taken();
        assert_eq!(failures, u32::from(!works), "{answer:?}");
    }
}

#[test]
fn strangers_use_up_half_of_the_attempts_of_all() {
    let mut world = World::with(&json!({"sends": {"per_audience": cap(20)}}));
    world.xoxzo = refused(400, None);
    for at in 0..30 {
        let expected = if at < 10 {
            Code::Provider
        } else {
            Code::TooManySends
        };
        let refused = ask(&mut world, at, "sign-up", Sending::default());
        assert_eq!(code(refused), Some(expected), "{at}");
    }
    for at in 0..20 {
        let expected = if at < 10 {
            Code::Provider
        } else {
            Code::TooManySends
        };
        let refused = ask(&mut world, at, "login", Sending::default());
        assert_eq!(code(refused), Some(expected), "{at}");
    }
    assert_eq!(world.requests.len(), 20);
}

/// A monitored cap refuses nothing, and tells of refused requests beyond it as of messages.
#[test]
fn monitored_attempts_raise_an_alarm() {
    let mut world = World::with(&json!({"sends": {"per_audience": cap(2), "monitor": true}}));
    world.xoxzo = refused(400, None);
    for at in 0..3 {
        let refused = ask(&mut world, at, "login", Sending::default());
        assert_eq!(code(refused), Some(Code::Provider));
    }
    world.xoxzo = taken();
    let challenge = world.start(LOGIN).map_err(|failure| failure.code).unwrap();
    assert_eq!(challenge.alarm, Some(Alarm::Sends));
    let limits = world.limits(LOGIN.subject, LOGIN.recipient, None);
    let limits = limits.map_err(|failure| failure.code).unwrap();
    let attempts = limits
        .iter()
        .find(|it| it.setting == "attempts per audience");
    let attempts = attempts.unwrap();
    assert_eq!(
        (attempts.total, attempts.most, attempts.refuses),
        (3, 2, false)
    );
}

/// Fails the first requests of a world, each for another user.
fn fail(world: &mut World, answer: Answer, times: usize) {
    world.xoxzo = answer;
    for _ in 0..times {
        let before = world.requests.len();
        let _either_is_right = ask(world, 1_000 + before, "login", Sending::default());
        assert_eq!(world.requests.len(), before + 1);
    }
}

#[test]
fn five_failures_in_a_row_open_the_breaker_and_one_answer_closes_it() {
    for (answer, pause) in [
        (unreadable(None), 10),
        (unreadable(Some(20)), 20),
        (unreadable(Some(86_400)), 60),
        (unsent(), 10),
        (Answer::Unanswered(NoAnswer::Unknown, String::new()), 10),
        (refused(429, Some(30)), 30),
        (refused(429, Some(0)), 1),
        (refused(429, Some(4_000)), 60),
        (refused(401, None), 10),
    ] {
        let mut world = World::new(&document());
        fail(&mut world, answer.clone(), 5);
        let counted = world.counters.clone();
        for at in 5..50 {
            let failure = ask(&mut world, at, "login", Sending::default()).err();
            let failure = failure.unwrap();
            assert_eq!(failure.code, Code::Provider);
            assert_eq!(failure.retry_after, Some(pause), "{answer:?}");
        }
        assert_eq!(world.requests.len(), 5, "{answer:?}");
        assert_eq!(world.counters, counted, "what is refused leaves nothing");

        // Half open: one goes, and opens it again.
        world.now += pause;
        let _either_is_right = ask(&mut world, 5, "login", Sending::default());
        assert_eq!(world.requests.len(), 6);
        let failure = ask(&mut world, 6, "login", Sending::default()).err();
        assert_eq!(failure.unwrap().retry_after, Some(pause));
        assert_eq!(world.requests.len(), 6);

        // The next one is answered.
        world.now += pause;
        world.xoxzo = taken();
        for at in 7..20 {
            assert!(ask(&mut world, at, "login", Sending::default()).is_ok());
        }
        assert_eq!(total(&mut world, "provider failures", false), 0);
    }
}

#[test]
fn half_open_lets_one_through_in_a_second() {
    let mut world = World::new(&document());
    fail(&mut world, unsent(), 5);
    world.now += 10;
    let begun = |world: &World, at: usize| {
        let user = user(at);
        let start = Dispatch::start(
            &world.settings,
            world.now,
            of(&user, "login"),
            Sending::default(),
            &mut Counting::default(),
        );
        start.map_err(|failure| failure.code).unwrap()
    };
    // Ten at once, none of which is answered.
    let mut sent = 0;
    for second in 0..3 {
        for at in 0..10 {
            let turn = begun(&world, 10 * second + at);
            match counted(&mut world, turn) {
                Ok(Turn::Send(..)) => sent += 1,
                Ok(_) => panic!("it is sent or refused"),
                Err(failure) => {
                    assert_eq!(
                        (failure.code, failure.retry_after),
                        (Code::Provider, Some(1))
                    );
                }
            }
        }
        world.now += 1;
    }
    assert_eq!(sent, 3);
}

/// Goes on until something is sent or it ends.
fn counted(world: &mut World, mut turn: Turn<Dispatch>) -> Result<Turn<Dispatch>, Failure> {
    while let Turn::Count(charges, operation) = turn {
        let totals = made(&mut world.counters, &charges, world.now);
        turn = operation.resume(&world.settings, world.now, totals)?;
    }
    Ok(turn)
}

fn made(counters: &mut Counters, charges: &[Charge], now: u32) -> Answer {
    let mut totals = Vec::new();
    for one in charges {
        let (total, refused) = xoxzo_2fa_tests::charge(counters, one, now);
        totals.push(total);
        if refused {
            break;
        }
    }
    Answer::Totals(Totals { totals, now: None })
}

#[test]
fn an_answer_between_failures_ends_their_row() {
    for answered in [taken(), refused(400, None)] {
        let mut world = World::new(&document());
        for round in 0..10 {
            world.xoxzo = unsent();
            for at in 0..4 {
                let refused = ask(&mut world, at, "login", Sending::default());
                assert_eq!(code(refused), Some(Code::Provider));
            }
            world.xoxzo = answered.clone();
            let _either_is_right = ask(&mut world, 5 + round, "login", Sending::default());
        }
        assert_eq!(world.requests.len(), 50);
        assert_eq!(total(&mut world, "provider failures", false), 0);
    }
}

/// A start costs one list more only where there were failures just before.
#[test]
fn a_success_costs_no_list_more() {
    let mut world = World::new(&document());
    for at in 0..10 {
        let before = world.writes;
        assert!(ask(&mut world, at, "login", Sending::default()).is_ok());
        assert_eq!(world.writes, before + 1);
    }
    fail(&mut world, unsent(), 1);
    world.xoxzo = taken();
    for (at, lists) in [(11, 2), (12, 1), (13, 1)] {
        let before = world.writes;
        assert!(ask(&mut world, at, "login", Sending::default()).is_ok());
        assert_eq!(world.writes, before + lists);
    }
}

/// The list that ends a row of failures is lost: what was sent was sent.
#[test]
fn a_lost_list_after_a_success_loses_nothing() {
    for made in [false, true] {
        let mut world = World::new(&document());
        fail(&mut world, unsent(), 1);
        world.xoxzo = taken();
        world.lose(1, made);
        let challenge = world.start(LOGIN).map_err(|failure| failure.code).unwrap();
        assert_eq!(challenge.delivery, Delivery::Accepted);
        let pin = world.pin(6);
        assert!(world.verify(&challenge.token, LOGIN, &pin).is_ok());
    }
}

#[test]
fn resend_and_verify_go_on_while_it_is_open() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    world.now += 60;
    fail(&mut world, unsent(), 5);
    assert_eq!(code(world.start(LOGIN)), Some(Code::Provider));
    assert_eq!(world.requests.len(), 6);
    let again = world.resend(&token, LOGIN, Sending::default());
    assert_eq!(code(again), Some(Code::Provider));
    assert_eq!(world.requests.len(), 7, "it was tried");
    world.xoxzo = taken();
    assert!(world.resend(&token, LOGIN, Sending::default()).is_ok());
    assert!(world.verify(&token, LOGIN, &pin).is_ok());
    assert_eq!(total(&mut world, "provider failures", false), 5);
}

#[test]
fn what_strangers_start_opens_no_breaker_but_their_own() {
    let mut world = World::new(&document());
    world.xoxzo = unsent();
    for at in 0..50 {
        let refused = ask(&mut world, at, "sign-up", Sending::default());
        assert_eq!(code(refused), Some(Code::Provider));
    }
    assert_eq!(world.requests.len(), 5);
    world.xoxzo = taken();
    let refused = ask(&mut world, 0, "sign-up", Sending::default());
    assert_eq!(code(refused), Some(Code::Provider));
    assert!(ask(&mut world, 0, "login", Sending::default()).is_ok());
    let failures = [false, true].map(|open| total(&mut world, "provider failures", open));
    assert_eq!(failures, [0, 5]);
}

/// Decoys are refused by what is read before sending, like real starts, and by nothing that only sending would tell.
#[test]
fn decoys_follow_the_breaker_and_the_attempts() {
    let told = |failure: Option<Failure>| {
        let failure = failure.expect("it is refused");
        (failure.code, failure.retry_after, failure.detail)
    };
    for answer in [unsent(), unreadable(None)] {
        let mut world = World::new(&document());
        for failed in 1..=4 {
            fail(&mut world, answer.clone(), 1);
            assert!(ask(&mut world, 100 + failed, "login", DECOY).is_ok());
        }
        fail(&mut world, answer, 1);
        let real = told(ask(&mut world, 7, "login", FROM).err());
        assert_eq!(real, told(ask(&mut world, 8, "login", DECOY).err()));
        assert_eq!(real.0, Code::Provider);
        // While it is half open, a decoy takes the turn that a real start would take.
        world.now += 10;
        let requests = world.requests.len();
        assert!(ask(&mut world, 8, "login", DECOY).is_ok());
        let real = told(ask(&mut world, 7, "login", FROM).err());
        assert_eq!(real, told(ask(&mut world, 9, "login", DECOY).err()));
        assert_eq!((real.0, real.1), (Code::Provider, Some(1)));
        assert_eq!(world.requests.len(), requests);
    }
    let mut world = narrow();
    world.xoxzo = refused(400, None);
    for at in 0..5 {
        assert!(ask(&mut world, at, "login", FROM).is_err());
    }
    let real = told(ask(&mut world, 7, "login", FROM).err());
    assert_eq!(real, told(ask(&mut world, 8, "login", DECOY).err()));
    assert_eq!(real.0, Code::TooManySends);
}

// --- A simulation. ---
