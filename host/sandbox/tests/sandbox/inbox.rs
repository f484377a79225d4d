//! The inbox, as JSON and in process.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Answer, Client};

#[test]
fn the_newest_is_last() {
    let client = Client::new();
    let ids = ["one", "two", "three"].map(|message| client.send("819012345678", message));
    let answer = client.ask("GET", "/_sandbox/inbox", &[], "");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let expected: Vec<Value> = ids
        .iter()
        .zip(["one", "two", "three"])
        .zip(client.sandbox.inbox(None))
        .map(|((id, body), message)| {
            json!({
                "message_id": id, "channel": "sms", "sender": "Shop",
                "recipient": "+819012345678", "body": body, "sent_at": message.sent_at,
            })
        })
        .collect();
    assert_eq!(answer.json(), Value::Array(expected));
}

#[test]
fn a_recipient_sees_its_own() {
    let client = Client::new();
    let first = client.send("819012345678", "one");
    client.send("819087654321", "other");
    let second = client.send("819012345678", "two");
    let ids = |recipient: &str| -> Vec<String> {
        let answer = client
            .get(&format!("/_sandbox/inbox?recipient={recipient}"))
            .json();
        let entries = answer.as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["message_id"].as_str().unwrap().to_string())
            .collect()
    };
    assert_eq!(ids("%2B819012345678"), [first.clone(), second.clone()]);
    assert!(ids("%2B819012345679").is_empty());
    let own = client.sandbox.inbox(Some("+819012345678"));
    let own: Vec<String> = own.into_iter().map(|message| message.message_id).collect();
    assert_eq!(own, [first, second]);
    assert_eq!(client.sandbox.inbox(None).len(), 3);
}

#[test]
fn the_inbox_is_for_this_machine() {
    let client = Client::new();
    client.send("819012345678", "123456");
    let status = |path: &str, host: &str| client.ask("GET", path, &[("host", host)], "");
    for host in [
        "evil.example",
        "evil.example:80",
        "127.0.0.1.evil.example:80",
        "localhost.evil.example",
        "evil.example:127.0.0.1",
        "127.0.0.2",
        "[::2]:80",
        "user@localhost",
        ":80",
    ] {
        for path in ["/_sandbox/inbox", "/_sandbox/", "/_sandbox/phone.js"] {
            let refused = status(path, host);
            assert_eq!(refused.status, 403, "{host} {path}");
            assert!(!refused.body.contains("123456"), "{host} {path}");
        }
    }
    for host in [
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost:65535",
        "LocalHost",
        "[::1]",
        "[::1]:80",
    ] {
        assert_eq!(status("/_sandbox/inbox", host).status, 200, "{host}");
    }
}

fn next(client: &Client, query: &str) -> Answer {
    client.ask("GET", &format!("/_sandbox/next?{query}"), &[], "")
}

#[test]
fn the_next_message_is_waited_for() {
    let client = Client::new();
    let recipient = "recipient=%2B819012345678";
    thread::scope(|scope| {
        let waiting = scope.spawn(|| next(&client, &format!("{recipient}&wait=60")));
        // One to another number ends no wait.
        client.send("819087654321", "other");
        let first = client.send("819012345678", "one");
        let answer = waiting.join().unwrap();
        assert_eq!(
            (answer.status, &answer.json()["message_id"]),
            (200, &json!(first))
        );
        assert_eq!(answer.json()["body"], "one");
    });
    let first = next(&client, recipient).json()["message_id"]
        .as_str()
        .unwrap()
        .to_string();
    let after = format!("{recipient}&after={first}");
    thread::scope(|scope| {
        let waiting = scope.spawn(|| next(&client, &format!("{after}&wait=60")));
        let second = client.send("819012345678", "two");
        assert_eq!(waiting.join().unwrap().json()["message_id"], second);
    });
    // The oldest of what is there already comes at once.
    client.send("819012345678", "three");
    assert_eq!(next(&client, &after).json()["body"], "two");
    assert_eq!(next(&client, "").json()["body"], "other");
}

#[test]
fn a_wait_ends() {
    let client = Client::new();
    assert_eq!(next(&client, "wait=0").status, 204);
    let began = Instant::now();
    let empty = next(&client, "wait=1");
    assert_eq!((empty.status, empty.body.as_str()), (204, ""));
    assert!(began.elapsed() >= Duration::from_secs(1));
    for query in ["wait=61", "wait=-1", "wait=soon", "after=none", "to=%2B81"] {
        let wrong = next(&client, query);
        assert_eq!(
            (wrong.status, wrong.json()["error"].is_string()),
            (400, true),
            "{query}"
        );
    }
    // A wait does not keep the sandbox from ending.
    thread::scope(|scope| {
        let address = client
            .sandbox
            .url()
            .strip_prefix("http://")
            .unwrap()
            .to_string();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let request = b"GET /_sandbox/next?wait=60 HTTP/1.1\r\nhost: localhost\r\n\r\n";
        std::io::Write::write_all(&mut stream, request).unwrap();
        scope.spawn(move || drop(client));
    });
}

#[test]
fn the_inbox_is_cleared() {
    let client = Client::new();
    let id = client.send("819012345678", "one");
    assert_eq!(client.ask("DELETE", "/_sandbox/inbox", &[], "").status, 204);
    assert!(client.sandbox.inbox(None).is_empty());
    assert_eq!(client.get(&format!("/sms/messages/{id}/")).status, 404);
}
