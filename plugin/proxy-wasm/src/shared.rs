//! State that the requests of one worker share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use log::{error, info};
use xoxzo_2fa_core::{Answer, Charge, NoAnswer};
use xoxzo_2fa_gate::{Cache, Fleet, Gate};
use xoxzo_2fa_json::Home;

use crate::host::{self, SharedData};
use crate::metrics::Metrics;
use crate::watchdog::Watchdog;
use crate::{exchange, guard};

/// The state that the requests of one worker share.
pub(crate) struct SharedState {
    /// Envoy's cluster of Xoxzo.
    pub(crate) cluster: String,
    pub(crate) metrics: Metrics,
    pub(crate) watchdog: Watchdog,
    /// The time between two ticks.
    pub(crate) tick: Cell<Duration>,
    pub(crate) counters: Counters,
}

/// The counters, and the gate whose tokens and passes end with them.
pub(crate) enum Counters {
    /// They are in the data that the workers of this process share.
    Process(Rc<Opened>),
    /// A guard service has them.
    Fleet(Box<Replica>),
}

/// A gate for counters with an id.
pub(crate) struct Opened {
    pub(crate) gate: Gate,
    pub(crate) id: [u8; 16],
    pub(crate) cache: RefCell<Cache>,
}

/// A worker's part of a fleet.
pub(crate) struct Replica {
    /// The filter's configuration, from which a gate is made when the id is known.
    pub(crate) json: String,
    /// Envoy's cluster of the guard service.
    pub(crate) cluster: String,
    pub(crate) fleet: RefCell<Fleet>,
    /// Answers while no id is known. Nothing that it seals is ever opened.
    pub(crate) closed: Gate,
    pub(crate) opened: RefCell<Option<Rc<Opened>>>,
}

impl Opened {
    pub(crate) fn new(gate: Gate, id: [u8; 16]) -> Rc<Self> {
        Rc::new(Self {
            gate,
            id,
            cache: RefCell::default(),
        })
    }
}

impl SharedState {
    /// Returns the gate, or the one that answers while the fleet's counters are not known.
    pub(crate) fn gate(&self) -> Result<Rc<Opened>, &Gate> {
        match &self.counters {
            Counters::Process(opened) => Ok(Rc::clone(opened)),
            Counters::Fleet(replica) => replica.gate().ok_or(&replica.closed),
        }
    }

    /// Takes a look at counters, without a call.
    pub(crate) fn look(&self, looks: &[Charge]) -> Answer {
        let Some(now) = host::monotonic() else {
            return no_clock();
        };
        match &self.counters {
            Counters::Process(_) => self.count(looks, now),
            Counters::Fleet(replica) => replica.fleet.borrow().look(looks, now),
        }
    }

    /// Makes charges in the shared data.
    pub(crate) fn charge(&self, charges: &[Charge]) -> Answer {
        host::monotonic().map_or_else(no_clock, |now| self.count(charges, now))
    }

    fn count(&self, charges: &[Charge], now: u64) -> Answer {
        match guard::add(&SharedData, charges, now, || self.metrics.conflict()) {
            Ok(totals) => Answer::Totals(totals),
            Err(no_answer) => {
                let cause = match no_answer {
                    NoAnswer::GuardFull => {
                        "full: no room for a new counter until one ends; shorter windows in the settings free room sooner"
                    }
                    _ => "busy: other workers changed the counters again and again",
                };
                Answer::Unanswered(no_answer, cause.to_string())
            }
        }
    }
}

fn no_clock() -> Answer {
    let cause = "envoy: no monotonic clock".to_string();
    Answer::Unanswered(NoAnswer::GuardUnreachable, cause)
}

impl Replica {
    fn gate(&self) -> Option<Rc<Opened>> {
        let id = self.fleet.borrow().id()?;
        let opened = self.opened.borrow();
        opened.as_ref().filter(|opened| opened.id == id).cloned()
    }

    /// Asks for revocations, if it is time for that.
    pub(crate) fn pull(&self, metrics: &Metrics) {
        let Some(now) = host::monotonic() else {
            return;
        };
        let Some(call) = self.fleet.borrow_mut().pull(now) else {
            return;
        };
        if let Err(cause) = exchange::call(&self.cluster, &call) {
            self.pulled(&Answer::Unanswered(NoAnswer::NotSent, cause), metrics);
        }
    }

    /// Takes revocations, and makes the gate for an id that is new.
    pub(crate) fn pulled(&self, answer: &Answer, metrics: &Metrics) {
        let now = host::monotonic().unwrap_or_default();
        if !matches!(answer, Answer::Response(response) if response.status == 200) {
            metrics.fleet_failed();
        }
        if let Err(cause) = self.fleet.borrow_mut().pulled(now, answer) {
            error!("{cause}");
        }
        let Some(id) = self.fleet.borrow().id() else {
            return;
        };
        if self.gate().is_some() {
            return;
        }
        let environment = host::environment();
        let lookup = |name: &str| environment.get(name).cloned();
        match xoxzo_2fa_json::gate(&self.json, &lookup, Home::Fleet(&id)) {
            Ok(configured) => {
                info!("the counters of the fleet are known");
                self.opened.replace(Some(Opened::new(configured.gate, id)));
            }
            Err(failure) => error!("{}", failure.detail),
        }
    }
}
