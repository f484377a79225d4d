//! Events: one for each decision, by callback, tracing and metrics, and nothing personal in any.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::json;
use xoxzo_2fa::{
    Alarm, Binding, Body, Channel, Charge, Code, Cost, Delivery, Event, Guard, GuardError, Lost,
    MemoryGuard, Operation, Operator, Outcome, Pin, Scope, Sending, Totals, Trail, Transport,
    TwoFactor,
};
use xoxzo_2fa_sandbox::{Fault, Options, Sandbox};
use xoxzo_2fa_tests::{Client, Kind, key, other_than, pin_in, sandboxed};

fn trail(event: &Event) -> &Trail {
    event.audit.trail.as_ref().unwrap()
}

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

    let challenge = two_factor.start(&login).unwrap();
    let (token, handle) = (challenge.token, challenge.handle.unwrap());
    let started = last();
    assert_eq!(challenge.audit, started.audit);
    assert_eq!(
        (
            started.operation,
            started.code,
            started.outcome,
            started.cost
        ),
        (Operation::Start, None, Outcome::Ok, Cost::Parts(1))
    );
    assert_eq!(
        (
            started.channel,
            started.delivery,
            started.purpose.as_deref(),
            trail(&started).calling_code.as_str()
        ),
        (
            Some(Channel::Sms),
            Some(Delivery::Accepted),
            Some("login"),
            "81"
        )
    );
    assert_eq!(trail(&started).subject.len(), 22);
    assert_eq!(started.audit.challenge_id.as_ref().unwrap().len(), 11);
    assert!(started.audit.message_id.is_some() && !started.audit.decoy);
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
        let _told = two_factor.verify(&token, &login, &Pin::new(&guess));
        let event = last();
        assert_eq!(
            (event.operation, event.code, event.audit.alarm),
            (Operation::Verify, code, alarm)
        );
        assert_eq!(
            (&event.audit.trail, &event.audit.challenge_id),
            (&started.audit.trail, &started.audit.challenge_id)
        );
        assert_eq!((event.cost, event.audit.cause), (Cost::Nothing, None));
    }
    let _refused = two_factor.resend(&token, &login);
    assert_eq!(
        (last().operation, log.lock().unwrap().len()),
        (Operation::Resend, 0)
    );
    let report = two_factor.status(&handle).unwrap();
    let status = last();
    assert_eq!(
        (status.operation, status.delivery, status.outcome),
        (Operation::Status, Some(report.delivery), Outcome::Ok)
    );
    assert_eq!(
        (&status.audit.challenge_id, &status.audit.message_id),
        (&started.audit.challenge_id, &started.audit.message_id)
    );
    let operator = Operator::beside(&two_factor, "ann");
    let seen = operator.limits("+819012345678", "user-1", None).unwrap();
    let looked = last();
    assert_eq!(
        (looked.operation, looked.operator.as_deref()),
        (Operation::Limits, Some("ann"))
    );
    assert_eq!(seen.audit.trail, started.audit.trail);
    operator.unlock("+819012345678", "user-1").unwrap();
    let unlocked = last();
    assert_eq!(unlocked.operator.as_deref(), Some("ann"));
    assert_eq!(started.operator, None);
    assert_eq!(
        (unlocked.operation, &unlocked.audit.trail, unlocked.purpose),
        (Operation::Unlock, &started.audit.trail, None)
    );
    assert_eq!(
        operator.trail("+819012345678", "user-1").ok(),
        started.audit.trail
    );

    // Decoys cost nothing; what is malformed has no trail, and its purpose is the caller's text.
    let decoy = Binding::new("+819087654321", "user-2", "login");
    two_factor
        .start_with(&decoy, &Sending::default().decoy())
        .unwrap();
    let event = last();
    assert_eq!(
        (event.cost, event.delivery, event.audit.decoy),
        (Cost::Nothing, Some(Delivery::Accepted), true)
    );
    assert_ne!(event.audit.trail, started.audit.trail);
    let _misuse = two_factor.start(&Binding::new("090", "user 1", "secret-purpose"));
    let event = last();
    assert_eq!(
        (event.outcome, event.code, event.purpose, event.audit.trail),
        (Outcome::Misuse, Some(Code::Request), None, None)
    );
    let _upstream = two_factor.start(&Binding::new(
        Fault::Forbidden.recipient(),
        "user-3",
        "login",
    ));
    let event = last();
    assert_eq!(
        (event.outcome, event.audit.cause.unwrap().as_str()),
        (Outcome::Upstream, "http: status 403")
    );
    assert_eq!(log.lock().unwrap().len(), 0);

    let text = format!("{started:?} {started}");
    for personal in ["819012345678", "user-1", &pin, token.as_str()] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
}

/// Calls of the program's own code that break.
struct Breaks;

impl Guard for Breaks {
    fn add(&self, _: &[Charge]) -> Result<Totals, GuardError> {
        panic!("of this test")
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }

    fn check(&self) -> Result<(), GuardError> {
        Ok(())
    }
}

impl Transport for Breaks {
    fn send(&self, _: http::Request<Body>, _: Duration) -> Result<http::Response<Vec<u8>>, Lost> {
        panic!("of this test")
    }
}

#[test]
fn an_auditor_that_panics_costs_nobody_a_login() {
    for kind in [Kind::Blocking, Kind::Tokio] {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token());
        let settings = settings.key(key(1)).build();
        let audit = |_: &Event| panic!("of this test");
        let guard = MemoryGuard::default();
        let client = Client::build(kind, settings, guard, SystemTime::now, audit).unwrap();
        let login = Binding::new("+819012345678", "user-1", "login");
        let token = client.start(&login).unwrap().token;
        let pin = pin_in(&sandbox.inbox(None)[0].body, 6).unwrap();
        assert!(client.verify(&token, &login, &pin).is_ok());
        let used = client.verify(&token, &login, &pin).err().unwrap();
        assert_eq!(used.code(), Code::Used);
    }
}

#[test]
fn a_panic_of_a_guard_or_a_transport_is_a_failure_with_an_event() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let login = Binding::new("+819012345678", "user-1", "login");
    let settings = || {
        let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token());
        settings.key(key(1)).build()
    };
    let log = Log::default();
    let audit = {
        let log = Arc::clone(&log);
        move |event: &Event| log.lock().unwrap().push(event.clone())
    };
    let cause = || log.lock().unwrap().remove(0).audit.cause;

    let guard = TwoFactor::builder(settings(), Breaks).audit(audit.clone());
    let two_factor = guard.build().unwrap();
    let refused = two_factor.start(&login).err().unwrap();
    assert_eq!((refused.blame(), refused.code()), ("upstream", Code::Guard));
    assert_eq!(cause().unwrap().as_str(), "guard: it panicked");

    let transport = TwoFactor::builder(settings(), MemoryGuard::default()).audit(audit);
    let two_factor = transport.transport(Breaks).build().unwrap();
    let challenge = two_factor.start(&login).unwrap();
    assert_eq!(challenge.delivery, Delivery::Unknown);
    assert_eq!(cause().unwrap().as_str(), "transport: it panicked");
    let again = two_factor.start(&login).err().unwrap();
    assert_eq!(again.code(), Code::Cooldown, "it counts as a message");
    assert!(sandbox.inbox(None).is_empty());
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
            let _wrong = two_factor.verify(&token, &login, &Pin::new(other_than(&pin)));
            let _failed = two_factor.start(&Binding::new(
                Fault::Forbidden.recipient(),
                "user-3",
                "login",
            ));
            let outage = Binding::new(Fault::ServerErrorHtml.recipient(), "user-4", "login");
            assert_eq!(
                two_factor.start(&outage).unwrap().delivery,
                Delivery::Unknown
            );
            let decoy = Sending::default().decoy();
            let _decoy =
                two_factor.start_with(&Binding::new("+819087654321", "user-5", "login"), &decoy);
        });
    });
    let lines = std::mem::take(&mut *lines.0.lock().unwrap());
    let levels: Vec<_> = lines.iter().map(|(level, _)| *level).collect();
    assert_eq!(
        levels,
        [
            tracing::Level::INFO,
            tracing::Level::INFO,
            tracing::Level::WARN,
            tracing::Level::WARN,
            tracing::Level::INFO,
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
    for field in [
        "outcome=\"unknown\"",
        "delivery=\"unknown\"",
        "alarm=\"delivery\"",
        "cause=\"http: status 500\"",
    ] {
        assert!(lines[3].1.contains(field), "{lines:?}");
    }
    assert!(lines[4].1.contains("decoy=true"), "{lines:?}");

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
        ("xoxzo_2fa_messages_total", "accepted"),
        ("xoxzo_2fa_messages_total", "unknown"),
        ("xoxzo_2fa_alarms_total", "delivery"),
    ] {
        let found = counted
            .iter()
            .any(|line| line.contains(expected.0) && line.contains(expected.1));
        assert!(found, "{expected:?} in {counted:?}");
    }
    let accepted: Vec<_> = counted
        .iter()
        .filter(|line| line.contains("messages_total") && line.contains("accepted"))
        .collect();
    assert!(
        accepted.len() == 1 && accepted[0].ends_with("Counter(1)"),
        "the decoy counts nowhere: {accepted:?}"
    );
    let all = format!("{lines:?} {counted:?}");
    assert!(!all.contains("819012345678") && !all.contains("user-1"));
}
