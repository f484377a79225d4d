//! Times operations for `tests/bench/bench.py`, which says what is read and answered.
//!
//! ```text
//! xoxzo-2fa-bench blocking|reused|tokio memory|sqlite|redis [FILE or URL]
//! xoxzo-2fa-bench hmac
//! ```

mod engine;
mod handmade;
mod measure;
mod xoxzo;

use std::env;
use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};

use xoxzo_2fa::{
    AsyncMemoryGuard, Blocking, Instances, MemoryGuard, RedisGuard, Settings, SqliteGuard,
};

use crate::engine::{Awaited, Blocked};
use crate::handmade::Handmade;
use crate::measure::{Login, Operation, measure};

type Fault = Box<dyn Error>;

fn main() -> Result<(), Fault> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut lines = stdin().lock().lines();
    let settings = lines.next().ok_or("no settings")??;
    let settings = || Settings::from_json(&settings);
    let questions = lines.map_while(Result::ok);
    match arguments.as_slice() {
        ["hmac"] => answer(Handmade::new()?, questions),
        ["tokio", "memory"] => answer(
            Awaited::new(settings()?, AsyncMemoryGuard::default())?,
            questions,
        ),
        ["tokio", "sqlite", file] => answer(
            Awaited::new(settings()?, Blocking::new(SqliteGuard::open(file)?))?,
            questions,
        ),
        ["tokio", "redis", url] => answer(
            Awaited::new(settings()?, RedisGuard::builder(*url).build_async()?)?,
            questions,
        ),
        ["blocking", "memory"] => answer(
            Blocked::new(settings()?, MemoryGuard::default(), Instances::Fresh)?,
            questions,
        ),
        ["reused", "memory"] => answer(
            Blocked::new(settings()?, MemoryGuard::default(), Instances::Reused)?,
            questions,
        ),
        ["blocking", "sqlite", file] => answer(
            Blocked::new(settings()?, SqliteGuard::open(file)?, Instances::Fresh)?,
            questions,
        ),
        ["blocking", "redis", url] => answer(
            Blocked::new(settings()?, RedisGuard::open(*url)?, Instances::Fresh)?,
            questions,
        ),
        _ => Err("no such host: see the head of main.rs".into()),
    }
}

fn answer(mut login: impl Login, questions: impl Iterator<Item = String>) -> Result<(), Fault> {
    for question in questions {
        let (name, count) = question.split_once(' ').ok_or("no count")?;
        let operation = Operation::named(name).ok_or("no such operation")?;
        let answer = measure(&mut login, operation, count.parse()?)?;
        let mut out = stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
