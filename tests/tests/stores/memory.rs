//! Counters in memory.

use std::collections::HashMap;
use std::time::Duration;

use rand::RngExt;
use xoxzo_2fa::{Charge, Guard, GuardError, GuardName, MemoryGuard, suite};
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

/// Counters of few groups come, go and end in any order, so that the row of a shard is cut at every place.
#[test]
fn it_counts_as_a_map_does() {
    let clock = Still::default();
    let own = clock.clone();
    let store = MemoryGuard::danger_with_clock(100_000, move |_| own.now());
    let mut model: HashMap<GuardName, (u32, Duration)> = HashMap::new();
    let mut rng = rand::rng();
    let (mut now, mut ended, mut deleted) = (Duration::ZERO, 0, 0);
    for _ in 0..50_000 {
        now += Duration::from_millis(rng.random_range(0..40));
        clock.set(now);
        let number = rng.random_range(0..300_u32);
        let name = named(&number.to_string());
        let life = Duration::from_secs(rng.random_range(1..=5));
        let charge = Charge::new(name, rng.random_range(-2..=2), 3, life)
            .in_group(named(&format!("group {}", number % 3)));
        let live = model.get(&name).copied().filter(|(_, ends)| *ends > now);
        ended += u32::from(model.contains_key(&name) && live.is_none());
        let (before, ends) = live.unwrap_or((0, now + life));
        let (total, refused) = charge.apply(before);
        if !refused && total == 0 {
            deleted += u32::from(model.remove(&name).is_some());
        } else if !refused {
            model.insert(name, (total, ends));
        }
        let made = store.add(&[charge]).unwrap();
        assert_eq!((made[0].total, made[0].ends_in), (total, ends - now));
    }
    assert!(ended > 1_000 && deleted > 1_000, "{ended} {deleted}");
    assert!(store.len() <= 300);
}
