//! Messages that are taken, and their status.

use serde_json::json;

use crate::client::{Client, FORM, JSON};

#[test]
fn the_answer_is_an_array_of_one_id() {
    let client = Client::new();
    let sent = client.post(FORM, "recipient=%2B819012345678&sender=Shop&message=Hi");
    assert_eq!(sent.status, 201);
    let answer = sent.json();
    let id = answer[0]["msgid"].as_str().unwrap();
    assert!(
        id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "{id}"
    );
    assert_eq!(answer, json!([{"msgid": id}]));
    assert_eq!(client.sandbox.inbox(None)[0].message_id, id);
}

#[test]
fn a_form_is_decoded() {
    let client = Client::new();
    client.send("819012345678", "a+b%2Bc%0A%E3%81%93%F0%9F%99%82%26d%3De");
    let message = client.sandbox.inbox(None).remove(0);
    assert_eq!(message.body, "a b+c\nこ🙂&d=e");
    assert_eq!(message.recipient, "+819012345678");
    assert_eq!((message.sender.as_str(), message.channel), ("Shop", "sms"));
}

#[test]
fn json_is_taken_too() {
    let client = Client::new();
    let body = json!({
        "recipient": "+819012345678", "sender": 819087654321_u64, "message": "a+b こ\n\"",
        "tags": "one,two", "callbackurl": "http://127.0.0.1/", "unknown": [7],
    });
    let sent = client.post("Application/JSON; charset=utf-8", &body.to_string());
    assert_eq!(sent.status, 201, "{}", sent.body);
    let message = client.sandbox.inbox(None).remove(0);
    assert_eq!(
        (message.body.as_str(), message.sender.as_str()),
        ("a+b こ\n\"", "819087654321")
    );
}

#[test]
fn tags_are_a_text_or_an_array() {
    let client = Client::new();
    for (tags, expected) in [
        (json!("one,,two,"), json!(["one", "two"])),
        (json!(["one", "", "two", 3]), json!(["one", "two", "3"])),
        (json!(["one,two"]), json!(["one,two"])),
        (json!([]), json!([])),
        (json!(null), json!([])),
    ] {
        let body =
            json!({"recipient": "+819012345678", "sender": "Shop", "message": "Hi", "tags": tags});
        let sent = client.post(JSON, &body.to_string()).json();
        let id = sent[0]["msgid"].as_str().unwrap();
        let status = client.get(&format!("/sms/messages/{id}/")).json();
        assert_eq!(status["tags"], expected, "{body}");
    }
}

#[test]
fn the_status_is_an_object() {
    let client = Client::new();
    let body = "recipient=%2B819012345678&sender=Shop&message=Hi&tags=one%2Ctwo&foo=bar\
                &callbackurl=http%3A%2F%2F127.0.0.1%3A9%2F";
    let sent = client.post(FORM, body).json();
    let id = sent[0]["msgid"].as_str().unwrap();
    let status = client.get(&format!("/sms/messages/{id}/"));
    assert_eq!(status.status, 200);
    let mut status = status.json();
    // What they hold depends on the clock: see the unit tests.
    let sent_time = status["sent_time"].take();
    let progress = status["status"].take();
    assert!(["QUEUED", "DELIVERING", "DELIVERED"].contains(&progress.as_str().unwrap()));
    let sent_at = client.sandbox.inbox(None)[0].sent_at.clone();
    assert_eq!(
        format!("{}Z", sent_time.as_str().unwrap().replace(' ', "T")),
        sent_at
    );
    let expected = json!({
        "msgid": id, "status": null, "sender": "Shop", "recipient": "+819012345678",
        "sent_time": null, "cost": 10, "parts": 1, "tags": ["one", "two"],
        "url": format!("{}/sms/messages/{id}/", client.sandbox.url()),
    });
    assert_eq!(status, expected);
}

#[test]
fn each_part_costs_10_and_no_tags_are_none() {
    let client = Client::new();
    let id = client.send("819012345678", &"%E3%81%82".repeat(133));
    let status = client.get(&format!("/sms/messages/{id}/")).json();
    assert_eq!((&status["parts"], &status["cost"]), (&json!(3), &json!(30)));
    assert_eq!(status["tags"], json!([]));
}

#[test]
fn senders_and_recipients_at_their_limits_are_taken() {
    let client = Client::new();
    for (recipient, sender) in [
        ("12345678", "A"),
        ("123456789012345", "TenLetters"),
        ("818012345678", "123456789012345"),
        ("818012345678", "%2B123456789012345"),
    ] {
        let body = format!("recipient=%2B{recipient}&sender={sender}&message=Hi");
        assert_eq!(client.post(FORM, &body).status, 201, "{body}");
    }
    assert_eq!(client.sandbox.inbox(None).len(), 4);
}

#[test]
fn texts_at_their_limit_are_taken() {
    let client = Client::new();
    client.send("819012345678", &"x".repeat(660));
    client.send("819012345678", &"%E3%81%82".repeat(660));
    client.send("819012345678", &"%F0%9F%99%82".repeat(330));
    let too_long = json!({"message": ["Message too long"]});
    for text in [
        "x".repeat(661),
        "%E3%81%82".repeat(661),
        "%F0%9F%99%82".repeat(331),
    ] {
        let body = format!("recipient=%2B819012345678&sender=Shop&message={text}");
        let refused = client.post(FORM, &body);
        assert_eq!((refused.status, refused.json()), (400, too_long.clone()));
    }
    assert_eq!(client.sandbox.inbox(None).len(), 3);
}
