//! The login gate of xoxzo-2fa beside a reverse proxy, which asks it about each request; and the engine's functions over HTTP.
//!
//! # In scope
//!
//! - `GET /check`: the question of a proxy about one request, in two dialects ([`Dialect`])
//! - `/.2fa/`: the gate's pages, which the proxy forwards here as they come
//! - The user's identity, from a JWT that is verified here, or from headers of an earlier filter
//! - Counters in this process, and the way to Xoxzo
//! - `POST /v1/…`, a program of its own: the functions of `wit/ASK.md` for programs without an SDK ([`Rest`])
//! - The configuration of each proxy, which [`Render`] prints, and resources of Kubernetes, which [`Manifests`] prints
//!
//! # Out of scope
//!
//! - Every decision: those are the gate's, which is linked here as it is in Envoy's filter
//! - The requests themselves: they go from the proxy to the application, and no byte of a body passes here but the gate's forms
//!
//! ```text
//!               1 any request                    4 the request, with x-2fa-receipt
//! a browser ──────────────────► the proxy ──────────────────────────────────────────► the application
//!                                 │    ▲
//!            2 its head, its URI  │    │ 3 200 with a receipt, or the gate's answer
//!                                 ▼    │
//!                               /check ┘  /.2fa/
//!                                    serve ──────────► Xoxzo
//! ```
//!
//! A check may only be believed if nobody but the proxy can ask. Each fact has exactly one source, which the proxy overwrites whatever the client
//! sends: [`Proxy`] fixes the headers with the original URI and method, and a request that has another header of that kind, or the same one twice,
//! is refused. The proxy shows a secret, or it is the only one with access to the Unix socket.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod accept;
mod answer;
mod claims;
mod command;
mod connection;
mod document;
mod facts;
mod judge;
mod ledger;
mod listen;
mod log;
mod manifests;
mod metrics;
mod probes;
mod program;
mod proxy;
mod ready;
mod render;
mod rest;
#[cfg(test)]
mod schema;
mod seconds;
mod server;
mod site;
mod template;

pub use accept::Serving;
pub use command::Command;
pub use manifests::{EnvoyGateway, Istio, Manifests, Sidecar};
pub use proxy::{Dialect, Proxy};
pub use render::Render;
pub use rest::{ApiKey, Rest, RestCommand, Right, Surroundings};
