//! Examinations of accounts, stores and keys: what each answer of Xoxzo and each store is taken for.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use xoxzo_2fa::{
    Binding, Body, Charge, Code, Diagnosis, Event, Examination, Guard, GuardError, Health, Lost,
    MemoryGuard, Point, Refusal, Scope, Settings, SqliteGuard, Total, Totals, Transport, TwoFactor,
    UreqTransport,
};
use xoxzo_2fa_sandbox::{Fault, Options, Sandbox};
use xoxzo_2fa_tests::{Client, Kind, key, sandboxed};

fn settings(sandbox: &Sandbox) -> Settings {
    let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token());
    settings.key(xoxzo_2fa::keygen().unwrap()).build()
}

fn of(found: &[Diagnosis], point: Point) -> &Diagnosis {
    found.iter().find(|own| own.point == point).unwrap()
}

/// Orders a fault for the next request to a path.
fn order(sandbox: &Sandbox, fault: Fault, path: &str) {
    let url = format!(
        "{}/_sandbox/faults?name={}&path={path}",
        sandbox.url(),
        fault.name()
    );
    let request = http::Request::put(url).body(Body::from(String::new()));
    let ordered = UreqTransport::default().send(request.unwrap(), Duration::from_secs(60));
    assert_eq!(ordered.unwrap().status(), 200);
}

#[test]
fn each_answer_of_the_account_is_told_apart() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let examination = Examination::new(&settings(&sandbox), Scope::Shared).unwrap();
    let account = || examination.account(&UreqTransport::default());
    for (fault, point, text) in [
        (Fault::Unauthorized, Point::Credentials, "(401)"),
        (Fault::Forbidden, Point::Credentials, "(403)"),
        (Fault::Throttled, Point::Connection, "with 429"),
        (Fault::ServerErrorHtml, Point::Connection, "with 500"),
        (Fault::NotFoundHtml, Point::Connection, "with 404"),
        (Fault::Redirect, Point::Connection, "with 302"),
        (Fault::Reset, Point::Connection, "did not answer"),
    ] {
        order(&sandbox, fault, "/you/");
        let found = account();
        let own = of(&found, point);
        assert_eq!(own.health, Health::Faulty, "{fault:?}");
        assert!(own.text.contains(text), "{fault:?}: {}", own.text);
        assert!(own.advice.is_some(), "{fault:?}");
        let faults = found.iter().filter(|it| it.health == Health::Faulty);
        assert_eq!(faults.count(), 1, "{fault:?}: {found:?}");
        // What was not asked is not known.
        for unasked in [Point::Credits, Point::Templates, Point::TestCredit] {
            assert_eq!(of(&found, unasked).health, Health::NotKnown, "{fault:?}");
        }
    }
    order(&sandbox, Fault::ServerErrorHtml, "/sms/templates/");
    let found = account();
    assert_eq!(of(&found, Point::Templates).health, Health::NotKnown);
    // The control: nothing is ordered any more.
    let found = account();
    assert!(
        found.iter().all(|it| it.health != Health::Faulty),
        "{found:?}"
    );
    assert_eq!(of(&found, Point::Templates).health, Health::Sound);
    assert_eq!(sandbox.inbox(None).len(), 0);
}

/// Another server than Xoxzo's: it answers whatever is asked with its page.
struct Elsewhere(&'static str);

impl Transport for Elsewhere {
    fn send(&self, _: http::Request<Body>, _: Duration) -> Result<http::Response<Vec<u8>>, Lost> {
        Ok(http::Response::new(self.0.as_bytes().to_vec()))
    }
}

#[test]
fn an_answer_without_credits_is_not_xoxzos() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let examination = Examination::new(&settings(&sandbox), Scope::Shared).unwrap();
    for page in ["<html>Welcome</html>", "{}", r#"{"credits": null}"#, "[]"] {
        let found = examination.account(&Elsewhere(page));
        let own = of(&found, Point::Connection);
        assert_eq!(own.health, Health::Faulty, "{page}");
        assert_eq!(own.fields, ["xoxzo.base_url"], "{page}");
        let credentials = of(&found, Point::Credentials).health;
        assert_eq!(credentials, Health::NotKnown, "{page}");
    }
    for credits in [r#"{"credits": 100}"#, r#"{"credits": "100"}"#] {
        let found = examination.account(&Elsewhere(credits));
        let credentials = of(&found, Point::Credentials).health;
        assert_eq!(credentials, Health::Sound, "{credits}");
    }
}

#[test]
fn a_clock_is_compared_with_xoxzos() {
    for (ahead, health, text) in [
        (0, Health::Sound, ""),
        (40, Health::Sound, ""),
        (-40, Health::Sound, ""),
        (600, Health::Faulty, "behind Xoxzo's"),
        (-600, Health::Faulty, "ahead of Xoxzo's"),
    ] {
        let sandbox = Sandbox::start(Options::default().clock_ahead(ahead)).unwrap();
        let examination = Examination::new(&settings(&sandbox), Scope::Shared).unwrap();
        let found = examination.account(&UreqTransport::default());
        let clock = of(&found, Point::Clock);
        assert_eq!(clock.health, health, "{ahead}: {}", clock.text);
        assert!(clock.text.contains(text), "{ahead}: {}", clock.text);
    }
}

#[test]
fn keys_are_judged_by_their_bytes() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let own = || sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token());
    let drawn = xoxzo_2fa::keygen().unwrap();
    let fields = |settings: Settings| {
        let examination = Examination::new(&settings, Scope::Shared).unwrap();
        let found = examination.keys();
        assert!(found.iter().all(|it| !it.text.contains("x2fk1")));
        let faulty = found.into_iter().filter(|it| it.health == Health::Faulty);
        faulty.flat_map(|it| it.fields).collect::<Vec<_>>()
    };
    // `key` makes keys of one byte, and `sandboxed` has one for its guard.
    assert_eq!(
        fields(own().key(&drawn).key(key(7)).build()),
        ["keys.1", "guard.key"]
    );
    let guard = xoxzo_2fa::keygen().unwrap();
    assert!(fields(own().key(&drawn).guard_key(guard).build()).is_empty());
    assert_eq!(
        fields(own().key(&drawn).guard_key(&drawn).build()),
        ["guard.key"]
    );
}

/// A store with one fault.
enum Broken {
    /// Forgets what it was told.
    Forgetful,
    /// Has a clock of its own, so many seconds behind.
    Behind(u64),
    Full,
    Away,
    /// Was used with a clock that was an hour ahead, and makes no charge.
    Shut,
}

impl Guard for Broken {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let ends_in = Duration::from_secs(60);
        let total = |charge: &Charge| Total::new(charge.apply(0).0, ends_in);
        let totals = charges.iter().map(total).collect();
        match self {
            Self::Forgetful => Ok(Totals::new(totals)),
            Self::Behind(seconds) => {
                let now = SystemTime::now() - Duration::from_secs(*seconds);
                Ok(Totals::at(totals, now))
            }
            Self::Full => Err(GuardError::Full),
            Self::Away => Err(GuardError::Unreachable(
                "connect: no connection".to_string(),
            )),
            Self::Shut => {
                let ahead = SystemTime::now() + Duration::from_secs(3_600);
                Ok(Totals::at(Vec::new(), ahead))
            }
        }
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

#[test]
fn a_store_is_charged_and_read_back() {
    let folder = format!("xoxzo-2fa-examination-{}", std::process::id());
    let folder = std::env::temp_dir().join(folder);
    let sqlite = SqliteGuard::open(folder.join("guard.sqlite")).unwrap();
    for store in [&sqlite as &dyn Guard, &MemoryGuard::default()] {
        assert_eq!(Examination::guard(Ok(store)).health, Health::Sound);
    }
    drop(sqlite);
    std::fs::remove_dir_all(folder).unwrap();
    for (store, text) in [
        (Broken::Forgetful, "instead of 1"),
        (Broken::Behind(600), "600 s from this machine's"),
        (Broken::Full, "full"),
    ] {
        let found = Examination::guard(Ok(&store));
        assert_eq!(found.health, Health::Faulty, "{text}");
        assert!(found.text.contains(text), "{}", found.text);
    }
    let unreachable = GuardError::Unreachable("connect: no connection".to_string());
    let found = Examination::guard(Err(&unreachable));
    assert!(found.text.ends_with("connect: no connection"));
    assert_eq!(found.health, Health::Faulty);
}

/// A store whose fault can begin later.
#[derive(Clone, Default)]
struct Later {
    store: Arc<MemoryGuard>,
    fault: Arc<Mutex<Option<Broken>>>,
}

impl Guard for Later {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        match &*self.fault.lock().unwrap() {
            Some(broken) => broken.add(charges),
            None => self.store.add(charges),
        }
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

#[test]
fn a_client_tells_whether_it_is_ready() {
    for kind in [Kind::Blocking, Kind::Tokio] {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let (guard, events) = (Later::default(), Arc::new(AtomicUsize::new(0)));
        let told = Arc::clone(&events);
        let audit = move |_: &Event| {
            told.fetch_add(1, Ordering::SeqCst);
        };
        let settings = settings(&sandbox);
        let client = Client::build(kind, settings, guard.clone(), SystemTime::now, audit).unwrap();
        assert!(client.ready().is_ok());
        for (broken, code, cause) in [
            (Broken::Away, Code::Guard, Some("connect: no connection")),
            (
                Broken::Forgetful,
                Code::Guard,
                Some("unfit: its self-test gave [1, 1] instead of [1, 2]"),
            ),
            (
                Broken::Full,
                Code::Guard,
                Some("full: no room for a new counter"),
            ),
            (Broken::Shut, Code::Clock, None),
        ] {
            *guard.fault.lock().unwrap() = Some(broken);
            let error = client.ready().err().unwrap();
            assert_eq!((error.blame(), error.code()), ("upstream", code));
            let audit = error.failure().audit.as_deref();
            assert_eq!(
                audit
                    .and_then(|audit| audit.cause.as_ref())
                    .map(|cause| cause.as_str()),
                cause
            );
        }
        *guard.fault.lock().unwrap() = None;
        assert!(client.ready().is_ok());
        assert_eq!(guard.store.len(), 0, "it leaves nothing in the store");
        assert_eq!(events.load(Ordering::SeqCst), 0);
        let login = Binding::new("+819012345678", "user-1", "login");
        assert!(client.start(&login).is_ok());
        assert_eq!(
            sandbox.inbox(None).len(),
            1,
            "the start alone sent a message"
        );
    }
}

/// The texts of the engine's failures have the reason of a refusal, for each refusal that the sandbox gives.
#[test]
fn a_refusal_has_its_reason() {
    for (options, recipient, expected) in [
        (
            Options::default(),
            Fault::Unauthorized.recipient(),
            Some(Refusal::Credentials),
        ),
        (
            Options::default(),
            Fault::Forbidden.recipient(),
            Some(Refusal::Permission),
        ),
        (
            Options::default(),
            Fault::NoCredits.recipient(),
            Some(Refusal::Credits),
        ),
        (
            Options::default(),
            Fault::Throttled.recipient(),
            Some(Refusal::TooMany),
        ),
        (
            Options::default(),
            Fault::Refused.recipient(),
            Some(Refusal::Recipient),
        ),
        (
            Options::default(),
            Fault::NotFoundHtml.recipient(),
            Some(Refusal::Other),
        ),
        (
            Options::default().freeform(false),
            "+819012345678",
            Some(Refusal::Permission),
        ),
        (
            Options::default().credits(0),
            "+819012345678",
            Some(Refusal::Credits),
        ),
        // The engine's own refusal.
        (Options::default(), "+14155550100", None),
    ] {
        let sandbox = Sandbox::start(options).unwrap();
        let two_factor = TwoFactor::new(settings(&sandbox), MemoryGuard::default()).unwrap();
        let login = Binding::new(recipient, "user-1", "login");
        let error = two_factor.start(&login).unwrap_err();
        assert_eq!(error.failure().refusal(), expected, "{recipient}: {error}");
    }
}

/// What a message shows, beyond what the account says.
#[test]
fn a_message_is_judged_by_what_came_of_it() {
    for (options, templated, recipient, point, health) in [
        (
            Options::default(),
            false,
            "+819012345678",
            Point::Freeform,
            Health::Sound,
        ),
        (
            Options::default().freeform(false),
            false,
            "+819012345678",
            Point::Freeform,
            Health::Faulty,
        ),
        (
            Options::default().freeform(false),
            true,
            "+819012345678",
            Point::Message,
            Health::Sound,
        ),
        (
            Options::default(),
            true,
            Fault::Forbidden.recipient(),
            Point::Message,
            Health::Faulty,
        ),
        (
            Options::default(),
            false,
            Fault::LostReply.recipient(),
            Point::Message,
            Health::NotKnown,
        ),
        (
            Options::default(),
            false,
            "+14155550100",
            Point::Message,
            Health::Faulty,
        ),
        (
            Options::default().credits(0),
            false,
            "+819012345678",
            Point::Credits,
            Health::Faulty,
        ),
    ] {
        let sandbox = Sandbox::start(options).unwrap();
        let own = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token());
        let mut own = own.key(xoxzo_2fa::keygen().unwrap());
        if templated {
            let variables =
                serde_json::json!({"pin": "code", "minutes": "minutes", "service": "service"});
            let template = serde_json::json!([{"id": 1, "locale": "en", "variables": variables}]);
            own = own.set("/message/templates", template);
        }
        let settings = own.build();
        let examination = Examination::new(&settings, Scope::Process).unwrap();
        let two_factor = TwoFactor::new(settings, MemoryGuard::default()).unwrap();
        let begun = two_factor.start(&Binding::new(recipient, "user-1", "login"));
        let found = examination.sent(begun.as_ref());
        let own = of(&found, point);
        assert_eq!(own.health, health, "{recipient}: {}", own.text);
        assert!(!own.text.contains("+81"), "{}", own.text);
    }
}
