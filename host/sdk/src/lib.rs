//! SMS two-factor authentication through Xoxzo: one WebAssembly engine, embedded.
//!
//! A service starts a challenge; the engine makes a PIN, sends it to the user's phone, and hands back a small signed token.
//! Later the service gives it the token and what the user typed, and gets a verdict. No database: the challenge lives in the
//! token, and a [`Guard`] counts guesses, uses and messages.
//!
//! # In scope
//!
//! - [`TwoFactor`]: the operations, from any thread
//! - [`Settings`]: from JSON, a file, the environment, or built
//! - [`Guard`]: counters in memory ([`MemoryGuard`]), in a file ([`SqliteGuard`]), in Redis (`RedisGuard`), or your own, with a
//!   `suite` that tests it
//! - [`Error::explain`]: words for end users, in ten languages
//! - [`Examination`]: whether an account, its store and its keys are ready for users
//! - [`Event`]: each decision, to a callback of yours, or to `tracing` and `metrics`
//! - `AsyncTwoFactor`: the same operations for programs on tokio, with the feature `tokio`
//! - [`Transport`]: HTTP through ureq and rustls ([`UreqTransport`]), or your own
//! - National phone numbers in canonical form (`to_e164`), with the feature `phone`
//!
//! # Out of scope
//!
//! - Rules: they are the component's, the same on every host
//! - Sessions, pages, recovery codes
//!
//! # Manual
//!
//! [`manual`] has how-tos for a login, a payment and key rotation, what each limit answers, and past attacks.
//!
//! # Example
//!
//! Both halves of a login. Recipient and subject come from the server's own record of the user, never from the form.
//!
//! ```no_run
//! use xoxzo_2fa::{Binding, Error, MemoryGuard, Pin, Settings, Token, TwoFactor};
//!
//! /// After the password: sends the code, and gives what the session keeps until the user has typed it.
//! fn send_code(two_factor: &TwoFactor, phone: &str, user_id: &str) -> Result<Token, Error> {
//!     let challenge = two_factor.start(&Binding::new(phone, user_id, "login"))?;
//!     println!("a code is on its way to {}", challenge.masked);
//!     Ok(challenge.token)
//! }
//!
//! /// With what the user typed: `Ok` is the only way in.
//! fn check_code(two_factor: &TwoFactor, token: &Token, phone: &str, user_id: &str, pin: &Pin) -> Result<(), Error> {
//!     two_factor.verify(token, &Binding::new(phone, user_id, "login"), pin)?;
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let two_factor = TwoFactor::new(Settings::from_environment()?, MemoryGuard::default())?;
//! let token = send_code(&two_factor, "+819012345678", "user-1")?;
//! if let Err(error) = check_code(&two_factor, &token, "+819012345678", "user-1", &Pin::new("123456")) {
//!     // Such as: That is not the code. 4 tries are left.
//!     println!("{}", error.explain("en")?.text);
//! }
//! # Ok(())
//! # }
//! ```

#![deny(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "json")]
mod answer;
#[cfg(feature = "tokio")]
mod asynchronous;
mod audit;
mod binding;
mod bindings;
mod builder;
mod cache;
mod client;
mod compliance;
mod component;
mod configuration;
mod current;
mod diagnosis;
mod engine;
mod error;
mod event;
mod examination;
mod exchange;
mod explanation;
mod exports;
mod guard;
mod host;
mod instance;
mod limits;
pub mod manual;
mod odds;
mod operation;
mod operator;
mod panics;
#[cfg(feature = "phone")]
mod phone;
mod process;
mod receipt;
mod seconds;
mod service;
mod settings;
mod signed;
mod step_up;
mod strength;
mod telemetry;
mod transport;
mod xoxzo;

#[cfg(feature = "json")]
pub use answer::{Beside, JsonAnswer};
#[cfg(all(feature = "redis", feature = "tokio"))]
pub use asynchronous::AsyncRedisGuard;
#[cfg(feature = "tokio")]
pub use asynchronous::{
    AsyncBuilder, AsyncGuard, AsyncMemoryGuard, AsyncOperator, AsyncTransport, AsyncTwoFactor,
    Blocking, HyperTransport, Wait,
};
pub use audit::{Alarm, Audit, Cause, Trail};
pub use binding::{
    Acceptance, Binding, Challenge, Channel, Delivery, MessagePreview, Report, Sending, TokenInfo,
    Transaction, Unlocked,
};
pub use builder::{Builder, Instances};
#[cfg(unix)]
pub use cache::compiled_ahead;
pub use client::TwoFactor;
pub use compliance::{Finding, Standing};
pub use configuration::{Checked, check, inspect, keygen};
pub use diagnosis::{Diagnosis, Health, Point};
pub use engine::without_signals;
pub use error::{Code, Error, Failure};
pub use event::{Auditor, Cost, Event, Outcome};
pub use examination::Examination;
pub use explanation::{Explanation, Offer, explain};
#[cfg(feature = "suite")]
pub use guard::suite;
pub use guard::{Charge, Guard, GuardError, GuardName, MemoryGuard, Scope, Total, Totals};
#[cfg(feature = "redis")]
pub use guard::{RedisBuilder, RedisGuard};
#[cfg(feature = "sqlite")]
pub use guard::{Repaired, SqliteBuilder, SqliteGuard};
pub use limits::{Credits, Limit, Limits};
pub use odds::Odds;
pub use operation::Operation;
pub use operator::Operator;
#[cfg(feature = "phone")]
pub use phone::to_e164;
pub use receipt::{Claims, Expected, check_receipt, receipt_key};
pub use settings::{Settings, SettingsBuilder, Variable};
pub use signed::{Handle, Pin, Receipt, Token};
pub use step_up::{StepUp, request_key, sign_request};
#[cfg(feature = "ureq")]
pub use transport::UreqTransport;
pub use transport::{Body, Lost, Transport};
pub use xoxzo::{Callback, Refusal};

/// The README's examples, which are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
