//! The ledger of guesses: every interleaving of two verifies, many threads, and every answer that can be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use serde_json::json;
use xoxzo_2fa::{Binding, Error, MemoryGuard, Pin, TwoFactor};
use xoxzo_2fa_core::{
    Answer, Charge, Code, Failure, NoAnswer, Operation, Prepared, Total, Totals, Turn, Verify,
};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{
    BAD_NUMBER, Counters, LOGIN, World, charge, document, key, other_than, pin_in, said, sandboxed,
};

/// A verify that makes one charge at a time: the finest steps a store may interleave.
struct Process {
    turn: Option<Turn<Verify>>,
    made: Vec<Total>,
    result: Option<Result<(), Failure>>,
    compares: u32,
    /// Every total it was told: what it does next follows from them.
    told: Vec<u32>,
    lists: u32,
}

impl Process {
    fn new(world: &World, token: &str, pin: &str) -> Self {
        let begun = Verify::begin(&world.settings, world.now, token, LOGIN, pin, None);
        let (turn, result) = match begun {
            Ok(turn) => (Some(turn), None),
            Err(failure) => (None, Some(Err(failure))),
        };
        Self {
            turn,
            made: Vec::new(),
            result,
            compares: 0,
            told: Vec::new(),
            lists: 0,
        }
    }

    fn step(&mut self, settings: &Prepared, counters: &mut Counters, now: u32) {
        let Some(Turn::Count(charges, operation)) = self.turn.take() else {
            panic!("a verify only counts")
        };
        let (total, refused) = charge(counters, &charges[self.made.len()], now);
        self.made.push(total);
        self.told.push(total.total);
        if !refused && self.made.len() < charges.len() {
            self.turn = Some(Turn::Count(charges, operation));
            return;
        }
        // What is charged in whole, the first list, is followed by a compare.
        self.compares += u32::from(!refused && self.lists == 0);
        self.lists += 1;
        match operation.resume(
            settings,
            now,
            Answer::Totals(Totals {
                totals: std::mem::take(&mut self.made),
                now: None,
            }),
        ) {
            Ok(Turn::Done(_)) => self.result = Some(Ok(())),
            Ok(turn) => self.turn = Some(turn),
            Err(failure) => self.result = Some(Err(failure)),
        }
    }
}

/// Judges the end of every order of the two processes' steps. Orders that lead to one state go on as one; gives how many ends there
/// are.
fn interleave(
    world: &World,
    token: &str,
    pins: [&str; 2],
    mut judge: impl FnMut(&[Process; 2], &Counters),
) -> u32 {
    let mut orders = vec![Vec::new()];
    let (mut seen, mut states) = (0, BTreeSet::new());
    while let Some(order) = orders.pop() {
        let mut counters = world.counters.clone();
        let mut both = pins.map(|pin| Process::new(world, token, pin));
        for who in &order {
            let process: &mut Process = &mut both[*who];
            process.step(&world.settings, &mut counters, world.now);
        }
        let sorted: BTreeMap<_, _> = counters.iter().collect();
        if !states.insert(format!("{:?} {:?} {sorted:?}", both[0].told, both[1].told)) {
            continue;
        }
        let open: Vec<usize> = (0..2).filter(|who| both[*who].result.is_none()).collect();
        if open.is_empty() {
            seen += 1;
            judge(&both, &counters);
        }
        orders.extend(
            open.into_iter()
                .map(|who| [order.as_slice(), &[who]].concat()),
        );
    }
    seen
}

fn code(process: &Process) -> Option<Code> {
    process
        .result
        .as_ref()
        .and_then(|result| result.as_ref().err())
        .map(|failure| failure.code)
}

#[test]
fn two_right_guesses_have_one_winner_in_every_order() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let orders = interleave(&world, &token, [&pin, &pin], |both, _| {
        let winners = both
            .iter()
            .filter(|process| process.result == Some(Ok(())))
            .count();
        let used = both
            .iter()
            .filter(|process| code(process) == Some(Code::Used))
            .count();
        assert_eq!((winners, used), (1, 1));
    });
    assert!(orders > 10, "{orders}");
}

#[test]
fn the_last_guess_is_compared_once_in_every_order() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let wrong = other_than(&pin);
    for _ in 0..4 {
        assert_eq!(
            world
                .verify(&token, LOGIN, wrong)
                .err()
                .map(|failure| failure.code),
            Some(Code::WrongPin)
        );
    }
    for pins in [[&*pin, wrong], [wrong, wrong], [&*pin, &*pin]] {
        let orders = interleave(&world, &token, pins, |both, _| {
            assert_eq!(both[0].compares + both[1].compares, 1);
            let refused = both
                .iter()
                .filter(|process| matches!(code(process), Some(Code::Exhausted | Code::Used)))
                .count();
            assert!(refused >= 1);
        });
        assert!(orders > 1);
    }
}

#[test]
fn a_used_or_exhausted_token_charges_nobody() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    assert!(world.verify(&token, LOGIN, &pin).is_ok());
    let before = world.counters.clone();
    for guess in [pin.as_str(), "000000", "000001"] {
        assert_eq!(
            world
                .verify(&token, LOGIN, guess)
                .err()
                .map(|failure| failure.code),
            Some(Code::Used)
        );
    }
    assert_eq!(world.counters, before);

    world.now += 60;
    let (token, pin) = world.challenge();
    let wrong = other_than(&pin);
    for left in (0..5).rev() {
        assert_eq!(
            world
                .verify(&token, LOGIN, wrong)
                .err()
                .and_then(|failure| failure.guesses_left),
            Some(left)
        );
    }
    let before = world.counters.clone();
    for guess in [pin.as_str(), wrong] {
        assert_eq!(
            world
                .verify(&token, LOGIN, guess)
                .err()
                .map(|failure| failure.code),
            Some(Code::Exhausted)
        );
    }
    assert_eq!(world.counters, before);
}

/// A failure that was counted between a right guess and its claim is no part of what the win clears.
#[test]
fn a_win_clears_what_its_guess_saw() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let wrong = other_than(&pin);
    let fail = |world: &mut World| {
        let failure = world.verify(&token, LOGIN, wrong).err();
        assert_eq!(failure.map(|failure| failure.code), Some(Code::WrongPin));
    };
    fail(&mut world);
    let mut right = Process::new(&world, &token, &pin);
    while right.lists == 0 {
        right.step(&world.settings, &mut world.counters, world.now);
    }
    fail(&mut world);
    while right.result.is_none() {
        right.step(&world.settings, &mut world.counters, world.now);
    }
    assert_eq!(right.result, Some(Ok(())));
    let consecutive = world
        .counters
        .values()
        .filter(|(_, ends)| ends - world.now > 86_400);
    let consecutive: Vec<u32> = consecutive.map(|(total, _)| *total).collect();
    assert_eq!(consecutive, [1]);
}

#[test]
fn an_answer_lost_at_any_step_of_verify_fails_closed() {
    for (list, made) in [(0, false), (0, true), (1, false), (1, true)] {
        let mut world = World::new(&document());
        let (token, pin) = world.challenge();
        world.lose(list, made);
        assert_eq!(
            world
                .verify(&token, LOGIN, &pin)
                .err()
                .map(|failure| failure.code),
            Some(Code::Guard),
            "list {list}"
        );
    }
    // The last list only clears: what is won stays won.
    for made in [false, true] {
        let mut world = World::new(&document());
        let (token, pin) = world.challenge();
        world.lose(2, made);
        assert!(world.verify(&token, LOGIN, &pin).is_ok());
        world.lose(9, false);
        assert_eq!(
            world
                .verify(&token, LOGIN, &pin)
                .err()
                .map(|failure| failure.code),
            Some(Code::Used)
        );
    }
}

#[test]
fn an_answer_lost_in_start_sends_nothing_or_keeps_the_challenge() {
    let mut world = World::new(&document());
    world.lose(0, true);
    assert_eq!(
        world.start(LOGIN).err().map(|failure| failure.code),
        Some(Code::Guard)
    );
    assert!(world.requests.is_empty());

    let mut world = World::new(&document());
    world.xoxzo = Answer::Unanswered(NoAnswer::Unknown, String::new());
    world.lose(1, false);
    let challenge = world.start(LOGIN).map_err(|failure| failure.code).unwrap();
    let pin = world.pin(6);
    assert_eq!((challenge.message_id, challenge.resend_after), (None, 180));
    assert!(world.verify(&challenge.token, LOGIN, &pin).is_ok());

    let mut world = World::new(&document());
    world.xoxzo = Answer::Unanswered(NoAnswer::NotSent, String::new());
    world.lose(1, false);
    assert_eq!(
        world.start(LOGIN).err().map(|failure| failure.code),
        Some(Code::Provider)
    );
}

#[test]
fn what_was_not_sent_is_given_back_and_what_may_be_is_not() {
    let refused = said(400, None, BAD_NUMBER);
    // Xoxzo's own failures are counted until it is not asked any more, and requests that it refuses as attempts.
    for (answer, counter, counted) in [
        (
            Answer::Unanswered(NoAnswer::NotSent, String::new()),
            "provider failures",
            5,
        ),
        (refused, "attempts per audience", 30),
    ] {
        let mut world = World::new(&document());
        world.xoxzo = answer;
        for _ in 0..30 {
            assert_eq!(
                world.start(LOGIN).err().map(|failure| failure.code),
                Some(Code::Provider)
            );
        }
        assert_eq!(world.requests.len(), counted);
        let limits = world.limits(LOGIN.subject, LOGIN.recipient, None);
        let limits = limits.map_err(|failure| failure.code).unwrap();
        for limit in limits.into_iter().filter(|limit| !limit.open) {
            let due = match limit.setting {
                name if name == counter => u32::try_from(counted).unwrap(),
                "provider pause" => u32::from(counted == 5),
                _ => 0,
            };
            assert_eq!(limit.total, due, "{}", limit.setting);
        }
    }
    let mut world = World::new(&document());
    world.xoxzo = said(504, None, "");
    assert!(world.start(LOGIN).is_ok());
    world.now += 60;
    let failure = world.start(LOGIN).err().unwrap();
    assert_eq!(
        (failure.code, failure.retry_after),
        (Code::Cooldown, Some(120))
    );
}

#[test]
fn limits_survive_new_codes_and_lock_in_the_end() {
    let mut world = World::new(&document());
    let mut failures = 0;
    for _day in 0..40 {
        // Ten failures a day, over as many challenges as it takes.
        'day: for _ in 0..10 {
            let Ok(challenge) = world.start(LOGIN) else {
                break;
            };
            let pin = world.pin(6);
            let wrong = other_than(&pin);
            loop {
                match world
                    .verify(&challenge.token, LOGIN, wrong)
                    .err()
                    .map(|failure| failure.code)
                {
                    Some(Code::WrongPin) => failures += 1,
                    Some(Code::Locked) => {
                        assert_eq!(
                            world
                                .verify(&challenge.token, LOGIN, &pin)
                                .err()
                                .map(|failure| failure.code),
                            Some(Code::Locked)
                        );
                        break 'day;
                    }
                    _ => break,
                }
            }
            world.now += 60;
        }
        world.now += 86_400;
    }
    assert_eq!(failures, 100);
    let failure = world.start(LOGIN).err().unwrap();
    assert_eq!((failure.code, failure.retry_after), (Code::Locked, None));
}

#[test]
fn a_stranger_spends_half_a_budget_and_cannot_lock_a_login() {
    let mut world = World::new(&document());
    let stranger = xoxzo_2fa_core::Claimed {
        purpose: "sign-up",
        ..LOGIN
    };
    let mut sent = 0;
    for _ in 0..20 {
        if let Ok(challenge) = world.start(stranger) {
            sent += 1;
            let pin = world.pin(6);
            let wrong = other_than(&pin);
            for _ in 0..6 {
                assert!(world.verify(&challenge.token, stranger, wrong).is_err());
            }
        }
        world.now += 60;
    }
    assert_eq!(
        sent, 2,
        "two challenges have ten failures, which lock the stranger"
    );
    let challenge = world.start(LOGIN).map_err(|failure| failure.code).unwrap();
    let pin = world.pin(6);
    assert!(world.verify(&challenge.token, LOGIN, &pin).is_ok());
}

/// What strangers can start stops at half of a cap, and the other half is left for logins.
#[test]
fn a_stranger_gets_half_of_each_cap() {
    let large = json!({"count": 1_000, "seconds": 86_400});
    for cap in ["per_subject", "per_number", "per_range", "per_audience"] {
        let mut sends = json!({
            "per_subject": large, "per_number": large, "per_range": large, "per_audience": large,
        });
        sends[cap] = json!({"count": 6, "seconds": 86_400});
        let mut world = World::with(&json!({ "sends": sends }));
        for purpose in ["sign-up", "login"] {
            let claimed = xoxzo_2fa_core::Claimed { purpose, ..LOGIN };
            for sent in 0..4 {
                let refusal = world.start(claimed).err().map(|failure| failure.code);
                let due = (sent == 3).then_some(Code::TooManySends);
                assert_eq!(refusal, due, "{cap}, {purpose}, {sent} sent");
                world.now += 60;
            }
        }
    }
}

/// Totals that no honest store gives.
type Lie = fn(&[Charge]) -> Vec<Total>;

#[test]
fn a_lie_of_the_store_is_refused() {
    let mut world = World::new(&document());
    let (token, _) = world.challenge();
    let lies: [Lie; 4] = [
        |charges| {
            charges
                .iter()
                .map(|charge| Total {
                    total: 0,
                    ends_in: charge.ttl,
                })
                .collect()
        },
        |_| Vec::new(),
        |charges| {
            vec![
                Total {
                    total: 1,
                    ends_in: 1
                };
                charges.len() + 1
            ]
        },
        |charges| {
            charges
                .iter()
                .map(|charge| Total {
                    total: charge.limit.saturating_add(1),
                    ends_in: 1,
                })
                .collect()
        },
    ];
    for lie in lies {
        let Ok(Turn::Count(charges, verify)) =
            Verify::begin(&world.settings, world.now, &token, LOGIN, "123456", None)
        else {
            panic!("a verify begins with a count")
        };
        let failure = verify
            .resume(
                &world.settings,
                world.now,
                Answer::Totals(Totals {
                    totals: lie(&charges),
                    now: None,
                }),
            )
            .err()
            .unwrap();
        assert_eq!(failure.code, Code::Guard);
    }
}

/// 256 threads through the component: as many compares as guesses, one winner.
#[test]
fn threads_get_five_compares_and_one_winner() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
        .key(key(1))
        .build();
    let two_factor = TwoFactor::new(settings, MemoryGuard::default()).unwrap();
    for round in 0..4 {
        let binding = Binding::new(format!("+8190123456{round:02}"), "user-1", "login");
        let token = two_factor.start(&binding).unwrap().token;
        let body = sandbox.inbox(Some(&binding.recipient)).pop().unwrap().body;
        let pin = pin_in(&body, 6).unwrap();
        let wrong = other_than(&pin);
        // Even rounds: all are wrong. Odd rounds: all are right.
        let guess = if round % 2 == 0 { wrong } else { &pin };
        let (barrier, compares, winners) =
            (Barrier::new(256), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..256 {
                scope.spawn(|| {
                    barrier.wait();
                    match two_factor.verify(&token, &binding, &Pin::new(guess)) {
                        Ok(_acceptance) => winners.fetch_add(1, Ordering::SeqCst),
                        Err(Error::Refuse(refusal))
                            if refusal.code == xoxzo_2fa::Code::WrongPin =>
                        {
                            compares.fetch_add(1, Ordering::SeqCst)
                        }
                        Err(error) => {
                            assert!(
                                matches!(
                                    error.code(),
                                    xoxzo_2fa::Code::Exhausted | xoxzo_2fa::Code::Used
                                ),
                                "{error}"
                            );
                            0
                        }
                    };
                });
            }
        });
        let expected = if round % 2 == 0 { (5, 0) } else { (0, 1) };
        assert_eq!(
            (compares.into_inner(), winners.into_inner()),
            expected,
            "round {round}"
        );
    }
}

#[test]
fn other_windows_in_new_settings_lock_nobody_out() {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    assert!(world.verify(&token, LOGIN, other_than(&pin)).is_err());
    // The counters that began under the old settings live longer than the new ones would.
    let mut shorter = document();
    shorter["failures"] = json!({"soft": {"count": 10, "seconds": 60}, "hard": 50});
    shorter["sends"] = json!({"per_number": {"count": 10, "seconds": 60}, "per_audience": {"count": 10, "seconds": 60}});
    shorter["pin"] = json!({"lifetime_seconds": 120});
    world.settings = xoxzo_2fa_tests::prepared(&shorter);
    let refusal = world.verify(&token, LOGIN, other_than(&pin)).err().unwrap();
    assert_eq!(
        (refusal.code, refusal.expires_in),
        (Code::WrongPin, Some(120))
    );
    assert!(world.verify(&token, LOGIN, &pin).is_ok());
    world.now += 60;
    let (token, pin) = world.challenge();
    assert!(world.verify(&token, LOGIN, &pin).is_ok());
}
