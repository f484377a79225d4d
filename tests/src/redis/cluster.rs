//! A cluster: masters that share the slots, each with its replicas.

use super::{Server, free_port};
use crate::until;

/// All of a cluster's slots.
const SLOTS: usize = 16_384;

/// A running cluster.
pub struct Cluster {
    /// Its masters.
    pub masters: Vec<Server>,
    /// The replicas of each master.
    pub replicas: Vec<Vec<Server>>,
}

impl Cluster {
    /// Starts masters, each with so many replicas, and waits until they agree.
    ///
    /// # Panics
    ///
    /// They do not.
    #[must_use]
    pub fn start(masters: usize, replicas: usize) -> Self {
        let servers = |count| (0..count).map(|_| server()).collect::<Vec<_>>();
        let cluster = Self {
            masters: servers(masters),
            replicas: (0..masters).map(|_| servers(replicas)).collect(),
        };
        let ids: Vec<String> = cluster.masters.iter().map(id).collect();
        for (at, master) in cluster.masters.iter().enumerate() {
            let (first, last) = (SLOTS * at / masters, SLOTS * (at + 1) / masters - 1);
            let (first, last) = (first.to_string(), last.to_string());
            ok(master, &["cluster", "addslotsrange", &first, &last]);
            ok(
                master,
                &["cluster", "set-config-epoch", &(at + 1).to_string()],
            );
        }
        let all = || {
            cluster
                .masters
                .iter()
                .chain(cluster.replicas.iter().flatten())
        };
        for other in all().skip(1) {
            let (port, bus) = (other.port().to_string(), bus(other).to_string());
            ok(
                &cluster.masters[0],
                &["cluster", "meet", "127.0.0.1", &port, &bus],
            );
        }
        for server in all() {
            server.wait(&["cluster", "nodes"], |told| {
                ids.iter().all(|id| told.contains(id)) && !told.contains("handshake")
            });
        }
        for (id, replicas) in ids.iter().zip(&cluster.replicas) {
            for replica in replicas {
                ok(replica, &["cluster", "replicate", id]);
            }
        }
        for (master, replicas) in cluster.masters.iter().zip(&cluster.replicas) {
            let count = replicas.len();
            until("replicas are there", || {
                let told = master.ask(&["info", "replication"]);
                told.matches("state=online").count() == count
            });
        }
        for server in all() {
            server.wait(&["cluster", "info"], |told| {
                told.contains("cluster_state:ok")
            });
        }
        cluster
    }

    /// Where one may ask for the servers.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.masters.iter().map(Server::url).collect()
    }

    /// The slot of a group.
    #[must_use]
    pub fn slot(&self, group: &str) -> usize {
        let told = self.masters[0].ask(&["cluster", "keyslot", &format!("{{{group}}}")]);
        told.trim().parse().expect("it is a number")
    }

    /// The master that had a slot when the cluster was started.
    #[must_use]
    pub fn master_of(&self, slot: usize) -> usize {
        let count = self.masters.len();
        let mut masters = 0..count;
        masters
            .find(|at| slot < SLOTS * (at + 1) / count)
            .expect("the slots are all shared out")
    }

    /// Begins to move a slot: its counters stay, but new ones begin at the other master.
    pub fn begin_to_move(&self, slot: usize, from: usize, to: usize) {
        let (slot, masters) = (slot.to_string(), &self.masters);
        let (importing, migrating) = (id(&masters[from]), id(&masters[to]));
        ok(
            &masters[to],
            &["cluster", "setslot", &slot, "importing", &importing],
        );
        ok(
            &masters[from],
            &["cluster", "setslot", &slot, "migrating", &migrating],
        );
    }

    /// Moves some counters of a slot, and says how many.
    pub fn move_some(&self, slot: usize, from: usize, to: usize, most: usize) -> usize {
        let (slot, most, masters) = (slot.to_string(), most.to_string(), &self.masters);
        let keys = masters[from].ask(&["cluster", "getkeysinslot", &slot, &most]);
        let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
        if !keys.is_empty() {
            let port = masters[to].port().to_string();
            let command = ["migrate", "127.0.0.1", &port, "", "0", "5000", "keys"];
            let moved = masters[from].ask(&[&command[..], &keys].concat());
            // A counter may have ended meanwhile.
            assert!(["OK", "NOKEY"].contains(&moved.trim()), "{moved}");
        }
        keys.len()
    }

    /// Gives the slot to the other master.
    pub fn end_move(&self, slot: usize, from: usize, to: usize) {
        let (slot, masters) = (slot.to_string(), &self.masters);
        let owner = id(&masters[to]);
        for server in [&masters[to], &masters[from]] {
            ok(server, &["cluster", "setslot", &slot, "node", &owner]);
        }
    }
}

fn server() -> Server {
    let bus = free_port().to_string();
    Server::start(&[
        "--cluster-enabled",
        "yes",
        "--cluster-port",
        &bus,
        "--cluster-node-timeout",
        "3000",
        "--repl-diskless-sync-delay",
        "0",
    ])
}

/// The port by which a server talks with the others.
fn bus(server: &Server) -> u16 {
    let told = server.ask(&["config", "get", "cluster-port"]);
    let port = told
        .lines()
        .nth(1)
        .and_then(|port| port.trim().parse().ok());
    port.expect("it has one")
}

fn id(server: &Server) -> String {
    server.ask(&["cluster", "myid"]).trim().to_string()
}

fn ok(server: &Server, command: &[&str]) {
    let told = server.ask(command);
    assert_eq!(told.trim(), "OK", "{command:?}");
}
