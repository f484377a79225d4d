//! The stores that are attacked. Their time stands still until it is told to pass.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, process};

use xoxzo_2fa::{
    Charge, Guard, GuardError, MemoryGuard, RedisGuard, Scope, SqliteBuilder, SqliteGuard, Totals,
};
use xoxzo_2fa_tests::redis::{Server, Waited};
use xoxzo_2fa_tests::{Kind, in_redis};

/// How long an answer may take: machines that run tests are busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store to attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Sqlite,
    Redis,
    /// One that forgets everything with each list and leaves out the self-test, which would find it: attacks on counters must get through there.
    Amnesiac,
}

impl Store {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite => "sqlite",
            Self::Redis => "redis",
            Self::Amnesiac => "amnesiac",
        }
    }
}

/// A wall clock.
#[derive(Clone)]
pub(crate) struct Clock {
    began: Duration,
    /// Seconds that passed, for all clocks of a field.
    passed: Arc<AtomicU64>,
    /// Seconds that this clock is wrong by.
    wrong: Arc<AtomicI64>,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            began: Duration::from_secs(began.as_secs()),
            passed: Arc::default(),
            wrong: Arc::default(),
        }
    }

    /// Another clock of the same time.
    pub(crate) fn other(&self) -> Self {
        Self {
            wrong: Arc::default(),
            ..self.clone()
        }
    }

    /// Sets it right, but for so many seconds.
    pub(crate) fn set(&self, wrong: i64) {
        self.wrong.store(wrong, Ordering::SeqCst);
    }

    pub(crate) fn now(&self) -> SystemTime {
        let right = self.began.as_secs() + self.passed.load(Ordering::SeqCst);
        let told = right.saturating_add_signed(self.wrong.load(Ordering::SeqCst));
        UNIX_EPOCH + Duration::from_secs(told)
    }
}

/// Where a field's counters are.
pub(crate) struct Place {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    folder: PathBuf,
    /// Bounds the store to some hundreds of counters.
    small: bool,
    /// Keys in Redis, which many fields share.
    keys: Arc<Mutex<BTreeSet<String>>>,
}

/// An open store.
#[derive(Clone)]
pub(crate) struct Opened {
    guard: Arc<dyn Guard>,
    counters: Arc<dyn Fn() -> usize + Send + Sync>,
}

impl Opened {
    fn new(
        guard: impl Guard + 'static,
        counters: impl Fn() -> usize + Send + Sync + 'static,
    ) -> Self {
        Self {
            guard: Arc::new(guard),
            counters: Arc::new(counters),
        }
    }

    /// Counters that the store holds.
    pub(crate) fn counters(&self) -> usize {
        (self.counters)()
    }
}

impl Guard for Opened {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.guard.add(charges)
    }

    fn scope(&self) -> Scope {
        self.guard.scope()
    }

    fn check(&self) -> Result<(), GuardError> {
        self.guard.check()
    }
}

impl Place {
    pub(crate) fn new(store: Store, clock: Clock, small: bool) -> Self {
        static PLACES: AtomicU32 = AtomicU32::new(0);
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let name = format!("xoxzo-2fa-adversary-{}-{number}", process::id());
        Self {
            store,
            clock,
            folder: env::temp_dir().join(name),
            small,
            keys: Arc::default(),
        }
    }

    /// Opens the store as another process would. What is in memory is of one process: there, it is another store.
    pub(crate) fn open(&self, kind: Kind) -> Opened {
        match self.store {
            Store::Memory => {
                let passed = Arc::clone(&self.clock.passed);
                let clock = move |_: Instant| Duration::from_secs(passed.load(Ordering::SeqCst));
                let room = if self.small { 1_280 } else { 1_000_000 };
                let memory = Arc::new(MemoryGuard::danger_with_clock(room, clock));
                let counted = Arc::clone(&memory);
                Opened::new(memory, move || counted.len())
            }
            Store::Sqlite => {
                let file = self.folder.join("guard.sqlite");
                Opened::new(self.sqlite().build().unwrap(), move || rows(&file))
            }
            Store::Redis => {
                let keys = Arc::clone(&self.keys);
                let counters = move || exist(&keys.lock().unwrap());
                Opened::new(Aging::new(self, kind), counters)
            }
            Store::Amnesiac => Opened::new(Amnesiac, || 0),
        }
    }

    /// How the file is opened.
    pub(crate) fn sqlite(&self) -> SqliteBuilder {
        let clock = self.clock.clone();
        let builder = SqliteGuard::builder(self.folder.join("guard.sqlite"));
        let size = if self.small { 128 * 1024 } else { 1 << 30 };
        let builder = builder.size(size).timeout(PATIENCE);
        builder.danger_clock(move || clock.now())
    }

    /// Lets time pass for every clock of the field, and for every counter.
    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.passed.fetch_add(seconds, Ordering::SeqCst);
        if self.store == Store::Redis {
            age(&self.keys.lock().unwrap(), seconds);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _none_but_for_files = fs::remove_dir_all(&self.folder);
    }
}

fn rows(file: &std::path::Path) -> usize {
    let connection = rusqlite::Connection::open(file).unwrap();
    let count = connection.query_row("SELECT count(*) FROM counters", [], |row| {
        row.get::<_, i64>(0)
    });
    usize::try_from(count.unwrap()).unwrap()
}

/// Redis, whose clock nobody can set: where time is to pass, its counters are made older instead.
struct Aging {
    inner: Box<dyn Guard>,
    keys: Arc<Mutex<BTreeSet<String>>>,
    passed: Arc<AtomicU64>,
}

impl Aging {
    fn new(place: &Place, kind: Kind) -> Self {
        let builder = RedisGuard::builder(Server::of_process().url()).timeout(PATIENCE);
        Self {
            inner: match kind {
                Kind::Blocking => Box::new(builder.build().unwrap()),
                Kind::Tokio => Box::new(Waited::new(builder.build_async().unwrap())),
            },
            keys: Arc::clone(&place.keys),
            passed: Arc::clone(&place.clock.passed),
        }
    }
}

impl Guard for Aging {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let keys = charges.iter().map(|it| in_redis(it.counter, it.group));
        self.keys.lock().unwrap().extend(keys);
        let mut made = self.inner.add(charges)?;
        let passed = Duration::from_secs(self.passed.load(Ordering::SeqCst));
        made.now = made.now.map(|now| now + passed);
        Ok(made)
    }

    fn scope(&self) -> Scope {
        self.inner.scope()
    }

    fn check(&self) -> Result<(), GuardError> {
        self.inner.check()
    }
}

/// Runs a script on these keys, if there are any.
fn redis(keys: &BTreeSet<String>, script: &str, argument: u64) -> usize {
    if keys.is_empty() {
        return 0;
    }
    let client = redis::Client::open(Server::of_process().url()).unwrap();
    let mut connection = client.get_connection().unwrap();
    let script = redis::Script::new(script);
    let mut call = script.prepare_invoke();
    for key in keys {
        call.key(key);
    }
    call.arg(argument).invoke(&mut connection).unwrap()
}

/// How many of these keys exist.
fn exist(keys: &BTreeSet<String>) -> usize {
    redis(keys, "return redis.call('EXISTS', unpack(KEYS))", 0)
}

fn age(keys: &BTreeSet<String>, seconds: u64) {
    let script = "for _, key in ipairs(KEYS) do
        local left = redis.call('PTTL', key)
        if left >= 0 then redis.call('PEXPIRE', key, left - ARGV[1] * 1000) end
    end
    return 0";
    redis(keys, script, seconds);
}

struct Amnesiac;

impl Guard for Amnesiac {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let mut answer = MemoryGuard::with_capacity(1_000).add(charges)?;
        // The engine knows that a claim comes on top of its guess.
        for (total, charge) in answer.totals.iter_mut().zip(charges) {
            total.total += u32::from(charge.amount == 1 << 20);
        }
        Ok(answer)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }

    fn check(&self) -> Result<(), GuardError> {
        Ok(())
    }
}
