//! What is counted, where, and when it ends: nothing that is refused leaves a counter, nothing stays at 0, and clocks that are apart are
//! seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use xoxzo_2fa::{Charge as Asked, Guard, MemoryGuard};
use xoxzo_2fa_core::{
    Alarm, Answer, Charge, Claimed, Code, Dispatch, Operation, Sending, Total, Totals, Turn, Verify,
};
use xoxzo_2fa_tests::{
    Counting, LIFE, LOGIN, PATIENCE, World, code, document, named, other_than, prepared, said,
    taken,
};

/// A login with all caps, and its client.
fn capped() -> World {
    let cap = |count: u32| json!({"count": count, "seconds": 3_600});
    World::with(&json!({
        "failures": {"per_client": cap(50)},
        "sends": {"per_client": cap(5), "per_range": cap(1_000), "per_audience": cap(2_000)},
    }))
}

const FROM: Sending<'static> = Sending {
    channel: xoxzo_2fa_core::Channel::Sms,
    locale: None,
    client: Some("203.0.113.7"),
    decoy: false,
};

/// The user with this number.
fn user(at: usize) -> (String, String) {
    (format!("+8190{at:08}"), format!("user-{at}"))
}

fn login(user: &(String, String)) -> Claimed<'_> {
    Claimed {
        recipient: &user.0,
        subject: &user.1,
        ..LOGIN
    }
}

#[test]
fn refused_starts_leave_no_counter_and_write_nothing() {
    for (cap, limit) in [
        ("per_client", Code::TooManySends),
        ("per_range", Code::TooManySends),
        ("per_audience", Code::TooManySends),
    ] {
        let small = json!({"count": 2, "seconds": 3_600});
        let large = json!({"count": 100_000, "seconds": 3_600});
        let mut sends = json!({"per_client": large, "per_range": large, "per_audience": large});
        sends[cap] = small;
        let mut world = World::with(&json!({ "sends": sends }));
        for at in 0..2 {
            assert!(world.start_with(login(&user(at)), FROM).is_ok());
        }
        let (before, written) = (world.counters.clone(), world.writes);
        for at in 2..20_002 {
            // One range has ten thousand numbers.
            let user = user(at % 10_000);
            assert_eq!(code(world.start_with(login(&user), FROM)), Some(limit));
        }
        assert_eq!(world.counters, before, "{cap}");
        assert_eq!(world.writes, written, "{cap}");
    }
}

/// A call weighs five messages: what is left of a cap is looked at for all of them.
#[test]
fn a_look_is_for_the_whole_weight() {
    let cap = |count: u32| json!({"count": count, "seconds": 3_600});
    let mut world = World::with(&json!({
        "sends": {"per_client": cap(5), "per_subject": cap(100), "per_number": cap(100)},
        "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]},
        "purposes": [{"name": "login", "after_first_factor": true, "voice": true}],
    }));
    let challenge = world.start_with(LOGIN, FROM).map_err(|it| it.code).unwrap();
    world.now += 60;
    let call = Sending {
        channel: xoxzo_2fa_core::Channel::Voice,
        ..FROM
    };
    let (before, written) = (world.counters.clone(), world.writes);
    assert_eq!(
        code(world.resend(&challenge.token, LOGIN, call)),
        Some(Code::TooManySends)
    );
    assert_eq!((&world.counters, world.writes), (&before, written));
    assert!(world.resend(&challenge.token, LOGIN, FROM).is_ok());
}

/// Of two exhausted caps, the wider one that stands first in `wit/SPEC.md` is told: its end is the wait.
#[test]
fn of_two_exhausted_caps_the_wide_one_is_told() {
    let mut world = World::with(&json!({"sends": {
        "per_client": {"count": 1, "seconds": 7_000}, "per_range": {"count": 1, "seconds": 6_000},
        "per_audience": {"count": 1, "seconds": 5_000}, "per_subject": {"count": 1, "seconds": 4_000},
    }}));
    assert!(world.start_with(LOGIN, FROM).is_ok());
    let mut told = Vec::new();
    for _ in 0..5 {
        let failure = world.start_with(LOGIN, FROM).err().unwrap();
        told.push((failure.code, failure.retry_after.unwrap()));
        // The widest cap ends, as if its window were over.
        let wait = failure.retry_after.unwrap();
        world
            .counters
            .retain(|_, (_, ends)| *ends != world.now + wait);
    }
    assert_eq!(
        told,
        [
            (Code::TooManySends, 7_000),
            (Code::TooManySends, 6_000),
            (Code::TooManySends, 5_000),
            (Code::TooManySends, 4_000),
            (Code::Cooldown, 60),
        ]
    );
}

/// The groups of a list, each with how many charges it has.
fn runs(charges: &[Charge]) -> Vec<usize> {
    let runs = charges.chunk_by(|one, next| one.group == next.group);
    runs.map(<[Charge]>::len).collect()
}

#[test]
fn lists_have_few_groups_and_a_claim_begins_with_its_own() {
    let mut world = capped();
    let start = Dispatch::start(
        &world.settings,
        world.now,
        LOGIN,
        FROM,
        &mut Counting::default(),
    );
    let Ok(Turn::Count(charges, _)) = start else {
        panic!("a start counts first")
    };
    // Looks at client, range and audience; subject; number; client, range, audience.
    assert_eq!(runs(&charges), [3, 1, 4, 4, 3, 1, 1, 1]);

    let token = world
        .start_with(LOGIN, FROM)
        .map_err(|it| it.code)
        .unwrap()
        .token;
    let pin = world.pin(6);
    let begin = Verify::begin(&world.settings, world.now, &token, LOGIN, &pin, FROM.client);
    let Ok(Turn::Count(charges, verify)) = begin else {
        panic!("a guess counts first")
    };
    assert_eq!(runs(&charges), [1, 5, 1, 1]);
    let totals = charges.iter().map(|charge| Total {
        total: charge.amount.unsigned_abs(),
        ends_in: charge.ttl,
    });
    let answer = Answer::Totals(Totals {
        totals: totals.collect(),
        now: None,
    });
    let Ok(Turn::Count(claim, _)) = verify.resume(&world.settings, world.now, answer) else {
        panic!("a right guess is claimed")
    };
    assert_eq!(runs(&claim), [4, 1, 1, 1]);
    assert_eq!(claim[0].amount, 1 << 20);
}

/// The lists after an answer of Xoxzo, by how many failures in a row the start saw: attempts and the breaker are beside the messages of their
/// groups.
#[test]
fn lists_after_an_answer_have_the_groups_of_the_start() {
    let refused = |status| said(status, None, "");
    let unknown = || said(500, None, "");
    for (failed, answer, due) in [
        (0, refused(400), Some(vec![1, 2, 2, 1, 2])),
        (1, refused(400), Some(vec![1, 2, 2, 1, 3])),
        (3, refused(429), Some(vec![1, 2, 1, 1, 2])),
        (4, refused(429), Some(vec![1, 2, 1, 1, 3])),
        (3, unknown(), Some(vec![1, 1])),
        (4, unknown(), Some(vec![1, 2])),
        (0, taken(), None),
        (1, taken(), Some(vec![1])),
    ] {
        let world = capped();
        let (settings, now) = (&world.settings, world.now);
        let start = Dispatch::start(settings, now, LOGIN, FROM, &mut Counting::default());
        let Ok(Turn::Count(charges, start)) = start else {
            panic!("a start counts first")
        };
        // Failures of Xoxzo are looked at last in the run of the wide counters.
        let totals = charges.iter().enumerate().map(|(at, charge)| Total {
            total: if at == 7 {
                failed
            } else {
                charge.amount.unsigned_abs()
            },
            ends_in: charge.ttl,
        });
        assert_eq!((charges[7].amount, charges[7].limit), (0, 4));
        let totals = Answer::Totals(Totals {
            totals: totals.collect(),
            now: None,
        });
        let Ok(Turn::Send(_, start)) = start.resume(settings, now, totals) else {
            panic!("it is sent")
        };
        let list = match start.resume(settings, now, answer) {
            Ok(Turn::Count(charges, _)) => Some(runs(&charges)),
            Ok(Turn::Done(_)) => None,
            _ => panic!("it counts or is done"),
        };
        assert_eq!(list, due, "{failed}");
    }
}

/// A start that finds Xoxzo failing goes through its list once more, and charges the probe last.
#[test]
fn a_probe_is_looked_at_first_and_charged_last() {
    let world = capped();
    let (settings, now) = (&world.settings, world.now);
    let start = Dispatch::start(settings, now, LOGIN, FROM, &mut Counting::default());
    let Ok(Turn::Count(charges, start)) = start else {
        panic!("a start counts first")
    };
    let totals = charges
        .iter()
        .take(8)
        .enumerate()
        .map(|(at, charge)| Total {
            total: if at == 7 { 5 } else { 0 },
            ends_in: charge.ttl,
        });
    let totals = Answer::Totals(Totals {
        totals: totals.collect(),
        now: None,
    });
    let Ok(Turn::Count(again, _)) = start.resume(settings, now, totals) else {
        panic!("it counts again")
    };
    assert_eq!(runs(&again), [3, 1, 6, 4, 3, 1, 1, 2]);
    let [.., probe] = &again[..] else {
        panic!("it has charges")
    };
    assert_eq!((probe.amount, probe.limit, probe.ttl), (1, 1, 1));
    let looks = again.iter().filter(|it| it.counter == probe.counter);
    assert_eq!(looks.map(|it| it.limit).collect::<Vec<_>>(), [0, 1]);
}

/// After right guesses alone nothing is left of a user but what has an end soon.
#[test]
fn a_login_leaves_no_counter_of_failures() {
    let mut world = World::new(&document());
    let wrong_before_right = [false, true];
    for (at, wrong) in wrong_before_right.into_iter().enumerate() {
        let user = user(at);
        let token = world
            .start(login(&user))
            .map_err(|it| it.code)
            .unwrap()
            .token;
        let pin = world.pin(6);
        if wrong {
            let wrong = other_than(&pin);
            assert_eq!(
                code(world.verify(&token, login(&user), wrong)),
                Some(Code::WrongPin)
            );
        }
        assert!(world.verify(&token, login(&user), &pin).is_ok());
        assert!(world.counters.values().all(|(total, _)| *total > 0));
        let now = world.now;
        let lasting = world
            .counters
            .values()
            .filter(|(_, ends)| ends - now > 86_400);
        assert_eq!(lasting.count(), 0, "consecutive failures are forgotten");
    }
}

#[test]
fn clocks_that_are_apart_stop_what_begins_and_leave_nothing_behind() {
    for ahead in [-121, 121, -3_600, 3_600, 3 * 31_536_000] {
        let mut world = World::new(&document());
        let (token, pin) = world.challenge();
        world.now += 60;
        let now = world.now;
        world.counters.retain(|_, (_, ends)| *ends > now);
        let before = world.counters.clone();
        world.ahead = ahead;
        let failure = world.start(LOGIN).err().unwrap();
        assert_eq!(failure.code, Code::Clock, "{ahead}");
        // Suspended helps where a store is ahead by up to an hour: a run with a wrong clock was the last to use it.
        let wait = u32::try_from(-ahead - 120)
            .ok()
            .filter(|wait| *wait <= 3_600);
        assert_eq!(failure.retry_after, wait);
        assert_eq!(world.counters, before);
        assert_eq!(world.requests.len(), 1, "nothing was sent");
        if ahead.abs() < 300 {
            assert_eq!(
                code(world.resend(&token, LOGIN, Sending::default())),
                Some(Code::Clock)
            );
            assert_eq!(world.counters, before);
            assert_eq!(code(world.verify(&token, LOGIN, &pin)), Some(Code::Clock));
        }
        // The host's clock is set right: everything goes on.
        world.ahead = 0;
        assert!(world.verify(&token, LOGIN, &pin).is_ok());
    }
    for ahead in [-120, 120] {
        let mut world = World::new(&document());
        world.ahead = ahead;
        let (token, pin) = world.challenge();
        assert!(world.verify(&token, LOGIN, &pin).is_ok());
    }
}

/// Walks a right guess to its claim, and answers that as told.
fn claimed(
    world: &mut World,
    guessed_after: u32,
    answer: impl Fn(&[Charge]) -> Totals,
) -> Result<Option<Alarm>, Code> {
    let (token, pin) = world.challenge();
    let (settings, began) = (&world.settings, world.now);
    let begin = Verify::begin(settings, began, &token, LOGIN, &pin, None);
    let Ok(Turn::Count(charges, verify)) = begin else {
        panic!("a guess counts first")
    };
    let made = charges.iter().map(|charge| Total {
        total: charge.amount.unsigned_abs(),
        ends_in: charge.ttl,
    });
    let totals = Answer::Totals(Totals {
        totals: made.collect(),
        now: None,
    });
    let turn = verify.resume(settings, began + guessed_after, totals);
    let Turn::Count(charges, verify) = turn.map_err(|failure| failure.code)? else {
        panic!("a right guess is claimed")
    };
    let answer = Answer::Totals(answer(&charges));
    match verify.resume(settings, began + guessed_after, answer) {
        Ok(Turn::Done(acceptance)) => Ok(acceptance.alarm),
        Ok(_) => panic!("a claim is the end"),
        Err(failure) => Err(failure.code),
    }
}

/// The totals of a claim that comes on top of so many guesses, by a store with this clock.
fn made(guesses: u32, now: Option<u32>) -> impl Fn(&[Charge]) -> Totals {
    move |charges| {
        let total = |charge: &Charge| Total {
            total: if charge.amount > 0 {
                (1 << 20) + guesses
            } else {
                0
            },
            ends_in: charge.ttl,
        };
        Totals {
            totals: charges.iter().map(total).collect(),
            now,
        }
    }
}

#[test]
fn a_claim_is_in_haste_and_what_is_won_is_won() {
    let mut world = World::new(&document());
    let now = world.now;
    assert_eq!(claimed(&mut world, 60, made(1, None)), Ok(None));
    let mut world = World::new(&document());
    assert_eq!(
        claimed(&mut world, 61, made(1, None)),
        Err(Code::Clock),
        "a minute after the guess is too late"
    );
    for (store, alarm) in [
        (now, None),
        (now - 200, Some(Alarm::Clock)),
        (now + 200, Some(Alarm::Clock)),
    ] {
        let mut world = World::new(&document());
        assert_eq!(claimed(&mut world, 0, made(1, Some(store))), Ok(alarm));
    }
}

#[test]
fn a_claim_that_is_not_on_top_of_its_guess_is_a_lie() {
    for (guesses, expected) in [
        (0, Err(Code::Guard)),
        (1, Ok(None)),
        (5, Ok(None)),
        (6, Err(Code::Used)),
    ] {
        let mut world = World::new(&document());
        let limit = move |charges: &[Charge]| {
            let mut totals = made(guesses, None)(charges);
            if guesses > 5 {
                totals.totals.truncate(1);
            }
            totals
        };
        assert_eq!(claimed(&mut world, 0, limit), expected, "{guesses}");
    }
}

/// The life of a challenge's counter is longer than anything that may still accept it: the skew of a host, the time that a guess waits and its
/// claim as long again, and a minute for the store.
#[test]
fn a_used_mark_outlives_its_challenge() {
    for lifetime in [60_u32, 300, 600] {
        let world = World::with(&json!({"pin": {"lifetime_seconds": lifetime}}));
        let token = {
            let mut world = World::with(&json!({"pin": {"lifetime_seconds": lifetime}}));
            world.challenge().0
        };
        let begin = Verify::begin(&world.settings, world.now, &token, LOGIN, "000000", None);
        let Ok(Turn::Count(charges, _)) = begin else {
            panic!("a guess counts first")
        };
        let challenge = charges.iter().find(|charge| charge.limit == 5).unwrap();
        let (skew, waits, store) = (60, 60 + 60, 60);
        assert_eq!(challenge.ttl, lifetime + skew + waits + store);
    }
}

/// Settings of two services that share a store and a `guard.key`: counters of one user and number are in the same groups.
#[test]
fn one_counter_has_one_group_for_all_services() {
    let groups = |audience: &str| {
        let mut document = document();
        document["audience"] = json!(audience);
        let settings = prepared(&document);
        let start = Dispatch::start(
            &settings,
            xoxzo_2fa_tests::NOW,
            LOGIN,
            FROM,
            &mut Counting::default(),
        );
        let Ok(Turn::Count(charges, _)) = start else {
            panic!("a start counts first")
        };
        let pairs = charges
            .into_iter()
            .map(|charge| (charge.counter, charge.group));
        pairs.collect::<std::collections::BTreeMap<_, _>>()
    };
    let (one, other) = (groups("shop"), groups("bank"));
    let shared: Vec<_> = one.keys().filter(|key| other.contains_key(*key)).collect();
    assert!(shared.len() >= 7, "{}", shared.len());
    assert!(shared.into_iter().all(|key| one[key] == other[key]));
}

/// A store in memory whose clock is given.
fn timed(capacity: usize) -> (MemoryGuard, Arc<AtomicU64>) {
    let passed = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&passed);
    let guard = MemoryGuard::danger_with_clock(capacity, move |_: Instant| {
        Duration::from_secs(clock.load(Ordering::SeqCst))
    });
    (guard, passed)
}

#[test]
fn a_full_memory_refuses_as_quickly_as_it_counts() {
    let (guard, _) = timed(1_000_000);
    let list = |at: u32| {
        [Asked::new(
            named(&at.to_string()),
            1,
            9,
            Duration::from_secs(86_400),
        )]
    };
    let mut at = 0;
    while guard.len() < 1_000_000 {
        let _one_shard_is_full_before_another = guard.add(&list(at));
        at += 1;
    }
    let began = Instant::now();
    for refused in 0..20_000 {
        assert!(guard.add(&list(at + refused)).is_err());
    }
    // Looking through a shard each time would take minutes.
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[test]
fn a_memory_in_use_forgets_what_has_ended() {
    let (guard, passed) = timed(100_000);
    for at in 0..10_000 {
        let list = [Asked::new(named(&at.to_string()), 1, 9, LIFE)];
        guard.add(&list).unwrap();
    }
    assert_eq!(guard.len(), 10_000);
    passed.fetch_add(LIFE.as_secs() + 1, Ordering::SeqCst);
    for at in 0..2_000 {
        let list = [Asked::new(named(&format!("new {at}")), 0, 9, LIFE)];
        guard.add(&list).unwrap();
    }
    assert_eq!(guard.len(), 0);
}
