//! Bodies: their size, time, type and form.

use std::time::Duration;

use rand::rngs::SysRng;
use serde_json::{Value, json};
use xoxzo_2fa::AsyncMemoryGuard;
use xoxzo_2fa_json::Conversation;
use xoxzo_2fa_sandbox::{Options, Sandbox};

use crate::running::{ALL, Running, binding};

fn head(kind: &str) -> String {
    format!("Authorization: Bearer {ALL}\r\n{kind}")
}

const JSON: &str = "Content-Type: application/json\r\n";

#[test]
fn odd_json_is_refused_with_the_words_of_the_engine() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let wide = format!("{{\"binding\":[{}0]}}", "0,".repeat(5_000));
    for (function, body) in [
        ("verify", ""),
        ("verify", "{"),
        ("verify", "null"),
        ("verify", "[]"),
        ("verify", "{}"),
        ("verify", "{} {}"),
        ("verify", r#"{"token":"a","token":"b"}"#),
        ("verify", r#"{"token":1}"#),
        (
            "verify",
            r#"{"token":"a","binding":{},"pin":"1","client":null}"#,
        ),
        (
            "verify",
            r#"{"token":"a","binding":{"recipient":"a","subject":"b","purpose":"c"},"pin":123456}"#,
        ),
        (
            "verify",
            r#"{"token":"a","binding":{"recipient":"a","subject":"b","purpose":"c"},"pin":"\ud800"}"#,
        ),
        ("verify", r#"{"pin":"1","extra":1}"#),
        (
            "start",
            r#"{"binding":{"recipient":"a","subject":"b","purpose":"c"},"sending":{"channel":"fax"}}"#,
        ),
        (
            "start",
            r#"{"binding":{"recipient":"a","subject":"b","purpose":"c"},"audit":"yes"}"#,
        ),
        (
            "start",
            r#"{"binding":{"recipient":"a","subject":"b","purpose":"c","transaction":{"amount":"1"}}}"#,
        ),
        ("status", r#"{"handle":["a"]}"#),
        (
            "explain",
            r#"{"code":"used","locale":"en","guesses_left":-1}"#,
        ),
        (
            "explain",
            r#"{"code":"used","locale":"en","guesses_left":1.5}"#,
        ),
        ("limits", r#"{"subject":"a"}"#),
        ("verify", &deep),
        ("verify", &wide),
    ] {
        let told = running.as_caller(ALL, function, body);
        let question = format!("{{\"{function}\":{body}}}");
        let engine = Conversation::new().ask(b"", 1_800_000_000, question.as_bytes(), &mut SysRng);
        let engine: Value = serde_json::from_str(&engine).unwrap();
        let detail = engine["failure"]["detail"].as_str().unwrap();
        assert_eq!(
            (told.status, told.code()),
            (400, "request"),
            "{function} {body:.80}"
        );
        assert_eq!(told.detail(), detail, "{function} {body:.80}");
    }
    let told = running.post("verify", &head(JSON), b"{\"pin\":\"\xff\"}");
    assert_eq!((told.status, told.detail()), (400, "question: not UTF-8"));
    assert!(sandbox.inbox(None).is_empty());
}

#[test]
fn bodies_are_bounded_in_size() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let start = json!({"binding": binding()}).to_string();
    let padded = |length: usize| start.clone() + &" ".repeat(length - start.len());
    let told = running.post("start", &head(JSON), padded(64 * 1024 + 1).as_bytes());
    assert_eq!((told.status, told.code()), (413, "request"));
    // In parts that nobody announced the sum of.
    let chunk = format!("{:x}\r\n{}\r\n", 16 * 1024, " ".repeat(16 * 1024));
    let chunked = format!(
        "POST /v1/start HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n",
        head(JSON)
    );
    let told = running.raw(&chunked, chunk.repeat(5).as_bytes());
    assert_eq!((told.status, told.code()), (413, "request"));
    assert!(sandbox.inbox(None).is_empty());
    let told = running.post("start", &head(JSON), padded(64 * 1024).as_bytes());
    assert_eq!(told.status, 200, "{}", told.json);
}

#[test]
fn bodies_are_bounded_in_time() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let patience = Duration::from_millis(100);
    let running = Running::waiting(&sandbox, AsyncMemoryGuard::default(), patience);
    let start = json!({"binding": binding()}).to_string();
    let announced = |length: usize| {
        let head = head(JSON);
        format!("POST /v1/start HTTP/1.1\r\n{head}Content-Length: {length}\r\n")
    };
    let (first, _) = start.split_at(10);
    for sent in ["", first] {
        let told = running.raw(&announced(start.len()), sent.as_bytes());
        assert_eq!((told.status, told.code()), (408, "request"));
    }
    let told = running.drip(&announced(60_000));
    assert_eq!((told.status, told.code()), (408, "request"));
    assert!(sandbox.inbox(None).is_empty());
}

#[test]
fn bodies_are_json_and_plain() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let running = Running::new(&sandbox, AsyncMemoryGuard::default());
    let start = json!({"binding": binding()}).to_string();
    for kind in [
        String::new(),
        "Content-Type: text/plain\r\n".to_string(),
        "Content-Type: application/x-www-form-urlencoded\r\n".to_string(),
        format!("{JSON}Content-Encoding: gzip\r\n"),
    ] {
        let told = running.post("start", &head(&kind), start.as_bytes());
        assert_eq!((told.status, told.code()), (415, "request"), "{kind}");
    }
    assert!(sandbox.inbox(None).is_empty());
    let kind = "Content-Type: application/json; charset=utf-8\r\n";
    assert_eq!(
        running.post("start", &head(kind), start.as_bytes()).status,
        200
    );
}
