//! Counters in a file.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};
use std::{env, fs, thread};

use xoxzo_2fa::{Charge, FileGuard, Guard, Total, suite};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("xoxzo-2fa-{name}-{}", std::process::id()));
        let _none_yet = fs::remove_dir_all(&path);
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("guard.redb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _none_if_it_failed = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn the_suite() {
    let folder = Folder::new("suite");
    let store = FileGuard::open(folder.file()).unwrap();
    suite::totals(&store);
    suite::limits(&store);
    suite::races(&store);
    suite::shared(&store, &store);
    suite::ends(&store, &thread::sleep);
    drop(store);
    suite::restart(|| FileGuard::open(folder.file()));
}

/// A clock that is set back lengthens no life and ends nothing early, now or after a restart; and lives go on when it is right again.
#[test]
fn a_clock_that_is_set_back_changes_no_limit() {
    let folder = Folder::new("clock");
    let seconds = Arc::new(AtomicU64::new(1_800_000_000));
    let open = || {
        let seconds = Arc::clone(&seconds);
        let clock = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst));
        FileGuard::danger_open_with_clock(folder.file(), clock).unwrap()
    };
    let add = |store: &FileGuard| store.add(&[Charge::new("2fa.a", 1, 9, 600)]).unwrap()[0];
    let store = open();
    assert_eq!((add(&store).total, add(&store).ends_in), (1, 600));
    seconds.fetch_add(100, Ordering::SeqCst);
    assert_eq!(add(&store).ends_in, 500);
    seconds.fetch_sub(86_400, Ordering::SeqCst);
    assert_eq!(add(&store), Total::new(4, 500));
    drop(store);
    let store = open();
    assert_eq!(add(&store), Total::new(5, 500));
    seconds.fetch_add(86_400 + 499, Ordering::SeqCst);
    assert_eq!(add(&store), Total::new(6, 1));
    seconds.fetch_add(1, Ordering::SeqCst);
    assert_eq!(add(&store), Total::new(1, 600));
}

/// Lists that come at once share commits: many threads take little longer than a few.
#[test]
fn lists_at_once_share_commits() {
    let folder = Folder::new("commits");
    let store = FileGuard::open(folder.file()).unwrap();
    let spend = |threads: u32, each: u32| {
        let began = Instant::now();
        thread::scope(|scope| {
            for thread in 0..threads {
                let store = &store;
                scope.spawn(move || {
                    for _ in 0..each {
                        let charge = Charge::new(format!("2fa.{thread}"), 1, u32::MAX, 600);
                        store.add(&[charge]).unwrap();
                    }
                });
            }
        });
        began.elapsed()
    };
    let alone = spend(1, 256);
    let together = spend(64, 4);
    // Alone, each of 256 lists is a commit; together, a commit is shared by those that wait.
    assert!(
        together * 2 < alone,
        "{together:?} for 64 threads, {alone:?} for one"
    );
}

/// A child that counts up and says each answer, until it is killed.
#[test]
#[ignore = "the other process of the test below"]
fn count_until_killed() {
    let Some(path) = env::var_os("XOXZO_2FA_TEST_FILE") else {
        return;
    };
    let store = FileGuard::open(path).unwrap();
    loop {
        let totals = store
            .add(&[Charge::new("2fa.kill", 1, u32::MAX, 86_400)])
            .unwrap();
        println!("total {}", totals[0].total);
    }
}

fn child(folder: &Folder) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "file::count_until_killed",
        ])
        .env("XOXZO_2FA_TEST_FILE", folder.file())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What was answered before a kill -9 is counted after it, a hundred times over.
#[test]
fn no_answered_count_is_lost_to_a_hundred_kills() {
    let folder = Folder::new("kill");
    let mut answered = 0;
    for round in 0..100_u64 {
        let mut child = child(&folder);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Until it counts; then at some moment within a few commits.
        let first = lines.by_ref().map_while(Result::ok).find_map(total);
        let first = first.expect("the child counts");
        assert!(
            first > answered,
            "round {round}: {first} after {answered} were answered"
        );
        thread::sleep(Duration::from_micros(137 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        answered = lines
            .map_while(Result::ok)
            .filter_map(total)
            .last()
            .unwrap_or(first);
    }
    let store = FileGuard::open(folder.file()).unwrap();
    let kept = store
        .add(&[Charge::new("2fa.kill", 0, u32::MAX, 86_400)])
        .unwrap()[0]
        .total;
    // The last round may have counted one more than it could say.
    assert!(
        (answered..=answered + 1).contains(&kept),
        "{kept} of {answered}"
    );
    assert!(answered >= 100);
}

fn total(line: String) -> Option<u32> {
    line.split_once("total ")?.1.trim().parse().ok()
}
