//! Tests of a store, for its author to run: each function panics with the rule that does not hold.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//! use xoxzo_2fa::{MemoryGuard, suite};
//!
//! let store = Arc::new(MemoryGuard::default());
//! suite::totals(&*store);
//! suite::limits(&*store);
//! suite::ends(&*store, &|time: Duration| std::thread::sleep(time));
//! suite::races(&*store);
//! suite::groups(&*store);
//! ```
//!
//! Counters are drawn at random, so that a store that is in use can be tested.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::{Charge, Guard, GuardError, GuardName, Total, Totals};

/// Threads of a race.
const THREADS: u32 = 256;

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
    made(store, &[Charge::new(counter, amount, u32::MAX, 60)])[0].total
}

/// Adds, gives back, saturates at both ends, reads, and creates nothing by what is not positive.
///
/// # Panics
///
/// If the store does not do so.
pub fn totals(store: &(impl Guard + ?Sized)) {
    let own = counter();
    for (amount, expected) in [
        (0, 0),
        (-3, 0),
        (1, 1),
        (2, 3),
        (0, 3),
        (-2, 1),
        (-5, 0),
        (4, 4),
    ] {
        assert_eq!(total(store, own, amount), expected, "after {amount}");
    }
    let high = counter();
    for expected in [i32::MAX as u32, u32::MAX - 1, u32::MAX, u32::MAX] {
        assert_eq!(total(store, high, i32::MAX), expected);
    }
    // What is not positive made no counter: the next one begins a life of its own.
    let absent = counter();
    made(
        store,
        &[Charge::new(absent, 0, 9, 5), Charge::new(absent, -1, 9, 5)],
    );
    let begun = made(store, &[Charge::new(absent, 1, 9, 500)])[0];
    assert!(begun.total == 1 && begun.ends_in > 400, "{begun:?}");
    // What comes to 0 is absent: the next charge begins another life, as long as its own.
    for back in [-1, -9] {
        let own = counter();
        let charge = |amount, ttl| Charge::new(own, amount, 9, ttl);
        made(store, &[charge(1, 5), charge(back, 5)]);
        let begun = made(store, &[charge(2, 500)])[0];
        assert!(begun.total == 2 && begun.ends_in > 400, "{begun:?}");
    }
    assert_eq!(store.check(), Ok(()));
}

/// Refuses above the limit, leaves the refused counter as it was, and makes no charge after it.
///
/// # Panics
///
/// If the store does not do so.
pub fn limits(store: &(impl Guard + ?Sized)) {
    let (first, second, third) = (counter(), counter(), counter());
    let list = |limit| {
        [
            Charge::new(first, 1, 9, 60),
            Charge::new(second, 1, limit, 60),
            Charge::new(third, 1, 9, 60),
        ]
    };
    let totals = |totals: Vec<Total>| totals.iter().map(|total| total.total).collect::<Vec<_>>();
    assert_eq!(totals(made(store, &list(1))), [1, 1, 1]);
    assert_eq!(
        totals(made(store, &list(1))),
        [2, 2],
        "the second is refused, and the third is not made"
    );
    assert_eq!(
        [first, second, third].map(|counter| total(store, counter, 0)),
        [2, 1, 1]
    );
    // Reading is refused by its limit too; giving back is not, and goes on.
    let read = [Charge::new(first, 0, 1, 60), Charge::new(third, 1, 9, 60)];
    assert_eq!(totals(made(store, &read)), [2]);
    let back = [Charge::new(first, -1, 0, 60), Charge::new(third, 1, 9, 60)];
    assert_eq!(totals(made(store, &back)), [1, 2]);
    assert_eq!(totals(made(store, &[])), [0; 0]);
    // One counter twice in one list.
    let twice = [
        Charge::new(first, 1, 9, 60),
        Charge::new(first, 1, 2, 60),
        Charge::new(first, 1, 9, 60),
    ];
    assert_eq!(totals(made(store, &twice)), [2, 3]);
}

/// Keeps a counter's first end whatever is added, says it rounded up, and begins anew after it. `wait` lets time pass for the store:
/// six seconds of it.
///
/// # Panics
///
/// If the store does not do so.
pub fn ends(store: &(impl Guard + ?Sized), wait: &dyn Fn(Duration)) {
    let (short, long) = (counter(), counter());
    let add = |counter, ttl| made(store, &[Charge::new(counter, 1, 9, ttl)])[0];
    // Long enough for a store that takes its time to answer.
    assert_eq!((add(short, 5).ends_in, add(long, 600).ends_in), (5, 600));
    wait(Duration::from_millis(1_100));
    // Another life does not move the end.
    let kept = add(short, 600);
    assert_eq!(kept.total, 2);
    assert!((1..=4).contains(&kept.ends_in), "{kept:?}");
    wait(Duration::from_millis(4_900));
    let begun = add(short, 600);
    assert_eq!((begun.total, begun.ends_in), (1, 600), "its life is over");
    let kept = add(long, 600);
    assert!(
        kept.total == 2 && (500..600).contains(&kept.ends_in),
        "{kept:?}"
    );
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
                            Charge::new(own, 1, limit, 60),
                            Charge::new(wide, 1, u32::MAX, 60),
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
        [one, other].map(|counter| Charge::new(counter, amount, u32::MAX, 600).in_group(group))
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
        let charged = made(&store, &[Charge::new(own, 1, 9, 600)])[0];
        assert_eq!(charged.total, expected);
        assert!(
            (590..=600).contains(&charged.ends_in),
            "its end is kept: {charged:?}"
        );
    }
}
