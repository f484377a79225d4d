//! The operations.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Store;

use crate::binding::{Acceptance, Binding, Challenge, Report, Sending};
use crate::bindings::xoxzo::two_factor::types;
use crate::builder::{Builder, Instances};
use crate::component::{BUNDLED, ImportState, Imports, Operations};
use crate::engine::{Client, Place, shared};
use crate::error::Error;
use crate::guard::Guard;
use crate::host::tested;
use crate::instance::Instance;
use crate::operation::{Answer, Arguments, Call, Output, User};
use crate::process::PerProcess;
use crate::service::{Running, Service};
use crate::settings::Settings;
use crate::signed::{Handle, Pin, Token};
use crate::transport::Transport;

/// SMS two-factor authentication. Cheap to clone; use it from any thread.
#[derive(Clone)]
pub struct TwoFactor {
    shared: Arc<Inner>,
}

/// Instances that are kept, each in its place.
type Idle = Mutex<Vec<(Instance<Operations>, Place)>>;

struct Inner {
    service: Service<Operations>,
    host: Arc<Imports>,
    idle: Option<PerProcess<Idle>>,
    client: Client,
}

impl TwoFactor {
    /// Opens a client with the bundled component, ureq, and the defaults for everything else.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings, [`Error::Upstream`] for a guard that is out of reach or unfit.
    #[cfg(feature = "ureq")]
    pub fn new(settings: Settings, guard: impl Guard + 'static) -> Result<Self, Error> {
        Self::builder(settings, guard).build()
    }

    /// Begins a client whose parts can be chosen.
    pub fn builder(settings: Settings, guard: impl Guard + 'static) -> Builder {
        Builder::new(settings, Box::new(guard))
    }

    /// Makes a PIN, sends it to the binding's recipient, and answers the challenge.
    ///
    /// # Errors
    ///
    /// [`Error::Refuse`] by a limit or for a number that is not allowed, [`Error::Upstream`] if nothing was sent or the guard
    /// is out of reach, [`Error::Misuse`] for a malformed argument. A message that may have been sent is no error: see
    /// [`Delivery::Unknown`](crate::Delivery::Unknown).
    pub fn start(&self, binding: &Binding) -> Result<Challenge, Error> {
        self.start_with(binding, &Sending::default())
    }

    /// [`TwoFactor::start`], with a language or the client's address.
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::start`].
    pub fn start_with(&self, binding: &Binding, sending: &Sending) -> Result<Challenge, Error> {
        self.run(Call::start(binding, sending))
    }

    /// Sends the PIN of a challenge once more: the same PIN, the same token, no more life and no more guesses. On the user's own
    /// act only.
    ///
    /// # Errors
    ///
    /// As [`TwoFactor::start`], and [`Error::Refuse`] for a token that is not for this binding, is used or exhausted, or has less
    /// than a minute left.
    pub fn resend(&self, token: &Token, binding: &Binding) -> Result<Challenge, Error> {
        self.resend_with(token, binding, &Sending::default())
    }

    /// [`TwoFactor::resend`], by a call, in a language, or with the client's address.
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::resend`].
    pub fn resend_with(
        &self,
        token: &Token,
        binding: &Binding,
        sending: &Sending,
    ) -> Result<Challenge, Error> {
        self.run(Call::resend(token, binding, sending))
    }

    /// Compares what the user typed. `Ok` is given at most once per challenge.
    ///
    /// # Errors
    ///
    /// [`Error::Refuse`] with the code to show; [`Error::Upstream`] if the guard is out of reach, after which the guess may
    /// have been charged; [`Error::Misuse`] for a malformed binding. Do not repeat a call whose answer was lost.
    pub fn verify(&self, token: &Token, binding: &Binding, pin: &Pin) -> Result<Acceptance, Error> {
        self.run(Call::verify(token, binding, pin, None))
    }

    /// [`TwoFactor::verify`] for the end user at an address, IPv4 or IPv6. Required if the settings have `failures.per_client`.
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::verify`].
    pub fn verify_from(
        &self,
        token: &Token,
        binding: &Binding,
        pin: &Pin,
        client: &str,
    ) -> Result<Acceptance, Error> {
        self.run(Call::verify(token, binding, pin, Some(client)))
    }

    /// Queries the delivery state of a message at Xoxzo, by the handle of its challenge: at most once in 5 s for each message, and for one day.
    ///
    /// # Errors
    ///
    /// [`Error::Refuse`] for a handle that is not ours or too old, or if it was asked moments ago; [`Error::Upstream`] if Xoxzo
    /// does not say.
    pub fn status(&self, handle: &Handle) -> Result<Report, Error> {
        self.run(Call::status(handle))
    }

    /// Computes an index of a phone number, by which a service finds whether a number is registered already, and by whom, without keeping the number in
    /// the clear: 22 characters of base64url, the same for the same `guard.key`.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a malformed recipient.
    pub fn number_index(&self, recipient: &str) -> Result<String, Error> {
        self.shared.service.number_index(recipient)
    }

    /// Tests the guard as [`TwoFactor::builder`] did, and compares its clock with the host's: for the health check of a service. It charges no user and
    /// asks Xoxzo nothing, tells no event, and takes three or four round trips to the guard.
    ///
    /// # Errors
    ///
    /// [`Error::Upstream`]: [`Code::Guard`](crate::Code::Guard) for a guard that is out of reach or unfit, with the reason in
    /// [`Audit::cause`](crate::Audit::cause), and [`Code::Clock`](crate::Code::Clock) for clocks that are over two minutes apart.
    pub fn ready(&self) -> Result<(), Error> {
        self.shared.host.ready()
    }

    /// The settings in effect, defaults filled in, as JSON without secrets.
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        &self.shared.service.effective
    }

    /// Returns warnings about settings that are allowed and unwise, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.shared.service.warnings
    }

    pub(crate) fn service(&self) -> &Service<Operations> {
        &self.shared.service
    }

    /// Runs an operation, and tells the auditor what came of it.
    pub(crate) fn run<A: Output>(&self, call: Call<'_, A>) -> Result<A, Error> {
        let running = self.shared.service.begin(call)?;
        let Running { call, settings, .. } = &running;
        let answer = |exports: &_, store: &mut _| answer(&call.arguments, exports, store, settings);
        running.end(self.shared.call(answer))
    }
}

/// The answer of a call, or its failure.
type Answered = wasmtime::Result<Result<Answer, types::Failure>>;

fn answer(
    arguments: &Arguments<'_>,
    Operations(exports): &Operations,
    store: &mut Store<ImportState>,
    settings: &str,
) -> Answered {
    Ok(match arguments {
        Arguments::Start(binding, sending) => exports
            .call::<_, Result<_, _>>(store, "start", (settings, binding, sending, true))?
            .map(Answer::Challenge),
        Arguments::Resend(token, binding, sending) => exports
            .call::<_, Result<_, _>>(store, "resend", (settings, *token, binding, sending, true))?
            .map(Answer::Challenge),
        Arguments::Verify {
            token,
            binding,
            pin,
            client,
        } => exports
            .call::<_, Result<_, _>>(
                store,
                "verify",
                (settings, *token, binding, *pin, *client, true),
            )?
            .map(Answer::Acceptance),
        Arguments::Status(handle) => exports
            .call::<_, Result<_, _>>(store, "status", (settings, *handle, true))?
            .map(Answer::Report),
        Arguments::Unlock(User { recipient, subject }) => exports
            .call::<_, Result<_, _>>(store, "unlock", (settings, *subject, *recipient, true))?
            .map(Answer::Unlocked),
        Arguments::Limits(User { recipient, subject }, client) => exports
            .call::<_, Result<_, _>>(
                store,
                "limits",
                (settings, *subject, *recipient, *client, true),
            )?
            .map(Answer::Limits),
        Arguments::Credits => exports
            .call::<_, Result<_, _>>(store, "credits", (settings, true))?
            .map(Answer::Credits),
    })
}

impl Inner {
    /// Makes a call, as soon as there is a place.
    fn call(
        &self,
        call: impl FnOnce(&Operations, &mut Store<ImportState>) -> Answered,
    ) -> Result<Answer, Error> {
        let Service {
            plugin, deadline, ..
        } = &self.service;
        let _share = shared()?.wait(self.client);
        let idle = self.idle.as_ref().map(PerProcess::get);
        let kept = idle
            .as_ref()
            .and_then(|idle| idle.lock().unwrap_or_else(PoisonError::into_inner).pop());
        let mut instance = match kept {
            Some((instance, _place)) => instance,
            None => plugin.instantiate(&self.host, *deadline)?,
        };
        let result = instance.call(call)?;
        if let Some(idle) = idle
            && let Some(place) = shared()?.keep()
        {
            idle.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((instance, place));
        }
        Ok(result?)
    }
}

impl fmt::Debug for TwoFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwoFactor")
            .field("settings", &self.shared.service.effective)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Takes another way to Xoxzo.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Sets how instances are used.
    #[must_use]
    pub fn instances(mut self, instances: Instances) -> Self {
        self.instances = instances;
        self
    }

    /// Checks the settings, tests the guard, and compiles the component.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings, or no transport; [`Error::Upstream`] for a component that does not load, or a guard that is out
    /// of reach or unfit.
    pub fn build(mut self) -> Result<TwoFactor, Error> {
        let scope = self.guard.scope();
        let document = self.settings.document(scope)?;
        let transport = self.transport.take().or_else(default_transport);
        let transport = transport
            .ok_or_else(|| Error::settings("no transport: set one, or use the feature ureq"))?;
        tested(&*self.guard)?;
        let idle = (self.instances == Instances::Reused)
            .then(|| PerProcess::new(Idle::default(), Idle::default));
        let (service, host) = self.open(scope, document, transport, &BUNDLED)?;
        Ok(TwoFactor {
            shared: Arc::new(Inner {
                service,
                host: Arc::new(host),
                idle,
                client: Client::new(),
            }),
        })
    }
}

#[cfg(feature = "ureq")]
#[expect(
    clippy::unnecessary_wraps,
    reason = "without the feature there is none"
)]
fn default_transport() -> Option<Box<dyn Transport>> {
    Some(Box::new(crate::transport::UreqTransport::default()))
}

#[cfg(not(feature = "ureq"))]
fn default_transport() -> Option<Box<dyn Transport>> {
    None
}
