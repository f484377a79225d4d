//! The builder of both clients.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::configuration::prepare;
use crate::current::{Clock, Current};
use crate::error::Error;
use crate::event::{Auditor, Event};
use crate::guard::{Guard, Scope};
use crate::host::Host;
use crate::instance::{Bundled, DEADLINE, Plugin, World};
use crate::service::Service;
use crate::settings::Settings;
use crate::telemetry::default_auditor;
use crate::transport::Transport;
use crate::xoxzo;

/// The life of an instance: one call, or many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instances {
    /// A new one for every call: nothing is left of one call when the next begins.
    #[default]
    Fresh,
    /// Kept after a call that ended well. Takes two thirds of the time; the component keeps no state, and wipes what it frees. An `AsyncTwoFactor` has
    /// a new one for every operation in any case.
    Reused,
}

/// Makes a client: a [`TwoFactor`](crate::TwoFactor) or, with a guard and a transport to wait for, an `AsyncTwoFactor`.
pub struct Builder<G: ?Sized = dyn Guard, T: ?Sized = dyn Transport> {
    pub(crate) settings: Settings,
    pub(crate) guard: Box<G>,
    pub(crate) transport: Option<Box<T>>,
    pub(crate) instances: Instances,
    component: Option<Vec<u8>>,
    clock: Clock,
    deadline: Duration,
    auditor: Box<Auditor>,
}

impl<G: ?Sized, T: ?Sized> Builder<G, T> {
    pub(crate) fn new(settings: Settings, guard: Box<G>) -> Self {
        Self {
            settings,
            guard,
            transport: None,
            instances: Instances::default(),
            component: None,
            clock: Arc::new(SystemTime::now),
            deadline: DEADLINE,
            auditor: Box::new(default_auditor),
        }
    }

    /// Takes another component in place of the bundled one, to run operations: of world `two-factor`, or of world `two-factor-steps` for an
    /// `AsyncTwoFactor`. It must be of this release: settings are prepared by the bundled component of world `two-factor-configuration`, and a
    /// component of another release refuses them in each operation, with [`Code::Settings`](crate::Code::Settings).
    #[must_use]
    pub fn component(mut self, component: impl Into<Vec<u8>>) -> Self {
        self.component = Some(component.into());
        self
    }

    /// Sets how long the component may run in one operation, or in one step of an `AsyncTwoFactor`. Waiting for Xoxzo or the guard does not
    /// count. Preparing settings always has one second.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Takes every event, instead of `tracing` and `metrics`. It runs on the thread of the operation, or in its future, and should be quick.
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

    /// Prepares the settings, for a guard that has passed its check, and compiles the component.
    pub(crate) fn open<W: World>(
        self,
        scope: Scope,
        document: String,
        transport: Box<T>,
        bundled: &Bundled<W>,
    ) -> Result<(Service<W>, Host<G, T>), Error> {
        let prepared = prepare(&document)?;
        let settings = Current::new(prepared.settings, scope, &self.clock, move || {
            prepare(&document).map(|prepared| prepared.settings)
        });
        let plugin = match self.component {
            Some(bytes) => Arc::new(Plugin::new(bytes)?),
            None => bundled.plugin()?,
        };
        let host = Host {
            guard: self.guard,
            transport,
            clock: self.clock,
            origin: xoxzo::origin(&prepared.effective),
        };
        let service = Service {
            plugin,
            deadline: self.deadline,
            settings,
            effective: prepared.effective,
            warnings: prepared.warnings,
            auditor: self.auditor,
        };
        Ok((service, host))
    }
}

impl<G: ?Sized, T: ?Sized> fmt::Debug for Builder<G, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").finish_non_exhaustive()
    }
}
