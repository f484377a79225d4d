//! Each published hole of the stateless scheme that tutorials teach, by its name, against the component.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::json;
use xoxzo_2fa::{Binding, Code, Error, MemoryGuard, Pin, SettingsBuilder, Token, TwoFactor};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{key, other_than, pin_in, sandboxed};

struct Service {
    sandbox: Sandbox,
    two_factor: TwoFactor,
    ahead: Arc<AtomicU64>,
}

fn builder(sandbox: &Sandbox) -> SettingsBuilder {
    sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
}

impl Service {
    fn new() -> Self {
        let sandbox = Sandbox::start(Options::default()).unwrap();
        let ahead = Arc::new(AtomicU64::new(0));
        let (tokens, counters) = (Arc::clone(&ahead), Arc::clone(&ahead));
        let guard = MemoryGuard::danger_with_clock(10_000, move |began| {
            began.elapsed() + Duration::from_secs(counters.load(Ordering::SeqCst))
        });
        let two_factor = TwoFactor::builder(builder(&sandbox).key(key(1)).build(), guard)
            .danger_clock(move || {
                SystemTime::now() + Duration::from_secs(tokens.load(Ordering::SeqCst))
            })
            .build()
            .unwrap();
        Self {
            sandbox,
            two_factor,
            ahead,
        }
    }

    fn send(&self, binding: &Binding) -> (Token, String) {
        let token = self.two_factor.start(binding).unwrap().token;
        let body = self
            .sandbox
            .inbox(Some(&binding.recipient))
            .pop()
            .unwrap()
            .body;
        (token, pin_in(&body, 6).unwrap())
    }

    fn code(&self, token: &Token, binding: &Binding, pin: &str) -> Option<Code> {
        self.two_factor
            .verify(token, binding, &Pin::new(pin))
            .err()
            .map(|error| error.code())
    }

    fn wait(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }
}

fn login() -> Binding {
    Binding::new("+819012345678", "user-1", "login")
}

#[test]
fn identity_confusion_by_separator() {
    let service = Service::new();
    let (token, pin) = service.send(&Binding::new("+819012345678", "victim.evil", "login"));
    for (subject, pin) in [
        ("victim", &*format!("evil.{pin}")),
        ("victim", &pin),
        ("victim.evil.", &pin),
        ("victim.evi", &pin),
    ] {
        let other = Binding::new("+819012345678", subject, "login");
        let code = service.code(&token, &other, pin);
        assert!(
            matches!(code, Some(Code::InvalidToken | Code::Malformed)),
            "{subject}: {code:?}"
        );
    }
}

#[test]
fn unlimited_guesses() {
    let service = Service::new();
    let (token, pin) = service.send(&login());
    for left in (0..5).rev() {
        match service
            .two_factor
            .verify(&token, &login(), &Pin::new(other_than(&pin)))
        {
            Err(Error::Refuse(refusal)) => assert_eq!(
                (refusal.code, refusal.guesses_left),
                (Code::WrongPin, Some(left))
            ),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        service.code(&token, &login(), &pin),
        Some(Code::Exhausted),
        "even the right one"
    );
}

#[test]
fn a_new_code_brings_no_new_guesses() {
    let service = Service::new();
    let mut compared = 0;
    for _ in 0..6 {
        let Ok(challenge) = service.two_factor.start(&login()) else {
            break;
        };
        while service.code(&challenge.token, &login(), "000000") == Some(Code::WrongPin) {
            compared += 1;
        }
        service.wait(60);
    }
    assert_eq!(compared, 10);
    let refusal = service.two_factor.start(&login()).err().unwrap();
    assert_eq!(refusal.code(), Code::Locked);
    assert!(
        refusal
            .failure()
            .retry_after
            .is_some_and(|wait| wait <= Duration::from_secs(86_400))
    );
}

#[test]
fn replay() {
    let service = Service::new();
    let (token, pin) = service.send(&login());
    assert!(
        service
            .two_factor
            .verify(&token, &login(), &Pin::new(&pin))
            .is_ok()
    );
    for guess in [pin.as_str(), other_than(&pin)] {
        assert_eq!(
            service.code(&token, &login(), guess),
            Some(Code::Used),
            "no oracle of the pin either"
        );
    }
}

#[test]
fn earlier_tokens_after_another_send() {
    let service = Service::new();
    let (first, pin) = service.send(&login());
    service.wait(60);
    let (second, other) = service.send(&login());
    assert_ne!(first, second);
    if pin != other {
        assert_eq!(
            service.code(&first, &login(), &other),
            Some(Code::WrongPin),
            "a pin is its own token's"
        );
    }
    // The earlier one brings no guesses beyond those of the subject, and ends by itself.
    service.wait(240);
    assert_eq!(service.code(&first, &login(), &pin), Some(Code::Expired));
    assert!(
        service
            .two_factor
            .verify(&second, &login(), &Pin::new(&other))
            .is_ok()
    );
}

#[test]
fn empty_and_short_keys() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for weak in [
        "",
        "secret",
        "correct horse battery staple 123",
        "x2fk1_",
        &key(1)[..40],
    ] {
        let settings = builder(&sandbox).key(weak).build();
        let error = TwoFactor::new(settings, MemoryGuard::default())
            .err()
            .unwrap();
        assert_eq!((error.blame(), error.code()), ("misuse", Code::Settings));
        assert!(weak.is_empty() || !error.to_string().contains(weak));
    }
}

#[test]
fn rotation_without_a_key_id() {
    // One store of two settings: the new key first, the old one still verifying.
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let folder = std::env::temp_dir().join(format!("xoxzo-2fa-rotation-{}", std::process::id()));
    let guard = Arc::new(xoxzo_2fa::SqliteGuard::open(folder.join("guard.sqlite")).unwrap());
    let old = TwoFactor::new(builder(&sandbox).key(key(1)).build(), Arc::clone(&guard)).unwrap();
    let new = TwoFactor::new(
        builder(&sandbox).key(key(2)).key(key(1)).build(),
        Arc::clone(&guard),
    )
    .unwrap();
    let gone = TwoFactor::new(builder(&sandbox).key(key(2)).build(), guard).unwrap();
    let token = old.start(&login()).unwrap().token;
    let pin = pin_in(&sandbox.inbox(None).pop().unwrap().body, 6).unwrap();
    assert_eq!(
        gone.verify(&token, &login(), &Pin::new(&pin))
            .err()
            .map(|error| error.code()),
        Some(Code::InvalidToken)
    );
    assert!(new.verify(&token, &login(), &Pin::new(&pin)).is_ok());
    assert_eq!(
        old.verify(&token, &login(), &Pin::new(&pin))
            .err()
            .map(|error| error.code()),
        Some(Code::Used),
        "rotation revives nothing"
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn malleable_and_malformed_tokens() {
    let service = Service::new();
    let (token, pin) = service.send(&login());
    let long = "A".repeat(100_000);
    for other in [
        format!("{}.x", token.as_str()),
        format!("{}=", token.as_str()),
        "null".to_string(),
        String::new(),
        "...".to_string(),
        long,
    ] {
        assert_eq!(
            service.code(&other.into(), &login(), &pin),
            Some(Code::InvalidToken)
        );
    }
    assert!(
        service
            .two_factor
            .verify(&token, &login(), &Pin::new(&pin))
            .is_ok()
    );
}

#[test]
fn coerced_pins() {
    let service = Service::new();
    let (token, pin) = service.send(&login());
    let number = pin.trim_start_matches('0');
    let arrayed = format!("[\"{pin}\"]");
    for typed in [
        "",
        "undefined",
        "null",
        &arrayed,
        &format!(" {pin}"),
        &format!("+{pin}"),
        &format!("{pin}\n"),
        "１２３４５６",
    ] {
        assert_eq!(
            service.code(&token, &login(), typed),
            Some(Code::Malformed),
            "{typed}"
        );
    }
    if number != pin {
        assert_eq!(
            service.code(&token, &login(), number),
            Some(Code::Malformed)
        );
    }
    assert!(
        service
            .two_factor
            .verify(&token, &login(), &Pin::new(&pin))
            .is_ok()
    );
}

#[test]
fn a_lifetime_that_never_ends() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    for lifetime in [
        json!("abc"),
        json!(null),
        json!(0),
        json!(1e12),
        json!(601),
        json!(-1),
    ] {
        let settings = builder(&sandbox)
            .key(key(1))
            .set("/pin/lifetime_seconds", lifetime)
            .build();
        assert_eq!(
            TwoFactor::new(settings, MemoryGuard::default())
                .err()
                .map(|error| error.code()),
            Some(Code::Settings)
        );
    }
    let service = Service::new();
    let (token, pin) = service.send(&login());
    service.wait(300);
    assert_eq!(service.code(&token, &login(), &pin), Some(Code::Expired));
}

#[test]
fn no_purpose_session_or_transaction() {
    let service = Service::new();
    let (token, pin) = service.send(&login().session("s-1"));
    for other in [
        login(),
        login().session("s-2"),
        Binding::new("+819087654321", "user-1", "login").session("s-1"),
    ] {
        assert_eq!(service.code(&token, &other, &pin), Some(Code::InvalidToken));
    }
    assert!(
        service
            .two_factor
            .verify(&token, &login().session("s-1"), &Pin::new(&pin))
            .is_ok()
    );
}

#[test]
fn phones_in_many_spellings() {
    let service = Service::new();
    for phone in [
        "819012345678",
        "+81 90 1234 5678",
        "+8109012345678",
        "0081901234567",
        "+819012345678\n",
        "+819012345678,+819087654321",
    ] {
        let error = service
            .two_factor
            .start(&Binding::new(phone, "user-1", "login"))
            .err()
            .unwrap();
        assert_eq!(
            (error.blame(), error.code()),
            ("misuse", Code::Request),
            "{phone:?}"
        );
    }
    assert!(service.sandbox.inbox(None).is_empty());
}
