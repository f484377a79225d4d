//! What forms do, and for whom they do nothing.

use serde_json::{Value, json};
use xoxzo_2fa_core::{Code, Locale, explain};
use xoxzo_2fa_gate::Event;
use xoxzo_2fa_tests::gate::{Browser, Scenario, header};
use xoxzo_2fa_tests::other_than;

fn scenario() -> Scenario {
    Scenario::with(
        &json!({}),
        &json!({"voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}}),
    )
}

#[test]
fn only_a_form_of_this_visit_does_anything() {
    let mut scenario = scenario();
    let mut alice = Browser::alice();
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    let from = |origin: &str| alice.clone().with("origin", origin);
    let silent = alice.clone().without("origin");
    let mut cookieless = alice.clone();
    cookieless.cookies.clear();
    let mut other_session = Browser::signed_in("alice", "+819012345678", "s2");
    other_session.cookies.clone_from(&alice.cookies);
    for (name, mut browser) in [
        ("another site", from("https://evil.example")),
        ("null", from("null")),
        ("a subdomain", from("https://x.app.example")),
        ("another port", from("https://app.example:8443")),
        ("another scheme", from("http://app.example")),
        ("silence", silent.clone()),
        (
            "cross-site",
            silent.clone().with("sec-fetch-site", "cross-site"),
        ),
        (
            "same-site",
            silent.clone().with("sec-fetch-site", "same-site"),
        ),
        ("none", silent.clone().with("sec-fetch-site", "none")),
        ("no cookie", cookieless),
        ("another session's cookie", other_session),
    ] {
        let refused = scenario.post(&mut browser, "start", None);
        assert_eq!(
            (refused.place().0, refused.event()),
            (403, Event::RejectedCrossSite),
            "{name}"
        );
    }
    for body in ["", "csrf=", "csrf=AAAA", "pin=1&csrf", "csrf=%ff"] {
        let refused = scenario.submit(&mut alice, "start", body.as_bytes());
        assert_eq!(refused.event(), Event::RejectedCrossSite, "{body}");
    }
    assert!(scenario.calls.is_empty());
    let mut fetching = silent.with("sec-fetch-site", "same-origin");
    assert_eq!(
        scenario.post(&mut fetching, "start", None).event(),
        Event::Sent
    );
}

#[test]
fn a_proof_is_of_one_visit_and_stands_once() {
    let mut scenario = scenario();
    let (mut alice, mut other) = (Browser::alice(), Browser::alice());
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    let page = scenario.get(&mut other, "/.2fa/").answer().body;
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
    let (foreign, _) = rest.split_once('"').unwrap();
    assert_eq!(
        scenario
            .submit(&mut alice, "start", format!("csrf={foreign}").as_bytes())
            .event(),
        Event::RejectedCrossSite
    );
    let twice = format!("csrf={foreign}&csrf={foreign}");
    assert_eq!(
        scenario
            .submit(&mut other, "start", twice.as_bytes())
            .event(),
        Event::RejectedCrossSite
    );
    assert_eq!(
        scenario
            .submit(&mut other, "start", format!("csrf={foreign}").as_bytes())
            .event(),
        Event::Sent
    );
}

#[test]
fn nothing_but_a_form_does_anything() {
    let mut scenario = scenario();
    let mut alice = Browser::alice();
    let _page = scenario.get(&mut alice, "/.2fa/").answer();
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        for action in ["start", "verify", "resend", "voice", "logout"] {
            let answer = scenario
                .request(&mut alice, method, &format!("/.2fa/{action}"))
                .answer();
            assert!(
                [404, 405].contains(&answer.status),
                "{method} {action}: {}",
                answer.status
            );
        }
    }
    for (kind, status) in [
        ("application/json", 415),
        ("text/plain", 415),
        ("multipart/form-data", 415),
        ("", 415),
    ] {
        let mut browser = alice.clone().with("content-type", kind);
        assert_eq!(
            scenario.post(&mut browser, "start", None).answer().status,
            status,
            "{kind}"
        );
    }
    let long = vec![b'a'; 8 * 1024 + 1];
    assert_eq!(
        scenario.submit(&mut alice, "start", &long).answer().status,
        413
    );
    assert!(scenario.calls.is_empty() && scenario.counters.is_empty());
}

#[test]
fn a_wrong_code_costs_a_guess_and_the_page_says_so() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let pin = scenario.pin();
    for left in [4, 3, 2] {
        assert_eq!(
            scenario
                .post(&mut alice, "verify", Some(other_than(&pin)))
                .place(),
            (303, "/.2fa/")
        );
        let page = scenario.get(&mut alice, "/.2fa/").answer().body;
        assert!(
            page.contains(&format!("{left} tries are left"))
                && page.contains("aria-invalid=\"true\""),
            "{page}"
        );
    }
    assert_eq!(
        scenario.post(&mut alice, "verify", Some("12")).place(),
        (303, "/.2fa/")
    );
    assert!(
        scenario
            .get(&mut alice, "/.2fa/")
            .answer()
            .body
            .contains("Type all the digits of the code and nothing else.")
    );
    let spaced = format!(" {} {}", &pin[..3], &pin[3..]);
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&spaced)).place(),
        (303, "/account")
    );
}

#[test]
fn the_last_guess_is_said_to_be_the_last() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let pin = scenario.pin();
    for _ in 0..5 {
        let _refused = scenario.post(&mut alice, "verify", Some(other_than(&pin)));
    }
    let page = scenario.get(&mut alice, "/.2fa/").answer().body;
    assert!(
        page.contains("That is not the code. No tries are left, so ask for a new code."),
        "{page}"
    );
    assert!(page.contains("action=\"/.2fa/start\"") && !page.contains("name=\"pin\""));
}

#[test]
fn an_old_cookie_gives_no_guess_back() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let (pin, mut fresh) = (scenario.pin(), alice.clone());
    for _ in 0..5 {
        let _refused = scenario.post(&mut fresh.clone(), "verify", Some(other_than(&pin)));
    }
    let last = scenario.post(&mut fresh, "verify", Some(&pin));
    assert_eq!(
        (last.place(), last.event()),
        ((303, "/.2fa/"), Event::Refused)
    );
}

#[test]
fn a_code_works_once() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let (pin, mut copy) = (scenario.pin(), alice.clone());
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&pin)).event(),
        Event::Accepted
    );
    assert_eq!(
        scenario.post(&mut copy, "verify", Some(&pin)).event(),
        Event::Refused
    );
    assert!(!copy.cookies.contains_key("__Host-2fa-pass"));
    // Loading the page again after that shows the start, not an error.
    assert!(
        scenario
            .get(&mut copy, "/.2fa/")
            .answer()
            .body
            .contains("action=\"/.2fa/start\"")
    );
}

#[test]
fn another_message_and_a_call_say_the_same_code() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let pin = scenario.pin();
    assert_eq!(
        scenario.post(&mut alice, "resend", None).event(),
        Event::Refused
    );
    assert!(
        scenario
            .get(&mut alice, "/.2fa/")
            .answer()
            .body
            .contains("This was requested a moment ago. Try again in 60 seconds.")
    );
    scenario.now += 60;
    assert_eq!(
        scenario.post(&mut alice, "resend", None).event(),
        Event::Sent
    );
    assert_eq!(scenario.pin(), pin);
    scenario.now += 60;
    assert_eq!(
        scenario.post(&mut alice, "voice", None).event(),
        Event::Sent
    );
    assert!(
        scenario
            .calls
            .last()
            .unwrap()
            .url
            .ends_with("/voice/simple/playbacks/")
    );
    assert_eq!(scenario.pin(), pin);
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&pin)).event(),
        Event::Accepted
    );
}

#[test]
fn a_second_start_is_the_first() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let again = scenario.post(&mut alice, "start", None);
    assert_eq!(
        (again.place(), again.event(), scenario.calls.len()),
        ((303, "/.2fa/"), Event::Challenged, 1)
    );
}

#[test]
fn tabs_do_not_disturb_each_other() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/one");
    let pin = scenario.pin();
    assert_eq!(scenario.get(&mut alice, "/two").place(), (303, "/.2fa/"));
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&pin)).place(),
        (303, "/two")
    );
}

#[test]
fn the_time_of_a_challenge_and_of_a_visit_end() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice());
    scenario.challenge(&mut alice, "/account");
    let pin = scenario.pin();
    scenario.now += 300;
    assert_eq!(
        scenario.post(&mut alice, "verify", Some(&pin)).event(),
        Event::Refused
    );
    assert!(
        scenario
            .get(&mut alice, "/.2fa/")
            .answer()
            .body
            .contains("The code has expired.")
    );
    assert_eq!(
        scenario.post(&mut alice, "start", None).event(),
        Event::Sent
    );
    scenario.now += 3_600;
    assert_eq!(
        scenario.post(&mut alice, "start", None).answer().status,
        403
    );
}

#[test]
fn too_many_failures_lock_and_show_the_way_out() {
    let limits = json!({"failures": {"hard": 3}});
    let mut scenario = Scenario::with(
        &json!({"recovery_url": "https://help.example/phone"}),
        &limits,
    );
    let mut alice = Browser::alice();
    scenario.challenge(&mut alice, "/account");
    let pin = scenario.pin();
    for _ in 0..3 {
        let _refused = scenario.post(&mut alice, "verify", Some(other_than(&pin)));
    }
    assert_eq!(
        scenario.post(&mut alice, "start", None).event(),
        Event::Refused
    );
    let page = scenario.get(&mut alice, "/.2fa/").answer();
    assert!(
        page.body.contains("Confirming is locked")
            && page
                .body
                .contains("class=\"recovery\" href=\"https://help.example/phone\"")
    );
    assert!(!page.body.contains("name=\"pin\""));
}

#[test]
fn programs_are_told_as_json() {
    let (mut scenario, mut alice) = (scenario(), Browser::alice().json());
    let body = |answer: xoxzo_2fa_gate::GateResponse| -> (u16, Value) {
        (answer.status, serde_json::from_str(&answer.body).unwrap())
    };
    let (status, said) = body(scenario.get(&mut alice, "/account").answer());
    assert_eq!(
        (status, said),
        (
            401,
            json!({
                "error": "two-factor-required",
                "text": "This needs a code first. What you sent was not passed on.",
                "gate": "/.2fa/",
            })
        )
    );
    let (status, said) = body(scenario.get(&mut alice, "/.2fa/").answer());
    assert_eq!(
        (status, &said["step"], &said["to"]),
        (200, &json!("start"), &json!("+81********78"))
    );
    let (status, said) = body(scenario.post(&mut alice, "start", None).answer());
    assert_eq!(
        (
            status,
            &said["step"],
            &said["resend_after_seconds"],
            &said["voice"]
        ),
        (200, &json!("code"), &json!(60), &json!(true))
    );
    let pin = scenario.pin();
    let (status, said) = body(
        scenario
            .post(&mut alice, "verify", Some(other_than(&pin)))
            .answer(),
    );
    assert_eq!(
        (status, &said["error"], &said["guesses_left"]),
        (422, &json!("wrong-pin"), &json!(4))
    );
    let text = |code, left, wait| json!(explain(code, left, wait, Locale::En).text);
    assert_eq!(said["text"], text(Code::WrongPin, Some(4), None));
    let refused = scenario.post(&mut alice, "resend", None).answer();
    assert_eq!(header(&refused, "retry-after"), Some("60"));
    let (status, said) = body(refused);
    assert_eq!(
        (status, &said["error"], &said["retry_after_seconds"]),
        (429, &json!("cooldown"), &json!(60))
    );
    assert_eq!(said["text"], text(Code::Cooldown, None, Some(60)));
    let (status, said) = body(scenario.post(&mut alice, "verify", Some(&pin)).answer());
    assert_eq!(
        (status, said),
        (200, json!({"step": "done", "return_to": "/"}))
    );
    assert_eq!(
        scenario.get(&mut alice, "/account").event(),
        Event::Forwarded
    );
    let (_, said) = body(scenario.get(&mut alice, "/.2fa/").answer());
    assert_eq!(said["step"], "done");
}

#[test]
fn an_app_behind_headers_is_believed_only_by_that_setting() {
    let names = json!({"source": "danger_headers", "subject": "x-user", "phone": "x-phone", "session": "x-session"});
    let mut scenario = Scenario::with(&json!({"identity": names}), &json!({}));
    let anyone = || {
        Browser::default()
            .with("accept", "text/html")
            .with("x-user", "alice")
            .with("x-phone", "+819012345678")
            .with("x-session", "s1")
    };
    assert_eq!(
        scenario.get(&mut anyone(), "/account").place(),
        (303, "/.2fa/")
    );
    for name in ["x-user", "x-phone", "x-session"] {
        assert_eq!(
            scenario
                .get(&mut anyone().without(name), "/account")
                .answer()
                .status,
            401,
            "{name}"
        );
        for odd in ["", " ", "a b", "é"] {
            assert_eq!(
                scenario
                    .get(&mut anyone().with(name, odd), "/account")
                    .answer()
                    .status,
                401,
                "{name}"
            );
        }
        let mut twice = anyone();
        let value = twice
            .headers
            .iter()
            .find(|(own, _)| *own == name)
            .unwrap()
            .clone();
        twice.headers.push(value);
        assert_eq!(
            scenario.get(&mut twice, "/account").answer().status,
            401,
            "{name} twice"
        );
        let mut variant = anyone();
        variant.headers.push((
            Box::leak(name.replace('-', "_").into_boxed_str()),
            "mallory".into(),
        ));
        assert_eq!(
            scenario.get(&mut variant, "/account").answer().status,
            401,
            "{name} with underscores"
        );
    }
    assert_eq!(
        scenario
            .get(&mut anyone().with("x-phone", "09012345678"), "/account")
            .answer()
            .status,
        401
    );
    // Claims of a filter are not looked at then, nor headers otherwise.
    let mut claimed = Browser::alice();
    assert_eq!(scenario.get(&mut claimed, "/account").answer().status, 401);
    assert_eq!(
        super::forms::scenario()
            .get(&mut anyone(), "/account")
            .answer()
            .status,
        401
    );
}
