//! The login gate of xoxzo-2fa: SMS two-factor authentication in front of an application that knows nothing of it.
//!
//! # In scope
//!
//! - Which requests reach the application, and with which headers ([`Gate::open`])
//! - The pages under `/.2fa/` and what their forms do; cookies; the same as JSON
//! - Who the user is, by claims that the host has verified ([`IdentityClaims`])
//!
//! # Out of scope
//!
//! - The first factor
//! - HTTP itself, clocks, randomness, counters, the way to Xoxzo: arguments and [`GateTurn`]s
//!
//! ```text
//!               open(head, claims)
//! a request ───────────────────────► GateTurn ──► Forward, to the application
//!                                     ▲  ├──► Respond, without it
//!                     read(body) ─────┤  ├──► Read ─────────► body ──┐
//!                     resume(answer) ─┘  ├──► Look, Count, Publish ──┤
//!                             ▲          └──► Send ───► reply ───────┤
//!                             └──────────────────────────────────────┘
//! ```
//!
//! Counters are in one process, or a [`Fleet`] of gates shares them.
//!
//! What is not surely allowed is refused: there is no setting and no failure by which a request goes through without a pass.

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

mod action;
mod admission;
mod answer;
mod asked;
mod colour;
mod confirmation;
mod cookie;
mod event;
mod fleet;
mod flow;
mod foreign;
mod gate;
mod generation;
mod head;
mod identity;
mod note;
mod page;
mod pass;
mod payment;
mod places;
mod resemblance;
mod screen;
mod settings;
mod step_up;
mod target;
mod turn;
mod visit;
mod waiting;
mod wording;
mod words;

pub use cookie::SessionCookie;
pub use event::Event;
pub use fleet::{Fleet, GuardService};
pub use gate::Gate;
pub use head::Head;
pub use identity::IdentityClaims;
pub use note::Note;
pub use pass::Cache;
pub use settings::{
    Brand, Exempt, GateSettings, IdentitySettings, PassSettings, Preflight, Source, StepUpSettings,
};
pub use turn::{Forward, GateResponse, GateTurn};
pub use waiting::{Reading, Waiting};

/// The prefix of the gate's own pages. Nothing under it reaches the application.
pub(crate) const PREFIX: &str = "/.2fa";
