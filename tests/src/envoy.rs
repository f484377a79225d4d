//! Data that the workers of one Envoy share, and counters in it, natively.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::whole_seconds;
use xoxzo_2fa::{Charge, Guard, GuardError, Scope, Total, Totals};
use xoxzo_2fa_core::NoAnswer;
use xoxzo_2fa_envoy::guard::{self, Conflict, Shard, SharedMemory};

/// Shared data as Envoy has it: each value with a number that a change must name.
pub struct Data {
    /// The values, with their numbers.
    pub values: Mutex<HashMap<String, (Vec<u8>, u32)>>,
    /// Milliseconds of a clock that stands still unless a test moves it.
    pub passed: Arc<AtomicU64>,
    /// Changes that were tried anew.
    pub conflicts: AtomicU64,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            values: Mutex::default(),
            passed: Arc::new(AtomicU64::new(1_000_000)),
            conflicts: AtomicU64::new(0),
        }
    }
}

impl Data {
    /// Counters that are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let counters = |(value, _): &(Vec<u8>, u32)| Shard::read(value.clone(), 0).count();
        values.values().map(counters).sum()
    }

    /// Whether there is no counter in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl SharedMemory for Data {
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
        let name = |name: xoxzo_2fa::GuardName| xoxzo_2fa_core::GuardName::new(*name.as_bytes());
        let charges: Vec<_> = charges
            .iter()
            .map(|charge| xoxzo_2fa_core::Charge {
                counter: name(charge.counter),
                group: name(charge.group),
                amount: charge.amount,
                limit: charge.limit,
                ttl: whole_seconds(charge.ttl),
            })
            .collect();
        let now = self.passed.load(Ordering::SeqCst);
        let conflict = || {
            self.conflicts.fetch_add(1, Ordering::Relaxed);
        };
        match guard::add(self, &charges, now, conflict) {
            Ok(made) => {
                let totals = made.totals.into_iter();
                let totals = totals.map(|total| {
                    Total::new(total.total, Duration::from_secs(total.ends_in.into()))
                });
                Ok(Totals::new(totals.collect()))
            }
            Err(NoAnswer::GuardFull) => Err(GuardError::Full),
            Err(_) => Err(GuardError::Unreachable("others came between".to_string())),
        }
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }
}
