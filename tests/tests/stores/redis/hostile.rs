//! Servers that answer what no script gives, and counters that others wrote.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use xoxzo_2fa::{Charge, Guard, GuardError, RedisGuard};
use xoxzo_2fa_tests::redis::Server;
use xoxzo_2fa_tests::{LIFE, PATIENCE, in_redis, named};

use super::{Make, Store};

stores! {
    an_answer_that_no_script_gives_is_an_error
    a_server_that_refused_is_connected_anew
    an_error_says_its_cause_and_no_address_or_password
    what_is_no_count_is_an_error_and_stays_as_it_was
}

/// A server that says this whenever it is to make a list: each connection its own answer, and later ones the last.
fn saying(answers: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut answers = answers.iter();
        let mut answer = "";
        for client in listener.incoming() {
            let client = client.unwrap();
            answer = answers.next().unwrap_or(&answer);
            thread::spawn(move || serve(client, answer));
        }
    });
    address.to_string()
}

fn serve(client: TcpStream, answer: &str) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut writer = client;
    let number = |reader: &mut BufReader<TcpStream>| -> Option<usize> {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        line.get(1..)?.trim().parse().ok()
    };
    loop {
        let count = number(&mut reader)?;
        let mut words = Vec::new();
        for _ in 0..count {
            let mut word = vec![0; number(&mut reader)? + 2];
            reader.read_exact(&mut word).ok()?;
            words.push(String::from_utf8_lossy(&word).trim().to_string());
        }
        let said = match words[0].as_str() {
            "EVALSHA" | "EVAL" => answer,
            "WAIT" => ":1\r\n",
            _ => "+OK\r\n",
        };
        writer.write_all(said.as_bytes()).ok()?;
    }
}

/// What the script answers to [`two`] charges.
const WHOLE: &str = "*5\r\n:1800000000\r\n:1\r\n:60\r\n:2\r\n:60\r\n";

fn two() -> [Charge; 2] {
    ["a", "b"].map(|name| Charge::new(named(name), 1, 9, LIFE))
}

/// A store in a server that says this.
fn store(make: Make, answers: &'static [&'static str]) -> Store {
    let url = format!("redis://{}", saying(answers));
    make(RedisGuard::builder(url).timeout(Duration::from_millis(300))).unwrap()
}

/// What a store makes of an answer.
fn made(make: Make, answer: &'static str) -> Result<Vec<u32>, GuardError> {
    let store = store(make, Box::leak(Box::new([answer])));
    let began = Instant::now();
    let made = store.add(&two());
    assert!(began.elapsed() < PATIENCE, "{answer:?}");
    made.map(|totals| totals.iter().map(|total| total.total).collect())
}

fn an_answer_that_no_script_gives_is_an_error(make: Make) {
    assert_eq!(made(make, WHOLE), Ok(vec![1, 2]));
    let refused = "*3\r\n:1800000000\r\n:10\r\n:60\r\n";
    assert_eq!(made(make, refused), Ok(vec![10]));
    let deep = Box::leak("*1\r\n".repeat(100_000).into_boxed_str());
    for answer in [
        // Another number of totals.
        "*0\r\n",
        "*1\r\n:1800000000\r\n",
        "*2\r\n:1800000000\r\n:1\r\n",
        "*3\r\n:1800000000\r\n:1\r\n:60\r\n",
        "*4\r\n:1800000000\r\n:1\r\n:60\r\n:2\r\n",
        "*6\r\n:1800000000\r\n:1\r\n:60\r\n:2\r\n:60\r\n:3\r\n",
        "*7\r\n:1800000000\r\n:1\r\n:60\r\n:2\r\n:60\r\n:3\r\n:60\r\n",
        // More after a refusal.
        "*5\r\n:1800000000\r\n:10\r\n:60\r\n:2\r\n:60\r\n",
        // Numbers that none can be.
        "*5\r\n:1800000000\r\n:-1\r\n:60\r\n:2\r\n:60\r\n",
        "*5\r\n:1800000000\r\n:1\r\n:-60\r\n:2\r\n:60\r\n",
        "*5\r\n:-1800000000\r\n:1\r\n:60\r\n:2\r\n:60\r\n",
        "*5\r\n:1800000000\r\n:4294967296\r\n:60\r\n:2\r\n:60\r\n",
        "*5\r\n:99999999999999999999\r\n:1\r\n:60\r\n:2\r\n:60\r\n",
        // Other types.
        ":5\r\n",
        "+OK\r\n",
        "$-1\r\n",
        "$3\r\nabc\r\n",
        "*-1\r\n",
        "*5\r\n:1800000000\r\n$1\r\nx\r\n:60\r\n:2\r\n:60\r\n",
        "*5\r\n:1800000000\r\n*1\r\n:1\r\n:60\r\n:2\r\n:60\r\n",
        "*5\r\n:1800000000\r\n$-1\r\n:60\r\n:2\r\n:60\r\n",
        "*5\r\n:1800000000\r\n-ERR no\r\n:60\r\n:2\r\n:60\r\n",
        // Too much, and no protocol at all.
        "*2147483647\r\n:1\r\n",
        "*-2\r\n",
        "$2147483647\r\nabc",
        "*99999999999999999999\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        deep,
        // What one server cannot mean, for ever.
        "-NOSCRIPT no\r\n",
        "-MOVED 1 127.0.0.1:1\r\n",
        "-MOVED\r\n",
        "-ASK 1 127.0.0.1:1\r\n",
        "-ASK 1 nowhere\r\n",
        "-TRYAGAIN no\r\n",
    ] {
        let made = made(make, answer);
        let short = &answer[..answer.len().min(60)];
        assert!(
            matches!(made, Err(GuardError::Unfit(_) | GuardError::Unreachable(_))),
            "{short:?}: {made:?}"
        );
    }
}

fn a_server_that_refused_is_connected_anew(make: Make) {
    for refusal in ["-READONLY it is a replica now\r\n", "*0\r\n"] {
        let store = store(make, Box::leak(Box::new([refusal, WHOLE])));
        assert!(store.add(&two()).is_err());
        assert_eq!(store.add(&two()).map(|made| made.len()), Ok(2));
    }
    let full = store(make, &["-OOM no room\r\n", WHOLE]);
    for _ in 0..2 {
        assert_eq!(full.add(&two()), Err(GuardError::Full));
    }
}

fn an_error_says_its_cause_and_no_address_or_password(make: Make) {
    fn refused<T>(why: &str) -> Result<T, GuardError> {
        Err(GuardError::Unreachable(why.to_string()))
    }
    for (answer, why) in [
        (
            "-MISCONF redis://user:secret@db.internal\r\n",
            "server: it refused: MISCONF",
        ),
        ("-secret@db.internal no\r\n", "server: it refused: ERR"),
        ("-ERR secret@db.internal\r\n", "server: it refused: ERR"),
        (
            "-LOADING secret@db.internal\r\n",
            "server: it refused: LOADING",
        ),
        ("-CLUSTERDOWN secret\r\n", "server: it refused: CLUSTERDOWN"),
        ("-READONLY secret\r\n", "readonly: the server is read-only"),
        (
            "-MOVED 1 secret.internal:1\r\n",
            "cluster: its slot did not come to rest in time",
        ),
    ] {
        assert_eq!(made(make, answer), refused(why), "{answer:?}");
    }
    let full = "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    assert_eq!(made(make, full), Err(GuardError::Full));
    let server = Server::start(&["--requirepass", "right"]);
    let url = |user: &str| format!("redis://{user}127.0.0.1:{}", server.port());
    let check = |url: String| make(RedisGuard::builder(url)).unwrap().check();
    assert_eq!(check(url(":right@")), Ok(()));
    let wrong = "auth: the server does not take the credentials";
    assert_eq!(check(url(":secret@")), refused(wrong));
    assert_eq!(check(url("")), refused("server: it refused: NOAUTH"));
    assert_eq!(
        check("redis://:secret@127.0.0.1:1".to_string()),
        refused("connect: no connection")
    );
    let none = make(RedisGuard::builder("http://:secret@host")).err();
    assert_eq!(
        none,
        Some(GuardError::Unreachable(
            "url: not that of a server".to_string()
        ))
    );
}

fn what_is_no_count_is_an_error_and_stays_as_it_was(make: Make) {
    let server = Server::start(&[]);
    let store = make(RedisGuard::builder(server.url())).unwrap();
    let key = &in_redis(named("a"), named("a"));
    let charge = |amount| store.add(&[Charge::new(named("a"), amount, 9, LIFE)]);
    for value in ["abc", "", "1.5", "-5", "nan", "inf", "-inf", "1e400"] {
        assert_eq!(server.ask(&["set", key, value]).trim(), "OK");
        for amount in [1, 0, -1] {
            let made = charge(amount);
            assert!(
                matches!(made, Err(GuardError::Unreachable(_))),
                "{value:?}: {made:?}"
            );
        }
        assert_eq!(server.ask(&["get", key]).trim(), value);
    }
    server.ask(&["del", key]);
    server.ask(&["lpush", key, "1"]);
    assert!(matches!(charge(1), Err(GuardError::Unreachable(_))));
    server.ask(&["del", key]);
    // A count without an end gets one, and one that is too high is as high as can be.
    server.ask(&["set", key, "3"]);
    let made = charge(1).unwrap()[0];
    assert_eq!((made.total, made.ends_in), (4, LIFE));
    server.ask(&["set", key, "99999999999"]);
    assert_eq!(charge(0).unwrap()[0].total, u32::MAX);
}
