//! What messages say: the service's own texts, in place of the engine's.

use serde_json::{Value, json};
use xoxzo_2fa::{Binding, Error, MemoryGuard, Pin, TwoFactor};
use xoxzo_2fa_core::{Channel, Claimed, Sending};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{Counting, LOGIN, World, document, key, pin_in, sandboxed};

/// The message of Xoxzo's how-to: 4 digits, with a full stop and no warning before them.
fn how_to() -> Value {
    json!({
        "service": "Xoxzo",
        "pin": {"digits": 4},
        "xoxzo": {"sid": "sid-canary", "auth_token": "auth-canary", "sender": "XOXZO"},
        "message": {"texts": [{"locale": "en", "text": "This is {service}. Your PIN is {pin}"}]},
    })
}

fn field(body: &str, name: &str) -> String {
    let mut fields = form_urlencoded::parse(body.as_bytes());
    let field = fields.find(|(own, _)| own == name);
    field.unwrap().1.into_owned()
}

fn texts(texts: Value) -> World {
    World::with(&json!({"message": {"max_parts": 3, "texts": texts}}))
}

fn message(world: &World) -> String {
    field(&world.requests.last().unwrap().body, "message")
}

#[test]
fn the_message_of_the_how_to_goes_out_byte_for_byte() {
    let mut world = World::with(&how_to());
    let expected = "message=This+is+Xoxzo.+Your+PIN+is+7442&recipient=%2B819012345678&sender=XOXZO";
    // One PIN in 10,000 is that of the how-to: of so many users, somebody gets it.
    let found = (0..200_000).find(|at| {
        let subject = format!("user-{at}");
        world.counters.clear();
        world.requests.clear();
        let login = Claimed {
            subject: &subject,
            ..LOGIN
        };
        assert!(world.start(login).is_ok());
        world.requests[0].body == expected
    });
    assert!(found.is_some());
    assert!(world.requests[0].url.ends_with("/sms/messages/"));
}

#[test]
fn the_message_of_the_how_to_arrives_in_the_sandbox() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let mut settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
        .key(key(1))
        .sender("XOXZO");
    for (name, value) in how_to().as_object().unwrap() {
        if name != "xoxzo" {
            settings = settings.set(&format!("/{name}"), value.clone());
        }
    }
    let host = TwoFactor::new(settings.build(), MemoryGuard::default()).unwrap();
    let login = Binding::new("+819012345678", "user-1", "login");
    let token = host.start(&login).unwrap().token;
    let body = sandbox.inbox(None).pop().unwrap().body;
    let pin = pin_in(&body, 4).unwrap();
    assert_eq!(body, format!("This is Xoxzo. Your PIN is {pin}"));
    assert!(host.verify(&token, &login, &Pin::new(&pin)).is_ok());
}

#[test]
fn the_text_of_a_purpose_goes_before_that_of_all() {
    let mut world = texts(json!([
        {"locale": "en", "text": "For all: {pin}", "call": "All,, {pin}"},
        {"locale": "en", "purpose": "login", "text": "Log in with {pin}, {minutes} min"},
        {"locale": "ja", "purpose": "login", "text": "{service}のコード {pin}"},
    ]));
    let said = |world: &mut World, purpose: &str, locale: &str| {
        world.counters.clear();
        let claimed = Claimed { purpose, ..LOGIN };
        let sending = Sending {
            locale: Some(locale),
            ..Sending::default()
        };
        assert!(world.start_with(claimed, sending).is_ok());
        let pin = world.pin(6);
        message(world).replace(&pin, "PIN")
    };
    assert_eq!(said(&mut world, "login", "en"), "Log in with PIN, 5 min");
    assert_eq!(said(&mut world, "sign-up", "en"), "For all: PIN");
    assert_eq!(said(&mut world, "login", "ja"), "Example Shopのコード PIN");
    // A language or purpose without a text of its own takes the engine's.
    assert!(said(&mut world, "sign-up", "ja").contains("認証コード"));
    assert!(said(&mut world, "login", "es").contains("tu clave es"));
}

#[test]
fn a_payment_has_a_text_of_its_own_and_grouped_digits() {
    let payment = "{service}: pay {amount} {currency} to {payee}? PIN {pin}";
    let mut world = texts(json!([
        {"locale": "en", "text": "PIN {pin}", "payment": payment},
        {"locale": "es", "payment": payment},
    ]));
    let mut said = |locale| {
        world.counters.clear();
        let claimed = Claimed {
            transaction: Some(("1234567", "JPY", "Ann Lee")),
            ..LOGIN
        };
        let sending = Sending {
            locale: Some(locale),
            ..Sending::default()
        };
        assert!(world.start_with(claimed, sending).is_ok());
        let pin = world.pin(6);
        message(&world).replace(&pin, "PIN")
    };
    assert_eq!(
        said("en"),
        "Example Shop: pay 1,234,567 JPY to Ann Lee? PIN PIN"
    );
    assert_eq!(
        said("es"),
        "Example Shop: pay 1 234 567 JPY to Ann Lee? PIN PIN"
    );
    assert!(said("ja").contains("1,234,567 JPY"));
}

#[test]
fn a_call_says_the_own_text_digit_by_digit() {
    let mut world = World::with(&json!({
        "message": {"texts": [{"locale": "en", "call": "It is {pin}. Again,, {pin}."}]},
        "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]},
    }));
    let (token, pin) = world.challenge();
    world.now += 60;
    let call = |locale| Sending {
        channel: Channel::Voice,
        locale,
        ..Sending::default()
    };
    assert!(world.resend(&token, LOGIN, call(Some("es"))).is_ok());
    let digits: Vec<String> = pin.chars().map(String::from).collect();
    let digits = digits.join(",,");
    let said = field(&world.requests.last().unwrap().body, "tts_message");
    assert_eq!(said, format!("It is {digits}. Again,, {digits}."));
    world.counters.clear();
    assert!(world.resend(&token, LOGIN, call(Some("ja"))).is_ok());
    let said = field(&world.requests.last().unwrap().body, "tts_message");
    assert!(said.contains("認証コード"), "{said}");
}

/// The lines that phones read follow an own text too.
#[test]
fn lines_for_autofill_stay_the_engines() {
    let mut world = World::with(&json!({"message": {
        "max_parts": 2, "webotp_domain": "login.example.com", "android_hash": "FA+9qCX9VSu",
        "texts": [{"locale": "en", "text": "PIN {pin}"}],
    }}));
    let (_, pin) = world.challenge();
    assert_eq!(
        message(&world),
        format!("PIN {pin}\n@login.example.com #{pin} FA+9qCX9VSu")
    );
}

/// Under the alarm a PIN gets two digits more. A message that has no room for them is refused before, and not sent with a part too many.
#[test]
fn room_for_a_longer_pin_is_kept_in_every_message() {
    let payee = "x".repeat(40);
    let pay = |service: usize| {
        let mut world = World::with(&json!({"service": "s".repeat(service)}));
        let claimed = Claimed {
            transaction: Some(("99999999999", "JPY", &payee)),
            ..LOGIN
        };
        world.start(claimed).ok().map(|_| message(&world).len())
    };
    let sent: Vec<usize> = (1..=40).map_while(pay).collect();
    assert!(sent.len() < 40);
    // A part has 140 characters.
    assert_eq!(sent.last(), Some(&138));
}

#[test]
fn texts_that_could_mislead_are_refused_with_their_rule() {
    let refused = |change: Value, why: &str| {
        let mut document = document();
        document
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let prepared = xoxzo_2fa_json::prepare(&document.to_string(), &mut Counting::default());
        let detail = prepared.err().unwrap().detail;
        assert!(
            detail.contains("message.texts") && detail.contains(why),
            "{detail}"
        );
    };
    let text = |text: &str| json!({"message": {"texts": [{"locale": "en", "text": text}]}});
    refused(text("No code"), "{pin}");
    refused(text("{pin}{service}"), "beside");
    refused(text("{pin}\nor 1"), "line break");
    refused(text("{pin} or 12 34"), "four digits");
    refused(text(&("x".repeat(133) + "{pin}")), "max_parts");
    let more = |texts: Value| json!({"message": {"texts": texts}});
    refused(more(json!([{"locale": "en"}])), "must have a text");
    refused(more(json!([{"locale": "es", "call": "{pin}"}])), "en or ja");
    let twice = json!([{"locale": "en", "text": "{pin}"}, {"locale": "en", "call": "{pin}"}]);
    refused(more(twice), "one for each");
    let unknown = json!([{"locale": "en", "purpose": "pay", "text": "{pin}"}]);
    refused(more(unknown), "purposes");
    let early = json!([{"locale": "en", "payment": "{pin}: {amount} {currency} to {payee}"}]);
    refused(more(early), "before {pin}");
    let lined = json!({"message": {
        "webotp_domain": "example.com", "max_parts": 2, "texts": [{"locale": "en", "text": "#1: {pin}"}],
    }});
    refused(lined, "webotp_domain");
}

#[test]
fn unwise_texts_are_warned_of() {
    let warnings = |text: &str| {
        let mut document = document();
        document["message"] = json!({"texts": [{"locale": "en", "text": text}]});
        let prepared = xoxzo_2fa_json::prepare(&document.to_string(), &mut Counting::default());
        let texts = prepared.ok().unwrap().warnings.into_iter();
        texts.filter(|it| it.starts_with("message.texts")).count()
    };
    assert_eq!(warnings("Your code is {pin}. Never share it."), 0);
    assert_eq!(warnings("Your code is {pin}."), 1);
    assert_eq!(
        warnings("Enter {pin} at https://shop.example. Tell nobody."),
        1
    );
}

/// The SDK's preview shows own texts, and needs a purpose that exists.
#[test]
fn previews_show_own_texts() {
    let settings = sandboxed("http://127.0.0.1:9", "sid", "token").key(key(1)).set(
        "/message/texts",
        json!([{"locale": "en", "purpose": "login", "text": "Hello {pin}", "call": "Hi {pin}"}]),
    );
    let checked = xoxzo_2fa::check(&settings.build(), xoxzo_2fa::Scope::Process).unwrap();
    for purpose in [None, Some("login")] {
        let english = checked.preview(purpose, None).unwrap().remove(0);
        assert_eq!((&*english.locale, &*english.text), ("en", "Hello 123456"));
        assert_eq!(english.call, "Hi 1,,2,,3,,4,,5,,6");
    }
    let unknown = checked.preview(Some("nothing"), None);
    assert!(matches!(unknown, Err(Error::Misuse(_))));
}
