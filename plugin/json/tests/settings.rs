//! Settings documents: what is taken, what is refused, and that no refusal tells a value.

use std::convert::Infallible;

use serde_json::{Value, json};
use xoxzo_2fa_core::{Code, Failure, Prepared, Recipient, RootKey};
use xoxzo_2fa_json::{Preparation, prepare};

struct Sevens;

impl rand::TryRng for Sevens {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(7)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(7)
    }
    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(7);
        Ok(())
    }
}

impl rand::TryCryptoRng for Sevens {}

fn key(byte: u8) -> String {
    RootKey::from_random([byte; 32]).to_text()
}

fn least() -> Value {
    json!({
        "version": 1, "audience": "shop", "service": "Example Shop", "keys": [key(1)], "guard": {"key": key(2)},
        "xoxzo": {"sid": "sid-s3cret", "auth_token": "tok-s3cret", "sender": "Example"}, "destinations": ["JP-mobile"],
    })
}

fn with(pointer: &str, value: Value) -> Value {
    let mut document = least();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let object = document.pointer_mut(parent).unwrap();
    match object {
        Value::Array(array) => array.push(value),
        _ => object[name] = value,
    }
    document
}

fn take(document: &Value) -> Result<Preparation, Failure> {
    prepare(
        &serde_json::to_string_pretty(document).unwrap(),
        &mut Sevens,
    )
}

#[test]
fn the_least_document_gets_safe_defaults() {
    let Preparation {
        prepared,
        effective,
        ..
    } = take(&least()).map_err(|failure| failure.detail).unwrap();
    let effective: Value = serde_json::from_str(&effective).unwrap();
    assert_eq!(
        effective["pin"],
        json!({"digits": 6, "lifetime_seconds": 300, "guesses": 5})
    );
    assert_eq!(
        effective["failures"],
        json!({
            "soft": {"count": 10, "seconds": 86_400}, "hard": 100, "per_subject": {"count": 30, "seconds": 86_400},
            "per_audience": {"count": 300, "seconds": 3_600},
        })
    );
    assert_eq!(
        effective["guard"],
        json!({"key": "[REDACTED]", "scope": "process"})
    );
    assert_eq!(effective["keys"], json!(["[REDACTED]"]));
    let text = prepared.to_text();
    assert_eq!(Prepared::parse(&text).unwrap().to_text(), text);
}

#[test]
fn effective_settings_are_settings_but_for_their_secrets() {
    let Preparation { effective, .. } = take(&least()).map_err(|failure| failure.detail).unwrap();
    for secret in ["s3cret", &key(1), &key(2)] {
        assert!(!effective.contains(secret));
    }
    let mut again: Value = serde_json::from_str(&effective).unwrap();
    again["keys"] = json!([key(1)]);
    again["guard"]["key"] = json!(key(2));
    assert!(take(&again).is_ok());
}

#[test]
fn each_rule_names_its_place() {
    let cases = [
        ("/version", json!(2), "version"),
        ("/surprise", json!(1), ""),
        ("/audience", json!(""), "audience"),
        ("/service", json!("a@b"), "service"),
        ("/service", json!(7), "service"),
        ("/keys", json!([]), "keys"),
        ("/keys/-", json!(key(1)), "keys"),
        ("/keys/-", json!("x2fk1_short"), "keys.1"),
        ("/keys/-", json!({"env": "KEY"}), "keys.1"),
        (
            "/guard/key",
            json!("correct horse battery staple"),
            "guard.key",
        ),
        ("/guard/scope", json!("world"), "guard.scope"),
        (
            "/xoxzo/base_url",
            json!("http://api.xoxzo.com"),
            "xoxzo.base_url",
        ),
        ("/xoxzo/sender", json!("A sender too long"), "xoxzo.sender"),
        (
            "/xoxzo/timeout_milliseconds",
            json!(999),
            "xoxzo.timeout_milliseconds",
        ),
        ("/xoxzo/sid", json!("a:b"), "xoxzo.sid"),
        ("/destinations/-", json!("XX-mobile"), "destinations.1"),
        (
            "/destinations/-",
            json!({"prefix": "81", "min_digits": 12, "max_digits": 12}),
            "destinations.1.prefix",
        ),
        ("/destinations/-", json!("US-CA"), "destinations.1"),
        (
            "/destinations/-",
            json!({"prefix": "+41", "min_digits": 11, "max_digits": 11, "deny": ["+410900"]}),
            "destinations.1",
        ),
        (
            "/trust_numbers_under",
            json!(["+1", "1"]),
            "trust_numbers_under.1",
        ),
        (
            "/trust_numbers_under",
            json!(vec!["+1"; 17]),
            "trust_numbers_under",
        ),
        ("/purposes", json!([]), "purposes"),
        (
            "/purposes",
            json!([{"name": "a", "after_first_factor": true}, {"name": "a", "after_first_factor": false}]),
            "purposes",
        ),
        ("/pin", json!({"digits": 3}), "pin.digits"),
        ("/pin", json!({"digits": 256}), "pin.digits"),
        (
            "/pin",
            json!({"lifetime_seconds": 601}),
            "pin.lifetime_seconds",
        ),
        ("/pin", json!({"guesses": 11}), "pin.guesses"),
        ("/failures", json!({"hard": 101}), "failures.hard"),
        (
            "/failures",
            json!({"soft": {"count": 101, "seconds": 86400}}),
            "failures.soft.count",
        ),
        (
            "/sends",
            json!({"cooldown_seconds": 59}),
            "sends.cooldown_seconds",
        ),
        (
            "/sends",
            json!({"per_number": {"count": 0, "seconds": 60}}),
            "sends.per_number.count",
        ),
        ("/message", json!({"locale": "tlh"}), "message.locale"),
        ("/message", json!({"max_parts": 6}), "message.max_parts"),
    ];
    for (pointer, value, place) in cases {
        let document = with(pointer, value);
        let failure = take(&document)
            .err()
            .unwrap_or_else(|| panic!("{pointer} was taken"));
        assert_eq!(failure.code, Code::Settings);
        let place = if place.is_empty() {
            "settings: ".to_string()
        } else {
            format!("settings, {place}, line ")
        };
        assert!(
            failure.detail.starts_with(&place),
            "{pointer}: {}",
            failure.detail
        );
    }
}

#[test]
fn trusted_prefixes_are_kept_and_warned_of() {
    let document = with("/trust_numbers_under", json!(["+41", "+7"]));
    let Preparation {
        prepared, warnings, ..
    } = take(&document).map_err(|failure| failure.detail).unwrap();
    let again = Prepared::parse(&prepared.to_text()).unwrap();
    let spelled_twice = |settings: &Prepared| {
        Recipient::parse("+410781234567", settings.trusted()).is_ok()
            && Recipient::parse("+41781234567", settings.trusted()).is_ok()
    };
    assert!(spelled_twice(&prepared) && spelled_twice(&again));
    for prefix in ["+41", "+7"] {
        let text = format!("numbers under {prefix} are trusted without a numbering plan");
        let warns = |warning: &&String| warning.starts_with(&text);
        assert_eq!(warnings.iter().filter(warns).count(), 1);
    }
}

#[test]
fn each_missing_field_is_named() {
    for name in [
        "version",
        "audience",
        "service",
        "keys",
        "guard",
        "xoxzo",
        "destinations",
    ] {
        let mut document = least();
        document.as_object_mut().unwrap().remove(name);
        let failure = take(&document).err().unwrap();
        assert!(
            failure.detail.contains(&format!("{name}: is missing")),
            "{}",
            failure.detail
        );
    }
}

#[test]
fn the_line_is_the_settings() {
    let text = "{\n\"version\": 1,\n\"audience\": \"shop\",\n\"service\": [\"S3cretS3cret\"]\n}";
    let failure = prepare(text, &mut Sevens).err().unwrap();
    assert_eq!(
        failure.detail,
        "settings, service, line 4: must be a text in quotes"
    );
}

/// A key in the wrong place, of the wrong type or misspelt never ends up in the error.
#[test]
fn no_error_tells_a_value() {
    let canary = "S3CRETs3cret";
    let wrong = [
        json!(canary),
        json!([canary]),
        json!({canary: canary}),
        json!({"env": canary}),
        json!(null),
        json!(1e99),
    ];
    let places = [
        "/version",
        "/audience",
        "/service",
        "/keys",
        "/keys/-",
        "/guard",
        "/guard/key",
        "/guard/scope",
        "/xoxzo",
        "/xoxzo/sid",
        "/xoxzo/auth_token",
        "/xoxzo/sender",
        "/xoxzo/base_url",
        "/destinations",
        "/destinations/-",
        "/purposes",
        "/pin",
        "/sends",
        "/message",
        "/failures",
        "/S3CRETs3cret",
        "/guard/S3CRETs3cret",
    ];
    let mut refused = 0;
    for place in places {
        for value in &wrong {
            if let Err(failure) = take(&with(place, value.clone())) {
                refused += 1;
                assert!(
                    !failure.detail.contains(canary),
                    "{place}: {}",
                    failure.detail
                );
            }
        }
    }
    assert!(refused > 100, "{refused}");
    for text in [
        "S3CRETs3cret",
        "{\"S3CRETs3cret",
        "[S3CRETs3cret]",
        "",
        "{}{}",
        "\u{feff}{}",
    ] {
        let failure = prepare(text, &mut Sevens).err().unwrap();
        assert!(!failure.detail.contains(canary));
    }
}

#[test]
fn a_prepared_string_of_something_else_is_refused() {
    let text = take(&least())
        .map_err(|failure| failure.detail)
        .unwrap()
        .prepared
        .to_text();
    for other in [
        "",
        "{}",
        &text[..text.len() - 4],
        &text[4..],
        &text.replace('a', "b"),
        &text.to_uppercase(),
        &format!("{text}0000"),
    ] {
        assert_eq!(
            Prepared::parse(other).err().map(|failure| failure.code),
            Some(Code::Settings)
        );
    }
}

#[test]
fn a_preset_changes_defaults_and_nothing_that_is_said() {
    let effective = |change: Value| -> Value {
        let mut document = least();
        let fields = change.as_object().unwrap().clone();
        document.as_object_mut().unwrap().extend(fields);
        let taken = take(&document).map_err(|failure| failure.detail).unwrap();
        serde_json::from_str(&taken.effective).unwrap()
    };
    let psd2 = effective(json!({"preset": "psd2"}));
    assert_eq!(
        psd2["failures"]["soft"],
        json!({"count": 5, "seconds": 86_400})
    );
    assert_eq!(psd2["pin"], effective(json!({}))["pin"]);
    let strict = effective(json!({"preset": "strict", "pin": {"digits": 6}}));
    assert_eq!(
        strict["pin"],
        json!({"digits": 6, "lifetime_seconds": 120, "guesses": 3})
    );
    assert_eq!(strict["failures"]["hard"], 50);
    assert_eq!(
        strict["sends"]["per_number"],
        json!({"count": 5, "seconds": 86_400})
    );
    // What is wrong is told as without one.
    for wrong in [
        json!({"preset": "lax"}),
        json!({"preset": 1}),
        json!({"preset": "strict", "pin": 1}),
        json!({"preset": "strict", "pin": {"digits": 3}}),
    ] {
        let mut document = least();
        let fields = wrong.as_object().unwrap().clone();
        document.as_object_mut().unwrap().extend(fields);
        assert!(take(&document).is_err(), "{wrong}");
    }
}
