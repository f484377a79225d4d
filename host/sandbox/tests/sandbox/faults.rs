//! What is refused, and how.

use serde_json::json;

use crate::client::{BASIC, Client, FORM, JSON};

const REQUIRED: &str = "This field is required.";

#[test]
fn each_missing_field_is_named() {
    let client = Client::new();
    let all = json!({"message": [REQUIRED], "recipient": [REQUIRED], "sender": [REQUIRED]});
    let null = r#"{"message":null,"recipient":null,"sender":null,"tags":null}"#;
    for (kind, body) in [(FORM, "foo=bar"), (JSON, "{}"), (JSON, null), (FORM, "")] {
        let refused = client.post(kind, body);
        assert_eq!(
            (refused.status, refused.json()),
            (400, all.clone()),
            "{kind} {body}"
        );
    }
    let without_kind = client.ask("POST", "/sms/messages/", &[("authorization", BASIC)], "");
    assert_eq!((without_kind.status, without_kind.json()), (400, all));
    for (body, field) in [
        ("recipient=%2B819012345678&sender=Shop", "message"),
        ("message=Hi&sender=Shop", "recipient"),
        ("recipient=%2B819012345678&message=Hi", "sender"),
    ] {
        let refused = client.post(FORM, body);
        assert_eq!(
            (refused.status, refused.json()),
            (400, json!({field: [REQUIRED]})),
            "{body}"
        );
    }
    assert!(client.sandbox.inbox(None).is_empty());
}

#[test]
fn a_recipient_is_e164_without_a_trunk_zero() {
    let client = Client::new();
    for recipient in [
        "%2B8108012345678",
        "%2B81012345",
        "%2B0808012345678",
        // A plus sign that is not encoded is a space.
        "+819012345678",
        "819012345678",
        "%2B1234567",
        "%2B1234567890123456",
        "%2B81-90-1234-5678",
        "%2B%EF%BC%98%EF%BC%91901234567",
        "%2B",
    ] {
        let refused = client.post(
            FORM,
            &format!("recipient={recipient}&sender=Shop&message=Hi"),
        );
        let expected = json!({"recipient": ["Enter a valid phone number."]});
        assert_eq!(
            (refused.status, refused.json()),
            (400, expected),
            "{recipient}"
        );
    }
    assert!(client.sandbox.inbox(None).is_empty());
}

#[test]
fn a_trunk_zero_is_refused_where_no_number_begins_with_it() {
    let client = Client::new();
    let status = |number: String| {
        let body = format!("recipient=%2B{number}&sender=Shop&message=Hi");
        client.post(FORM, &body).status
    };
    for code in [31, 33, 44, 49, 60, 61, 62, 66, 81, 82, 84] {
        assert_eq!(status(format!("{code}0123456789")), 400, "{code}");
        assert_eq!(status(format!("{code}9012345678")), 201, "{code}");
    }
    // Italy, Russia, the United States, Ivory Coast: a 0 there is part of the number, or not known to be a slip.
    for code in [39, 7, 1, 225] {
        assert_eq!(status(format!("{code}0123456789")), 201, "{code}");
    }
}

#[test]
fn a_sender_is_short() {
    let client = Client::new();
    for sender in [
        "ElevenChars",
        "1234567890123456",
        "%2B",
        "My+Shop",
        "%E5%BA%97",
        "Shop%0D",
    ] {
        let body = format!("recipient=%2B819012345678&sender={sender}&message=Hi");
        let refused = client.post(FORM, &body);
        let expected = json!({"sender": ["Enter a valid sender."]});
        assert_eq!(
            (refused.status, refused.json()),
            (400, expected),
            "{sender}"
        );
    }
    assert!(client.sandbox.inbox(None).is_empty());
}

#[test]
fn values_that_are_no_text_are_refused() {
    let client = Client::new();
    for (value, fault) in [
        (json!(""), "This field may not be blank."),
        (json!(true), "Not a valid string."),
        (json!(["Hi"]), "Not a valid string."),
        (json!({"text": "Hi"}), "Not a valid string."),
    ] {
        let body = json!({"recipient": "+819012345678", "sender": "Shop", "message": value});
        let refused = client.post(JSON, &body.to_string());
        let expected = json!({"message": [fault]});
        assert_eq!((refused.status, refused.json()), (400, expected), "{body}");
    }
    for tags in [
        json!(true),
        json!({"one": 1}),
        json!([["one"]]),
        json!(["one", null]),
    ] {
        let body =
            json!({"recipient": "+819012345678", "sender": "Shop", "message": "Hi", "tags": tags});
        let refused = client.post(JSON, &body.to_string());
        let expected = json!({"tags": ["Not a valid string."]});
        assert_eq!((refused.status, refused.json()), (400, expected), "{body}");
    }
    assert!(client.sandbox.inbox(None).is_empty());
}

#[test]
fn bodies_that_hold_no_parameters_are_refused() {
    let client = Client::new();
    let broken = client.post(JSON, "{");
    assert_eq!(
        (broken.status, broken.json()["detail"].is_string()),
        (400, true)
    );
    let array = client.post(JSON, "[]");
    assert_eq!(
        (array.status, array.json()["non_field_errors"].is_array()),
        (400, true)
    );
    let plain = client.post("text/plain", "message=Hi");
    assert_eq!(plain.status, 415);
    let expected = json!({"detail": "Unsupported media type \"text/plain\" in request."});
    assert_eq!(plain.json(), expected);
}

#[test]
fn a_body_is_64_kib_at_most() {
    let client = Client::new();
    // An unknown parameter fills it up to the limit, and is ignored.
    let body = "recipient=%2B819012345678&sender=Shop&message=Hi&foo=";
    let filled = |length: usize| format!("{body}{}", "x".repeat(length - body.len()));
    assert_eq!(client.post(FORM, &filled(64 * 1024)).status, 201);
    let refused = client.post(FORM, &filled(64 * 1024 + 1));
    assert_eq!(
        (refused.status, refused.json()["detail"].is_string()),
        (413, true)
    );
}

#[test]
fn credentials_are_needed() {
    let client = Client::new();
    let body = "recipient=%2B819012345678&sender=Shop&message=Hi";
    for given in [
        None,
        Some(""),
        Some("Basic"),
        Some("Basic ???"),
        // sid:wrong, other:token, sid, sid:token:
        Some("Basic c2lkOndyb25n"),
        Some("Basic b3RoZXI6dG9rZW4="),
        Some("Basic c2lk"),
        Some("Basic c2lkOnRva2VuOg=="),
        Some("Bearer c2lkOnRva2Vu"),
    ] {
        let mut headers = vec![("content-type", FORM)];
        headers.extend(given.map(|credentials| ("authorization", credentials)));
        for (method, path) in [
            ("POST", "/sms/messages/"),
            ("PUT", "/sms/messages/"),
            ("GET", "/sms/messages/ABC/"),
        ] {
            let body = if method == "GET" { "" } else { body };
            let refused = client.ask(method, path, &headers, body);
            assert_eq!(refused.status, 401, "{given:?} {method}");
            assert!(refused.json()["detail"].is_string(), "{given:?} {method}");
            assert_eq!(refused.header("www-authenticate"), "Basic realm=\"api\"");
        }
    }
    assert!(client.sandbox.inbox(None).is_empty());

    let lower_case = [
        ("authorization", "basic c2lkOnRva2Vu"),
        ("content-type", FORM),
    ];
    assert_eq!(
        client
            .ask("POST", "/sms/messages/", &lower_case, body)
            .status,
        201
    );
}

#[test]
fn unknown_ids_and_paths_are_not_found() {
    let client = Client::new();
    let id = client.send("819012345678", "Hi");
    for path in ["ABC", &id[..31], "%FF", &id.to_lowercase()[..]] {
        let answer = client.get(&format!("/sms/messages/{path}/"));
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.starts_with("<h1>"), "{path}: {}", answer.body);
    }
    for path in ["/", "/other/", "/sms/", "/sms/other", "/sms/messages/a/b/"] {
        let answer = client.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let client = Client::new();
    let headers = [("authorization", BASIC)];
    for (method, path, allow) in [
        ("PUT", "/sms/messages/", "GET,HEAD,POST"),
        ("GET", "/voice/simple/playbacks/", "POST"),
        ("DELETE", "/sms/messages/ABC/", "GET,HEAD"),
    ] {
        let answer = client.ask(method, path, &headers, "");
        let expected = json!({"detail": format!("Method \"{method}\" not allowed.")});
        assert_eq!(
            (answer.status, answer.json()),
            (405, expected),
            "{method} {path}"
        );
        assert_eq!(answer.header("allow"), allow);
    }
}

#[test]
fn a_path_without_its_last_slash_is_moved() {
    let client = Client::new();
    for (path, expected) in [
        ("/sms/messages", "/sms/messages/"),
        ("/sms/messages/ABC", "/sms/messages/ABC/"),
        ("/sms/messages/ABC?x=%2B1", "/sms/messages/ABC/?x=%2B1"),
    ] {
        let moved = client.ask("GET", path, &[], "");
        assert_eq!((moved.status, moved.header("location")), (301, expected));
    }
    for path in ["/sms", "/sms/other", "/sms/messages/a/b", "/_sandbox/phone"] {
        assert_eq!(client.get(path).status, 404, "{path}");
    }
    let headers = [("authorization", BASIC), ("content-type", FORM)];
    let body = "recipient=%2B819012345678&sender=Shop&message=Hi";
    for path in ["/sms/messages", "/sms/messages/ABC"] {
        assert_eq!(
            client.ask("POST", path, &headers, body).status,
            404,
            "{path}"
        );
    }
    assert!(client.sandbox.inbox(None).is_empty());
}
