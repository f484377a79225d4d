//! Counters in Redis under sentinels, whose master dies or hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use xoxzo_2fa::{Charge, Guard, GuardError, RedisGuard, suite};
use xoxzo_2fa_tests::redis::{Server, Watched};
use xoxzo_2fa_tests::until;
use xoxzo_2fa_tests::{LIFE, in_redis, named};

use super::{Make, Stop, Store};

stores! {
    sentinels_name_the_master
    a_master_that_dies_is_replaced_and_nothing_answered_is_lost
    a_master_that_hangs_is_replaced_and_nothing_answered_is_lost
}

fn sentinels_name_the_master(make: Make) {
    let watched = Watched::start(1, Some("secret"));
    let open = |user: &str, service: &str| {
        make(RedisGuard::sentinel(watched.urls(user), service)).unwrap()
    };
    let store = open("default:secret@", "counters");
    println!(
        "sentinel: {}",
        suite::vectors(|| Arc::clone(&store), None).unwrap()
    );
    suite::groups(&store);
    let nobody = |store: Store, why: &str| {
        assert_eq!(store.check(), Err(GuardError::Unreachable(why.to_string())));
    };
    nobody(
        open("default:secret@", "others"),
        "sentinel: none knows the master",
    );
    nobody(
        open("default:wrong@", "counters"),
        "auth: the server does not take the credentials",
    );
}

fn a_master_that_dies_is_replaced_and_nothing_answered_is_lost(make: Make) {
    replaced(make, Server::kill);
}

fn a_master_that_hangs_is_replaced_and_nothing_answered_is_lost(make: Make) {
    replaced(make, |master| master.hang());
}

/// Ends the master while threads count. Each answered count is at a replica, and one of these is the next master.
fn replaced(make: Make, end: fn(&mut Server)) {
    let mut watched = Watched::start(2, None);
    let builder = RedisGuard::sentinel(watched.urls(""), "counters").replicas(1);
    let store = make(builder.timeout(Duration::from_millis(500))).unwrap();
    let (stop, answered, failed) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
    let more = || {
        let before = answered.load(Ordering::SeqCst);
        until("it goes on", || {
            answered.load(Ordering::SeqCst) > before + 100
        });
    };
    let before = watched.servers[0].port();
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        for _ in 0..4 {
            scope.spawn(|| {
                while !stop.load(Ordering::SeqCst) {
                    match store.add(&[Charge::new(named("a"), 1, u32::MAX, LIFE)]) {
                        Ok(_) => answered.fetch_add(1, Ordering::SeqCst),
                        Err(_) => {
                            thread::sleep(Duration::from_millis(5));
                            failed.fetch_add(1, Ordering::SeqCst)
                        }
                    };
                }
            });
        }
        more();
        end(&mut watched.servers[0]);
        until("there is another master", || {
            watched.master().is_some_and(|port| port != before)
        });
        more();
    });
    let total = store
        .add(&[Charge::new(named("a"), 0, u32::MAX, LIFE)])
        .unwrap()[0]
        .total;
    let (answered, failed) = (answered.into_inner(), failed.into_inner());
    // What was lost may have been counted: at most one for each failure.
    assert!(
        failed > 0 && (answered..=answered + failed).contains(&total),
        "{total}: {answered} answered, {failed} failed"
    );
    let next = watched.master().unwrap();
    let next = watched.servers.iter().find(|server| server.port() == next);
    let kept = next
        .unwrap()
        .ask(&["get", &in_redis(named("a"), named("a"))]);
    assert_eq!(kept.trim(), total.to_string());
}
