//! Many users at once: the room and the time that their counters take, and what starts take that wait for Xoxzo.
//!
//! Users log in through the engine without WebAssembly, so that what is measured is the store. Each starts, types a wrong code and then the right one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime;
use tokio::sync::Semaphore;
use xoxzo_2fa::{
    AsyncMemoryGuard, AsyncTransport, AsyncTwoFactor, Binding, Body, Charge, Guard, GuardName,
    Lost, MemoryGuard, RedisGuard, Settings, Wait,
};
use xoxzo_2fa_core as core;

use crate::Fault;
use crate::measure::Login;
use crate::native::{Counting, Native};

/// A store of the SDK, and the time that its lists took.
struct Timed<G> {
    store: G,
    lists: AtomicU64,
    nanoseconds: AtomicU64,
    slowest: AtomicU64,
}

impl<G> Timed<G> {
    fn new(store: G) -> Self {
        Self {
            store,
            lists: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            slowest: AtomicU64::new(0),
        }
    }

    fn told(&self) -> Value {
        let [lists, all, slowest] =
            [&self.lists, &self.nanoseconds, &self.slowest].map(|it| it.load(Ordering::Relaxed));
        json!({"lists": lists, "list_ns": all / lists.max(1), "slowest_ns": slowest})
    }
}

impl<G: Guard> Counting for Timed<G> {
    fn add(&self, charges: &[core::Charge], _: u32) -> Result<core::Totals, String> {
        let charges: Vec<_> = charges.iter().map(given).collect();
        let began = Instant::now();
        let made = self.store.add(&charges);
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.lists.fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
        self.slowest.fetch_max(took, Ordering::Relaxed);
        let made = made.map_err(|error| error.to_string())?;
        let total = |one: &xoxzo_2fa::Total| core::Total {
            total: one.total,
            ends_in: u32::try_from(one.ends_in.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX),
        };
        Ok(core::Totals {
            totals: made.iter().map(total).collect(),
            now: None,
        })
    }
}

fn given(charge: &core::Charge) -> Charge {
    let name = |name: core::GuardName| GuardName::new(*name.as_bytes());
    let life = Duration::from_secs(charge.ttl.into());
    Charge::new(name(charge.counter), charge.amount, charge.limit, life)
        .in_group(name(charge.group))
}

/// Bytes that the allocator has given out, over all threads.
fn allocated() -> usize {
    // SAFETY: the function takes nothing, and returns numbers.
    let told = unsafe { libc::mallinfo2() };
    told.uordblks + told.hblkhd
}

/// The room and the time that counters take in the memory of this process.
pub(crate) fn memory(settings: &str, users: u32) -> Result<Value, Fault> {
    let store = MemoryGuard::with_capacity(users as usize * 12);
    let counters = Timed::new(store);
    let before = allocated();
    log_in(settings, &counters, users, 1)?;
    let bytes = allocated() - before;
    let mut told = counters.told();
    told["counters"] = counters.store.len().into();
    told["bytes"] = bytes.into();
    Ok(told)
}

/// Logs in users with their counters in Redis: one server or, by several URLs, a cluster.
pub(crate) fn redis(settings: &str, urls: &str, users: u32) -> Result<Value, Fault> {
    let urls: Vec<&str> = urls.split(',').collect();
    let store = match urls.as_slice() {
        [url] => RedisGuard::builder(*url),
        _ => RedisGuard::cluster(urls),
    };
    let store = store.timeout(PATIENCE).build()?;
    let counters = Timed::new(store);
    log_in(settings, &counters, users, CLIENTS)?;
    Ok(counters.told())
}

/// The time that a server may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Threads that ask a server at once.
const CLIENTS: u32 = 4;

/// Logs in users on so many threads.
fn log_in(settings: &str, counters: &impl Counting, users: u32, threads: u32) -> Result<(), Fault> {
    let share = |first: u32| -> Result<(), String> {
        let logins = Native::new(settings, counters).map_err(|error| error.to_string())?;
        let mut numbers = (first..users).step_by(threads as usize);
        numbers.try_for_each(|number| log_in_one(&logins, number))
    };
    let done: Result<Vec<()>, String> = thread::scope(|scope| {
        let share = &share;
        let threads: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || share(first)))
            .collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        joined
            .map(|done| done.expect("a login does not panic"))
            .collect()
    });
    done?;
    Ok(())
}

fn log_in_one(
    logins: &impl Login<Token = String, Pin = String>,
    number: u32,
) -> Result<(), String> {
    let user = logins.user(number, false);
    let token = logins.start(&user)?;
    let pin = logins.sent().pop().ok_or("a message has no code")?;
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    match logins.verify(&user, &token, &wrong.to_string()) {
        Err(code) if code == "wrong-pin" => logins.verify(&user, &token, &pin),
        other => Err(format!("{other:?} instead of a wrong guess")),
    }
}

/// A Xoxzo that takes its time: requests are on the wire at once, and it answers when it is let.
#[derive(Clone)]
struct Slow {
    asked: Arc<AtomicUsize>,
    open: Arc<Semaphore>,
}

impl AsyncTransport for Slow {
    fn send(
        &self,
        request: http::Request<Body>,
        _: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        Box::pin(async move {
            drop(request);
            self.asked.fetch_add(1, Ordering::Relaxed);
            let _open = self.open.acquire().await;
            Ok(http::Response::new(br#"[{"msgid":"m1"}]"#.to_vec()))
        })
    }
}

/// The room that starts on tokio take while Xoxzo has not answered.
pub(crate) fn waiting(settings: &str, starts: u32) -> Result<Value, Fault> {
    let xoxzo = Slow {
        asked: Arc::default(),
        open: Arc::new(Semaphore::new(0)),
    };
    // One thread, so that the allocator keeps little back.
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let settings = Settings::from_json(settings)?;
        let client = AsyncTwoFactor::builder(settings, AsyncMemoryGuard::default())
            .transport(xoxzo.clone())
            .audit(|_| ())
            .build();
        let client = Arc::new(client.await?);
        let start = |number: u32| {
            let client = Arc::clone(&client);
            let subject = format!("user-{number}");
            let binding = Binding::new(format!("+8190{number:08}"), subject, "login");
            tokio::spawn(async move { client.start(&binding).await.is_ok() })
        };
        // The first makes what all share.
        let first = start(starts);
        while xoxzo.asked.load(Ordering::Relaxed) < 1 {
            tokio::task::yield_now().await;
        }
        let mut begun = Vec::with_capacity(starts as usize + 1);
        begun.extend((0..starts).map(start));
        while xoxzo.asked.load(Ordering::Relaxed) <= starts as usize {
            tokio::task::yield_now().await;
        }
        let waiting = allocated();
        xoxzo.open.add_permits(starts as usize + 1);
        begun.push(first);
        for start in begun {
            if !start.await? {
                return Err("a start failed".into());
            }
        }
        // What stays are the counters.
        let bytes = waiting - allocated();
        Ok(json!({"starts": starts, "bytes": bytes}))
    })
}
