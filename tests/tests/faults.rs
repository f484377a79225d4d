//! Every way in which a message can fail, over HTTP: what is not sent, what is unknown, and that a challenge is usable then.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use serde_json::json;
use xoxzo_2fa::{Binding, Code, Delivery, Error, MemoryGuard};
use xoxzo_2fa_sandbox::{Fault, Options, Sandbox};
use xoxzo_2fa_tests::{Client, Kind, key, other_than, pin_in, sandboxed};

/// What a start answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Unknown,
    /// Not sent; seconds to wait, if Xoxzo asks for it.
    NotSent(Option<u64>),
}

fn expected(fault: Fault) -> Outcome {
    match fault {
        Fault::Reset
        | Fault::Hang
        | Fault::Slow
        | Fault::LostReply
        | Fault::Truncated
        | Fault::Huge
        | Fault::BadJson
        | Fault::Redirect
        | Fault::ServerErrorHtml
        | Fault::BadGateway => Outcome::Unknown,
        Fault::NotFoundHtml
        | Fault::Refused
        | Fault::Unauthorized
        | Fault::Forbidden
        | Fault::NoCredits => Outcome::NotSent(None),
        Fault::Throttled | Fault::ThrottledInDetail => Outcome::NotSent(Some(7)),
        Fault::ThrottledSilently => Outcome::NotSent(Some(30)),
        _ => Outcome::Accepted,
    }
}

fn outcome(result: &Result<xoxzo_2fa::Challenge, Error>) -> Outcome {
    match result {
        Ok(challenge) if challenge.delivery == Delivery::Accepted => Outcome::Accepted,
        Ok(challenge) => {
            assert_eq!(challenge.delivery, Delivery::Unknown);
            assert_eq!(
                (&challenge.audit.message_id, &challenge.handle),
                (&None, &None)
            );
            Outcome::Unknown
        }
        Err(error) => {
            assert_eq!((error.blame(), error.code()), ("upstream", Code::Provider));
            Outcome::NotSent(error.failure().retry_after.map(|wait| wait.as_secs()))
        }
    }
}

/// Both clients, each with a sandbox of its own.
fn clients(options: impl Fn() -> Options) -> Vec<(Sandbox, Client)> {
    let of = |which: usize| {
        let sandbox = Sandbox::start(options()).unwrap();
        let client = client(&sandbox, which);
        (sandbox, client)
    };
    vec![of(0), of(1)]
}

/// One of both clients, with a store of its own.
fn client(sandbox: &Sandbox, which: usize) -> Client {
    let settings = || {
        sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
            .key(key(1))
            .set("/xoxzo/timeout_milliseconds", 1_000)
            .set("/sends/per_range", json!({"count": 1_000, "seconds": 60}))
            .build()
    };
    let client = Client::both(settings).into_iter().nth(which);
    client.unwrap()
}

#[test]
fn every_fault_has_its_answer_and_after_unknown_the_challenge_is_usable() {
    let sandbox = || Sandbox::start(Options::default().pace(Duration::ZERO)).unwrap();
    let sandboxes = [sandbox(), sandbox()];
    thread::scope(|scope| {
        for (which, sandbox) in sandboxes.iter().enumerate() {
            for fault in Fault::ALL {
                // Faults of one store would open the breaker.
                scope.spawn(move || walk(sandbox, &client(sandbox, which), *fault));
            }
        }
    });
}

fn walk(sandbox: &Sandbox, two_factor: &Client, fault: Fault) {
    let (name, number) = (fault.name(), fault.recipient());
    let login = Binding::new(number, format!("user-{name}"), "login");
    let result = two_factor.start(&login);
    assert_eq!(outcome(&result), expected(fault), "{name}");
    let Ok(challenge) = result else {
        // Nothing was counted: not even the cooldown stands in the way.
        let again = two_factor.start(&login);
        assert_eq!(outcome(&again), expected(fault), "{name}");
        assert!(sandbox.inbox(Some(number)).is_empty(), "{name}");
        return;
    };
    // Sent once, and counted: a second message has to wait.
    let again = two_factor.resend(&challenge.token, &login).err().unwrap();
    let wait = again.failure().retry_after.unwrap().as_secs();
    let longest = if challenge.delivery == Delivery::Unknown {
        180
    } else {
        60
    };
    assert_eq!(again.code(), Code::Cooldown, "{name}");
    assert!((longest - 5..=longest).contains(&wait), "{name}: {wait}");
    let inbox = sandbox.inbox(Some(number));
    assert_eq!(inbox.len(), usize::from(fault.takes()), "{name}");
    match inbox.first() {
        Some(message) => {
            let pin = pin_in(&message.body, 6).unwrap();
            let wrong = two_factor.verify(&challenge.token, &login, other_than(&pin));
            assert_eq!(
                wrong.err().unwrap().failure().guesses_left,
                Some(4),
                "{name}"
            );
            assert!(
                two_factor.verify(&challenge.token, &login, &pin).is_ok(),
                "{name}"
            );
        }
        // Nobody knows the PIN; that it is guessed at shows that the challenge stands.
        None => {
            let guess = two_factor.verify(&challenge.token, &login, "000000");
            let right = guess.is_ok();
            assert!(
                right || guess.err().unwrap().failure().guesses_left == Some(4),
                "{name}"
            );
        }
    }
}

#[test]
fn an_answer_that_is_only_slow_is_waited_for() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = || {
        sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
            .key(key(1))
            .build()
    };
    let login = Binding::new(Fault::Slow.recipient(), "user-1", "login");
    for patient in Client::both(settings) {
        assert_eq!(patient.start(&login).unwrap().delivery, Delivery::Accepted);
    }
    assert_eq!(sandbox.inbox(None).len(), 2);
}

#[test]
fn states_come_as_the_number_says() {
    let states = [
        (Fault::Failed, Ok(Delivery::Failed), "FAILED"),
        (Fault::Fail, Ok(Delivery::Failed), "FAIL"),
        (Fault::Ok, Ok(Delivery::Delivered), "OK"),
        (Fault::Stuck, Ok(Delivery::Delivering), "DELIVERING"),
        (Fault::UnknownState, Ok(Delivery::Unknown), "PONDERING"),
        (Fault::StateError, Err(Code::Provider), ""),
        (Fault::StateLost, Err(Code::Provider), ""),
    ];
    let clients = clients(|| Options::default().pace(Duration::ZERO));
    for ((_, two_factor), (fault, expected, detail)) in clients
        .iter()
        .flat_map(|client| states.map(|state| (client, state)))
    {
        let login = Binding::new(fault.recipient(), format!("user-{}", fault.name()), "login");
        let handle = two_factor.start(&login).unwrap().handle.unwrap();
        let report = two_factor.status(&handle);
        let told = report
            .as_ref()
            .map(|report| report.delivery)
            .map_err(Error::code);
        assert_eq!(told, expected, "{}", fault.name());
        assert_eq!(report.map_or(String::new(), |report| report.detail), detail);
        let soon = two_factor.status(&handle).err().unwrap();
        assert_eq!(soon.code(), Code::Cooldown);
    }
}

#[test]
fn a_template_and_a_call_go_through() {
    let sandbox = Sandbox::start(Options::default().freeform(false)).unwrap();
    let variables = json!({"pin": "code", "service": "service", "minutes": "minutes"});
    let settings = |id: u32| {
        sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
            .key(key(1))
            .set("/test", true)
            .set("/sends/cooldown_seconds", 1)
            .set(
                "/voice",
                json!({"caller": "815012345678", "destinations": ["JP-mobile"]}),
            )
            .set(
                "/message/templates",
                json!([{"id": id, "locale": "en", "variables": variables}]),
            )
            .build()
    };
    let login = Binding::new("+819012345678", "user-1", "login");
    // A template that waits for approval, and one that has other variables.
    for id in [3, 2] {
        for client in Client::both(|| settings(id)) {
            assert_eq!(outcome(&client.start(&login)), Outcome::NotSent(None));
        }
    }
    for kind in [Kind::Blocking, Kind::Tokio] {
        let passed = Arc::new(AtomicU64::new(0));
        let (wall, counters) = (Arc::clone(&passed), Arc::clone(&passed));
        let seconds = |passed: &AtomicU64| Duration::from_secs(passed.load(Ordering::SeqCst));
        let guard = MemoryGuard::danger_with_clock(1_000, move |_| seconds(&counters));
        let began = SystemTime::now();
        let clock = move || began + seconds(&wall);
        let client = Client::build(kind, settings(1), guard, clock, |_| ());
        speaks(&sandbox, &client.unwrap(), &login, &passed);
    }
}

/// The likely reason of a 403, and the next step, by what the account was asked for.
#[test]
fn an_account_without_a_right_is_told_which() {
    let sandbox = Sandbox::start(Options::default().freeform(false)).unwrap();
    let template = json!({"id": 1, "locale": "en", "variables": {"pin": "code", "service": "service", "minutes": "minutes"}});
    for (templates, number, told) in [
        (
            json!([]),
            "+819012345678",
            "most likely it may not send texts of its own; ask Xoxzo for that right, or name approved templates in message.templates",
        ),
        (
            json!([template]),
            Fault::Forbidden.recipient(),
            "most likely it may not send from this template; compare message.templates with the account",
        ),
    ] {
        let settings = || {
            let own = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token()).key(key(1));
            own.set("/message/templates", templates.clone()).build()
        };
        for client in Client::both(settings) {
            let error = client.start(&Binding::new(number, "user-1", "login"));
            let error = error.err().unwrap();
            assert_eq!(error.code(), Code::Provider);
            let expected = format!("xoxzo refused the account (403): {told}");
            assert_eq!(error.failure().detail, expected);
        }
    }
}

/// A template's text, and then a call that says the same PIN.
fn speaks(sandbox: &Sandbox, two_factor: &Client, login: &Binding, passed: &AtomicU64) {
    let challenge = two_factor.start(login).unwrap();
    let message = sandbox.inbox(None).pop().unwrap();
    let pin = pin_in(message.body.split(" is ").nth(1).unwrap(), 6).unwrap();
    assert_eq!(challenge.parts, None);

    let call = xoxzo_2fa::Sending::default().channel(xoxzo_2fa::Channel::Voice);
    let early = two_factor.resend_with(&challenge.token, login, &call);
    assert_eq!(early.err().unwrap().code(), Code::Cooldown);
    passed.fetch_add(1, Ordering::SeqCst);
    let challenge = two_factor.resend_with(&challenge.token, login, &call);
    let challenge = challenge.unwrap();
    let spoken = sandbox.inbox(None).pop().unwrap();
    let digits: Vec<_> = pin.chars().map(String::from).collect();
    assert_eq!(
        (
            spoken.channel,
            spoken.body.matches(&digits.join(",,")).count()
        ),
        ("voice", 2)
    );
    let report = two_factor.status(&challenge.handle.unwrap()).unwrap();
    assert_eq!(report.delivery, Delivery::Delivering);
    assert!(two_factor.verify(&challenge.token, login, &pin).is_ok());
}
