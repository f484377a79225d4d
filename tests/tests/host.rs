//! The Rust host: time, places, network, stores, and what it shows.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use xoxzo_2fa::{
    Binding, Body, Charge, Code, Delivery, Guard, Instances, Lost, MemoryGuard, Pin, Settings,
    SettingsBuilder, SqliteGuard, Total, Transport, TwoFactor,
};
use xoxzo_2fa_tests::{LIFE, key, named, sandboxed};

fn builder() -> SettingsBuilder {
    sandboxed("http://127.0.0.1:9", "sid-canary", "auth-canary")
        .key(key(1))
        .set("/sends/per_range", json!({"count": 10_000, "seconds": 60}))
}

fn login(at: usize) -> Binding {
    Binding::new(format!("+819012{at:06}"), format!("user-{at}"), "login")
}

/// Takes every message, after a while.
struct Slow(Duration, AtomicU32);

impl Transport for Slow {
    fn send(&self, _: http::Request<Body>, _: Duration) -> Result<http::Response<Vec<u8>>, Lost> {
        thread::sleep(self.0);
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(accepted())
    }
}

fn accepted() -> http::Response<Vec<u8>> {
    let body = br#"[{"msgid":"m1"}]"#.to_vec();
    let response = http::Response::builder().status(201).body(body);
    response.expect("a status and a body")
}

#[test]
fn it_goes_to_any_thread() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<TwoFactor>();
    shared::<Settings>();
}

#[test]
fn a_deadline_is_the_components_own_time() {
    let slow = Slow(Duration::from_millis(500), AtomicU32::new(0));
    let builder = TwoFactor::builder(builder().build(), MemoryGuard::default());
    let two_factor = builder
        .transport(slow)
        .deadline(Duration::from_millis(50))
        .build()
        .unwrap();
    assert_eq!(
        two_factor.start(&login(1)).unwrap().delivery,
        Delivery::Accepted
    );
}

#[test]
fn more_calls_than_places_wait_and_do_not_fail() {
    let slow = Slow(Duration::from_millis(100), AtomicU32::new(0));
    let two_factor = TwoFactor::builder(builder().build(), MemoryGuard::default())
        .transport(slow)
        .build()
        .unwrap();
    let (barrier, began) = (Barrier::new(400), Instant::now());
    thread::scope(|scope| {
        for at in 0..400 {
            let (two_factor, barrier) = (&two_factor, &barrier);
            scope.spawn(move || {
                barrier.wait();
                two_factor.start(&login(at)).unwrap();
            });
        }
    });
    assert!(
        began.elapsed() >= Duration::from_millis(200),
        "256 places: the others waited"
    );
}

/// Keeps every message until it is told to let them go.
#[derive(Clone, Default)]
struct Held(Arc<(Mutex<HeldBack>, Condvar)>);

#[derive(Default)]
struct HeldBack {
    messages: usize,
    let_go: bool,
}

impl Held {
    /// Waits until so many messages are kept.
    fn wait_for(&self, messages: usize) {
        let (held, changed) = &*self.0;
        let waiting = |held: &mut HeldBack| held.messages < messages;
        let _held = changed.wait_while(held.lock().unwrap(), waiting).unwrap();
    }

    fn let_go(&self) {
        let (held, changed) = &*self.0;
        held.lock().unwrap().let_go = true;
        changed.notify_all();
    }
}

impl Transport for Held {
    fn send(&self, _: http::Request<Body>, _: Duration) -> Result<http::Response<Vec<u8>>, Lost> {
        let (held, changed) = &*self.0;
        let mut held = held.lock().unwrap();
        held.messages += 1;
        changed.notify_all();
        let waiting = |held: &mut HeldBack| !held.let_go;
        let _held = changed.wait_while(held, waiting).unwrap();
        Ok(accepted())
    }
}

/// One client, whose Xoxzo does not answer, has all the places that it may have. Another one gets places all the same, and what waits for nobody, such
/// as an index or a receipt, does not queue at all.
#[test]
fn waiting_calls_hold_no_place_that_others_need() {
    let held = Held::default();
    let stuck = TwoFactor::builder(builder().build(), MemoryGuard::default())
        .transport(held.clone())
        .build()
        .unwrap();
    let slow = Slow(Duration::ZERO, AtomicU32::new(0));
    let other = TwoFactor::builder(builder().build(), MemoryGuard::default())
        .transport(slow)
        .build()
        .unwrap();
    thread::scope(|scope| {
        for at in 0..300 {
            let stuck = &stuck;
            scope.spawn(move || stuck.start(&login(at)).unwrap());
        }
        held.wait_for(256);
        let (told, answers) = mpsc::channel();
        let (stuck, other) = (&stuck, &other);
        scope.spawn(move || {
            told.send(stuck.number_index("+819012345678").is_ok())
                .unwrap();
            told.send(other.start(&login(1)).is_ok()).unwrap();
        });
        let answers = [(); 2].map(|()| answers.recv_timeout(Duration::from_secs(30)));
        held.let_go();
        assert_eq!(answers, [Ok(true), Ok(true)]);
    });
}

#[test]
fn reused_instances_answer_as_fresh_ones() {
    for instances in [Instances::Fresh, Instances::Reused] {
        let slow = Slow(Duration::ZERO, AtomicU32::new(0));
        let builder = TwoFactor::builder(builder().build(), MemoryGuard::default()).transport(slow);
        let two_factor = builder.instances(instances).build().unwrap();
        let tokens: Vec<_> = (0..100)
            .map(|at| two_factor.start(&login(at)).unwrap().token)
            .collect();
        for (at, token) in tokens.iter().enumerate() {
            let other = two_factor
                .verify(token, &login(at + 1), &Pin::new("123456"))
                .err()
                .map(|error| error.code());
            assert_eq!(other, Some(Code::InvalidToken));
        }
        assert_eq!(
            tokens
                .iter()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            100
        );
    }
}

/// A server that answers one request in a way of its own; gives its URL.
fn server(answer: impl FnOnce(&mut std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 1024];
        // The body ends with the sender.
        while !request.ends_with(b"sender=Example") {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                read => request.extend_from_slice(&buffer[..read]),
            }
        }
        answer(&mut stream);
    });
    url
}

fn start_at(url: &str) -> Result<Delivery, Code> {
    let settings = builder()
        .base_url(url)
        .set("/xoxzo/timeout_milliseconds", 1_000)
        .build();
    let two_factor = TwoFactor::new(settings, MemoryGuard::default()).unwrap();
    two_factor
        .start(&login(1))
        .map(|challenge| challenge.delivery)
        .map_err(|error| error.code())
}

fn respond(text: &'static str) -> impl FnOnce(&mut std::net::TcpStream) + Send {
    move |stream| stream.write_all(text.as_bytes()).unwrap()
}

#[test]
fn what_is_not_sent_and_what_is_unknown() {
    let taken = "HTTP/1.1 201 Created\r\ncontent-length: 16\r\n\r\n[{\"msgid\":\"m1\"}]";
    let redirect = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let huge = |stream: &mut std::net::TcpStream| {
        let _cut_by_the_client =
            stream.write_all(b"HTTP/1.1 201 Created\r\ncontent-length: 10000000\r\n\r\n");
        let _cut_by_the_client = stream.write_all(&vec![b' '; 10_000_000]);
    };
    assert_eq!(start_at(&server(respond(taken))), Ok(Delivery::Accepted));
    assert_eq!(start_at("http://127.0.0.1:1"), Err(Code::Provider));
    assert_eq!(
        start_at(&server(respond(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}"
        ))),
        Err(Code::Provider)
    );
    assert_eq!(start_at(&server(respond(redirect))), Ok(Delivery::Unknown));
    assert_eq!(
        start_at(&server(respond(
            "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"
        ))),
        Ok(Delivery::Unknown)
    );
    assert_eq!(start_at(&server(|_| {})), Ok(Delivery::Unknown));
    assert_eq!(
        start_at(&server(respond(
            "HTTP/1.1 201 Created\r\ncontent-length: 16\r\n\r\n[{"
        ))),
        Ok(Delivery::Unknown)
    );
    assert_eq!(
        start_at(&server(|stream| {
            let _until_the_client_gives_up = stream.read(&mut [0]);
        })),
        Ok(Delivery::Unknown)
    );
    assert_eq!(start_at(&server(huge)), Ok(Delivery::Unknown));
}

#[test]
fn https_to_something_else_is_not_sent() {
    let url = server(respond("HTTP/1.1 400 not TLS\r\n\r\n")).replace("http://", "https://");
    assert_eq!(start_at(&url), Err(Code::Provider));
}

#[test]
fn wrong_settings_are_misuse() {
    let guard = MemoryGuard::default;
    let scoped = builder().set("/guard/scope", "shared").build();
    let error = TwoFactor::new(scoped, guard()).err().unwrap();
    assert_eq!((error.blame(), error.code()), ("misuse", Code::Settings));
    for json in [
        "",
        "[]",
        "{",
        r#"{"version":1}"#,
        r#"{"guard":{"key":{"env":"XOXZO_2FA_NO_SUCH_VARIABLE"}}}"#,
        r#"{"keys":[{"file":"/no/such/file"}]}"#,
        r#"{"keys":[{"exec":"id"}]}"#,
    ] {
        let error = Settings::from_json(json)
            .and_then(|settings| TwoFactor::new(settings, guard()))
            .err()
            .unwrap();
        assert_eq!(
            (error.blame(), error.code()),
            ("misuse", Code::Settings),
            "{json}"
        );
    }
}

#[test]
fn references_are_resolved_where_secrets_stand_and_nowhere_else() {
    let file = std::env::temp_dir().join(format!("xoxzo-2fa-key-{}", std::process::id()));
    std::fs::write(&file, key(1) + "\n").unwrap();
    let document = json!({
        "version": 1, "audience": "shop", "service": "Example Shop", "keys": [{"file": file}], "guard": {"key": key(3)},
        "xoxzo": {"sid": "s", "auth_token": {"env": "CARGO_PKG_NAME"}, "sender": "Example", "base_url": {"env": "CARGO_PKG_NAME"}}, "destinations": [],
    });
    let mut plain = document.clone();
    plain["xoxzo"]["base_url"] = json!("http://127.0.0.1:9");
    plain["xoxzo"]["auth_token"] = json!("t");
    assert!(
        TwoFactor::new(
            Settings::from_json(&plain.to_string()).unwrap(),
            MemoryGuard::default()
        )
        .is_ok()
    );
    let error = TwoFactor::new(
        Settings::from_json(&document.to_string()).unwrap(),
        MemoryGuard::default(),
    )
    .err()
    .unwrap();
    assert!(error.to_string().contains("base_url"), "{error}");
    std::fs::remove_file(file).unwrap();
}

#[test]
fn errors_in_settings_tell_the_lines_of_the_document() {
    let told = |last: &str| {
        let json = r#"
{
  "version": 1, "audience": "shop", "service": "Shop", "destinations": [],
  "keys": ["KEY1"], "guard": {"key": "KEY3"},
  "xoxzo": {"sid": "s", "sender": "Shop", "auth_token": {
    "env": "CARGO_PKG_NAME"
  }},
  LAST
}"#;
        let json = json
            .replace("KEY1", &key(1))
            .replace("KEY3", &key(3))
            .replace("LAST", last);
        let settings = Settings::from_json(&json).unwrap();
        let error = TwoFactor::new(settings, MemoryGuard::default())
            .err()
            .unwrap();
        error.failure().detail.clone()
    };
    // The reference before it is resolved, and spans two line breaks.
    assert_eq!(
        told(r#""pin": {"digits": 3}"#),
        "settings, pin.digits, line 8: must be 4 to 10"
    );
    assert_eq!(
        told(r#""message": {}, "message": {}"#),
        "settings: duplicate field"
    );
}

/// The rules of the verb, for each store.
fn store(guard: &dyn Guard) {
    let add = |name: &str, amount, limit| {
        guard
            .add(&[Charge::new(named(name), amount, limit, LIFE)])
            .unwrap()[0]
    };
    assert_eq!(add("absent", -5, 9), Total::new(0, LIFE));
    assert_eq!(add("absent", 0, 9).total, 0);
    assert_eq!(
        [
            add("a", 1, 2).total,
            add("a", 1, 2).total,
            add("a", 1, 2).total,
            add("a", 1, 3).total
        ],
        [1, 2, 3, 3]
    );
    assert_eq!(
        [
            add("a", -1, 9).total,
            add("a", -9, 9).total,
            add("a", 1, 9).total
        ],
        [2, 0, 1]
    );
    let list = [
        Charge::new(named("b"), 1, 9, LIFE),
        Charge::new(named("a"), 1, 1, LIFE),
        Charge::new(named("c"), 1, 9, LIFE),
    ];
    let totals: Vec<_> = guard
        .add(&list)
        .unwrap()
        .iter()
        .map(|total| total.total)
        .collect();
    assert_eq!(totals, [1, 2], "the second is refused, the third not made");
    assert_eq!(
        [
            add("a", 0, 9).total,
            add("b", 0, 9).total,
            add("c", 0, 9).total
        ],
        [1, 1, 0]
    );
    let made = AtomicU32::new(0);
    thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                for _ in 0..4 {
                    made.fetch_add(
                        u32::from(add("race", 1, 100).total <= 100),
                        Ordering::SeqCst,
                    );
                }
            });
        }
    });
    assert_eq!(made.into_inner(), 100);
}

#[test]
fn stores_keep_the_rules() {
    store(&MemoryGuard::default());
    let folder = std::env::temp_dir().join(format!("xoxzo-2fa-store-{}", std::process::id()));
    let path = folder.join("guard.sqlite");
    store(&SqliteGuard::open(&path).unwrap());
    // Another opening finds what the first left.
    let again = SqliteGuard::open(&path).unwrap();
    assert_eq!(
        again
            .add(&[Charge::new(named("race"), 1, 100, LIFE)])
            .unwrap()[0]
            .total,
        101
    );
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_full_memory_forgets_nobody() {
    let guard = MemoryGuard::danger_with_clock(64, |began| began.elapsed());
    let one = |at: u32| guard.add(&[Charge::new(named(&at.to_string()), 1, 9, LIFE)]);
    let made: Vec<_> = (0..1_000).filter(|at| one(*at).is_ok()).collect();
    assert!(made.len() <= 64 && !made.is_empty());
    for at in made {
        assert_eq!(one(at).unwrap()[0].total, 2);
    }
}

#[test]
fn nothing_secret_is_shown() {
    let settings = builder().build();
    let two_factor = TwoFactor::builder(settings.clone(), MemoryGuard::default())
        .transport(Slow(Duration::ZERO, AtomicU32::new(0)))
        .build()
        .unwrap();
    let challenge = two_factor.start(&login(1)).unwrap();
    let shown = format!(
        "{settings:?} {two_factor:?} {challenge:?} {:?} {}",
        login(1),
        two_factor.effective_settings()
    );
    for secret in [
        "canary",
        &key(1)[6..],
        &key(3)[6..],
        challenge.token.as_str(),
        "+819012000001",
        "user-1",
    ] {
        assert!(!shown.contains(secret), "{secret}");
    }
}
