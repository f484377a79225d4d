//! One engine, one pool of instances and one ticker for the whole process. A child that is forked off has its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::Error;
use crate::process::PerProcess;

/// Calls at one time that wait for counters and for Xoxzo, all `TwoFactor` together. A client alone may make half as many: one more waits.
const WAITING: usize = 512;

/// Calls at one time that only compute. One more waits, never for long.
const COMPUTING: usize = 64;

/// Instances that may be kept between calls, all `TwoFactor` together. One more is dropped.
const IDLE: usize = 64;

/// Instances that may be kept while futures wait, all `AsyncTwoFactor` together. A client alone may keep half as many. A future without one has a new
/// instance at each step.
const STEPPING: usize = 64;

/// The most memory of one instance, in bytes.
pub(crate) const MEMORY: usize = 2 * 1024 * 1024;

/// Length of an epoch.
pub(crate) const TICK: Duration = Duration::from_millis(5);

/// The process-wide singletons.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    waiting: Shares,
    computing: Places,
    idle: Places,
    #[cfg(feature = "tokio")]
    stepping: Shares,
    ticker: Arc<Ticker>,
}

/// The singletons, or the reason why they could not be made.
type Once = OnceLock<Result<&'static Shared, String>>;

/// The process's engine.
pub(crate) fn shared() -> Result<&'static Shared, Error> {
    static SHARED: OnceLock<PerProcess<Once>> = OnceLock::new();
    let own = SHARED.get_or_init(|| PerProcess::new(Once::new(), Once::new));
    let own = own.get();
    let shared = own.get_or_init(|| Shared::new().map(|shared| &*Box::leak(Box::new(shared))));
    shared.clone().map_err(Error::plugin)
}

/// Set once: true if the engines of this process use signals, as [`config`] decides at the first.
static SIGNALS: OnceLock<bool> = OnceLock::new();

/// Makes the engine of this process do without signal handlers, reserved address space and threads that compile. It is for a library in a program of
/// another language, whose signals and limits are not ours. Calls take a little longer, since each access to memory is checked in code.
///
/// It has an effect before the first client only. Returns whether the engine is set up so.
pub fn without_signals() -> bool {
    !*SIGNALS.get_or_init(|| false)
}

fn config() -> Config {
    /// The process that was the first to ask.
    static FIRST: OnceLock<u32> = OnceLock::new();
    let is_child = *FIRST.get_or_init(process::id) != process::id();
    let mut config = Config::new();
    config.epoch_interruption(true).max_wasm_stack(256 * 1024);
    if *SIGNALS.get_or_init(|| true) {
        // The threads that compile side by side are the parent's.
        config.parallel_compilation(!is_child);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    } else {
        config
            .signals_based_traps(false)
            .parallel_compilation(false)
            .allocation_strategy(InstanceAllocationStrategy::OnDemand)
            .memory_reservation(MEMORY as u64)
            .memory_reservation_for_growth(0)
            .memory_guard_size(0)
            .memory_may_move(false);
    }
    config
}

fn pool() -> PoolingAllocationConfig {
    let slots = (WAITING + COMPUTING + IDLE + STEPPING) as u32;
    let mut pool = PoolingAllocationConfig::new();
    // A component is its module and two small ones that tie its imports.
    pool.total_component_instances(slots)
        .total_core_instances(slots * 4)
        .total_memories(slots)
        .total_tables(slots * 3)
        .max_memory_size(MEMORY)
        .linear_memory_keep_resident(512 * 1024)
        .table_keep_resident(16 * 1024)
        .pagemap_scan(Enabled::Auto);
    pool
}

impl Shared {
    fn new() -> Result<Self, String> {
        let engine = Engine::new(&config())
            .map_err(|error| format!("the WebAssembly engine does not start: {error}"))?;
        let epochs = engine.clone();
        let ticker = Ticker::spawn(move || epochs.increment_epoch());
        Ok(Self {
            engine,
            waiting: Shares::new(WAITING),
            computing: Places::new(COMPUTING),
            idle: Places::new(IDLE),
            #[cfg(feature = "tokio")]
            stepping: Shares::new(STEPPING),
            ticker,
        })
    }

    /// A place for a call that waits, as soon as one is free for this client.
    pub(crate) fn wait(&'static self, client: Client) -> Share {
        self.waiting.wait(client)
    }

    /// A place for a call that does not wait, as soon as one is free.
    pub(crate) fn compute(&'static self) -> Place {
        self.computing.wait()
    }

    /// A place for an idle instance, if one is free.
    pub(crate) fn keep(&'static self) -> Option<Place> {
        self.idle.take()
    }

    /// A place for the instance of a future that waits, if one is free for this client.
    #[cfg(feature = "tokio")]
    pub(crate) fn step(&'static self, client: Client) -> Option<Share> {
        self.stepping.take(client)
    }

    /// Counts as guest time until dropped.
    pub(crate) fn guest_time(&'static self) -> Ticking {
        self.ticker.enter();
        Ticking(&self.ticker)
    }
}

/// A number of places.
struct Places(Awaited<usize>);

/// One of them, given back on drop.
pub(crate) struct Place(&'static Places);

impl Places {
    fn new(free: usize) -> Self {
        Self(Awaited::new(free))
    }

    fn wait(&'static self) -> Place {
        self.0.wait_while(|free| *free == 0, |free| *free -= 1);
        Place(self)
    }

    fn take(&'static self) -> Option<Place> {
        let mut free = self.0.lock();
        free.value = free.value.checked_sub(1)?;
        Some(Place(self))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.change(|free| *free += 1, Condvar::notify_one);
    }
}

/// A value that threads wait for. To wake a thread is a call of the system, so it is made only while one waits.
struct Awaited<T> {
    held: Mutex<Watched<T>>,
    changed: Condvar,
}

struct Watched<T> {
    value: T,
    waiting: usize,
}

impl<T> Awaited<T> {
    fn new(value: T) -> Self {
        let waiting = 0;
        Self {
            held: Mutex::new(Watched { value, waiting }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while `must_wait`, then makes a change that no other thread waits for.
    fn wait_while(&self, must_wait: impl Fn(&T) -> bool, take: impl FnOnce(&mut T)) {
        let mut held = self.lock();
        held.waiting += 1;
        let held = self.changed.wait_while(held, |held| must_wait(&held.value));
        let mut held = held.unwrap_or_else(PoisonError::into_inner);
        held.waiting -= 1;
        take(&mut held.value);
    }

    /// Makes a change, and wakes one or all who wait for it.
    fn change(&self, change: impl FnOnce(&mut T), wake: impl FnOnce(&Condvar)) {
        let mut held = self.lock();
        change(&mut held.value);
        if held.waiting > 0 {
            wake(&self.changed);
        }
    }
}

/// One of the clients of a process.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(usize);

impl Client {
    /// Returns another one at each call.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A number of places that are shared out: a client gets one as long as it holds fewer than are free. So one client can have half of all, two a
/// third each, and another one always finds some, however long these keep theirs.
struct Shares(Awaited<Held>);

struct Held {
    free: usize,
    by: HashMap<Client, usize>,
}

/// A place of a client, given back on drop.
pub(crate) struct Share {
    shares: &'static Shares,
    client: Client,
}

impl Shares {
    fn new(free: usize) -> Self {
        let by = HashMap::new();
        Self(Awaited::new(Held { free, by }))
    }

    fn wait(&'static self, client: Client) -> Share {
        let may_not = |held: &Held| !held.may_take(client);
        self.0.wait_while(may_not, |held| held.take(client));
        Share {
            shares: self,
            client,
        }
    }

    #[cfg(any(feature = "tokio", test))]
    fn take(&'static self, client: Client) -> Option<Share> {
        let mut held = self.0.lock();
        held.value.may_take(client).then(|| {
            held.value.take(client);
            Share {
                shares: self,
                client,
            }
        })
    }
}

impl Held {
    fn may_take(&self, client: Client) -> bool {
        self.by.get(&client).copied().unwrap_or_default() < self.free
    }

    fn take(&mut self, client: Client) {
        self.free -= 1;
        *self.by.entry(client).or_default() += 1;
    }

    fn give_back(&mut self, client: Client) {
        self.free += 1;
        if let Entry::Occupied(mut own) = self.by.entry(client) {
            *own.get_mut() -= 1;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let client = self.client;
        // All, since each may take another number of places.
        self.shares
            .0
            .change(|held| held.give_back(client), Condvar::notify_all);
    }
}

/// Moves the epoch while a guest runs, and sleeps while none does.
struct Ticker {
    guests: AtomicUsize,
    thread: OnceLock<Thread>,
}

impl Ticker {
    fn spawn(epoch: impl Fn() + Send + 'static) -> Arc<Self> {
        let ticker = Arc::new(Self {
            guests: AtomicUsize::new(0),
            thread: OnceLock::new(),
        });
        let own = Arc::clone(&ticker);
        let tick = move || {
            loop {
                if own.guests.load(Ordering::SeqCst) == 0 {
                    thread::park();
                } else {
                    thread::sleep(TICK);
                    epoch();
                }
            }
        };
        let handle = thread::Builder::new()
            .name("xoxzo-2fa ticker".to_string())
            .spawn(tick)
            .expect("a thread can be started");
        ticker
            .thread
            .set(handle.thread().clone())
            .expect("it is set once");
        ticker
    }

    fn enter(&self) {
        if self.guests.fetch_add(1, Ordering::SeqCst) == 0
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }
}

/// A guest is running.
pub(crate) struct Ticking(&'static Arc<Ticker>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.guests.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    /// Ticks while a guest runs, and after the last has left sleeps, but for the tick that was under way.
    #[test]
    fn the_ticker_is_parked_while_no_guest_runs() {
        let (tick, ticks) = mpsc::channel();
        let ticker = Ticker::spawn(move || tick.send(()).expect("the test still listens"));
        let patience = TICK * 20;
        let mut under_way = 0;
        for _ in 0..2 {
            let idle = std::iter::from_fn(|| ticks.recv_timeout(patience).ok());
            assert!(idle.count() <= under_way, "no guest, no tick");
            ticker.enter();
            assert_eq!(
                (0..3)
                    .filter(|_| ticks.recv_timeout(patience * 20).is_ok())
                    .count(),
                3
            );
            ticker.guests.fetch_sub(1, Ordering::SeqCst);
            while ticks.try_recv().is_ok() {}
            under_way = 1;
        }
    }

    #[test]
    fn a_place_is_given_back() {
        let places: &'static Places = Box::leak(Box::new(Places::new(1)));
        let one = places.wait();
        assert!(places.take().is_none());
        drop(one);
        assert!(places.take().is_some());
        assert!(places.take().is_some());
    }

    #[test]
    fn a_client_gets_a_place_while_it_holds_fewer_than_are_free() {
        let shares: &'static Shares = Box::leak(Box::new(Shares::new(5)));
        let free = || shares.0.lock().value.free;
        let (one, other) = (Client::new(), Client::new());
        let mut taken: Vec<_> = (0..3).map(|_| shares.wait(one)).collect();
        let (got, gets) = mpsc::channel();
        thread::spawn(move || got.send(shares.wait(one)).is_ok());
        taken.push(shares.wait(other));
        assert!(gets.try_recv().is_err(), "3 are held, and 1 is free");
        assert!(shares.take(one).is_none() && shares.take(other).is_none());
        taken.truncate(1);
        let fourth = gets.recv_timeout(Duration::from_secs(10));
        assert!(fourth.is_ok());
        assert_eq!(free(), 3);
        let fifth = shares.take(other);
        assert!(fifth.is_some());
        assert_eq!(free(), 2);
        drop((taken, fourth, fifth));
        assert_eq!(free(), 5);
        assert!(shares.0.lock().value.by.is_empty());
    }
}
