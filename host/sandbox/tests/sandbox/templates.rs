//! Templates, calls, credits, and what an account may.

use std::time::Duration;

use serde_json::{Value, json};
use xoxzo_2fa_sandbox::Options;

use crate::client::{BASIC, Client, FORM, JSON};

const SEND: &str = "/sms/templates/1/messages/";

fn from_template(variables: Value) -> String {
    json!({"recipient": "+819012345678", "sender": "Shop", "variables": variables}).to_string()
}

#[test]
fn the_list_of_templates_is_an_array() {
    let client = Client::with(Options::default().template(1, "Hello", "Hi {name}"));
    let answer = client.get("/sms/templates/");
    let list = answer.json();
    let ids: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["id"])
        .collect();
    assert_eq!(ids, [&json!(2), &json!(3), &json!(1)]);
    let waiting = &list[1];
    assert_eq!(waiting["status"], "PENDING");
    assert!(waiting["approved_content"].is_null() && waiting["api_usage_example"].is_null());
    assert!(waiting["pending_content"].is_string());
    let approved = &list[2];
    assert_eq!(
        (&approved["status"], &approved["approved_content"]),
        (&json!("APPROVED"), &json!("Hi {name}"))
    );
    assert!(
        approved["api_usage_example"]
            .as_str()
            .unwrap()
            .contains("Sample_name")
    );
}

#[test]
fn a_template_is_filled_and_sent() {
    let client = Client::new();
    let variables = json!({"service": "Shop", "code": "012345", "minutes": 5});
    for body in [
        from_template(variables.clone()),
        from_template(json!(variables.to_string())),
    ] {
        let sent = client.to(SEND, JSON, &body);
        assert_eq!(sent.status, 201, "{}", sent.body);
        let message = client.sandbox.inbox(None).pop().unwrap();
        assert_eq!(
            message.body,
            "Shop: your code is 012345. Valid for 5 min. Never share it."
        );
        assert_eq!(sent.json(), json!([{"msgid": message.message_id}]));
    }
}

#[test]
fn what_a_template_is_refused_for() {
    let client = Client::new();
    let all = json!({"service": "Shop", "code": "012345", "minutes": "5"});
    let without = json!({"service": "Shop", "code": "012345"});
    let more = json!({"service": "Shop", "code": "012345", "minutes": "5", "x": ""});
    let long = json!({"service": "x".repeat(661), "code": "012345", "minutes": "5"});
    for (path, variables, status, field) in [
        (SEND, without, 400, "variables"),
        (SEND, more, 400, "variables"),
        (SEND, long, 400, "variables"),
        (SEND, json!("code"), 400, "variables"),
        (SEND, json!(null), 400, "variables"),
        (
            "/sms/templates/3/messages/",
            json!({"code": "1"}),
            400,
            "detail",
        ),
    ] {
        let answer = client.to(path, JSON, &from_template(variables));
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
        assert!(answer.json()[field].is_string() || answer.json()[field].is_array());
    }
    for id in ["9", "x"] {
        let path = format!("/sms/templates/{id}/messages/");
        let answer = client.to(&path, JSON, &from_template(all.clone()));
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
    assert!(client.sandbox.inbox(None).is_empty());
}

#[test]
fn a_call_is_taken_and_told() {
    let client = Client::with(Options::default().pace(Duration::from_secs(60)));
    let id = client.call("819012345678", "1%2C%2C2");
    let call = client.sandbox.inbox(None).pop().unwrap();
    assert_eq!(
        (call.channel, &*call.body, &*call.sender),
        ("voice", "1,,2", "815012345678")
    );
    let status = client.get(&format!("/voice/calls/{id}/")).json();
    for (name, value) in [
        ("callid", json!(id)),
        ("caller", json!("815012345678")),
        ("recipient", json!("+819012345678")),
        ("status", json!("IN PROGRESS")),
        ("call_type", json!("simple/playbacks")),
        ("direction", json!("outbound")),
    ] {
        assert_eq!(status[name], value);
    }
    // Neither is found as the other, nor listed.
    assert_eq!(client.get(&format!("/sms/messages/{id}/")).status, 404);
    assert_eq!(client.get("/sms/messages/").json(), json!([]));
    let sms = client.send("819012345678", "Hi");
    assert_eq!(client.get(&format!("/voice/calls/{sms}/")).status, 404);
}

#[test]
fn what_a_call_is_refused_for() {
    let client = Client::new();
    for (body, field) in [
        (
            "caller=815012345678&recipient=%2B819012345678",
            "recording_url",
        ),
        (
            "caller=815012345678&recipient=%2B819012345678&tts_message=Hi",
            "tts_lang",
        ),
        (
            "caller=815012345678&recipient=%2B819012345678&tts_lang=en",
            "tts_message",
        ),
        (
            "caller=815012345678&recipient=%2B819012345678&tts_message=Hi&tts_lang=id",
            "tts_lang",
        ),
        (
            "caller=Shop&recipient=%2B819012345678&tts_message=Hi&tts_lang=en",
            "caller",
        ),
        (
            "caller=815012345678&recipient=%2B8109012345678&tts_message=Hi&tts_lang=en",
            "recipient",
        ),
    ] {
        let answer = client.to("/voice/simple/playbacks/", FORM, body);
        assert_eq!(answer.status, 400, "{body}");
        let faults = answer.json();
        let fields: Vec<_> = faults.as_object().unwrap().keys().collect();
        assert_eq!(fields, [field], "{body}");
    }
    let recording =
        "caller=815012345678&recipient=%2B819012345678&recording_url=http%3A%2F%2Fa%2Fb-mp3";
    assert_eq!(
        client
            .to("/voice/simple/playbacks/", FORM, recording)
            .status,
        201
    );
}

#[test]
fn credits_go_down_and_end() {
    let client = Client::with(Options::default().credits(30));
    let left = || client.get("/you/credits/").body;
    assert_eq!(left(), r#"{"credits":30.0}"#);
    client.send("819012345678", &"x".repeat(141));
    assert_eq!(left(), r#"{"credits":10.0}"#);
    let body = format!(
        "recipient=%2B819012345678&sender=Shop&message={}",
        "x".repeat(141)
    );
    let refused = client.post(FORM, &body);
    let fault = json!({"non_field_errors": ["Not enough credits, required: 20"]});
    assert_eq!((refused.status, refused.json()), (400, fault));
    client.call("819012345678", "Hi");
    assert_eq!(left(), r#"{"credits":0.0}"#);
    assert_eq!(client.sandbox.inbox(None).len(), 2);
}

#[test]
fn an_account_may_less() {
    let body = "recipient=%2B819012345678&sender=Shop&message=Hi";
    let trusted = Client::with(Options::default().freeform(false));
    let refused = trusted.post(FORM, body);
    assert_eq!(
        (refused.status, refused.json()["detail"].is_string()),
        (403, true)
    );
    let variables = json!({"service": "Shop", "code": "1", "minutes": "5"});
    assert_eq!(
        trusted.to(SEND, JSON, &from_template(variables)).status,
        201
    );

    let testing = Client::with(Options::default().test_credit(true));
    testing.send("819012345678", "012345");
    assert!(!testing.sandbox.inbox(None)[0].body.contains("012345"));

    let slow = Client::with(Options::default().throttle(0));
    let refused = slow.post(FORM, body);
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    // Only who has the credentials is told.
    assert_eq!(slow.ask("GET", "/you/credits/", &[], "").status, 401);
    assert!(slow.sandbox.inbox(None).is_empty());
}

#[test]
fn the_list_takes_filters_that_are_no_names_and_values() {
    let client = Client::new();
    let id = client.send("819012345678", "Hi");
    let today = client.sandbox.inbox(None)[0].sent_at[..10].to_string();
    let listed = |query: &str| {
        let answer = client.get(&format!("/sms/messages/{query}"));
        (answer.status, answer.json().as_array().map(Vec::len))
    };
    assert_eq!(client.get("/sms/messages/").json()[0]["msgid"], json!(id));
    for (operator, expected) in [
        ("=", 1),
        ("%3E=", 1),
        ("%3E%3D", 1),
        ("%3C%3D", 1),
        ("%3C", 0),
        ("%3E", 0),
    ] {
        assert_eq!(
            listed(&format!("?sent_date{operator}{today}")),
            (200, Some(expected)),
            "{operator}"
        );
    }
    let fault = json!({"sent_date": ["Invalid sent_date"]});
    for query in [
        "?sent_date%3E=2016-13-01",
        "?sent_date=2016-01-01",
        "?sent_date",
        "?sent_date=",
        "?sent_date==2026-11-24",
        "?sent_date=26-11-24",
    ] {
        let answer = client.get(&format!("/sms/messages/{query}"));
        assert_eq!(
            (answer.status, answer.json()),
            (400, fault.clone()),
            "{query}"
        );
    }
    let headers = [("authorization", BASIC)];
    assert_eq!(client.ask("HEAD", "/you/credits", &headers, "").status, 301);
}
