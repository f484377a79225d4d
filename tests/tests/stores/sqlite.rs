//! Counters in an SQLite file: clocks that are wrong, processes that are killed, files that are no guard's.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use xoxzo_2fa::{Charge, Guard, GuardError, SqliteGuard, Total, suite};
use xoxzo_2fa_tests::{LIFE, PATIENCE, named, until};

use crate::Still;

/// A folder that goes when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("xoxzo-2fa-{name}-{}", std::process::id()));
        let _none_yet = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("guard.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _none_if_it_failed = fs::remove_dir_all(&self.0);
    }
}

/// A store whose clock is a number of seconds.
struct Clock {
    folder: Folder,
    seconds: Arc<AtomicU64>,
}

const BEGINNING: u64 = 1_800_000_000;

impl Clock {
    fn new(name: &str) -> Self {
        Self {
            folder: Folder::new(name),
            seconds: Arc::new(AtomicU64::new(BEGINNING)),
        }
    }

    fn set(&self, seconds: u64) {
        self.seconds.store(seconds, Ordering::SeqCst);
    }

    fn open(&self) -> SqliteGuard {
        let seconds = Arc::clone(&self.seconds);
        let clock = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst));
        let builder = SqliteGuard::builder(self.folder.file()).danger_clock(clock);
        builder.build().unwrap()
    }
}

fn add(store: &SqliteGuard, name: &str, amount: i32, ttl: u64) -> Option<Total> {
    let charge = Charge::new(named(name), amount, u32::MAX, Duration::from_secs(ttl));
    store.add(&[charge]).unwrap().first().copied()
}

fn total(total: u32, ends_in: u64) -> Total {
    Total::new(total, Duration::from_secs(ends_in))
}

/// The time so many seconds after 1970-01-01T00:00:00Z.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn number(file: &Path, query: &str) -> i64 {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_suite() {
    let (folder, clock) = (Folder::new("suite"), Still::default());
    let files = AtomicU64::new(0);
    let open = || {
        let file = files.fetch_add(1, Ordering::SeqCst);
        let (file, clock) = (folder.0.join(format!("{file}")), clock.clone());
        let now = move || UNIX_EPOCH + Duration::from_secs(BEGINNING) + clock.now();
        SqliteGuard::builder(file)
            .danger_clock(now)
            .build()
            .unwrap()
    };
    println!(
        "sqlite: {}",
        suite::vectors(open, Some(&|now| clock.set(now))).unwrap()
    );
    let store = SqliteGuard::open(folder.file()).unwrap();
    suite::races(&store);
    suite::groups(&store);
    let other = SqliteGuard::open(folder.file()).unwrap();
    suite::shared(&store, &other);
    drop((store, other));
    suite::restart(|| SqliteGuard::open(folder.file()));
}

/// A clock that is set back a little lengthens no life and ends nothing early, now or after a restart.
#[test]
fn a_clock_that_is_back_a_little_stands_still() {
    let clock = Clock::new("back");
    let store = clock.open();
    assert_eq!(add(&store, "a", 1, 600), Some(total(1, 600)));
    clock.set(BEGINNING + 100);
    assert_eq!(add(&store, "a", 1, 600), Some(total(2, 500)));
    clock.set(BEGINNING - 20);
    assert_eq!(add(&store, "a", 1, 600), Some(total(3, 500)));
    drop(store);
    let store = clock.open();
    assert_eq!(add(&store, "a", 1, 600), Some(total(4, 500)));
    clock.set(BEGINNING + 600);
    assert_eq!(add(&store, "a", 1, 600), Some(total(1, 600)));
}

/// One run with a clock that is ahead: the file is shut until that time is reached or somebody repairs it, and nothing that was still needed
/// is gone.
#[test]
fn a_clock_that_is_ahead_once_shuts_the_file_and_forgets_nothing() {
    for (ahead, name) in [(3_600, "hour"), (3 * 31_536_000, "years")] {
        let clock = Clock::new(name);
        let store = clock.open();
        assert_eq!(add(&store, "hard", 7, 315_360_000).unwrap().total, 7);
        assert_eq!(add(&store, "used", 1 << 20, 480).unwrap().total, 1 << 20);
        clock.set(BEGINNING + ahead);
        for _ in 0..3 {
            add(&store, "other", 1, 86_400);
        }
        clock.set(BEGINNING + 10);
        for store in [store, clock.open()] {
            let shut = store
                .add(&[Charge::new(named("used"), 1, 5, Duration::from_secs(480))])
                .unwrap();
            assert_eq!(shut.totals, []);
            assert_eq!(shut.now, Some(at(BEGINNING + ahead)));
        }
        let repaired = SqliteGuard::repair_with(&clock);
        assert_eq!(repaired.ahead, Duration::from_secs(ahead - 10));
        assert_eq!(repaired.renewed, 1, "the one that began ahead");
        // Shut for as long as any challenge can live, then open, with all that was kept.
        let store = clock.open();
        clock.set(BEGINNING + 10 + 839);
        assert_eq!(add(&store, "hard", 1, 315_360_000), None);
        clock.set(BEGINNING + 10 + 840);
        assert_eq!(add(&store, "hard", 1, 315_360_000).unwrap().total, 8);
        let other = add(&store, "other", 0, 86_400).unwrap();
        assert!(
            other.total == 3 && other.ends_in <= Duration::from_secs(86_400),
            "{other:?}"
        );
        assert_eq!(SqliteGuard::repair_with(&clock).ahead, Duration::ZERO);
    }
}

trait Repair {
    fn repair_with(clock: &Clock) -> xoxzo_2fa::Repaired;
}

impl Repair for SqliteGuard {
    fn repair_with(clock: &Clock) -> xoxzo_2fa::Repaired {
        let seconds = Arc::clone(&clock.seconds);
        let now = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst));
        let builder = SqliteGuard::builder(clock.folder.file()).danger_clock(now);
        builder.repair().unwrap()
    }
}

/// What has ended goes with the lists that come, as long again as it lived after its end, and what comes to 0 at once.
#[test]
fn the_file_does_not_grow_by_what_has_ended() {
    let clock = Clock::new("sweep");
    let store = clock.open();
    let rows = || number(&clock.folder.file(), "SELECT count(*) FROM counters");
    for at in 0..200 {
        add(&store, &format!("{at}"), 1, 60);
    }
    assert_eq!(rows(), 200);
    clock.set(BEGINNING + 119);
    add(&store, "a", 1, 60);
    assert_eq!(rows(), 201, "ended, and kept for another minute");
    clock.set(BEGINNING + 121);
    for at in 0..20 {
        add(&store, &format!("new {at}"), 1, 60);
    }
    assert_eq!(rows(), 21);
    for at in 0..20 {
        add(&store, &format!("new {at}"), -1, 60);
    }
    assert_eq!(rows(), 1);
}

/// Many lists in one transaction sweep as much as each would in one of its own.
#[test]
fn a_file_does_not_grow_by_what_has_ended_while_many_share_commits() {
    let clock = Clock::new("shared-sweep");
    let store = clock.open();
    let rows = || number(&clock.folder.file(), "SELECT count(*) FROM counters");
    for list in 0..60 {
        let charges = (0..100).map(|at| {
            let name = named(&format!("{list}-{at}"));
            Charge::new(name, 1, 9, Duration::from_secs(60))
        });
        store.add(&charges.collect::<Vec<_>>()).unwrap();
    }
    assert_eq!(rows(), 6_000);
    clock.set(BEGINNING + 121);
    // The first only writes down the time.
    add(&store, "later", 1, 600);
    thread::scope(|scope| {
        for thread in 0..64 {
            let store = &store;
            scope.spawn(move || {
                for _ in 0..10 {
                    add(store, &format!("later-{thread}"), 1, 600);
                }
            });
        }
    });
    assert_eq!(rows(), 65);
}

/// Lists that refuse or only look write nothing.
#[test]
fn a_refused_list_writes_nothing() {
    let folder = Folder::new("looks");
    let store = SqliteGuard::open(folder.file()).unwrap();
    store.add(&[Charge::new(named("a"), 1, 1, LIFE)]).unwrap();
    let before = fs::read(folder.file()).unwrap();
    for _ in 0..100 {
        let looks = [
            Charge::new(named("b"), 0, 5, LIFE),
            Charge::new(named("a"), 1, 1, LIFE),
        ];
        assert_eq!(store.add(&looks).unwrap().len(), 2);
    }
    assert_eq!(fs::read(folder.file()).unwrap(), before);
}

#[test]
fn a_full_file_refuses_and_what_has_ended_makes_room() {
    let clock = Clock::new("full");
    let seconds = Arc::clone(&clock.seconds);
    let now = move || UNIX_EPOCH + Duration::from_secs(seconds.load(Ordering::SeqCst));
    let builder = SqliteGuard::builder(clock.folder.file()).size(128 * 1024);
    let store = builder.danger_clock(now).build().unwrap();
    let charge = |at: u32| {
        let name = named(&at.to_string());
        store.add(&[Charge::new(name, 1, 9, Duration::from_secs(60))])
    };
    let full = (0..100_000).find(|at| charge(*at) == Err(GuardError::Full));
    let full = full.expect("it fills up");
    assert!(full > 500, "{full}");
    assert_eq!(charge(0).unwrap()[0].total, 2, "what is there goes on");
    assert!(fs::metadata(clock.folder.file()).unwrap().len() <= 128 * 1024);
    clock.set(BEGINNING + 61);
    let _its_time_is_written_down = charge(0);
    clock.set(BEGINNING + 122);
    let refused = (0..1_000).filter(|at| charge(1_000_000 + at).is_err());
    assert!(refused.count() < 10);
}

#[test]
fn lists_at_once_share_commits() {
    let folder = Folder::new("commits");
    let store = SqliteGuard::open(folder.file()).unwrap();
    // The file's own counter of transactions.
    let changes = || {
        let bytes = fs::read(folder.file()).unwrap();
        u32::from_be_bytes(bytes[24..28].try_into().unwrap())
    };
    let spend = |threads: u32, each: u32| {
        let before = changes();
        thread::scope(|scope| {
            for thread in 0..threads {
                let store = &store;
                scope.spawn(move || {
                    for _ in 0..each {
                        let charge = Charge::new(named(&thread.to_string()), 1, u32::MAX, LIFE);
                        store.add(&[charge]).unwrap();
                    }
                });
            }
        });
        changes() - before
    };
    let alone = spend(1, 256);
    let together = spend(64, 4);
    // Alone, each of 256 lists is a commit; together, a commit is shared by those that wait.
    assert_eq!(alone, 256);
    assert!(together * 2 < alone, "{together} for 64 threads");
}

/// A process that counts up and says each answer, with the microseconds that it took.
#[test]
#[ignore = "the other process of the tests below"]
fn count_up() {
    let Some(path) = env::var_os("XOXZO_2FA_TEST_FILE") else {
        return;
    };
    let most = env::var("XOXZO_2FA_TEST_COUNTS").map_or(u32::MAX, |most| most.parse().unwrap());
    let store = SqliteGuard::open(path).unwrap();
    for _ in 0..most {
        let began = Instant::now();
        let totals = store
            .add(&[Charge::new(
                named("count"),
                1,
                u32::MAX,
                Duration::from_secs(86_400),
            )])
            .unwrap();
        let took = began.elapsed().as_micros();
        println!("total {} {took}", totals[0].total);
    }
}

fn counting(folder: &Folder, most: Option<u32>) -> Child {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args(["--ignored", "--exact", "--nocapture", "sqlite::count_up"])
        .env("XOXZO_2FA_TEST_FILE", folder.file())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    if let Some(most) = most {
        command.env("XOXZO_2FA_TEST_COUNTS", most.to_string());
    }
    command.spawn().unwrap()
}

/// The total of a line, and what it took.
fn told(line: String) -> Option<(u32, u32)> {
    let (total, took) = line.split_once("total ")?.1.trim().split_once(' ')?;
    Some((total.parse().ok()?, took.parse().ok()?))
}

/// What was answered before a kill -9 is counted after it, a hundred times over.
#[test]
fn no_answered_count_is_lost_to_a_hundred_kills() {
    let folder = Folder::new("kill");
    let mut answered = 0;
    for round in 0..100_u64 {
        let mut child = counting(&folder, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Until it counts; then at some moment within a few commits.
        let first = lines.by_ref().map_while(Result::ok).find_map(told);
        let (first, _) = first.expect("the child counts");
        assert!(
            first > answered,
            "round {round}: {first} after {answered} were answered"
        );
        thread::sleep(Duration::from_micros(137 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let last = lines.map_while(Result::ok).filter_map(told).last();
        answered = last.map_or(first, |(total, _)| total);
    }
    let store = SqliteGuard::open(folder.file()).unwrap();
    let kept = add(&store, "count", 0, 86_400).unwrap().total;
    // The last round may have counted one more than it could say.
    assert!(
        (answered..=answered + 1).contains(&kept),
        "{kept} of {answered}"
    );
    assert!(answered >= 100);
}

/// Two and eight processes at once: each total is answered once.
#[test]
fn processes_count_together() {
    for processes in [2, 8] {
        let folder = Folder::new(&format!("processes-{processes}"));
        let each = 100;
        let mut children: Vec<_> = (0..processes)
            .map(|_| counting(&folder, Some(each)))
            .collect();
        let mut totals = Vec::new();
        let mut took = Vec::new();
        for child in &mut children {
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            for (total, microseconds) in lines.map_while(Result::ok).filter_map(told) {
                totals.push(total);
                took.push(microseconds);
            }
            assert!(child.wait().unwrap().success());
        }
        totals.sort_unstable();
        assert_eq!(totals, (1..=processes * each).collect::<Vec<_>>());
        took.sort_unstable();
        let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
        println!(
            "{processes} processes: p50 {} µs, p99 {} µs",
            at(50),
            at(99)
        );
    }
}

/// Why a file cannot be opened.
fn unfit(file: &Path) -> String {
    match SqliteGuard::open(file) {
        Err(GuardError::Unfit(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_file_of_its_owner_is_opened() {
    let folder = Folder::new("owner");
    let (file, other) = (folder.file(), folder.0.join("other"));
    drop(SqliteGuard::open(&file).unwrap());
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);

    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(unfit(&file).contains("chmod 600"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();

    symlink(&file, &other).unwrap();
    assert!(unfit(&other).contains("link"));

    for mode in [0o777, 0o770] {
        fs::set_permissions(&folder.0, fs::Permissions::from_mode(mode)).unwrap();
        assert!(unfit(&file).contains("chmod go-w"));
    }
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(SqliteGuard::open(&file).is_ok());
}

/// `sudo … unlock` must not shut the service out: file and journal stay the service's.
#[test]
fn root_opens_a_file_and_leaves_it_its_owner() {
    let folder = Folder::new("root");
    let store = SqliteGuard::open(folder.file()).unwrap();
    if chown(folder.file(), Some(1_234), Some(1_234)).is_err() {
        println!("not root: nothing to see");
        return;
    }
    drop(store);
    let journal = folder.0.join("guard.sqlite-journal");
    let _none = fs::remove_file(&journal);
    let store = SqliteGuard::open(folder.file()).unwrap();
    assert_eq!(add(&store, "a", 1, 60).unwrap().total, 1);
    for path in [folder.file(), journal] {
        let status = fs::metadata(path).unwrap();
        assert_eq!((status.uid(), status.mode() & 0o777), (1_234, 0o600));
    }
}

#[test]
fn what_is_no_guards_file_is_refused_and_left_as_it_is() {
    let folder = Folder::new("foreign");
    let write = |bytes: &[u8]| {
        let _none_yet = fs::remove_file(folder.file());
        fs::write(folder.file(), bytes).unwrap();
        fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o600)).unwrap();
    };
    write(&[7; 9_000]);
    assert!(unfit(&folder.file()).contains("not a guard's"));
    assert_eq!(fs::read(folder.file()).unwrap(), [7; 9_000]);

    write(&[]);
    let foreign = rusqlite::Connection::open(folder.file()).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(foreign);
    assert!(unfit(&folder.file()).contains("not a guard's"));

    write(&[]);
    drop(SqliteGuard::open(folder.file()).unwrap());
    let newer = rusqlite::Connection::open(folder.file()).unwrap();
    newer.execute_batch("PRAGMA user_version = 2").unwrap();
    drop(newer);
    assert!(unfit(&folder.file()).contains("another version"));
}

/// Another process has the file and does not let go of it: the list fails in time, and nothing was made.
#[test]
fn a_file_that_stays_busy_is_given_up() {
    let folder = Folder::new("busy");
    let builder = SqliteGuard::builder(folder.file()).timeout(Duration::from_millis(300));
    let store = builder.build().unwrap();
    let other = rusqlite::Connection::open(folder.file()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let began = Instant::now();
    let busy = store.add(&[Charge::new(named("a"), 1, 9, LIFE)]);
    assert!(
        matches!(&busy, Err(GuardError::Unreachable(why)) if why.starts_with("busy")),
        "{busy:?}"
    );
    assert!(began.elapsed() < PATIENCE);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(add(&store, "a", 1, 60).unwrap().total, 1);
}

/// A reader that looks in while a list is committed: the commit waits for it, and is made.
#[test]
fn a_commit_waits_for_readers() {
    let folder = Folder::new("reader");
    let store = SqliteGuard::open(folder.file()).unwrap();
    add(&store, "a", 1, 60);
    let reader = rusqlite::Connection::open(folder.file()).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM counters")
        .unwrap();
    thread::scope(|scope| {
        let list = scope.spawn(|| add(&store, "a", 1, 60).unwrap().total);
        // A commit that waits lets no new reader in.
        let other = rusqlite::Connection::open(folder.file()).unwrap();
        other.busy_timeout(Duration::ZERO).unwrap();
        until("the commit waits", || {
            let read = other.query_row("SELECT count(*) FROM counters", [], |_| Ok(()));
            read.is_err()
        });
        assert!(!list.is_finished());
        reader.execute_batch("COMMIT").unwrap();
        assert_eq!(list.join().unwrap(), 2);
    });
}
