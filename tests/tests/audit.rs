//! Events: one for each decision, by callback, tracing and metrics, and nothing personal in any.

use std::sync::{Arc, Mutex};

use serde_json::json;
use xoxzo_2fa::{
    Alarm, Binding, Channel, Code, Cost, Delivery, Event, MemoryGuard, Operation, Sending,
    TwoFactor,
};
use xoxzo_2fa_sandbox::{Fault, Options, Sandbox};
use xoxzo_2fa_tests::{key, other_than, pin_in, sandboxed};

type Log = Arc<Mutex<Vec<Event>>>;

fn audited(sandbox: &Sandbox, log: &Log) -> TwoFactor {
    let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
        .key(key(1))
        .set("/pin/digits", 8)
        .set(
            "/failures/per_audience",
            json!({"count": 1, "seconds": 3_600}),
        )
        .build();
    let log = Arc::clone(log);
    TwoFactor::builder(settings, MemoryGuard::default())
        .audit(move |event| log.lock().unwrap().push(event.clone()))
        .build()
        .unwrap()
}

#[test]
fn each_decision_is_one_event_without_anything_personal() {
    let (sandbox, log) = (Sandbox::start(Options::default()).unwrap(), Log::default());
    let two_factor = audited(&sandbox, &log);
    let last = || log.lock().unwrap().pop().unwrap();
    let login = Binding::new("+819012345678", "user-1", "login");

    let token = two_factor.start(&login).unwrap().token;
    let started = last();
    assert_eq!(
        (
            started.operation,
            started.code,
            started.outcome,
            started.cost
        ),
        (Operation::Start, None, "ok", Cost::Parts(1))
    );
    assert_eq!(
        (
            started.channel,
            started.delivery,
            started.purpose.as_deref(),
            started.calling_code.as_deref()
        ),
        (
            Some(Channel::Sms),
            Some(Delivery::Accepted),
            Some("login"),
            Some("81")
        )
    );
    // A shorter one would have a single guess under the alarm.
    let pin = pin_in(&sandbox.inbox(None)[0].body, 8).unwrap();
    let wrong = if pin.starts_with('1') { "2" } else { "1" }.repeat(8);
    for (guess, code, alarm) in [
        (wrong.clone(), Some(Code::WrongPin), None),
        (wrong, Some(Code::WrongPin), Some(Alarm::Failures)),
        ("x".to_string(), Some(Code::Malformed), None),
        (pin.clone(), None, Some(Alarm::Failures)),
        (pin.clone(), Some(Code::Used), None),
    ] {
        let _told = two_factor.verify(&token, &login, &guess);
        let event = last();
        assert_eq!(
            (event.operation, event.code, event.alarm),
            (Operation::Verify, code, alarm)
        );
        assert_eq!(
            (&event.subject, &event.recipient),
            (&started.subject, &started.recipient)
        );
        assert_eq!(event.cost, Cost::Nothing);
    }
    let _refused = two_factor.resend(&token, &login);
    assert_eq!(
        (last().operation, log.lock().unwrap().len()),
        (Operation::Resend, 0)
    );
    two_factor.unlock("user-1", "+819012345678").unwrap();
    let unlocked = last();
    assert_eq!(
        (unlocked.operation, &unlocked.subject, unlocked.purpose),
        (Operation::Unlock, &started.subject, None)
    );

    // Decoys cost nothing; what is malformed has no trail, and its purpose is the caller's text.
    let decoy = Binding::new("+819087654321", "user-2", "login");
    two_factor
        .start_with(&decoy, &Sending::default().decoy())
        .unwrap();
    let event = last();
    assert_eq!(
        (event.cost, event.delivery),
        (Cost::Nothing, Some(Delivery::Accepted))
    );
    assert_ne!(
        (&event.subject, &event.recipient),
        (&started.subject, &started.recipient)
    );
    let _misuse = two_factor.start(&Binding::new("090", "user 1", "secret-purpose"));
    let event = last();
    assert_eq!(
        (event.outcome, event.code, event.purpose, event.subject),
        ("misuse", Some(Code::Request), None, None)
    );
    let _upstream = two_factor.start(&Binding::new(
        Fault::Forbidden.recipient(),
        "user-3",
        "login",
    ));
    assert_eq!((last().outcome, log.lock().unwrap().len()), ("upstream", 0));

    let text = format!("{started:?} {started}");
    for personal in ["819012345678", "user-1", &pin, &token] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    assert_eq!(started.subject.unwrap().len(), 22);
}

/// Writes down the fields of events of the audit's target.
struct Lines(Mutex<Vec<(tracing::Level, String)>>);

struct Fields<'a>(&'a mut String);

impl tracing::field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{field}={value:?} "));
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "xoxzo_2fa::audit"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = String::new();
        event.record(&mut Fields(&mut line));
        self.0
            .lock()
            .unwrap()
            .push((*event.metadata().level(), line));
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn without_a_callback_events_are_lines_and_counters() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
        .key(key(1))
        .build();
    let two_factor = TwoFactor::new(settings, MemoryGuard::default()).unwrap();
    let login = Binding::new("+819012345678", "user-1", "login");
    let lines = Arc::new(Lines(Mutex::default()));
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(Arc::clone(&lines), || {
            let token = two_factor.start(&login).unwrap().token;
            let pin = pin_in(&sandbox.inbox(None)[0].body, 6).unwrap();
            let _wrong = two_factor.verify(&token, &login, other_than(&pin));
            let _failed = two_factor.start(&Binding::new(
                Fault::Forbidden.recipient(),
                "user-3",
                "login",
            ));
        });
    });
    let lines = std::mem::take(&mut *lines.0.lock().unwrap());
    let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
    assert_eq!(
        levels,
        [
            tracing::Level::INFO,
            tracing::Level::INFO,
            tracing::Level::WARN
        ]
    );
    assert!(
        lines[0].1.contains("operation=\"start\"") && lines[0].1.contains("calling_code=\"81\""),
        "{lines:?}"
    );
    assert!(
        lines[1].1.contains("code=\"wrong-pin\"") && lines[2].1.contains("code=\"provider\""),
        "{lines:?}"
    );

    let counted: Vec<String> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, _, _, value)| format!("{} {value:?}", key.key()))
        .collect();
    for expected in [
        ("xoxzo_2fa_events_total", "wrong-pin"),
        ("xoxzo_2fa_events_total", "provider"),
        ("xoxzo_2fa_parts_total", "sms"),
        ("xoxzo_2fa_seconds", "verify"),
    ] {
        let found = counted
            .iter()
            .any(|line| line.contains(expected.0) && line.contains(expected.1));
        assert!(found, "{expected:?} in {counted:?}");
    }
    let all = format!("{lines:?} {counted:?}");
    assert!(!all.contains("819012345678") && !all.contains("user-1"));
}
