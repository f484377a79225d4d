//! Counters in data that the workers of one Envoy share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use xoxzo_2fa::{Charge, Guard, GuardError, Scope, Total, Totals, suite};
use xoxzo_2fa_core::Loss;
use xoxzo_2fa_envoy::guard::{self, Conflict, Shared};

/// Shared data as Envoy has it: each value with a number that a change must name.
struct Data {
    values: Mutex<HashMap<String, (Vec<u8>, u32)>>,
    began: Instant,
    passed: AtomicU64,
    conflicts: AtomicU64,
}

impl Data {
    fn new() -> Self {
        Self {
            values: Mutex::default(),
            began: Instant::now(),
            passed: AtomicU64::new(1_000_000),
            conflicts: AtomicU64::new(0),
        }
    }
}

impl Shared for Data {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.get(key).cloned();
        drop(values);
        // So that others come between.
        thread::yield_now();
        value
    }

    fn set(&self, key: &str, value: &[u8], number: Option<u32>) -> Result<(), Conflict> {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let own = values.get(key).map(|(_, number)| *number);
        if own != number {
            return Err(Conflict);
        }
        values.insert(key.to_string(), (value.to_vec(), own.unwrap_or(0) + 1));
        Ok(())
    }
}

impl Guard for Data {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let charges: Vec<_> = charges
            .iter()
            .map(|charge| xoxzo_2fa_core::Charge {
                key: charge.key.clone(),
                group: charge.group.clone(),
                amount: charge.amount,
                limit: charge.limit,
                ttl: charge.ttl,
            })
            .collect();
        let elapsed = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let now = self.passed.load(Ordering::SeqCst) + elapsed;
        let conflict = || {
            self.conflicts.fetch_add(1, Ordering::Relaxed);
        };
        match guard::add(self, &charges, now, conflict) {
            Ok(made) => {
                let totals = made.totals.into_iter();
                let totals = totals.map(|total| Total::new(total.total, total.ends_in));
                Ok(Totals::new(totals.collect()))
            }
            Err(Loss::GuardFull) => Err(GuardError::Full),
            Err(_) => Err(GuardError::Unreachable("others came between".to_string())),
        }
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }
}

#[test]
fn the_suite() {
    let store = Data::new();
    suite::totals(&store);
    suite::limits(&store);
    suite::races(&store);
    suite::groups(&store);
    suite::shared(&store, &store);
    suite::ends(&store, &|time: Duration| {
        store
            .passed
            .fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    });
    assert!(
        store.conflicts.load(Ordering::Relaxed) > 0,
        "the races met no other change"
    );
}

#[test]
fn whatever_is_counted_it_has_a_fixed_number_of_keys() {
    let store = Data::new();
    for at in 0..20_000 {
        let totals = store.add(&[Charge::new(format!("2fa.{at:022}"), 1, 9, 3_600)]);
        assert_eq!(totals.map(|totals| totals[0].total), Ok(1));
    }
    let values = store.values.lock().unwrap();
    assert_eq!(values.len(), 1_024);
    // So evenly spread that none is near its room, which is about 600 counters.
    let longest = values.values().map(|(value, _)| value.len()).max();
    assert!(longest < Some(60 * 39), "{longest:?}");
}
