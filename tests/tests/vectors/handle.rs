//! Handles, and near misses.

use super::*;
use xoxzo_2fa_core::{Answer, NoAnswer, Operation, Status, Turn};
use xoxzo_2fa_tests::audited;

#[test]
fn handles() {
    let voice = json!({"voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}});
    let document = with(document(), voice);
    let handle_of = |later: u32, channel: &str, decoy: bool| {
        let mut world = World::new(&document);
        world.now += later;
        let sending = Sending {
            decoy,
            ..Sending::default()
        };
        let mut sent = world
            .start_with(LOGIN, sending)
            .map_err(|failure| failure.detail)
            .unwrap();
        if channel == "voice" {
            world.now += 60;
            let (channel, _) = channels(&json!({"channel": channel}));
            let call = Sending {
                channel,
                ..Sending::default()
            };
            sent = world
                .resend(&sent.token, LOGIN, call)
                .map_err(|failure| failure.detail)
                .unwrap();
        }
        (sent.handle.unwrap(), sent.token, world.now)
    };
    let handle = |channel: &str, decoy: bool| handle_of(0, channel, decoy);
    let (sms, token, now) = handle("sms", false);
    let (call, _, later) = handle("voice", false);
    let (decoy, _, _) = handle("sms", true);
    // The first of each kind of end.
    let end = |(handle, _, sent): &(String, String, u32)| {
        let mut world = World::new(&document);
        world.now = sent + 400;
        let report = world.status(handle);
        report.map_err(|failure| failure.detail).unwrap().detail
    };
    let decoys = [
        ("sms", "DELIVERED"),
        ("sms", "FAILED"),
        ("voice", "ANSWERED"),
        ("voice", "NO ANSWER"),
    ]
    .map(|(channel, last)| {
        let mut all = (1..200).map(|later| handle_of(later, channel, true));
        all.find(|decoy| end(decoy) == last).unwrap()
    });
    let mut rotated = document.clone();
    rotated["keys"] = json!([key(2), key(1)]);
    let mut dropped = document.clone();
    dropped["keys"] = json!([key(2)]);
    let cases = [
        ("of an SMS", "Form", &document, sms.clone(), now),
        ("of a call", "Form", &document, call, later),
        (
            "of a decoy: nothing is asked",
            "Decoy",
            &document,
            decoy,
            now,
        ),
        (
            "the last second",
            "Time",
            &document,
            sms.clone(),
            now + 86_399,
        ),
        (
            "the second after",
            "Time",
            &document,
            sms.clone(),
            now + 86_400,
        ),
        (
            "from a clock a minute ahead",
            "Time",
            &document,
            sms.clone(),
            now - 60,
        ),
        (
            "from a clock more than a minute ahead",
            "Time",
            &document,
            sms.clone(),
            now - 61,
        ),
        (
            "a clock before this format, and no handle at all",
            "Time",
            &document,
            "x".to_string(),
            EARLIEST - 1,
        ),
        (
            "the signing key is no longer the first",
            "Rotation",
            &rotated,
            sms.clone(),
            now,
        ),
        (
            "the signing key is gone",
            "Rotation",
            &dropped,
            sms.clone(),
            now,
        ),
        ("padded", "Spelling", &document, format!("{sms}="), now),
        (
            "cut",
            "Spelling",
            &document,
            sms[..sms.len() - 4].to_string(),
            now,
        ),
        ("empty", "Spelling", &document, String::new(), now),
        ("a token", "Kind", &document, token, now),
        ("a bare id", "Kind", &document, "m1".to_string(), now),
    ];
    let mut cases = cases.to_vec();
    for (handle, _, sent) in decoys {
        for age in [0, 1, 3, 5, 8, 12, 30, 60, 300, 86_399] {
            let comment = "of a decoy: the state is drawn";
            cases.push((comment, "Decoy", &document, handle.clone(), sent + age));
        }
    }
    let made = cases.into_iter().map(|(comment, flag, document, handle, now)| {
        let mut world = World::new(document);
        world.now = now;
        world.xoxzo = said(200, None, DELIVERED);
        let mut vector = json!({
            "comment": comment, "flags": [flag], "document": document, "handle": handle, "now": now,
        });
        match world.status(&handle) {
            Ok(report) => {
                vector["result"] = json!("valid");
                vector["state"] = json!(report.detail);
                vector["url"] = json!(world.requests.pop().map(|request| request.url));
                vector["counter"] = json!(world.counters.keys().next().map(|name| name.to_text()));
                vector["challenge_id"] = json!(challenge_id(&world, &handle));
            }
            Err(failure) => {
                vector["result"] = json!("invalid");
                vector["code"] = json!(failure.code.name());
            }
        }
        vector
    });
    let flags = notes(&[
        (
            "Decoy",
            "INFORMATION_LEAK",
            "Of a message that was never sent.",
        ),
        ("Form", "FORMAT", "As it was made."),
        ("Kind", "CONFUSION", "Something else."),
        ("Rotation", "KEY_MANAGEMENT", "Keys moved or went."),
        (
            "Spelling",
            "MALLEABILITY",
            "Not the one spelling of a handle.",
        ),
        (
            "Time",
            "EXPIRY",
            "Near the ends of the day that a handle lives.",
        ),
    ]);
    for vector in vectors("handle.json", flags, made.collect()) {
        let recorder = Recorder {
            answer: Some((200, None, DELIVERED.to_string())),
            ..Recorder::default()
        };
        let now = vector["now"].as_u64().unwrap();
        let two_factor = component(&vector["document"], now, recorder.clone()).unwrap();
        match two_factor.status(&vector["handle"].as_str().unwrap().into()) {
            Ok(report) => {
                assert_eq!(json!(report.detail), vector["state"]);
                let asked = recorder.seen.lock().unwrap().pop();
                assert_eq!(
                    json!(asked.map(|(request, _)| request["url"].clone())),
                    vector["url"]
                );
            }
            Err(error) => assert_eq!(
                json!(error.code().as_str()),
                vector["code"],
                "{}",
                vector["tcId"]
            ),
        }
    }
}

const DELIVERED: &str = r#"{"msgid":"m1","status":"DELIVERED"}"#;

/// The id that operators are told of a question that the guard did not answer.
fn challenge_id(world: &World, handle: &str) -> Option<String> {
    let begun = Status::begin(&world.settings, world.now, handle);
    let asked = audited(&world.settings, begun);
    let Ok(Turn::Count(_, waiting)) = asked else {
        panic!("a status counts first")
    };
    let silence = Answer::Unanswered(NoAnswer::GuardUnreachable, String::new());
    let failure = waiting.resume(&world.settings, world.now, silence).err();
    failure.and_then(|failure| failure.audit?.challenge_id)
}
