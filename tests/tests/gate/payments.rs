//! Payments that an application asks a user to confirm, and every way to confirm another one.

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Claims, Code, Expected, Failure, RootKey, StepUp, check_receipt, sign_request,
};
use xoxzo_2fa_gate::Event;
use xoxzo_2fa_tests::Counting;
use xoxzo_2fa_tests::gate::{Browser, Outcome, Scenario, header};

type Paid = (&'static str, &'static str, &'static str);

const PAID: Paid = ("1200", "JPY", "Bob Smith");
const PLACE: &str = "/transfer/7?done";

fn scenario() -> Scenario {
    Scenario::with(
        &json!({"exempt": {"paths": ["/healthz"], "under": ["/static"]}}),
        &json!({}),
    )
}

/// Signs as an application does, with a draw of its own.
fn signed(scenario: &Scenario, subject: &str, session: Option<&str>, transaction: Paid) -> String {
    let key = RootKey::from_random([1; 32]).request_key("shop", false);
    signed_by(&key, scenario.now, subject, session, transaction)
}

fn signed_by(
    key: &xoxzo_2fa_core::RequestKey,
    now: u32,
    subject: &str,
    session: Option<&str>,
    transaction: Paid,
) -> String {
    let asked = StepUp {
        subject,
        session,
        transaction,
    };
    // Another id for each amount.
    let draw = transaction.0.bytes().fold(0, u8::wrapping_add);
    let signed = sign_request(key, now, asked, &mut Counting(draw));
    signed.map_err(|failure| failure.detail).unwrap().request
}

fn path(request: &str, place: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::from("/.2fa/step-up?"));
    query
        .append_pair("request", request)
        .append_pair("return_to", place);
    query.finish().replace("?&", "?")
}

/// Brings a request for the usual payment to the gate, and goes on to its page.
fn asked(scenario: &mut Scenario, browser: &mut Browser) -> String {
    let request = signed(scenario, "alice", Some("s1"), PAID);
    let answer = scenario.get(browser, &path(&request, PLACE));
    assert_eq!(answer.place(), (303, "/.2fa/"));
    scenario.get(browser, "/.2fa/").answer().body
}

/// Confirms the payment with the code of the message.
fn confirm(scenario: &mut Scenario, browser: &mut Browser) {
    assert_eq!(scenario.post(browser, "start", None).event(), Event::Sent);
    let pin = scenario.pin();
    assert_eq!(
        scenario.post(browser, "verify", Some(&pin)).place(),
        (303, PLACE)
    );
}

/// Checks the receipt of a forwarded request as the application does, against its own record.
fn receipt(
    scenario: &Scenario,
    outcome: Outcome,
    transaction: Option<Paid>,
) -> Result<Claims, Failure> {
    let receipt = outcome.forward().receipt.unwrap();
    let expected = Expected {
        subject: "alice",
        purpose: "login",
        recipient: None,
        session: Some("s1"),
        transaction,
    };
    let keys = [RootKey::from_random([1; 32]).receipt_key("shop", false)];
    check_receipt(&keys, &receipt, scenario.now, expected)
}

#[test]
fn a_payment_is_shown_sent_confirmed_and_told_once() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.pass(&mut alice);
    scenario.now += 60;
    let page = asked(&mut scenario, &mut alice);
    for part in [
        "<h1>Confirm the payment</h1>",
        "<bdi>1,200 JPY</bdi>",
        "<bdi>Bob Smith</bdi>",
        "href=\"/transfer/7?done\">Back without paying<",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(
        scenario.post(&mut alice, "start", None).event(),
        Event::Sent
    );
    let page = scenario.get(&mut alice, "/.2fa/").answer().body;
    assert!(
        page.contains("<bdi>1,200 JPY</bdi>") && page.contains("name=\"pin\""),
        "{page}"
    );
    let body = scenario.calls.last().unwrap().body.clone();
    let message = form_urlencoded::parse(body.as_bytes())
        .find(|(name, _)| name == "message")
        .unwrap()
        .1;
    assert!(message.contains("pay 1,200 JPY to Bob Smith"), "{message}");

    let pin = scenario.pin();
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&pin)).place(),
        (303, PLACE)
    );
    // Elsewhere, and to who only looks, the receipt is that of the pass.
    for (method, target) in [
        ("GET", "/account"),
        ("GET", "/transfer/7"),
        ("GET", "/transfer/8?done"),
        ("HEAD", PLACE),
        ("OPTIONS", PLACE),
    ] {
        let outcome = scenario.request(&mut alice, method, target);
        assert!(
            receipt(&scenario, outcome, None).is_ok(),
            "{method} {target}"
        );
    }
    let outcome = scenario.get(&mut alice, PLACE);
    let Outcome::Forwarded(forward) = &outcome else {
        panic!("{outcome:?}")
    };
    let told = String::from_utf8(forward.cookies.clone().unwrap()).unwrap();
    assert!(!told.contains("2fa"), "{told}");
    let claims = receipt(&scenario, outcome, Some(PAID)).unwrap();
    let paid = claims.transaction.unwrap();
    assert_eq!((&*paid.amount, &*paid.currency, &*paid.payee), PAID);
    // Once.
    let outcome = scenario.get(&mut alice, PLACE);
    let again = receipt(&scenario, outcome, None).unwrap();
    assert_ne!(again.id, claims.id);
}

#[test]
fn the_receipt_is_for_no_other_payment_user_or_session() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    let _page = asked(&mut scenario, &mut alice);
    confirm(&mut scenario, &mut alice);
    let receipt = scenario.get(&mut alice, PLACE).forward().receipt.unwrap();
    let keys = [RootKey::from_random([1; 32]).receipt_key("shop", false)];
    let own = Expected {
        subject: "alice",
        purpose: "login",
        recipient: None,
        session: Some("s1"),
        transaction: Some(PAID),
    };
    assert!(check_receipt(&keys, &receipt, scenario.now, own).is_ok());
    for other in [
        Expected {
            transaction: Some(("1201", "JPY", "Bob Smith")),
            ..own
        },
        Expected {
            transaction: Some(("1200", "KRW", "Bob Smith")),
            ..own
        },
        Expected {
            transaction: Some(("1200", "JPY", "Bob Smyth")),
            ..own
        },
        Expected {
            transaction: None,
            ..own
        },
        Expected {
            subject: "bob",
            ..own
        },
        Expected {
            session: Some("s2"),
            ..own
        },
    ] {
        let failure = check_receipt(&keys, &receipt, scenario.now, other)
            .err()
            .unwrap();
        assert_eq!(failure.code, Code::InvalidToken);
    }
    let late = check_receipt(&keys, &receipt, scenario.now + 60, own)
        .err()
        .unwrap();
    assert_eq!(late.code, Code::Expired);
}

/// Nothing but a genuine and new request for this user shows a payment.
#[test]
fn a_request_is_taken_from_its_user_once_and_in_time() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    let good = signed(&scenario, "alice", Some("s1"), PAID);
    let root = RootKey::from_random([1; 32]);
    let by = |key| signed_by(&key, scenario.now, "alice", Some("s1"), PAID);
    let mut altered = Vec::new();
    for at in 0..good.len() {
        let mut letters = good.clone().into_bytes();
        letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
        altered.push(String::from_utf8(letters).unwrap());
    }
    for request in [
        altered,
        vec![
            signed(&scenario, "bob", Some("s1"), PAID),
            signed(&scenario, "alice", Some("s2"), PAID),
            signed(&scenario, "alice", None, PAID),
            by(root.request_key("shop", true)),
            by(root.request_key("other", false)),
            by(RootKey::from_random([9; 32]).request_key("shop", false)),
            good[..good.len() - 1].to_string(),
            format!("{good}A"),
            String::new(),
        ],
    ]
    .concat()
    {
        let refused = scenario.get(&mut alice, &path(&request, PLACE));
        assert_eq!(
            (refused.place().0, refused.event()),
            (403, Event::Refused),
            "{request}"
        );
    }
    for (ahead, code) in [(60, "expired"), (3_600, "expired")] {
        scenario.now += ahead;
        let said = scenario
            .get(&mut alice.clone().json(), &path(&good, PLACE))
            .answer();
        let told: Value = serde_json::from_str(&said.body).unwrap();
        assert_eq!((said.status, &told["error"]), (403, &json!(code)));
        scenario.now -= ahead;
    }
    assert!(alice.cookies.is_empty() && scenario.counters.is_empty());

    // The control; and then the same once more, by a reload and after the payment.
    assert_eq!(
        scenario.get(&mut alice, &path(&good, PLACE)).place(),
        (303, "/.2fa/")
    );
    let again = scenario.get(&mut alice, &path(&good, PLACE)).answer();
    assert!(
        again.status == 403
            && again
                .body
                .contains("This payment can no longer be confirmed."),
        "{}",
        again.body
    );
    let note: Value =
        serde_json::from_str(&again.note.unwrap().line(again.event, "login", None)).unwrap();
    assert_eq!(
        (&note["code"], &note["outcome"]),
        (&json!("used"), &json!("refuse"))
    );
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    confirm(&mut scenario, &mut alice);
    assert_eq!(
        scenario
            .get(&mut alice, &path(&good, PLACE))
            .answer()
            .status,
        403
    );
    scenario.guard_is_down = true;
    let fresh = signed(&scenario, "alice", Some("s1"), ("5", "JPY", "Bob Smith"));
    assert_eq!(
        scenario
            .get(&mut alice, &path(&fresh, PLACE))
            .answer()
            .status,
        503
    );
}

#[test]
fn the_way_back_is_a_place_that_gets_receipts() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    let good = signed(&scenario, "alice", Some("s1"), PAID);
    for place in [
        "",
        "transfer",
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "/a/../b",
        "/.2fa/",
        "/.2fa/logout",
        "/healthz",
        "/static/x",
        "/a\r\nb",
        "/a?b#c",
        "/%2e%2e/a",
        &format!("/{}", "a".repeat(1_100)),
    ] {
        assert_eq!(
            scenario
                .get(&mut alice, &path(&good, place))
                .answer()
                .status,
            400,
            "{place}"
        );
    }
    let two = format!("{}&return_to=%2Fa", path(&good, "/a"));
    for target in [
        "/.2fa/step-up",
        "/.2fa/step-up?request=",
        &format!("/.2fa/step-up?request={good}"),
        "/.2fa/step-up?return_to=%2Fa",
        &two,
    ] {
        assert_eq!(
            scenario.get(&mut alice, target).answer().status,
            400,
            "{target}"
        );
    }
    for method in ["HEAD", "POST", "PUT"] {
        let status = scenario
            .request(&mut alice, method, &path(&good, PLACE))
            .answer()
            .status;
        assert!([404, 405].contains(&status), "{method}: {status}");
    }
    let mut nobody = alice.clone();
    nobody.claims.subject = None;
    assert_eq!(
        scenario
            .get(&mut nobody, &path(&good, PLACE))
            .answer()
            .status,
        401
    );
    assert!(alice.cookies.is_empty() && scenario.counters.is_empty());
    assert_eq!(
        scenario.get(&mut alice, &path(&good, PLACE)).place(),
        (303, "/.2fa/")
    );
}

/// A code is of its payment: neither of a login, nor of another amount.
#[test]
fn a_code_confirms_what_it_was_sent_for() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let (login, before) = (scenario.pin(), alice.clone());
    let _page = asked(&mut scenario, &mut alice);
    let refused = scenario.post(&mut alice, "verify", Some(&login));
    assert_eq!(refused.event(), Event::Refused);
    // The token of the login in the visit of the payment cannot be had: cookies are whole or nothing.
    scenario.now += 60;
    assert_eq!(
        scenario.post(&mut alice, "start", None).event(),
        Event::Sent
    );
    let pin = scenario.pin();
    let mut other = before;
    let _page = scenario.get(&mut other, "/.2fa/").answer();
    let refused = scenario.post(&mut other, "verify", Some(&pin));
    assert!(refused.event() == Event::Refused || pin == login);
    let (mut first, request) = (
        alice.clone(),
        signed(
            &scenario,
            "alice",
            Some("s1"),
            ("999999", "JPY", "Bob Smith"),
        ),
    );
    assert_eq!(
        scenario
            .get(&mut alice, &path(&request, "/transfer/8"))
            .place(),
        (303, "/.2fa/")
    );
    let refused = scenario.post(&mut alice, "verify", Some(&pin));
    assert_eq!(
        (refused.place(), refused.event()),
        ((303, "/.2fa/"), Event::Refused)
    );
    assert!(!alice.cookies.contains_key("__Host-2fa-payment"));
    assert_eq!(
        scenario.post(&mut first, "verify", Some(&pin)).place(),
        (303, PLACE)
    );
}

#[test]
fn a_confirmation_is_nothing_to_anybody_else_and_ends() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    let _page = asked(&mut scenario, &mut alice);
    confirm(&mut scenario, &mut alice);
    let confirmation = alice.cookies["__Host-2fa-payment"].clone();
    // Somebody else, with a pass of their own.
    let mut bob = Browser::signed_in("bob", "+819012345670", "s1");
    scenario.pass(&mut bob);
    let plain = scenario.get(&mut bob, PLACE).forward().receipt;
    bob.cookies
        .insert("__Host-2fa-payment".to_string(), confirmation.clone());
    assert_eq!(scenario.get(&mut bob, PLACE).forward().receipt, plain);
    // Any bit of it.
    for at in 0..confirmation.len() {
        let mut letters = confirmation.clone().into_bytes();
        letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
        let mut near = alice.clone();
        near.cookies.insert(
            "__Host-2fa-payment".to_string(),
            String::from_utf8(letters).unwrap(),
        );
        let outcome = scenario.get(&mut near, PLACE);
        assert!(receipt(&scenario, outcome, None).is_ok(), "{at}");
    }
    // Without a pass it opens nothing.
    let mut alone = alice.clone();
    alone.cookies.remove("__Host-2fa-pass");
    assert_eq!(scenario.get(&mut alone, PLACE).place(), (303, "/.2fa/"));
    // In time it is good, and then no more.
    let mut late = alice.clone();
    scenario.now += 60;
    let outcome = scenario.get(&mut late, PLACE);
    assert!(receipt(&scenario, outcome, None).is_ok());
    scenario.now -= 1;
    let outcome = scenario.get(&mut alice, PLACE);
    assert!(receipt(&scenario, outcome, Some(PAID)).is_ok());
}

#[test]
fn a_payment_that_is_left_is_not_confirmed_later() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    let _page = asked(&mut scenario, &mut alice);
    assert_eq!(
        scenario.post(&mut alice, "start", None).event(),
        Event::Sent
    );
    let pin = scenario.pin();
    // Another page was asked for, in another tab.
    let mut other = alice.clone();
    assert_eq!(
        scenario.get(&mut other, "/account").place(),
        (303, "/.2fa/")
    );
    let page = scenario.get(&mut other, "/.2fa/").answer().body;
    assert!(
        !page.contains("Bob Smith") && page.contains("/.2fa/start"),
        "{page}"
    );
    assert_eq!(
        scenario.post(&mut other, "verify", Some(&pin)).event(),
        Event::Refused
    );
    // Or nobody came for a quarter of an hour.
    scenario.now += 900;
    let page = scenario.get(&mut alice, "/.2fa/").answer().body;
    assert!(!page.contains("Bob Smith"), "{page}");
}

#[test]
fn programs_confirm_payments_too() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice().json());
    let request = signed(&scenario, "alice", Some("s1"), PAID);
    let said = scenario.get(&mut alice, &path(&request, PLACE)).answer();
    let told: Value = serde_json::from_str(&said.body).unwrap();
    assert_eq!((said.status, &told["step"]), (200, &json!("start")));
    assert_eq!(
        told["payment"],
        json!({"amount": "1200", "currency": "JPY", "payee": "Bob Smith"})
    );
    assert_eq!(
        scenario.post(&mut alice, "start", None).event(),
        Event::Sent
    );
    let pin = scenario.pin();
    let done = scenario.post(&mut alice, "verify", Some(&pin)).answer();
    assert!(
        header(&done, "set-cookie").unwrap().ends_with("Max-Age=60"),
        "{:?}",
        done.headers
    );
    let told: Value = serde_json::from_str(&done.body).unwrap();
    assert_eq!(told, json!({"step": "done", "return_to": PLACE}));
    let outcome = scenario.request(&mut alice, "POST", PLACE);
    assert!(receipt(&scenario, outcome, Some(PAID)).is_ok());
}
