//! Counters in memory.

use xoxzo_2fa::{Charge, Guard, GuardError, MemoryGuard, suite};
use xoxzo_2fa_tests::{LIFE, named};

use crate::Still;

#[test]
fn the_suite() {
    let clock = Still::default();
    let open = || {
        let clock = clock.clone();
        MemoryGuard::danger_with_clock(10_000, move |_| clock.now())
    };
    println!(
        "memory: {}",
        suite::vectors(open, Some(&|now| clock.set(now))).unwrap()
    );
    let store = open();
    suite::races(&store);
    suite::groups(&store);
    suite::shared(&store, &store);
}

#[test]
fn a_full_store_refuses_and_forgets_nothing_that_lives() {
    let store = MemoryGuard::with_capacity(64);
    let charge =
        |at: u32, amount| store.add(&[Charge::new(named(&at.to_string()), amount, 9, LIFE)]);
    let kept: Vec<u32> = (0..10_000).filter(|at| charge(*at, 1).is_ok()).collect();
    assert!((32..=64).contains(&kept.len()), "{}", kept.len());
    for at in &kept {
        assert_eq!(charge(*at, 1).map(|totals| totals[0].total), Ok(2));
    }
    let refused = (0..10_000).filter(|at| !kept.contains(at));
    for at in refused {
        assert_eq!(charge(at, 1), Err(GuardError::Full));
        assert_eq!(charge(at, 0).map(|totals| totals[0].total), Ok(0));
    }
}
