//! The client for operators: limits, unlocking and credits.

use std::fmt;

use crate::audit::Trail;
use crate::binding::Unlocked;
use crate::client::TwoFactor;
use crate::error::Error;
use crate::limits::{Credits, Limits};
use crate::operation::{Call, User};

/// The client of an operator, who sees and lifts limits. Keep it out of reach of what serves users.
///
/// It has counters in common with a service that has the same `guard.key` and the same store, a file or Redis, and works while the service runs. With
/// counters in memory it must be in the same process: [`Operator::beside`].
///
/// Every call is an event that names the operator.
#[derive(Clone)]
pub struct Operator {
    two_factor: TwoFactor,
    name: String,
}

impl Operator {
    /// Opens a client for the operator of this name, with everything else as it is by default.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings, [`Error::Upstream`] for a guard that is out of reach or unfit.
    #[cfg(feature = "ureq")]
    pub fn new(
        settings: crate::Settings,
        guard: impl crate::Guard + 'static,
        name: impl Into<String>,
    ) -> Result<Self, Error> {
        TwoFactor::new(settings, guard).map(|service| Self::beside(&service, name))
    }

    /// Opens a client beside that of a service in the same process, for the operator of this name: with its settings, store and transport.
    #[must_use]
    pub fn beside(service: &TwoFactor, name: impl Into<String>) -> Self {
        Self {
            two_factor: service.clone(),
            name: name.into(),
        }
    }

    /// Looks at every counter that could refuse a user, and charges none: why a user is refused, and what is left. With the address of a client
    /// also at what is counted for that client.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a malformed argument, [`Error::Upstream`] if the guard is out of reach.
    pub fn limits(
        &self,
        recipient: &str,
        subject: &str,
        client: Option<&str>,
    ) -> Result<Limits, Error> {
        self.two_factor
            .run(Call::limits(User::new(recipient, subject), client).by(&self.name))
    }

    /// Lifts what keeps a user out: failures of the subject with the recipient and over all recipients, cooldowns, and messages of the subject and
    /// to the number. It never lifts what is counted for a client, a range of numbers or the service. Make sure first who asks.
    ///
    /// # Errors
    ///
    /// [`Error::Refuse`] with [`Code::NothingLocked`](crate::Code::NothingLocked) if nothing is counted, [`Error::Misuse`] for a malformed argument,
    /// [`Error::Upstream`] if the guard is out of reach.
    pub fn unlock(&self, recipient: &str, subject: &str) -> Result<Unlocked, Error> {
        self.two_factor
            .run(Call::unlock(User::new(recipient, subject)).by(&self.name))
    }

    /// Queries the balance of the account at Xoxzo. With the feature `metrics`, it sets the gauge `xoxzo_2fa_credits`.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`] if Xoxzo does not say.
    pub fn credits(&self) -> Result<Credits, Error> {
        let credits = self.two_factor.run(Call::credits().by(&self.name))?;
        credits.gauge();
        Ok(credits)
    }

    /// Computes the pseudonyms by which events name a user, so that a support ticket can be matched with logs and metrics.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a malformed subject or recipient.
    pub fn trail(&self, recipient: &str, subject: &str) -> Result<Trail, Error> {
        self.two_factor.service().trail(recipient, subject)
    }

    /// Returns warnings about settings that are allowed and unwise, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        self.two_factor.warnings()
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
