//! Settings documents.

use super::*;

fn templates(variables: Value) -> Value {
    json!({"message": {"templates": [{"id": 1, "locale": "en", "variables": variables}]}})
}

fn texts(change: Value) -> Value {
    json!({"message": {"texts": [with(json!({"locale": "en"}), change)]}})
}

fn account(change: Value) -> Value {
    json!({"xoxzo": with(document()["xoxzo"].clone(), change)})
}

#[test]
fn settings() {
    let cases = [
        ("the least", json!({})),
        (
            "all there is",
            json!({
                "pin": {"digits": 8, "lifetime_seconds": 120, "guesses": 3}, "failures": {"soft": {"count": 5, "seconds": 3600}, "hard": 50, "per_subject": {"count": 9, "seconds": 3600},
                    "per_client": {"count": 20, "seconds": 3600}, "per_audience": {"count": 99, "seconds": 3600}}, "preset": "default",
                "sends": {"cooldown_seconds": 90, "per_subject": {"count": 3, "seconds": 3600}, "per_number": {"count": 3, "seconds": 3600},
                    "per_client": {"count": 30, "seconds": 3600}, "per_range": {"count": 30, "seconds": 3600}, "per_audience": {"count": 100, "seconds": 3600}, "monitor": true},
                "message": {"locale": "ja", "max_parts": 2, "webotp_domain": "login.example.com", "android_hash": "FA+9qCX9VSu",
                    "texts": [{"locale": "en", "purpose": "login", "text": "{service}: {pin}", "payment": "{amount} {currency}, {payee}: {pin}", "call": "{pin}"}],
                    "templates": [
                    {"id": 6, "locale": "ja", "variables": {"pin": "code", "minutes": "minutes", "service": "shop"}},
                    {"id": 7, "locale": "ja", "variables": {"pin": "code", "amount": "sum", "payee": "to"}},
                ]},
                "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}, "test": true,
                "purposes": [{"name": "login", "after_first_factor": true, "voice": false}],
                "xoxzo": {"sid": "s", "auth_token": "t", "sender": "Shop", "base_url": "http://127.0.0.1:8080", "timeout_milliseconds": 5000,
                    "callback_url": "http://127.0.0.1:9/x", "tags": ["a", "b-1"], "japan": {"route": "kpl", "sender": "0312341234"}},
                "destinations": ["JP-mobile", {"prefix": "+4474", "min_digits": 12, "max_digits": 12, "deny": ["+447400"]}],
            }),
        ),
        ("a preset", json!({"preset": "psd2"})),
        (
            "a preset, and something else",
            json!({"preset": "strict", "pin": {"digits": 6}, "sends": {"per_number": {"count": 3, "seconds": 60}}}),
        ),
        ("an unknown preset of limits", json!({"preset": "lax"})),
        ("another version", json!({"version": 2})),
        ("an unknown field", json!({"surprise": true})),
        ("no keys", json!({"keys": []})),
        ("the same key twice", json!({"keys": [key(1), key(1)]})),
        (
            "a passphrase for a key",
            json!({"keys": ["correct horse battery staple 1234"]}),
        ),
        (
            "a key with a slip",
            json!({"keys": [key(1).replace('A', "B")]}),
        ),
        (
            "a reference that nobody resolved",
            json!({"guard": {"key": {"env": "KEY"}}}),
        ),
        (
            "http to the world",
            json!({"xoxzo": {"sid": "s", "auth_token": "t", "sender": "Shop", "base_url": "http://api.xoxzo.com"}}),
        ),
        (
            "a path in the base URL",
            json!({"xoxzo": {"sid": "s", "auth_token": "t", "sender": "Shop", "base_url": "https://api.xoxzo.com/x"}}),
        ),
        (
            "a sender that is too long",
            json!({"xoxzo": {"sid": "s", "auth_token": "t", "sender": "ElevenChars"}}),
        ),
        (
            "a service that writes a WebOTP line",
            json!({"service": "a @evil.example #1"}),
        ),
        (
            "a service with an invisible character",
            json!({"service": "Sh\u{200b}op"}),
        ),
        (
            "a service that is a link",
            json!({"service": "evil.example"}),
        ),
        (
            "a service with a code over signs",
            json!({"service": "Code 12-34"}),
        ),
        (
            "a service that is an address",
            json!({"service": "Shop 1.1.1"}),
        ),
        (
            "a service with a code in another script's digits",
            json!({"service": "一二三四"}),
        ),
        (
            "a service with marks piled on a letter",
            json!({"service": "ร\u{e49}\u{e49}าน"}),
        ),
        (
            "a service in letters that look alike",
            json!({"service": "P\u{430}y"}),
        ),
        ("a text without a code", texts(json!({"text": "Hello"}))),
        (
            "a text with two codes",
            texts(json!({"text": "{pin} {pin}"})),
        ),
        (
            "a text with an unknown placeholder",
            texts(json!({"text": "{code}"})),
        ),
        (
            "a text that touches the code",
            texts(json!({"text": "1{pin}"})),
        ),
        (
            "a text with a line break",
            texts(json!({"text": "a\n{pin}"})),
        ),
        (
            "a text that could be another code",
            texts(json!({"text": "12 34 {pin}"})),
        ),
        (
            "a payment shown after its code",
            texts(json!({"payment": "{pin} {amount} {currency} {payee}"})),
        ),
        (
            "a text for no purpose",
            texts(json!({"purpose": "x", "text": "{pin}"})),
        ),
        ("no text at all", texts(json!({}))),
        (
            "a text that is too long",
            texts(json!({"text": "x".repeat(140) + "{pin}"})),
        ),
        ("no purpose", json!({"purposes": []})),
        ("an unknown preset", json!({"destinations": ["everywhere"]})),
        (
            "countries that share a calling code, and a prefix without a plan",
            json!({"destinations": ["US", "CA", "GB", "JE", {"prefix": "+41", "min_digits": 11, "max_digits": 11, "deny": ["+41900"]}],
                "trust_numbers_under": ["+7", "+41"]}),
        ),
        ("a state of a country", json!({"destinations": ["US-CA"]})),
        (
            "a country in small letters",
            json!({"destinations": ["us"]}),
        ),
        (
            "letters that are no country's",
            json!({"destinations": ["XX"]}),
        ),
        (
            "a shut prefix that is a trunk spelling",
            json!({"destinations": [{"prefix": "+41", "min_digits": 11, "max_digits": 11, "deny": ["+410900"]}]}),
        ),
        (
            "a trusted prefix without a plus",
            json!({"trust_numbers_under": ["41"]}),
        ),
        (
            "too many trusted prefixes",
            json!({"trust_numbers_under": vec!["+1"; 17]}),
        ),
        ("too few digits", json!({"pin": {"digits": 3}})),
        ("too long a life", json!({"pin": {"lifetime_seconds": 601}})),
        (
            "more failures than NIST allows",
            json!({"failures": {"hard": 101}}),
        ),
        ("no cooldown", json!({"sends": {"cooldown_seconds": 0}})),
        (
            "a cap of nothing",
            json!({"sends": {"per_number": {"count": 0, "seconds": 60}}}),
        ),
        (
            "a short cooldown",
            json!({"sends": {"cooldown_seconds": 1}}),
        ),
        ("test mode and the real xoxzo", json!({"test": true})),
        (
            "a template for half of a payment",
            templates(json!({"pin": "code", "amount": "sum"})),
        ),
        (
            "a variable that is none",
            templates(json!({"pin": "the code"})),
        ),
        (
            "one variable for two values",
            templates(json!({"pin": "code", "minutes": "code"})),
        ),
        (
            "templates for payments only",
            templates(json!({"pin": "code", "amount": "sum", "payee": "to"})),
        ),
        (
            "a domain with a path",
            json!({"message": {"webotp_domain": "example.com/x"}}),
        ),
        (
            "a domain in capitals",
            json!({"message": {"webotp_domain": "Example.com"}}),
        ),
        (
            "ten characters for an app",
            json!({"message": {"android_hash": "FA+9qCX9VS"}}),
        ),
        (
            "a language without texts",
            json!({"message": {"locale": "fr"}}),
        ),
        (
            "a service that leaves no room",
            json!({"service": "x".repeat(40), "message": {"locale": "vi"}}),
        ),
        (
            "a caller with a plus",
            json!({"voice": {"caller": "+815012345678", "destinations": []}}),
        ),
        (
            "a callback over http",
            account(json!({"callback_url": "http://shop.example/x"})),
        ),
        ("a tag with a comma", account(json!({"tags": ["a,b"]}))),
        (
            "a route without its sender",
            account(json!({"japan": {"route": "kp", "sender": ""}})),
        ),
        ("a negative number", json!({"pin": {"digits": -6}})),
        ("a fraction", json!({"pin": {"digits": 6.5}})),
        ("a number as a text", json!({"pin": {"digits": "6"}})),
    ];
    let made = cases.map(|(comment, change)| {
        let document = with(document(), change).to_string();
        let mut vector = json!({"comment": comment, "flags": [], "document": document});
        match xoxzo_2fa_json::prepare(&document, &mut Counting::default()) {
            Ok(preparation) => {
                vector["result"] = json!("valid");
                vector["effective"] = serde_json::from_str(&preparation.effective).unwrap();
            }
            Err(failure) => {
                vector["result"] = json!("invalid");
                vector["detail"] = json!(failure.detail);
            }
        }
        vector
    });
    for vector in vectors("settings.json", notes(&[]), made.to_vec()) {
        let document: Value = serde_json::from_str(vector["document"].as_str().unwrap()).unwrap();
        // A reference is the host's to resolve, and this host does.
        if vector["comment"] == "a reference that nobody resolved" {
            continue;
        }
        match component(&document, u64::from(NOW), Recorder::default()) {
            Ok(two_factor) => {
                let effective: Value =
                    serde_json::from_str(two_factor.effective_settings()).unwrap();
                assert_eq!(effective, vector["effective"]);
            }
            Err(error) => assert_eq!(
                json!(error.failure().detail),
                vector["detail"],
                "{}",
                vector["comment"]
            ),
        }
    }
}
