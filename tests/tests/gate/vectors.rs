//! `tests/vectors/gate.json`: requests, and whether they reach the application. Written anew with `BLESS=1`; what each must come to stands
//! here, in the tables.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};
use xoxzo_2fa_gate::Event;
use xoxzo_2fa_tests::gate::{Browser, Outcome, Scenario};

/// Reaches the application without a pass.
const EXEMPT: &str = "exempt";
/// Reaches it with a receipt.
const FORWARD: &str = "forward";

/// Paths with one reading: 200 with a pass.
const PLAIN: &[&str] = &[
    "/",
    "/account",
    "/account/",
    "/a/b/c.html",
    "/account?tab=/../1",
    "/.well-known/x",
    "/a..b",
    "/a%20b",
    "/%E3%81%82",
    "/100%25",
    "/a:b@c!$&'()*+,=",
    "/healthz/",
    "/healthz/x",
    "/HEALTHZ",
    "/healthzz",
    "/statics",
    "/STATIC/a",
    "/.2fa.html",
    "/.2fab",
];

/// Paths that need no pass.
const EXEMPTED: &[&str] = &[
    "/healthz",
    "/healthz?a=/..",
    "/static",
    "/static/",
    "/static/a/b.css",
    "/static/a%20b",
];

/// Paths with more than one reading, most of them from an exempt place to a closed one.
const DOUBTFUL: &[&str] = &[
    "/static/../account",
    "/static/./../account",
    "/static/..",
    "/static/.",
    "/static//account",
    "//account",
    "//evil.example/account",
    "/static/%2e%2e/account",
    "/static/%2E%2E/account",
    "/static/.%2e/account",
    "/static/%2e/account",
    "/static/..%2faccount",
    "/static/..%20/account",
    "/static/%20/account",
    "/...",
    "/static%2f..%2faccount",
    "/static/..%5caccount",
    "/static/..\\account",
    "/static\\..\\account",
    "/static/..;/account",
    "/static;/../account",
    "/static/;a=b/../account",
    "/static/..%3b/account",
    "/static/%00/../account",
    "/static/a%00",
    "/static/%0a",
    "/static/%0d%0aset-cookie:a=b",
    "/%61ccount",
    "/%41ccount",
    "/acc%6Funt",
    "/account%2e",
    "/static/%",
    "/static/%2",
    "/static/%zz",
    "/static/%u002e%u002e/account",
    "/static/%252e%252e/account",
    "/static/%25%32%65/account",
    "/static/%252f",
    "/static/%c0%ae%c0%ae/account",
    "/static/%e0%80%ae/account",
    "/static/%ff",
    "/static/%c3",
    "/static/a\"b",
    "/static/<a>",
    "*",
    "account",
    "/.2fa/..",
    "/.2fa/../account",
    "/.2fa//",
    "/.2fa/%2e%2e/account",
    "/.2fa;/start",
    "/.2fa/verify/..%2f..%2faccount",
    "/%2e2fa/",
    "/.%32fa/",
];

/// A request without a body. Headers beside `accept: text/html`.
type Case = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    bool,
    &'static str,
    u16,
);

/// Method, target, headers, whether there is a pass, and what comes of it.
const METHODS: &[Case] = &[
    ("GET", "/account", &[], false, "refuse", 303),
    ("HEAD", "/account", &[], false, "refuse", 303),
    ("HEAD", "/account", &[], true, FORWARD, 200),
    ("POST", "/account", &[], false, "refuse", 401),
    ("POST", "/account", &[], true, FORWARD, 200),
    ("PUT", "/account", &[], false, "refuse", 401),
    ("DELETE", "/account", &[], false, "refuse", 401),
    ("PATCH", "/account", &[], false, "refuse", 401),
    ("PROPFIND", "/account", &[], false, "refuse", 401),
    ("OPTIONS", "/account", &[], false, "refuse", 401),
    (
        "OPTIONS",
        "/account",
        &[
            ("origin", "https://other.example"),
            ("access-control-request-method", "PUT"),
        ],
        false,
        "refuse",
        401,
    ),
    ("OPTIONS", "/account", &[], true, FORWARD, 200),
    ("TRACE", "/account", &[], true, "refuse", 405),
    (
        "GET",
        "/account",
        &[("accept", "application/json")],
        false,
        "refuse",
        401,
    ),
    (
        "GET",
        "/account",
        &[("accept", "*/*")],
        false,
        "refuse",
        401,
    ),
    (
        "GET",
        "/account",
        &[("sec-fetch-dest", "iframe")],
        false,
        "refuse",
        401,
    ),
    (
        "GET",
        "/account",
        &[("sec-fetch-dest", "document")],
        false,
        "refuse",
        303,
    ),
    (
        "GET",
        "/account",
        &[("x-http-method-override", "POST")],
        false,
        "refuse",
        303,
    ),
    (
        "GET",
        "/account",
        &[("x-original-url", "/healthz")],
        false,
        "refuse",
        303,
    ),
    (
        "GET",
        "/account",
        &[("x-rewrite-url", "/healthz")],
        false,
        "refuse",
        303,
    ),
    (
        "GET",
        "/account",
        &[("x-forwarded-prefix", "/static")],
        false,
        "refuse",
        303,
    ),
    ("GET", "/.2fa", &[], true, "refuse", 303),
    ("GET", "/.2fa/", &[], true, "refuse", 200),
    ("GET", "/.2fa/", &[], false, "refuse", 200),
    ("GET", "/.2fa/start", &[], false, "refuse", 405),
    ("GET", "/.2fa/verify?pin=000000", &[], false, "refuse", 405),
    ("GET", "/.2fa/app", &[], true, "refuse", 404),
    ("PUT", "/.2fa/", &[], true, "refuse", 405),
    (
        "POST",
        "/.2fa/",
        &[("origin", "https://app.example")],
        true,
        "refuse",
        405,
    ),
    (
        "POST",
        "/.2fa/app",
        &[("origin", "https://app.example")],
        true,
        "refuse",
        404,
    ),
    ("POST", "/.2fa/start", &[], true, "refuse", 403),
    (
        "POST",
        "/.2fa/start",
        &[("origin", "null")],
        true,
        "refuse",
        403,
    ),
    (
        "POST",
        "/.2fa/start",
        &[("origin", "https://evil.example")],
        true,
        "refuse",
        403,
    ),
    (
        "POST",
        "/.2fa/start",
        &[("origin", "https://app.example.evil.example")],
        true,
        "refuse",
        403,
    ),
    (
        "POST",
        "/.2fa/start",
        &[("origin", "https://app.example")],
        true,
        "refuse",
        415,
    ),
    (
        "POST",
        "/.2fa/start",
        &[
            ("origin", "https://app.example"),
            ("content-type", "application/x-www-form-urlencoded"),
        ],
        false,
        "refuse",
        403,
    ),
    (
        "GET",
        "/account",
        &[("upgrade", "websocket"), ("connection", "upgrade")],
        true,
        "refuse",
        403,
    ),
    (
        "GET",
        "/account",
        &[
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("origin", "https://evil.example"),
        ],
        true,
        "refuse",
        403,
    ),
    (
        "GET",
        "/account",
        &[
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("origin", "https://app.example"),
        ],
        false,
        "refuse",
        401,
    ),
    (
        "GET",
        "/account",
        &[
            ("upgrade", "websocket"),
            ("connection", "upgrade"),
            ("origin", "https://app.example"),
        ],
        true,
        FORWARD,
        200,
    ),
];

/// Subject, phone and session of an identity; what is missing; all refused, with a genuine pass of Alice at hand.
const IDENTITIES: &[(&str, [Option<&str>; 3])] = &[
    ("no subject", [None, Some("+819012345678"), Some("s1")]),
    ("no phone", [Some("alice"), None, Some("s1")]),
    ("no session", [Some("alice"), Some("+819012345678"), None]),
    ("nothing", [None, None, None]),
    (
        "an empty subject",
        [Some(""), Some("+819012345678"), Some("s1")],
    ),
    (
        "a subject with a space",
        [Some("alice "), Some("+819012345678"), Some("s1")],
    ),
    (
        "a subject beyond ASCII",
        [Some("alicé"), Some("+819012345678"), Some("s1")],
    ),
    (
        "a national number",
        [Some("alice"), Some("09012345678"), Some("s1")],
    ),
    (
        "a number with a trunk zero",
        [Some("alice"), Some("+8109012345678"), Some("s1")],
    ),
    (
        "a number with hyphens",
        [Some("alice"), Some("+81-90-1234-5678"), Some("s1")],
    ),
    ("a short number", [Some("alice"), Some("+819"), Some("s1")]),
    (
        "a session with a line break",
        [Some("alice"), Some("+819012345678"), Some("s1\n")],
    ),
];

fn vector(comment: &str, flag: &str, case: &Case) -> Value {
    let (method, target, headers, pass, result, status) = case;
    json!({"comment": comment, "flags": [flag], "method": method, "target": target, "headers": headers, "pass": pass, "result": result, "status": status})
}

fn made() -> Vec<Value> {
    let mut made = Vec::new();
    for target in PLAIN {
        made.push(vector(
            "one reading, with a pass",
            "Path",
            &("GET", target, &[], true, FORWARD, 200),
        ));
        made.push(vector(
            "one reading, without a pass",
            "Path",
            &("GET", target, &[], false, "refuse", 303),
        ));
    }
    for target in EXEMPTED {
        made.push(vector(
            "exempt",
            "Exempt",
            &("GET", target, &[], false, EXEMPT, 200),
        ));
        made.push(vector(
            "exempt, any method",
            "Exempt",
            &("POST", target, &[], false, EXEMPT, 200),
        ));
    }
    for target in DOUBTFUL {
        made.push(vector(
            "more than one reading",
            "Doubtful",
            &("GET", target, &[], false, "refuse", 400),
        ));
        made.push(vector(
            "more than one reading, with a pass",
            "Doubtful",
            &("GET", target, &[], true, "refuse", 400),
        ));
    }
    for case in METHODS {
        made.push(vector("a method or header", "Method", case));
    }
    for (comment, [subject, phone, session]) in IDENTITIES {
        let mut vector = vector(
            comment,
            "Identity",
            &("GET", "/account", &[], true, "refuse", 401),
        );
        vector["identity"] = json!({"sub": subject, "phone_number": phone, "sid": session});
        made.push(vector);
    }
    for (at, vector) in made.iter_mut().enumerate() {
        vector["tcId"] = json!(at + 1);
    }
    made
}

#[test]
fn what_reaches_the_application() {
    let made = made();
    let note = |bug: &str, about: &str| json!({"bugType": bug, "description": about});
    let whole = json!({
        "algorithm": "xoxzo-2fa 1", "schema": "gate.json", "numberOfTests": made.len(),
        "notes": {
            "Path": note("BASIC", "Everything is closed that is not exempt, however near its name is."),
            "Exempt": note("BASIC", "By the whole path, or by whole segments."),
            "Doubtful": note("AUTH_BYPASS", "Proxy and application may read the target as different paths."),
            "Method": note("AUTH_BYPASS", "No method and no header opens a path, and nothing but a form does anything."),
            "Identity": note("AUTH_BYPASS", "Who the user is, is missing or odd: 401, whatever else is there."),
        },
        "settings": {"origin": "https://app.example", "exempt": {"paths": ["/healthz"], "under": ["/static"]}},
        "tests": made,
    });
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/gate.json");
    if env::var_os("BLESS").is_some() {
        fs::write(&file, serde_json::to_string_pretty(&whole).unwrap() + "\n").unwrap();
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert!(kept == whole, "gate.json differs from the tables");
    for vector in kept["tests"].as_array().unwrap() {
        assert_eq!(
            judged(vector),
            (
                vector["result"].as_str().unwrap(),
                vector["status"].as_u64().unwrap()
            ),
            "{vector}"
        );
    }
}

fn judged(vector: &Value) -> (&'static str, u64) {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice();
    if vector["pass"] == true {
        scenario.pass(&mut alice);
    }
    if vector["identity"].is_object() {
        let claim = |name: &str| {
            vector["identity"][name]
                .as_str()
                .map(|text| text.as_bytes().to_vec())
        };
        alice.claims.subject = claim("sub");
        alice.claims.phone = claim("phone_number");
        alice.claims.session = claim("sid");
    }
    alice.headers = vec![("accept", "text/html".to_string())];
    for pair in vector["headers"].as_array().unwrap() {
        let name = pair[0].as_str().unwrap().to_string();
        alice = alice.with(Box::leak(name.into_boxed_str()), pair[1].as_str().unwrap());
    }
    let outcome = scenario.request(
        &mut alice,
        vector["method"].as_str().unwrap(),
        vector["target"].as_str().unwrap(),
    );
    assert!(scenario.calls.len() <= 1, "a message was sent");
    let result = match &outcome {
        Outcome::Forwarded(forward) if forward.event == Event::Exempt => EXEMPT,
        Outcome::Forwarded(forward) if forward.receipt.is_some() => FORWARD,
        Outcome::Forwarded(_) => "forwarded without a receipt",
        Outcome::Answered(_) => "refuse",
    };
    (result, outcome.place().0.into())
}

#[test]
fn what_the_client_says_in_our_name_is_taken_away() {
    let mut scenario = Scenario::with(&json!({"cors_preflight": "forward"}), &json!({}));
    let forged = |browser: Browser| {
        browser
            .with("x-2fa-receipt", "forged")
            .with("x-2fa-user", "root")
            .with("x_2fa_receipt", "forged")
            .with("x-2fa_b", "")
    };
    let mut alice = forged(Browser::alice());
    scenario.pass(&mut alice);
    for target in ["/account", "/healthz"] {
        let forward = scenario.get(&mut alice, target).forward();
        assert_eq!(
            forward.remove,
            ["x-2fa-receipt", "x-2fa-user", "x_2fa_receipt", "x-2fa_b"]
        );
        assert_eq!(forward.receipt.is_some(), target == "/account");
    }
    let preflight = forged(Browser::default())
        .with("origin", "https://other.example")
        .with("access-control-request-method", "PUT")
        .with("authorization", "x")
        .with("cookie", "y");
    let forward = scenario
        .request(&mut preflight.clone(), "OPTIONS", "/account")
        .forward();
    for name in ["x-2fa-receipt", "cookie", "authorization"] {
        assert!(forward.remove.iter().any(|own| own == name), "{name}");
    }
    for (name, value) in [("content-length", "5"), ("transfer-encoding", "chunked")] {
        assert_eq!(
            scenario
                .request(
                    &mut preflight.clone().with(name, value),
                    "OPTIONS",
                    "/account"
                )
                .answer()
                .status,
            401
        );
    }
    for name in ["origin", "access-control-request-method"] {
        assert_eq!(
            scenario
                .request(&mut preflight.clone().without(name), "OPTIONS", "/account")
                .answer()
                .status,
            401
        );
    }
}

#[test]
fn cookies_that_are_not_quite_ours_are_none() {
    let mut scenario = Scenario::with(&json!({}), &json!({}));
    let mut alice = Browser::alice();
    scenario.pass(&mut alice);
    let pass = alice.cookies["__Host-2fa-pass"].clone();
    let mut closed = |cookies: &[&str]| {
        let mut browser = Browser::alice();
        browser.headers.extend(
            cookies
                .iter()
                .map(|cookie| ("cookie", (*cookie).to_string())),
        );
        scenario.get(&mut browser, "/account").event() == Event::Challenged
    };
    assert!(!closed(&[
        "a=b",
        &format!("c=d; __Host-2fa-pass={pass}; e=f")
    ]));
    let own = format!("__Host-2fa-pass={pass}");
    assert!(
        closed(&[&own, &own])
            && closed(&[&format!("{own}; {own}")])
            && closed(&[&own, "__Host-2fa-pass=x"])
    );
    assert!(
        closed(&[&format!("__host-2fa-pass={pass}")])
            && closed(&[&format!("__Host-2fa-challenge={pass}")])
    );
    for at in 0..pass.len() {
        let mut near = pass.clone().into_bytes();
        near[at] = if near[at] == b'A' { b'B' } else { b'A' };
        let near = String::from_utf8(near).unwrap();
        assert!(
            closed(&[&format!("__Host-2fa-pass={near}")]),
            "character {at}"
        );
        assert!(
            closed(&[&format!("__Host-2fa-pass={}", &pass[..at])]),
            "up to {at}"
        );
    }
}
