//! Resends, calls, templates, decoys, the state of messages: what each does and what each refuses.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Answer, Challenge, Channel, Claimed, Code, Delivery, NoAnswer, Sending, inspect,
};
use xoxzo_2fa_tests::{BAD_NUMBER, LOGIN, NOW, World, code, other_than, said};

const CALL: Sending<'static> = Sending {
    channel: Channel::Voice,
    locale: None,
    client: None,
    decoy: false,
};

const DECOY: Sending<'static> = Sending {
    channel: Channel::Sms,
    locale: None,
    client: None,
    decoy: true,
};

const PAID: Claimed<'static> = Claimed {
    transaction: Some(("12.50", "EUR", "Ann Lee")),
    ..LOGIN
};

fn voiced() -> World {
    World::with(&json!({"voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}}))
}

/// The parameters of the newest request, a form.
fn form(world: &World) -> Vec<(String, String)> {
    let body = world.requests.last().unwrap().body.as_bytes();
    form_urlencoded::parse(body).into_owned().collect()
}

fn field(world: &World, name: &str) -> Option<String> {
    let mut fields = form(world).into_iter();
    fields.find(|(own, _)| own == name).map(|(_, text)| text)
}

fn started(world: &mut World) -> (Challenge, String) {
    let challenge = world.start(LOGIN).ok().unwrap();
    let pin = world.pin(6);
    (challenge, pin)
}

#[test]
fn the_same_code_under_the_same_token_with_the_minutes_that_are_left() {
    let mut world = World::with(&json!({}));
    let (first, pin) = started(&mut world);
    assert!(field(&world, "message").unwrap().contains("5 min"));
    world.now += 61;
    let again = world.resend(&first.token, LOGIN, Sending::default());
    let again = again.ok().unwrap();
    assert_eq!(again.token, first.token);
    assert_eq!(world.pin(6), pin);
    assert!(field(&world, "message").unwrap().contains("3 min"));
    assert_eq!((again.expires_in, again.resend_after), (239, 60));
    assert!(world.verify(&first.token, LOGIN, &pin).is_ok());
    // The life of the challenge did not grow.
    world.now = NOW + 300;
    assert_eq!(
        code(world.verify(&first.token, LOGIN, &pin)),
        Some(Code::Expired)
    );
}

#[test]
fn a_resend_in_another_language_is_the_same_code() {
    let mut world = World::with(&json!({}));
    let (first, pin) = started(&mut world);
    world.now += 60;
    let thai = Sending {
        locale: Some("th"),
        ..Sending::default()
    };
    assert!(world.resend(&first.token, LOGIN, thai).is_ok());
    assert!(field(&world, "message").unwrap().contains("รหัส"));
    assert_eq!(world.pin(6), pin);
}

#[test]
fn what_a_resend_is_refused_for() {
    let mut world = World::with(&json!({}));
    let (first, pin) = started(&mut world);
    let sent = world.requests.len();
    let plain = Sending::default();
    let refused = |world: &mut World, token: &str, claimed, sending| {
        code(world.resend(token, claimed, sending))
    };
    assert_eq!(
        refused(&mut world, &first.token, LOGIN, plain),
        Some(Code::Cooldown)
    );
    world.now += 60;
    let stranger = Claimed {
        subject: "user-2",
        ..LOGIN
    };
    assert_eq!(
        refused(&mut world, &first.token, stranger, plain),
        Some(Code::InvalidToken)
    );
    assert_eq!(
        refused(&mut world, "", LOGIN, plain),
        Some(Code::InvalidToken)
    );
    assert_eq!(
        refused(&mut world, &first.token, LOGIN, DECOY),
        Some(Code::Request)
    );
    assert_eq!(
        refused(&mut world, &first.token, LOGIN, CALL),
        Some(Code::NotAllowed)
    );
    // 60 s left are enough, 59 are not.
    world.now = NOW + 241;
    let late = world.resend(&first.token, LOGIN, plain).err().unwrap();
    assert_eq!((late.code, late.expires_in), (Code::Expired, Some(59)));
    assert_eq!(world.requests.len(), sent);
    world.now = NOW + 240;
    assert!(world.resend(&first.token, LOGIN, plain).is_ok());
    assert!(field(&world, "message").unwrap().contains("1 min"));
    assert!(world.verify(&first.token, LOGIN, &pin).is_ok());
}

#[test]
fn a_used_or_exhausted_challenge_is_not_sent_again_and_counts_nothing() {
    let mut world = World::with(&json!({}));
    let (used, pin) = started(&mut world);
    assert!(world.verify(&used.token, LOGIN, &pin).is_ok());
    let before = world.counters.clone();
    assert_eq!(
        code(world.resend(&used.token, LOGIN, Sending::default())),
        Some(Code::Used)
    );
    assert_eq!(world.counters, before);

    let (spent, pin) = started(&mut world);
    for _ in 0..5 {
        assert!(world.verify(&spent.token, LOGIN, other_than(&pin)).is_err());
    }
    world.now += 60;
    let before = world.counters.clone();
    let again = world.resend(&spent.token, LOGIN, Sending::default());
    assert_eq!(code(again), Some(Code::Exhausted));
    assert_eq!(world.counters, before);
}

#[test]
fn after_unknown_the_next_message_waits_three_minutes() {
    let mut world = World::with(&json!({}));
    world.xoxzo = Answer::Unanswered(NoAnswer::Unknown, String::new());
    let challenge = world.start(LOGIN).ok().unwrap();
    assert_eq!(challenge.delivery, Delivery::Unknown);
    assert_eq!((challenge.resend_after, challenge.handle), (180, None));
    for (seconds, expected) in [
        (60, Some(Code::Cooldown)),
        (179, Some(Code::Cooldown)),
        (180, None),
    ] {
        world.now = NOW + seconds;
        let again = world.resend(&challenge.token, LOGIN, Sending::default());
        assert_eq!(code(again), expected, "after {seconds} s");
    }
}

/// Requests that Xoxzo refused.
fn attempts(world: &mut World) -> u32 {
    let limits = world.limits(LOGIN.subject, LOGIN.recipient, None).ok();
    let mut limits = limits.unwrap().into_iter();
    let attempts = limits.find(|it| it.setting == "attempts per audience");
    attempts.unwrap().total
}

#[test]
fn a_resend_that_is_not_sent_gives_its_charges_back_and_leaves_the_challenge() {
    let mut world = World::with(&json!({}));
    let (first, pin) = started(&mut world);
    world.now += 60;
    let before: Vec<_> = world.counters.values().map(|(total, _)| *total).collect();
    for lost in [
        Answer::Unanswered(NoAnswer::NotSent, String::new()),
        said(400, None, BAD_NUMBER),
    ] {
        world.xoxzo = lost;
        let failure = world.resend(&first.token, LOGIN, Sending::default());
        assert_eq!(code(failure), Some(Code::Provider));
    }
    let sum = |counts: &[u32]| counts.iter().sum::<u32>();
    let after: Vec<_> = world.counters.values().map(|(total, _)| *total).collect();
    // The first message's cooldown is over and stands at 0 again; what Xoxzo refused is an attempt.
    assert_eq!(sum(&after) + 1, sum(&before) + 1);
    assert_eq!(attempts(&mut world), 1);
    assert!(world.verify(&first.token, LOGIN, &pin).is_ok());
}

#[test]
fn a_call_comes_only_after_an_sms_and_weighs_five() {
    let mut world = voiced();
    assert_eq!(code(world.start_with(LOGIN, CALL)), Some(Code::Request));
    let (first, pin) = started(&mut world);
    world.now += 60;
    let call = world.resend(&first.token, LOGIN, CALL).ok().unwrap();
    assert_eq!(call.parts, None);
    let request = world.requests.last().unwrap();
    assert!(request.url.ends_with("/voice/simple/playbacks/"));
    let spoken = field(&world, "tts_message").unwrap();
    let digits: Vec<_> = pin.chars().map(String::from).collect();
    assert_eq!(spoken.matches(&digits.join(",,")).count(), 2);
    assert_eq!(field(&world, "tts_lang").as_deref(), Some("en"));
    assert_eq!(field(&world, "caller").as_deref(), Some("815012345678"));
    // 1 + 5 of 10: another message, but not another call.
    world.now += 60;
    assert_eq!(
        code(world.resend(&first.token, LOGIN, CALL)),
        Some(Code::TooManySends)
    );
    assert!(
        world
            .resend(&first.token, LOGIN, Sending::default())
            .is_ok()
    );
    assert!(world.verify(&first.token, LOGIN, &pin).is_ok());
}

#[test]
fn calls_have_a_list_of_their_own_and_a_purpose_may_forbid_them() {
    let american = Claimed {
        recipient: "+14155550100",
        ..LOGIN
    };
    let mut world = voiced();
    let challenge = world.start(american).ok().unwrap();
    world.now += 60;
    assert_eq!(
        code(world.resend(&challenge.token, american, CALL)),
        Some(Code::NotAllowed)
    );

    let mut world = World::with(&json!({
        "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]},
        "purposes": [{"name": "login", "after_first_factor": true, "voice": false}],
    }));
    let challenge = world.start(LOGIN).ok().unwrap();
    world.now += 60;
    assert_eq!(
        code(world.resend(&challenge.token, LOGIN, CALL)),
        Some(Code::NotAllowed)
    );
}

fn templates() -> Value {
    json!({"message": {"templates": [
        {"id": 6, "locale": "en", "variables": {"pin": "code", "minutes": "minutes", "service": "shop"}},
        {"id": 7, "locale": "en", "variables": {"pin": "code", "amount": "sum", "payee": "to"}},
        {"id": 8, "locale": "ja", "variables": {"pin": "code"}},
    ]}})
}

#[test]
fn a_template_takes_its_variables_and_a_payment_needs_one_that_shows_it() {
    let mut world = World::with(&templates());
    let sent = |world: &World| -> (String, Value) {
        let request = world.requests.last().unwrap();
        let path = request.url.trim_start_matches("https://api.xoxzo.com");
        (
            path.to_string(),
            serde_json::from_str(&request.body).unwrap(),
        )
    };
    let challenge = world.start(LOGIN).ok().unwrap();
    let (path, body) = sent(&world);
    let pin = body["variables"]["code"].as_str().unwrap().to_string();
    assert_eq!(path, "/sms/templates/6/messages/");
    assert_eq!(
        body,
        json!({
            "recipient": "+819012345678", "sender": "Example",
            "variables": {"code": pin, "minutes": "5", "shop": "Example Shop"},
        })
    );
    assert_eq!(challenge.parts, None);
    assert!(world.verify(&challenge.token, LOGIN, &pin).is_ok());

    world.now += 60;
    assert!(world.start(PAID).is_ok());
    let (path, body) = sent(&world);
    assert_eq!(path, "/sms/templates/7/messages/");
    assert_eq!(body["variables"]["sum"], "12.50 EUR");
    assert_eq!(body["variables"]["to"], "Ann Lee");

    let say = |locale| Sending {
        locale: Some(locale),
        ..Sending::default()
    };
    world.now += 60;
    assert!(world.start_with(LOGIN, say("ja")).is_ok());
    assert_eq!(sent(&world).0, "/sms/templates/8/messages/");
    // No Japanese one shows a payment, so it is the settings' own language.
    world.now += 60;
    assert!(world.start_with(PAID, say("ja")).is_ok());
    assert_eq!(sent(&world).0, "/sms/templates/7/messages/");

    let mut plain = templates();
    plain["message"]["templates"]
        .as_array_mut()
        .unwrap()
        .remove(1);
    let mut world = World::with(&plain);
    let failure = world.start(PAID).err().unwrap();
    assert_eq!(failure.code, Code::Request);
    assert!(failure.detail.contains("amount and payee"));
    assert!(world.requests.is_empty() && world.counters.is_empty());
}

#[test]
fn a_decoy_looks_and_counts_like_a_challenge_and_is_never_accepted() {
    let mut real = World::with(&json!({}));
    let mut fake = World::with(&json!({}));
    let genuine = real.start(LOGIN).ok().unwrap();
    let decoy = fake.start_with(LOGIN, DECOY).ok().unwrap();
    assert!(fake.requests.is_empty());
    assert_eq!(fake.counters, real.counters);
    assert!(inspect(&decoy.token) == inspect(&genuine.token));
    assert_ne!(decoy.token, genuine.token);
    let shown = |challenge: &Challenge| {
        let Challenge {
            masked,
            expires_in,
            resend_after,
            delivery,
            parts,
            ..
        } = challenge.clone();
        (masked, expires_in, resend_after, delivery, parts)
    };
    assert!(shown(&decoy) == shown(&genuine));
    let id = decoy.message_id.unwrap();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()));

    // The PIN of the same challenge, had it been sent: the two worlds draw the same nonce.
    let pin = real.pin(6);
    let refusal = fake.verify(&decoy.token, LOGIN, &pin).err().unwrap();
    assert_eq!(
        (refusal.code, refusal.guesses_left),
        (Code::WrongPin, Some(4))
    );
    assert!(real.verify(&genuine.token, LOGIN, &pin).is_ok());

    // Sent again, asked about, and exhausted like any other.
    fake.now += 60;
    assert!(fake.resend(&decoy.token, LOGIN, Sending::default()).is_ok());
    let report = fake.status(&decoy.handle.unwrap()).ok().unwrap();
    assert_eq!(report.delivery, Delivery::Delivered);
    assert!(fake.requests.is_empty());
    for left in [3, 2, 1, 0] {
        let refusal = fake.verify(&decoy.token, LOGIN, "123456").err().unwrap();
        assert_eq!(refusal.guesses_left, Some(left));
    }
    assert_eq!(
        code(fake.verify(&decoy.token, LOGIN, &pin)),
        Some(Code::Exhausted)
    );
}

/// Asked as often as it is answered, the message of a decoy goes where a message goes, and never back.
#[test]
fn the_state_of_a_decoy_changes_like_that_of_a_message() {
    let mut courses = BTreeMap::new();
    for at in 0..300 {
        let mut world = voiced();
        world.now += at;
        let decoy = world.start_with(LOGIN, DECOY).ok().unwrap();
        let mut told = Vec::new();
        let began = world.now;
        for age in (0..400).step_by(5).chain([86_399]) {
            world.now = began + age;
            let report = world.status(decoy.handle.as_ref().unwrap()).ok().unwrap();
            if told.last() != Some(&report) {
                told.push(report);
            }
        }
        let course: Vec<_> = told.iter().map(|report| &*report.detail).collect();
        *courses.entry(course.join(" ")).or_insert(0) += 1;
        assert!(world.requests.is_empty());
    }
    // Some are asked for the first time when they are under way already.
    let all: Vec<_> = courses.keys().map(String::as_str).collect();
    let forward = [
        "QUEUED DELIVERED",
        "QUEUED DELIVERING DELIVERED",
        "QUEUED DELIVERING FAILED",
    ];
    assert_eq!(all, forward);
    assert!(courses[forward[2]] < 40, "{courses:?}");
}

#[test]
fn the_call_of_a_decoy_changes_like_a_call() {
    let mut world = voiced();
    let decoy = world.start_with(LOGIN, DECOY).ok().unwrap();
    world.now += 60;
    let call = world.resend(&decoy.token, LOGIN, CALL).ok().unwrap();
    let handle = call.handle.unwrap();
    let first = world.status(&handle).ok().unwrap();
    assert_eq!(
        (first.delivery, &*first.detail),
        (Delivery::Delivering, "IN PROGRESS")
    );
    world.now += 40;
    let last = world.status(&handle).ok().unwrap();
    assert!(["ANSWERED", "NO ANSWER"].contains(&&*last.detail));
    assert!(world.requests.is_empty());
}

#[test]
fn no_pin_of_all_is_right_for_a_decoy() {
    let mut world = World::with(&json!({"pin": {"digits": 4}}));
    let decoy = world.start_with(LOGIN, DECOY).ok().unwrap();
    for pin in 0..10_000_u32 {
        world.counters.clear();
        let refusal = code(world.verify(&decoy.token, LOGIN, &format!("{pin:04}")));
        assert_eq!(refusal, Some(Code::WrongPin));
    }
}

fn state(word: Option<&str>) -> Answer {
    said(
        200,
        None,
        &json!({"msgid": "m1", "status": word}).to_string(),
    )
}

#[test]
fn a_state_is_folded_and_an_unknown_one_is_kept() {
    let mut world = World::with(&json!({}));
    let handle = started(&mut world).0.handle.unwrap();
    for (word, expected) in [
        (Some("QUEUED"), Delivery::Queued),
        (Some("DELIVERING"), Delivery::Delivering),
        (Some("DELIVERED"), Delivery::Delivered),
        (Some("OK"), Delivery::Delivered),
        (Some("FAILED"), Delivery::Failed),
        (Some("FAIL"), Delivery::Failed),
        (Some("IN PROGRESS"), Delivery::Delivering),
        (Some("ANSWERED"), Delivery::Delivered),
        (Some("NO ANSWER"), Delivery::Failed),
        (Some("PONDERING"), Delivery::Unknown),
        (None, Delivery::Unknown),
    ] {
        world.now += 5;
        world.xoxzo = state(word);
        let report = world.status(&handle).ok().unwrap();
        assert_eq!(
            (report.delivery, &*report.detail),
            (expected, word.unwrap_or_default())
        );
    }
    let request = world.requests.last().unwrap();
    assert_eq!((request.method, &*request.body), ("GET", ""));
    assert_eq!(request.url, "https://api.xoxzo.com/sms/messages/m1/");
}

#[test]
fn the_state_of_a_call_is_asked_where_calls_are() {
    let mut world = voiced();
    let (first, _) = started(&mut world);
    world.now += 60;
    let call = world.resend(&first.token, LOGIN, CALL).ok().unwrap();
    world.xoxzo = state(Some("ANSWERED"));
    assert!(world.status(&call.handle.unwrap()).is_ok());
    let url = &world.requests.last().unwrap().url;
    assert_eq!(url, "https://api.xoxzo.com/voice/calls/m1/");
}

#[test]
fn a_state_is_asked_once_in_five_seconds_for_a_day_and_by_its_handle_only() {
    let mut world = World::with(&json!({}));
    let challenge = started(&mut world).0;
    let handle = challenge.handle.unwrap();
    world.xoxzo = state(Some("DELIVERED"));
    assert!(world.status(&handle).is_ok());
    world.now += 4;
    let soon = world.status(&handle).err().unwrap();
    assert_eq!((soon.code, soon.retry_after), (Code::Cooldown, Some(1)));
    world.now += 1;
    assert!(world.status(&handle).is_ok());
    world.now = NOW + 86_399;
    assert!(world.status(&handle).is_ok());
    world.now = NOW + 86_400;
    assert_eq!(code(world.status(&handle)), Some(Code::Expired));
    world.now = NOW;

    let asked = world.requests.len();
    let mut forged: Vec<String> = ["", "m1", "m/../1", &challenge.token]
        .map(String::from)
        .to_vec();
    for at in 0..handle.len() {
        let other = if handle.as_bytes()[at] == b'A' {
            'B'
        } else {
            'A'
        };
        forged.push(handle[..at].to_string() + &other.to_string() + &handle[at + 1..]);
    }
    for text in forged {
        assert_eq!(
            code(world.status(&text)),
            Some(Code::InvalidToken),
            "{text}"
        );
    }
    assert_eq!(world.requests.len(), asked);
    assert_eq!(
        code(world.verify(&handle, LOGIN, "123456")),
        Some(Code::InvalidToken)
    );
}

#[test]
fn a_state_that_xoxzo_does_not_tell_is_its_fault() {
    let mut world = World::with(&json!({}));
    let handle = started(&mut world).0.handle.unwrap();
    for (answer, wait) in [
        (Answer::Unanswered(NoAnswer::NotSent, String::new()), None),
        (Answer::Unanswered(NoAnswer::Unknown, String::new()), None),
        (said(500, None, ""), None),
        (refused(404, None), None),
        (refused(429, Some(7)), Some(7)),
    ] {
        world.now += 5;
        world.xoxzo = answer;
        let failure = world.status(&handle).err().unwrap();
        assert_eq!((failure.code, failure.retry_after), (Code::Provider, wait));
    }
}

fn refused(status: u16, retry_after: Option<u32>) -> Answer {
    said(status, retry_after, "")
}
