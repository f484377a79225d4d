//! Instances of a component, and the time that they take.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rand::TryRng;
use wasmtime::component::{InstancePre, Linker};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};

use crate::bindings::wasi::random::random;
use crate::bindings::xoxzo::two_factor::types;
use crate::cache;
use crate::engine::{MEMORY, Shared, TICK, Ticking, shared};
use crate::error::Error;
use crate::process::PerProcess;

/// Guest time of one call where nothing else is set. A call takes well under a millisecond.
pub(crate) const DEADLINE: Duration = Duration::from_secs(1);

/// The imports and exports of a component of one world.
pub(crate) trait World: Sized {
    /// The host as its instances see it, beside randomness.
    type Host: Send + Sync + 'static;
    /// An instance but for its store.
    type Pre: Send + Sync + 'static;

    fn link(linker: &mut Linker<State<Self::Host>>) -> wasmtime::Result<()>;

    fn prepare(pre: InstancePre<State<Self::Host>>) -> wasmtime::Result<Self::Pre>;

    fn instantiate(pre: &Self::Pre, store: &mut Store<State<Self::Host>>)
    -> wasmtime::Result<Self>;
}

/// A compiled component. A child that is forked off compiles it once more: what its parent compiled has locks that nobody may give back.
pub(crate) struct Plugin<W: World> {
    component: Cow<'static, [u8]>,
    pre: PerProcess<OnceLock<Result<W::Pre, Error>>>,
}

/// The component of a world that comes with this release, compiled when it is first asked for.
pub(crate) struct Bundled<W: World> {
    component: &'static [u8],
    plugin: OnceLock<Result<Arc<Plugin<W>>, Error>>,
}

/// An instance that can be called.
pub(crate) struct Instance<W: World> {
    store: Store<State<W::Host>>,
    exports: W,
}

pub(crate) struct State<H> {
    pub(crate) host: Arc<H>,
    shared: &'static Shared,
    limits: StoreLimits,
    /// Guest time that a call may take.
    deadline: Duration,
    /// Present while a guest runs: the start of its own time, waits for the host not counted, and the ticker.
    running: Option<(Instant, Ticking)>,
    /// Guest time of the call so far.
    spent: Duration,
}

impl<W: World> Plugin<W> {
    pub(crate) fn new(component: impl Into<Cow<'static, [u8]>>) -> Result<Self, Error> {
        let component = component.into();
        let first = OnceLock::from(Ok(compile::<W>(&component)?));
        Ok(Self {
            component,
            pre: PerProcess::new(first, OnceLock::new),
        })
    }

    pub(crate) fn instantiate(
        &self,
        host: &Arc<W::Host>,
        deadline: Duration,
    ) -> Result<Instance<W>, Error> {
        let shared = shared()?;
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY)
            .instances(8)
            .memories(1)
            .tables(4)
            .build();
        let state = State {
            host: Arc::clone(host),
            shared,
            limits,
            deadline,
            running: None,
            spent: Duration::ZERO,
        };
        let mut store = Store::new(&shared.engine, state);
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(|mut context| Ok(context.data_mut().continues()));
        store.set_epoch_deadline(ticks(deadline));
        let own = self.pre.get();
        let pre = own.get_or_init(|| compile::<W>(&self.component));
        let pre = pre.as_ref().map_err(Error::clone)?;
        let exports = W::instantiate(pre, &mut store)
            .map_err(|error| Error::plugin(format!("no instance: {error:#}")))?;
        Ok(Instance { store, exports })
    }
}

impl<W: World<Host = ()>> Plugin<W> {
    /// Makes one call in an instance of its own, as soon as there is a place.
    pub(crate) fn once<T>(
        &self,
        deadline: Duration,
        call: impl FnOnce(&W, &mut Store<State<()>>) -> wasmtime::Result<Result<T, types::Failure>>,
    ) -> Result<T, Error> {
        let _place = shared()?.compute();
        let mut instance = self.instantiate(&Arc::new(()), deadline)?;
        Ok(instance.call(call)??)
    }
}

impl<W: World> Bundled<W> {
    pub(crate) const fn new(component: &'static [u8]) -> Self {
        Self {
            component,
            plugin: OnceLock::new(),
        }
    }

    pub(crate) fn plugin(&self) -> Result<Arc<Plugin<W>>, Error> {
        self.plugin
            .get_or_init(|| Plugin::new(self.component).map(Arc::new))
            .clone()
    }
}

fn compile<W: World>(component: &[u8]) -> Result<W::Pre, Error> {
    let shared = shared()?;
    let fault =
        |error: wasmtime::Error| Error::plugin(format!("the component does not load: {error:#}"));
    let component = cache::component(&shared.engine, component).map_err(fault)?;
    let mut linker = Linker::new(&shared.engine);
    W::link(&mut linker).map_err(fault)?;
    let pre = linker.instantiate_pre(&component).map_err(fault)?;
    W::prepare(pre).map_err(fault)
}

impl<W: World> Instance<W> {
    /// Makes one call. After an error of the call itself the instance is good for nothing.
    pub(crate) fn call<T>(
        &mut self,
        call: impl FnOnce(&W, &mut Store<State<W::Host>>) -> wasmtime::Result<T>,
    ) -> Result<T, Error> {
        let deadline = self.store.data().deadline;
        self.store.set_epoch_deadline(ticks(deadline));
        let state = self.store.data_mut();
        state.spent = Duration::ZERO;
        state.resume();
        let result = call(&self.exports, &mut self.store);
        self.store.data_mut().pause();
        // The text of a trap names functions of the component and holds nothing of its memory.
        result.map_err(|error| {
            Error::plugin(format!("the component trapped: {}", error.root_cause()))
        })
    }
}

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos()))
        .unwrap_or(u64::MAX)
        .max(1)
}

impl<H> State<H> {
    fn resume(&mut self) {
        self.running = Some((Instant::now(), self.shared.guest_time()));
    }

    fn pause(&mut self) {
        if let Some((since, _)) = self.running.take() {
            self.spent += since.elapsed();
        }
    }

    /// Runs host code, whose time is not the guest's.
    pub(crate) fn outside<T>(&mut self, work: impl FnOnce(&H) -> T) -> T {
        self.pause();
        let result = work(&self.host);
        self.resume();
        result
    }

    /// Decides at an epoch's deadline. Other guests moved the epoch too, so this guest's own time counts.
    fn continues(&self) -> UpdateDeadline {
        let running = self
            .running
            .as_ref()
            .map_or(Duration::ZERO, |(since, _)| since.elapsed());
        match self.deadline.checked_sub(self.spent + running) {
            Some(left) if !left.is_zero() => UpdateDeadline::Continue(ticks(left)),
            _ => UpdateDeadline::Interrupt,
        }
    }
}

impl<H> types::Host for State<H> {}

impl<H> random::Host for State<H> {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        // The component asks for 32 at most. An answer of another length than asked, empty among them, is an error there.
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0).min(1024)];
        match rand::rngs::SysRng.try_fill_bytes(&mut bytes) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }
}
