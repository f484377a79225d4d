//! Lines of the log that are no events of an operation, and what metrics count: `wit/SPEC.md`, "Events".

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use xoxzo_2fa::{Code, Cost, Event};
use xoxzo_2fa_core::json::Object;

use super::list::Outcome;

/// Writes the end of a list of charges.
pub(crate) fn list(outcome: Outcome, lowers: bool, caller: &str) -> String {
    let mut out = Object::with_capacity(128);
    out.text("event", "list");
    out.text("outcome", outcome.code());
    out.flag("lowers", lowers);
    out.text("caller", caller);
    out.finish()
}

/// Writes that a caller was refused, with the name of its key if it has one.
pub(crate) fn rejected_caller(cause: &str, caller: Option<&str>) -> String {
    let mut out = Object::with_capacity(128);
    out.text("event", "rejected_caller");
    out.text("cause", cause);
    out.maybe_text("caller", caller);
    out.finish()
}

/// A metric: a counter for each set of its labels.
#[derive(Clone, Copy)]
enum Metric {
    Events,
    Messages,
    Parts,
    Alarms,
    Lists,
    Pulls,
    Rejected,
}

impl Metric {
    const ALL: [Self; 7] = [
        Self::Events,
        Self::Messages,
        Self::Parts,
        Self::Alarms,
        Self::Lists,
        Self::Pulls,
        Self::Rejected,
    ];

    /// Returns its name, and what it counts.
    fn about(self) -> (&'static str, &'static str) {
        match self {
            Self::Events => ("xoxzo_2fa_events_total", "Operations by outcome and code."),
            Self::Messages => (
                "xoxzo_2fa_messages_total",
                "Messages by channel and delivery.",
            ),
            Self::Parts => ("xoxzo_2fa_parts_total", "Parts of messages by cost."),
            Self::Alarms => (
                "xoxzo_2fa_alarms_total",
                "Conditions that operators should look at.",
            ),
            Self::Lists => (
                "xoxzo_2fa_rest_lists_total",
                "Lists of charges by what became of them.",
            ),
            Self::Pulls => (
                "xoxzo_2fa_rest_pulls_total",
                "Pulls of the list of revocations by what became of them.",
            ),
            Self::Rejected => (
                "xoxzo_2fa_rest_rejected_total",
                "Requests that were not asked of the engine, by cause.",
            ),
        }
    }
}

/// Counters of one server, which all workers share: for each metric, those of its labels.
#[derive(Default)]
pub(crate) struct Tally([Mutex<BTreeMap<String, u64>>; Metric::ALL.len()]);

impl Tally {
    /// Counts an event. Of a decoy, only its alarm: strangers could move the others.
    pub(crate) fn event(&self, event: &Event) {
        if let Some(alarm) = event.audit.alarm {
            self.add(Metric::Alarms, format!("alarm=\"{}\"", alarm.as_str()), 1);
        }
        if event.audit.decoy {
            return;
        }
        let (operation, outcome) = (event.operation.as_str(), event.outcome.as_str());
        let code = event.code.map_or("", Code::as_str);
        let labels = format!("operation=\"{operation}\",outcome=\"{outcome}\",code=\"{code}\"");
        self.add(Metric::Events, labels, 1);
        let country = event.audit.trail.as_ref();
        let country = country.map_or("", |trail| &*trail.calling_code);
        if let (Some(channel), Some(delivery)) = (event.channel, event.delivery) {
            let (channel, delivery) = (channel.as_str(), delivery.as_str());
            let labels =
                format!("channel=\"{channel}\",delivery=\"{delivery}\",calling_code=\"{country}\"");
            self.add(Metric::Messages, labels, 1);
        }
        if event.cost != Cost::Nothing {
            let cost = event.cost.as_str();
            let labels = format!("cost=\"{cost}\",calling_code=\"{country}\"");
            self.add(Metric::Parts, labels, event.cost.parts().into());
        }
    }

    /// Counts a list of charges.
    pub(crate) fn list(&self, outcome: Outcome) {
        self.add(Metric::Lists, format!("outcome=\"{}\"", outcome.code()), 1);
    }

    /// Counts a pull of the list of revocations.
    pub(crate) fn pull(&self, outcome: Outcome) {
        self.add(Metric::Pulls, format!("outcome=\"{}\"", outcome.code()), 1);
    }

    /// Counts a request that was not asked of the engine.
    pub(crate) fn rejected(&self, cause: &str) {
        self.add(Metric::Rejected, format!("cause=\"{cause}\""), 1);
    }

    fn add(&self, metric: Metric, labels: String, amount: u64) {
        let mut counters = self.0[metric as usize]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *counters.entry(labels).or_default() += amount;
    }

    /// Returns all counters in the text format of Prometheus.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(2_048);
        for (metric, counters) in Metric::ALL.into_iter().zip(&self.0) {
            let (name, about) = metric.about();
            let _infallible = writeln!(text, "# HELP {name} {about}\n# TYPE {name} counter");
            for (labels, count) in &*counters.lock().unwrap_or_else(PoisonError::into_inner) {
                let _infallible = writeln!(text, "{name}{{{labels}}} {count}");
            }
        }
        text
    }
}
