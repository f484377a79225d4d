//! A hundred thousand logins, with time given to the store: what is left in it.
//!
//! `days memory | sqlite | envoy` walks the engine itself, a login every 4 s of the store's time, over four and a half days; every tenth user types a
//! wrong PIN first. Then two more days pass, and a few lists come. `days redis URL` does the same with 1,000 users, on a server whose time somebody
//! else lets pass quickly. The last line says how many counters are left; more than a few are a failure.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use std::{env, fs, thread};

use serde_json::json;
use xoxzo_2fa::{Charge, Guard, MemoryGuard, RedisGuard, SqliteGuard};
use xoxzo_2fa_core::{Claimed, Code, Failure, Prepared};
use xoxzo_2fa_tests::envoy::Data;
use xoxzo_2fa_tests::walk::Walk;
use xoxzo_2fa_tests::{LOGIN, NOW, document, named, other_than, prepared, since_1970, within};

/// Counters that may be left: those of the services as a whole, and what a store sweeps next.
const LEFT: usize = 64;

/// Seconds between two logins, on average.
const APART: u64 = 4;

const DAY: u64 = 86_400;

/// Users at one time; on a disk more, since they share commits.
const THREADS: u32 = 8;
const SHARING: u32 = 100;

/// Users who come one after the other before time passes.
const EACH: u32 = 5;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (store, (logins, left)) = match arguments[..] {
        ["memory"] => ("memory", memory()),
        ["sqlite"] => ("SQLite", sqlite()),
        ["envoy"] => ("Envoy's shards", envoy()),
        ["redis", url] => ("Redis", redis(url)),
        _ => panic!("usage: days memory | sqlite | envoy | redis URL"),
    };
    println!("{store}: {logins} logins, {left} counters left");
    ExitCode::from(u8::from(left > LEFT))
}

/// A store whose time is a number of seconds since [`NOW`].
fn memory() -> (u32, usize) {
    let passed = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&passed);
    // Room for what lives in a day, and not for what lives in five.
    let guard = MemoryGuard::danger_with_clock(100_000, move |_| {
        Duration::from_secs(clock.load(Ordering::SeqCst))
    });
    let logins = days(&guard, 100_000, THREADS, |seconds| {
        pass(&passed, seconds, 1);
    });
    (logins, guard.len())
}

fn envoy() -> (u32, usize) {
    let guard = Data::default();
    let logins = days(&guard, 100_000, THREADS, |seconds| {
        pass(&guard.passed, seconds, 1_000);
    });
    (logins, guard.len())
}

fn sqlite() -> (u32, usize) {
    let folder = env::temp_dir().join(format!("xoxzo-2fa-days-{}", std::process::id()));
    let file = folder.join("guard.sqlite");
    let passed = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&passed);
    let clock =
        move || UNIX_EPOCH + Duration::from_secs(u64::from(NOW) + clock.load(Ordering::SeqCst));
    let guard = SqliteGuard::builder(&file)
        .danger_clock(clock)
        .build()
        .unwrap();
    let logins = days(&guard, 100_000, SHARING, |seconds| {
        pass(&passed, seconds, 1);
    });
    drop(guard);
    let connection = rusqlite::Connection::open(&file).unwrap();
    let left: u32 = connection
        .query_row("SELECT count(*) FROM counters", [], |row| row.get(0))
        .unwrap();
    let bytes = fs::metadata(&file).unwrap().len();
    println!("the file has {} KiB", bytes / 1_024);
    fs::remove_dir_all(folder).unwrap();
    (logins, left as usize)
}

fn redis(url: &str) -> (u32, usize) {
    let guard = RedisGuard::open(url).unwrap();
    let client = redis::Client::open(url).unwrap();
    let mut link = client.get_connection().unwrap();
    // Its time is given, and it forgets by itself.
    let logins = days(&guard, 1_000, THREADS, |seconds| {
        if seconds < DAY {
            return;
        }
        let time = || {
            guard
                .add(&[Charge::new(named("time"), 0, 9, Duration::from_secs(1))])
                .unwrap()
                .now
                .unwrap()
        };
        let until = time() + Duration::from_secs(seconds);
        while time() < until {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut left = 0;
    within(|| {
        left = redis::cmd("DBSIZE").query(&mut link).unwrap();
        (left <= LEFT).then_some(())
    });
    (logins, left)
}

fn pass(passed: &AtomicU64, seconds: u64, unit: u64) {
    passed.fetch_add(seconds * unit, Ordering::SeqCst);
}

/// So many logins, then two days, then lists of which nothing is left.
fn days(guard: &(impl Guard + ?Sized), logins: u32, threads: u32, pass: impl Fn(u64)) -> u32 {
    let mut document = document();
    let cap = json!({"count": 1_000_000, "seconds": 3_600});
    document["sends"] = json!({"per_range": cap, "per_audience": cap});
    document["failures"] = json!({"per_audience": cap});
    let settings = prepared(&document);
    let done = AtomicU32::new(0);
    for round in 0..logins / (threads * EACH) {
        // Time stands still meanwhile: a thread that has to wait would find its challenge over.
        pass(APART * u64::from(threads * EACH));
        thread::scope(|scope| {
            for thread in 0..threads {
                let (settings, done) = (&settings, &done);
                scope.spawn(move || {
                    for at in 0..EACH {
                        log_in(guard, settings, (round * threads + thread) * EACH + at);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
    }
    pass(2 * DAY + 1);
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                for at in 0..24_000 / threads {
                    let name = named(&format!("later-{thread}-{at}"));
                    let charge = |amount| Charge::new(name, amount, 9, Duration::from_secs(60));
                    guard.add(&[charge(1), charge(-1)]).unwrap();
                }
            });
        }
    });
    done.into_inner()
}

fn log_in(guard: &(impl Guard + ?Sized), settings: &Prepared, user: u32) {
    let (recipient, subject) = (format!("+8190{user:08}"), format!("user-{user}"));
    let login = Claimed {
        recipient: &recipient,
        subject: &subject,
        ..LOGIN
    };
    let now = guard.add(&[]).unwrap().now.map_or(NOW, since_1970);
    let walk = Walk {
        guard,
        settings,
        now: if now == 0 { NOW } else { now },
        // The time of a server passes during a login: what the clocks say is for other tests.
        compares_clocks: false,
    };
    let (token, pin) = told(walk.start(login));
    if user.is_multiple_of(10) {
        let refused = walk.verify(&token, login, other_than(&pin)).err();
        assert_eq!(refused.map(|failure| failure.code), Some(Code::WrongPin));
    }
    told(walk.verify(&token, login, &pin));
}

fn told<T>(result: Result<T, Failure>) -> T {
    result.unwrap_or_else(|failure| panic!("{}", failure.detail))
}
