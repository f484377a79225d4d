//! Counters in Redis or Valkey, without blocking.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{fmt, io};

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisError, RedisResult};
use tokio::time;

use super::{AsyncGuard, Wait};
use crate::guard::redis::{
    Made, Making, Map, Next, Node, Plan, Run, STALE, Servers, Terms, homeless, keeps, memory,
    unreachable,
};
use crate::guard::{Charge, GuardError, RedisBuilder, Scope, SelfTest, Totals};

/// [`RedisGuard`](crate::RedisGuard) for asynchronous programs: the same script on the same keys, so that both can share counters.
///
/// One connection to each server carries all lists at once. One that failed is not used again.
pub struct AsyncRedisGuard {
    servers: Servers,
    terms: Terms,
    may_evict: bool,
    map: tokio::sync::Mutex<Option<Map>>,
    links: Mutex<HashMap<Arc<str>, Arc<Place>>>,
}

/// The connection to one server, and when it was last used. Locked while it connects: whoever waits will use the same connection.
type Place = tokio::sync::Mutex<Option<(MultiplexedConnection, Instant)>>;

impl RedisBuilder {
    /// Makes the store for asynchronous programs. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// The same as for [`RedisBuilder::build`].
    pub fn build_async(self) -> Result<AsyncRedisGuard, GuardError> {
        let Plan {
            servers,
            terms,
            may_evict,
        } = self.plan()?;
        Ok(AsyncRedisGuard {
            map: tokio::sync::Mutex::new(servers.known()),
            servers,
            terms,
            may_evict,
            links: Mutex::default(),
        })
    }
}

impl AsyncRedisGuard {
    async fn list(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let mut making = Making::new(&self.terms, charges);
        while let Some(mut run) = making.next() {
            making.made(self.make(&mut run).await?)?;
        }
        Ok(making.totals())
    }

    /// Makes a run.
    async fn make(&self, run: &mut Run<'_>) -> Result<Made, GuardError> {
        loop {
            let link = self.link(run).await;
            let (node, mut link) = link.map_err(|error| unreachable(&error))?;
            let answers: RedisResult<Vec<_>> = run.commands().query_async(&mut link).await;
            let next = run.read(&self.used(&node, answers).await?);
            match self.checked(&node, next).await? {
                Next::Made(made) => return Ok(made),
                Next::Again => {}
                Next::Moved(address) => {
                    let to = node.named(&address).map_err(|error| unreachable(&error))?;
                    if let Some(map) = &mut *self.map.lock().await {
                        map.moved(run.slot(), to);
                    }
                }
            }
            time::sleep(run.pause()).await;
        }
    }

    /// Checks that every server keeps its counters.
    async fn keep(&self) -> Result<(), GuardError> {
        let nodes = self.find(|map| Some(map.nodes())).await;
        for node in nodes.map_err(|error| unreachable(&error))? {
            let link = self.take(&node, self.servers.proof()).await;
            let mut link = link.map_err(|error| unreachable(&error))?;
            let told = memory().query_async(&mut link).await;
            keeps(&self.used(&node, told).await?)?;
        }
        Ok(())
    }

    /// A connection to the server that makes a run. If the one that is known cannot be reached, another one may have taken its place.
    async fn link(&self, run: &Run<'_>) -> RedisResult<(Node, MultiplexedConnection)> {
        let node = self.find(|map| run.node(map)).await?;
        let fault = match self.take(&node, self.servers.proof()).await {
            Ok(link) => return Ok((node, link)),
            Err(fault) => fault,
        };
        let other = |map: &Map| run.node(map).filter(|other| other.name != node.name);
        let other = self.find(other).await.map_err(|_| fault)?;
        let link = self.take(&other, self.servers.proof()).await?;
        Ok((other, link))
    }

    /// Finds something in the map. Where it is not there, guides are asked for another map, until one of them is not mistaken. Whoever comes
    /// meanwhile waits for the same map.
    async fn find<T>(&self, pick: impl Fn(&Map) -> Option<T>) -> RedisResult<T> {
        let mut map = time::timeout(self.terms.timeout, self.map.lock())
            .await
            .map_err(late)?;
        if let Some(found) = map.as_ref().and_then(&pick) {
            return Ok(found);
        }
        let mut told = Err(homeless());
        for guide in self.servers.guides() {
            told = self.told(guide).await;
            if told.is_ok() {
                break;
            }
        }
        pick(map.insert(told?)).ok_or_else(homeless)
    }

    async fn told(&self, guide: &Node) -> RedisResult<Map> {
        let mut link = self.take(guide, None).await?;
        let answer = self.servers.question().query_async(&mut link).await;
        if answer.is_err() {
            self.forget(guide).await;
        }
        let map = self.servers.read(guide, &answer?)?;
        if let Map::Whole(master) = &map {
            self.take(master, self.servers.proof()).await?;
        }
        Ok(map)
    }

    /// The connection to a server, or a new one to a server that proves that it is the right one.
    async fn take(&self, node: &Node, proof: Option<Cmd>) -> RedisResult<MultiplexedConnection> {
        let timeout = self.terms.timeout;
        let place = self.place(node);
        let mut kept = time::timeout(timeout, place.lock()).await.map_err(late)?;
        if let Some((mut link, used)) = kept.take()
            && (used.elapsed() < STALE || there(&mut link).await)
        {
            *kept = Some((link.clone(), Instant::now()));
            return Ok(link);
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(timeout))
            .set_response_timeout(Some(timeout));
        let link = node
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let mut link = link.await?;
        if let Some(proof) = proof {
            Servers::proves(&proof.query_async(&mut link).await?)?;
        }
        *kept = Some((link.clone(), Instant::now()));
        Ok(link)
    }

    async fn used<T>(&self, node: &Node, answer: RedisResult<T>) -> Result<T, GuardError> {
        let answer = answer.map_err(|error| unreachable(&error));
        self.checked(node, answer).await
    }

    /// A connection to a server that failed is not used again, and which server is the right one is asked anew. One that is full has not
    /// failed.
    async fn checked<T>(
        &self,
        node: &Node,
        answer: Result<T, GuardError>,
    ) -> Result<T, GuardError> {
        if answer
            .as_ref()
            .is_err_and(|error| *error != GuardError::Full)
        {
            self.forget(node).await;
            *self.map.lock().await = self.servers.known();
        }
        answer
    }

    async fn forget(&self, node: &Node) {
        *self.place(node).lock().await = None;
    }

    fn place(&self, node: &Node) -> Arc<Place> {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(links.entry(Arc::clone(&node.name)).or_default())
    }
}

async fn there(link: &mut MultiplexedConnection) -> bool {
    redis::cmd("PING").exec_async(link).await.is_ok()
}

fn late(_: time::error::Elapsed) -> RedisError {
    RedisError::from(io::Error::from(io::ErrorKind::TimedOut))
}

impl AsyncGuard for AsyncRedisGuard {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        Box::pin(self.list(charges))
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }

    fn check(&self) -> Wait<'_, Result<(), GuardError>> {
        Box::pin(async {
            if !self.may_evict {
                self.keep().await?;
            }
            for list in SelfTest::lists()? {
                list.judge(&self.list(&list.charges).await?)?;
            }
            Ok(())
        })
    }
}

impl fmt::Debug for AsyncRedisGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncRedisGuard").finish_non_exhaustive()
    }
}
