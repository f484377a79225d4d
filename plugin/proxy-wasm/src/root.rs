//! The filter's configuration, one for each worker.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use log::{error, warn};
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;

use crate::host;
use crate::metrics::Metrics;
use crate::shared::SharedState;
use crate::stream::Stream;

/// The time between two hand-overs of counters.
const TICK: Duration = Duration::from_secs(1);

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
        let configured =
            xoxzo_2fa_json::gate(&json, &|name| environment.get(name).cloned(), &process);
        let configured = configured.map_err(|failure| failure.detail.into_owned())?;
        for warning in configured.warnings {
            warn!("{warning}");
        }
        Ok(SharedState {
            gate: configured.gate,
            cluster: configured.cluster,
            cache: RefCell::default(),
            metrics: Metrics::new(),
        })
    }
}

const NOT_TEXT: &str = "the configuration must be a google.protobuf.StringValue with JSON";

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _: usize) -> bool {
        match self.configure() {
            Ok(shared) => {
                self.0 = Some(Rc::new(shared));
                self.set_tick_period(TICK);
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
        }
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.0.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
