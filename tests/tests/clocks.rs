//! A clock that is wrong once, by an hour and by three years, on each store: nothing is accepted twice, and nothing stays shut.

use std::env;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use xoxzo_2fa::{Guard, MemoryGuard, RedisGuard, SqliteGuard};
use xoxzo_2fa_core::{Claimed, Code, Failure, Prepared};
use xoxzo_2fa_tests::envoy::Data;
use xoxzo_2fa_tests::redis::Server;
use xoxzo_2fa_tests::walk::Walk;
use xoxzo_2fa_tests::{LOGIN, document, prepared};

const HOUR: u64 = 3_600;
const YEARS: u64 = 3 * 31_536_000;

/// The time of a machine: what has passed, which nobody can set, and how far ahead its clock on the wall is.
#[derive(Clone)]
struct Machine {
    began: u64,
    passed: Arc<AtomicU64>,
    ahead: Arc<AtomicU64>,
}

impl Machine {
    fn new() -> Self {
        // The present, since a Redis server knows no other.
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            began: began.as_secs(),
            passed: Arc::default(),
            ahead: Arc::default(),
        }
    }

    fn passed(&self) -> Duration {
        Duration::from_secs(self.passed.load(Ordering::SeqCst))
    }

    fn wall(&self) -> u64 {
        self.began + self.passed().as_secs() + self.ahead.load(Ordering::SeqCst)
    }
}

/// A machine with a store.
struct Place {
    machine: Machine,
    settings: Prepared,
    store: Store,
}

enum Store {
    Memory(MemoryGuard),
    Envoy(Data),
    /// By the clock of its machine, in a file of this path.
    Sqlite(SqliteGuard, std::path::PathBuf),
    /// By a clock of its own, which is right.
    Redis(
        RedisGuard,
        #[expect(dead_code, reason = "it ends when it is dropped")] Server,
    ),
}

impl Place {
    fn new(store: impl FnOnce(&Machine) -> Store) -> Self {
        let machine = Machine::new();
        Self {
            store: store(&machine),
            machine,
            settings: prepared(&document()),
        }
    }

    fn memory() -> Self {
        Self::new(|machine| {
            let clock = machine.clone();
            let clock = move |_: Instant| clock.passed();
            Store::Memory(MemoryGuard::danger_with_clock(1_000, clock))
        })
    }

    fn envoy() -> Self {
        Self::new(|_| Store::Envoy(Data::default()))
    }

    fn sqlite(name: &str) -> Self {
        let folder =
            env::temp_dir().join(format!("xoxzo-2fa-clocks-{name}-{}", std::process::id()));
        let _none_yet = fs::remove_dir_all(&folder);
        Self::new(|machine| {
            let file = folder.join("guard.sqlite");
            let guard = SqliteGuard::builder(&file).danger_clock(clock(machine));
            Store::Sqlite(guard.build().unwrap(), file)
        })
    }

    fn redis() -> Self {
        let server = Server::start(&[]);
        Self::new(|_| Store::Redis(RedisGuard::open(server.url()).unwrap(), server))
    }

    fn guard(&self) -> &dyn Guard {
        match &self.store {
            Store::Memory(guard) => guard,
            Store::Envoy(guard) => guard,
            Store::Sqlite(guard, _) => guard,
            Store::Redis(guard, _) => guard,
        }
    }

    fn pass(&self, seconds: u64) {
        self.machine.passed.fetch_add(seconds, Ordering::SeqCst);
        if let Store::Envoy(data) = &self.store {
            data.passed.fetch_add(seconds * 1_000, Ordering::SeqCst);
        }
    }

    fn set_ahead(&self, seconds: u64) {
        self.machine.ahead.store(seconds, Ordering::SeqCst);
    }

    fn repair(&self) {
        let Store::Sqlite(_, file) = &self.store else {
            panic!("only files are repaired")
        };
        let builder = SqliteGuard::builder(file).danger_clock(clock(&self.machine));
        assert!(builder.repair().unwrap().ahead > Duration::from_secs(120));
    }

    fn walk(&self) -> Walk<'_, dyn Guard + '_> {
        Walk {
            guard: self.guard(),
            settings: &self.settings,
            now: u32::try_from(self.machine.wall()).unwrap(),
            compares_clocks: true,
        }
    }

    fn start(&self, user: &User) -> Result<Challenge, Code> {
        let started = self.walk().start(user.login()).map_err(code);
        started.map(|(token, pin)| Challenge {
            user: user.clone(),
            token,
            pin,
        })
    }

    fn verify(&self, challenge: &Challenge) -> Result<(), Code> {
        let Challenge { user, token, pin } = challenge;
        let verified = self.walk().verify(token, user.login(), pin);
        verified.map(|_| ()).map_err(code)
    }

    /// Accepts a login, and refuses it at once when it comes again.
    fn log_in(&self, user: u32) -> Challenge {
        let challenge = self.start(&User::new(user)).unwrap();
        assert_eq!(self.verify(&challenge), Ok(()));
        assert_eq!(self.verify(&challenge), Err(Code::Used));
        challenge
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Store::Sqlite(_, file) = &self.store {
            let _best_effort = file.parent().map(fs::remove_dir_all);
        }
    }
}

fn clock(machine: &Machine) -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let machine = machine.clone();
    move || UNIX_EPOCH + Duration::from_secs(machine.wall())
}

#[derive(Clone)]
struct User {
    recipient: String,
    subject: String,
}

impl User {
    fn new(number: u32) -> Self {
        Self {
            recipient: format!("+8190{number:08}"),
            subject: format!("user-{number}"),
        }
    }

    fn login(&self) -> Claimed<'_> {
        Claimed {
            recipient: &self.recipient,
            subject: &self.subject,
            ..LOGIN
        }
    }
}

struct Challenge {
    user: User,
    token: String,
    pin: String,
}

fn code(failure: Failure) -> Code {
    failure.code
}

/// A host's clock on a store that measures lives by a clock nobody can set, or by one of its own: nothing ends early, and nothing is shut when
/// the clock is right again.
#[test]
fn a_host_that_is_ahead_once_ends_nothing() {
    let places = [Place::memory, Place::envoy, Place::redis];
    for (ahead, place) in [HOUR, YEARS]
        .into_iter()
        .flat_map(|it| places.map(|place| (it, place)))
    {
        let place = place();
        let used = place.log_in(0);
        let begun = place.start(&User::new(1)).unwrap();

        place.set_ahead(ahead);
        assert_eq!(place.verify(&used), Err(Code::Expired));
        match &place.store {
            // A server's clock is compared with the host's.
            Store::Redis(..) => {
                assert_eq!(place.start(&User::new(2)).err(), Some(Code::Clock));
            }
            // Nothing tells that the time is wrong.
            _ => {
                place.log_in(2);
            }
        }

        place.set_ahead(0);
        assert_eq!(place.verify(&used), Err(Code::Used));
        assert_eq!(place.verify(&begun), Ok(()));
        assert_eq!(place.verify(&begun), Err(Code::Used));
        place.log_in(3);
        // What was not sent under the wrong clock, or was accepted, leaves no cooldown.
        place.log_in(2);
    }
}

/// A file goes by the clock of its machine: it is shut until the time comes that it was used at.
#[test]
fn a_file_from_an_hour_ahead_opens_by_itself() {
    let place = Place::sqlite("hour");
    let used = place.log_in(0);
    place.set_ahead(HOUR);
    assert_eq!(place.verify(&used), Err(Code::Expired));
    let early = place.log_in(1);

    place.set_ahead(0);
    for wait in [0, 10, HOUR - 131] {
        place.pass(wait);
        assert_eq!(place.start(&User::new(2)).err(), Some(Code::Clock));
    }
    place.pass(1);
    place.log_in(2);
    // The time of what was accepted under the wrong clock comes again.
    place.pass(120);
    assert_eq!(place.verify(&early), Err(Code::Used));
    place.pass(100);
    assert_eq!(place.verify(&early), Err(Code::Used));
    assert_eq!(place.verify(&used), Err(Code::Expired));
}

/// Repaired, it opens as soon as no challenge from before is valid any more.
#[test]
fn a_file_from_ahead_is_repaired_and_opens_after_a_while() {
    for (ahead, name) in [(HOUR, "repaired-hour"), (YEARS, "repaired-years")] {
        let place = Place::sqlite(name);
        let used = place.log_in(0);
        let begun = place.start(&User::new(1)).unwrap();
        place.set_ahead(ahead);
        assert_eq!(place.verify(&used), Err(Code::Expired));
        let early = place.log_in(2);

        place.set_ahead(0);
        assert_eq!(place.verify(&used), Err(Code::Clock));
        assert_eq!(place.verify(&begun), Err(Code::Clock));
        place.repair();
        for wait in [0, 299, 540] {
            place.pass(wait);
            assert!(place.verify(&used).is_err());
            assert_eq!(place.start(&User::new(3)).err(), Some(Code::Clock));
        }
        place.pass(1);
        assert_eq!(place.verify(&used), Err(Code::Expired));
        assert_eq!(place.verify(&begun), Err(Code::Expired));
        place.log_in(3);
        place.log_in(0);

        // The time of what was accepted under the wrong clock comes again.
        place.pass(ahead - 840);
        for wait in [0, 100, 199] {
            place.pass(wait);
            assert_eq!(place.verify(&early), Err(Code::Used));
        }
        place.pass(1);
        assert_eq!(place.verify(&early), Err(Code::Expired));
        place.log_in(2);
    }
}
