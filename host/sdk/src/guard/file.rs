//! Counters in one file, for one machine.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fmt, mem, thread};

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, Durability, ReadableTable, TableDefinition};

use super::{Charge, Guard, GuardError, Scope, Total};

/// By name: the total, and the second of its end.
const COUNTERS: TableDefinition<'_, &str, (u32, u64)> = TableDefinition::new("counters");

/// The latest second that was seen, so that a clock that is set back does not lengthen anything's life but ends nothing early.
const CLOCK: TableDefinition<'_, (), u64> = TableDefinition::new("clock");

/// How long to wait for another process.
const PATIENCE: Duration = Duration::from_secs(2);

/// A store in a file. Every list is on disk before it is answered, and lists that come at once share a commit. One process has the
/// file at a time; another waits up to two seconds for it.
pub struct FileGuard {
    database: Database,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    queue: Mutex<Queue>,
    done: Condvar,
}

/// Lists that wait for the next commit.
#[derive(Default)]
struct Queue {
    waiting: Vec<Arc<List>>,
    /// A thread is committing for others too.
    led: bool,
}

struct List {
    charges: Vec<Charge>,
    answer: OnceLock<Result<Vec<Total>, GuardError>>,
}

impl FileGuard {
    /// Opens the file, or makes it: readable and writable by its owner only, like the folder around it if that is
    /// made too.
    ///
    /// # Errors
    ///
    /// [`GuardError::Unreachable`]: no such place, not a guard's file, or in use for more than two seconds.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, GuardError> {
        Self::danger_open_with_clock(path, SystemTime::now)
    }

    /// [`FileGuard::open`] with a clock that is given. For tests: a clock that jumps ahead ends counters and with them limits. One that is
    /// set back changes nothing: time goes on from the latest that was seen.
    ///
    /// # Errors
    ///
    /// As [`FileGuard::open`].
    pub fn danger_open_with_clock(
        path: impl AsRef<Path>,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Result<Self, GuardError> {
        let path = path.as_ref();
        let began = Instant::now();
        loop {
            match create(path) {
                Ok(database) => {
                    let guard = Self {
                        database,
                        clock: Box::new(clock),
                        queue: Mutex::default(),
                        done: Condvar::new(),
                    };
                    guard.sweep()?;
                    return Ok(guard);
                }
                Err(Fault::Busy) if began.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(Fault::Busy) => {
                    return Err(GuardError::Unreachable(
                        "another process has the file".to_string(),
                    ));
                }
                Err(Fault::Other(why)) => return Err(GuardError::Unreachable(why)),
            }
        }
    }

    /// Drops what has ended.
    fn sweep(&self) -> Result<(), GuardError> {
        self.write(|counters, now| {
            counters
                .retain(|_, (_, ends)| ends > now)
                .map_err(unreachable)?;
            Ok(())
        })
    }

    fn write<T>(
        &self,
        change: impl FnOnce(
            &mut redb::Table<'_, &'static str, (u32, u64)>,
            u64,
        ) -> Result<T, GuardError>,
    ) -> Result<T, GuardError> {
        let mut transaction = self.database.begin_write().map_err(unreachable)?;
        transaction
            .set_durability(Durability::Immediate)
            .map_err(unreachable)?;
        let result = {
            let mut clock = transaction.open_table(CLOCK).map_err(unreachable)?;
            let seen = clock
                .get(())
                .map_err(unreachable)?
                .map_or(0, |seen| seen.value());
            let now = (self.clock)()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |now| now.as_secs())
                .max(seen);
            clock.insert((), now).map_err(unreachable)?;
            let mut counters = transaction.open_table(COUNTERS).map_err(unreachable)?;
            change(&mut counters, now)?
        };
        transaction.commit().map_err(unreachable)?;
        Ok(result)
    }
}

enum Fault {
    Busy,
    Other(String),
}

fn create(path: &Path) -> Result<Database, Fault> {
    let other = |error: std::io::Error| Fault::Other(error.kind().to_string());
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty() && !folder.exists())
    {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder).map_err(other)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(other)?;
    match FileBackend::new(file)
        .and_then(|backend| Database::builder().create_with_backend(backend))
    {
        Ok(database) => Ok(database),
        Err(DatabaseError::DatabaseAlreadyOpen) => Err(Fault::Busy),
        Err(error) => Err(Fault::Other(error.to_string())),
    }
}

fn unreachable(error: impl fmt::Display) -> GuardError {
    GuardError::Unreachable(error.to_string())
}

impl fmt::Debug for FileGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileGuard").finish_non_exhaustive()
    }
}

impl Guard for FileGuard {
    fn add(&self, charges: &[Charge]) -> Result<Vec<Total>, GuardError> {
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
            self.commit(&batch);
            queue = self.queue();
            queue.led = false;
            self.done.notify_all();
        }
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

impl FileGuard {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes lists in one transaction, and answers them when it is on disk.
    fn commit(&self, batch: &[Arc<List>]) {
        let made = self.write(|counters, now| {
            let made = batch.iter().map(|list| make(counters, now, &list.charges));
            made.collect::<Result<Vec<_>, _>>()
        });
        match made {
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
}

fn make(
    counters: &mut redb::Table<'_, &'static str, (u32, u64)>,
    now: u64,
    charges: &[Charge],
) -> Result<Vec<Total>, GuardError> {
    let mut totals = Vec::with_capacity(charges.len());
    for charge in charges {
        let live = counters
            .get(charge.key.as_str())
            .map_err(unreachable)?
            .map(|counter| counter.value());
        let live = live.filter(|(_, ends)| *ends > now);
        let (before, ends) = live.unwrap_or((0, now + u64::from(charge.ttl)));
        let (total, refused) = charge.apply(before);
        if !refused && (live.is_some() || charge.amount > 0) {
            counters
                .insert(charge.key.as_str(), (total, ends))
                .map_err(unreachable)?;
        }
        totals.push(Total::new(
            total,
            u32::try_from(ends - now).unwrap_or(u32::MAX),
        ));
        if refused {
            break;
        }
    }
    Ok(totals)
}
