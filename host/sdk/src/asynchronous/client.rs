//! The operations, each a future.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::Uri;
use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use super::{AsyncGuard, AsyncTransport, HyperTransport};
use crate::audit::Trail;
use crate::binding::{Acceptance, Binding, Challenge, Report, Sending};
use crate::bindings::steps::exports::xoxzo::two_factor::steps::{
    Counting, Guest as Steps, Posting, Step, Turn,
};
use crate::bindings::steps::{TwoFactorSteps as Exports, TwoFactorStepsPre};
use crate::bindings::xoxzo::two_factor::types;
use crate::client::origin;
use crate::configuration::{index_of, prepare, trail_of};
use crate::current::{Clock, Current};
use crate::error::{Code, Error, Failure};
use crate::event::{Auditor, Event, Operation, Subject, Told, tell};
use crate::exchange::{bounded, counted, inward, listed, outgoing};
use crate::instance::{Bundled, DEADLINE, Plugin, State as Any, World};
use crate::settings::Settings;
use crate::signed::{Handle, Pin, Token};
use crate::telemetry::default_auditor;

static BUNDLED: Bundled<Exports> =
    Bundled::new(include_bytes!("../../plugin/two-factor-steps.wasm"));

type State = Any<()>;

/// The answer of a step: the next turn, or a failure.
pub(crate) type Begun = wasmtime::Result<Result<Turn, types::Failure>>;

impl World for Exports {
    type Host = ();
    type Pre = TwoFactorStepsPre<State>;

    fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
        Self::add_to_linker::<_, HasSelf<_>>(linker, |state: &mut State| state)
    }

    fn prepare(pre: InstancePre<State>) -> wasmtime::Result<Self::Pre> {
        TwoFactorStepsPre::new(pre)
    }

    fn instantiate(pre: &Self::Pre, store: &mut Store<State>) -> wasmtime::Result<Self> {
        pre.instantiate(store)
    }
}

/// SMS two-factor authentication for programs on tokio: [`TwoFactor`](crate::TwoFactor), with operations to wait for. Cheap to clone.
///
/// A future that is dropped stops where it waits: what was charged stays charged, and a message may be on its way. Spawn an operation
/// whose caller may go away, and do not repeat one.
///
/// ```no_run
/// use xoxzo_2fa::{AsyncTwoFactor, Binding, Error, MemoryGuard, Pin, Settings};
///
/// # async fn login(pin: &Pin) -> Result<(), Error> {
/// let two_factor = AsyncTwoFactor::new(Settings::from_environment()?, MemoryGuard::default()).await?;
/// let login = Binding::new("+819012345678", "user-1", "login");
/// let challenge = two_factor.start(&login).await?;
/// two_factor.verify(&challenge.token, &login, pin).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AsyncTwoFactor {
    shared: Arc<Inner>,
}

struct Inner {
    plugin: Arc<Plugin<Exports>>,
    deadline: Duration,
    guard: Box<dyn AsyncGuard>,
    transport: Box<dyn AsyncTransport>,
    clock: Clock,
    /// Scheme and authority that requests may go to.
    origin: Option<Uri>,
    settings: Current,
    effective: String,
    warnings: Vec<String>,
    auditor: Box<Auditor>,
}

impl AsyncTwoFactor {
    /// Opens a client with the bundled component, hyper, and the defaults for everything else.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings, [`Error::Upstream`] for a guard that is out of reach or unfit.
    pub async fn new(settings: Settings, guard: impl AsyncGuard + 'static) -> Result<Self, Error> {
        Self::builder(settings, guard).build().await
    }

    /// Begins a client whose parts can be chosen.
    pub fn builder(settings: Settings, guard: impl AsyncGuard + 'static) -> AsyncBuilder {
        AsyncBuilder {
            settings,
            guard: Box::new(guard),
            transport: None,
            component: None,
            clock: Arc::new(SystemTime::now),
            deadline: DEADLINE,
            auditor: Box::new(default_auditor),
        }
    }

    /// The asynchronous form of [`TwoFactor::start`](crate::TwoFactor::start).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::start`](crate::TwoFactor::start).
    pub async fn start(&self, binding: &Binding) -> Result<Challenge, Error> {
        self.start_with(binding, &Sending::default()).await
    }

    /// The asynchronous form of [`TwoFactor::start_with`](crate::TwoFactor::start_with).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::start`](crate::TwoFactor::start).
    pub async fn start_with(
        &self,
        binding: &Binding,
        sending: &Sending,
    ) -> Result<Challenge, Error> {
        self.dispatch(
            Operation::Start,
            binding,
            sending,
            |steps, store, settings, now, to| {
                steps.call_start(store, settings, now, &to.0, &to.1, true)
            },
        )
        .await
    }

    /// The asynchronous form of [`TwoFactor::resend`](crate::TwoFactor::resend).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::resend`](crate::TwoFactor::resend).
    pub async fn resend(&self, token: &Token, binding: &Binding) -> Result<Challenge, Error> {
        self.resend_with(token, binding, &Sending::default()).await
    }

    /// The asynchronous form of [`TwoFactor::resend_with`](crate::TwoFactor::resend_with).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::resend`](crate::TwoFactor::resend).
    pub async fn resend_with(
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
            |steps, store, settings, now, to| {
                steps.call_resend(store, settings, now, token, &to.0, &to.1, true)
            },
        )
        .await
    }

    /// Sends a message by one of the two operations that do.
    async fn dispatch(
        &self,
        operation: Operation,
        binding: &Binding,
        sending: &Sending,
        begin: impl FnOnce(
            &Steps,
            &mut Store<State>,
            &str,
            u32,
            (types::Binding, types::Sending),
        ) -> Begun,
    ) -> Result<Challenge, Error> {
        let about = Subject::message(operation, binding, sending);
        self.audited(about, async |settings| {
            let to = (binding.to_wit(), sending.to_wit());
            let begin = self.step(|steps, store, now| begin(steps, store, settings, now, to));
            match self.finish(settings, begin).await {
                Ok(Step::Challenged(challenge)) => Ok(Challenge::from(challenge)),
                other => Err(stray(other)),
            }
        })
        .await
    }

    /// The asynchronous form of [`TwoFactor::verify`](crate::TwoFactor::verify).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::verify`](crate::TwoFactor::verify).
    pub async fn verify(
        &self,
        token: &Token,
        binding: &Binding,
        pin: &Pin,
    ) -> Result<Acceptance, Error> {
        self.guess(token, binding, pin, None).await
    }

    /// The asynchronous form of [`TwoFactor::verify_from`](crate::TwoFactor::verify_from).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::verify`](crate::TwoFactor::verify).
    pub async fn verify_from(
        &self,
        token: &Token,
        binding: &Binding,
        pin: &Pin,
        client: &str,
    ) -> Result<Acceptance, Error> {
        self.guess(token, binding, pin, Some(client)).await
    }

    async fn guess(
        &self,
        token: &Token,
        binding: &Binding,
        pin: &Pin,
        client: Option<&str>,
    ) -> Result<Acceptance, Error> {
        let (token, pin, client) = (token.bounded(), pin.bounded(), client.map(bounded));
        self.audited(Subject::guess(binding), async |settings| {
            let to = binding.to_wit();
            let begin = self.step(|steps, store, now| {
                steps.call_verify(store, settings, now, token, &to, pin, client, true)
            });
            match self.finish(settings, begin).await {
                Ok(Step::Accepted(acceptance)) => Ok(Acceptance::from(acceptance)),
                other => Err(stray(other)),
            }
        })
        .await
    }

    /// The asynchronous form of [`TwoFactor::status`](crate::TwoFactor::status).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::status`](crate::TwoFactor::status).
    pub async fn status(&self, handle: &Handle) -> Result<Report, Error> {
        let handle = handle.bounded();
        self.audited(Subject::status(), async |settings| {
            let begin = self
                .step(|steps, store, now| steps.call_status(store, settings, now, handle, true));
            match self.finish(settings, begin).await {
                Ok(Step::Reported(report)) => Ok(Report::from(report)),
                other => Err(stray(other)),
            }
        })
        .await
    }

    pub(crate) fn trail(&self, recipient: &str, subject: &str) -> Result<Trail, Error> {
        trail_of(&self.shared.settings.get()?, recipient, subject)
    }

    /// Runs an operation, and tells the auditor what came of it, or that its future was dropped before.
    pub(crate) async fn audited<'a, T: Told>(
        &self,
        about: Subject<'a>,
        run: impl AsyncFnOnce(&str) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut running = Running {
            client: self,
            settings: self.shared.settings.get()?,
            about,
            began: Instant::now(),
            ended: false,
        };
        let result = run(&running.settings).await;
        running.ended = true;
        let mut event = running.about.ended(&result, running.began.elapsed());
        let failed = result.as_ref().err();
        if failed.is_some_and(|error| error.failure().audit.is_none()) {
            event.audit.trail = running.trail();
        }
        tell(&*self.shared.auditor, &event);
        result
    }

    /// The same as [`TwoFactor::number_index`](crate::TwoFactor::number_index).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::number_index`](crate::TwoFactor::number_index).
    pub fn number_index(&self, recipient: &str) -> Result<String, Error> {
        index_of(&self.shared.settings.get()?, recipient)
    }

    /// The same as [`TwoFactor::effective_settings`](crate::TwoFactor::effective_settings).
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        &self.shared.effective
    }

    /// The same as [`TwoFactor::warnings`](crate::TwoFactor::warnings).
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.shared.warnings
    }

    /// Does what each step waits for, until one does not wait.
    pub(crate) async fn finish(
        &self,
        settings: &str,
        begin: Result<Step, Error>,
    ) -> Result<Step, Error> {
        let mut step = begin?;
        loop {
            step = match step {
                Step::Count(counting) => self.count(settings, counting).await?,
                Step::Send(posting) => self.send(settings, posting).await?,
                end => return Ok(end),
            };
        }
    }

    async fn count(&self, settings: &str, counting: Counting) -> Result<Step, Error> {
        let Counting { state, charges } = counting;
        let charges = match listed(charges) {
            Ok(charges) => charges,
            Err(why) => return self.unanswered(settings, &state, &why),
        };
        match counted(&charges, self.shared.guard.add(&charges).await) {
            Ok(totals) => self.step(|steps, store, now| {
                let totals = types::Totals::from(totals);
                steps.call_counted(store, settings, now, &state, &totals)
            }),
            Err(error) => self.unanswered(settings, &state, &error.to_wit()),
        }
    }

    async fn send(&self, settings: &str, posting: Posting) -> Result<Step, Error> {
        let Posting { state, request } = posting;
        let answer = match outgoing(self.shared.origin.as_ref(), request) {
            Ok((request, timeout)) => self.shared.transport.send(request, timeout).await,
            Err(lost) => Err(lost),
        };
        match answer.map(inward) {
            Ok(response) => self
                .step(|steps, store, now| steps.call_sent(store, settings, now, &state, &response)),
            Err(lost) => self.unanswered(settings, &state, &lost.into_wit()),
        }
    }

    fn unanswered(
        &self,
        settings: &str,
        state: &str,
        why: &types::HostFailure,
    ) -> Result<Step, Error> {
        self.step(|steps, store, now| steps.call_unanswered(store, settings, now, state, why))
    }

    pub(crate) fn step(
        &self,
        step: impl FnOnce(&Steps, &mut Store<State>, u32) -> Begun,
    ) -> Result<Step, Error> {
        let since = (self.shared.clock)().duration_since(UNIX_EPOCH);
        let now = u32::try_from(since.unwrap_or_default().as_secs()).map_err(|_| {
            let detail = "the host's clock is after 2106";
            Error::Upstream(Failure::new(Code::Clock, detail))
        })?;
        let Inner {
            plugin, deadline, ..
        } = &*self.shared;
        plugin
            .once(*deadline, |exports, store| {
                step(exports.xoxzo_two_factor_steps(), store, now)
            })
            .map(|turn| turn.step)
    }
}

/// An operation of which nothing was told yet.
struct Running<'a> {
    client: &'a AsyncTwoFactor,
    settings: Arc<String>,
    about: Subject<'a>,
    began: Instant,
    ended: bool,
}

impl Running<'_> {
    fn trail(&self) -> Option<Trail> {
        let binding = self.about.binding?;
        trail_of(&self.settings, &binding.recipient, &binding.subject).ok()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let mut event = self.about.cancelled(self.began.elapsed());
            event.audit.trail = self.trail();
            tell(&*self.client.shared.auditor, &event);
        }
    }
}

/// The failure, or that the component ended another operation than it was asked for.
pub(crate) fn stray(end: Result<Step, Error>) -> Error {
    end.err()
        .unwrap_or_else(|| Error::plugin("the component ended another operation"))
}

impl fmt::Debug for AsyncTwoFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncTwoFactor")
            .field("settings", &self.shared.effective)
            .finish_non_exhaustive()
    }
}

/// Makes an [`AsyncTwoFactor`].
pub struct AsyncBuilder {
    settings: Settings,
    guard: Box<dyn AsyncGuard>,
    transport: Option<Box<dyn AsyncTransport>>,
    component: Option<Vec<u8>>,
    clock: Clock,
    deadline: Duration,
    auditor: Box<Auditor>,
}

impl AsyncBuilder {
    /// Takes another way to Xoxzo.
    #[must_use]
    pub fn transport(mut self, transport: impl AsyncTransport + 'static) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Takes another component of world `two-factor-steps`, under the conditions of [`Builder::component`](crate::Builder::component).
    #[must_use]
    pub fn component(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.component = Some(component.into());
        self
    }

    /// Sets how long the component may run in one step of an operation. Preparing settings always has one second.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Takes every event, instead of `tracing` and `metrics`. It runs in the operation's future and should be quick.
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
    /// [`Error::Misuse`] for wrong settings; [`Error::Upstream`] for a component that does not load, or a guard that is out of reach
    /// or unfit.
    pub async fn build(self) -> Result<AsyncTwoFactor, Error> {
        let scope = self.guard.scope();
        let document = self.settings.document(scope)?;
        self.guard.check().await.map_err(Error::guard)?;
        let prepared = prepare(&document)?;
        let settings = Current::new(prepared.settings, scope, &self.clock, move || {
            prepare(&document).map(|prepared| prepared.settings)
        });
        let plugin = match self.component {
            Some(bytes) => Arc::new(Plugin::new(bytes)?),
            None => BUNDLED.plugin()?,
        };
        let transport = self.transport;
        Ok(AsyncTwoFactor {
            shared: Arc::new(Inner {
                plugin,
                deadline: self.deadline,
                guard: self.guard,
                transport: transport.unwrap_or_else(|| Box::new(HyperTransport::default())),
                clock: self.clock,
                origin: origin(&prepared.effective),
                settings,
                effective: prepared.effective,
                warnings: prepared.warnings,
                auditor: self.auditor,
            }),
        })
    }
}

impl fmt::Debug for AsyncBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncBuilder").finish_non_exhaustive()
    }
}
