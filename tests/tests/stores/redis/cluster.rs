//! Counters in a Redis cluster: over all of its servers, while slots move, and with replicas.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use xoxzo_2fa::{Charge, Guard, GuardError, GuardName, RedisGuard, suite};
use xoxzo_2fa_tests::redis::{Cluster, Server};
use xoxzo_2fa_tests::until;
use xoxzo_2fa_tests::{LIFE, in_redis, named};

use super::{Make, Stop};

stores! {
    a_cluster_counts_like_one_server
    counters_are_spread_and_have_the_same_names
    a_slot_that_moves_loses_and_doubles_nothing
    each_run_waits_for_the_replicas_of_its_own_server
    a_server_that_is_replaced_goes_on
}

fn a_cluster_counts_like_one_server(make: Make) {
    let cluster = Cluster::start(3, 0);
    let store = make(RedisGuard::cluster(cluster.urls())).unwrap();
    println!(
        "cluster: {}",
        suite::vectors(|| Arc::clone(&store), None).unwrap()
    );
    suite::races(&store);
    suite::groups(&store);
    let other = make(RedisGuard::cluster(&cluster.urls()[1..2])).unwrap();
    suite::shared(&store, &other);
    suite::restart(|| make(RedisGuard::cluster(cluster.urls())));
    cluster.masters[2].ask(&["config", "set", "maxmemory", "100mb"]);
    cluster.masters[2].ask(&["config", "set", "maxmemory-policy", "allkeys-lru"]);
    assert!(
        matches!(store.check(), Err(GuardError::Unfit(why)) if why.contains("allkeys-lru")),
        "each server is asked"
    );
}

/// The charges of a start, as the engine groups them.
fn start(user: u32) -> Vec<Charge> {
    let charge = |group: &str, name: &str| {
        let counter = named(&format!("{group}{name}"));
        Charge::new(counter, 1, u32::MAX, LIFE).in_group(named(group))
    };
    let (subject, number, range) = (
        format!("subject{user}"),
        format!("number{user}"),
        format!("range{}", user % 7),
    );
    vec![
        charge(&subject, "soft"),
        charge(&subject, "hard"),
        charge(&number, "wait"),
        charge(&number, "sends"),
        charge(&range, "sends"),
        charge("audience", "sends"),
    ]
}

fn counters(server: &Server) -> BTreeSet<String> {
    let told = server.ask(&["keys", "2fa.*"]);
    told.lines().map(str::to_string).collect()
}

fn counters_are_spread_and_have_the_same_names(make: Make) {
    const USERS: u32 = 40;
    let (cluster, single) = (Cluster::start(3, 0), Server::start(&[]));
    let store = make(RedisGuard::cluster(cluster.urls())).unwrap();
    let one = make(RedisGuard::builder(single.url())).unwrap();
    for user in 0..USERS {
        let (made, alone) = (
            store.add(&start(user)).unwrap(),
            one.add(&start(user)).unwrap(),
        );
        assert_eq!(made.totals, alone.totals);
        assert_eq!(made[5].total, user + 1, "the audience's counter is one");
    }
    let sizes = cluster.masters.iter().map(|master| {
        let size: u32 = master.ask(&["dbsize"]).trim().parse().unwrap();
        assert!(size > 0, "a server has nothing");
        size
    });
    assert_eq!(sizes.sum::<u32>(), 4 * USERS + 7 + 1);
    let spread: BTreeSet<String> = cluster.masters.iter().flat_map(counters).collect();
    assert_eq!(spread, counters(&single));
    // A refusal ends the list, also before runs of other servers.
    let mut refused = start(0);
    refused[1].limit = 1;
    assert_eq!(store.add(&refused).unwrap().len(), 2);
    assert_eq!(store.add(&start(0)).unwrap()[5].total, USERS + 1);
}

/// A slot that goes to and fro under counting threads. Nothing is lost on the way, so an error proves that nothing was made, and what was
/// answered is exactly what is there.
fn a_slot_that_moves_loses_and_doubles_nothing(make: Make) {
    let cluster = Cluster::start(3, 0);
    let store = make(RedisGuard::cluster(cluster.urls())).unwrap();
    let slot = cluster.slot(&named("moving").to_string());
    let (home, away) = (cluster.master_of(slot), (cluster.master_of(slot) + 1) % 3);
    let group = named("moving");
    let charge = |name: &str| Charge::new(named(name), 1, u32::MAX, LIFE).in_group(group);
    let stop = AtomicBool::new(false);
    let [one, new, pairs, failed] = [(); 4].map(|()| AtomicU32::new(0));
    let count = |list: &[Charge], answered: &AtomicU32| match store.add(list) {
        Ok(totals) => {
            assert_eq!(totals.len(), list.len());
            answered.fetch_add(1, Ordering::SeqCst)
        }
        Err(GuardError::Unreachable(_)) => failed.fetch_add(1, Ordering::SeqCst),
        Err(other) => panic!("{other}"),
    };
    let running = || !stop.load(Ordering::SeqCst);
    let more = |answered: &AtomicU32| {
        let before = answered.load(Ordering::SeqCst);
        until("it goes on", || {
            answered.load(Ordering::SeqCst) > before + 20
        });
    };
    thread::scope(|scope| {
        let _stop = Stop(&stop);
        for thread in 0..2 {
            let (count, charge, running) = (&count, &charge, &running);
            let (one, new) = (&one, &new);
            scope.spawn(move || {
                while running() {
                    count(&[charge("one")], one);
                }
            });
            scope.spawn(move || {
                for at in (0..).take_while(|_| running()) {
                    count(&[charge(&format!("new{thread}.{at}"))], new);
                }
            });
        }
        scope.spawn(|| {
            while running() {
                count(&[charge("pair1"), charge("pair2")], &pairs);
            }
        });
        for (from, to) in [(home, away), (away, home)].repeat(3) {
            more(&one);
            cluster.begin_to_move(slot, from, to);
            // New counters already begin at the other server.
            more(&new);
            cluster.move_some(slot, from, to, 5);
            more(&one);
            while cluster.move_some(slot, from, to, 1_000) > 0 {}
            more(&new);
            cluster.end_move(slot, from, to);
            more(&pairs);
        }
    });
    let told = |kind: &str| {
        let name = format!("errorstat_{kind}");
        let servers = cluster.masters.iter();
        servers.map(|it| it.info("errorstats", &name)).sum::<f64>()
    };
    assert!(
        told("ASK") > 0.0 && told("MOVED") > 0.0,
        "the servers sent runs on"
    );
    let total = |name: &str| {
        let look = Charge::new(named(name), 0, u32::MAX, LIFE).in_group(group);
        store.add(&[look]).unwrap()[0].total
    };
    let (one, new, pairs): (u32, u32, u32) =
        (one.into_inner(), new.into_inner(), pairs.into_inner());
    assert_eq!(total("one"), one);
    assert_eq!((total("pair1"), total("pair2")), (pairs, pairs));
    let all = counters(&cluster.masters[home]);
    let others = ["one", "pair1", "pair2"].map(|name| in_redis(named(name), group));
    let begun: Vec<_> = all.iter().filter(|key| !others.contains(key)).collect();
    assert_eq!(begun.len() as u32, new);
    for key in begun.iter().step_by(50) {
        assert_eq!(cluster.masters[home].ask(&["get", key]).trim(), "1");
    }
}

/// The groups of which each server of a cluster of three has one.
fn groups(cluster: &Cluster) -> [GuardName; 3] {
    [0, 1, 2].map(|at| {
        let mut groups = (0..).map(|number| named(&format!("group{number}")));
        let of = |group: &GuardName| cluster.master_of(cluster.slot(&group.to_string())) == at;
        groups.find(of).unwrap()
    })
}

fn each_run_waits_for_the_replicas_of_its_own_server(make: Make) {
    let mut cluster = Cluster::start(3, 1);
    let builder = RedisGuard::cluster(cluster.urls()).replicas(1);
    let store = make(builder.timeout(Duration::from_secs(1))).unwrap();
    let groups = groups(&cluster);
    let charge = |name: &str, at: usize| Charge::new(named(name), 1, 9, LIFE).in_group(groups[at]);
    let alone = |made: Result<_, _>| matches!(made, Err(GuardError::Unreachable(why)) if why.starts_with("replicas: 0 have it"));
    let all = [charge("a", 0), charge("b", 1), charge("c", 2)];
    assert_eq!(store.add(&all).unwrap().len(), 3);
    cluster.replicas[1].clear();
    until("the replica is gone", || {
        cluster.masters[1].info("replication", "connected_slaves") == 0.0
    });
    assert!(alone(store.add(&all)));
    assert!(alone(store.add(&[charge("b", 1)])));
    assert_eq!(store.add(&[charge("a", 0)]).unwrap()[0].total, 3);
    // Not reached by the list that failed before it.
    assert_eq!(store.add(&[charge("c", 2)]).unwrap()[0].total, 2);
    // What a server makes whose slot it will be is waited for there.
    let slot = cluster.slot(&groups[0].to_string());
    cluster.begin_to_move(slot, 0, 1);
    assert!(alone(store.add(&[charge("new", 0)])));
    let made = cluster.masters[1].ask(&["cluster", "countkeysinslot", &slot.to_string()]);
    assert_eq!(made.trim(), "1", "it was made there");
    assert_eq!(store.add(&[charge("a", 0)]).unwrap()[0].total, 4);
}

fn a_server_that_is_replaced_goes_on(make: Make) {
    let mut cluster = Cluster::start(3, 1);
    let builder = RedisGuard::cluster(cluster.urls()).timeout(Duration::from_millis(500));
    let store = make(builder).unwrap();
    let [_, group, other] = groups(&cluster);
    let count = |group| store.add(&[Charge::new(named("a"), 1, u32::MAX, LIFE).in_group(group)]);
    let replicated = |server: &Server| server.info("replication", "master_repl_offset");
    for total in 1..=20 {
        assert_eq!(count(group).unwrap()[0].total, total);
    }
    until("the replica has it", || {
        replicated(&cluster.replicas[1][0]) == replicated(&cluster.masters[1])
    });
    cluster.masters[1].kill();
    assert!(count(group).is_err());
    // What fails meanwhile is not made. The third server too may refuse, until it has heard of the new master.
    let first = |group, what: &str| {
        let mut made = None;
        until(what, || {
            made = count(group).ok();
            made.is_some()
        });
        made.unwrap()[0].total
    };
    assert_eq!(first(group, "the replica is the master"), 21);
    assert_eq!(first(other, "the third server has heard of it"), 1);
}
