//! Receipts: how another service checks that a challenge was accepted.

use std::fmt;
use std::time::SystemTime;

use crate::binding::{Binding, Transaction};
use crate::bindings::xoxzo::two_factor::types;
use crate::configuration::configure;
use crate::error::{Code, Error, Failure};
use crate::exchange::{KEYS, bounded};
use crate::seconds::{instant, of_instant};
use crate::signed::Receipt;

/// The user, purpose and payment that a receipt must be for.
///
/// Take every field from the checker's own records, never from what came with the receipt. Debug shows the purpose only.
///
/// ```
/// use xoxzo_2fa::{Expected, Transaction};
///
/// let login = Expected::new("user-1", "login").session("s-1");
/// let payment = Expected::new("user-1", "payment").transaction(Transaction::new("12.50", "EUR", "Ann Lee"));
/// # assert_ne!(login, payment);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// The service's immutable internal id of the user.
    pub subject: String,
    /// The purpose of the challenge.
    pub purpose: String,
    /// Phone number in canonical E.164. `None` accepts a receipt for any number.
    pub recipient: Option<String>,
    /// The session that asked. `None` accepts only a receipt without one.
    pub session: Option<String>,
    /// The payment that was confirmed. `None` accepts only a receipt without one.
    pub transaction: Option<Transaction>,
}

impl Expected {
    /// Expects a receipt of this user for this purpose, for any number, and without session and payment.
    pub fn new(subject: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            purpose: purpose.into(),
            recipient: None,
            session: None,
            transaction: None,
        }
    }

    /// Expects this number.
    #[must_use]
    pub fn recipient(mut self, recipient: impl Into<String>) -> Self {
        self.recipient = Some(recipient.into());
        self
    }

    /// Expects this session.
    #[must_use]
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Expects exactly this payment.
    #[must_use]
    pub fn transaction(mut self, transaction: Transaction) -> Self {
        self.transaction = Some(transaction);
        self
    }

    fn to_wit(&self) -> types::Expected {
        let option = |text: &Option<String>| text.as_deref().map(bounded).map(str::to_string);
        types::Expected {
            subject: bounded(&self.subject).to_string(),
            purpose: bounded(&self.purpose).to_string(),
            recipient: option(&self.recipient),
            session: option(&self.session),
            transaction: self.transaction.as_ref().map(Transaction::to_wit),
        }
    }
}

/// Expects everything that a challenge was bound to, its number included.
impl From<&Binding> for Expected {
    fn from(binding: &Binding) -> Self {
        Self {
            subject: binding.subject.clone(),
            purpose: binding.purpose.clone(),
            recipient: Some(binding.recipient.clone()),
            session: binding.session.clone(),
            transaction: binding.transaction.clone(),
        }
    }
}

impl fmt::Debug for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expected")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// The facts that a receipt proves. A receipt contains neither user, number, session nor payment: [`Expected`] supplies them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// Unique per acceptance. Burn it where a receipt must count once.
    pub id: String,
    /// The service that gave the receipt. With keys of several audiences, it tells which.
    pub audience: String,
    /// The purpose of the challenge.
    pub purpose: String,
    /// The payment that was confirmed: the expected one.
    pub transaction: Option<Transaction>,
    /// Made in test mode: it proves nothing. Only with a receipt key of test mode.
    pub test: bool,
    /// The time at which it was made.
    pub issued_at: SystemTime,
    /// The time from which it is refused.
    pub expires_at: SystemTime,
}

impl From<types::Claims> for Claims {
    fn from(claims: types::Claims) -> Self {
        Self {
            id: claims.id,
            audience: claims.audience,
            purpose: claims.purpose,
            transaction: claims
                .transaction
                .map(|paid| Transaction::new(paid.amount, paid.currency, paid.payee)),
            test: claims.test,
            issued_at: instant(claims.issued_at_seconds),
            expires_at: instant(claims.expires_at_seconds),
        }
    }
}

/// Derives the key that checks receipts of one audience: live ones, or those of test mode. Its holder can also forge them, but no tokens.
///
/// # Errors
///
/// [`Error::Misuse`] if `root_key` is not a key.
pub fn receipt_key(root_key: &str, audience: &str, test: bool) -> Result<String, Error> {
    let (root_key, audience) = (bounded(root_key), bounded(audience));
    configure(|configuration, store| {
        configuration.call_receipt_key(store, root_key, audience, test)
    })
    .map(|written| written.key)
}

/// Checks a receipt with the receipt keys of its audience, at `now`: that it is genuine, alive and for what is expected.
///
/// A receipt can be shown again until it ends, at most 60 s: burn [`Claims::id`] where that matters.
///
/// # Errors
///
/// [`Error::Refuse`] with [`Code::InvalidToken`] for a receipt that is forged, altered or for something else, and with
/// [`Code::Expired`] for one whose time is over. [`Error::Misuse`] if one of `receipt_keys` is not a receipt key or a field of `expected` is malformed.
pub fn check_receipt(
    receipt_keys: &[String],
    receipt: &Receipt,
    now: SystemTime,
    expected: &Expected,
) -> Result<Claims, Error> {
    if receipt_keys.len() > KEYS {
        let detail = "receipt_keys: must be at most 256";
        return Err(Error::Misuse(Failure::new(Code::Request, detail)));
    }
    let keys: Vec<_> = receipt_keys
        .iter()
        .map(|key| bounded(key).to_string())
        .collect();
    let (receipt, expected) = (receipt.bounded(), expected.to_wit());
    configure(|configuration, store| {
        configuration.call_check_receipt(store, &keys, receipt, of_instant(now), &expected)
    })
    .map(Claims::from)
}
