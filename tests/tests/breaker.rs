//! Requests that Xoxzo refuses are counted, and where it fails in a row it is asked once a second: a host without I/O, and a simulation of a
//! stranger and of an outage, in milliseconds that nobody waits for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Alarm, Answer, Charge, Claimed, Code, Delivery, Dispatch, Failure, NoAnswer, Operation,
    Prepared, Reply, Sending, Total, Totals, Turn,
};
use xoxzo_2fa_tests::{Counting, LOGIN, World, code, document, prepared, taken};

fn cap(count: u32) -> Value {
    json!({"count": count, "seconds": 3_600})
}

fn refused(status: u16, retry_after: Option<u32>) -> Answer {
    Answer::Reply(Reply::Refused {
        status,
        fields: "recipient".to_string(),
        retry_after,
    })
}

/// A 400 that names these fields.
fn naming(fields: &str) -> Answer {
    Answer::Reply(Reply::Refused {
        status: 400,
        fields: fields.to_string(),
        retry_after: None,
    })
}

fn unreadable() -> Answer {
    Answer::Reply(Reply::Unreadable { status: 503 })
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
    world.xoxzo = Answer::Reply(taken());
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
        (Answer::Reply(taken()), 0),
        (unreadable(), 0),
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
        let works = attempts > 0 || answer == Answer::Reply(taken());
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
    world.xoxzo = Answer::Reply(taken());
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
        (unreadable(), 10),
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
        world.xoxzo = Answer::Reply(taken());
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

fn made(counters: &mut HashMap<String, (u32, u32)>, charges: &[Charge], now: u32) -> Answer {
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
    for answered in [Answer::Reply(taken()), refused(400, None)] {
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
    world.xoxzo = Answer::Reply(taken());
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
        world.xoxzo = Answer::Reply(taken());
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
    world.xoxzo = Answer::Reply(taken());
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
    world.xoxzo = Answer::Reply(taken());
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
    for answer in [unsent(), unreadable()] {
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

/// Milliseconds between a request and its answer.
const LATENCY: u64 = 300;

const SECOND: u64 = 1_000;

/// Somebody who asks for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    User,
    Stranger,
    /// One client, which sends to bad numbers.
    Client,
}

/// How starts ended.
#[derive(Default)]
struct Ends {
    /// When they began and, if they were refused, why.
    ends: Vec<(u64, Option<Code>)>,
    /// When they sent something.
    requests: Vec<u64>,
}

impl Ends {
    fn requests(&self, from: u64, to: u64) -> usize {
        let within = self.requests.iter().filter(|at| (from..to).contains(at));
        within.count()
    }

    /// Refused starts, of all that began in this time.
    fn refused(&self, within: impl Fn(u64) -> bool) -> (usize, usize) {
        let ends = self.ends.iter().filter(|(began, _)| within(*began));
        let refused = ends.clone().filter(|(_, code)| code.is_some());
        (refused.count(), ends.count())
    }
}

/// An operation that waits for Xoxzo.
struct Waiting {
    who: Who,
    began: u64,
    operation: Dispatch,
}

/// Users and strangers, a store that counts in milliseconds, and a Xoxzo that takes its time.
struct Simulation<F> {
    settings: Prepared,
    counters: HashMap<String, (u32, u64)>,
    now: u64,
    waiting: HashMap<usize, Waiting>,
    answers: BinaryHeap<Reverse<(u64, usize)>>,
    started: usize,
    ends: BTreeMap<Who, Ends>,
    random: Counting,
    /// What Xoxzo answers at a time.
    xoxzo: F,
}

impl<F: FnMut(Who, u64) -> Answer> Simulation<F> {
    fn new(sends: &Value, xoxzo: F) -> Self {
        let mut document = document();
        document["sends"] = sends.clone();
        Self {
            settings: prepared(&document),
            counters: HashMap::new(),
            now: 0,
            waiting: HashMap::new(),
            answers: BinaryHeap::new(),
            started: 0,
            ends: BTreeMap::new(),
            random: Counting::default(),
            xoxzo,
        }
    }

    fn seconds(&self) -> u32 {
        xoxzo_2fa_tests::NOW + u32::try_from(self.now / SECOND).unwrap()
    }

    /// Lets each of these ask so many times a second, until the end.
    fn run(&mut self, rates: &[(Who, u64)], end: u64) {
        let mut next: Vec<_> = rates.iter().map(|(who, rate)| (0, *who, *rate)).collect();
        loop {
            let soonest = next.iter_mut().min_by_key(|(at, ..)| *at).unwrap();
            let (at, who, rate) = *soonest;
            self.answer(at.min(end));
            if at >= end {
                break;
            }
            self.now = at;
            soonest.0 += SECOND / rate;
            self.start(who);
        }
        self.answer(u64::MAX);
    }

    fn start(&mut self, who: Who) {
        self.started += 1;
        let at = self.started;
        let recipient = format!("+8190{:08}", at % 100_000_000);
        let subject = format!("user-{at}");
        let claimed = Claimed {
            recipient: &recipient,
            subject: &subject,
            purpose: if who == Who::Stranger {
                "sign-up"
            } else {
                "login"
            },
            ..LOGIN
        };
        let client = match who {
            Who::User | Who::Stranger => format!("2001:db8:{:x}:{:x}::1", at >> 16, at & 0xffff),
            Who::Client => CLIENT.to_string(),
        };
        let sending = Sending {
            client: Some(&client),
            ..FROM
        };
        let (now, random) = (self.seconds(), &mut self.random);
        let turn = Dispatch::start(&self.settings, now, claimed, sending, random);
        self.goes_on(who, self.now, turn);
    }

    fn goes_on(&mut self, who: Who, began: u64, mut turn: Result<Turn<Dispatch>, Failure>) {
        let code = loop {
            match turn {
                Ok(Turn::Count(charges, operation)) => {
                    let totals = self.add(&charges);
                    turn = operation.resume(&self.settings, self.seconds(), totals);
                }
                Ok(Turn::Send(_, operation)) => {
                    self.ends.entry(who).or_default().requests.push(self.now);
                    let at = self.ends.values().map(|it| it.requests.len()).sum();
                    let waiting = Waiting {
                        who,
                        began,
                        operation,
                    };
                    self.waiting.insert(at, waiting);
                    self.answers.push(Reverse((self.now + LATENCY, at)));
                    return;
                }
                Ok(Turn::Done(_)) => break None,
                Err(failure) => break Some(failure.code),
            }
        };
        self.ends.entry(who).or_default().ends.push((began, code));
    }

    /// Gives the answers that are due.
    fn answer(&mut self, until: u64) {
        while let Some(Reverse((due, at))) = self.answers.peek().copied()
            && due <= until
        {
            self.answers.pop();
            self.now = due;
            let Waiting {
                who,
                began,
                operation,
            } = self.waiting.remove(&at).expect("it waits");
            let answer = (self.xoxzo)(who, due);
            let turn = operation.resume(&self.settings, self.seconds(), answer);
            self.goes_on(who, began, turn);
        }
    }

    fn add(&mut self, charges: &[Charge]) -> Answer {
        let mut totals = Vec::new();
        for one in charges {
            let live = self.counters.get(&one.key).copied();
            let live = live.filter(|(_, ends)| *ends > self.now);
            let (before, ends) = live.unwrap_or((0, self.now + u64::from(one.ttl) * SECOND));
            let total = before.saturating_add_signed(one.amount);
            let ends_in = u32::try_from((ends - self.now).div_ceil(SECOND)).unwrap();
            totals.push(Total { total, ends_in });
            if one.amount >= 0 && total > one.limit {
                break;
            }
            if total == 0 {
                self.counters.remove(&one.key);
            } else {
                self.counters.insert(one.key.clone(), (total, ends));
            }
        }
        Answer::Totals(Totals { totals, now: None })
    }
}

/// Caps that no honest user comes near.
fn room() -> Value {
    json!({"per_range": cap(1_000_000), "per_audience": cap(1_000_000)})
}

/// An outage of ten minutes with 100 logins a second, and a stranger beside it who sends to bad numbers.
#[test]
fn an_outage_costs_few_requests_and_few_logins_beyond_itself() {
    const FROM: u64 = 20 * SECOND;
    const TO: u64 = FROM + 600 * SECOND;
    let outage = |at: u64| (FROM..TO).contains(&at);
    let mut failures = [unsent(), unreadable(), refused(429, Some(20))]
        .into_iter()
        .cycle();
    let mut world = Simulation::new(&room(), |who, at| match who {
        _ if outage(at) => failures.next().expect("it goes round"),
        Who::User => Answer::Reply(taken()),
        Who::Stranger | Who::Client => refused(400, None),
    });
    let rates = [(Who::User, 100), (Who::Stranger, 10)];
    world.run(&rates, TO + 60 * SECOND);
    let users = &world.ends[&Who::User];
    // One a second, five, and those that were on their way when the fifth came back.
    let in_flight = usize::try_from(100 * LATENCY / SECOND).unwrap();
    let requests = users.requests(FROM, TO);
    assert!(requests <= 600 + 5 + in_flight, "{requests}");
    assert!(requests >= 5 + 30, "it is tried again: {requests}");
    let (refused, _) = users.refused(|began| !outage(began + LATENCY));
    assert!(refused * 100 <= users.ends.len(), "{refused}");
    let late = users.refused(|began| began >= TO + 25 * SECOND);
    assert_eq!(late, (0, 35 * 100), "nobody stays locked out");
    let strangers = &world.ends[&Who::Stranger];
    assert!(
        strangers.requests(0, FROM) == 200,
        "each is refused by Xoxzo"
    );
    println!(
        "{requests} requests in the outage, {refused} of {} starts refused beyond it",
        users.ends.len()
    );
}

/// One in a hundred requests fails at random, for ten minutes.
#[test]
fn single_failures_of_many_do_not_open_it() {
    let mut seed = 1_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        seed >> 33
    };
    let mut failed = 0;
    let mut world = Simulation::new(&room(), |_, _| {
        if random() % 100 == 0 {
            failed += 1;
            unsent()
        } else {
            Answer::Reply(taken())
        }
    });
    world.run(&[(Who::User, 100)], 200 * SECOND);
    let users = world.ends.remove(&Who::User).unwrap();
    drop(world);
    let (refused, all) = users.refused(|_| true);
    assert!(failed > 100, "{failed}");
    assert!(
        (refused - failed) * 100 <= all,
        "{refused} of {all}, {failed} failed"
    );
}

/// A stranger at ten a second with bad numbers uses up his half of the attempts, and no login notices.
#[test]
fn a_stranger_with_bad_numbers_is_stopped_and_no_login_is() {
    let sends = json!({"per_range": cap(1_000_000), "per_audience": cap(4_000)});
    let mut world = Simulation::new(&sends, |who, _| match who {
        Who::User => Answer::Reply(taken()),
        Who::Stranger | Who::Client => refused(400, None),
    });
    let rates = [(Who::User, 1), (Who::Stranger, 10)];
    world.run(&rates, 900 * SECOND);
    let (users, stranger) = (&world.ends[&Who::User], &world.ends[&Who::Stranger]);
    assert_eq!(users.refused(|_| true), (0, 900));
    let sent = stranger.requests.len();
    assert!((2_000..=2_010).contains(&sent), "{sent}");
}

/// One client asks 500 times in a second, under a cap of five messages an hour.
#[test]
fn a_burst_of_one_client_is_as_small_as_its_cap() {
    let mut sends = room();
    sends["per_client"] = cap(5);
    let mut world = Simulation::new(&sends, |who, _| match who {
        Who::User => Answer::Reply(taken()),
        Who::Stranger | Who::Client => refused(400, None),
    });
    let rates = [(Who::User, 10), (Who::Client, 500)];
    world.run(&rates, 60 * SECOND);
    assert_eq!(world.ends[&Who::User].refused(|_| true), (0, 600));
    // Five that were on their way when the first was refused, and fewer than five before the last.
    let sent = world.ends[&Who::Client].requests.len();
    assert!((5..=9).contains(&sent), "{sent}");
}
