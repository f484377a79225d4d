//! Xoxzo, as far as a host knows it beside the engine: its account, its rules for senders, and the reasons of its refusals.

mod account;
mod callback;
mod refusal;
mod senders;
mod sent;
mod templates;

pub(crate) use account::{Account, GIVEN, examine, origin};
pub use callback::Callback;
pub use refusal::Refusal;
pub(crate) use senders::check as check_senders;
pub(crate) use sent::{replaced, sent, typed, untyped};
