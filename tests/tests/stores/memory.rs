//! Counters in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use xoxzo_2fa::{Charge, Guard, GuardError, MemoryGuard, suite};
use xoxzo_2fa_tests::named;

#[test]
fn the_suite() {
    let passed = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&passed);
    let store = MemoryGuard::danger_with_clock(10_000, move |began: Instant| {
        began.elapsed() + Duration::from_millis(clock.load(Ordering::SeqCst))
    });
    suite::totals(&store);
    suite::limits(&store);
    suite::races(&store);
    suite::groups(&store);
    suite::shared(&store, &store);
    suite::ends(&store, &|time: Duration| {
        passed.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    });
}

#[test]
fn a_full_store_refuses_and_forgets_nothing_that_lives() {
    let store = MemoryGuard::with_capacity(64);
    let charge =
        |at: u32, amount| store.add(&[Charge::new(named(&at.to_string()), amount, 9, 600)]);
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
