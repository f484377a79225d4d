//! Counters for Envoy's statistics. They are gathered here and handed over once in a while, since each hand-over is a call of the host.

use std::cell::Cell;
use std::collections::HashMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;
use xoxzo_2fa_core::Alarm;
use xoxzo_2fa_gate::Event;

/// Counted changes of shared data that were tried anew.
const CONFLICT: &str = "guard_conflict";

/// Counts pulls of a fleet's revocations that failed.
const FLEET_FAILED: &str = "fleet_failed";

/// The counter of an alarm.
fn counter(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Failures => "alarm_failures",
        Alarm::Sends => "alarm_sends",
        Alarm::Clock => "alarm_clock",
        Alarm::Delivery => "alarm_delivery",
    }
}

/// Counters of one virtual machine.
#[derive(Default)]
pub(crate) struct Metrics {
    counters: HashMap<&'static str, Metric>,
}

struct Metric {
    id: u32,
    waiting: Cell<i64>,
}

impl Metrics {
    /// Defines all counters, so that they are there at 0.
    pub(crate) fn new() -> Self {
        let names = Event::ALL.map(Event::name).into_iter();
        let names = names
            .chain(Alarm::ALL.map(counter))
            .chain([CONFLICT, FLEET_FAILED]);
        let counters = names.filter_map(|name| {
            let id =
                hostcalls::define_metric(MetricType::Counter, &format!("xoxzo_2fa.{name}")).ok()?;
            Some((
                name,
                Metric {
                    id,
                    waiting: Cell::new(0),
                },
            ))
        });
        Self {
            counters: counters.collect(),
        }
    }

    pub(crate) fn count(&self, event: Event) {
        self.add(event.name());
    }

    pub(crate) fn alarm(&self, alarm: Alarm) {
        self.add(counter(alarm));
    }

    pub(crate) fn conflict(&self) {
        self.add(CONFLICT);
    }

    pub(crate) fn fleet_failed(&self) {
        self.add(FLEET_FAILED);
    }

    fn add(&self, name: &str) {
        if let Some(counter) = self.counters.get(name) {
            counter.waiting.set(counter.waiting.get().saturating_add(1));
        }
    }

    /// Hands over what was counted since.
    pub(crate) fn hand_over(&self) {
        for counter in self.counters.values() {
            let waiting = counter.waiting.take();
            if waiting > 0 && hostcalls::increment_metric(counter.id, waiting).is_err() {
                counter.waiting.set(waiting);
            }
        }
    }
}
