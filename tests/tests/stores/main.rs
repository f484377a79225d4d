//! Stores: the suite for each, that it sees faults, and what only this store can suffer.

mod memory;
mod mutants;
mod redis;
mod shared;
mod sqlite;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A clock that stands where it is set, in milliseconds.
#[derive(Clone, Default)]
struct Still(Arc<AtomicU64>);

impl Still {
    fn set(&self, now: Duration) {
        let now = u64::try_from(now.as_millis()).unwrap();
        self.0.store(now, Ordering::SeqCst);
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}
