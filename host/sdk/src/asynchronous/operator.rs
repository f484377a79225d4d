//! The client for operators, whose calls are futures.

use std::fmt;

use super::{AsyncGuard, AsyncTwoFactor};
use crate::audit::Trail;
use crate::binding::Unlocked;
use crate::error::Error;
use crate::limits::{Credits, Limits};
use crate::operation::{Call, User};
use crate::settings::Settings;

/// [`Operator`](crate::Operator) for asynchronous programs.
#[derive(Clone)]
pub struct AsyncOperator {
    two_factor: AsyncTwoFactor,
    name: String,
}

impl AsyncOperator {
    /// The asynchronous form of [`Operator::new`](crate::Operator::new).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::new`](crate::Operator::new).
    pub async fn new(
        settings: Settings,
        guard: impl AsyncGuard + 'static,
        name: impl Into<String>,
    ) -> Result<Self, Error> {
        let service = AsyncTwoFactor::new(settings, guard).await?;
        Ok(Self::beside(&service, name))
    }

    /// The same as [`Operator::beside`](crate::Operator::beside).
    #[must_use]
    pub fn beside(service: &AsyncTwoFactor, name: impl Into<String>) -> Self {
        Self {
            two_factor: service.clone(),
            name: name.into(),
        }
    }

    /// The asynchronous form of [`Operator::limits`](crate::Operator::limits).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::limits`](crate::Operator::limits).
    pub async fn limits(
        &self,
        recipient: &str,
        subject: &str,
        client: Option<&str>,
    ) -> Result<Limits, Error> {
        let limits = Call::limits(User::new(recipient, subject), client).by(&self.name);
        self.two_factor.run(limits).await
    }

    /// The asynchronous form of [`Operator::unlock`](crate::Operator::unlock).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::unlock`](crate::Operator::unlock).
    pub async fn unlock(&self, recipient: &str, subject: &str) -> Result<Unlocked, Error> {
        let unlock = Call::unlock(User::new(recipient, subject)).by(&self.name);
        self.two_factor.run(unlock).await
    }

    /// The asynchronous form of [`Operator::credits`](crate::Operator::credits).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::credits`](crate::Operator::credits).
    pub async fn credits(&self) -> Result<Credits, Error> {
        let credits = self.two_factor.run(Call::credits().by(&self.name)).await?;
        credits.gauge();
        Ok(credits)
    }

    /// The same as [`Operator::trail`](crate::Operator::trail).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::trail`](crate::Operator::trail).
    pub fn trail(&self, recipient: &str, subject: &str) -> Result<Trail, Error> {
        self.two_factor.service().trail(recipient, subject)
    }
}

impl fmt::Debug for AsyncOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncOperator")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
