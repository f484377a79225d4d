//! Headers and cookies: what is refused for them, and what of them reaches the application.

use serde_json::{Value, json};
use xoxzo_2fa_gate::{Event, Forward};
use xoxzo_2fa_tests::gate::{Browser, Scenario};

/// Headers by which some framework, proxy or Envoy itself takes another path, method or user.
const FOREIGN: [&str; 20] = [
    "x.2fa.receipt",
    "x-2fa.receipt",
    "x-envoy-original-path",
    "x-envoy-upstream-rq-timeout-ms",
    "x-envoy-internal",
    "x-forwarded-uri",
    "x-forwarded-path",
    "x-forwarded-prefix",
    "x_forwarded_prefix",
    "x-forwarded-method",
    "x-middleware-subrequest",
    "x-invoke-path",
    "x-original-url",
    "x-original-uri",
    "x-original-method",
    "x-rewrite-url",
    "x.rewrite.url",
    "x-http-method-override",
    "x-method-override",
    "x-script-name",
];

/// What Envoy and other proxies write, and other names of an application.
const KEPT: [&str; 5] = [
    "x-envoy-external-address",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-request-id",
    "x-2f",
];

#[test]
fn what_could_mislead_the_application_is_taken_away() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    for name in FOREIGN {
        let mut alice = alice.clone().with(name, "/account");
        for (target, event) in [("/account", Event::Forwarded), ("/healthz", Event::Exempt)] {
            let forward = scenario.get(&mut alice, target).forward();
            assert_eq!(
                (forward.event, &*forward.remove),
                (event, &[name.to_string()][..])
            );
        }
    }
    let mut alice = KEPT.iter().fold(alice, |alice, name| alice.with(name, "1"));
    let forward = scenario.get(&mut alice, "/account").forward();
    assert_eq!(forward.remove, Vec::<String>::new());
}

#[test]
fn other_spellings_of_the_users_headers_reach_nobody() {
    let names = json!({"source": "danger_headers", "subject": "x-user", "phone": "x-phone", "session": "x-session"});
    let mut scenario = Scenario::with(&json!({"identity": names}), &json!({}));
    let mut alice = Browser::default()
        .with("accept", "text/html")
        .with("origin", "https://app.example")
        .with("x-user", "alice")
        .with("x-phone", "+819012345678")
        .with("x-session", "s1");
    scenario.pass(&mut alice);
    let forward = scenario.get(&mut alice, "/account").forward();
    assert_eq!(forward.remove, Vec::<String>::new());
    for name in ["x.user", "x_user", "x~phone"] {
        let mut forged = alice.clone().with(name, "root");
        assert_eq!(
            scenario.get(&mut forged, "/account").answer().status,
            401,
            "{name}"
        );
        let forward = scenario.get(&mut forged, "/healthz").forward();
        assert_eq!(forward.remove, [name]);
    }
}

#[test]
fn the_gates_cookies_stay_with_it() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    let cookies = |forward: Forward| {
        forward
            .cookies
            .map(|value| String::from_utf8(value).unwrap())
    };
    assert_eq!(
        cookies(scenario.get(&mut alice, "/account").forward()).as_deref(),
        Some("")
    );
    alice
        .cookies
        .insert("__Host-2fa-challenge".to_string(), "x".to_string());
    alice
        .cookies
        .insert("session".to_string(), "a.b".to_string());
    alice
        .headers
        .push(("cookie", "theme=\"dark\"; lang=ja".to_string()));
    for target in ["/account", "/healthz"] {
        let forward = scenario.get(&mut alice, target).forward();
        assert_eq!(
            cookies(forward).as_deref(),
            Some("theme=\"dark\"; lang=ja; session=a.b"),
            "{target}"
        );
    }
    alice.cookies.clear();
    assert_eq!(scenario.get(&mut alice, "/healthz").forward().cookies, None);
}

#[test]
fn two_sessions_are_told_on_a_page_and_signing_in_stays_possible() {
    let identity = json!({"cookie": "__Host-session"});
    let gate =
        json!({"identity": identity, "exempt": {"paths": ["/login"]}, "sign_in_url": "/login"});
    let mut scenario = Scenario::with(&gate, &json!({}));
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    let with = |cookie: &str| alice.clone().with("cookie", cookie);
    for one in [
        "__Host-session=a",
        "a=__Host-session; __Host-session=b",
        "__Host-session=a; __Host-session-csrf=b",
    ] {
        assert_eq!(
            scenario.get(&mut with(one), "/account").event(),
            Event::Forwarded,
            "{one}"
        );
    }
    for two in [
        "__Host-session=a; __Host-session=b",
        "__Host-session=a; __host-session=b",
        "%5F%5FHost-session=a; __Host-session=b",
        "__Host-session=a, __Host-session=b",
        "%5F%5FHost-session=a",
    ] {
        for target in ["/account", "/.2fa/"] {
            let page = scenario.get(&mut with(two), target).answer();
            assert_eq!(
                (page.status, page.event),
                (403, Event::RejectedIdentity),
                "{two}"
            );
            assert!(
                page.body.contains("two sessions") && page.body.contains("href=\"/login\""),
                "{}",
                page.body
            );
        }
        let said = scenario.get(&mut with(two).json(), "/account").answer();
        let said: Value = serde_json::from_str(&said.body).unwrap();
        assert_eq!(said["error"], "two-sessions");
        assert_eq!(
            scenario.get(&mut with(two), "/login").event(),
            Event::Exempt
        );
    }
}

#[test]
fn upgrades_are_to_websocket_and_from_the_own_origin() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    let mut asked =
        |mut browser: Browser, target: &str| scenario.get(&mut browser, target).place().0;
    for target in ["/account", "/healthz", "/static/a"] {
        let socket = alice.clone().with("upgrade", "WebSocket");
        assert_eq!(asked(socket.clone(), target), 200, "{target}");
        for origin in ["https://evil.example", "null", "http://app.example"] {
            assert_eq!(
                asked(socket.clone().with("origin", origin), target),
                403,
                "{target} {origin}"
            );
        }
        assert_eq!(
            asked(socket.clone().without("origin"), target),
            403,
            "{target}"
        );
        // Through a connection that goes on as HTTP/2, requests would pass by the gate.
        for protocol in ["h2c", "websocket, h2c", "TLS/1.0", "connect-udp", ""] {
            assert_eq!(
                asked(alice.clone().with("upgrade", protocol), target),
                405,
                "{target} {protocol}"
            );
        }
    }
}
