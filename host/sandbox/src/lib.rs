//! A Xoxzo that sends nothing: an HTTP server on 127.0.0.1 with an inbox.
//!
//! # In scope
//!
//! - The part of the Xoxzo API that xoxzo-2fa uses, with its status codes and error bodies
//! - An inbox, for tests as JSON or in process, for people as a page with phones
//!
//! # Out of scope
//!
//! - Carriers, delivery, prices, rate limits
//! - Any address but 127.0.0.1
//!
//! # Example
//!
//! ```
//! use xoxzo_2fa_sandbox::{Options, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default())?;
//! assert!(sandbox.url().starts_with("http://127.0.0.1:"));
//! assert!(sandbox.inbox(None).is_empty());
//! # Ok::<(), std::io::Error>(())
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod api;
mod inbox;
mod server;
mod sms;

pub use server::{Options, Sandbox};
pub use sms::Message;
