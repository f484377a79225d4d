//! Texts that phones read: the last line by the algorithm of WICG, the hash as Android wants it, and what messages cost.

use serde_json::{Value, json};
use xoxzo_2fa_core::{Code, Locale, Sending};
use xoxzo_2fa_tests::{LOGIN, World, document, pin_in};

/// "Parse an origin-bound one-time code message" of wicg.github.io/sms-one-time-codes: host, code and embedded host.
fn parse(message: &str) -> Option<(String, String, Option<String>)> {
    // Newlines are normalised, then the message is split strictly: a break at the end leaves an empty last line.
    let normal = message.replace("\r\n", "\n").replace('\r', "\n");
    let line = normal.split('\n').next_back()?;
    let token = |text: &str| {
        let end = text.find(['\t', '\n', '\x0c', '\r', ' ']);
        let (token, rest) = text.split_at(end.unwrap_or(text.len()));
        (!token.is_empty()).then(|| (token.to_string(), rest.to_string()))
    };
    let (host, rest) = token(line.strip_prefix('@')?)?;
    let (code, rest) = token(rest.strip_prefix(" #")?)?;
    // A valid host string: here the letters of host names are enough.
    let plain = |host: &str| {
        host.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte))
    };
    let embedded = match rest.strip_prefix(" @") {
        Some(rest) => Some(token(rest)?.0),
        None => None,
    };
    (plain(&host) && embedded.as_deref().is_none_or(plain)).then_some((host, code, embedded))
}

#[test]
fn the_parser_is_that_of_the_specification() {
    let found = |message: &str| parse(message).map(|(host, code, _)| (host, code));
    let code = Some(("example.com".to_string(), "747723".to_string()));
    for good in [
        "@example.com #747723",
        "747723 is your code.\n\n@example.com #747723",
        "x\r\n@example.com #747723",
        "@example.com #747723 FA+9qCX9VSu",
        "@example.com #747723 and more",
        "@example.com #747723 @ecommerce.example",
    ] {
        assert_eq!(found(good), code, "{good:?}");
    }
    for bad in [
        "",
        "@example.com #747723\n",
        "@example.com #747723\r\n",
        " @example.com #747723",
        "@example.com  #747723",
        "@example.com 747723",
        "@example.com #",
        "@ #747723",
        "example.com #747723",
        "@example.com #747723\nhash",
        "@example.com/x #747723",
    ] {
        assert_eq!(found(bad), None, "{bad:?}");
    }
    let embedded = parse("@example.com #747723 @ecommerce.example").unwrap().2;
    assert_eq!(embedded.as_deref(), Some("ecommerce.example"));
}

fn world(message: &Value) -> World {
    let mut document = document();
    document["message"] = message.clone();
    World::new(&document)
}

fn sent(world: &mut World, locale: Locale) -> (String, u32) {
    world.now += 60;
    world.counters.clear();
    let sending = Sending {
        locale: Some(locale.code()),
        ..Sending::default()
    };
    let challenge = world.start_with(LOGIN, sending).ok().unwrap();
    let body = world.requests.last().unwrap().body.as_bytes();
    let mut fields = form_urlencoded::parse(body).into_owned();
    let (_, text) = fields.find(|(name, _)| name == "message").unwrap();
    (text, challenge.parts.unwrap())
}

#[test]
fn browsers_find_the_code_and_android_the_hash_in_every_language() {
    let domain = json!({"max_parts": 2, "webotp_domain": "login.example.com"});
    let hash = json!({"max_parts": 2, "android_hash": "FA+9qCX9VSu"});
    let mut both = domain.clone();
    both["android_hash"] = hash["android_hash"].clone();
    for locale in Locale::ALL {
        let (text, _) = sent(&mut world(&domain), locale);
        let (host, code, embedded) = parse(&text).unwrap();
        assert_eq!((&*host, embedded), ("login.example.com", None));
        let human = text.split('\n').next().unwrap();
        assert_eq!(pin_in(human, 6), Some(code), "{text}");

        let (text, _) = sent(&mut world(&hash), locale);
        assert!(
            text.ends_with("\nFA+9qCX9VSu") && parse(&text).is_none(),
            "{text}"
        );

        let (text, _) = sent(&mut world(&both), locale);
        assert!(text.ends_with(" FA+9qCX9VSu"), "{text}");
        assert_eq!(parse(&text).unwrap().0, "login.example.com");

        for text in [&text, &sent(&mut world(&json!({})), locale).0] {
            assert!(!text.ends_with('\n') && !text.contains('\r'));
        }
    }
}

#[test]
fn a_plain_login_is_one_part_in_every_language() {
    let mut plain = world(&json!({}));
    for locale in Locale::ALL {
        let (text, parts) = sent(&mut plain, locale);
        let units = text.encode_utf16().count();
        assert_eq!(parts, 1, "{units}: {text}");
        assert_eq!(units <= if text.is_ascii() { 140 } else { 70 }, parts == 1);
    }
    // The same as a host would be shown before.
    let previews = plain.settings.previews(None, None).unwrap();
    assert_eq!(previews.len(), Locale::ALL.len());
    for preview in previews {
        let (text, parts) = sent(&mut plain, preview.locale);
        let pin = plain.pin(6);
        assert_eq!(
            (preview.text, preview.parts),
            (text.replace(&pin, "123456"), parts)
        );
    }
}

#[test]
fn what_would_cost_more_than_allowed_is_refused_before_it_costs() {
    let mut world =
        world(&json!({"webotp_domain": "a-rather-long-name-of-a-host.login.example.com"}));
    let thai = Sending {
        locale: Some("th"),
        ..Sending::default()
    };
    let failure = world.start_with(LOGIN, thai).err().unwrap();
    assert_eq!(failure.code, Code::Request);
    assert!(world.requests.is_empty() && world.counters.is_empty());
}
