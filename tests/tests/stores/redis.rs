//! Counters in Redis: a real server, killed, restarted, full, evicting and behind TLS.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use xoxzo_2fa::{Charge, Guard, GuardError, RedisBuilder, RedisGuard, suite};
use xoxzo_2fa_tests::redis::{Server, Waited, free_port};
use xoxzo_2fa_tests::{LIFE, PATIENCE, in_redis, named, since_1970, until};

type Store = Arc<dyn Guard>;

type Make = fn(RedisBuilder) -> Result<Store, GuardError>;

/// Every test for both stores.
macro_rules! stores {
    ($($name:ident)*) => {
        mod blocking {
            $(#[test]
            fn $name() {
                super::$name(crate::redis::blocking);
            })*
        }

        mod asynchronous {
            $(#[test]
            fn $name() {
                super::$name(crate::redis::asynchronous);
            })*
        }
    };
}

mod cluster;
mod hostile;
mod sentinel;

stores! {
    the_suite
    a_list_is_one_command_and_a_counter_at_0_is_absent
    a_server_that_may_evict_is_refused
    a_full_server_refuses_and_forgets_nothing
    a_server_killed_in_mid_run_loses_no_answered_count
    a_lost_answer_is_an_error_and_the_list_is_not_made_again
    a_server_that_hangs_is_given_up
    without_a_replica_that_has_it_a_list_is_refused
    tls_is_used_and_the_server_must_prove_its_name
}

fn blocking(builder: RedisBuilder) -> Result<Store, GuardError> {
    Ok(Arc::new(builder.build()?))
}

fn asynchronous(builder: RedisBuilder) -> Result<Store, GuardError> {
    Ok(Arc::new(Waited::new(builder.build_async()?)))
}

/// Stops threads that count, also if the test fails meanwhile.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn the_suite(make: Make) {
    let server = Server::start(&[]);
    let store = make(RedisGuard::builder(server.url())).unwrap();
    println!(
        "redis: {}",
        suite::vectors(|| Arc::clone(&store), None).unwrap()
    );
    suite::races(&store);
    suite::groups(&store);
    let other = make(RedisGuard::builder(server.url())).unwrap();
    suite::shared(&store, &other);
    suite::restart(|| make(RedisGuard::builder(server.url())));
}

fn a_list_is_one_command_and_a_counter_at_0_is_absent(make: Make) {
    let server = Server::start(&[]);
    let store = make(RedisGuard::builder(server.url())).unwrap();
    let list = |amount| {
        [("a", "group"), ("b", "group"), ("c", "other")]
            .map(|(name, group)| Charge::new(named(name), amount, 9, LIFE).in_group(named(group)))
    };
    let names = list(0).map(|charge| in_redis(charge.counter, charge.group));
    let exist = || server.ask(&["exists", &names[0], &names[1], &names[2]]);
    let made = store.add(&list(2)).unwrap();
    assert_eq!(exist().trim(), "3");
    let time = server.ask(&["time"]);
    let time: u32 = time.lines().next().unwrap().parse().unwrap();
    assert!(
        since_1970(made.now.unwrap()).abs_diff(time) <= 5,
        "{made:?}, {time}"
    );
    for _ in 0..3 {
        store.add(&list(0)).unwrap();
    }
    store.add(&list(-2)).unwrap();
    assert_eq!(exist().trim(), "0");
    let commands = server.ask(&["info", "commandstats"]);
    // The first time, the server did not know the script.
    for calls in ["cmdstat_evalsha:calls=5,", "cmdstat_eval:calls=1,"] {
        assert!(commands.contains(calls), "{commands}");
    }
    // Two lists that are not made leave nothing behind either.
    store.add(&list(0)).unwrap();
    store.add(&list(-1)).unwrap();
    assert_eq!(exist().trim(), "0");
}

/// A process of its own: so do two machines count together.
#[test]
#[ignore = "the other process of the test below"]
fn count_a_hundred() {
    let Ok(url) = env::var("XOXZO_2FA_TEST_REDIS") else {
        return;
    };
    let store = RedisGuard::open(url).unwrap();
    for _ in 0..100 {
        let made = store
            .add(&[Charge::new(named("two"), 1, 150, LIFE)])
            .unwrap()[0];
        println!("total {}", made.total);
    }
}

#[test]
fn two_processes_share_one_limit() {
    let server = Server::start(&[]);
    let child = || {
        Command::new(env::current_exe().unwrap())
            .args([
                "--ignored",
                "--exact",
                "--nocapture",
                "redis::count_a_hundred",
            ])
            .env("XOXZO_2FA_TEST_REDIS", server.url())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut totals: Vec<u32> = [child(), child()]
        .into_iter()
        .flat_map(|mut child: Child| {
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let totals: Vec<u32> = lines
                .map_while(Result::ok)
                .filter_map(|line| line.split_once("total ")?.1.trim().parse().ok())
                .collect();
            child.wait().unwrap();
            totals
        })
        .collect();
    totals.sort_unstable();
    let expected: Vec<u32> = (1..=150).chain([151; 50]).collect();
    assert_eq!(totals, expected, "each total once, and then only refusals");
}

fn a_server_that_may_evict_is_refused(make: Make) {
    let server = Server::start(&["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
    let store = make(RedisGuard::builder(server.url())).unwrap();
    assert!(matches!(store.check(), Err(GuardError::Unfit(why)) if why.contains("allkeys-lru")));
    let store = make(RedisGuard::builder(server.url()).danger_may_evict()).unwrap();
    assert_eq!(store.check(), Ok(()));
}

fn a_full_server_refuses_and_forgets_nothing(make: Make) {
    let server = Server::start(&["--maxmemory", "3mb", "--maxmemory-policy", "noeviction"]);
    let store = make(RedisGuard::builder(server.url())).unwrap();
    let name = |at: u32| named(&at.to_string());
    let charge = |at| store.add(&[Charge::new(name(at), 1, 9, LIFE)]);
    let full = (0..200_000)
        .find(|at| charge(*at) == Err(GuardError::Full))
        .expect("it fills up");
    assert!(full > 100);
    for at in [0, full / 2, full - 1] {
        let kept = server.ask(&["get", &in_redis(name(at), name(at))]);
        assert_eq!(kept.trim(), "1");
    }
}

/// A server that is killed and started again while threads count: no answered count is lost, none is made twice, and each thread
/// goes on when it is back.
fn a_server_killed_in_mid_run_loses_no_answered_count(make: Make) {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    let store =
        make(RedisGuard::builder(server.url()).timeout(Duration::from_millis(500))).unwrap();
    let (stop, answered, failed) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        for _ in 0..8 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    match store.add(&[Charge::new(named("killed"), 1, u32::MAX, LIFE)]) {
                        Ok(_) => answered.fetch_add(1, Ordering::SeqCst),
                        Err(_) => {
                            thread::sleep(Duration::from_millis(5));
                            failed.fetch_add(1, Ordering::SeqCst)
                        }
                    };
                }
            });
        }
        let more = || {
            let before = answered.load(Ordering::SeqCst);
            until("it goes on", || {
                answered.load(Ordering::SeqCst) > before + 100
            });
        };
        for _ in 0..3 {
            more();
            server.kill();
            let before = failed.load(Ordering::SeqCst);
            until("lists fail", || failed.load(Ordering::SeqCst) > before);
            server.restart();
            more();
        }
    });
    let total = store
        .add(&[Charge::new(named("killed"), 0, u32::MAX, LIFE)])
        .unwrap()[0]
        .total;
    let (answered, failed) = (answered.into_inner(), failed.into_inner());
    // What was lost may have been counted: at most one for each failure.
    assert!(
        failed > 0 && (answered..=answered + failed).contains(&total),
        "{total}: {answered} answered, {failed} failed"
    );
}

/// An answer that is lost: the list is made once, and not again.
fn a_lost_answer_is_an_error_and_the_list_is_not_made_again(make: Make) {
    let server = Server::start(&[]);
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", relay.local_addr().unwrap());
    let port = server.port();
    // Passes everything on, and nothing back once the charge is seen.
    thread::spawn(move || {
        for client in relay.incoming() {
            let client = client.unwrap();
            let upstream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut from, &mut to));
            thread::spawn(move || {
                let (mut from, mut to) = (upstream, client);
                let mut buffer = [0; 4096];
                while let Ok(read) = std::io::Read::read(&mut from, &mut buffer) {
                    // The answer to the script is an array of numbers; what comes before is passed on.
                    if read == 0 || buffer.starts_with(b"*3\r\n:") {
                        let _closed = to.shutdown(std::net::Shutdown::Both);
                        break;
                    }
                    std::io::Write::write_all(&mut to, &buffer[..read]).unwrap();
                }
            });
        }
    });
    // It ends with its connection, however long the machine takes.
    let relayed = make(RedisGuard::builder(url).timeout(PATIENCE)).unwrap();
    let lost = relayed.add(&[Charge::new(named("lost"), 1, 9, LIFE)]);
    assert!(matches!(lost, Err(GuardError::Unreachable(_))), "{lost:?}");
    // What it would make again comes before its next list.
    let next = relayed.add(&[Charge::new(named("next"), 1, 9, LIFE)]);
    assert!(matches!(next, Err(GuardError::Unreachable(_))), "{next:?}");
    let direct = make(RedisGuard::builder(server.url())).unwrap();
    assert_eq!(
        direct
            .add(&[Charge::new(named("lost"), 0, 9, LIFE)])
            .unwrap()[0]
            .total,
        1
    );
}

fn a_server_that_hangs_is_given_up(make: Make) {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", deaf.local_addr().unwrap());
    let store = make(RedisGuard::builder(url).timeout(Duration::from_millis(300))).unwrap();
    let began = Instant::now();
    assert!(matches!(
        store.add(&[Charge::new(named("a"), 1, 9, LIFE)]),
        Err(GuardError::Unreachable(_))
    ));
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    let nobody = make(RedisGuard::builder("redis://127.0.0.1:1")).unwrap();
    assert!(matches!(nobody.check(), Err(GuardError::Unreachable(_))));
    assert!(make(RedisGuard::builder("http://127.0.0.1")).is_err());
}

fn without_a_replica_that_has_it_a_list_is_refused(make: Make) {
    let server = Server::start(&[]);
    let builder = RedisGuard::builder(server.url()).replicas(1);
    let store = make(builder.timeout(Duration::from_millis(300))).unwrap();
    let alone = store.add(&[Charge::new(named("a"), 1, 9, LIFE)]);
    assert!(
        matches!(alone, Err(GuardError::Unreachable(why)) if why.starts_with("replicas: 0 have it"))
    );
    let port = server.port().to_string();
    let _replica = Server::start(&["--replicaof", "127.0.0.1", &port]);
    until("the replica has it", || {
        store
            .add(&[Charge::new(named("b"), 1, u32::MAX, LIFE)])
            .is_ok()
    });
    let store = make(RedisGuard::builder(server.url()).replicas(1)).unwrap();
    suite::vectors(|| Arc::clone(&store), None).unwrap();
}

fn tls_is_used_and_the_server_must_prove_its_name(make: Make) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let folder = env::temp_dir().join(format!("xoxzo-2fa-tls-{}", free_port()));
    fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let port = free_port().to_string();
    let text = |path: &PathBuf| path.to_str().unwrap().to_string();
    let arguments = [
        "--tls-port",
        &port,
        "--tls-cert-file",
        &text(&certificate),
        "--tls-key-file",
        &text(&key),
        "--tls-ca-cert-file",
        &text(&certificate),
        "--tls-auth-clients",
        "no",
    ];
    let _server = Server::start(&arguments);
    let url = format!("rediss://localhost:{port}");
    let trusted = make(RedisGuard::builder(&url).root_certificate(own.cert.pem())).unwrap();
    assert_eq!(trusted.check(), Ok(()));
    let stranger = make(RedisGuard::builder(&url)).unwrap();
    assert!(matches!(stranger.check(), Err(GuardError::Unreachable(_))));
    fs::remove_dir_all(folder).unwrap();
}
