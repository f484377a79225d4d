//! The engine of xoxzo-2fa: SMS two-factor authentication without I/O.
//!
//! # In scope
//!
//! - Settings: the rules between them, and the keys derived from them ([`Settings`], [`Prepared`])
//! - Challenges: tokens, PINs, the text of messages and what became of them ([`Dispatch`], [`Status`])
//! - Limits: what is charged, in which order, and what answers are believed ([`Charge`], [`Verify`])
//! - Words for end users: why an operation ended without what was asked ([`explain`])
//! - Receipts ([`check_receipt`]), and for a layer above step-up requests ([`check_request`]) and seals ([`Seal`])
//!
//! # Out of scope
//!
//! - Sockets, clocks, randomness, stores: arguments and [`Turn`]s
//! - Settings and questions as JSON: the crate beside this one
//!
//! Formats are specified in `wit/SPEC.md`, functions and codes in `wit/*.wit`.
//!
//! # Example
//!
//! A host is one loop. Here Xoxzo takes every message, and the guard counts in a map.
//!
//! ```
//! use std::collections::HashMap;
//! use xoxzo_2fa_core::*;
//!
//! fn run<O: Operation>(settings: &Prepared, mut turn: Turn<O>, counters: &mut HashMap<GuardName, u32>) -> Result<O::Output, Failure> {
//!     loop {
//!         turn = match turn {
//!             Turn::Done(output) => return Ok(output),
//!             Turn::Send(_, operation) => {
//!                 let taken = Response { status: 201, retry_after: None, body: r#"[{"msgid": "m1"}]"#.to_string() };
//!                 operation.resume(settings, 1_800_000_000, Answer::Response(taken))?
//!             }
//!             Turn::Count(charges, operation) => {
//!                 let mut totals = Vec::new();
//!                 for charge in charges {
//!                     let counter = counters.entry(charge.counter).or_default();
//!                     let (total, refused) = charge.apply(*counter);
//!                     totals.push(Total { total, ends_in: charge.ttl });
//!                     if refused {
//!                         break;
//!                     }
//!                     *counter = total;
//!                 }
//!                 operation.resume(settings, 1_800_000_000, Answer::Totals(Totals { totals, now: None }))?
//!             }
//!         }
//!     }
//! }
//!
//! # fn settings() -> Prepared {
//! #     let key = RootKey::from_random([7; 32]).to_text();
//! #     let document = format!(r#"{{
//! #         "version": 1, "audience": "shop", "service": "Example Shop", "keys": ["{0}"], "guard": {{"key": "{0}", "scope": "shared"}},
//! #         "xoxzo": {{"sid": "sid", "auth_token": "token", "sender": "Example"}}, "destinations": ["JP-mobile"]
//! #     }}"#, key);
//! #     let document = json::Node::parse(&document).unwrap();
//! #     Settings::from_document(document).unwrap().prepare(&mut Fixed).unwrap().unwrap()
//! # }
//! # struct Fixed;
//! # impl rand::TryRng for Fixed {
//! #     type Error = core::convert::Infallible;
//! #     fn try_next_u32(&mut self) -> Result<u32, Self::Error> { Ok(4) }
//! #     fn try_next_u64(&mut self) -> Result<u64, Self::Error> { Ok(4) }
//! #     fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> { to.fill(4); Ok(()) }
//! # }
//! # impl rand::TryCryptoRng for Fixed {}
//! let settings = settings();
//! let mut counters = HashMap::new();
//! let login = Claimed { recipient: "+819012345678", subject: "user-1", purpose: "login", session: None, transaction: None };
//!
//! let start = Dispatch::start(&settings, 1_800_000_000, login, Sending::default(), &mut Fixed)?;
//! let challenge = run(&settings, start, &mut counters)?;
//!
//! let guess = Verify::begin(&settings, 1_800_000_060, &challenge.token, login, "000000", None)?;
//! let refusal = run(&settings, guess, &mut counters).err().unwrap();
//! assert_eq!((refusal.code, refusal.guesses_left), (Code::WrongPin, Some(4)));
//! # Ok::<(), Failure>(())
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

mod common;
mod guard;
mod operations;
mod phone;
mod plan;
mod settings;
mod signed;
mod words;
mod xoxzo;

pub use common::audit::{Alarm, Audit, Trail};
pub use common::channel::Channel;
pub use common::codec::{Reader, Writer};
pub use common::delivery::Delivery;
pub use common::document;
pub use common::failure::{Blame, Code, Failure, InvalidFormat};
pub use common::json;
pub use common::mark;
pub use common::random::draw;
pub use common::range::Range;
pub use common::record;
pub use guard::{Charge, GuardName, Total, Totals};
pub use operations::about::{About, number_index};
pub use operations::audited::{Audited, Tell, Told};
pub use operations::credits::{AskCredits, Credits};
pub use operations::dispatch::{Challenge, Dispatch, Sending};
pub use operations::kept::{Kept, Known};
pub use operations::limits::{AskLimits, Limits};
pub use operations::state::{Ended, Suspended};
pub use operations::status::{Report, Status};
pub use operations::turn::{Answer, NoAnswer, Operation, Received, Turn};
pub use operations::unlock::{Unlock, Unlocked};
pub use operations::verify::{Acceptance, Verify};
pub use phone::{Destination, DestinationRange, InvalidNumber, Recipient, Trusted};
pub use plan::Limit;
pub use settings::prepared::Prepared;
pub use settings::{
    Cap, Failures, GuardSettings, Messages, Pins, Purpose, Scope, Sends, Settings, Voice, Wording,
};
pub use signed::binding::{Binding, Claimed, Transaction};
pub use signed::key::{ReceiptKey, RequestKey, RootKey};
pub use signed::receipt::{Claims, Expected, check as check_receipt};
pub use signed::seal::Seal;
pub use signed::step_up::{
    GenuineRequest, SignedRequest, StepUp, check as check_request, sign as sign_request,
};
pub use signed::token::{TokenInfo, inspect};
pub use words::explain::{Explanation, Offer, explain};
pub use words::languages::Locale;
pub use xoxzo::Request;
pub use xoxzo::account::{Japan, Route, Xoxzo};
pub use xoxzo::reply::{Reply, Response};
pub use xoxzo::template::{Template, Variables};
pub use xoxzo::text::MessagePreview;
