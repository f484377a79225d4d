//! Counters in Redis or Valkey, without blocking.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisFuture, RedisResult, Script,
    Value, from_redis_value,
};

use super::{AsyncGuard, Wait};
use crate::guard::redis::{
    Making, Plan, SCRIPT, STALE, Source, invocation, keeps, memory, name, node_of, unreachable,
    wait,
};
use crate::guard::{Charge, GuardError, RedisBuilder, Scope, SelfTest, Totals};

/// [`RedisGuard`](crate::RedisGuard) for asynchronous programs: the same script on the same keys, so that both can share counters.
///
/// One connection carries all lists at once. One that failed is not used again.
pub struct AsyncRedisGuard {
    cluster: bool,
    source: tokio::sync::Mutex<Source>,
    script: Script,
    timeout: Duration,
    replicas: u32,
    may_evict: bool,
    /// The connection, and when it was last used.
    kept: Mutex<Option<(Link, Instant)>>,
}

/// Cheap to clone: clones share the connection.
#[derive(Clone)]
enum Link {
    Single(MultiplexedConnection),
    Cluster(Box<ClusterConnection>),
}

impl Link {
    /// One command, for the node that has this key.
    async fn at(&mut self, key: &str, command: Cmd) -> RedisResult<Value> {
        match self {
            Self::Single(link) => link.req_packed_command(&command).await,
            Self::Cluster(link) => link.route_command(command, node_of(key)).await,
        }
    }
}

impl RedisBuilder {
    /// Makes the store for asynchronous programs. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// As [`RedisBuilder::build`].
    pub fn build_async(self) -> Result<AsyncRedisGuard, GuardError> {
        let Plan {
            source,
            timeout,
            replicas,
            may_evict,
        } = self.plan()?;
        Ok(AsyncRedisGuard {
            cluster: source.is_cluster(),
            source: tokio::sync::Mutex::new(source),
            script: Script::new(SCRIPT),
            timeout,
            replicas,
            may_evict,
            kept: Mutex::default(),
        })
    }
}

impl AsyncRedisGuard {
    async fn connect(&self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout));
        let single = async |client: Client| {
            let connection = client.get_multiplexed_async_connection_with_config(&config);
            connection.await.map(Link::Single)
        };
        // Held while it connects: whoever waits for it will use the same connection.
        let mut source = self.source.lock().await;
        if let Some((link, _)) = &*self.kept() {
            return Ok(link.clone());
        }
        let link = match &mut *source {
            Source::Single(client) => single(Client::clone(client)).await?,
            Source::Sentinel(client) => single(client.async_get_client().await?).await?,
            Source::Cluster(client) => {
                Link::Cluster(Box::new(client.get_async_connection().await?))
            }
        };
        *self.kept() = Some((link.clone(), Instant::now()));
        Ok(link)
    }

    /// The kept connection, if it is still there.
    async fn link(&self) -> RedisResult<Link> {
        let kept = self.kept().clone();
        if let Some((mut link, since)) = kept {
            let fresh = since.elapsed() < STALE;
            if fresh
                || redis::cmd("PING")
                    .query_async::<Value>(&mut link)
                    .await
                    .is_ok()
            {
                return Ok(link);
            }
            *self.kept() = None;
        }
        self.connect().await
    }

    /// Uses the connection.
    async fn with<T>(
        &self,
        ask: impl AsyncFnOnce(&mut Link) -> RedisResult<T>,
    ) -> Result<T, GuardError> {
        let mut link = self.link().await.map_err(unreachable)?;
        let answer = ask(&mut link).await;
        *self.kept() = answer.is_ok().then(|| (link, Instant::now()));
        answer.map_err(unreachable)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Option<(Link, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn make(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let mut making = Making::new(charges, self.replicas);
        while let Some(list) = making.next(self.cluster) {
            let invocation = invocation(&self.script, list);
            let (numbers, copies) = self
                .with(async |link| {
                    let numbers = invocation.invoke_async(link).await?;
                    let copies = match self.replicas {
                        0 => 0,
                        replicas => {
                            let wait = wait(replicas, self.timeout);
                            from_redis_value(link.at(&name(&list[0]), wait).await?)?
                        }
                    };
                    Ok((numbers, copies))
                })
                .await?;
            making.made(numbers, copies)?;
        }
        Ok(making.totals)
    }
}

async fn query<T: FromRedisValue>(command: &Cmd, link: &mut Link) -> RedisResult<T> {
    command.query_async(link).await
}

impl AsyncGuard for AsyncRedisGuard {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        Box::pin(self.make(charges))
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }

    fn check(&self) -> Wait<'_, Result<(), GuardError>> {
        Box::pin(async {
            if !self.may_evict {
                let told: Value = self.with(async |link| query(&memory(), link).await).await?;
                keeps(&told)?;
            }
            let test = SelfTest::new()?;
            test.judge(&self.make(&test.charges).await?)
        })
    }
}

impl fmt::Debug for AsyncRedisGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncRedisGuard").finish_non_exhaustive()
    }
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(link) => link.req_packed_command(command),
            Self::Cluster(link) => link.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(link) => link.req_packed_commands(commands, offset, count),
            Self::Cluster(link) => link.req_packed_commands(commands, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(link) => link.get_db(),
            Self::Cluster(link) => link.get_db(),
        }
    }
}
