//! What answers of Xoxzo mean, to a message and to a question about one.

use super::*;

const THROTTLED: &str = r#"{"detail":"Request was throttled. Expected available in 12 seconds."}"#;

/// A status, `Retry-After`, a body.
const ANSWERS: [(&str, u16, Option<&str>, &str); 27] = [
    ("an array of one", 201, None, r#"[{"msgid":"aB3"}]"#),
    ("a bare object", 200, None, r#"{"msgid":"aB3"}"#),
    ("a call", 201, None, r#"[{"callid":"0f1e-2d"}]"#),
    (
        "more than was asked",
        202,
        None,
        r#"[{"msgid":"aB3","cost":10.0,"tags":[]},{"msgid":"b"}]"#,
    ),
    (
        "a state",
        200,
        None,
        r#"{"msgid":"aB3","status":"DELIVERED","cost":15.0}"#,
    ),
    (
        "the other spelling",
        200,
        None,
        r#"{"msgid":"aB3","status":"OK"}"#,
    ),
    (
        "a failure in the other spelling",
        200,
        None,
        r#"{"msgid":"aB3","status":"FAIL"}"#,
    ),
    (
        "a call that nobody took",
        200,
        None,
        r#"{"callid":"0f","status":"NO ANSWER"}"#,
    ),
    (
        "a state without documentation",
        200,
        None,
        r#"{"msgid":"aB3","status":"PONDERING"}"#,
    ),
    (
        "a state that is none",
        200,
        None,
        r#"{"msgid":"aB3","status":"<b>"}"#,
    ),
    ("an id that is none", 201, None, r#"[{"msgid":"../x"}]"#),
    ("an id of another type", 201, None, r#"[{"msgid":7}]"#),
    ("an empty array", 201, None, "[]"),
    ("nothing", 204, None, ""),
    ("half", 201, None, r#"[{"msgid":"#),
    ("a page", 200, None, "<html>"),
    ("a redirect", 301, None, ""),
    (
        "a bad field",
        400,
        None,
        r#"{"recipient":["+819012345678 is no number"],"x":1}"#,
    ),
    (
        "the request as a whole",
        400,
        None,
        r#"{"non_field_errors":["Not enough credits, required: 40"]}"#,
    ),
    (
        "wrong credentials",
        401,
        None,
        r#"{"detail":"Invalid username/password."}"#,
    ),
    ("freeform is not allowed", 403, None, r#"{"detail":"no"}"#),
    ("unknown, as a page", 404, None, "<h1>Not Found</h1>"),
    ("throttled, by the header", 429, Some("7"), THROTTLED),
    ("throttled, by the detail", 429, None, THROTTLED),
    (
        "throttled, by a date",
        429,
        Some("Wed, 21 Oct 2026 07:28:00 GMT"),
        "{}",
    ),
    ("throttled, without a word", 429, None, ""),
    ("broken", 500, None, "<h1>Server Error</h1>"),
];

#[test]
fn responses() {
    let made = ANSWERS.map(|(comment, status, retry_after, body)| {
        let mut world = World::new(&document());
        let sent = world.start(LOGIN).map_err(|failure| failure.detail).unwrap();
        world.now += 60;
        world.xoxzo = xoxzo_2fa_core::Answer::Response(xoxzo_2fa_core::Response {
            status,
            retry_after: retry_after.map(str::to_string),
            body: body.to_string(),
        });
        let failed = |failure: xoxzo_2fa_core::Failure| {
            json!({"code": failure.code.name(), "detail": failure.detail, "retry_after": failure.retry_after})
        };
        let message = match world.start(LOGIN) {
            Ok(challenge) => json!({
                "delivery": challenge.delivery.name(), "message_id": challenge.message_id,
            }),
            Err(failure) => failed(failure),
        };
        let state = match world.status(&sent.handle.unwrap()) {
            Ok(report) => json!({
                "delivery": report.delivery.name(), "detail": report.detail,
            }),
            Err(failure) => failed(failure),
        };
        json!({
            "comment": comment, "flags": [], "result": "valid", "status": status, "retry_after": retry_after, "body": body,
            "message": message, "state": state,
        })
    });
    for vector in vectors("response.json", notes(&[]), made.to_vec()) {
        let status = u16::try_from(vector["status"].as_u64().unwrap()).unwrap();
        let answer = Recorder {
            answer: Some((
                status,
                vector["retry_after"].as_str().map(str::to_string),
                vector["body"].as_str().unwrap().to_string(),
            )),
            ..Recorder::default()
        };
        let now = u64::from(NOW);
        let own = document();
        let first = component_with(&own, Forgetful, now, Recorder::default()).unwrap();
        let handle = first.start(&binding(&login())).unwrap().handle.unwrap();
        let two_factor = component_with(&own, Forgetful, now, answer).unwrap();
        let failed = |error: Error| {
            let failure = error.failure().clone();
            let retry_after = failure.retry_after.map(|wait| wait.as_secs());
            json!({"code": failure.code.as_str(), "detail": failure.detail, "retry_after": retry_after})
        };
        let message = match two_factor.start(&binding(&login())) {
            Ok(challenge) => json!({
                "delivery": challenge.delivery.as_str(), "message_id": challenge.audit.message_id,
            }),
            Err(error) => failed(error),
        };
        let state = match two_factor.status(&handle) {
            Ok(report) => {
                json!({"delivery": report.delivery.as_str(), "detail": report.detail})
            }
            Err(error) => failed(error),
        };
        assert_eq!(message, vector["message"], "{}", vector["comment"]);
        assert_eq!(state, vector["state"], "{}", vector["comment"]);
    }
}
