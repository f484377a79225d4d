//! The real program against clients that keep it waiting, and the port for probes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{self, Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use serde_json::json;
use xoxzo_2fa::keygen;

/// The end of what must not take long.
const LONG: Duration = Duration::from_secs(30);
/// Time for a head, as the program has it.
const HEAD: Duration = Duration::from_secs(10);

/// A server, which ends with the test.
struct Running {
    process: Child,
    settings: PathBuf,
    address: String,
    probes: String,
}

impl Running {
    fn start(name: &str, connections: &str) -> Self {
        let document = json!({
            "two_factor": {
                "version": 1, "audience": "shop", "service": "Example Shop", "keys": [keygen().unwrap()],
                "guard": {"key": keygen().unwrap()}, "destinations": ["JP-mobile"],
                "xoxzo": {"sid": "sid", "auth_token": "auth-token", "sender": "Example", "base_url": "http://127.0.0.1:1"},
            },
            "gate": {
                "origin": "https://app.example",
                "identity": {"source": "danger_headers", "subject": "x-user", "phone": "x-phone", "session": "x-session"},
            },
            "serve": {"secret": "0123456789abcdef0123456789abcdef"},
        });
        let settings = env::temp_dir().join(format!("xoxzo-2fa-slow-{}-{name}", process::id()));
        fs::write(&settings, document.to_string()).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_xoxzo-2fa-serve"))
            .args([
                "--proxy",
                "caddy",
                "--listen",
                "127.0.0.1:0",
                "--probes",
                "127.0.0.1:0",
            ])
            .args(["--workers", "1", "--connections", connections, "--settings"])
            .arg(&settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut address = || {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix("http://").unwrap().to_string()
        };
        let (address, probes) = (address(), address());
        Self {
            process,
            settings,
            address,
            probes,
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream
    }

    fn honest(&self) -> String {
        let mut stream = self.connect();
        ask(&mut stream, "/health", "close")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        fs::remove_file(&self.settings).unwrap();
    }
}

fn ask(stream: &mut TcpStream, path: &str, connection: &str) -> String {
    let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 4096];
    let size = stream.read(&mut answer).unwrap();
    String::from_utf8_lossy(&answer[..size]).into_owned()
}

/// Tells whether the other side has ended the connection.
fn ended(stream: &mut TcpStream) -> bool {
    stream.read(&mut [0; 1]).map_or(true, |size| size == 0)
}

#[test]
fn slow_heads_shut_nobody_out_and_end() {
    let server = Running::start("heads", "8");
    let begun = Instant::now();
    let mut slow: Vec<_> = (0..40).map(|_| server.connect()).collect();
    for stream in &mut slow {
        // Those that had to give way before this fail.
        let _sent = stream.write_all(b"GET /health HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    }
    for _ in 0..20 {
        assert!(server.honest().starts_with("HTTP/1.1 200 "));
    }
    assert!(begun.elapsed() < HEAD, "{:?}", begun.elapsed());
    // A byte now and then is no more time.
    let mut dripping = server.connect();
    let dripped = Instant::now();
    while dripping.write_all(b"G").is_ok() && dripped.elapsed() < LONG {
        thread::sleep(Duration::from_millis(200));
    }
    let took = dripped.elapsed();
    assert!(HEAD <= took && took < HEAD * 2, "{took:?}");
    assert!(slow.iter_mut().all(ended));
}

#[test]
fn a_connection_may_be_idle_for_longer_than_a_head_may_take() {
    let server = Running::start("idle", "64");
    let mut kept = server.connect();
    for wait in [HEAD + Duration::from_secs(2), Duration::ZERO] {
        let answer = ask(&mut kept, "/health", "keep-alive");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        thread::sleep(wait);
    }
}

#[test]
fn probes_answer_for_the_server_and_decide_nothing() {
    let server = Running::start("probes", "64");
    for (path, status) in [
        ("/health", 200),
        ("/ready", 200),
        ("/metrics", 200),
        ("/check", 404),
        ("/answer", 404),
        ("/.2fa/", 404),
        ("/", 404),
    ] {
        let mut stream = TcpStream::connect(&server.probes).unwrap();
        let answer = ask(&mut stream, path, "close");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
    }
}
