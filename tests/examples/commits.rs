//! `commits`: what a list costs in SQLite, beside one bare commit of the same file settings.
//!
//! Both take turns, a few at a time, on two files in one folder. Prints the median and the 99th percentile of each and the ratio of the medians.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, process};

use rusqlite::Connection;
use xoxzo_2fa::{Charge, Guard, SqliteGuard};
use xoxzo_2fa_tests::named;

const ROUNDS: u32 = 40;
const EACH: u32 = 50;

fn main() {
    let folder = env::temp_dir().join(format!("xoxzo-2fa-commits-{}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    let bare = bare(&folder.join("bare.sqlite"));
    let guard = SqliteGuard::open(folder.join("guard.sqlite")).unwrap();
    let (mut commits, mut lists) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for _ in 0..EACH {
            commits.push(timed(|| commit(&bare)));
        }
        for at in 0..EACH {
            let list = guess(&format!("{round}-{at}"));
            lists.push(timed(|| {
                assert_eq!(guard.add(&list).unwrap().len(), list.len());
            }));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    let (commit, list) = (
        told("a bare commit", commits),
        told("a guess's list", lists),
    );
    println!("a list is {:.2} bare commits", list / commit);
}

/// A counter in a file that is written as the guard's is.
fn bare(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0)",
        )
        .unwrap();
    connection
}

fn commit(connection: &Connection) {
    connection
        .execute_batch("BEGIN IMMEDIATE; UPDATE t SET n = n + 1; COMMIT")
        .unwrap();
}

/// The charges of a guess: of its challenge, of three kinds of failures of its user, and of everyone's.
fn guess(user: &str) -> Vec<Charge> {
    let one = |name: &str, group: &str, ttl| {
        Charge::new(
            named(&format!("{name}-{group}")),
            1,
            u32::MAX,
            Duration::from_secs(ttl),
        )
        .in_group(named(group))
    };
    vec![
        one("challenge", user, 540),
        one("soft", user, 86_400),
        one("hard", user, 315_360_000),
        one("subject", user, 86_400),
        one("audience", "everyone", 3_600),
    ]
}

fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// Prints, and gives the median in milliseconds.
fn told(what: &str, mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let at = |percent: usize| times[times.len() * percent / 100].as_secs_f64() * 1e3;
    println!("{what}: median {:.2} ms, p99 {:.2} ms", at(50), at(99));
    at(50)
}
