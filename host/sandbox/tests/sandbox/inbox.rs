//! The inbox, as JSON and in process.

use serde_json::{Value, json};

use crate::client::Client;

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
