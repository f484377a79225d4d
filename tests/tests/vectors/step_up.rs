//! Step-up requests, and near misses.

use xoxzo_2fa_core::{RequestKey, SignedRequest, StepUp, check_request, sign_request};

use super::*;

/// A payment that needs no rounding, and one whose payee has characters of three bytes.
const PAYMENTS: [(&str, &str, &str); 2] =
    [("12.50", "EUR", "Ann Lee"), ("1250", "JPY", "例のお店")];

fn signed(key: &RequestKey, asked: StepUp<'_>, seed: u8) -> String {
    let signed = sign_request(key, NOW, asked, &mut Counting(seed));
    let SignedRequest {
        request,
        expires_in,
    } = signed.map_err(|failure| failure.detail).unwrap();
    assert_eq!(expires_in, 60);
    request
}

#[test]
fn step_up_requests() {
    let root = RootKey::parse(&key(1)).unwrap();
    let [own, test, other] = [("shop", false), ("shop", true), ("bank", false)]
        .map(|(audience, test)| root.request_key(audience, test));
    let mut made = Vec::new();
    for (seed, transaction) in (0..).zip(PAYMENTS) {
        let session = (seed == 0).then_some("s-1");
        let asked = StepUp {
            subject: "user-1",
            session,
            transaction,
        };
        let base = json!({
            "document": document(), "request_keys": [own.to_text()], "request": signed(&own, asked, seed), "now": NOW, "subject": "user-1", "session": session,
            "comment": "as it was made", "flags": [],
        });
        made.extend(near(&base, &other, &test));
    }
    made.push(longest(&own));
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let receipt = world.verify(&token, LOGIN, &pin);
    let receipt = receipt.map_err(|failure| failure.detail).unwrap();
    for (comment, other) in [("a token", token), ("a receipt", receipt)] {
        made.push(json!({
            "document": document(), "request_keys": [own.to_text()], "request": other, "now": NOW, "subject": "user-1", "session": null,
            "comment": comment, "flags": ["Kind"],
        }));
    }
    for vector in &mut made {
        judge(vector);
    }
    let notes = notes(&[
        (
            "Audience",
            "KEY_SEPARATION",
            "The key of another audience or mode, or none.",
        ),
        ("Kind", "CONFUSION", "Something else of the same root."),
        ("Length", "EDGE_CASE", "The longest request."),
        ("Rotation", "KEY_MANAGEMENT", "More than one key."),
        (
            "Spelling",
            "MALLEABILITY",
            "Not the one spelling of a request.",
        ),
        ("Time", "EXPIRY", "Near the ends of the request's life."),
        (
            "User",
            "AUTHORIZATION",
            "A genuine request, brought by somebody else.",
        ),
    ]);
    vectors("step-up.json", notes, made);
}

/// The engine accepts a request that the SDK signed once, and only from the user and session that it was made for.
#[test]
fn a_request_of_the_sdk_is_taken_once() {
    let root = RootKey::parse(&key(1)).unwrap();
    let keys = [root.request_key("shop", false)];
    let own = xoxzo_2fa::request_key(&key(1), "shop", false).unwrap();
    assert_eq!(own, keys[0].to_text());
    let payment = Transaction::new("12.50", "EUR", "Ann Lee");
    let step_up = xoxzo_2fa::StepUp::new("user-1", payment).session("s-1");
    let now = UNIX_EPOCH + Duration::from_secs(NOW.into());
    let signed = || xoxzo_2fa::sign_request(&own, now, &step_up).unwrap();
    let taken = |request: &str, subject| {
        let genuine = check_request(&keys, request, NOW + 59, subject, Some("s-1"));
        genuine.map_err(|failure| failure.code)
    };
    let (first, second) = (signed(), signed());
    assert!(taken(&first, "user-2").is_err_and(|code| code == Code::InvalidToken));
    let settings = prepared(&document());
    let mut counters = Counters::new();
    let mut burn = |request: &str, now| {
        let burn = taken(request, "user-1").ok().unwrap().burn(&settings);
        let (total, refused) = charge(&mut counters, &burn, now);
        (total.total, total.ends_in, refused)
    };
    assert_eq!(burn(&first, NOW), (1, 300, false));
    assert_eq!(burn(&second, NOW), (1, 300, false));
    assert_eq!(burn(&first, NOW + 1), (2, 299, true));
    // Longer than any gate, with whatever clock, could take it.
    assert_eq!(burn(&first, NOW + 299), (2, 1, true));
}

#[test]
fn what_is_signed_has_its_form() {
    let key = RootKey::parse(&key(1)).unwrap().request_key("shop", false);
    let asked = StepUp {
        subject: "user-1",
        session: None,
        transaction: PAYMENTS[0],
    };
    let told = |asked, now| {
        let refused = sign_request(&key, now, asked, &mut Counting::default()).err();
        refused.map(|failure| (failure.code, failure.detail.into_owned()))
    };
    assert_eq!(told(asked, NOW), None);
    let field = |asked| {
        let (code, detail) = told(asked, NOW).unwrap();
        assert_eq!(code, Code::Request);
        detail.split(':').next().map(str::to_string)
    };
    let (subject, session) = ("user 1", Some(""));
    assert_eq!(
        field(StepUp { subject, ..asked }).as_deref(),
        Some("subject")
    );
    assert_eq!(
        field(StepUp { session, ..asked }).as_deref(),
        Some("session")
    );
    for (at, transaction) in [
        ("amount", ("12.5", "EUR", "Ann Lee")),
        ("currency", ("12.50", "EURO", "Ann Lee")),
        ("payee", ("12.50", "EUR", "evil.example")),
    ] {
        let refused = field(StepUp {
            transaction,
            ..asked
        });
        assert_eq!(refused.as_deref(), Some(at));
    }
    assert_eq!(told(asked, 0).map(|(code, _)| code), Some(Code::Clock));
}

/// The vector itself, and its request with other keys, of other users, at other times and in other spellings.
fn near(base: &Value, other: &RequestKey, test: &RequestKey) -> Vec<Value> {
    let request = base["request"].as_str().unwrap();
    let change = |comment: &str, flag: &str, change| {
        with(
            with(base.clone(), json!({"comment": comment, "flags": [flag]})),
            change,
        )
    };
    let own = &base["request_keys"][0];
    let (other, test) = (other.to_text(), test.to_text());
    let (without, session) = match base["session"].as_str() {
        Some(_) => ("no session where there is one", json!(null)),
        None => ("a session where there is none", json!("s-1")),
    };
    vec![
        base.clone(),
        change(
            "with two keys",
            "Rotation",
            json!({"request_keys": [other, own]}),
        ),
        change("the last second", "Time", json!({"now": NOW + 59})),
        change("the second after", "Time", json!({"now": NOW + 60})),
        change(
            "from a clock a minute ahead",
            "Time",
            json!({"now": NOW - 60}),
        ),
        change(
            "from a clock more than a minute ahead",
            "Time",
            json!({"now": NOW - 61}),
        ),
        change(
            "a clock before this format, and no step-up request at all",
            "Time",
            json!({"now": EARLIEST - 1, "request": "x"}),
        ),
        change(
            "the key of another audience",
            "Audience",
            json!({"request_keys": [other]}),
        ),
        change(
            "the key of test mode",
            "Audience",
            json!({"request_keys": [test]}),
        ),
        change("no key", "Audience", json!({"request_keys": []})),
        change("another subject", "User", json!({"subject": "user-2"})),
        change("another session", "User", json!({"session": "s-2"})),
        change(without, "User", json!({"session": session})),
        change(
            "another subject, when it is over",
            "User",
            json!({"subject": "user-2", "now": NOW + 60}),
        ),
        change(
            "padded",
            "Spelling",
            json!({"request": format!("{request}=")}),
        ),
        change(
            "cut",
            "Spelling",
            json!({"request": request[..request.len() - 4]}),
        ),
        change(
            "without its MAC",
            "Spelling",
            json!({"request": request[..request.len() - 43]}),
        ),
        change(
            "longer than any",
            "Spelling",
            json!({"request": request.repeat(8)}),
        ),
        change("empty", "Spelling", json!({"request": ""})),
    ]
}

/// The longest that can be made.
fn longest(key: &RequestKey) -> Value {
    let payee = "例".repeat(40);
    let asked = StepUp {
        subject: "user-1",
        session: None,
        transaction: ("9999999999999.99", "EUR", &payee),
    };
    let request = signed(key, asked, 2);
    assert_eq!(request.len(), 272);
    json!({
        "document": document(), "request_keys": [key.to_text()], "request": request, "now": NOW, "subject": "user-1", "session": null,
        "comment": "the longest", "flags": ["Length"],
    })
}

/// Writes what the engine answers into a vector.
fn judge(vector: &mut Value) {
    let keys = vector["request_keys"].as_array().unwrap().iter();
    let keys: Vec<_> = keys
        .map(|key| RequestKey::parse(key.as_str().unwrap()).unwrap())
        .collect();
    let now = u32::try_from(vector["now"].as_u64().unwrap()).unwrap();
    let text = |name: &str| vector[name].as_str().unwrap();
    match check_request(
        &keys,
        text("request"),
        now,
        text("subject"),
        vector["session"].as_str(),
    ) {
        Ok(genuine) => {
            let burn = genuine.burn(&prepared(&vector["document"]));
            let paid = genuine.transaction;
            vector["counter"] = json!(burn.counter.to_text());
            vector["result"] = json!("valid");
            vector["transaction"] =
                json!({"amount": paid.amount, "currency": paid.currency, "payee": paid.payee});
        }
        Err(failure) => {
            vector["result"] = json!("invalid");
            vector["code"] = json!(failure.code.name());
        }
    }
}
