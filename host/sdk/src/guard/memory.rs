//! Counters in the memory of one process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Charge, Guard, GuardError, Scope, Total};

/// Shards, so that threads seldom wait for each other.
const SHARDS: usize = 64;

/// A bounded store in memory. It is the floor: nothing of it outlives the process, and neither do its tokens.
pub struct MemoryGuard {
    shards: Vec<Mutex<HashMap<String, Counter>>>,
    hasher: RandomState,
    /// Counters per shard.
    room: usize,
    began: Instant,
    /// Time since `began`, monotonic.
    clock: Box<dyn Fn(Instant) -> Duration + Send + Sync>,
}

#[derive(Clone, Copy)]
struct Counter {
    total: u32,
    ends: Duration,
}

impl MemoryGuard {
    /// A store for about so many counters, at least 64. A challenge has one and a user about six; one takes about 100 bytes.
    #[must_use]
    pub fn with_capacity(counters: usize) -> Self {
        Self::danger_with_clock(counters, |began: Instant| began.elapsed())
    }

    /// A store whose clock is given: time since the instant it is called with. For tests: a clock that jumps ahead
    /// ends counters and with them limits.
    pub fn danger_with_clock(
        counters: usize,
        clock: impl Fn(Instant) -> Duration + Send + Sync + 'static,
    ) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            room: counters.div_ceil(SHARDS).max(1),
            began: Instant::now(),
            clock: Box::new(clock),
        }
    }

    fn charge(&self, charge: &Charge, now: Duration) -> Result<(Total, bool), GuardError> {
        let at = usize::try_from(self.hasher.hash_one(&charge.key) % SHARDS as u64).unwrap_or(0);
        let mut shard = self.shards[at]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let live = shard
            .get(&charge.key)
            .copied()
            .filter(|counter| counter.ends > now);
        let begun = live.unwrap_or(Counter {
            total: 0,
            ends: now + Duration::from_secs(charge.ttl.into()),
        });
        let (total, refused) = charge.apply(begun.total);
        if !refused && (live.is_some() || charge.amount > 0) {
            if live.is_none() && shard.len() >= self.room {
                shard.retain(|_, counter| counter.ends > now);
                if shard.len() >= self.room {
                    return Err(GuardError::Full);
                }
            }
            shard.insert(charge.key.clone(), Counter { total, ..begun });
        }
        let left = begun.ends.saturating_sub(now);
        let ends_in = u32::try_from(left.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(u32::from(left.subsec_nanos() > 0));
        Ok((Total::new(total, ends_in), refused))
    }
}

impl Default for MemoryGuard {
    /// Room for a million counters.
    fn default() -> Self {
        Self::with_capacity(1_000_000)
    }
}

impl fmt::Debug for MemoryGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryGuard").finish_non_exhaustive()
    }
}

impl Guard for MemoryGuard {
    fn add(&self, charges: &[Charge]) -> Result<Vec<Total>, GuardError> {
        let now = (self.clock)(self.began);
        let mut totals = Vec::with_capacity(charges.len());
        for charge in charges {
            let (total, refused) = self.charge(charge, now)?;
            totals.push(total);
            if refused {
                break;
            }
        }
        Ok(totals)
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }
}
