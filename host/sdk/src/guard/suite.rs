//! Tests of a store, for its author to run: `vectors` answers what does not hold, and each of the others panics with it.
//!
//! ```
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use std::time::Duration;
//! use xoxzo_2fa::{MemoryGuard, suite};
//!
//! let time = Arc::new(AtomicU64::new(0));
//! let open = || {
//!     let time = Arc::clone(&time);
//!     MemoryGuard::danger_with_clock(1_000, move |_| Duration::from_millis(time.load(Ordering::SeqCst)))
//! };
//! let set = |now: Duration| time.store(now.as_millis() as u64, Ordering::SeqCst);
//! println!("{}", suite::vectors(open, Some(&set)).unwrap());
//!
//! let store = MemoryGuard::default();
//! suite::races(&store);
//! suite::groups(&store);
//! ```
//!
//! Counters are drawn at random, so that a store that is in use can be tested.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::{Charge, Guard, GuardError, GuardName, Total, Totals};
use crate::seconds;

/// The vectors of `tests/vectors/guard.json`.
const VECTORS: &str = include_str!("guard.json");

/// Attempts at a vector while time really passes: a machine that stalls for half a second ends counters too early.
const ATTEMPTS: u32 = 3;

/// Lives of counters.
const MINUTE: Duration = Duration::from_secs(60);
const LONG: Duration = Duration::from_secs(600);

/// Threads of a race.
const THREADS: u32 = 256;

/// The vectors that a store was tested with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// Number of vectors that the store passed.
    pub passed: usize,
    /// Number of vectors that could not be tried, because the store's clock cannot be set, or cannot be set back.
    pub left_out: usize,
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, left_out } = self;
        write!(f, "guard.json: {passed} passed, {left_out} left out")
    }
}

/// Makes the lists of charges in `tests/vectors/guard.json`, each at its time, and compares the answers with the right ones.
///
/// `open` gives a store for each vector. `set` sets that store's clock to a time since the beginning of the vector; the store must be new
/// then. Without `set`, time really passes: all vectors run at once for four seconds, and those that need more are left out. Vectors
/// that set a clock back are left out for a store that does not answer [`Totals::now`].
///
/// # Errors
///
/// An answer differs: a line for each such vector, with its flags and the first step that differs.
///
/// # Panics
///
/// The store does not pass its own [`Guard::check`].
pub fn vectors<G: Guard>(
    open: impl Fn() -> G + Sync,
    set: Option<&dyn Fn(Duration)>,
) -> Result<Replayed, Vec<String>> {
    let file: Value = serde_json::from_str(VECTORS).expect("it is JSON");
    let all = file["tests"].as_array().expect("it has tests");
    let reset = || {
        if let Some(set) = set {
            set(Duration::ZERO);
        }
        open()
    };
    let first = reset();
    assert_eq!(first.check(), Ok(()));
    let look = Charge::new(counter(), 0, 0, Duration::from_secs(1));
    let began = first.add(&[look]).ok().and_then(|totals| totals.now);
    let tried: Vec<&Value> = all
        .iter()
        .filter(|vector| set.is_some() || !has(vector, "Exact"))
        .filter(|vector| began.is_some() || !has(vector, "Clock"))
        .collect();
    let faults: Vec<String> = match set {
        Some(set) => {
            let replayed = tried
                .iter()
                .map(|vector| replay(&reset(), vector, set, began));
            replayed.filter_map(Result::err).collect()
        }
        None => thread::scope(|scope| {
            let open = &open;
            let threads: Vec<_> = tried
                .iter()
                .map(|vector| scope.spawn(move || wait_for(&open(), vector).err()))
                .collect();
            let faults = threads.into_iter().map(|thread| thread.join());
            faults
                .filter_map(|fault| fault.unwrap_or_else(|_| panic!("a thread failed")))
                .collect()
        }),
    };
    if faults.is_empty() {
        Ok(Replayed {
            passed: tried.len(),
            left_out: all.len() - tried.len(),
        })
    } else {
        Err(faults)
    }
}

fn has(vector: &Value, flag: &str) -> bool {
    let flags = vector["flags"].as_array();
    flags.is_some_and(|flags| flags.iter().any(|own| own == flag))
}

/// Makes the lists of a vector while time passes.
fn wait_for(store: &impl Guard, vector: &Value) -> Result<(), String> {
    let attempt = || {
        let began = Instant::now();
        let sleep = |time: Duration| thread::sleep(time.saturating_sub(began.elapsed()));
        replay(store, vector, &sleep, None)
    };
    (1..ATTEMPTS).fold(attempt(), |made, _| made.or_else(|_| attempt()))
}

/// Makes the lists of a vector, each after `wait` has seen to its time. `began` is the store's time at the beginning, if it tells one and can
/// be set.
fn replay(
    store: &impl Guard,
    vector: &Value,
    wait: &dyn Fn(Duration),
    began: Option<SystemTime>,
) -> Result<(), String> {
    let mut names = BTreeMap::new();
    let steps = vector["steps"].as_array().expect("a vector has steps");
    for (number, step) in (1..).zip(steps) {
        let at = step["at_milliseconds"].as_u64().expect("a step has a time");
        wait(Duration::from_millis(at));
        let list = step["charges"].as_array().expect("a step has charges");
        let list: Vec<Charge> = list.iter().map(|it| charge(it, &mut names)).collect();
        let made = store.add(&list);
        if !made
            .as_ref()
            .is_ok_and(|made| answers(made, step, at, began))
        {
            return Err(format!(
                "guard.json {} ({}) {}: step {number}: {made:?} instead of {}, {}",
                vector["tcId"],
                vector["comment"],
                vector["flags"],
                step["totals"],
                step["now_seconds"]
            ));
        }
    }
    Ok(())
}

/// Reads a charge. Each name of the vector stands for one that is drawn.
fn charge<'a>(from: &'a Value, names: &mut BTreeMap<&'a str, GuardName>) -> Charge {
    let mut name = |field: &str| Some(*names.entry(from[field].as_str()?).or_insert_with(counter));
    let counter = name("counter").expect("a charge has a counter");
    let number = |field: &str| from[field].as_i64().expect("a charge has numbers");
    let amount = i32::try_from(number("amount")).expect("an amount has 32 bits");
    let limit = u32::try_from(number("limit")).expect("a limit has 32 bits");
    let ttl = u32::try_from(number("ttl_seconds")).expect("a life has 32 bits");
    let ttl = Duration::from_secs(ttl.into());
    Charge::new(counter, amount, limit, ttl).in_group(name("group").unwrap_or(counter))
}

/// Tells whether these are a step's totals, and this its time. What is `null` there is not compared.
fn answers(made: &Totals, step: &Value, at: u64, began: Option<SystemTime>) -> bool {
    let totals = step["totals"].as_array().expect("a step has totals");
    let same = |(made, right): (&Total, &Value)| {
        let ends = &right["ends_in_seconds"];
        right["total"] == made.total && (ends.is_null() || *ends == seconds::of_span(made.ends_in))
    };
    let time = match (began, step.get("now_seconds")) {
        (None, _) | (_, Some(Value::Null)) => true,
        (Some(began), wanted) => {
            let since = wanted.and_then(Value::as_u64).unwrap_or(at / 1_000);
            let since_1970 = |time| u64::from(seconds::of_instant(time));
            made.now.map(since_1970) == Some(since_1970(began) + since)
        }
    };
    time && made.len() == totals.len() && made.iter().zip(totals).all(same)
}

/// A counter that no other call has.
fn counter() -> GuardName {
    match GuardName::random() {
        Ok(name) => name,
        Err(error) => panic!("{error}"),
    }
}

fn made(store: &(impl Guard + ?Sized), charges: &[Charge]) -> Vec<Total> {
    match store.add(charges) {
        Ok(Totals { totals, .. }) => totals,
        Err(error) => panic!("the store must answer: {error}"),
    }
}

fn total(store: &(impl Guard + ?Sized), counter: GuardName, amount: i32) -> u32 {
    made(store, &[Charge::new(counter, amount, u32::MAX, MINUTE)])[0].total
}

/// Loses and doubles nothing when 256 threads charge one counter at once, and refuses exactly what is above the limit.
///
/// # Panics
///
/// If the store does not do so.
pub fn races(store: &(impl Guard + ?Sized)) {
    let (own, wide) = (counter(), counter());
    let limit = THREADS / 2;
    let barrier = Barrier::new(THREADS as usize);
    let seen: Vec<Vec<Total>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    made(
                        store,
                        &[
                            Charge::new(own, 1, limit, MINUTE),
                            Charge::new(wide, 1, u32::MAX, MINUTE),
                        ],
                    )
                })
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join());
        ended
            .map(|made| made.unwrap_or_else(|_| panic!("a thread of the race failed")))
            .collect()
    });
    let won: BTreeSet<u32> = seen
        .iter()
        .filter(|made| made.len() == 2)
        .map(|made| made[0].total)
        .collect();
    assert_eq!(
        won,
        (1..=limit).collect(),
        "each total once, up to the limit"
    );
    assert_eq!(
        seen.iter().filter(|made| made.len() == 1).count(),
        (THREADS - limit) as usize
    );
    assert_eq!(
        (total(store, own, 0), total(store, wide, 0)),
        (limit, limit)
    );
}

/// Lets nothing come between neighbouring charges of one group: whoever looks at two counters that are always charged together sees
/// them equal.
///
/// # Panics
///
/// If something comes between them.
pub fn groups(store: &(impl Guard + ?Sized)) {
    const ROUNDS: u32 = 200;
    let (group, one, other) = (counter(), counter(), counter());
    let both = |amount| {
        [one, other].map(|counter| Charge::new(counter, amount, u32::MAX, LONG).in_group(group))
    };
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    made(store, &both(1));
                }
            });
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    let seen = made(store, &both(0));
                    assert_eq!(seen[0].total, seen[1].total, "something came between");
                }
            });
        }
    });
    let totals: Vec<_> = made(store, &both(0)).iter().map(|it| it.total).collect();
    assert_eq!(totals, [2 * ROUNDS; 2]);
}

/// Two handles of one store count together, as two processes or machines would.
///
/// # Panics
///
/// If the store does not do so.
pub fn shared(one: &(impl Guard + ?Sized), other: &(impl Guard + ?Sized)) {
    let own = counter();
    for expected in 1..=10 {
        let store: &dyn Fn() -> u32 = if expected % 2 == 0 {
            &|| total(one, own, 1)
        } else {
            &|| total(other, own, 1)
        };
        assert_eq!(store(), expected);
    }
}

/// Counts that were answered outlive the store's end and reopening.
///
/// # Panics
///
/// If the store does not do so.
pub fn restart<G: Guard>(open: impl Fn() -> Result<G, GuardError>) {
    let opened = || match open() {
        Ok(store) => store,
        Err(error) => panic!("the store must open: {error}"),
    };
    let own = counter();
    for expected in 1..=5 {
        let store = opened();
        let charged = made(&store, &[Charge::new(own, 1, 9, LONG)])[0];
        assert_eq!(charged.total, expected);
        assert!(
            charged.ends_in <= LONG && charged.ends_in >= LONG - Duration::from_secs(10),
            "its end is kept: {charged:?}"
        );
    }
}
