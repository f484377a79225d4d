//! Step-up requests: a payment that an application asks the login gate to let a user confirm.

use std::fmt;
use std::time::SystemTime;

use crate::binding::Transaction;
use crate::bindings::xoxzo::two_factor::types;
use crate::configuration::configure;
use crate::error::Error;
use crate::exchange::bounded;
use crate::seconds::of_instant;

/// A payment that a user is to confirm at the gate.
///
/// Take every field from the server's own records. Debug shows none of them.
///
/// ```
/// use std::time::SystemTime;
/// use xoxzo_2fa::{StepUp, Transaction, keygen, request_key, sign_request};
///
/// # fn main() -> Result<(), xoxzo_2fa::Error> {
/// let key = request_key(&keygen()?, "shop", false)?;
/// let step_up = StepUp::new("user-1", Transaction::new("12.50", "EUR", "Ann Lee")).session("s-1");
/// let request = sign_request(&key, SystemTime::now(), &step_up)?;
/// # assert!(request.len() <= 272);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepUp {
    /// The service's immutable internal id of the user, as the gate knows it.
    pub subject: String,
    /// The session in which the user is to confirm it. `None` where the gate knows users without sessions.
    pub session: Option<String>,
    /// The payment that the gate shows, sends before the code, and binds the code to.
    pub transaction: Transaction,
}

impl StepUp {
    /// Asks this user, in no session, to confirm this payment.
    pub fn new(subject: impl Into<String>, transaction: Transaction) -> Self {
        Self {
            subject: subject.into(),
            session: None,
            transaction,
        }
    }

    /// Asks in this session.
    #[must_use]
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    fn to_wit(&self) -> types::StepUp {
        types::StepUp {
            subject: bounded(&self.subject).to_string(),
            session: self.session.as_deref().map(bounded).map(str::to_string),
            transaction: self.transaction.to_wit(),
        }
    }
}

impl fmt::Debug for StepUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepUp").finish_non_exhaustive()
    }
}

/// Derives the key that signs step-up requests to the login gate of one audience, live or in test mode. The key can do nothing else.
///
/// # Errors
///
/// [`Error::Misuse`] if `root_key` is not a key.
pub fn request_key(root_key: &str, audience: &str, test: bool) -> Result<String, Error> {
    let (root_key, audience) = (bounded(root_key), bounded(audience));
    configure(|configuration, store| {
        configuration.call_request_key(store, root_key, audience, test)
    })
    .map(|written| written.key)
}

/// Signs a step-up request at `now`, for the user's browser to carry to the gate: at most 272 characters of base64url.
///
/// The gate accepts it once, for 60 s, and only from the user and session that it was made for. Anyone who reads the request
/// sees the payment, but neither the user nor the session.
///
/// # Errors
///
/// [`Error::Misuse`] if `request_key` is not a request key or a field is malformed. [`Error::Upstream`] for a clock that cannot be right, or no randomness.
pub fn sign_request(request_key: &str, now: SystemTime, step_up: &StepUp) -> Result<String, Error> {
    let (request_key, step_up) = (bounded(request_key), step_up.to_wit());
    configure(|configuration, store| {
        configuration.call_sign_request(store, request_key, of_instant(now), &step_up)
    })
    .map(|signed| signed.request)
}
