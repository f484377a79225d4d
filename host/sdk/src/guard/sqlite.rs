//! Counters in one SQLite file, for all processes of one machine.
//!
//! ```text
//! file      application_id 0x78326661, user_version 1, rollback journal, every list on the disk before it is answered
//! counters  name | total | life | ends | kept        times in milliseconds since 1970, life in milliseconds
//! clock     latest: the time of the latest list
//! ```
//!
//! The file is the same for every language (`wit/SPEC.md`, "SQLite"). A row whose life is over stays as long again as it lived, at most a day,
//! and what goes is told by the time of the list before: a clock that is wrong once takes nothing away that is still needed.

mod place;
mod repair;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fmt, mem, thread};

use rand::RngExt;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior,
};

use super::{Charge, Guard, GuardError, Scope, Total, Totals};
use crate::process::{PerProcess, Whole};

pub use repair::Repaired;

/// "x2fa".
const APPLICATION: i32 = 0x7832_6661;

const VERSION: i32 = 1;

const SCHEMA: &str = "
    CREATE TABLE counters (name TEXT PRIMARY KEY, total INTEGER NOT NULL, life INTEGER NOT NULL, ends INTEGER NOT NULL, kept INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX counters_by_kept ON counters (kept);
    CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL);
    INSERT INTO clock VALUES (1, 0);
";

/// The default time to wait for other processes.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bytes of the largest file, where nothing else is set: about five million counters.
const SIZE: u64 = 1 << 30;

const PAGE: u64 = 4_096;

/// The longest pause before a lock is tried again, in microseconds. Pauses are drawn, so that processes do not try in step.
const PAUSE: u64 = 4_000;

/// The most milliseconds by which the time may lie before that of the latest list.
const APART: i64 = 120_000;

/// An ended row stays at most for so long, in milliseconds.
const GRACE: i64 = 86_400_000;

/// The longest life of a counter, in milliseconds: 136 years, as long as the contract can say.
const LONGEST: i64 = u32::MAX as i64 * 1_000;

/// Rows that are deleted with each list, at most.
const SWEPT: u32 = 16;

type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// A store in one file. Every list is on the disk before it is answered, and lists that come at once share a transaction. Any number of
/// processes and threads use the file at once, also children that were forked off.
///
/// Use one SQLite library for one file in one process: closing the file through another would give up this one's locks.
pub struct SqliteGuard {
    store: PerProcess<Store>,
}

/// Options for opening a file.
#[derive(Clone)]
pub struct SqliteBuilder {
    path: PathBuf,
    timeout: Duration,
    size: u64,
    network: bool,
    clock: Clock,
}

/// One process's part of the store.
struct Store {
    how: SqliteBuilder,
    connection: Mutex<Option<Connection>>,
    queue: Mutex<Queue>,
    done: Condvar,
}

/// Lists that wait for the next transaction.
#[derive(Default)]
struct Queue {
    waiting: Vec<Arc<List>>,
    /// A thread is committing for others too.
    led: bool,
}

struct List {
    charges: Vec<Charge>,
    answer: OnceLock<Result<Totals, GuardError>>,
}

impl SqliteGuard {
    /// Opens the file, or makes it: readable and writable by its owner only, like the folder around it if that is made too.
    ///
    /// # Errors
    ///
    /// [`GuardError::Unfit`]: not a guard's file, one that others could change, or one on a network file system.
    /// [`GuardError::Unreachable`]: no such place, or other processes had it for longer than the time-out.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, GuardError> {
        Self::builder(path).build()
    }

    /// Opens a file with choices of its own.
    pub fn builder(path: impl AsRef<Path>) -> SqliteBuilder {
        SqliteBuilder {
            path: path.as_ref().to_path_buf(),
            timeout: TIMEOUT,
            size: SIZE,
            network: false,
            clock: Arc::new(SystemTime::now),
        }
    }
}

impl SqliteBuilder {
    /// Sets how long to wait for other processes: 5 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the bytes of the largest file: 1 GiB by default. Beyond, new counters are refused with [`GuardError::Full`].
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// Takes a file on a network file system, whose locks may not hold between machines: then limits do not hold either.
    #[must_use]
    pub fn danger_network_file(mut self) -> Self {
        self.network = true;
        self
    }

    /// Takes another clock. For tests: one that jumps ahead ends counters and with them limits.
    #[must_use]
    pub fn danger_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Opens the file.
    ///
    /// # Errors
    ///
    /// The same as for [`SqliteGuard::open`].
    pub fn build(self) -> Result<SqliteGuard, GuardError> {
        let connection = self.connect()?;
        let store = Store::new(self.clone(), Some(connection));
        Ok(SqliteGuard {
            store: PerProcess::new(store, move || Store::new(self.clone(), None)),
        })
    }

    fn connect(&self) -> Result<Connection, GuardError> {
        let path = place::check(&self.path, self.network)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let mut connection = {
            let _whole = Whole::begin();
            Connection::open_with_flags(path, flags).map_err(lost)?
        };
        let patience = Patience::new(self.timeout);
        let set_up = patience.wait(|| {
            let _whole = Whole::begin();
            self.set_up(&mut connection)
        });
        match set_up {
            Ok(()) => Ok(connection),
            Err(error) => {
                close(connection);
                Err(error)
            }
        }
    }

    fn set_up(&self, connection: &mut Connection) -> Result<(), Fault> {
        connection.busy_timeout(Duration::ZERO)?;
        connection.set_prepared_statement_cache_capacity(16);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let number = |name| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        match (number("application_id")?, number("user_version")?) {
            (APPLICATION, VERSION) => {}
            (0, 0) if is_empty(&transaction)? => {
                transaction.pragma_update(None, "application_id", APPLICATION)?;
                transaction.pragma_update(None, "user_version", VERSION)?;
                transaction.execute_batch(SCHEMA)?;
            }
            (APPLICATION, _) => return Err(unfit("the file is of another version")),
            _ => return Err(unfit("the file is not a guard's")),
        }
        transaction.commit()?;
        let mode: String =
            connection
                .pragma_update_and_check(None, "journal_mode", "TRUNCATE", |row| row.get(0))?;
        if mode != "truncate" {
            return Err(unfit("the file has no rollback journal"));
        }
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        let pages = i64::try_from((self.size / PAGE).max(16)).unwrap_or(i64::MAX);
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        connection
            .pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))
            .optional()?;
        Ok(())
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> i64 {
        let since = (self.clock)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX / 4)
    }
}

/// Closes a connection while nobody forks: a child would have the locks that SQLite takes meanwhile, and nobody to give them back.
fn close(connection: Connection) {
    let _whole = Whole::begin();
    drop(connection);
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
        row.get(0)
    })
}

impl fmt::Debug for SqliteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBuilder").finish_non_exhaustive()
    }
}

impl fmt::Debug for SqliteGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteGuard").finish_non_exhaustive()
    }
}

impl Guard for SqliteGuard {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.store.get().add(charges)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let slot = self.connection.get_mut();
        let slot = slot.unwrap_or_else(PoisonError::into_inner);
        slot.take().into_iter().for_each(close);
    }
}

impl Store {
    fn new(how: SqliteBuilder, connection: Option<Connection>) -> Self {
        Self {
            how,
            connection: Mutex::new(connection),
            queue: Mutex::default(),
            done: Condvar::new(),
        }
    }

    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let list = Arc::new(List {
            charges: charges.to_vec(),
            answer: OnceLock::new(),
        });
        let mut queue = self.queue();
        queue.waiting.push(Arc::clone(&list));
        loop {
            if let Some(answer) = list.answer.get() {
                return answer.clone();
            }
            if queue.led {
                queue = self
                    .done
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            // The first that waits commits for all that wait.
            queue.led = true;
            let batch = mem::take(&mut queue.waiting);
            drop(queue);
            self.answer(&batch);
            queue = self.queue();
            queue.led = false;
            self.done.notify_all();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes lists in one transaction, and answers them when it is on the disk.
    fn answer(&self, batch: &[Arc<List>]) {
        match self.commit(batch) {
            Ok(answers) => {
                for (list, answer) in batch.iter().zip(answers) {
                    let _first_and_only = list.answer.set(Ok(answer));
                }
            }
            Err(error) => {
                for list in batch {
                    let _first_and_only = list.answer.set(Err(error.clone()));
                }
            }
        }
    }

    fn commit(&self, batch: &[Arc<List>]) -> Result<Vec<Totals>, GuardError> {
        let mut slot = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut connection = match slot.take() {
            Some(connection) => connection,
            None => self.how.connect()?,
        };
        let patience = Patience::new(self.how.timeout);
        let made = self.transact(&mut connection, &patience, batch);
        match made {
            Ok(answers) => {
                *slot = Some(connection);
                Ok(answers)
            }
            Err(error) => {
                if error == GuardError::Full {
                    // What has ended makes room for the next.
                    let _best_effort = self.transact(&mut connection, &patience, &[]);
                    *slot = Some(connection);
                } else {
                    close(connection);
                }
                Err(error)
            }
        }
    }

    fn transact(
        &self,
        connection: &mut Connection,
        patience: &Patience,
        batch: &[Arc<List>],
    ) -> Result<Vec<Totals>, GuardError> {
        // SQLite remembers for the whole process which locks it holds: in a child it would go on believing so. So nobody forks within a
        // transaction.
        let (_whole, transaction) = patience.wait(|| {
            let whole = Whole::begin();
            let begun = Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
            Ok((whole, begun?))
        })?;
        let answers = self.make(&transaction, batch)?;
        // Others that look in can keep a commit waiting too: the transaction stays open meanwhile.
        patience.wait(|| Ok(transaction.execute_batch("COMMIT")?))?;
        Ok(answers)
    }

    fn make(
        &self,
        transaction: &Connection,
        batch: &[Arc<List>],
    ) -> Result<Vec<Totals>, GuardError> {
        let latest: i64 = transaction
            .prepare_cached("SELECT latest FROM clock")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(lost)?;
        let now = self.how.now();
        if now < latest.saturating_sub(APART) {
            // Whole seconds, rounded up: the engine would drop what is less.
            let latest = instant(latest.saturating_add(999) / 1_000 * 1_000);
            return Ok(batch
                .iter()
                .map(|_| Totals::at(Vec::new(), latest))
                .collect());
        }
        let now = now.max(latest);
        let mut list = Making {
            transaction,
            now,
            changed: batch.is_empty(),
        };
        let answers = batch.iter().map(|waiting| list.make(&waiting.charges));
        let answers: Result<_, _> = answers.collect();
        let changed = list.changed;
        let answers = answers.map_err(lost)?;
        if changed {
            sweep(transaction, latest, now, batch.len()).map_err(lost)?;
        }
        Ok(answers)
    }
}

/// Deletes, for each of the lists, a few of the rows that are kept no longer by `latest`, the time of the list before, and writes down the
/// time of this one.
fn sweep(transaction: &Connection, latest: i64, now: i64, lists: usize) -> rusqlite::Result<()> {
    // More than the lists of a transaction can add, however many share it: otherwise a busy file would grow without end.
    let most = SWEPT.saturating_mul(u32::try_from(lists.max(1)).unwrap_or(u32::MAX));
    transaction
        .prepare_cached(
            "DELETE FROM counters WHERE name IN (SELECT name FROM counters WHERE kept <= ?1 ORDER BY kept LIMIT ?2)",
        )?
        .execute((latest, most))?;
    transaction
        .prepare_cached("UPDATE clock SET latest = ?1")?
        .execute([now])?;
    Ok(())
}

/// A transaction in which lists are made.
struct Making<'a> {
    transaction: &'a Connection,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    now: i64,
    /// Something was written.
    changed: bool,
}

impl Making<'_> {
    fn make(&mut self, charges: &[Charge]) -> rusqlite::Result<Totals> {
        let mut totals = Vec::with_capacity(charges.len());
        for charge in charges {
            let (total, refused) = self.charge(charge)?;
            totals.push(total);
            if refused {
                break;
            }
        }
        Ok(Totals::at(totals, instant(self.now)))
    }

    fn charge(&mut self, charge: &Charge) -> rusqlite::Result<(Total, bool)> {
        let name = charge.counter.to_string();
        let life = i64::try_from(charge.ttl.as_millis())
            .unwrap_or(LONGEST)
            .min(LONGEST);
        let live: Option<(u32, i64)> = self
            .transaction
            .prepare_cached("SELECT total, ends FROM counters WHERE name = ?1 AND ends > ?2")?
            .query_row((&name, self.now), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (before, ends) = live.unwrap_or((0, self.now + life));
        let (total, refused) = charge.apply(before);
        if !refused && total != before {
            self.changed = true;
            match (total, live) {
                (0, _) => self
                    .transaction
                    .prepare_cached("DELETE FROM counters WHERE name = ?1")?
                    .execute([&name])?,
                (_, Some(_)) => self
                    .transaction
                    .prepare_cached("UPDATE counters SET total = ?2 WHERE name = ?1")?
                    .execute((&name, total))?,
                (_, None) => self
                    .transaction
                    .prepare_cached("REPLACE INTO counters VALUES (?1, ?2, ?3, ?4, ?5)")?
                    .execute((&name, total, life, ends, ends + life.min(GRACE)))?,
            };
        }
        let left = Duration::from_millis(u64::try_from(ends - self.now).unwrap_or(0));
        Ok((Total::new(total, left), refused))
    }
}

/// The time so many milliseconds after 1970-01-01T00:00:00Z.
fn instant(milliseconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}

/// A deadline for getting a lock.
struct Patience {
    until: Instant,
}

/// The fault of a step.
enum Fault {
    Sqlite(rusqlite::Error),
    Guard(GuardError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Patience {
    fn new(timeout: Duration) -> Self {
        Self {
            until: Instant::now() + timeout,
        }
    }

    /// Tries until the file is not busy.
    fn wait<T>(&self, mut step: impl FnMut() -> Result<T, Fault>) -> Result<T, GuardError> {
        loop {
            match step() {
                Ok(done) => return Ok(done),
                Err(Fault::Guard(error)) => return Err(error),
                Err(Fault::Sqlite(error)) if !is_busy(&error) => return Err(lost(error)),
                Err(Fault::Sqlite(error)) if Instant::now() >= self.until => {
                    return Err(lost(error));
                }
                Err(Fault::Sqlite(_)) => {
                    let pause = rand::rng().random_range(0..=PAUSE);
                    thread::sleep(Duration::from_micros(pause));
                }
            }
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn unfit(why: &str) -> Fault {
    Fault::Guard(GuardError::Unfit(why.to_string()))
}

/// The kind of an error, without the path.
fn lost(error: rusqlite::Error) -> GuardError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => GuardError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            GuardError::Unreachable("busy: other processes have the file".to_string())
        }
        Some(ErrorCode::NotADatabase) => GuardError::Unfit("the file is not a guard's".to_string()),
        Some(ErrorCode::DatabaseCorrupt) => GuardError::Unfit("the file is damaged".to_string()),
        Some(code) => GuardError::Unreachable(format!("file: {code:?}")),
        None => GuardError::Unreachable("file: it gave no readable answer".to_string()),
    }
}
