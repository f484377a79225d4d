//! Logins: verdicts and their statuses, one winner, and what a restart keeps.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;
use std::{env, fs, process, thread};

use serde_json::{Value, json};
use tokio::sync::Notify;
use xoxzo_2fa::{AsyncMemoryGuard, AsyncTransport, Blocking, Body, Lost, SqliteGuard, Wait};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_serve::Surroundings;
use xoxzo_2fa_tests::other_than;

use crate::running::{ALL, Running, binding, pin};

#[test]
fn a_login_ends_with_the_subject_and_leaves_no_secret_in_the_log() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let started = running.ask("start", &json!({"binding": binding()}));
    assert_eq!(started.status, 200, "{}", started.json);
    assert!(started.json["challenged"].get("audit").is_none());
    let (token, pin) = (&started.json["challenged"]["token"], pin(&sandbox));
    let verify = |pin: &str| {
        let guess = json!({"token": token, "binding": binding(), "pin": pin});
        running.ask("verify", &guess)
    };

    let again = running.ask("start", &json!({"binding": binding()}));
    assert_eq!((again.status, again.code()), (429, "cooldown"));
    assert!(again.head.contains("retry-after: "), "{}", again.head);
    let wrong = verify(other_than(&pin));
    assert_eq!((wrong.status, wrong.code()), (422, "wrong-pin"));
    assert_eq!(wrong.json["failure"]["guesses_left"], 4);
    let right = verify(&pin);
    assert_eq!(right.status, 200, "{}", right.json);
    assert_eq!(right.json["accepted"]["subject"], "user-1");
    let receipt = right.json["accepted"]["receipt"].as_str().unwrap();
    let used = verify(&pin);
    assert_eq!((used.status, used.code()), (422, "used"));

    let (log, metrics) = (running.log(), running.get("/metrics"));
    assert!(
        log.contains(r#""operation":"verify","outcome":"ok""#),
        "{log}"
    );
    let counted = r#"xoxzo_2fa_events_total{operation="verify",outcome="ok",code=""} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    let token = token.as_str().unwrap();
    for secret in [ALL, token, receipt, &pin, "819012345678", "user-1"] {
        assert!(!log.contains(secret) && !metrics.contains(secret));
    }
}

#[test]
fn decoys_look_the_same_and_are_not_counted() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let fields = |start: &Value| {
        let told = running.ask("start", start);
        assert_eq!(told.status, 200, "{}", told.json);
        let challenged = told.json["challenged"].as_object().unwrap();
        challenged.keys().cloned().collect::<Vec<_>>()
    };
    let decoy = fields(&json!({"binding": binding(), "sending": {"decoy": true}}));
    let started = r#"xoxzo_2fa_events_total{operation="start""#;
    assert!(!running.get("/metrics").contains(started));
    assert!(sandbox.inbox(None).is_empty());
    let mut other = binding();
    other["recipient"] = json!("+819012345679");
    assert_eq!(fields(&json!({"binding": other})), decoy);
    assert!(running.get("/metrics").contains(started));
}

#[test]
fn of_many_right_guesses_at_once_one_is_accepted() {
    const GUESSES: usize = 8;
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let started = running.ask("start", &json!({"binding": binding()}));
    let token = &started.json["challenged"]["token"];
    let guess = json!({"token": token, "binding": binding(), "pin": pin(&sandbox)});
    let together = Barrier::new(GUESSES);
    let statuses: Vec<u16> = thread::scope(|scope| {
        let guesses: Vec<_> = (0..GUESSES)
            .map(|_| {
                scope.spawn(|| {
                    together.wait();
                    running.ask("verify", &guess).status
                })
            })
            .collect();
        guesses.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let accepted = statuses.iter().filter(|status| **status == 200).count();
    assert_eq!(accepted, 1, "{statuses:?}");
    assert!(
        statuses.iter().all(|status| [200, 422].contains(status)),
        "{statuses:?}"
    );
}

#[test]
fn a_restart_keeps_limits_and_codes_in_sqlite() {
    let folder = Folder::new();
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let open = || {
        let guard = SqliteGuard::open(folder.0.join("counters")).unwrap();
        Running::new(&sandbox, Blocking::new(guard))
    };
    let running = open();
    let started = running.ask("start", &json!({"binding": binding()}));
    let (token, pin) = (&started.json["challenged"]["token"], pin(&sandbox));
    let guess = |pin: &str| json!({"token": token, "binding": binding(), "pin": pin});
    let wrong = running.ask("verify", &guess(other_than(&pin)));
    assert_eq!(wrong.json["failure"]["guesses_left"], 4);
    drop(running);

    let running = open();
    let again = running.ask("start", &json!({"binding": binding()}));
    assert_eq!(again.code(), "cooldown", "{}", again.json);
    let wrong = running.ask("verify", &guess(other_than(&pin)));
    assert_eq!(wrong.json["failure"]["guesses_left"], 3);
    assert_eq!(running.ask("verify", &guess(&pin)).status, 200);
    drop(running);

    let used = open().ask("verify", &guess(&pin));
    assert_eq!((used.status, used.code()), (422, "used"));
}

#[test]
fn a_provider_that_is_away_is_no_refusal() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    drop(sandbox);
    let started = running.ask("start", &json!({"binding": binding()}));
    assert_eq!((started.status, started.code()), (502, "provider"));
    let refused = running.ask(
        "start",
        &json!({"binding": {"recipient": "+12025550123", "subject": "user-1", "purpose": "login"}}),
    );
    assert_eq!((refused.status, refused.code()), (422, "not-allowed"));
}

/// A provider that takes a message, and answers when it is told to.
struct Held {
    taken: mpsc::Sender<()>,
    answers: Arc<Notify>,
}

impl AsyncTransport for Held {
    fn send(
        &self,
        _: http::Request<Body>,
        _: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        Box::pin(async {
            self.taken.send(()).unwrap();
            self.answers.notified().await;
            Ok(http::Response::new(br#"[{"msgid":"m1"}]"#.to_vec()))
        })
    }
}

#[test]
fn what_was_begun_goes_on_though_its_caller_hangs_up() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let (taken, was_taken) = mpsc::channel();
    let answers = Arc::new(Notify::new());
    let transport = Box::new(Held {
        taken,
        answers: Arc::clone(&answers),
    });
    let surroundings = Surroundings {
        transport,
        ..Surroundings::default()
    };
    let running = Running::among(&sandbox, AsyncMemoryGuard::default(), surroundings);
    let start = json!({"binding": binding()}).to_string();
    let head = format!(
        "POST /v1/start HTTP/1.1\r\nAuthorization: Bearer {ALL}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
        start.len()
    );
    let mut stream = running.begin(&head);
    stream.write_all(start.as_bytes()).unwrap();
    was_taken.recv().unwrap();
    drop(stream);
    // The workers see that the connection is gone before they answer these.
    for _ in 0..20 {
        running.get("/health");
    }
    answers.notify_one();
    let counted = r#"xoxzo_2fa_events_total{operation="start""#;
    while !running.get("/metrics").contains(counted) {}
    assert!(
        running.log().contains(r#""outcome":"ok""#),
        "{}",
        running.log()
    );
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("xoxzo-2fa-rest-{}", process::id()));
        let _none_before = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}
