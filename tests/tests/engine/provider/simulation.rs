//! A stranger and an outage, in milliseconds that nobody waits for.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::*;

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
    counters: HashMap<xoxzo_2fa_core::GuardName, (u32, u64)>,
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
            let live = self.counters.get(&one.counter).copied();
            let live = live.filter(|(_, ends)| *ends > self.now);
            let (before, ends) = live.unwrap_or((0, self.now + u64::from(one.ttl) * SECOND));
            let (total, refused) = one.apply(before);
            let ends_in = u32::try_from((ends - self.now).div_ceil(SECOND)).unwrap();
            totals.push(Total { total, ends_in });
            if refused {
                break;
            }
            if total == 0 {
                self.counters.remove(&one.counter);
            } else {
                self.counters.insert(one.counter, (total, ends));
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
    let mut failures = [unsent(), unreadable(None), refused(429, Some(20))]
        .into_iter()
        .cycle();
    let mut world = Simulation::new(&room(), |who, at| match who {
        _ if outage(at) => failures.next().expect("it goes round"),
        Who::User => taken(),
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
            taken()
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
        Who::User => taken(),
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
        Who::User => taken(),
        Who::Stranger | Who::Client => refused(400, None),
    });
    let rates = [(Who::User, 10), (Who::Client, 500)];
    world.run(&rates, 60 * SECOND);
    assert_eq!(world.ends[&Who::User].refused(|_| true), (0, 600));
    // Five that were on their way when the first was refused, and fewer than five before the last.
    let sent = world.ends[&Who::Client].requests.len();
    assert!((5..=9).contains(&sent), "{sent}");
}
