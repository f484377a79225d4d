//! Stores alone: all lists of charges of a login, without the engine that makes them.
//!
//! Beside each store stands the least that its lists could cost: one lookup for each charge in a map that is shared, one commit for each list that
//! changes something, one short script for each list.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use redis::{Connection, Script};
use rusqlite::{Transaction, TransactionBehavior};
use serde_json::{Value, json};
use xoxzo_2fa::{
    Charge, Guard, GuardError, GuardName, Instances, MemoryGuard, Scope, Settings, Totals,
};

use crate::Fault;
use crate::engine::Blocked;
use crate::measure::{self, Operation};

/// Counters that a run does not fill.
const ROOM: usize = 8_000_000;

/// A list of charges, and how it was answered.
struct List {
    charges: Vec<Charge>,
    answer: Totals,
}

impl List {
    /// Tells whether the list changed a counter.
    fn writes(&self) -> bool {
        let made = self.charges.iter().zip(&*self.answer);
        made.into_iter().any(|(charge, _)| charge.amount != 0)
    }
}

/// A store in memory that keeps what it was asked.
struct Recorder {
    store: MemoryGuard,
    lists: Mutex<Vec<List>>,
}

impl Guard for Recorder {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let answer = self.store.add(charges)?;
        let list = List {
            charges: charges.to_vec(),
            answer: answer.clone(),
        };
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.push(list);
        Ok(answer)
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }
}

/// A store, or what it is compared with.
pub(crate) trait Store {
    /// Makes a list. Returns the totals, if it counts as a store must.
    fn make(&mut self, list: &[Charge], writes: bool) -> Result<Option<Totals>, Fault>;
}

/// Logins of users who have not been seen before, and the store that makes their lists once more.
pub(crate) struct Replay<S> {
    logins: Blocked,
    recorder: Arc<Recorder>,
    store: S,
}

impl<S: Store> Replay<S> {
    pub(crate) fn new(settings: Settings, store: S) -> Result<Self, Fault> {
        let recorder = Arc::new(Recorder {
            store: MemoryGuard::with_capacity(ROOM),
            lists: Mutex::default(),
        });
        let logins = Blocked::new(settings, Arc::clone(&recorder), Instances::Reused)?;
        let mut replay = Self {
            logins,
            recorder,
            store,
        };
        // The self-test that comes before the first login.
        replay.lists();
        Ok(replay)
    }

    /// Times the lists of so many logins. It has no other operation.
    pub(crate) fn measure(&mut self, operation: &str, count: usize) -> Result<Value, Fault> {
        if operation != "lists" {
            return Ok(json!({"absent": true}));
        }
        measure::measure(&mut self.logins, Operation::Verify, count, 1)?;
        let lists = self.lists();
        let store = &mut self.store;
        let (answers, wall, cpu) =
            measure::timed_in_turn(&lists, |list| store.make(&list.charges, list.writes()));
        for (answer, list) in answers.into_iter().zip(&lists) {
            let right = |total: &Totals| {
                let totals = total.iter().map(|total| total.total);
                totals.eq(list.answer.iter().map(|total| total.total))
            };
            if !answer?.as_ref().is_none_or(right) {
                return Err("the store counts otherwise".into());
            }
        }
        Ok(measure::told(count, wall, cpu))
    }

    fn lists(&mut self) -> Vec<List> {
        let lists = &self.recorder.lists;
        std::mem::take(&mut *lists.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A store of the SDK.
pub(crate) struct Own<G>(pub(crate) G);

impl Own<MemoryGuard> {
    pub(crate) fn memory() -> Self {
        Self(MemoryGuard::with_capacity(ROOM))
    }
}

impl<G: Guard> Store for Own<G> {
    fn make(&mut self, list: &[Charge], _: bool) -> Result<Option<Totals>, Fault> {
        Ok(Some(self.0.add(list)?))
    }
}

/// Shards of the map, as many as a store in memory has.
const SHARDS: usize = 64;

type Shard = HashMap<GuardName, (u32, Instant)>;

/// A map that threads share: counters by name, each with its end. It knows no limits, forgets nothing, and grows without bound.
pub(crate) struct Map {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
}

impl Default for Map {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

impl Store for Map {
    fn make(&mut self, list: &[Charge], _: bool) -> Result<Option<Totals>, Fault> {
        let now = Instant::now();
        for charge in list {
            let at = self.hasher.hash_one(charge.counter) % SHARDS as u64;
            let shard = &self.shards[usize::try_from(at)?];
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            let (total, _) = shard
                .entry(charge.counter)
                .or_insert_with(|| (0, now + charge.ttl));
            *total = total.saturating_add_signed(charge.amount);
        }
        Ok(None)
    }
}

/// A file with one counter and the durability of the store: a rollback journal, and each commit on the disk.
pub(crate) struct Commits(rusqlite::Connection);

impl Commits {
    pub(crate) fn open(file: &str) -> Result<Self, Fault> {
        let connection = rusqlite::Connection::open(file)?;
        connection.execute_batch(
            "CREATE TABLE counters (name TEXT PRIMARY KEY, total INTEGER NOT NULL) WITHOUT ROWID;
             INSERT INTO counters VALUES ('one', 0)",
        )?;
        let answered = |_: &rusqlite::Row<'_>| Ok(());
        connection.pragma_update_and_check(None, "journal_mode", "TRUNCATE", answered)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(Self(connection))
    }
}

impl Store for Commits {
    fn make(&mut self, _: &[Charge], writes: bool) -> Result<Option<Totals>, Fault> {
        if writes {
            let transaction = Transaction::new_unchecked(&self.0, TransactionBehavior::Immediate)?;
            transaction
                .prepare_cached("UPDATE counters SET total = total + 1 WHERE name = 'one'")?
                .execute([])?;
            transaction.commit()?;
        }
        Ok(None)
    }
}

/// A server that runs one short script for each list, by one connection.
pub(crate) struct Scripts {
    connection: Connection,
    script: Script,
}

impl Scripts {
    pub(crate) fn open(url: &str) -> Result<Self, Fault> {
        Ok(Self {
            connection: redis::Client::open(url)?.get_connection()?,
            script: Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])"),
        })
    }
}

impl Store for Scripts {
    fn make(&mut self, list: &[Charge], _: bool) -> Result<Option<Totals>, Fault> {
        let mut asked = self.script.prepare_invoke();
        asked.key(
            list.first()
                .map_or_else(String::new, |one| one.counter.to_string()),
        );
        let _total: i64 = asked.arg(1).invoke(&mut self.connection)?;
        Ok(None)
    }
}
