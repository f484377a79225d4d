//! Counters in Redis or Valkey, for many machines.
//!
//! One script makes a list in one round trip. In a cluster it makes each run of one group, whose name is the hash tag of its keys: runs are
//! spread over the servers, and each waits for the replicas of its own.

mod making;
mod servers;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use redis::{
    Cmd, Connection, ConnectionLike, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
};

use super::{Charge, Guard, GuardError, Scope, SelfTest, Totals};
use crate::process::PerProcess;

pub(crate) use making::{Made, Making, Next, Run, Terms};
pub(crate) use servers::{Map, Node, Servers, homeless};

/// The default time-out, of one connection and of one answer.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that was idle for so long is asked whether it is still there before it is used.
pub(crate) const STALE: Duration = Duration::from_secs(5);

/// Connections to one server that are kept.
const KEPT: usize = 64;

/// The parts of a store except its connections.
pub(crate) struct Plan {
    pub(crate) servers: Servers,
    pub(crate) terms: Terms,
    pub(crate) may_evict: bool,
}

/// A store in Redis 6.2 or later, or Valkey: one server, Sentinel or Cluster, over TLS with `rediss://`.
///
/// The server must not evict: `maxmemory-policy` has to be `noeviction`, and [`Guard::check`] says so otherwise. What it loses in a crash or a
/// failover is lost: use `appendonly yes`, and [`RedisBuilder::replicas`] where a failover may come. A list whose answer is
/// lost is never made again.
///
/// One core of a server bears about 3,000 logins a second (measured with Redis 7: a start, a guess and its claim, in three scripts and 30
/// commands). In a cluster the server that has the service's own counters bears two thirds of that: every login charges these, in a script of their
/// own. The others have less than half of its work.
///
/// In a child that was forked off, connections are made anew.
pub struct RedisGuard {
    terms: Terms,
    may_evict: bool,
    links: PerProcess<Links>,
}

/// Options for reaching the servers.
pub struct RedisBuilder {
    kind: Kind,
    timeout: Duration,
    replicas: u32,
    root_certificate: Option<Vec<u8>>,
    may_evict: bool,
}

enum Kind {
    Single(String),
    Sentinel(Vec<String>, String),
    Cluster(Vec<String>),
}

impl RedisBuilder {
    /// Sets how long a connection, and an answer, may take: 2 s by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how many replicas must have a list before it counts (`WAIT`); 0 by default. With fewer, the list is refused. In a cluster, each
    /// server's own replicas are meant.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets the one certificate authority, in PEM, that servers are believed by, instead of the system's.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }

    /// Takes servers that may evict counters, or do not say: what is evicted reopens its limit.
    #[must_use]
    pub fn danger_may_evict(mut self) -> Self {
        self.may_evict = true;
        self
    }

    /// Makes the store. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`GuardError::Unreachable`] for a URL that is none.
    pub fn build(self) -> Result<RedisGuard, GuardError> {
        let Plan {
            servers,
            terms,
            may_evict,
        } = self.plan()?;
        let timeout = terms.timeout;
        let make = move || Links::new(servers.clone(), timeout);
        Ok(RedisGuard {
            terms,
            may_evict,
            links: PerProcess::new(make(), make),
        })
    }

    pub(crate) fn plan(self) -> Result<Plan, GuardError> {
        let Self {
            kind,
            timeout,
            replicas,
            root_certificate,
            may_evict,
        } = self;
        let node = |url: &String| {
            Node::new(url, root_certificate.as_deref()).map_err(|error| unreachable(&error))
        };
        let nodes = |urls: &[String]| urls.iter().map(node).collect::<Result<_, _>>();
        let servers = match kind {
            Kind::Single(url) => Servers::Single(node(&url)?),
            Kind::Sentinel(urls, service) => Servers::Sentinel {
                sentinels: nodes(&urls)?,
                service,
            },
            Kind::Cluster(urls) => Servers::Cluster {
                seeds: nodes(&urls)?,
            },
        };
        Ok(Plan {
            terms: Terms::new(timeout, replicas, servers.is_cluster()),
            servers,
            may_evict,
        })
    }
}

impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder").finish_non_exhaustive()
    }
}

impl RedisGuard {
    /// One server: `redis://HOST:PORT`, or `rediss://` for TLS.
    ///
    /// # Errors
    ///
    /// The same as for [`RedisBuilder::build`].
    pub fn open(url: impl Into<String>) -> Result<Self, GuardError> {
        Self::builder(url).build()
    }

    /// One server, with choices of its own.
    pub fn builder(url: impl Into<String>) -> RedisBuilder {
        builder(Kind::Single(url.into()))
    }

    /// The master that these sentinels name for a service. It is reached as they are: with the same scheme, user and password.
    pub fn sentinel<U: Into<String>>(
        urls: impl IntoIterator<Item = U>,
        service: impl Into<String>,
    ) -> RedisBuilder {
        let urls = urls.into_iter().map(Into::into).collect();
        builder(Kind::Sentinel(urls, service.into()))
    }

    /// A cluster, by some of its servers. The others are reached as these are: with the same scheme, user and password.
    pub fn cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisBuilder {
        builder(Kind::Cluster(urls.into_iter().map(Into::into).collect()))
    }
}

fn builder(kind: Kind) -> RedisBuilder {
    RedisBuilder {
        kind,
        timeout: TIMEOUT,
        replicas: 0,
        root_certificate: None,
        may_evict: false,
    }
}

impl fmt::Debug for RedisGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisGuard").finish_non_exhaustive()
    }
}

impl Guard for RedisGuard {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let links = self.links.get();
        let mut making = Making::new(&self.terms, charges);
        while let Some(mut run) = making.next() {
            making.made(links.make(&mut run)?)?;
        }
        Ok(making.totals())
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }

    fn check(&self) -> Result<(), GuardError> {
        if !self.may_evict {
            self.links.get().keep()?;
        }
        for list in SelfTest::lists()? {
            list.judge(&self.add(&list.charges)?)?;
        }
        Ok(())
    }
}

/// Connections of one process, and what it knows of the servers.
struct Links {
    servers: Servers,
    timeout: Duration,
    map: Mutex<Option<Map>>,
    idle: Mutex<Idle>,
}

/// Connections to each server that wait to be used again, and since when.
type Idle = HashMap<Arc<str>, Vec<(Connection, Instant)>>;

impl Links {
    fn new(servers: Servers, timeout: Duration) -> Self {
        Self {
            map: Mutex::new(servers.known()),
            servers,
            timeout,
            idle: Mutex::default(),
        }
    }

    /// Makes a run.
    fn make(&self, run: &mut Run<'_>) -> Result<Made, GuardError> {
        loop {
            let (node, mut link) = self.link(run).map_err(|error| unreachable(&error))?;
            let answers: RedisResult<Vec<_>> = run.commands().query(&mut link);
            let answers = self.used(&node, link, answers)?;
            match run
                .read(&answers)
                .inspect_err(|error| self.failed(&node, error))?
            {
                Next::Made(made) => return Ok(made),
                Next::Again => {}
                Next::Moved(address) => {
                    let to = node.named(&address).map_err(|error| unreachable(&error))?;
                    if let Some(map) = &mut *self.map() {
                        map.moved(run.slot(), to);
                    }
                }
            }
            thread::sleep(run.pause());
        }
    }

    /// Checks that every server keeps its counters.
    fn keep(&self) -> Result<(), GuardError> {
        let nodes = self.find(|map| Some(map.nodes()));
        for node in nodes.map_err(|error| unreachable(&error))? {
            let link = self.take(&node, self.servers.proof());
            let mut link = link.map_err(|error| unreachable(&error))?;
            let told = memory().query(&mut link);
            keeps(&self.used(&node, link, told)?)?;
        }
        Ok(())
    }

    /// A connection to the server that makes a run. If the one that is known cannot be reached, another one may have taken its place.
    fn link(&self, run: &Run<'_>) -> RedisResult<(Node, Connection)> {
        let node = self.find(|map| run.node(map))?;
        let fault = match self.take(&node, self.servers.proof()) {
            Ok(link) => return Ok((node, link)),
            Err(fault) => fault,
        };
        let other = |map: &Map| run.node(map).filter(|other| other.name != node.name);
        let other = self.find(other).map_err(|_| fault)?;
        let link = self.take(&other, self.servers.proof())?;
        Ok((other, link))
    }

    /// Finds something in the map. Where it is not there, guides are asked for another map, until one of them is not mistaken.
    fn find<T>(&self, pick: impl Fn(&Map) -> Option<T>) -> RedisResult<T> {
        if let Some(found) = self.map().as_ref().and_then(&pick) {
            return Ok(found);
        }
        let mut told = Err(homeless());
        for guide in self.servers.guides() {
            told = self.told(guide);
            if told.is_ok() {
                break;
            }
        }
        let map = told?;
        let found = pick(&map).ok_or_else(homeless);
        *self.map() = Some(map);
        found
    }

    fn told(&self, guide: &Node) -> RedisResult<Map> {
        let mut link = self.take(guide, None)?;
        let answer = self.servers.question().query(&mut link)?;
        self.put(guide, link);
        let map = self.servers.read(guide, &answer)?;
        if let Map::Whole(master) = &map {
            let link = self.take(master, self.servers.proof())?;
            self.put(master, link);
        }
        Ok(map)
    }

    /// A connection that was idle, or a new one to a server that proves that it is the right one.
    fn take(&self, node: &Node, proof: Option<Cmd>) -> RedisResult<Connection> {
        let kept = self.idle().get_mut(&node.name).and_then(Vec::pop);
        if let Some((mut link, since)) = kept
            && (since.elapsed() < STALE || link.check_connection())
        {
            return Ok(link);
        }
        let mut link = node.client.get_connection_with_timeout(self.timeout)?;
        link.set_read_timeout(Some(self.timeout))?;
        link.set_write_timeout(Some(self.timeout))?;
        if let Some(proof) = proof {
            Servers::proves(&proof.query(&mut link)?)?;
        }
        Ok(link)
    }

    /// Keeps a connection that was used and has not failed.
    fn used<T>(
        &self,
        node: &Node,
        link: Connection,
        answer: RedisResult<T>,
    ) -> Result<T, GuardError> {
        let answer = answer.map_err(|error| unreachable(&error));
        match &answer {
            Ok(_) => self.put(node, link),
            Err(error) => self.failed(node, error),
        }
        answer
    }

    /// Connections to a server that failed are not used again, and which server is the right one is asked anew. One that is full has not
    /// failed.
    fn failed(&self, node: &Node, error: &GuardError) {
        if *error != GuardError::Full {
            self.idle().remove(&node.name);
            *self.map() = self.servers.known();
        }
    }

    fn put(&self, node: &Node, link: Connection) {
        let mut idle = self.idle();
        let idle = idle.entry(Arc::clone(&node.name)).or_default();
        if idle.len() < KEPT {
            idle.push((link, Instant::now()));
        }
    }

    fn map(&self) -> MutexGuard<'_, Option<Map>> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks what the server does when its memory is full.
pub(crate) fn memory() -> Cmd {
    let mut info = redis::cmd("INFO");
    info.arg("memory");
    info
}

/// Checks by a server's answer to [`memory`] that it keeps its counters.
pub(crate) fn keeps(told: &Value) -> Result<(), GuardError> {
    evicts(&text(told)).map_or(Ok(()), |why| Err(GuardError::Unfit(why)))
}

/// Every text in an answer, one node of a cluster after the other.
fn text(value: &Value) -> String {
    match value {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text.clone(),
        Value::Array(values) => values.iter().map(text).collect(),
        Value::Map(pairs) => pairs.iter().map(|(_, value)| text(value)).collect(),
        _ => String::new(),
    }
}

/// Finds in a server's `INFO memory` a reason why it may lose live counters.
fn evicts(info: &str) -> Option<String> {
    let values = |name: &str| -> Vec<&str> {
        info.lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
            .collect()
    };
    let (policies, most) = (values("maxmemory_policy"), values("maxmemory"));
    if policies.is_empty() || policies.len() != most.len() {
        return Some("the server does not say its maxmemory-policy".to_string());
    }
    let evicting = policies.iter().zip(&most);
    let mut evicting = evicting.filter(|(policy, most)| **policy != "noeviction" && **most != "0");
    evicting
        .next()
        .map(|(policy, _)| format!("maxmemory-policy is {policy}: it must be noeviction"))
}

/// The kind of an error, without addresses, and the code that a server gave. A server without room is full.
pub(crate) fn unreachable(error: &RedisError) -> GuardError {
    if error.code() == Some("OOM") || error.to_string().contains("OOM command not allowed") {
        return GuardError::Full;
    }
    let kind = match error.kind() {
        ErrorKind::Io if error.is_timeout() => "timeout: no answer in time",
        ErrorKind::Io => "connect: no connection",
        ErrorKind::AuthenticationFailed => "auth: the server does not take the credentials",
        ErrorKind::Server(ServerErrorKind::ReadOnly) => "readonly: the server is read-only",
        ErrorKind::Server(_) | ErrorKind::Extension => {
            let code = error.code().filter(|code| {
                code.len() <= 20 && code.bytes().all(|byte| byte.is_ascii_uppercase())
            });
            let code = code.unwrap_or("ERR");
            return GuardError::Unreachable(format!("server: it refused: {code}"));
        }
        ErrorKind::MasterNameNotFoundBySentinel => "sentinel: none knows the master",
        ErrorKind::ClusterConnectionNotFound => "cluster: no server has the slot",
        ErrorKind::InvalidClientConfig => "url: not that of a server",
        _ => "server: no readable answer",
    };
    GuardError::Unreachable(kind.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_may_evict_is_told() {
        let info = |policy: &str, most: &str| {
            format!("# Memory\r\nmaxmemory:{most}\r\nmaxmemory_policy:{policy}\r\n")
        };
        assert_eq!(evicts(&info("noeviction", "1000")), None);
        assert_eq!(evicts(&info("allkeys-lru", "0")), None);
        assert!(evicts(&info("allkeys-lru", "1000")).is_some());
        assert!(evicts(&info("volatile-ttl", "1000")).is_some());
        assert!(evicts(&(info("noeviction", "1") + &info("volatile-lru", "1"))).is_some());
        assert!(evicts("").is_some());
    }
}
