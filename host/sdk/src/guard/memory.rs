//! Counters in the memory of one process.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hashbrown::HashTable;
use hashbrown::hash_table::OccupiedEntry;

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

/// Counters in a row, and where each stands. A map of counters would keep its free places as large as the others, and more of them.
#[derive(Default)]
struct Shard {
    /// In no order.
    counters: Vec<Counter>,
    /// Places in `counters`, by the hash of the name.
    places: HashTable<u32>,
    /// The place where the next sweep begins.
    hand: usize,
}

#[derive(Clone, Copy)]
struct Counter {
    name: GuardName,
    total: u32,
    /// Microseconds after the store began.
    ends: u64,
}

impl MemoryGuard {
    /// A store for about so many counters, at least 64. A challenge has one until it ends, a user with failures or messages about six; one
    /// takes about 50 bytes.
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
            room: counters.div_ceil(SHARDS).clamp(1, u32::MAX as usize),
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
        now: u64,
        totals: &mut Vec<Total>,
    ) -> Result<bool, GuardError> {
        let Some(Charge { group, .. }) = charges.first() else {
            return Ok(false);
        };
        // Not the low bits: by these a shard places a counter that is a group of its own.
        let bits = self.hasher.hash_one(group) >> 32;
        let at = usize::try_from(bits % SHARDS as u64).unwrap_or(0);
        let mut shard = lock(&self.shards[at]);
        shard.sweep(now, &self.hasher);
        for charge in charges {
            let (total, refused) = shard.charge(charge, now, self.room, &self.hasher)?;
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
    fn sweep(&mut self, now: u64, hasher: &RandomState) {
        for _ in 0..SWEPT {
            match self.counters.get(self.hand) {
                Some(counter) if counter.ends <= now => self.remove(self.hand, hasher),
                Some(_) => self.hand += 1,
                None => self.hand = 0,
            }
        }
    }

    fn charge(
        &mut self,
        charge: &Charge,
        now: u64,
        room: usize,
        hasher: &RandomState,
    ) -> Result<(Total, bool), GuardError> {
        let hash = hasher.hash_one(charge.counter);
        let new = Counter {
            name: charge.counter,
            total: 0,
            ends: now.saturating_add(microseconds(charge.ttl)),
        };
        let (ends, total, refused) = match self.find(hash, charge.counter) {
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
                    self.remove(at, hasher);
                }
                (ends, total, refused)
            }
            None => {
                let (total, refused) = charge.apply(0);
                if !refused && total > 0 {
                    if self.counters.len() >= room {
                        return Err(GuardError::Full);
                    }
                    self.insert(hash, Counter { total, ..new }, hasher);
                }
                (new.ends, total, refused)
            }
        };
        let left = Duration::from_micros(ends.saturating_sub(now));
        Ok((Total::new(total, left), refused))
    }

    fn find(&self, hash: u64, name: GuardName) -> Option<usize> {
        let own = |place: &u32| self.counters[*place as usize].name == name;
        self.places.find(hash, own).map(|place| *place as usize)
    }

    fn insert(&mut self, hash: u64, counter: Counter, hasher: &RandomState) {
        let place = index(self.counters.len());
        if self.counters.len() == self.counters.capacity() {
            // By a quarter: doubled, the row would have room for as many counters as it holds.
            let more = (self.counters.len() / 4).max(4);
            self.counters.reserve_exact(more);
        }
        self.counters.push(counter);
        let counters = &self.counters;
        let rehash = |place: &u32| hasher.hash_one(counters[*place as usize].name);
        self.places.insert_unique(hash, place, rehash);
    }

    /// Forgets the counter at a place, which the last one takes.
    fn remove(&mut self, at: usize, hasher: &RandomState) {
        let gone = self.counters.swap_remove(at);
        let last = self.counters.len();
        self.place(gone.name, at, hasher).remove();
        if let Some(moved) = self.counters.get(at) {
            let name = moved.name;
            *self.place(name, last, hasher).into_mut() = index(at);
        }
    }

    /// The place that is written down for a counter: where it stands, or stood until now.
    fn place(
        &mut self,
        name: GuardName,
        at: usize,
        hasher: &RandomState,
    ) -> OccupiedEntry<'_, u32> {
        let (hash, at) = (hasher.hash_one(name), index(at));
        let found = self.places.find_entry(hash, |place| *place == at);
        found.expect("each counter has a place")
    }
}

/// A place as it is written down.
fn index(at: usize) -> u32 {
    u32::try_from(at).expect("a shard has room for fewer")
}

/// Whole microseconds of a time.
fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
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
        let now = microseconds((self.clock)(self.began));
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
