//! The operations, each a future.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use super::{AsyncGuard, AsyncTransport, HyperTransport, Wait};
use crate::binding::{Acceptance, Binding, Challenge, Report, Sending};
use crate::bindings::steps::TwoFactorSteps;
use crate::bindings::steps::exports::xoxzo::two_factor::steps::{Counting, Posting, Step, Turn};
use crate::bindings::xoxzo::two_factor::types;
use crate::builder::Builder;
use crate::engine::{Client, Share, shared};
use crate::error::{Code, Error, Failure};
use crate::exchange::{counted, inward, listed, outgoing};
use crate::exports::{Exporting, Exports};
use crate::guard::{Charge, GuardError, SelfTest, Totals};
use crate::host::Host;
use crate::instance::{Bundled, Instance, State as Any, World};
use crate::operation::{Answer, Arguments, Call, Output, User};
use crate::panics::{Panicked, caught, caught_in};
use crate::service::{Running, Service};
use crate::settings::Settings;
use crate::signed::{Handle, Pin, Token};

static BUNDLED: Bundled<Steps> = Bundled::new(include_bytes!("../../plugin/two-factor-steps.wasm"));

type State = Any<()>;

/// An operation after a step. Small, since it has a place in each future.
enum Next<'a> {
    Ended(Box<Answer>),
    Waits(Wait<'a, Came>),
}

/// The thing that an operation waited for, and its state before that.
struct Came {
    state: String,
    what: What,
}

enum What {
    Totals(types::Totals),
    Response(types::Response),
    Nothing(types::HostFailure),
}

/// The instance of an operation that waits, which keeps its settings and state. Only some futures have one: it takes more room than a future.
struct Own {
    instance: Instance<Steps>,
    share: Share,
}

/// The next turn of an operation, or a failure.
type Turned = wasmtime::Result<Result<Turn, types::Failure>>;

/// The exports of an instance: the steps of the operations.
pub(crate) struct Steps(Exports);

impl World for Steps {
    type Host = ();
    type Pre = Exporting<State>;

    fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
        TwoFactorSteps::add_to_linker::<_, HasSelf<_>>(linker, |state: &mut State| state)
    }

    fn prepare(pre: InstancePre<State>) -> wasmtime::Result<Self::Pre> {
        let steps = [
            "start",
            "resend",
            "verify",
            "status",
            "unlock",
            "limits",
            "credits",
            "counted",
            "sent",
            "unanswered",
        ];
        Exporting::new(
            pre,
            &steps.map(|name| ("xoxzo:two-factor/steps@0.1.0", name)),
        )
    }

    fn instantiate(pre: &Self::Pre, store: &mut Store<State>) -> wasmtime::Result<Self> {
        pre.instantiate(store).map(Self)
    }
}

/// SMS two-factor authentication for programs on tokio: [`TwoFactor`](crate::TwoFactor), with operations to wait for. Cheap to clone.
///
/// A future that is dropped stops where it waits: what was charged stays charged, and a message may be on its way. Spawn an operation
/// whose caller may go away, and do not repeat one.
///
/// ```no_run
/// use xoxzo_2fa::{AsyncMemoryGuard, AsyncTwoFactor, Binding, Error, Pin, Settings};
///
/// # async fn login(pin: &Pin) -> Result<(), Error> {
/// let two_factor = AsyncTwoFactor::new(Settings::from_environment()?, AsyncMemoryGuard::default()).await?;
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
    service: Service<Steps>,
    host: Host<dyn AsyncGuard, dyn AsyncTransport>,
    client: Client,
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
        Builder::new(settings, Box::new(guard))
    }

    /// The asynchronous form of [`TwoFactor::start`](crate::TwoFactor::start).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::start`](crate::TwoFactor::start).
    pub async fn start(&self, binding: &Binding) -> Result<Challenge, Error> {
        let call = Call::start(binding, &Sending::default());
        self.run(call).await
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
        self.run(Call::start(binding, sending)).await
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
        self.run(Call::resend(token, binding, sending)).await
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
        self.run(Call::verify(token, binding, pin, None)).await
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
        self.run(Call::verify(token, binding, pin, Some(client)))
            .await
    }

    /// The asynchronous form of [`TwoFactor::status`](crate::TwoFactor::status).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::status`](crate::TwoFactor::status).
    pub async fn status(&self, handle: &Handle) -> Result<Report, Error> {
        self.run(Call::status(handle)).await
    }

    /// The same as [`TwoFactor::number_index`](crate::TwoFactor::number_index).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::number_index`](crate::TwoFactor::number_index).
    pub fn number_index(&self, recipient: &str) -> Result<String, Error> {
        self.shared.service.number_index(recipient)
    }

    /// The asynchronous form of [`TwoFactor::ready`](crate::TwoFactor::ready).
    ///
    /// # Errors
    ///
    /// The same as for [`TwoFactor::ready`](crate::TwoFactor::ready).
    pub async fn ready(&self) -> Result<(), Error> {
        self.shared.ready().await
    }

    /// The same as [`TwoFactor::effective_settings`](crate::TwoFactor::effective_settings).
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        &self.shared.service.effective
    }

    /// The same as [`TwoFactor::warnings`](crate::TwoFactor::warnings).
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.shared.service.warnings
    }

    pub(crate) fn service(&self) -> &Service<Steps> {
        &self.shared.service
    }

    /// Runs an operation, and tells the auditor what came of it, or that its future was dropped before.
    pub(crate) async fn run<A: Output>(&self, call: Call<'_, A>) -> Result<A, Error> {
        let mut pending = Pending {
            running: self.shared.service.begin(call)?,
            ended: false,
        };
        let Running { call, settings, .. } = &pending.running;
        let answer = self.shared.finish(settings, &call.arguments).await;
        pending.ended = true;
        pending.running.end(answer)
    }
}

/// An operation that is cancelled if it is dropped before it has ended.
struct Pending<'a, A> {
    running: Running<'a, A>,
    ended: bool,
}

impl<A> Drop for Pending<'_, A> {
    fn drop(&mut self) {
        if !self.ended {
            self.running.cancel();
        }
    }
}

impl Inner {
    /// Does what each step waits for, until one does not wait.
    async fn finish(&self, settings: &str, arguments: &Arguments<'_>) -> Result<Answer, Error> {
        let mut own = None;
        let mut step = self.step(&mut own, |steps, store, now| {
            begin(arguments, steps, store, settings, now)
        })?;
        loop {
            // As a whole: what is left of a step would take its room while the next is waited for.
            let came = match self.after(step) {
                Next::Ended(answer) => return Ok(*answer),
                Next::Waits(waits) => waits.await,
            };
            step = self.step(&mut own, |steps, store, now| {
                came.tell(steps, store, settings, now)
            })?;
        }
    }

    /// Begins what a step waits for.
    fn after(&self, step: Step) -> Next<'_> {
        Next::Ended(Box::new(match step {
            Step::Count(counting) => return Next::Waits(Box::pin(self.count(counting))),
            Step::Send(posting) => return Next::Waits(Box::pin(self.send(posting))),
            Step::Challenged(challenge) => Answer::Challenge(challenge),
            Step::Accepted(acceptance) => Answer::Acceptance(acceptance),
            Step::Reported(report) => Answer::Report(report),
            Step::Unlocked(unlocked) => Answer::Unlocked(unlocked),
            Step::Limits(limits) => Answer::Limits(limits),
            Step::Credits(credits) => Answer::Credits(credits),
        }))
    }

    fn count(&self, counting: Counting) -> impl Future<Output = Came> {
        let Counting { state, charges } = counting;
        let charges = listed(charges);
        async move {
            let totals = match charges {
                Ok(charges) => self.counted(&charges).await.map_err(|error| error.to_wit()),
                Err(why) => Err(why),
            };
            let what = match totals {
                Ok(totals) => What::Totals(totals.into()),
                Err(why) => What::Nothing(why),
            };
            Came { state, what }
        }
    }

    /// Makes the charges of a list in the guard.
    async fn counted(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let made = caught_in(async { self.host.guard.add(charges).await }).await;
        counted(charges, made.unwrap_or_else(Panicked::panicked))
    }

    async fn ready(&self) -> Result<(), Error> {
        tested(&*self.host.guard).await?;
        let look = SelfTest::look().map_err(Error::guard)?;
        let totals = self.counted(&look).await.map_err(Error::guard)?;
        self.host.agrees(&totals)
    }

    /// The request is the transport's from here on: nothing of it is kept while its answer is waited for.
    fn send(&self, posting: Posting) -> impl Future<Output = Came> {
        let Posting { state, request } = posting;
        let sent = outgoing(self.host.origin.as_ref(), request).and_then(|(request, timeout)| {
            let begun = caught(|| Ok(self.host.transport.send(request, timeout)));
            begun.unwrap_or_else(Panicked::panicked)
        });
        async move {
            let answer = match sent {
                Ok(answer) => caught_in(answer).await.unwrap_or_else(Panicked::panicked),
                Err(lost) => Err(lost),
            };
            let what = match answer.map(inward) {
                Ok(response) => What::Response(response),
                Err(lost) => What::Nothing(lost.into_wit()),
            };
            Came { state, what }
        }
    }

    /// Makes one step, in the instance of the step before if it was kept.
    fn step(
        &self,
        own: &mut Option<Box<Own>>,
        step: impl FnOnce(&Steps, &mut Store<State>, u32) -> Turned,
    ) -> Result<Step, Error> {
        let since = (self.host.clock)().duration_since(UNIX_EPOCH);
        let now = u32::try_from(since.unwrap_or_default().as_secs()).map_err(|_| {
            let detail = "the host's clock is after 2106";
            Error::Upstream(Failure::new(Code::Clock, detail))
        })?;
        let Service {
            plugin, deadline, ..
        } = &self.service;
        let shared = shared()?;
        let _place = shared.compute();
        let (mut instance, share) = match own.take() {
            Some(own) => (own.instance, Some(own.share)),
            None => (plugin.instantiate(&Arc::new(()), *deadline)?, None),
        };
        let turn = instance.call(|steps, store| step(steps, store, now))??;
        if matches!(turn.step, Step::Count(_) | Step::Send(_)) {
            let share = share.or_else(|| shared.step(self.client));
            *own = share.map(|share| Box::new(Own { instance, share }));
        }
        Ok(turn.step)
    }
}

impl Came {
    /// Tells the component.
    fn tell(
        &self,
        Steps(exports): &Steps,
        store: &mut Store<State>,
        settings: &str,
        now: u32,
    ) -> Turned {
        let state = &*self.state;
        match &self.what {
            What::Totals(totals) => exports.call(store, "counted", (settings, now, state, totals)),
            What::Response(response) => {
                exports.call(store, "sent", (settings, now, state, response))
            }
            What::Nothing(why) => exports.call(store, "unanswered", (settings, now, state, why)),
        }
    }
}

/// Runs a guard's own test.
async fn tested(guard: &dyn AsyncGuard) -> Result<(), Error> {
    let tested = caught_in(async { guard.check().await }).await;
    tested
        .unwrap_or_else(Panicked::panicked)
        .map_err(Error::guard)
}

/// Makes the first step of an operation.
fn begin(
    arguments: &Arguments<'_>,
    Steps(exports): &Steps,
    store: &mut Store<State>,
    settings: &str,
    now: u32,
) -> Turned {
    match arguments {
        Arguments::Start(binding, sending) => {
            exports.call(store, "start", (settings, now, binding, sending, true))
        }
        Arguments::Resend(token, binding, sending) => {
            let arguments = (settings, now, *token, binding, sending, true);
            exports.call(store, "resend", arguments)
        }
        Arguments::Verify {
            token,
            binding,
            pin,
            client,
        } => {
            let arguments = (settings, now, *token, binding, *pin, *client, true);
            exports.call(store, "verify", arguments)
        }
        Arguments::Status(handle) => exports.call(store, "status", (settings, now, *handle, true)),
        Arguments::Unlock(User { recipient, subject }) => {
            exports.call(store, "unlock", (settings, now, *subject, *recipient, true))
        }
        Arguments::Limits(User { recipient, subject }, client) => {
            let arguments = (settings, now, *subject, *recipient, *client, true);
            exports.call(store, "limits", arguments)
        }
        Arguments::Credits => exports.call(store, "credits", (settings, now, true)),
    }
}

impl fmt::Debug for AsyncTwoFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncTwoFactor")
            .field("settings", &self.shared.service.effective)
            .finish_non_exhaustive()
    }
}

/// Makes an [`AsyncTwoFactor`].
pub type AsyncBuilder = Builder<dyn AsyncGuard, dyn AsyncTransport>;

impl AsyncBuilder {
    /// Takes another way to Xoxzo.
    #[must_use]
    pub fn transport(mut self, transport: impl AsyncTransport + 'static) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Checks the settings, tests the guard, and compiles the component.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings; [`Error::Upstream`] for a component that does not load, or a guard that is out of reach
    /// or unfit.
    pub async fn build(mut self) -> Result<AsyncTwoFactor, Error> {
        let scope = self.guard.scope();
        let document = self.settings.document(scope)?;
        let transport = self.transport.take();
        let transport = transport.unwrap_or_else(|| Box::new(HyperTransport::default()));
        tested(&*self.guard).await?;
        let (service, host) = self.open(scope, document, transport, &BUNDLED)?;
        Ok(AsyncTwoFactor {
            shared: Arc::new(Inner {
                service,
                host,
                client: Client::new(),
            }),
        })
    }
}
