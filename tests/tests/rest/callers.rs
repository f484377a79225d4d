//! Callers: keys and rights.

use serde_json::json;
use xoxzo_2fa::{AsyncGuard, AsyncMemoryGuard, Charge, GuardError, Scope, Totals, Wait};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_serve::Right;

use crate::running::{ALL, ONE, Running, binding};

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn nobody_without_a_key_is_answered() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let start = json!({"binding": binding()}).to_string();
    let shown = |authorization: &str| {
        let head = format!("{authorization}{JSON}");
        running.post("start", &head, start.as_bytes())
    };
    let right = format!("Authorization: Bearer {ALL}\r\n");
    for (authorization, challenge) in [
        (String::new(), "www-authenticate: Bearer\r\n"),
        (
            format!("Authorization: Basic {ALL}\r\n"),
            "www-authenticate: Bearer\r\n",
        ),
        (
            format!("Authorization: Bearer {}\r\n", &ALL[1..]),
            "invalid_token",
        ),
        (format!("Authorization: Bearer {ALL}0\r\n"), "invalid_token"),
        (
            format!("Authorization: Bearer {}\r\n", ALL.to_uppercase()),
            "invalid_token",
        ),
        (format!("{right}{right}"), "invalid_token"),
        (
            format!("X-Api-Key: {ALL}\r\n"),
            "www-authenticate: Bearer\r\n",
        ),
    ] {
        let told = shown(&authorization);
        assert_eq!(
            (told.status, told.code()),
            (401, "request"),
            "{authorization}"
        );
        assert_eq!(told.json["failure"]["blame"], "misuse");
        assert!(
            told.head.contains(challenge),
            "{authorization}: {}",
            told.head
        );
    }
    assert!(sandbox.inbox(None).is_empty());
    assert_eq!(shown(&right).status, 200);
    assert_eq!(sandbox.inbox(None).len(), 1);
    let metrics = running.get("/metrics");
    assert!(
        metrics.contains("xoxzo_2fa_rest_rejected_total{cause=\"key\"} 7"),
        "{metrics}"
    );
}

#[test]
fn a_key_opens_what_it_has_the_right_to() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    for (function, right) in [
        ("start", Right::Send),
        ("resend", Right::Send),
        ("status", Right::Send),
        ("verify", Right::Verify),
        ("check_receipt", Right::Verify),
        ("explain", Right::Verify),
        ("inspect", Right::Operate),
        ("preview", Right::Operate),
        ("trail_of", Right::Operate),
        ("index_of", Right::Operate),
        ("limits", Right::Operate),
        ("unlock", Right::Operate),
        ("credits", Right::Operate),
        ("guard", Right::Guard),
    ] {
        for (key, own) in ONE {
            // Without arguments nothing is done: a right is looked at before them.
            let told = running.as_caller(key, function, "[]");
            let expected = if own == right { 400 } else { 403 };
            assert_eq!(told.status, expected, "{function} with {}", own.code());
            assert_eq!(told.head.contains("insufficient_scope"), own != right);
        }
    }
    // An operator sees whose key it was.
    for (_, own) in ONE {
        let line = format!(
            r#"{{"event":"rejected_caller","cause":"right","caller":"{}"}}"#,
            own.code()
        );
        assert!(running.log().lines().any(|told| told == line), "{line}");
    }
}

#[test]
fn only_operators_are_told_of_the_audit() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let start = json!({"binding": binding(), "audit": true}).to_string();
    let [(send, _), ..] = ONE;
    assert_eq!(running.as_caller(send, "start", &start).status, 403);
    assert!(sandbox.inbox(None).is_empty());
    let told = running.as_caller(ALL, "start", &start);
    assert_eq!(
        told.json["challenged"]["audit"]["decoy"], false,
        "{}",
        told.json
    );
}

/// A store that nobody reaches.
struct Away;

impl AsyncGuard for Away {
    fn add<'a>(&'a self, _: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        Box::pin(async { Err(GuardError::Unreachable("connect: cause-canary".to_string())) })
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }

    fn check(&self) -> Wait<'_, Result<(), GuardError>> {
        Box::pin(async { Ok(()) })
    }
}

#[test]
fn without_counters_nothing_is_sent_and_only_operators_learn_why() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, Away);
    let told = running.ask("start", &json!({"binding": binding()}));
    assert_eq!((told.status, told.code()), (503, "guard"));
    assert!(!told.json.to_string().contains("canary"), "{}", told.json);
    let told = running.ask("start", &json!({"binding": binding(), "audit": true}));
    assert_eq!(
        told.json["failure"]["audit"]["cause"],
        "connect: cause-canary"
    );
    assert!(sandbox.inbox(None).is_empty());
    let ready = running.raw("GET /v1/start HTTP/1.1\r\n", b"");
    assert_eq!(ready.status, 405);
}
