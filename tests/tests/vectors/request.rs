//! Requests to Xoxzo.

use super::*;

#[test]
fn requests() {
    let payment =
        json!({"transaction": {"amount": "1250", "currency": "JPY", "payee": "Ann & Bob"}});
    let cases = [
        ("English", json!({}), login(), None),
        ("Japanese", json!({}), login(), Some("ja")),
        ("a payment", json!({}), with(login(), payment.clone()), None),
        (
            "a payment in Japanese, with room for two parts",
            json!({"message": {"max_parts": 2}}),
            with(login(), payment),
            Some("ja"),
        ),
        (
            "to the United States, from a sandbox",
            json!({
                "xoxzo": {"sid": "s", "auth_token": "t", "sender": "814512345678", "base_url": "http://127.0.0.1:8080", "timeout_milliseconds": 5000},
            }),
            with(login(), json!({"recipient": "+14155550100"})),
            None,
        ),
    ];
    let mut made = Vec::new();
    for (comment, change, bound, locale) in cases {
        let document = with(document(), change);
        let mut world = World::new(&document);
        let sending = xoxzo_2fa_core::Sending {
            locale,
            ..xoxzo_2fa_core::Sending::default()
        };
        let challenge = world
            .start_with(claimed(&bound), sending)
            .map_err(|failure| failure.detail)
            .unwrap();
        let pin = world.pin(6);
        let request = world.requests.pop().unwrap();
        let headers: Map<_, _> = request
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value)))
            .collect();
        let seen = json!({"method": request.method, "url": request.url, "headers": headers, "timeout_milliseconds": request.timeout});
        made.push(json!({
            "comment": comment, "flags": [], "result": "valid", "document": document, "binding": bound, "locale": locale,
            "request": seen, "body": request.body.replace(&pin, "{pin}"), "parts": challenge.parts, "masked": challenge.masked,
        }));
    }
    for vector in vectors("request.json", notes(&[]), made) {
        let recorder = Recorder::default();
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let two_factor = component(&vector["document"], now, recorder.clone()).unwrap();
        let mut sending = xoxzo_2fa::Sending::default();
        sending.locale = vector["locale"].as_str().map(str::to_string);
        let challenge = two_factor
            .start_with(&binding(&vector["binding"]), &sending)
            .unwrap();
        let (seen, body) = recorder.0.lock().unwrap().pop().unwrap();
        let pin = pin_in(body.split("&recipient").next().unwrap(), 6).unwrap();
        assert_eq!(seen, vector["request"]);
        assert_eq!(json!(body.replace(&pin, "{pin}")), vector["body"]);
        assert_eq!(
            (json!(challenge.parts), json!(challenge.masked)),
            (vector["parts"].clone(), vector["masked"].clone())
        );
    }
}
