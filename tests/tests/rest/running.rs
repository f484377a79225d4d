//! A service that runs, its callers' keys, and what it logged.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;
use xoxzo_2fa::AsyncGuard;
use xoxzo_2fa_sandbox::Sandbox;
use xoxzo_2fa_serve::{ApiKey, Rest, Right, Serving, Surroundings};
use xoxzo_2fa_tests::{Client, key, pin_in, sandboxed};

/// A key with every right.
pub(crate) const ALL: &str = "all-0123456789abcdef0123456789abcdef";
/// Keys with one right each, in the order of the rights.
pub(crate) const ONE: [(&str, Right); 4] = [
    ("snd-0123456789abcdef0123456789abcdef", Right::Send),
    ("vrf-0123456789abcdef0123456789abcdef", Right::Verify),
    ("opr-0123456789abcdef0123456789abcdef", Right::Operate),
    ("grd-0123456789abcdef0123456789abcdef", Right::Guard),
];

/// Ends of what must not take long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Running {
    url: String,
    serving: Option<Serving>,
    log: Arc<Mutex<String>>,
    _runtime: Arc<Runtime>,
}

/// An answer: its status, head and JSON.
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) json: Value,
}

impl Told {
    /// The code of a failure.
    pub(crate) fn code(&self) -> &str {
        self.json["failure"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn detail(&self) -> &str {
        self.json["failure"]["detail"].as_str().unwrap_or_default()
    }
}

impl Running {
    /// Opens a service that sends to a sandbox.
    pub(crate) fn new(sandbox: &Sandbox, guard: impl AsyncGuard + 'static) -> Self {
        Self::waiting(sandbox, guard, PATIENCE)
    }

    /// Opens one that waits for bodies only for so long.
    pub(crate) fn waiting(
        sandbox: &Sandbox,
        guard: impl AsyncGuard + 'static,
        patience: Duration,
    ) -> Self {
        let surroundings = Surroundings {
            patience,
            ..Surroundings::default()
        };
        Self::among(sandbox, guard, surroundings)
    }

    /// Opens one with its own surroundings, but for the log.
    pub(crate) fn among(
        sandbox: &Sandbox,
        guard: impl AsyncGuard + 'static,
        surroundings: Surroundings,
    ) -> Self {
        let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token());
        let mut keys = vec![ApiKey::new("all", ALL, &Right::ALL)];
        keys.extend(ONE.map(|(key, right)| ApiKey::new(right.code(), key, &[right])));
        let (log, runtime) = (Arc::new(Mutex::new(String::new())), Client::runtime());
        let lines = Arc::clone(&log);
        let surroundings = Surroundings {
            log: Arc::new(move |line| writeln!(lines.lock().unwrap(), "{line}").unwrap()),
            ..surroundings
        };
        let settings = settings.key(key(1)).build();
        let rest = Rest::open(settings, Arc::new(guard), keys, surroundings);
        let rest = Arc::new(runtime.block_on(rest).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = listener.local_addr().unwrap().to_string();
        Self {
            url,
            serving: Some(rest.serve(listener, 2).unwrap()),
            log,
            _runtime: runtime,
        }
    }

    /// Asks as a caller with every right.
    pub(crate) fn ask(&self, function: &str, arguments: &Value) -> Told {
        self.as_caller(ALL, function, &arguments.to_string())
    }

    pub(crate) fn as_caller(&self, key: &str, function: &str, body: &str) -> Told {
        let head = format!("Authorization: Bearer {key}\r\nContent-Type: application/json\r\n");
        self.post(function, &head, body.as_bytes())
    }

    pub(crate) fn post(&self, function: &str, head: &str, body: &[u8]) -> Told {
        let head = format!("{head}Content-Length: {}\r\n", body.len());
        let head = format!("POST /v1/{function} HTTP/1.1\r\n{head}");
        self.raw(&head, body)
    }

    pub(crate) fn get(&self, path: &str) -> String {
        let (head, body) = self.exchange(&format!("GET {path} HTTP/1.1\r\n"), b"");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        body
    }

    /// Sends a head, to which the last lines are added, and a body.
    pub(crate) fn raw(&self, head: &str, body: &[u8]) -> Told {
        Self::told(self.exchange(head, body))
    }

    /// Sends a head, and then spaces one by one until it is answered.
    pub(crate) fn drip(&self, head: &str) -> Told {
        let mut stream = self.begin(head);
        stream
            .set_read_timeout(Some(Duration::from_millis(5)))
            .unwrap();
        let mut answer = Vec::new();
        while answer.is_empty() {
            let _answered_before = stream.write_all(b" ");
            // Returns what came before the pause, if anything did.
            let _pause = stream.read_to_end(&mut answer);
        }
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let _closed = stream.read_to_end(&mut answer);
        Self::told(parted(&answer))
    }

    fn told((head, body): (String, String)) -> Told {
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        Told {
            status: status.expect("an answer has a status"),
            json: serde_json::from_str(&body).expect("an answer is JSON"),
            head,
        }
    }

    fn exchange(&self, head: &str, body: &[u8]) -> (String, String) {
        let mut stream = self.begin(head);
        // One that is refused may be answered before it is whole.
        let _answered_before = stream.write_all(body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        parted(&answer)
    }

    pub(crate) fn begin(&self, head: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.url).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("{head}Host: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.stop().unwrap();
        }
    }
}

/// Head and body of an answer.
fn parted(answer: &[u8]) -> (String, String) {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    (head.to_string(), body.to_string())
}

pub(crate) fn binding() -> Value {
    json!({"recipient": "+819012345678", "subject": "user-1", "purpose": "login"})
}

/// The code in the last message.
pub(crate) fn pin(sandbox: &Sandbox) -> String {
    let inbox = sandbox.inbox(None);
    pin_in(&inbox.last().expect("a message came").body, 6).expect("it has a code")
}
