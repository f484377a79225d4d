//! Children that are forked off a process with busy threads, as prefork servers make them: memory refuses, shared stores count exactly, and
//! nothing hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use xoxzo_2fa::{
    Binding, Charge, Code, Error, Guard, GuardError, MemoryGuard, Pin, RedisGuard, SqliteGuard,
    Token, TwoFactor,
};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::child::Child;
use xoxzo_2fa_tests::redis::Server;
use xoxzo_2fa_tests::{LIFE, PATIENCE, key, named, other_than, pin_in, sandboxed, until};

/// Runs `work` on four threads while `meanwhile` goes on, which gets the count of what they did.
fn busy<T>(work: impl Fn(usize) + Sync, meanwhile: impl FnOnce(&AtomicUsize) -> T) -> T {
    let (stop, worked) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        for at in 0..4 {
            let (work, stop, worked) = (&work, &stop, &worked);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    work(at);
                    worked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let result = meanwhile(&worked);
        stop.store(true, Ordering::Relaxed);
        result
    })
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = env::temp_dir().join(format!("xoxzo-2fa-fork-{name}-{}", process::id()));
    let _none_yet = fs::remove_dir_all(&folder);
    folder
}

fn one(name: &str) -> Charge {
    Charge::new(named(name), 1, u32::MAX, LIFE)
}

/// Forty children of a parent whose threads are in the store: each counts once, and none hangs.
fn forty_children_count(store: &(impl Guard + ?Sized)) {
    let children: Vec<Child> = busy(
        |at| drop(store.add(&[one(&format!("busy-{at}"))]).unwrap()),
        |worked| {
            let child = || {
                let before = worked.load(Ordering::Relaxed);
                until("the threads go on", || {
                    worked.load(Ordering::Relaxed) > before
                });
                Child::fork(|| i32::from(store.add(&[one("forty")]).is_err()))
            };
            (0..40).map(|_| child()).collect()
        },
    );
    for child in children {
        assert_eq!(child.wait(), 0);
    }
    let total = store.add(&[Charge::new(named("forty"), 0, u32::MAX, LIFE)]);
    assert_eq!(total.unwrap()[0].total, 40);
}

#[test]
fn children_of_busy_threads_count_in_sqlite() {
    let folder = folder("sqlite");
    let store = SqliteGuard::builder(folder.join("guard.sqlite")).timeout(PATIENCE);
    forty_children_count(&store.build().unwrap());
    fs::remove_dir_all(folder).unwrap();
}

/// SQLite takes locks of the whole process when it opens or closes a file, which a child must not inherit.
#[test]
fn children_of_threads_that_open_and_close_stores_count() {
    let folder = folder("closing");
    let store = |name: String| {
        let builder = SqliteGuard::builder(folder.join(name)).timeout(PATIENCE);
        builder.build().unwrap()
    };
    let children: Vec<Child> = busy(
        |at| drop(store(format!("busy-{at}.sqlite"))),
        |opened| {
            let child = || {
                let before = opened.load(Ordering::Relaxed);
                until("the threads go on", || {
                    opened.load(Ordering::Relaxed) > before
                });
                Child::fork(|| {
                    i32::from(store("forked.sqlite".to_string()).add(&[one("a")]).is_err())
                })
            };
            (0..100).map(|_| child()).collect()
        },
    );
    for child in children {
        assert_eq!(child.wait(), 0);
    }
    let total =
        store("forked.sqlite".to_string()).add(&[Charge::new(named("a"), 0, u32::MAX, LIFE)]);
    assert_eq!(total.unwrap()[0].total, 100);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn children_of_busy_threads_count_in_redis() {
    let server = Server::start(&[]);
    forty_children_count(&RedisGuard::open(server.url()).unwrap());
}

#[test]
fn memory_refuses_in_a_child() {
    let store = MemoryGuard::default();
    store.add(&[one("a")]).unwrap();
    let child = Child::fork(|| match store.add(&[one("a")]) {
        Err(GuardError::Unreachable(why)) if why.starts_with("forked") => 0,
        _ => 1,
    });
    assert_eq!(child.wait(), 0);
    assert_eq!(store.add(&[one("a")]).unwrap()[0].total, 2);
}

/// A service that forks after it has begun: its threads are busy with guesses while children are made.
struct Service {
    _sandbox: Sandbox,
    host: TwoFactor,
    login: Binding,
    token: Token,
    pin: String,
}

impl Service {
    fn new(guard: impl Guard + 'static) -> Self {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token()).key(key(1));
        let host = TwoFactor::new(settings.build(), guard).unwrap();
        let login = Binding::new("+819012345678", "user-1", "login");
        let token = host.start(&login).unwrap().token;
        let body = sandbox.inbox(None).pop().unwrap().body;
        Self {
            pin: pin_in(&body, 6).unwrap(),
            _sandbox: sandbox,
            host,
            login,
            token,
        }
    }

    /// The ends of four children that do the same, forked off while other threads are in the engine.
    fn children(&self, work: impl Fn(&Self) -> i32) -> Vec<i32> {
        let idle = Binding::new("+819012345679", "user-2", "login");
        let guess = |_| drop(self.host.verify(&self.token, &idle, &Pin::new("123456")));
        let children: Vec<Child> = busy(guess, |_| {
            (0..4).map(|_| Child::fork(|| work(self))).collect()
        });
        children.into_iter().map(Child::wait).collect()
    }

    fn code(&self, pin: &str) -> Option<Code> {
        let guess = self.host.verify(&self.token, &self.login, &Pin::new(pin));
        guess.err().as_ref().map(Error::code)
    }

    /// Right guesses in four children: one is accepted.
    fn is_accepted_once(&self) {
        let right = self.children(|service| match service.code(&service.pin) {
            None => 10,
            Some(Code::Used) => 11,
            _ => 12,
        });
        let accepted = right.iter().filter(|code| **code == 10).count();
        let used = right.iter().filter(|code| **code == 11).count();
        assert_eq!((accepted, used), (1, 3), "{right:?}");
    }

    /// Wrong guesses in four children, ten in each: five are compared.
    fn is_compared_five_times(&self) {
        let wrong = self.children(|service| {
            let wrong = other_than(&service.pin);
            let compared = (0..10).filter(|_| service.code(wrong) == Some(Code::WrongPin));
            i32::try_from(compared.count()).unwrap()
        });
        assert_eq!(wrong.iter().sum::<i32>(), 5, "{wrong:?}");
    }
}

#[test]
fn forked_services_share_sqlite() {
    let folder = folder("service");
    let open = || SqliteGuard::open(folder.join("guard.sqlite")).unwrap();
    Service::new(open()).is_accepted_once();
    fs::remove_dir_all(&folder).unwrap();
    Service::new(open()).is_compared_five_times();
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn forked_services_share_redis() {
    let server = Server::start(&[]);
    let open = || RedisGuard::open(server.url()).unwrap();
    Service::new(open()).is_accepted_once();
    assert_eq!(server.ask(&["flushall"]).trim(), "OK");
    Service::new(open()).is_compared_five_times();
}

#[test]
fn a_forked_service_with_memory_lets_nobody_in() {
    let service = Service::new(Arc::new(MemoryGuard::default()));
    let refused = service.children(|service| {
        let guess = service
            .host
            .verify(&service.token, &service.login, &Pin::new(&service.pin));
        match guess {
            Err(error) if error.code() == Code::Guard => 0,
            _ => 1,
        }
    });
    assert_eq!(refused, [0; 4]);
    assert_eq!(service.code(&service.pin), None, "the parent goes on");
}

/// A component that runs for ever is stopped in a child too, by the child's own ticker.
#[test]
fn an_endless_guest_is_stopped_in_a_child() {
    const HOSTILE: &[u8] = include_bytes!("../guests/hostile.wasm");
    let settings = sandboxed("http://127.0.0.1:9", "sid-canary", "auth-canary").key(key(1));
    let builder = TwoFactor::builder(settings.build(), MemoryGuard::default());
    let host = builder
        .component(HOSTILE)
        .deadline(Duration::from_millis(200));
    let host = host.build().unwrap();
    let child = Child::fork(|| {
        let began = Instant::now();
        let endless = host.start(&Binding::new("+819012345678", "loop", "login"));
        let code = endless.err().as_ref().map(Error::code);
        let stopped = code == Some(Code::Plugin) && began.elapsed() < PATIENCE;
        i32::from(!stopped)
    });
    assert_eq!(child.wait(), 0);
}
