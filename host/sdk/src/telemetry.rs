//! The default use of events: lines of `tracing` and counters of `metrics`.

#[cfg(feature = "tracing")]
use crate::audit::{Alarm, Cause};
#[cfg(feature = "tracing")]
use crate::binding::{Channel, Delivery};
#[cfg(any(feature = "tracing", feature = "metrics"))]
use crate::error::Code;
use crate::event::Event;
#[cfg(feature = "metrics")]
use crate::event::{Cost, Outcome};
#[cfg(feature = "metrics")]
use crate::operation::Operation;

/// Records an event where no auditor is set: a line of `tracing` and counters of `metrics`, as far as these
/// features are on.
pub(crate) fn default_auditor(event: &Event) {
    #[cfg(feature = "tracing")]
    trace(event);
    #[cfg(feature = "metrics")]
    count(event);
    let _unused_without_features = event;
}

/// Target `xoxzo_2fa::audit`: warnings for alarms and for what is neither done nor refused, else information.
#[cfg(feature = "tracing")]
fn trace(event: &Event) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                target: "xoxzo_2fa::audit",
                operation = event.operation.as_str(),
                outcome = event.outcome.as_str(),
                code = event.code.map(Code::as_str),
                operator = event.operator.as_deref(),
                purpose = event.purpose.as_deref(),
                channel = event.channel.map(Channel::as_str),
                delivery = event.delivery.map(Delivery::as_str),
                cost = event.cost.as_str(),
                parts = event.cost.parts(),
                subject = event.audit.trail.as_ref().map(|trail| &*trail.subject),
                recipient = event.audit.trail.as_ref().map(|trail| &*trail.recipient),
                calling_code = event.audit.trail.as_ref().map(|trail| &*trail.calling_code),
                challenge_id = event.audit.challenge_id.as_deref(),
                message_id = event.audit.message_id.as_deref(),
                decoy = event.audit.decoy,
                cause = event.audit.cause.as_ref().map(Cause::as_str),
                alarm = event.audit.alarm.map(Alarm::as_str),
                took_us = u64::try_from(event.took.as_micros()).unwrap_or(u64::MAX),
                "{event}"
            )
        };
    }
    if event.audit.alarm.is_some() || event.outcome.is_odd() {
        tell!(warn);
    } else {
        tell!(info);
    }
}

/// The metrics of `wit/SPEC.md`, "Events", by labels with few values. Decoys are left out, but for their alarms.
#[cfg(feature = "metrics")]
fn count(event: &Event) {
    use metrics::{counter, histogram};

    let operation = event.operation.as_str();
    if let Some(alarm) = event.audit.alarm {
        counter!("xoxzo_2fa_alarms_total", "alarm" => alarm.as_str()).increment(1);
    }
    if event.audit.decoy {
        return;
    }
    let (outcome, code) = (event.outcome.as_str(), event.code.map_or("", Code::as_str));
    counter!("xoxzo_2fa_events_total", "operation" => operation, "outcome" => outcome, "code" => code)
        .increment(1);
    histogram!("xoxzo_2fa_seconds", "operation" => operation).record(event.took.as_secs_f64());
    let trail = event.audit.trail.as_ref();
    let country = || trail.map_or_else(String::new, |trail| trail.calling_code.clone());
    if let (Some(channel), Some(delivery)) = (event.channel, event.delivery) {
        let (channel, delivery) = (channel.as_str(), delivery.as_str());
        counter!("xoxzo_2fa_messages_total", "channel" => channel, "delivery" => delivery, "calling_code" => country())
            .increment(1);
    }
    if event.operation == Operation::Verify && event.outcome == Outcome::Ok {
        counter!("xoxzo_2fa_acceptances_total", "calling_code" => country()).increment(1);
    }
    if event.cost != Cost::Nothing {
        counter!("xoxzo_2fa_parts_total", "cost" => event.cost.as_str(), "calling_code" => country())
            .increment(event.cost.parts().into());
    }
}
