//! A master and its replicas under sentinels.

use std::fs;

use super::{Server, free_port};

/// What the sentinels call the master.
const SERVICE: &str = "counters";

/// Servers that sentinels watch.
pub struct Watched {
    /// The master, and then its replicas, as they were started.
    pub servers: Vec<Server>,
    sentinels: Vec<Server>,
}

impl Watched {
    /// Starts a master with replicas and three sentinels, and waits until all of them know each other.
    ///
    /// # Panics
    ///
    /// They do not.
    #[must_use]
    pub fn start(replicas: usize, password: Option<&str>) -> Self {
        let own = |password| ["--requirepass", password, "--masterauth", password];
        let own: Vec<&str> = password.map(own).into_iter().flatten().collect();
        let master = Server::start(&own);
        let port = master.port().to_string();
        let of = ["--replicaof", "127.0.0.1", &port];
        let other = |_| Server::start(&[&own[..], &of].concat());
        let others: Vec<Server> = (0..replicas).map(other).collect();
        master.wait(&["info", "replication"], |told| {
            told.matches("state=online").count() == replicas
        });
        let auth = password.map(|password| format!("sentinel auth-pass {SERVICE} {password}\n"));
        let auth = auth.unwrap_or_default();
        let sentinel = |number| {
            let (own, folder) = (free_port(), master.folder().join(format!("{number}")));
            fs::create_dir_all(&folder).expect("a folder can be made");
            let config = folder.join("sentinel.conf");
            let text = format!(
                "port {own}\nbind 127.0.0.1\nsentinel monitor {SERVICE} 127.0.0.1 {port} 2\n{auth}\
                 sentinel down-after-milliseconds {SERVICE} 500\n\
                 sentinel failover-timeout {SERVICE} 5000\n"
            );
            fs::write(&config, text).expect("a file can be written");
            let config = config.to_string_lossy();
            Server::spawn(own, &[&config, "--sentinel"], folder)
        };
        let sentinels: Vec<Server> = (0..3).map(sentinel).collect();
        for sentinel in &sentinels {
            sentinel.wait(&["sentinel", "master", SERVICE], |told| {
                let lines: Vec<&str> = told.lines().collect();
                let is = |name, value: usize| {
                    lines
                        .windows(2)
                        .any(|pair| pair[0] == name && pair[1] == value.to_string())
                };
                is("num-slaves", replicas) && is("num-other-sentinels", 2)
            });
        }
        Self {
            servers: [master].into_iter().chain(others).collect(),
            sentinels,
        }
    }

    /// Where the sentinels are, with a user who is let in everywhere.
    #[must_use]
    pub fn urls(&self, user: &str) -> Vec<String> {
        let urls = self.sentinels.iter();
        urls.map(|it| format!("redis://{user}127.0.0.1:{}", it.port()))
            .collect()
    }

    /// The port of the master that every sentinel names.
    #[must_use]
    pub fn master(&self) -> Option<u16> {
        let named = self.sentinels.iter().map(|sentinel| {
            let told = sentinel.ask(&["sentinel", "get-master-addr-by-name", SERVICE]);
            told.lines().nth(1)?.trim().parse().ok()
        });
        let mut named: Vec<Option<u16>> = named.collect();
        named.dedup();
        if let [Some(port)] = named[..] {
            Some(port)
        } else {
            None
        }
    }
}
