//! A Xoxzo that sends nothing: an HTTP server on this machine with an inbox.
//!
//! # In scope
//!
//! - The part of the Xoxzo API that xoxzo-2fa uses: SMS freeform and from templates, calls that speak, states, callbacks, credits
//! - What else its pages document: numbers to call, carrier lookup, codes that Xoxzo makes
//! - What goes wrong, on demand ([`Fault`])
//! - An inbox and every call of the API, for tests as JSON, for people as a page with phones
//!
//! # Out of scope
//!
//! - Carriers, real prices and rate limits
//! - Encryption, and more accounts than one
//!
//! # What becomes of a message
//!
//! ```text
//! POST /sms/messages/ ──▶ QUEUED ── after 1 s ──▶ DELIVERING ── after 2 s ──▶ DELIVERED
//! ```
//!
//! It lies in the inbox from the start.
//!
//! # Features
//!
//! - `command` (default): [`Command`], the arguments of the program `xoxzo-2fa-sandbox` and of `xoxzo-2fa sandbox`, by clap
//!
//! # Example
//!
//! ```
//! use xoxzo_2fa_sandbox::{Options, Sandbox};
//!
//! # let agent = ureq::Agent::config_builder().proxy(None).build();
//! # let agent = ureq::Agent::from(agent);
//! let sandbox = Sandbox::start(Options::default().account("sid", "token"))?;
//! let sent = agent
//!     .post(format!("{}/sms/messages/", sandbox.url()))
//!     .header("authorization", "Basic c2lkOnRva2Vu")
//!     .send_form([("recipient", "+819012345678"), ("sender", "Shop"), ("message", "Hi")])?;
//! assert_eq!(sent.status(), 201);
//! assert_eq!(sandbox.inbox(Some("+819012345678"))[0].body, "Hi");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod account;
mod api;
mod callback;
mod calls;
#[cfg(feature = "command")]
mod command;
mod dins;
mod fault;
mod ids;
mod line;
mod message;
mod options;
mod orders;
mod otp;
mod phones;
mod recorder;
mod server;
mod site;
mod template;
mod viewer;

#[cfg(feature = "command")]
pub use command::Command;
pub use fault::Fault;
pub use message::Message;
pub use options::Options;
pub use server::Sandbox;
