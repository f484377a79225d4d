//! A component that traps, loops, recurses, allocates, asks for other places and answers too much: the host ends it, in bounded time
//! and memory, and the next call works.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use xoxzo_2fa::{
    Binding, Body, Code, Guard, Handle, Lost, MemoryGuard, Operator, Pin, Sending, SqliteGuard,
    Token, Transport, TwoFactor,
};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{PATIENCE, key, sandboxed};

const HOSTILE: &[u8] = include_bytes!("../guests/hostile.wasm");

/// Writes down what is asked for, and answers it.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(String, Duration)>>>);

impl Transport for Recorder {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let asked = format!("{} {}", request.method(), request.uri());
        self.0.lock().unwrap().push((asked, timeout));
        Ok(http::Response::new(Vec::new()))
    }
}

fn hostile(guard: impl Guard + 'static, recorder: Recorder) -> TwoFactor {
    let settings = sandboxed("http://127.0.0.1:9", "sid-canary", "auth-canary")
        .key(key(1))
        .build();
    TwoFactor::builder(settings, guard)
        .component(HOSTILE)
        .transport(recorder)
        .deadline(Duration::from_millis(200))
        .audit(|_| {})
        .build()
        .unwrap()
}

fn binding(subject: &str) -> Binding {
    Binding::new("+819012345678", subject, "http://127.0.0.1:9/x")
}

/// Bytes of memory that the process has.
fn resident() -> u64 {
    let told = fs::read_to_string("/proc/self/statm").unwrap();
    told.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

const DEADLY: [&str; 6] = [
    "trap",
    "loop",
    "loop and wait",
    "recurse",
    "allocate",
    "answer too much",
];

#[test]
fn what_does_not_end_is_ended_and_leaves_nothing_behind() {
    let two_factor = hostile(MemoryGuard::default(), Recorder::default());
    for _warm in 0..2 {
        assert!(two_factor.start(&binding("allocate")).is_err());
    }
    let before = resident();
    for round in 0..5 {
        for deed in DEADLY {
            let began = Instant::now();
            let error = two_factor.start(&binding(deed)).err().unwrap();
            assert_eq!(
                (error.blame(), error.code()),
                ("upstream", Code::Plugin),
                "{deed}, {round}"
            );
            assert!(began.elapsed() < PATIENCE, "{deed}: {:?}", began.elapsed());
        }
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes");
}

#[test]
fn every_operation_is_ended() {
    let two_factor = hostile(MemoryGuard::default(), Recorder::default());
    for deed in ["trap", "loop", "recurse"] {
        let all = [
            two_factor.start(&binding(deed)).map(drop),
            two_factor.resend(&Token::new(""), &binding(deed)).map(drop),
            two_factor
                .verify(&Token::new(""), &binding(deed), &Pin::new(""))
                .map(drop),
            two_factor.status(&Handle::new(deed)).map(drop),
            Operator::beside(&two_factor, "ann")
                .unlock("", deed)
                .map(drop),
        ];
        for result in all {
            assert_eq!(
                result.err().map(|error| error.code()),
                Some(Code::Plugin),
                "{deed}"
            );
        }
    }
}

/// The event of a call that trapped names its user all the same: another component computes the pseudonyms.
#[test]
fn a_trap_is_told_with_its_user() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let settings = sandboxed("http://127.0.0.1:9", "sid-canary", "auth-canary").key(key(1));
    let two_factor = TwoFactor::builder(settings.build(), MemoryGuard::default())
        .component(HOSTILE)
        .transport(Recorder::default())
        .audit(move |event| log.lock().unwrap().push(event.audit.trail.clone()))
        .build()
        .unwrap();
    assert!(two_factor.start(&binding("trap")).is_err());
    let operator = Operator::beside(&two_factor, "ann");
    let trail = operator.trail("+819012345678", "trap").unwrap();
    assert_eq!(*told.lock().unwrap(), [Some(trail)]);
}

/// More of them at once than there are places, and an honest host beside them, which works while they run and after.
#[test]
fn honest_hosts_work_beside_it() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
        .key(key(1))
        .set(
            "/sends/per_range",
            serde_json::json!({"count": 1_000, "seconds": 60}),
        )
        .build();
    let honest = TwoFactor::new(settings, MemoryGuard::default()).unwrap();
    let two_factor = hostile(MemoryGuard::default(), Recorder::default());
    thread::scope(|scope| {
        for at in 0..48 {
            let two_factor = &two_factor;
            scope.spawn(move || assert!(two_factor.start(&binding(DEADLY[at % 3])).is_err()));
        }
        for at in 0..10 {
            let login = Binding::new(format!("+8190123456{at:02}"), format!("user-{at}"), "login");
            assert!(honest.start(&login).is_ok(), "{at}");
        }
    });
    assert!(
        honest
            .start(&Binding::new("+819087654321", "user-99", "login"))
            .is_ok()
    );
}

#[test]
fn it_reaches_one_origin_and_nothing_else() {
    let recorder = Recorder::default();
    let two_factor = hostile(MemoryGuard::default(), recorder.clone());
    let asked = |subject: &str, url: &str, method: &str| {
        let error = two_factor.start(&Binding::new("+819012345678", subject, url).session(method));
        error.err().unwrap().failure().detail.clone()
    };
    for url in [
        "http://127.0.0.1:10/",
        "https://127.0.0.1:9/",
        "http://localhost:9/",
        "http://127.0.0.1:9@evil.example/",
        "http://evil.example#@127.0.0.1:9/",
        "http://evil.example/",
        "//127.0.0.1:9/",
        "/x",
        "file:///etc/passwd",
        "http://127.0.0.1:9\r\n/",
        "http://user:pass@127.0.0.1:9/",
        "",
    ] {
        assert_eq!(asked("", url, "POST"), "not sent", "{url}");
    }
    for method in ["", "GET /x HTTP/1.1\r\n", "P\0ST", "a b"] {
        assert_eq!(
            asked("", "http://127.0.0.1:9/x", method),
            "not sent",
            "{method:?}"
        );
    }
    assert_eq!(
        asked("odd headers", "http://127.0.0.1:9/x", "POST"),
        "not sent"
    );
    assert!(recorder.0.lock().unwrap().is_empty());

    assert_eq!(
        asked("for ever", "http://127.0.0.1:9/x", "GET"),
        "response 200"
    );
    let (seen, timeout) = recorder.0.lock().unwrap().pop().unwrap();
    assert_eq!(
        (&*seen, timeout),
        ("GET http://127.0.0.1:9/x", Duration::from_secs(30))
    );
}

#[test]
fn odd_and_many_charges_break_no_store() {
    let folder = env::temp_dir().join(format!("xoxzo-2fa-hostile-{}", std::process::id()));
    let file = SqliteGuard::open(folder.join("guard.sqlite")).unwrap();
    let (memory, file) = (Arc::new(MemoryGuard::default()), Arc::new(file));
    let hosts: [(TwoFactor, Arc<dyn Guard>); 2] = [
        (hostile(Arc::clone(&memory), Recorder::default()), memory),
        (hostile(Arc::clone(&file), Recorder::default()), file),
    ];
    for (two_factor, guard) in &hosts {
        for deed in ["many charges", "odd charges"] {
            let began = Instant::now();
            assert!(
                two_factor
                    .start_with(&binding(deed), &Sending::default())
                    .is_err()
            );
            assert!(began.elapsed() < PATIENCE, "{deed}");
        }
        assert_eq!(guard.check(), Ok(()));
    }
    drop(hosts);
    fs::remove_dir_all(folder).unwrap();
}
