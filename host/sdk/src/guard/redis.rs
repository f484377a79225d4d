//! Counters in Redis or Valkey, for many machines.
//!
//! One script makes a list in one round trip. In a cluster it makes each run of one group, whose name is the hash tag of its keys: runs are
//! spread over the nodes, and each waits for the replicas of its own.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::cluster::{ClusterClient, ClusterConnection};
use redis::cluster_routing::{Route, RoutingInfo, SingleNodeRoutingInfo, SlotAddr};
use redis::sentinel::{SentinelClient, SentinelServerType};
use redis::{
    Client, Cmd, Connection, ConnectionLike, ErrorKind, IntoConnectionInfo, RedisError,
    RedisResult, Script, ScriptInvocation, ServerErrorKind, TlsCertificates, Value,
    from_redis_value,
};

use super::{Charge, Guard, GuardError, Scope, SelfTest, Total, Totals};

/// Makes the charges in their order, and stops after the first that its limit refuses.
pub(crate) const SCRIPT: &str = include_str!("charge.lua");

/// For one connection, and for one answer, where nothing else is set.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that was idle for so long is asked whether it is still there before it is used.
pub(crate) const STALE: Duration = Duration::from_secs(5);

/// Connections that are kept.
const KEPT: usize = 64;

/// Where connections come from.
pub(crate) enum Source {
    Single(Box<Client>),
    Sentinel(Box<SentinelClient>),
    Cluster(Box<ClusterClient>),
}

/// What a store is but for its connections.
pub(crate) struct Plan {
    pub(crate) source: Source,
    pub(crate) timeout: Duration,
    pub(crate) replicas: u32,
    pub(crate) may_evict: bool,
}

impl Source {
    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

enum Link {
    Single(Box<Connection>),
    Cluster(Box<ClusterConnection>),
}

impl Link {
    /// One command, for the node that has this key.
    fn at(&mut self, key: &str, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::Single(link) => link.req_command(command),
            Self::Cluster(link) => link.route_command(command, node_of(key)),
        }
    }

    fn ask(&mut self) -> &mut dyn ConnectionLike {
        match self {
            Self::Single(link) => &mut **link,
            Self::Cluster(link) => &mut **link,
        }
    }
}

/// A store in Redis 6.2 or later, or Valkey: one server, Sentinel or Cluster, over TLS with `rediss://`.
///
/// The server must not evict: `maxmemory-policy` has to be `noeviction`, and [`Guard::check`] says so otherwise. What it loses in a crash or a
/// failover is lost: use `appendonly yes`, and [`RedisBuilder::replicas`] where a failover may come. A list whose answer is
/// lost is never made again.
pub struct RedisGuard {
    cluster: bool,
    source: Mutex<Source>,
    script: Script,
    timeout: Duration,
    replicas: u32,
    may_evict: bool,
    idle: Mutex<Vec<(Link, Instant)>>,
}

/// How to reach the servers.
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

    /// Sets how many replicas must have a list before it counts (`WAIT`); 0 by default. With fewer, the list is refused.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets the one certificate authority, in PEM, that servers are believed by, instead of the system's. One server only.
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
            source,
            timeout,
            replicas,
            may_evict,
        } = self.plan()?;
        Ok(RedisGuard {
            cluster: source.is_cluster(),
            source: Mutex::new(source),
            script: Script::new(SCRIPT),
            timeout,
            replicas,
            may_evict,
            idle: Mutex::default(),
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
        let source = match kind {
            Kind::Single(url) => Source::Single(Box::new(match root_certificate {
                None => Client::open(url).map_err(unreachable)?,
                root_cert => {
                    let info = url.into_connection_info().map_err(unreachable)?;
                    let certificates = TlsCertificates {
                        client_tls: None,
                        root_cert,
                    };
                    Client::build_with_tls(info, certificates).map_err(unreachable)?
                }
            })),
            Kind::Sentinel(urls, service) => {
                let client = SentinelClient::build(urls, service, None, SentinelServerType::Master);
                Source::Sentinel(Box::new(client.map_err(unreachable)?))
            }
            Kind::Cluster(urls) => {
                // The client would send again by itself what may have been done.
                let client = ClusterClient::builder(urls)
                    .retries(0)
                    .connection_timeout(timeout)
                    .response_timeout(timeout)
                    .build();
                Source::Cluster(Box::new(client.map_err(unreachable)?))
            }
        };
        Ok(Plan {
            source,
            timeout,
            replicas,
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
    /// As [`RedisBuilder::build`].
    pub fn open(url: impl Into<String>) -> Result<Self, GuardError> {
        Self::builder(url).build()
    }

    /// One server, with choices of its own.
    pub fn builder(url: impl Into<String>) -> RedisBuilder {
        builder(Kind::Single(url.into()))
    }

    /// The master that these sentinels name for a service.
    pub fn sentinel<U: Into<String>>(
        urls: impl IntoIterator<Item = U>,
        service: impl Into<String>,
    ) -> RedisBuilder {
        let urls = urls.into_iter().map(Into::into).collect();
        builder(Kind::Sentinel(urls, service.into()))
    }

    /// A cluster, by some of its nodes.
    pub fn cluster<U: Into<String>>(urls: impl IntoIterator<Item = U>) -> RedisBuilder {
        builder(Kind::Cluster(urls.into_iter().map(Into::into).collect()))
    }

    fn connect(&self) -> RedisResult<Link> {
        let single = |client: &Client| -> RedisResult<Link> {
            let connection = client.get_connection_with_timeout(self.timeout)?;
            connection.set_read_timeout(Some(self.timeout))?;
            connection.set_write_timeout(Some(self.timeout))?;
            Ok(Link::Single(Box::new(connection)))
        };
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *source {
            Source::Single(client) => {
                let client = client.clone();
                drop(source);
                single(&client)
            }
            Source::Sentinel(client) => single(&client.get_client()?),
            Source::Cluster(client) => {
                let client = client.clone();
                drop(source);
                Ok(Link::Cluster(Box::new(client.get_connection()?)))
            }
        }
    }

    /// Uses a connection once. One that failed is not used again, nor are those that were idle beside it.
    fn with<T>(&self, ask: impl FnOnce(&mut Link) -> RedisResult<T>) -> Result<T, GuardError> {
        let kept = self.idle().pop();
        let kept = kept.and_then(|(mut link, since)| {
            let there = since.elapsed() < STALE || link.ask().check_connection();
            there.then_some(link)
        });
        let mut link = match kept {
            Some(link) => link,
            None => self.connect().map_err(unreachable)?,
        };
        match ask(&mut link) {
            Ok(answer) => {
                let mut idle = self.idle();
                if idle.len() < KEPT {
                    idle.push((link, Instant::now()));
                }
                Ok(answer)
            }
            Err(error) => {
                self.idle().clear();
                Err(unreachable(error))
            }
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Link, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut making = Making::new(charges, self.replicas);
        while let Some(list) = making.next(self.cluster) {
            let invocation = invocation(&self.script, list);
            let (numbers, copies) = self.with(|link| {
                let numbers = invocation.invoke(link.ask())?;
                let copies: u32 = match self.replicas {
                    0 => 0,
                    replicas => {
                        let wait = wait(replicas, self.timeout);
                        from_redis_value(link.at(&name(&list[0]), &wait)?)?
                    }
                };
                Ok((numbers, copies))
            })?;
            making.made(numbers, copies)?;
        }
        Ok(making.totals)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }

    fn check(&self) -> Result<(), GuardError> {
        if !self.may_evict {
            let told: Value = self.with(|link| memory().query(link.ask()))?;
            keeps(&told)?;
        }
        let test = SelfTest::new()?;
        test.judge(&self.add(&test.charges)?)
    }
}

/// The name of a counter in the store, with its group as hash tag.
pub(crate) fn name(charge: &Charge) -> String {
    let own = charge.key.strip_prefix("2fa.").unwrap_or(&charge.key);
    format!("2fa.{{{}}}.{own}", charge.group)
}

/// The node that has a key, and decides.
pub(crate) fn node_of(key: &str) -> RoutingInfo {
    let route = Route::with_key(key, SlotAddr::Master);
    RoutingInfo::SingleNode(SingleNodeRoutingInfo::SpecificNode(route))
}

/// A list that is being made: whole on one server, run by run in a cluster.
pub(crate) struct Making<'a> {
    rest: &'a [Charge],
    now: Vec<&'a Charge>,
    replicas: u32,
    /// The earliest and the latest time that nodes told.
    times: Option<(u32, u32)>,
    pub(crate) totals: Totals,
}

/// Seconds that the clocks of two nodes may be apart.
const APART: u32 = 120;

impl<'a> Making<'a> {
    pub(crate) fn new(charges: &'a [Charge], replicas: u32) -> Self {
        Self {
            rest: charges,
            now: Vec::new(),
            replicas,
            times: None,
            totals: Totals::default(),
        }
    }

    /// The charges to make next, in one script.
    pub(crate) fn next(&mut self, cluster: bool) -> Option<&'a [Charge]> {
        let length = if cluster {
            Charge::runs(self.rest).next()?.len()
        } else {
            self.rest.len()
        };
        let (list, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.now = list.iter().collect();
        (!list.is_empty()).then_some(list)
    }

    /// Takes the script's answer, if enough replicas have it.
    pub(crate) fn made(&mut self, numbers: Vec<u32>, copies: u32) -> Result<(), GuardError> {
        let replicas = self.replicas;
        if copies < replicas {
            return Err(GuardError::Unreachable(format!(
                "{copies} replicas have it, of {replicas}"
            )));
        }
        let Some((now, numbers)) = numbers.split_first() else {
            return Err(GuardError::Unreachable("no readable answer".to_string()));
        };
        let (first, last) = self.times.unwrap_or((*now, *now));
        let (first, last) = (first.min(*now), last.max(*now));
        if last - first > APART {
            return Err(GuardError::Unreachable(
                "the clocks of its nodes are apart".to_string(),
            ));
        }
        self.times = Some((first, last));
        self.totals.now = Some(*now);
        let pairs = numbers.chunks_exact(2);
        let totals: Vec<_> = pairs.map(|pair| Total::new(pair[0], pair[1])).collect();
        let refused = self
            .now
            .iter()
            .zip(&totals)
            .any(|(charge, total)| charge.amount >= 0 && total.total > charge.limit);
        if refused {
            self.rest = &[];
        }
        self.totals.totals.extend(totals);
        Ok(())
    }
}

/// The script for these charges.
pub(crate) fn invocation<'a>(script: &'a Script, charges: &[Charge]) -> ScriptInvocation<'a> {
    let mut invocation = script.prepare_invoke();
    for charge in charges {
        invocation.key(name(charge));
        invocation
            .arg(charge.amount)
            .arg(charge.limit)
            .arg(charge.ttl);
    }
    invocation
}

/// Waits until replicas have what this connection wrote, for half of the time that an answer may take.
pub(crate) fn wait(replicas: u32, timeout: Duration) -> Cmd {
    let most = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX) / 2;
    let mut wait = redis::cmd("WAIT");
    wait.arg(replicas).arg(most);
    wait
}

/// Asks what the server does when its memory is full.
pub(crate) fn memory() -> Cmd {
    let mut info = redis::cmd("INFO");
    info.arg("memory");
    info
}

/// Whether a server keeps what it has, by its answer to [`memory`].
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

/// Why a server may lose live counters, by its `INFO memory`.
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

/// The kind of an error, without addresses. A server without room is full.
pub(crate) fn unreachable(error: RedisError) -> GuardError {
    if error.code() == Some("OOM") || error.to_string().contains("OOM command not allowed") {
        return GuardError::Full;
    }
    let kind = match error.kind() {
        ErrorKind::Io if error.is_timeout() => "no answer in time",
        ErrorKind::Io => "no connection",
        ErrorKind::AuthenticationFailed => "the server does not take the credentials",
        ErrorKind::Server(ServerErrorKind::ReadOnly) => "the server is read-only",
        ErrorKind::Server(_) => "the server refused",
        _ => "no readable answer",
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
