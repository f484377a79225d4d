//! What a pass opens, and for how long.

use serde_json::{Value, json};
use xoxzo_2fa_core::{Answer, Code, Expected, NoAnswer, RootKey, check_receipt};
use xoxzo_2fa_gate::Event;
use xoxzo_2fa_tests::gate::{Browser, Scenario, header};
use xoxzo_2fa_tests::taken;

fn scenario() -> Scenario {
    Scenario::with(&json!({}), &json!({}))
}

/// What an application that knows its user and session expects.
const ALICE: Expected<'static> = Expected {
    subject: "alice",
    purpose: "login",
    recipient: Some("+819012345678"),
    session: Some("s1"),
    transaction: None,
};

#[test]
fn a_user_gets_to_the_page_they_asked_for() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    assert_eq!(
        alice.cookies.keys().collect::<Vec<_>>(),
        ["__Host-2fa-pass"]
    );
    let forward = scenario.get(&mut alice, "/account?tab=1").forward();
    assert_eq!((forward.event, forward.cookie), (Event::Forwarded, None));

    let root = RootKey::from_random([1; 32]);
    let receipt = forward.receipt.unwrap();
    let check = |audience, expected| {
        let key = root.receipt_key(audience, false);
        check_receipt(&[key], &receipt, scenario.now, expected)
    };
    assert!(check("other", ALICE).is_err());
    let claims = check("shop", ALICE).unwrap();
    assert_eq!((&*claims.audience, &*claims.purpose), ("shop", "login"));
    for other in [
        Expected {
            subject: "bob",
            ..ALICE
        },
        Expected {
            session: Some("s2"),
            ..ALICE
        },
        Expected {
            session: None,
            ..ALICE
        },
        Expected {
            recipient: Some("+819012345679"),
            ..ALICE
        },
        Expected {
            purpose: "payment",
            ..ALICE
        },
    ] {
        let failure = check("shop", other).err().unwrap();
        assert_eq!(failure.code, Code::InvalidToken);
    }
}

#[test]
fn receipts_are_never_older_than_half_their_life_and_name_the_pass() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    let keys = [RootKey::from_random([1; 32]).receipt_key("shop", false)];
    let mut ids = Vec::new();
    for _ in 0..50 {
        let receipt = scenario.get(&mut alice, "/").forward().receipt.unwrap();
        let claims = check_receipt(&keys, &receipt, scenario.now, ALICE).unwrap();
        assert!(claims.expires_at - scenario.now > 30);
        ids.push(claims.id);
        scenario.now += 7;
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

#[test]
fn a_pass_is_nothing_to_anybody_else() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    for (subject, phone, session) in [
        ("bob", "+819012345678", "s1"),
        ("alice", "+819012345679", "s1"),
        ("alice", "+819012345678", "s2"),
    ] {
        let mut thief = Browser::signed_in(subject, phone, session);
        thief.cookies.clone_from(&alice.cookies);
        assert_eq!(
            scenario.get(&mut thief, "/account").place(),
            (303, "/.2fa/"),
            "{subject} {phone} {session}"
        );
    }
    assert!(
        scenario
            .get(&mut alice, "/account")
            .forward()
            .receipt
            .is_some()
    );
}

#[test]
fn it_is_renewed_once_a_minute_and_ends_at_both_its_lives() {
    let mut scenario = Scenario::with(
        &json!({"pass": {"idle_seconds": 600, "life_seconds": 3_600}}),
        &json!({}),
    );
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    let began = scenario.now;
    let mut first = alice.clone();
    scenario.now += 59;
    assert_eq!(scenario.get(&mut alice, "/").forward().cookie, None);
    scenario.now += 30;
    let cookie = scenario.get(&mut alice, "/").forward().cookie.unwrap();
    assert!(
        cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600"),
        "{cookie}"
    );
    assert_eq!(scenario.get(&mut alice, "/").forward().cookie, None);

    scenario.now = began + 600;
    assert_eq!(scenario.get(&mut first, "/").place(), (303, "/.2fa/"));
    while scenario.now < began + 3_600 {
        let _renewed = scenario.get(&mut alice, "/").forward();
        scenario.now += 300;
    }
    assert_eq!(scenario.get(&mut alice, "/").place(), (303, "/.2fa/"));
}

#[test]
fn after_logout_no_copy_of_the_pass_works() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    let early = alice.clone();
    scenario.now += 100;
    let _renewed = scenario.get(&mut alice, "/").forward();
    let late = alice.clone();
    let page = scenario.get(&mut alice, "/.2fa/").answer();
    assert!(page.body.contains("action=\"/.2fa/logout\""));
    let out = scenario.post(&mut alice, "logout", None);
    assert_eq!(
        (out.place(), out.event()),
        ((303, "/.2fa/"), Event::LoggedOut)
    );
    assert!(!alice.cookies.contains_key("__Host-2fa-pass"));
    for mut copy in [early, late] {
        assert_eq!(scenario.get(&mut copy, "/account").place(), (303, "/.2fa/"));
        assert!(
            !scenario
                .get(&mut copy, "/.2fa/")
                .answer()
                .body
                .contains("/.2fa/logout")
        );
    }
    scenario.now += 43_200;
    assert_eq!(
        scenario.get(&mut alice, "/account").place(),
        (303, "/.2fa/")
    );
}

#[test]
fn logout_that_cannot_be_counted_is_no_logout() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    scenario.guard_is_down = true;
    assert_eq!(
        scenario.post(&mut alice, "logout", None).answer().status,
        503
    );
    assert!(alice.cookies.contains_key("__Host-2fa-pass"));
}

#[test]
fn without_a_guard_nobody_gets_through() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    scenario.guard_is_down = true;
    let refused = scenario.get(&mut alice, "/account");
    assert_eq!(
        (refused.place().0, refused.event()),
        (503, Event::UpstreamFailed)
    );
    assert_eq!(scenario.get(&mut alice, "/healthz").event(), Event::Exempt);
}

#[test]
fn stepping_up_takes_a_pass_won_lately() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    scenario.now += 299;
    assert_eq!(
        scenario.get(&mut alice, "/transfer").event(),
        Event::Forwarded
    );
    scenario.now += 1;
    for target in ["/transfer", "/transfer/", "/transfer/1?a=b", "/TRANSFER"] {
        assert_eq!(
            scenario.get(&mut alice, target).place(),
            (303, "/.2fa/"),
            "{target}"
        );
    }
    assert_eq!(
        scenario.get(&mut alice, "/transfers").event(),
        Event::Forwarded
    );
    assert_eq!(
        scenario
            .request(&mut alice, "POST", "/transfer")
            .answer()
            .status,
        401
    );

    scenario.challenge(&mut alice, "/transfer?to=bob");
    let pin = scenario.pin();
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&pin)).place(),
        (303, "/transfer?to=bob")
    );
    assert_eq!(
        scenario.get(&mut alice, "/transfer?to=bob").event(),
        Event::Forwarded
    );
}

#[test]
fn passes_end_with_the_process_unless_that_is_asked_for() {
    let restarted = |danger: bool| {
        let configuration = xoxzo_2fa_tests::gate::configuration(
            &json!({"pass": {"danger_outlives_process": danger}}),
            &json!({"guard": {"key": xoxzo_2fa_tests::key(3)}}),
        );
        let mut scenario = Scenario::new(&configuration);
        let mut alice = Browser::alice();
        scenario.pass(&mut alice);
        let mut other = Scenario::in_process(&configuration, [8; 16]);
        other.get(&mut alice, "/account").event()
    };
    assert_eq!(restarted(false), Event::Challenged);
    assert_eq!(restarted(true), Event::Forwarded);
}

#[test]
fn keys_rotate_without_logging_anybody_out() {
    use xoxzo_2fa_tests::key;
    let of = |keys: &[u8]| {
        let keys: Vec<_> = keys.iter().map(|byte| key(*byte)).collect();
        xoxzo_2fa_tests::gate::configuration(&json!({}), &json!({"keys": keys}))
    };
    let (mut old, mut alice) = (Scenario::new(&of(&[1, 2])), Browser::alice());
    old.pass(&mut alice);
    assert_eq!(
        Scenario::new(&of(&[2, 1]))
            .get(&mut alice.clone(), "/")
            .event(),
        Event::Forwarded
    );
    assert_eq!(
        Scenario::new(&of(&[2, 4]))
            .get(&mut alice.clone(), "/")
            .event(),
        Event::Challenged
    );
}

#[test]
fn device_trust_has_to_be_asked_for() {
    let mut scenario = Scenario::with(
        &json!({"identity": {"danger_device_trust": true}}),
        &json!({}),
    );
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    alice.claims.session = Some(b"another".to_vec());
    assert_eq!(scenario.get(&mut alice, "/").event(), Event::Forwarded);
    alice.claims.session = None;
    assert_eq!(scenario.get(&mut alice, "/").event(), Event::Forwarded);
}

#[test]
fn a_clock_that_cannot_be_right_lets_nobody_through() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    scenario.now = 0;
    assert_ne!(
        scenario.get(&mut alice, "/account").event(),
        Event::Forwarded
    );
}

#[test]
fn an_unknown_answer_of_xoxzo_keeps_the_challenge() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    let late = "timeout: no answer in time".to_string();
    scenario.xoxzo = Answer::Unanswered(NoAnswer::Unknown, late);
    let _page = scenario.get(&mut alice, "/").place();
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    let sent = scenario.post(&mut alice, "start", None).answer();
    assert_eq!(sent.event, Event::SentUnknown);
    let note = sent.note.unwrap();
    assert!(note.is_warning());
    let line: Value =
        serde_json::from_str(&note.line(Event::SentUnknown, "login", Some("192.0.2.1"))).unwrap();
    for (name, value) in [
        ("event", "sent_unknown"),
        ("operation", "start"),
        ("outcome", "unknown"),
        ("purpose", "login"),
        ("channel", "sms"),
        ("delivery", "unknown"),
        ("cause", "timeout: no answer in time"),
        ("alarm", "delivery"),
        ("calling_code", "81"),
        ("client", "192.0.2.1"),
    ] {
        assert_eq!(line[name], value, "{line}");
    }
    let page = scenario.get(&mut alice, "/.2fa/").answer();
    assert!(page.body.contains("could not confirm"), "{}", page.body);
    // Another message must wait for three minutes, by SMS as by call. That stays said, whatever else goes wrong, until it may be asked for.
    for (action, pin) in [("resend", None), ("voice", None), ("verify", Some("12"))] {
        scenario.now += 30;
        assert_eq!(
            scenario.post(&mut alice, action, pin).event(),
            Event::Refused
        );
        let page = scenario.get(&mut alice, "/.2fa/").answer().body;
        assert!(
            page.contains("could not confirm") && page.contains("id=\"wait\""),
            "{page}"
        );
    }
    let mut later = alice.clone();
    scenario.now += 90;
    let page = scenario.get(&mut later, "/.2fa/").answer().body;
    assert!(
        !page.contains("could not confirm") && !page.contains("id=\"wait\""),
        "{page}"
    );
    scenario.xoxzo = taken();
    assert_eq!(
        scenario.post(&mut later, "resend", None).event(),
        Event::Sent
    );
    let pin = scenario.pin();
    let accepted = scenario.post(&mut alice, "verify", Some(&pin));
    assert_eq!(accepted.place(), (303, "/"));
    let accepted = accepted.answer().note.unwrap();
    assert!(!accepted.is_warning());
    assert_eq!(accepted.audit.challenge_id, note.audit.challenge_id);

    let mut bob = Browser::signed_in("bob", "+819012345670", "s");
    scenario.xoxzo = Answer::Unanswered(NoAnswer::NotSent, String::new());
    let _page = scenario.get(&mut bob, "/.2fa/").answer();
    assert_eq!(
        scenario.post(&mut bob, "start", None).event(),
        Event::UpstreamFailed
    );
    let page = scenario.get(&mut bob, "/.2fa/").answer();
    assert!(page.body.contains("could not be sent") && header(&page, "set-cookie").is_none());
}

#[test]
fn no_spelling_of_a_step_up_path_is_exempt() {
    let gate = json!({
        "exempt": {"paths": ["/callback:hook"], "under": ["/v1"]},
        "step_up": {"paths": ["/v1/pay:send", "/v1/transfer", "/v1/caf%C3%A9", "/v1/%E3%82%AC%E3%82%B9"]},
    });
    let mut scenario = Scenario::with(&gate, &json!({}));
    let mut alice = Browser::alice();
    for target in [
        "/v1/pay",
        "/v1/transfers",
        "/v1/transfers.json",
        "/v1/index.php",
        "/v1/%E3%82%AD%E3%82%B9",
        "/v1/%E9%80%81%E9%87%91",
        "/callback:hook",
        "/callback%3Ahook",
    ] {
        assert_eq!(
            scenario.get(&mut alice, target).event(),
            Event::Exempt,
            "{target}"
        );
    }
    for target in [
        "/v1/pay:send",
        "/v1/pay%3Asend",
        "/v1/PAY%3asend/1",
        "/v1/transfer%20",
        "/v1/%20transfer",
        "/v1/transfer%C2%A0",
        "/v1/transfer.",
        "/v1/transfer+",
        "/v1/trans%E2%80%8Bfer",
        "/v1/tran%C5%BFfer",
        "/v1/%EF%BD%94ransfer",
        "/v1/transfer::$DATA",
        "/v1/transfer%3A%3A%24DATA",
        "/v1/transfer/1?a=b",
        "/v1/transfer.json",
        "/v1/Transfer.XML/1",
        "/v1/index.php/transfer",
        "/index.php/v1/transfer",
        "/v1/%E3%82%AC%E3%82%B9",
        "/v1/%E3%82%AB%E3%82%99%E3%82%B9",
        "/v1/caf%C3%A9",
        "/v1/cafe%CC%81",
    ] {
        let outcome = scenario.request(&mut alice, "POST", target);
        assert_eq!(outcome.place().0, 401, "{target}");
    }
    // Matrix parameters have two readings.
    for target in ["/v1/transfer;a=b", "/v1/transfer%3Ba=b"] {
        assert_eq!(
            scenario.get(&mut alice, target).answer().status,
            400,
            "{target}"
        );
    }
    let mut every = String::new();
    for byte in (b'!'..=b'~')
        .filter(|byte| !byte.is_ascii_alphanumeric() && !b"%/;\\-._~#?\"<>*".contains(byte))
    {
        every.push(char::from(byte));
    }
    let step_up = format!("/v1/{every}");
    let mut scenario = Scenario::with(
        &json!({"exempt": {"under": ["/v1"]}, "step_up": {"paths": [step_up]}}),
        &json!({}),
    );
    let escaped: String = every.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for target in [step_up, format!("/v1/{escaped}")] {
        assert_eq!(
            scenario.request(&mut alice, "POST", &target).place().0,
            401,
            "{target}"
        );
    }
}

#[test]
fn who_has_no_phone_reaches_the_page_that_adds_one_and_nothing_else() {
    let headers = json!({"source": "danger_headers", "subject": "x-user", "phone": "x-phone", "session": "x-session"});
    let verified = json!({"credential_version": "cv"});
    for identity in [verified, headers] {
        let gate = json!({"enrol_url": "/account/phone", "identity": identity});
        let mut scenario = Scenario::with(&gate, &json!({}));
        let mut alice = Browser::alice()
            .with("x-user", "alice")
            .with("x-phone", "+819012345678")
            .with("x-session", "s1");
        alice.claims.credential_version = Some(b"1".to_vec());
        for method in ["GET", "POST"] {
            let refused = scenario
                .request(&mut alice, method, "/account/phone")
                .place()
                .0;
            assert_eq!(refused, if method == "GET" { 303 } else { 401 });
        }
        scenario.pass(&mut alice);
        assert_eq!(
            scenario.get(&mut alice, "/account/phone").event(),
            Event::Forwarded
        );

        alice = alice.without("x-phone");
        alice.claims.phone = None;
        for (method, target) in [
            ("GET", "/account/phone"),
            ("POST", "/account/phone?step=2"),
            ("GET", "/account/ph%6Fne"),
        ] {
            let outcome = scenario.request(&mut alice, method, target);
            match target {
                "/account/ph%6Fne" => assert_eq!(outcome.answer().status, 400),
                _ => assert_eq!(
                    (outcome.event(), outcome.forward().receipt),
                    (Event::Exempt, None)
                ),
            }
        }
        for target in [
            "/account",
            "/account/phone/",
            "/account/phone/1",
            "/Account/phone",
            "/account/phone%20",
            "/.2fa/",
            "/transfer",
        ] {
            assert_eq!(
                scenario.get(&mut alice, target).place(),
                (303, "/account/phone"),
                "{target}"
            );
            assert_eq!(
                scenario.request(&mut alice, "POST", target).answer().status,
                401,
                "{target}"
            );
        }
        let said = scenario.get(&mut alice.clone().json(), "/account").answer();
        let said: Value = serde_json::from_str(&said.body).unwrap();
        assert_eq!(
            (&said["error"], &said["gate"]),
            (&json!("no-phone"), &json!("/account/phone"))
        );

        // A phone that is not valid is a phone.
        let mut odd = alice.clone().with("x-phone", "0901234");
        odd.claims.phone = Some(b"0901234".to_vec());
        assert_eq!(
            scenario.get(&mut odd, "/account/phone").answer().status,
            401
        );
        // Nobody is no user without a phone.
        for name in ["x-user", "x-session"] {
            let mut nobody = alice.clone().without(name);
            match name {
                "x-user" => nobody.claims.subject = None,
                _ => nobody.claims.session = None,
            }
            assert_eq!(
                scenario.get(&mut nobody, "/account/phone").answer().status,
                401,
                "{name}"
            );
        }
    }
    let mut scenario = scenario();
    let mut alice = Browser::alice();
    alice.claims.phone = None;
    assert_eq!(
        scenario.get(&mut alice, "/account/phone").answer().status,
        401
    );
}
