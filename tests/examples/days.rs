//! A hundred thousand logins, with time given to the store: what is left in it.
//!
//! `days memory | sqlite | envoy` walks the engine itself, a login every 4 s of the store's time, over four and a half days; every tenth user types a
//! wrong PIN first. Then two more days pass, and a few lists come. `days redis URL` does the same with 1,000 users, on a server whose time somebody
//! else lets pass quickly. The last line says how many counters are left.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};
use std::{env, fs, thread};

use serde_json::json;
use xoxzo_2fa::{Charge, Guard, MemoryGuard, RedisGuard, SqliteGuard};
use xoxzo_2fa_core::{
    Answer, Claimed, Code, Dispatch, Failure, Operation, Prepared, Sending, Total, Totals, Turn,
    Verify,
};
use xoxzo_2fa_tests::envoy::Data;
use xoxzo_2fa_tests::{Counting, LOGIN, NOW, document, other_than, pin_in, prepared, taken};

/// Counters that may be left: those of the services as a whole, and what a store sweeps next.
const LEFT: usize = 64;

/// Seconds between two logins.
const APART: u64 = 4;

const DAY: u64 = 86_400;

/// Users at one time.
const THREADS: u32 = 8;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (logins, left) = match arguments[..] {
        ["memory"] => memory(),
        ["sqlite"] => sqlite(),
        ["envoy"] => envoy(),
        ["redis", url] => redis(url),
        _ => panic!("usage: days memory | sqlite | envoy | redis URL"),
    };
    println!("{logins} logins, {left} counters left");
    ExitCode::from(u8::from(left > LEFT))
}

/// A store whose time is a number of seconds since [`NOW`].
fn memory() -> (u32, usize) {
    let passed = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&passed);
    // Room for what lives in a day, and not for what lives in five.
    let guard = MemoryGuard::danger_with_clock(100_000, move |_: Instant| {
        Duration::from_secs(clock.load(Ordering::SeqCst))
    });
    let logins = days(&guard, 100_000, |seconds| pass(&passed, seconds, 1));
    (logins, guard.len())
}

fn envoy() -> (u32, usize) {
    let guard = Data::default();
    let logins = days(&guard, 100_000, |seconds| {
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
    let logins = days(&guard, 100_000, |seconds| pass(&passed, seconds, 1));
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
    let logins = days(&guard, 1_000, |seconds| {
        if seconds < DAY {
            return;
        }
        let time = || {
            guard
                .add(&[Charge::new("2fa.time", 0, 9, 1)])
                .unwrap()
                .now
                .unwrap()
        };
        let until = u64::from(time()) + seconds;
        while u64::from(time()) < until {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let began = Instant::now();
    loop {
        let left: usize = redis::cmd("DBSIZE").query(&mut link).unwrap();
        if left <= LEFT || began.elapsed() > Duration::from_secs(60) {
            return (logins, left);
        }
        thread::sleep(Duration::from_millis(100));
    }
}

fn pass(passed: &AtomicU64, seconds: u64, unit: u64) {
    passed.fetch_add(seconds * unit, Ordering::SeqCst);
}

/// So many logins, then two days, then lists of which nothing is left.
fn days(guard: &(impl Guard + ?Sized), logins: u32, pass: impl Fn(u64) + Sync) -> u32 {
    let mut document = document();
    let cap = json!({"count": 1_000_000, "seconds": 3_600});
    document["sends"] = json!({"per_range": cap, "per_audience": cap});
    document["failures"] = json!({"per_audience": cap});
    let settings = prepared(&document);
    let (next, done) = (AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let user = next.fetch_add(1, Ordering::SeqCst);
                    if user >= logins {
                        break;
                    }
                    pass(APART);
                    log_in(guard, &settings, user);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    pass(2 * DAY + 1);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                for at in 0..3_000 {
                    let name = format!("2fa.later-{thread}-{at}");
                    let charge = |amount| Charge::new(&name, amount, 9, 60);
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
    let now = guard.add(&[]).unwrap().now.unwrap_or(NOW);
    let now = if now == 0 { NOW } else { now };
    let mut message = String::new();
    let start = Dispatch::start(
        settings,
        now,
        login,
        Sending::default(),
        &mut Counting::default(),
    );
    let challenge = told(run(guard, settings, now, start, &mut message));
    let pin = pin_in(&message, 6).expect("the message has a PIN");
    if user.is_multiple_of(10) {
        let wrong = other_than(&pin);
        let guess = Verify::begin(settings, now, &challenge.token, login, wrong, None);
        let refused = run(guard, settings, now, guess, &mut message);
        assert_eq!(
            refused.err().map(|failure| failure.code),
            Some(Code::WrongPin)
        );
    }
    let guess = Verify::begin(settings, now, &challenge.token, login, &pin, None);
    told(run(guard, settings, now, guess, &mut message));
}

fn told<T>(result: Result<T, Failure>) -> T {
    result.unwrap_or_else(|failure| panic!("{}", failure.detail))
}

fn run<O: Operation>(
    guard: &(impl Guard + ?Sized),
    settings: &Prepared,
    now: u32,
    turn: Result<Turn<O>, Failure>,
    message: &mut String,
) -> Result<O::Output, Failure> {
    let mut turn = turn?;
    loop {
        turn = match turn {
            Turn::Done(output) => return Ok(output),
            Turn::Send(request, operation) => {
                let mut fields = form_urlencoded::parse(request.body.as_bytes());
                let text = fields.find(|(name, _)| name == "message");
                *message = text.expect("it has a text").1.into_owned();
                operation.resume(settings, now, Answer::Reply(taken()))?
            }
            Turn::Count(charges, operation) => {
                let charges: Vec<_> = charges
                    .into_iter()
                    .map(|it| Charge::new(it.key, it.amount, it.limit, it.ttl).in_group(it.group))
                    .collect();
                let made = guard.add(&charges).unwrap();
                let total = |total: &xoxzo_2fa::Total| Total {
                    total: total.total,
                    ends_in: total.ends_in,
                };
                // Threads let time pass for each other: what the clocks say is for other tests.
                let totals = Totals {
                    totals: made.iter().map(total).collect(),
                    now: None,
                };
                operation.resume(settings, now, Answer::Totals(totals))?
            }
        }
    }
}
