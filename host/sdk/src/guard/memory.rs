//! Counters in the memory of one process.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use super::{Charge, Guard, GuardError, GuardName, Scope, Total, Totals};

/// Shards, so that threads seldom wait for each other. A group is in one of them.
const SHARDS: usize = 64;

/// Counters that are looked at with each run, and forgotten if they have ended. More than a run makes, so that a store that is in use
/// does not grow by what has ended.
const SWEPT: usize = 16;

/// A bounded store in memory. It is the floor: nothing of it outlives the process, and neither do its tokens. In a child of the process
/// that made it, it answers nothing: there it would count anew what is limited.
pub struct MemoryGuard {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    /// Counters per shard.
    room: usize,
    process: u32,
    began: Instant,
    /// Time since `began`, monotonic.
    clock: Box<dyn Fn(Instant) -> Duration + Send + Sync>,
}

#[derive(Default)]
struct Shard {
    counters: IndexMap<GuardName, Counter>,
    /// The place where the next sweep begins.
    hand: usize,
}

#[derive(Clone, Copy)]
struct Counter {
    total: u32,
    ends: Duration,
}

impl MemoryGuard {
    /// A store for about so many counters, at least 64. A challenge has one until it ends, a user with failures or messages about six; one
    /// takes about 100 bytes.
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
            process: std::process::id(),
            began: Instant::now(),
            clock: Box::new(clock),
        }
    }

    /// Counters that it holds, some of which may have ended.
    #[must_use]
    pub fn len(&self) -> usize {
        let held = |shard: &Mutex<Shard>| lock(shard).counters.len();
        self.shards.iter().map(held).sum()
    }

    /// Tells whether it holds no counter.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Makes the charges of one group. `true`: the last was refused.
    fn make(
        &self,
        charges: &[Charge],
        now: Duration,
        totals: &mut Vec<Total>,
    ) -> Result<bool, GuardError> {
        let Some(Charge { group, .. }) = charges.first() else {
            return Ok(false);
        };
        let at = usize::try_from(self.hasher.hash_one(group) % SHARDS as u64).unwrap_or(0);
        let mut shard = lock(&self.shards[at]);
        shard.sweep(now);
        for charge in charges {
            let (total, refused) = shard.charge(charge, now, self.room)?;
            totals.push(total);
            if refused {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Shard {
    /// Forgets what has ended, among the next few.
    fn sweep(&mut self, now: Duration) {
        for _ in 0..SWEPT {
            match self.counters.get_index(self.hand) {
                Some((_, counter)) if counter.ends <= now => {
                    self.counters.swap_remove_index(self.hand);
                }
                Some(_) => self.hand += 1,
                None => self.hand = 0,
            }
        }
    }

    fn charge(
        &mut self,
        charge: &Charge,
        now: Duration,
        room: usize,
    ) -> Result<(Total, bool), GuardError> {
        let full = self.counters.len() >= room;
        let new = Counter {
            total: 0,
            ends: now.saturating_add(charge.ttl),
        };
        let (ends, total, refused) = match self.counters.get_index_of(&charge.counter) {
            Some(at) => {
                let counter = &mut self.counters[at];
                if counter.ends <= now {
                    *counter = new;
                }
                let ends = counter.ends;
                let (total, refused) = charge.apply(counter.total);
                if !refused {
                    counter.total = total;
                }
                if counter.total == 0 {
                    self.counters.swap_remove_index(at);
                }
                (ends, total, refused)
            }
            None => {
                let (total, refused) = charge.apply(0);
                if !refused && total > 0 {
                    if full {
                        return Err(GuardError::Full);
                    }
                    self.counters
                        .insert(charge.counter, Counter { total, ..new });
                }
                (new.ends, total, refused)
            }
        };
        Ok((Total::new(total, ends.saturating_sub(now)), refused))
    }
}

fn lock(shard: &Mutex<Shard>) -> std::sync::MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        if std::process::id() != self.process {
            return Err(GuardError::Unreachable(
                "forked: use sqlite or redis".to_string(),
            ));
        }
        let now = (self.clock)(self.began);
        let mut totals = Vec::with_capacity(charges.len());
        for run in Charge::runs(charges) {
            if self.make(run, now, &mut totals)? {
                break;
            }
        }
        Ok(Totals::new(totals))
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }
}
