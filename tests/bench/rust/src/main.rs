//! Times operations for `tests/bench/bench.py`, which says what is read and answered, and fills stores for `tests/bench/scale.py`.
//!
//! ```text
//! xoxzo-2fa-bench blocking|reused|tokio memory|sqlite|redis [FILE or URL] [keys=NUMBER] [threads=NUMBER]
//! xoxzo-2fa-bench native|hmac|hmacs [threads=NUMBER]
//! xoxzo-2fa-bench store memory|map|sqlite|commits|redis|scripts [FILE or URL]
//! xoxzo-2fa-bench scale memory USERS|redis URL,... USERS|waiting STARTS
//! ```
//!
//! `scale` answers once, with one line. `keys` are as many in the settings, the first of which is new. With one of these options there are only `start`
//! and `verify`.

mod engine;
mod handmade;
mod hmacs;
mod measure;
mod native;
mod scale;
mod stores;
mod xoxzo;

use std::env;
use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};
use std::sync::Mutex;

use serde_json::{Value, json};
use xoxzo_2fa::{
    AsyncMemoryGuard, Blocking, Instances, MemoryGuard, RedisGuard, Settings, SqliteGuard,
};
use xoxzo_2fa_world::{Counters, key};

use crate::engine::{Awaited, Blocked};
use crate::handmade::Handmade;
use crate::measure::{Login, Operation, measure};
use crate::native::Native;
use crate::stores::{Commits, Map, Own, Replay, Scripts, Store};

type Fault = Box<dyn Error>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (options, arguments): (Vec<&str>, Vec<&str>) = arguments
        .iter()
        .map(String::as_str)
        .partition(|argument| argument.starts_with("keys=") || argument.starts_with("threads="));
    let option = |name: &str| -> Result<usize, Fault> {
        let given = options.iter().find_map(|one| one.strip_prefix(name));
        Ok(given.map_or(Ok(1), str::parse)?)
    };
    let threads = option("threads=")?;
    let logins = Logins {
        threads,
        few: !options.is_empty(),
    };
    let text = stdin().lock().lines().next().ok_or("no settings")??;
    let text = with_keys(&text, option("keys=")?)?;
    let settings = || Settings::from_json(&text);
    match arguments.as_slice() {
        ["scale", "memory", users] => scale(&scale::memory(&text, users.parse()?)?),
        ["scale", "redis", urls, users] => scale(&scale::redis(&text, urls, users.parse()?)?),
        ["scale", "waiting", starts] => scale(&scale::waiting(&text, starts.parse()?)?),
        ["store", "memory"] => stored(settings()?, Own::memory()),
        ["store", "map"] => stored(settings()?, Map::default()),
        ["store", "sqlite", file] => stored(settings()?, Own(SqliteGuard::open(file)?)),
        ["store", "commits", file] => stored(settings()?, Commits::open(file)?),
        ["store", "redis", url] => stored(settings()?, Own(RedisGuard::open(*url)?)),
        ["store", "scripts", url] => stored(settings()?, Scripts::open(url)?),
        ["hmacs"] => answer(|operation, count| hmacs::measure(operation, count, threads)),
        ["hmac"] => logins.of(Handmade::new()?),
        ["native"] => logins.of(Native::new(&text, Mutex::new(Counters::default()))?),
        ["tokio", "memory"] => logins.of(Awaited::new(settings()?, AsyncMemoryGuard::default())?),
        ["tokio", "sqlite", file] => logins.of(Awaited::new(
            settings()?,
            Blocking::new(SqliteGuard::open(file)?),
        )?),
        ["tokio", "redis", url] => logins.of(Awaited::new(
            settings()?,
            RedisGuard::builder(*url).build_async()?,
        )?),
        ["blocking", "memory"] => logins.of(Blocked::new(
            settings()?,
            MemoryGuard::default(),
            Instances::Fresh,
        )?),
        ["reused", "memory"] => logins.of(Blocked::new(
            settings()?,
            MemoryGuard::default(),
            Instances::Reused,
        )?),
        ["blocking", "sqlite", file] => logins.of(Blocked::new(
            settings()?,
            SqliteGuard::open(file)?,
            Instances::Fresh,
        )?),
        ["blocking", "redis", url] => logins.of(Blocked::new(
            settings()?,
            RedisGuard::open(*url)?,
            Instances::Fresh,
        )?),
        _ => Err("no such host: see the head of main.rs".into()),
    }
}

/// The settings with more keys behind those that they have.
fn with_keys(settings: &str, keys: usize) -> Result<String, Fault> {
    let mut document: Value = serde_json::from_str(settings)?;
    let written = document["keys"].as_array_mut().ok_or("no keys")?;
    while written.len() < keys {
        let byte = u8::try_from(100 + written.len())?;
        written.push(json!(key(byte)));
    }
    Ok(document.to_string())
}

/// Answers questions about a login.
struct Logins {
    threads: usize,
    /// Only about `start` and `verify`.
    few: bool,
}

impl Logins {
    fn of(&self, mut login: impl Login) -> Result<(), Fault> {
        answer(|name, count| match Operation::named(name) {
            Some(operation) if !self.few || ["start", "verify"].contains(&name) => {
                measure(&mut login, operation, count, self.threads)
            }
            _ => Ok(json!({"absent": true})),
        })
    }
}

fn stored(settings: Settings, store: impl Store) -> Result<(), Fault> {
    let mut replay = Replay::new(settings, store)?;
    answer(|operation, count| replay.measure(operation, count))
}

fn scale(told: &Value) -> Result<(), Fault> {
    writeln!(stdout(), "{told}")?;
    Ok(())
}

/// Answers questions until they end.
fn answer(mut work: impl FnMut(&str, usize) -> Result<Value, Fault>) -> Result<(), Fault> {
    for question in stdin().lock().lines() {
        let question = question?;
        let (name, count) = question.split_once(' ').ok_or("no count")?;
        let answer = work(name, count.parse()?)?;
        let mut out = stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
