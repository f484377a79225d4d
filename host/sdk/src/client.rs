//! The operations.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use wasmtime::Store;

use crate::audit::Trail;
use crate::binding::{Acceptance, Binding, Challenge, Report, Sending};
use crate::bindings::TwoFactor as Exports;
use crate::bindings::exports::xoxzo::two_factor::challenges::Guest as Challenges;
use crate::bindings::xoxzo::two_factor::types;
use crate::component::{BUNDLED, Host, ImportState};
use crate::configuration::{index_of, prepare, trail_of};
use crate::current::{Clock, Current};
use crate::engine::{Place, shared};
use crate::error::Error;
use crate::event::{Auditor, Event, Operation, Subject, Told, tell};
use crate::exchange::bounded;
use crate::guard::Guard;
use crate::instance::{DEADLINE, Instance, Plugin};
use crate::process::PerProcess;
use crate::settings::Settings;
use crate::signed::{Handle, Pin, Token};
use crate::telemetry::default_auditor;
use crate::transport::Transport;

/// The life of an instance: one call, or many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instances {
    /// A new one for every call: nothing is left of one call when the next begins.
    #[default]
    Fresh,
    /// Kept after a call that ended well. Faster by a few microseconds; the component keeps no state, and wipes what it frees.
    Reused,
}

/// SMS two-factor authentication. Cheap to clone; use it from any thread.
#[derive(Clone)]
pub struct TwoFactor {
    shared: Arc<Inner>,
}

/// Instances that are kept, each in its place.
type Idle = Mutex<Vec<(Instance<Exports>, Place)>>;

struct Inner {
    plugin: Arc<Plugin<Exports>>,
    host: Arc<Host>,
    deadline: Duration,
    settings: Current,
    effective: String,
    warnings: Vec<String>,
    idle: Option<PerProcess<Idle>>,
    auditor: Box<Auditor>,
}

impl TwoFactor {
    /// Opens a client with the bundled component, ureq, and the defaults for everything else.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings.
    #[cfg(feature = "ureq")]
    pub fn new(settings: Settings, guard: impl Guard + 'static) -> Result<Self, Error> {
        Self::builder(settings, guard).build()
    }

    /// Begins a client whose parts can be chosen.
    pub fn builder(settings: Settings, guard: impl Guard + 'static) -> Builder {
        Builder {
            settings,
            guard: Box::new(guard),
            transport: None,
            component: None,
            clock: Arc::new(SystemTime::now),
            deadline: DEADLINE,
            instances: Instances::default(),
            auditor: Box::new(default_auditor),
        }
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
        self.dispatch(
            Operation::Start,
            binding,
            sending,
            |challenges, store, settings, to| {
                challenges.call_start(store, settings, &to.0, &to.1, true)
            },
        )
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
        let token = token.bounded();
        self.dispatch(
            Operation::Resend,
            binding,
            sending,
            |challenges, store, settings, to| {
                challenges.call_resend(store, settings, token, &to.0, &to.1, true)
            },
        )
    }

    /// Sends a message by one of the two operations that do.
    fn dispatch(
        &self,
        operation: Operation,
        binding: &Binding,
        sending: &Sending,
        call: impl FnOnce(
            &Challenges,
            &mut Store<ImportState>,
            &str,
            (types::Binding, types::Sending),
        ) -> wasmtime::Result<Result<types::Challenge, types::Failure>>,
    ) -> Result<Challenge, Error> {
        let about = Subject::message(operation, binding, sending);
        self.audited(&about, |settings| {
            let to = (binding.to_wit(), sending.to_wit());
            self.call(|exports, store| {
                call(exports.xoxzo_two_factor_challenges(), store, settings, to)
            })
            .map(Challenge::from)
        })
    }

    /// Compares what the user typed. `Ok` is given at most once per challenge.
    ///
    /// # Errors
    ///
    /// [`Error::Refuse`] with the code to show; [`Error::Upstream`] if the guard is out of reach, after which the guess may
    /// have been charged; [`Error::Misuse`] for a malformed binding. Do not repeat a call whose answer was lost.
    pub fn verify(&self, token: &Token, binding: &Binding, pin: &Pin) -> Result<Acceptance, Error> {
        self.guess(token, binding, pin, None)
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
        self.guess(token, binding, pin, Some(client))
    }

    fn guess(
        &self,
        token: &Token,
        binding: &Binding,
        pin: &Pin,
        client: Option<&str>,
    ) -> Result<Acceptance, Error> {
        let (token, pin, client) = (token.bounded(), pin.bounded(), client.map(bounded));
        self.audited(&Subject::guess(binding), |settings| {
            let binding = binding.to_wit();
            self.call(|exports, store| {
                let challenges = exports.xoxzo_two_factor_challenges();
                challenges.call_verify(store, settings, token, &binding, pin, client, true)
            })
            .map(Acceptance::from)
        })
    }

    /// Queries the delivery state of a message at Xoxzo, by the handle of its challenge: at most once in 5 s for each message, and for one day.
    ///
    /// # Errors
    ///
    /// [`Error::Refuse`] for a handle that is not ours or too old, or if it was asked moments ago; [`Error::Upstream`] if Xoxzo
    /// does not say.
    pub fn status(&self, handle: &Handle) -> Result<Report, Error> {
        let handle = handle.bounded();
        self.audited(&Subject::status(), |settings| {
            self.call(|exports, store| {
                let challenges = exports.xoxzo_two_factor_challenges();
                challenges.call_status(store, settings, handle, true)
            })
            .map(Report::from)
        })
    }

    /// Runs an operation, and tells the auditor what came of it.
    pub(crate) fn audited<T: Told>(
        &self,
        about: &Subject<'_>,
        run: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let settings = self.shared.settings.get()?;
        let result = run(&settings);
        let mut event = about.ended(&result, began.elapsed());
        if let (Err(error), Some(binding)) = (&result, about.binding)
            && error.failure().audit.is_none()
        {
            event.audit.trail = trail_of(&settings, &binding.recipient, &binding.subject).ok();
        }
        tell(&*self.shared.auditor, &event);
        result
    }

    pub(crate) fn trail(&self, recipient: &str, subject: &str) -> Result<Trail, Error> {
        trail_of(&self.shared.settings.get()?, recipient, subject)
    }

    /// Computes an index of a phone number, by which a service finds whether a number is registered already, and by whom, without keeping the number in
    /// the clear: 22 characters of base64url, the same for the same `guard.key`.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for a malformed recipient.
    pub fn number_index(&self, recipient: &str) -> Result<String, Error> {
        index_of(&self.shared.settings.get()?, recipient)
    }

    /// The settings in effect, defaults filled in, as JSON without secrets.
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        &self.shared.effective
    }

    /// Returns warnings about settings that are allowed and unwise, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.shared.warnings
    }

    pub(crate) fn call<T>(
        &self,
        call: impl FnOnce(
            &Exports,
            &mut Store<ImportState>,
        ) -> wasmtime::Result<Result<T, types::Failure>>,
    ) -> Result<T, Error> {
        let Inner {
            plugin,
            host,
            deadline,
            idle,
            ..
        } = &*self.shared;
        let _running = shared()?.run();
        let idle = idle.as_ref().map(PerProcess::get);
        let kept = idle
            .as_ref()
            .and_then(|idle| idle.lock().unwrap_or_else(PoisonError::into_inner).pop());
        let mut instance = match kept {
            Some((instance, _place)) => instance,
            None => plugin.instantiate(host, *deadline)?,
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
            .field("settings", &self.shared.effective)
            .finish_non_exhaustive()
    }
}

/// Makes a [`TwoFactor`].
pub struct Builder {
    settings: Settings,
    guard: Box<dyn Guard>,
    transport: Option<Box<dyn Transport>>,
    component: Option<Vec<u8>>,
    clock: Clock,
    deadline: Duration,
    instances: Instances,
    auditor: Box<Auditor>,
}

impl Builder {
    /// Takes another way to Xoxzo.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport + 'static) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Takes another component of world `two-factor` in place of the bundled one, to run operations. It must be of this release: settings are
    /// prepared by the bundled component of world `two-factor-configuration`, and a component of another release refuses them in each operation,
    /// with [`Code::Settings`](crate::Code::Settings).
    #[must_use]
    pub fn component(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.component = Some(component.into());
        self
    }

    /// Sets how long the component may run in one operation. Waiting for Xoxzo or the guard does not count. Preparing settings always has
    /// one second.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets how instances are used.
    #[must_use]
    pub fn instances(mut self, instances: Instances) -> Self {
        self.instances = instances;
        self
    }

    /// Takes every event, instead of `tracing` and `metrics`. It runs on the thread of the operation and should be quick.
    #[must_use]
    pub fn audit(mut self, auditor: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.auditor = Box::new(auditor);
        self
    }

    /// Sets the clock that tokens are dated with. For tests: a clock that stands still never lets a challenge expire.
    #[must_use]
    pub fn danger_clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the settings, tests the guard, and compiles the component.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings, or no transport; [`Error::Upstream`] for a component that does not load, or a guard that is out
    /// of reach or unfit.
    pub fn build(self) -> Result<TwoFactor, Error> {
        let scope = self.guard.scope();
        let document = self.settings.document(scope)?;
        let transport = self.transport.or_else(default_transport);
        let transport = transport
            .ok_or_else(|| Error::settings("no transport: set one, or use the feature ureq"))?;
        let Self {
            guard,
            component,
            clock,
            deadline,
            auditor,
            ..
        } = self;
        guard.check().map_err(Error::guard)?;
        let prepared = prepare(&document)?;
        let settings = Current::new(prepared.settings, scope, &clock, move || {
            prepare(&document).map(|prepared| prepared.settings)
        });
        let plugin = match component {
            Some(bytes) => Arc::new(Plugin::new(bytes)?),
            None => BUNDLED.plugin()?,
        };
        let host = Host {
            guard,
            transport,
            clock,
            origin: origin(&prepared.effective),
        };
        let idle = (self.instances == Instances::Reused)
            .then(|| PerProcess::new(Idle::default(), Idle::default));
        Ok(TwoFactor {
            shared: Arc::new(Inner {
                plugin,
                host: Arc::new(host),
                deadline,
                settings,
                effective: prepared.effective,
                warnings: prepared.warnings,
                idle,
                auditor,
            }),
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
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

pub(crate) fn origin(effective: &str) -> Option<http::Uri> {
    let effective: serde_json::Value = serde_json::from_str(effective).ok()?;
    effective["xoxzo"]["base_url"].as_str()?.parse().ok()
}
