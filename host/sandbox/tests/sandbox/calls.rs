//! The calls of the API, as the sandbox tells them, and faults that are ordered for them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use xoxzo_2fa_sandbox::{Fault, Options};

use crate::client::{Answer, BASIC, Client, FORM};

const BODY: &str = "recipient=%2B819012345678&sender=Shop&message=Hi+you";

fn calls(client: &Client) -> Vec<Value> {
    let answer = client.ask("GET", "/_sandbox/calls", &[], "");
    answer.json().as_array().unwrap().clone()
}

/// Sends to the number whose connection is closed without an answer.
fn lose_reply(client: &Client) {
    let body = BODY.replace("819012345678", &Fault::LostReply.recipient()[1..]);
    let address = client.sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "POST /sms/messages/ HTTP/1.1\r\nhost: localhost\r\nauthorization: {BASIC}\r\ncontent-type: {FORM}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.is_empty());
}

fn order(client: &Client, query: &str) -> Answer {
    client.ask("PUT", &format!("/_sandbox/faults?{query}"), &[], "")
}

#[test]
fn every_call_is_noted_with_its_answer_and_the_reason() {
    let client = Client::new();
    client.post(FORM, BODY);
    client.post(FORM, "recipient=%2B8108012345678&sender=Shop");
    client.ask("GET", "/you/credits/", &[], "");
    client.get("/sms/messages/ABC/?x=1");
    client.get("/nowhere");
    client.post(FORM, &format!("{BODY}&jp_kp=true&track_link=true"));
    lose_reply(&client);
    let told: Vec<_> = calls(&client)
        .iter()
        .map(|call| {
            (
                call["method"].clone(),
                call["path"].clone(),
                call["status"].clone(),
                call["remarks"].clone(),
            )
        })
        .collect();
    let named = "sender: KDDI shows a number in place of a name";
    let lost = "Fault lost-reply: Taken, then the connection is closed without an answer.";
    for (call, (method, path, status, remarks)) in told.iter().zip([
        ("POST", "/sms/messages/", json!(201), json!([named])),
        (
            "POST",
            "/sms/messages/",
            json!(400),
            json!([
                "message: This field is required.",
                "recipient: Enter a valid phone number."
            ]),
        ),
        (
            "GET",
            "/you/credits/",
            json!(401),
            json!(["Authentication credentials were not provided."]),
        ),
        ("GET", "/sms/messages/ABC/?x=1", json!(404), json!([])),
        ("GET", "/nowhere", json!(404), json!([])),
        (
            "POST",
            "/sms/messages/",
            json!(400),
            json!(["jp_kp_sender: This field is required."]),
        ),
        ("POST", "/sms/messages/", json!(null), json!([lost, named])),
    ]) {
        assert_eq!(*call, (json!(method), json!(path), status, remarks));
    }
    assert_eq!(told.len(), 7);
    let first = calls(&client).remove(0);
    assert_eq!(
        first["parameters"],
        "recipient: +819012345678\nsender: Shop\nmessage: Hi you"
    );
    assert!(
        !calls(&client)
            .iter()
            .any(|call| call.to_string().contains("c2lkOnRva2Vu"))
    );

    assert_eq!(client.ask("DELETE", "/_sandbox/calls", &[], "").status, 204);
    assert!(calls(&client).is_empty());
}

#[test]
fn a_call_that_waits_is_noted_before_its_answer() {
    let client = Client::new();
    order(&client, "name=hang&path=/you/");
    let address = client.sandbox.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /you/credits/ HTTP/1.1
host: localhost
authorization: {BASIC}

"
    )
    .unwrap();
    let noted = loop {
        if let Some(call) = calls(&client).pop() {
            break call;
        }
        thread::yield_now();
    };
    assert_eq!(
        (&noted["path"], &noted["status"]),
        (&json!("/you/credits/"), &json!(null))
    );
}

#[test]
fn faults_are_ordered_for_the_next_requests() {
    let client = Client::with(Options::default().pace(Duration::ZERO));
    let ordered = order(&client, "name=throttled&times=2");
    let expected = json!([{"name": "throttled", "times": 2, "recipient": null, "path": null}]);
    assert_eq!((ordered.status, ordered.json()), (200, expected));
    // What is refused anyway takes nothing of it.
    assert_eq!(client.post(FORM, "sender=Shop").status, 400);
    let statuses = [(); 3].map(|()| client.post(FORM, BODY).status);
    assert_eq!(statuses, [429, 429, 201]);

    order(&client, "name=no-credits&recipient=%2B819087654321");
    assert_eq!(client.post(FORM, BODY).status, 201);
    let other = BODY.replace("819012345678", "819087654321");
    assert_eq!(
        [(); 2].map(|()| client.post(FORM, &other).status),
        [400, 201]
    );

    order(&client, "name=unauthorized&path=/you/");
    assert_eq!(client.get("/sms/templates/").status, 200);
    assert_eq!(
        [(); 2].map(|()| client.get("/you/credits/").status),
        [401, 200]
    );

    // A state that is ordered stays the message's own.
    order(&client, "name=failed");
    let ids = [(); 2].map(|()| client.send("819012345678", "Hi"));
    let states = ids.map(|id| client.get(&format!("/sms/messages/{id}/")).json()["status"].clone());
    assert_eq!(states, [json!("FAILED"), json!("DELIVERED")]);

    order(&client, "name=hang");
    assert_eq!(
        client.ask("DELETE", "/_sandbox/faults", &[], "").status,
        204
    );
    assert_eq!(
        client.ask("GET", "/_sandbox/faults", &[], "").json(),
        json!([])
    );
    assert_eq!(client.post(FORM, BODY).status, 201);
}

#[test]
fn orders_that_cannot_be_are_refused() {
    let client = Client::new();
    for (query, told) in [
        ("", "name: `` is none of reset, hang"),
        ("name=throtled", "`throtled` is none of reset, hang"),
        (
            "name=hang&times=0",
            "times: it must be a number from 1 to 1000",
        ),
        ("name=hang&times=x", "times: it must be a number"),
        (
            "name=failed&path=/you/",
            "path: `failed` is about a message",
        ),
        ("name=hang&path=you/", "path: `you/` does not begin with /"),
        (
            "name=hang&recipient=09012345678",
            "recipient: `09012345678` is not a number in E.164",
        ),
        (
            "name=hang&recipient=%2B81-90",
            "recipient: `+81-90` is not a number in E.164",
        ),
        ("name=hang&path=/&recipient=%2B1", "not both"),
        ("name=hang&time=2", "`time` is none of name, times"),
    ] {
        let refused = order(&client, query);
        let why = refused.json()["error"].as_str().unwrap().to_string();
        assert_eq!(refused.status, 400, "{query}");
        assert!(why.contains(told), "{query}: {why}");
    }
    assert_eq!(
        client.ask("GET", "/_sandbox/faults", &[], "").json(),
        json!([])
    );
}

/// A page of a stranger sends neither of them without being asked first (CORS), and that is refused.
#[test]
fn what_changes_something_is_no_simple_request() {
    let client = Client::new();
    for path in ["/_sandbox/inbox", "/_sandbox/calls", "/_sandbox/faults"] {
        for method in ["POST", "OPTIONS"] {
            let headers = [("origin", "https://evil.example")];
            let answer = client.ask(method, path, &headers, "");
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(answer.headers.get("access-control-allow-origin").is_none());
        }
    }
}
