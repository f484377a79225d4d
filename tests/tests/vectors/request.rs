//! Requests to Xoxzo.

use super::*;

/// What changes in the document, and what is sent how.
type Case = (
    &'static str,
    Value,
    Value,
    Option<&'static str>,
    &'static str,
);

fn cases() -> Vec<Case> {
    let payment =
        json!({"transaction": {"amount": "1250", "currency": "JPY", "payee": "Ann & Bob"}});
    let account = |change: Value| json!({"xoxzo": with(document()["xoxzo"].clone(), change)});
    let voice = json!({"voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}});
    let templates = json!({"message": {"templates": [
        {"id": 6, "locale": "en", "variables": {"pin": "code", "minutes": "minutes", "service": "shop"}},
        {"id": 7, "locale": "en", "variables": {"pin": "code", "amount": "sum", "payee": "to"}},
    ]}});
    let extras = json!({
        "callback_url": "https://shop.example/sms/6f1c?x=1", "tags": ["login", "eu-1"], "japan": {"route": "kp", "sender": "0312341234"},
    });
    let american = || with(login(), json!({"recipient": "+14155550100"}));
    vec![
        ("English", json!({}), login(), None, "sms"),
        ("Japanese", json!({}), login(), Some("ja"), "sms"),
        (
            "a payment",
            json!({}),
            with(login(), payment.clone()),
            None,
            "sms",
        ),
        (
            "a payment in Japanese, with room for two parts",
            json!({"message": {"max_parts": 2}}),
            with(login(), payment.clone()),
            Some("ja"),
            "sms",
        ),
        (
            "to the United States, from a sandbox",
            json!({
                "xoxzo": {"sid": "s", "auth_token": "t", "sender": "814512345678", "base_url": "http://127.0.0.1:8080", "timeout_milliseconds": 5000},
            }),
            american(),
            None,
            "sms",
        ),
        (
            "a callback, tags and the direct route in Japan",
            account(extras.clone()),
            login(),
            None,
            "sms",
        ),
        (
            "the light route in Japan",
            account(json!({"japan": {"route": "kpl", "sender": "0312341234"}})),
            login(),
            None,
            "sms",
        ),
        (
            "the routes of Japan are not for other countries",
            account(extras.clone()),
            american(),
            None,
            "sms",
        ),
        ("a template", templates.clone(), login(), None, "sms"),
        (
            "a template for a payment, in the settings' language where there is none of another",
            with(templates, account(extras.clone())),
            with(login(), payment.clone()),
            Some("ja"),
            "sms",
        ),
        ("a call", voice.clone(), login(), None, "voice"),
        (
            "a call in Japanese for a payment, with a callback and tags and no route",
            with(
                voice.clone(),
                with(account(extras), json!({"message": {"max_parts": 2}})),
            ),
            with(login(), payment),
            Some("ja"),
            "voice",
        ),
        (
            "a call in a language that is not spoken",
            voice,
            login(),
            Some("ko"),
            "voice",
        ),
    ]
}

#[test]
fn requests() {
    let made = cases().into_iter().map(|(comment, change, bound, locale, channel)| {
        let mut vector = json!({
            "comment": comment, "flags": [], "result": "valid", "document": with(document(), change), "binding": bound,
            "locale": locale, "channel": channel,
        });
        let (mut world, challenge) = requested(&vector);
        let sent = engine_request(&mut world);
        let status = world.status(&challenge.handle.unwrap());
        assert!(status.is_ok());
        let asked = engine_request(&mut world);
        for (name, value) in [
            ("request", sent.0),
            ("body", json!(without_pin(&sent.1))),
            ("status", asked.0),
            ("parts", json!(challenge.parts)),
            ("masked", json!(challenge.masked)),
        ] {
            vector[name] = value;
        }
        vector
    });
    for vector in vectors("request.json", notes(&[]), made.collect()) {
        let recorder = Recorder::default();
        let (two_factor, challenge) = requested_of_component(&vector, recorder.clone());
        let (seen, body) = recorder.pop();
        assert_eq!(seen, vector["request"]);
        assert_eq!(json!(without_pin(&body)), vector["body"]);
        assert_eq!(
            (json!(challenge.parts), json!(challenge.masked)),
            (vector["parts"].clone(), vector["masked"].clone())
        );
        two_factor.status(&challenge.handle.unwrap()).unwrap();
        assert_eq!(recorder.pop(), (vector["status"].clone(), String::new()));
    }
}

/// The newest request of the engine, apart from its body.
fn engine_request(world: &mut World) -> (Value, String) {
    let request = world.requests.pop().unwrap();
    let headers: Map<_, _> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value)))
        .collect();
    let seen = json!({"method": request.method, "url": request.url, "headers": headers, "timeout_milliseconds": request.timeout});
    (seen, request.body)
}
