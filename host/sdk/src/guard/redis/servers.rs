//! The servers of a store: which of them makes a list, and how to find that out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use redis::cluster_routing::Slot;
use redis::{
    Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo, RedisError, RedisResult, Role,
    TlsCertificates, Value, from_redis_value_ref,
};

/// The way to the servers. Holds no connection.
#[derive(Clone)]
pub(crate) enum Servers {
    Single(Node),
    Sentinel {
        sentinels: Vec<Node>,
        service: String,
    },
    Cluster {
        seeds: Vec<Node>,
    },
}

/// A server, and how to connect to it.
#[derive(Clone)]
pub(crate) struct Node {
    /// Its host and port.
    pub(crate) name: Arc<str>,
    pub(crate) client: Arc<Client>,
}

/// The servers that make lists.
pub(crate) enum Map {
    /// One server makes every list.
    Whole(Node),
    /// Each server makes the runs whose keys are in its slots.
    Slots(HashMap<Slot, Node>),
}

impl Servers {
    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster { .. })
    }

    /// The map, where nobody has to be asked for it.
    pub(crate) fn known(&self) -> Option<Map> {
        match self {
            Self::Single(node) => Some(Map::Whole(node.clone())),
            Self::Sentinel { .. } | Self::Cluster { .. } => None,
        }
    }

    /// The servers that can be asked for the map, the first one first.
    pub(crate) fn guides(&self) -> &[Node] {
        match self {
            Self::Single(_) => &[],
            Self::Sentinel { sentinels, .. } => sentinels,
            Self::Cluster { seeds } => seeds,
        }
    }

    /// Asks a guide for the map.
    pub(crate) fn question(&self) -> Cmd {
        let mut question;
        match self {
            Self::Single(_) => question = redis::cmd("ROLE"),
            Self::Sentinel { service, .. } => {
                question = redis::cmd("SENTINEL");
                question.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
            }
            Self::Cluster { .. } => {
                question = redis::cmd("CLUSTER");
                question.arg("SLOTS");
            }
        }
        question
    }

    /// Reads a guide's answer.
    ///
    /// # Errors
    ///
    /// The answer names no server.
    pub(crate) fn read(&self, guide: &Node, answer: &Value) -> RedisResult<Map> {
        match self {
            Self::Single(node) => Ok(Map::Whole(node.clone())),
            Self::Sentinel { .. } => {
                let master: Option<(String, u16)> = from_redis_value_ref(answer)?;
                let (host, port) = master.ok_or((
                    ErrorKind::MasterNameNotFoundBySentinel,
                    "the sentinel does not know the service",
                ))?;
                guide.beside(&host, port).map(Map::Whole)
            }
            Self::Cluster { .. } => {
                let ranges: Vec<Vec<Value>> = from_redis_value_ref(answer)?;
                let mut slots = HashMap::new();
                for range in &ranges {
                    let [first, last, master, ..] = &range[..] else {
                        return Err(unreadable());
                    };
                    let master: Vec<Value> = from_redis_value_ref(master)?;
                    let [host, port, ..] = &master[..] else {
                        return Err(unreadable());
                    };
                    let host: Option<String> = from_redis_value_ref(host)?;
                    let port = from_redis_value_ref(port)?;
                    let node = guide.beside(&host.unwrap_or_default(), port)?;
                    let (first, last): (u16, u16) =
                        (from_redis_value_ref(first)?, from_redis_value_ref(last)?);
                    let range = (first..=last).map_while(Slot::new);
                    slots.extend(range.map(|slot| (slot, node.clone())));
                }
                Ok(Map::Slots(slots))
            }
        }
    }

    /// Asks a server that was just connected whether it is the master, which only a sentinel's map can be wrong about: a cluster's
    /// replica sends lists on by itself.
    pub(crate) fn proof(&self) -> Option<Cmd> {
        matches!(self, Self::Sentinel { .. }).then(|| redis::cmd("ROLE"))
    }

    /// Checks that an answer to [`Servers::proof`] is a master's.
    ///
    /// # Errors
    ///
    /// It is not.
    pub(crate) fn proves(answer: &Value) -> RedisResult<()> {
        let role: Role = from_redis_value_ref(answer)?;
        if matches!(role, Role::Primary { .. }) {
            return Ok(());
        }
        Err(RedisError::from((
            ErrorKind::MasterNameNotFoundBySentinel,
            "the sentinel named a server that is not the master",
        )))
    }
}

impl Node {
    /// The server at a URL, believed by the system's authorities or by this one.
    pub(crate) fn new(url: &str, root_certificate: Option<&[u8]>) -> RedisResult<Self> {
        let info = url.into_connection_info()?;
        let name = Arc::from(info.addr().to_string());
        let client = match root_certificate {
            Some(pem) if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) => {
                let certificates = TlsCertificates {
                    client_tls: None,
                    root_cert: Some(pem.to_vec()),
                };
                Client::build_with_tls(info, certificates)?
            }
            Some(_) | None => Client::open(info)?,
        };
        let client = Arc::new(client);
        Ok(Self { name, client })
    }

    /// The server at another address, reached with the same scheme, user and password.
    fn beside(&self, host: &str, port: u16) -> RedisResult<Self> {
        let info = self.client.get_connection_info();
        let host = |own: &str| if host.is_empty() { own } else { host }.to_string();
        let address = match info.addr() {
            ConnectionAddr::TcpTls {
                host: own,
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host: host(own),
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            ConnectionAddr::Tcp(own, _) => ConnectionAddr::Tcp(host(own), port),
            _ => return Err(unreadable()),
        };
        let name = Arc::from(address.to_string());
        let client = Arc::new(Client::open(info.clone().set_addr(address))?);
        Ok(Self { name, client })
    }

    /// The server at an address that this one named: `HOST:PORT`, where a missing host is this server's own.
    pub(crate) fn named(&self, address: &str) -> RedisResult<Self> {
        let (host, port) = address.rsplit_once(':').ok_or_else(unreadable)?;
        let port = port.parse().map_err(|_| unreadable())?;
        self.beside(host, port)
    }
}

impl Map {
    /// The server that makes what is in a slot.
    pub(crate) fn node(&self, slot: Slot) -> Option<Node> {
        match self {
            Self::Whole(node) => Some(node.clone()),
            Self::Slots(slots) => slots.get(&slot).cloned(),
        }
    }

    /// Every server once.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        match self {
            Self::Whole(node) => vec![node.clone()],
            Self::Slots(slots) => {
                let mut names = HashSet::new();
                let nodes = slots.values();
                nodes
                    .filter(|node| names.insert(Arc::clone(&node.name)))
                    .cloned()
                    .collect()
            }
        }
    }

    /// A slot has moved to another server.
    pub(crate) fn moved(&mut self, slot: Slot, to: Node) {
        match self {
            Self::Whole(_) => {}
            Self::Slots(slots) => {
                slots.insert(slot, to);
            }
        }
    }
}

/// No server has a slot.
pub(crate) fn homeless() -> RedisError {
    RedisError::from((
        ErrorKind::ClusterConnectionNotFound,
        "no server has the slot",
    ))
}

fn unreadable() -> RedisError {
    RedisError::from((ErrorKind::UnexpectedReturnType, "no readable answer"))
}
