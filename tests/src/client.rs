//! The two clients of the SDK as one, for tests that hold for both.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::runtime::{Builder, Runtime};
use xoxzo_2fa::{
    Acceptance, AsyncMemoryGuard, AsyncOperator, AsyncTwoFactor, Binding, Blocking, Challenge,
    Credits, Error, Event, Guard, Handle, Limits, MemoryGuard, Operator, Report, Sending, Settings,
    Token, TwoFactor, Unlocked,
};

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `TwoFactor`.
    Blocking,
    /// `AsyncTwoFactor`.
    Tokio,
}

/// A client whose operations are waited for.
#[derive(Clone)]
pub enum Client {
    /// The blocking one.
    Blocking(TwoFactor),
    /// The asynchronous one, on a runtime of its own.
    Async(AsyncTwoFactor, Arc<Runtime>),
}

impl Client {
    /// Both, each with its default transport and a guard in memory.
    ///
    /// # Panics
    ///
    /// The settings are wrong.
    #[must_use]
    pub fn both(settings: impl Fn() -> Settings) -> [Self; 2] {
        let blocking = TwoFactor::new(settings(), MemoryGuard::default());
        let runtime = Self::runtime();
        let client = AsyncTwoFactor::new(settings(), AsyncMemoryGuard::default());
        let client = runtime.block_on(client);
        [
            Self::Blocking(blocking.expect("the settings are right")),
            Self::Async(client.expect("the settings are right"), runtime),
        ]
    }

    /// Builds a client of one kind with a guard, a clock and an auditor.
    ///
    /// # Errors
    ///
    /// As [`xoxzo_2fa::Builder::build`].
    pub fn build(
        kind: Kind,
        settings: Settings,
        guard: impl Guard + 'static,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
        auditor: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        match kind {
            Kind::Blocking => {
                let builder = TwoFactor::builder(settings, guard);
                let client = builder.danger_clock(clock).audit(auditor).build()?;
                Ok(Self::Blocking(client))
            }
            Kind::Tokio => {
                let builder = AsyncTwoFactor::builder(settings, Blocking::new(guard));
                let builder = builder.danger_clock(clock).audit(auditor);
                let runtime = Self::runtime();
                let client = runtime.block_on(builder.build())?;
                Ok(Self::Async(client, runtime))
            }
        }
    }

    /// The same client in a forked child, where the threads of its parent's runtime are missing.
    #[must_use]
    pub fn in_child(&self) -> Self {
        match self {
            Self::Blocking(client) => Self::Blocking(client.clone()),
            Self::Async(client, _) => Self::Async(client.clone(), Self::runtime()),
        }
    }

    /// A runtime with one worker.
    ///
    /// # Panics
    ///
    /// The system has no room for it.
    #[must_use]
    pub fn runtime() -> Arc<Runtime> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build();
        Arc::new(runtime.expect("a runtime starts"))
    }

    /// As [`TwoFactor::start`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::start`].
    pub fn start(&self, binding: &Binding) -> Result<Challenge, Error> {
        self.start_with(binding, &Sending::default())
    }

    /// As [`TwoFactor::start_with`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::start_with`].
    pub fn start_with(&self, binding: &Binding, sending: &Sending) -> Result<Challenge, Error> {
        match self {
            Self::Blocking(client) => client.start_with(binding, sending),
            Self::Async(client, on) => on.block_on(client.start_with(binding, sending)),
        }
    }

    /// As [`TwoFactor::resend`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::resend`].
    pub fn resend(&self, token: &Token, binding: &Binding) -> Result<Challenge, Error> {
        self.resend_with(token, binding, &Sending::default())
    }

    /// As [`TwoFactor::resend_with`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::resend_with`].
    pub fn resend_with(
        &self,
        token: &Token,
        binding: &Binding,
        sending: &Sending,
    ) -> Result<Challenge, Error> {
        match self {
            Self::Blocking(client) => client.resend_with(token, binding, sending),
            Self::Async(client, on) => on.block_on(client.resend_with(token, binding, sending)),
        }
    }

    /// As [`TwoFactor::verify`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::verify`].
    pub fn verify(&self, token: &Token, binding: &Binding, pin: &str) -> Result<Acceptance, Error> {
        match self {
            Self::Blocking(client) => client.verify(token, binding, &pin.into()),
            Self::Async(client, on) => on.block_on(client.verify(token, binding, &pin.into())),
        }
    }

    /// As [`TwoFactor::verify_from`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::verify_from`].
    pub fn verify_from(
        &self,
        token: &Token,
        binding: &Binding,
        pin: &str,
        client: &str,
    ) -> Result<Acceptance, Error> {
        match self {
            Self::Blocking(this) => this.verify_from(token, binding, &pin.into(), client),
            Self::Async(this, on) => {
                on.block_on(this.verify_from(token, binding, &pin.into(), client))
            }
        }
    }

    /// As [`TwoFactor::status`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::status`].
    pub fn status(&self, handle: &Handle) -> Result<Report, Error> {
        match self {
            Self::Blocking(client) => client.status(handle),
            Self::Async(client, on) => on.block_on(client.status(handle)),
        }
    }

    /// As [`Operator::unlock`].
    ///
    /// # Errors
    ///
    /// As [`Operator::unlock`].
    pub fn unlock(&self, recipient: &str, subject: &str) -> Result<Unlocked, Error> {
        match self {
            Self::Blocking(client) => Operator::beside(client, "ann").unlock(recipient, subject),
            Self::Async(client, on) => {
                on.block_on(AsyncOperator::beside(client, "ann").unlock(recipient, subject))
            }
        }
    }

    /// As [`Operator::limits`].
    ///
    /// # Errors
    ///
    /// As [`Operator::limits`].
    pub fn limits(
        &self,
        recipient: &str,
        subject: &str,
        client: Option<&str>,
    ) -> Result<Limits, Error> {
        match self {
            Self::Blocking(this) => {
                Operator::beside(this, "ann").limits(recipient, subject, client)
            }
            Self::Async(this, on) => {
                let operator = AsyncOperator::beside(this, "ann");
                on.block_on(operator.limits(recipient, subject, client))
            }
        }
    }

    /// As [`Operator::credits`].
    ///
    /// # Errors
    ///
    /// As [`Operator::credits`].
    pub fn credits(&self) -> Result<Credits, Error> {
        match self {
            Self::Blocking(client) => Operator::beside(client, "ann").credits(),
            Self::Async(client, on) => on.block_on(AsyncOperator::beside(client, "ann").credits()),
        }
    }

    /// As [`TwoFactor::ready`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::ready`].
    pub fn ready(&self) -> Result<(), Error> {
        match self {
            Self::Blocking(client) => client.ready(),
            Self::Async(client, runtime) => runtime.block_on(client.ready()),
        }
    }

    /// As [`TwoFactor::number_index`].
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::number_index`].
    pub fn number_index(&self, recipient: &str) -> Result<String, Error> {
        match self {
            Self::Blocking(client) => client.number_index(recipient),
            Self::Async(client, _) => client.number_index(recipient),
        }
    }

    /// As [`TwoFactor::effective_settings`].
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        match self {
            Self::Blocking(client) => client.effective_settings(),
            Self::Async(client, _) => client.effective_settings(),
        }
    }

    /// As [`TwoFactor::warnings`].
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        match self {
            Self::Blocking(client) => client.warnings(),
            Self::Async(client, _) => client.warnings(),
        }
    }
}
