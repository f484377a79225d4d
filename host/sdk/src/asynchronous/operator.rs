//! The client for operators, whose calls are futures.

use std::fmt;

use super::{AsyncGuard, AsyncTwoFactor};
use crate::audit::Trail;
use crate::binding::{Binding, Unlocked};
use crate::bindings::steps::exports::xoxzo::two_factor::steps::Step;
use crate::error::Error;
use crate::event::Subject;
use crate::exchange::bounded;
use crate::limits::{Credits, Limits};
use crate::settings::Settings;

use super::client::stray;

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
        let (recipient, subject, client) =
            (bounded(recipient), bounded(subject), client.map(bounded));
        let binding = Binding::new(recipient, subject, "");
        let about = Subject::limits(&binding, &self.name);
        let of = &self.two_factor;
        of.audited(about, async |settings| {
            let begin = of.step(|steps, store, now| {
                steps.call_limits(store, settings, now, subject, recipient, client, true)
            });
            match of.finish(settings, begin).await {
                Ok(Step::Limits(limits)) => Ok(Limits::from(limits)),
                other => Err(stray(other)),
            }
        })
        .await
    }

    /// The asynchronous form of [`Operator::unlock`](crate::Operator::unlock).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::unlock`](crate::Operator::unlock).
    pub async fn unlock(&self, recipient: &str, subject: &str) -> Result<Unlocked, Error> {
        let (recipient, subject) = (bounded(recipient), bounded(subject));
        let binding = Binding::new(recipient, subject, "");
        let about = Subject::unlock(&binding, &self.name);
        let of = &self.two_factor;
        of.audited(about, async |settings| {
            let begin = of.step(|steps, store, now| {
                steps.call_unlock(store, settings, now, subject, recipient, true)
            });
            match of.finish(settings, begin).await {
                Ok(Step::Unlocked(unlocked)) => Ok(Unlocked::from(unlocked)),
                other => Err(stray(other)),
            }
        })
        .await
    }

    /// The asynchronous form of [`Operator::credits`](crate::Operator::credits).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::credits`](crate::Operator::credits).
    pub async fn credits(&self) -> Result<Credits, Error> {
        let of = &self.two_factor;
        let about = Subject::credits(&self.name);
        let asked = of.audited(about, async |settings| {
            let begin = of.step(|steps, store, now| steps.call_credits(store, settings, now, true));
            match of.finish(settings, begin).await {
                Ok(Step::Credits(credits)) => Ok(Credits::from(credits)),
                other => Err(stray(other)),
            }
        });
        let credits = asked.await?;
        credits.gauge();
        Ok(credits)
    }

    /// The same as [`Operator::trail`](crate::Operator::trail).
    ///
    /// # Errors
    ///
    /// The same as for [`Operator::trail`](crate::Operator::trail).
    pub fn trail(&self, recipient: &str, subject: &str) -> Result<Trail, Error> {
        self.two_factor.trail(recipient, subject)
    }
}

impl fmt::Debug for AsyncOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncOperator")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
