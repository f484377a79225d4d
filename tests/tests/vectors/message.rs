//! What messages say.

use super::*;

#[test]
fn messages() {
    let payment =
        json!({"transaction": {"amount": "12.50", "currency": "EUR", "payee": "Ann Lee"}});
    let autofill = [
        ("", "", json!({})),
        (
            "WebOTP",
            ", for browsers",
            json!({"webotp_domain": "example.com"}),
        ),
        (
            "AndroidHash",
            ", for an app",
            json!({"android_hash": "FA+9qCX9VSu"}),
        ),
        (
            "WebOTP",
            ", for both",
            json!({"webotp_domain": "example.com", "android_hash": "FA+9qCX9VSu"}),
        ),
    ];
    let mut made = Vec::new();
    for locale in Locale::ALL.map(Locale::code) {
        for (bound, what) in [
            (login(), "a login"),
            (with(login(), payment.clone()), "a payment"),
        ] {
            for (flag, how, more) in &autofill {
                let message = with(json!({"max_parts": 5}), more.clone());
                let flags: Vec<_> = Some(*flag)
                    .filter(|flag| !flag.is_empty())
                    .into_iter()
                    .collect();
                made.push(json!({
                    "comment": format!("{what}{how}"), "flags": flags, "locale": locale, "channel": "sms", "binding": bound,
                    "document": with(document(), json!({"message": message})),
                }));
            }
            made.push(json!({
                "comment": format!("a call for {what}"), "flags": ["Speech"], "locale": locale, "channel": "voice", "binding": bound,
                "document": with(document(), json!({
                    "message": {"max_parts": 5}, "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]},
                })),
            }));
        }
    }
    let own = json!({"max_parts": 5, "texts": [
        {"locale": "en", "purpose": "login", "text": "This is {service}. Your PIN is {pin}",
            "payment": "{service}: {amount} {currency} to {payee}, PIN {pin}, {minutes} min", "call": "Again: {pin}, {pin}"},
        {"locale": "ja", "text": "{service}のPIN {pin}"},
    ]});
    let large = json!({"transaction": {"amount": "1234567.00", "currency": "EUR", "payee": "Kumi Co., Ltd."}});
    for locale in ["en", "ja", "es"] {
        for (bound, channel) in [
            (login(), "sms"),
            (with(login(), large.clone()), "sms"),
            (login(), "voice"),
        ] {
            made.push(json!({
                "comment": "in the service's own words", "flags": ["OwnWords"], "locale": locale, "channel": channel, "binding": bound,
                "document": with(document(), json!({
                    "message": own, "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]},
                })),
            }));
        }
    }
    let made = made.into_iter().map(|mut vector| {
        let (world, challenge) = requested(&vector);
        vector["text"] = json!(text(&world.requests.last().unwrap().body));
        vector["parts"] = json!(challenge.parts);
        vector["result"] = json!("valid");
        vector
    });
    let flags = notes(&[
        (
            "WebOTP",
            "FORMAT",
            "The last line lets a browser fill the code in (WICG)",
        ),
        (
            "AndroidHash",
            "FORMAT",
            "The last 11 characters hand the message to an app",
        ),
        (
            "OwnWords",
            "FUNCTIONALITY",
            "The service's own text; what it leaves out is in the engine's words",
        ),
        (
            "Speech",
            "FUNCTIONALITY",
            "Said by a call: digits singly, twice",
        ),
    ]);
    for vector in vectors("message.json", flags, made.collect()) {
        let recorder = Recorder::default();
        let (_, challenge) = requested_of_component(&vector, recorder.clone());
        assert_eq!(json!(text(&recorder.pop().1)), vector["text"]);
        assert_eq!(json!(challenge.parts), vector["parts"]);
    }
}

/// The text in a form, with `{pin}` for the PIN.
fn text(body: &str) -> String {
    let mut fields = form_urlencoded::parse(body.as_bytes());
    let text = fields.find(|(name, _)| name == "message" || name == "tts_message");
    without_pin(&text.unwrap().1)
}
