//! The REST service: the functions of `wit/ASK.md` over HTTP, for programs without an SDK.
//!
//! ```text
//! a program ──► POST /v1/start, /v1/verify, … with a bearer key ──► key, right, form ──► AsyncTwoFactor ──► guard, Xoxzo
//!           ◄── the answer of `ask`, and a status by who has to act ◄──────────────────────────┘
//! ```

mod answers;
mod body;
mod command;
pub(crate) mod document;
mod event;
mod function;
mod key;
mod list;
mod openapi;
mod question;
mod rejection;
mod reply;
mod service;
mod store;

pub(crate) use document::GuardSettings;
pub(crate) use store::open as open_store;

pub use command::RestCommand;
pub use key::{ApiKey, Right};
pub use service::{Rest, Surroundings};
