//! Counters of what became of requests, in the text format of Prometheus.

use std::array;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use xoxzo_2fa_core::Alarm;
use xoxzo_2fa_gate::Event;

/// Counters of one server, which all workers share.
pub(crate) struct Metrics {
    events: [AtomicU64; Event::ALL.len()],
    alarms: [AtomicU64; Alarm::ALL.len()],
    untrusted: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            events: array::from_fn(|_| AtomicU64::new(0)),
            alarms: array::from_fn(|_| AtomicU64::new(0)),
            untrusted: AtomicU64::new(0),
        }
    }
}

impl Metrics {
    /// Counts the end of a request, as it is counted in Envoy.
    pub(crate) fn count(&self, event: Event) {
        add(&Event::ALL, &self.events, event);
    }

    /// Counts a condition that operators should look at.
    pub(crate) fn alarm(&self, alarm: Alarm) {
        add(&Alarm::ALL, &self.alarms, alarm);
    }

    /// Counts a request that is not as the proxy makes it.
    pub(crate) fn refuse(&self) {
        self.untrusted.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns all counters, those at 0 too.
    pub(crate) fn text(&self) -> String {
        let mut text = String::with_capacity(2_048);
        let events = Event::ALL.map(Event::name);
        let about = "Requests by what became of them.";
        write(&mut text, "requests", about, "event", &events, &self.events);
        let alarms = Alarm::ALL.map(Alarm::name);
        let about = "Conditions that operators should look at.";
        write(&mut text, "alarms", about, "alarm", &alarms, &self.alarms);
        let about = "Requests that are not as the proxy makes them.";
        let untrusted = [self.untrusted.load(Ordering::Relaxed).into()];
        write(&mut text, "rejected_proxy", about, "", &[""], &untrusted);
        text
    }
}

fn add<T: PartialEq>(all: &[T], counters: &[AtomicU64], one: T) {
    if let Some(at) = all.iter().position(|other| *other == one) {
        counters[at].fetch_add(1, Ordering::Relaxed);
    }
}

fn write(
    text: &mut String,
    name: &str,
    about: &str,
    label: &str,
    values: &[&str],
    counters: &[AtomicU64],
) {
    let name = format!("xoxzo_2fa_gate_{name}_total");
    let _infallible = writeln!(text, "# HELP {name} {about}\n# TYPE {name} counter");
    for (value, counter) in values.iter().zip(counters) {
        let count = counter.load(Ordering::Relaxed);
        let labels = match label {
            "" => String::new(),
            label => format!("{{{label}=\"{value}\"}}"),
        };
        let _infallible = writeln!(text, "{name}{labels} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::default();
        metrics.count(Event::Forwarded);
        metrics.count(Event::Forwarded);
        metrics.alarm(Alarm::Delivery);
        metrics.refuse();
        let text = metrics.text();
        for line in [
            "# TYPE xoxzo_2fa_gate_requests_total counter",
            "xoxzo_2fa_gate_requests_total{event=\"forwarded\"} 2",
            "xoxzo_2fa_gate_requests_total{event=\"accepted\"} 0",
            "xoxzo_2fa_gate_alarms_total{alarm=\"delivery\"} 1",
            "xoxzo_2fa_gate_rejected_proxy_total 1",
        ] {
            assert!(text.lines().any(|own| own == line), "{line}\n{text}");
        }
    }
}
