//! The filter's configuration, one for each worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use log::{error, warn};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use xoxzo_2fa_gate::Fleet;
use xoxzo_2fa_json::{Configured, Home};

use crate::metrics::Metrics;
use crate::shared::{Counters, Opened, Replica, SharedState};
use crate::stream::Stream;
use crate::watchdog::Watchdog;
use crate::{exchange, host};

/// The time between two hand-overs of counters.
const TICK: Duration = Duration::from_secs(1);

/// The time between two ticks while a fleet's counters are not known.
const SOON: Duration = Duration::from_millis(100);

/// Bytes of the longest part of the list of revocations.
const PAGE: usize = 128 * 1024;

/// The root context of a worker. Without a configuration it refuses every request.
#[derive(Default)]
pub struct Root(Option<Rc<SharedState>>);

impl Root {
    fn configure(&self) -> Result<SharedState, String> {
        let json = self
            .get_plugin_configuration()
            .ok_or("there is no configuration")?;
        let json = String::from_utf8(json).map_err(|_| NOT_TEXT)?;
        if !json.trim_start().starts_with('{') {
            return Err(NOT_TEXT.to_string());
        }
        let process = host::process().ok_or("the host gave no randomness")?;
        let environment = host::environment();
        let lookup = |name: &str| environment.get(name).cloned();
        let configured = xoxzo_2fa_json::gate(&json, &lookup, Home::Process(&process));
        let Configured {
            gate,
            cluster,
            guard,
            warnings,
        } = configured.map_err(|failure| failure.detail.into_owned())?;
        for warning in warnings {
            warn!("{warning}");
        }
        let counters = match guard {
            None => Counters::Process(Opened::new(gate, process)),
            Some((cluster, service)) => Counters::Fleet(Box::new(Replica {
                json,
                cluster,
                fleet: RefCell::new(Fleet::new(service, gate.stale_seconds())),
                closed: gate,
                opened: RefCell::default(),
            })),
        };
        Ok(SharedState {
            cluster,
            metrics: Metrics::new(),
            watchdog: Watchdog::default(),
            tick: Cell::new(match counters {
                Counters::Process(_) => TICK,
                Counters::Fleet(_) => SOON,
            }),
            counters,
        })
    }

    /// Asks for the fleet's revocations, often until a gate is open.
    fn pull(&self, shared: &SharedState) {
        if let Counters::Fleet(replica) = &shared.counters {
            replica.pull(&shared.metrics);
            let period = if shared.gate().is_ok() { TICK } else { SOON };
            // A period that is set begins anew.
            if shared.tick.replace(period) != period {
                self.set_tick_period(period);
            }
        }
    }
}

const NOT_TEXT: &str = "the configuration must be a google.protobuf.StringValue with JSON";

impl Context for Root {
    fn on_http_call_response(&mut self, _: u32, headers: usize, body: usize, _: usize) {
        if let Some(shared) = &self.0
            && let Counters::Fleet(replica) = &shared.counters
        {
            let answer = exchange::reply(headers, body, PAGE);
            replica.pulled(&answer, &shared.metrics);
            // The next page, if there is one. A failure waits for the next tick.
            if !replica.fleet.borrow().fails() {
                self.pull(shared);
            }
        }
    }
}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        match self.configure() {
            Ok(shared) => {
                self.set_tick_period(shared.tick.get());
                self.0 = Some(Rc::new(shared));
                true
            }
            Err(fault) => {
                error!("{fault}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        if let Some(shared) = &self.0 {
            shared.metrics.hand_over();
            self.pull(shared);
            // A gate that is not open yet has short ticks, and reads no form.
            if shared.gate().is_ok() {
                // Last, since what follows in this tick would concern those requests.
                for context in shared.watchdog.tick() {
                    exchange::give_up(context);
                }
            }
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(context, self.0.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
