//! States: what may be resumed, with what, and how long; and that text answers what the engine answers.

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Answer, Dispatch, Ended, Failure, NoAnswer, Operation, Prepared, Sending, Status, Suspended,
    Total, Totals, Turn, Unlock, Verify,
};
use xoxzo_2fa_json::Conversation;
use xoxzo_2fa_tests::{Counting, LOGIN, NOW, World, audited, document, key, prepared, said, taken};

/// The state of an operation that waits for the guard, or for Xoxzo.
fn state(settings: &Prepared, turn: Turn<Suspended>) -> String {
    match turn {
        Turn::Count(_, waiting) | Turn::Send(_, waiting) => waiting.to_state(settings, NOW),
        Turn::Done(_) => panic!("it does not wait"),
    }
}

fn start(settings: &Prepared) -> Turn<Suspended> {
    let start = Dispatch::start(
        settings,
        NOW,
        LOGIN,
        Sending::default(),
        &mut Counting::default(),
    );
    audited(settings, start).map_err(detail).unwrap()
}

fn detail(failure: Failure) -> String {
    failure.detail.into_owned()
}

fn refusal(settings: &Prepared, now: u32, state: &str) -> Option<String> {
    Suspended::from_state(settings, now, state)
        .err()
        .map(detail)
}

const FOREIGN: &str = "state: must be one that these settings gave, unchanged";

#[test]
fn a_state_is_of_its_settings_and_of_its_minute() {
    let settings = prepared(&document());
    let state = state(&settings, start(&settings));
    for now in [NOW - 60, NOW, NOW + 60] {
        assert_eq!(refusal(&settings, now, &state), None);
    }
    for now in [0, NOW - 61, NOW + 61, u32::MAX] {
        assert_eq!(
            refusal(&settings, now, &state).as_deref(),
            Some("over a minute passed while the operation waited")
        );
    }
    let mut other_audience = document();
    other_audience["audience"] = json!("shop2");
    let mut other_guard = document();
    other_guard["guard"]["key"] = json!(key(4));
    let mut process = document();
    process["guard"]["scope"] = json!("process");
    for other in [other_audience, other_guard, process] {
        let other = refusal(&prepared(&other), NOW, &state);
        assert_eq!(other.as_deref(), Some(FOREIGN));
    }
    // Other keys of challenges, as in a rotation: the state is known, and the challenge is not.
    let mut rotated = document();
    rotated["keys"] = json!([key(5)]);
    let rotated = prepared(&rotated);
    let waiting = Suspended::from_state(&rotated, NOW, &state).map_err(detail);
    let totals = vec![
        Total {
            total: 0,
            ends_in: 60
        };
        11
    ];
    let resumed =
        waiting
            .unwrap()
            .resume(&rotated, NOW, Answer::Totals(Totals { totals, now: None }));
    assert!(resumed.is_err());
}

#[test]
fn a_state_with_any_other_character_is_refused() {
    let settings = prepared(&document());
    let state = state(&settings, start(&settings));
    for at in 0..state.len() {
        let mut other = state.clone().into_bytes();
        other[at] = if other[at] == b'0' { b'1' } else { b'0' };
        let other = String::from_utf8(other).unwrap();
        assert_eq!(refusal(&settings, NOW, &other).as_deref(), Some(FOREIGN));
    }
    for other in [
        "",
        "14",
        &state[2..],
        &state[..state.len() - 2],
        &format!("{state}00"),
        &state.to_uppercase(),
        &"14".repeat(5_000),
    ] {
        assert_eq!(refusal(&settings, NOW, other).as_deref(), Some(FOREIGN));
    }
}

#[test]
fn a_state_holds_no_pin_and_no_key() {
    let settings = prepared(&document());
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let guess = Verify::begin(&settings, NOW, &token, LOGIN, &pin, None);
    let guess = audited(&settings, guess).map_err(detail).unwrap();
    let guess = state(&settings, guess);
    let hex = |text: &str| -> String { text.bytes().map(|byte| format!("{byte:02x}")).collect() };
    assert!(guess.contains(&hex("user-1")), "whom it is about, it holds");
    assert!(!guess.contains(&hex(&pin)));
    for byte in [1_u8, 2, 3] {
        assert!(!guess.contains(&format!("{byte:02x}").repeat(32)));
    }
}

/// Each operation, at each place where it waits, with every answer: what does not belong there is refused, and nobody gets in.
#[test]
fn an_answer_belongs_to_its_question() {
    let settings = prepared(&document());
    let mut world = World::new(&document());
    let (token, _) = world.challenge();
    let handle = {
        world.now += 60;
        let challenge = world.start(LOGIN).map_err(detail).unwrap();
        challenge.handle.unwrap()
    };
    let guess = Verify::begin(&settings, NOW, &token, LOGIN, "000000", None);
    let status = Status::begin(&settings, NOW + 60, &handle);
    let unlock = Unlock::begin(&settings, "user-1", "+819012345678");
    let begin = [
        Ok(start(&settings)),
        audited(&settings, guess),
        audited(&settings, status),
        audited(&settings, unlock),
    ];
    let begin = begin.into_iter().map(|turn| turn.map_err(detail).unwrap());
    let mut open: Vec<Turn<Suspended>> = begin.collect();
    let mut seen = 0;
    while let Some(turn) = open.pop() {
        let (counts, charges, waiting) = match turn {
            Turn::Count(charges, waiting) => (true, charges, waiting),
            Turn::Send(_, waiting) => (false, Vec::new(), waiting),
            Turn::Done(ended) => {
                let accepted = matches!(ended.output, Ended::Accepted(_));
                assert!(!accepted, "the guess was wrong");
                continue;
            }
        };
        seen += 1;
        let state = waiting.to_state(&settings, NOW);
        let resume = |answer: Answer| {
            let waiting = Suspended::from_state(&settings, NOW, &state).map_err(detail);
            waiting.unwrap().resume(&settings, NOW, answer)
        };
        let totals = charges.iter().map(|charge| Total {
            total: u32::try_from(charge.amount).unwrap_or(0),
            ends_in: charge.ttl,
        });
        let totals = Answer::Totals(Totals {
            totals: totals.collect(),
            now: None,
        });
        let replies = [
            taken(),
            said(500, None, ""),
            said(200, None, r#"{"status": "DELIVERED"}"#),
        ];
        let (right, wrong): (Vec<_>, Vec<_>) = if counts {
            (vec![totals], replies.into())
        } else {
            (replies.into(), vec![totals])
        };
        for answer in wrong {
            let failure = resume(answer).err().map(detail);
            assert_eq!(
                failure.as_deref(),
                Some("the answer does not belong to the question")
            );
        }
        let losses = [
            NoAnswer::GuardFull,
            NoAnswer::GuardUnreachable,
            NoAnswer::NotSent,
            NoAnswer::Unknown,
        ];
        for answer in right
            .into_iter()
            .chain(losses.map(|why| Answer::Unanswered(why, String::new())))
        {
            open.extend(resume(answer).ok());
        }
    }
    assert!(seen > 8, "{seen} places were seen");
}

/// A question, and its answer's one field.
fn ask(settings: &str, question: &Value) -> (String, Value) {
    let text = question.to_string();
    let answer = Conversation::new().ask(
        settings.as_bytes(),
        NOW,
        text.as_bytes(),
        &mut Counting::default(),
    );
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let fields = answer.as_object().unwrap();
    assert_eq!(fields.len(), 1);
    let (kind, content) = fields.iter().next().unwrap();
    (kind.clone(), content.clone())
}

/// Asks in a conversation and in a new one, which must answer the same.
fn ask_both(
    conversation: &mut Conversation,
    settings: &str,
    now: u32,
    question: &Value,
) -> (String, Value) {
    let text = question.to_string();
    let [kept, anew] = [conversation, &mut Conversation::new()].map(|conversation| {
        conversation.ask(
            settings.as_bytes(),
            now,
            text.as_bytes(),
            &mut Counting::default(),
        )
    });
    assert_eq!(kept, anew, "{question}");
    let answer: Value = serde_json::from_str(&kept).unwrap();
    let (kind, content) = answer.as_object().unwrap().iter().next().unwrap();
    (kind.clone(), content.clone())
}

/// Every answer that a host may give to what was answered.
fn continuations(kind: &str, answer: &Value) -> Vec<Value> {
    let state = &answer["state"];
    let lost = |why: &str| json!({"unanswered": {"state": state, "no_answer": why}});
    match kind {
        "count" => {
            let totals = answer["charges"].as_array().unwrap().iter().map(|charge| {
                json!({"total": charge["amount"].as_i64().unwrap().max(0),
                       "ends_in_seconds": charge["ttl_seconds"]})
            });
            vec![
                json!({"counted": {"state": state, "totals": totals.collect::<Vec<_>>()}}),
                lost("guard-full"),
            ]
        }
        "send" => {
            let body = r#"[{"msgid": "aB3"}]"#;
            let response = |status: u16| json!({"sent": {"state": state, "response": {"status": status, "body": body}}});
            vec![response(201), response(429), lost("unknown")]
        }
        _ => Vec::new(),
    }
}

/// Walks every way of each operation in one conversation: what it keeps changes no answer.
#[test]
fn a_conversation_answers_as_a_new_one_for_each_question_would() {
    let (_, prepared) = ask("", &json!({"prepare": {"json": document().to_string()}}));
    let settings = prepared["settings"].as_str().unwrap();
    let mut other = document();
    other["audience"] = json!("shop2");
    let (_, other) = ask("", &json!({"prepare": {"json": other.to_string()}}));
    let other = other["settings"].as_str().unwrap();
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let binding = json!({"recipient": "+819012345678", "subject": "user-1", "purpose": "login"});
    let user = json!({"subject": "user-1", "recipient": "+819012345678", "audit": true});
    let begin = [
        json!({"start": {"binding": binding, "audit": true}}),
        json!({"resend": {"token": token, "binding": binding}}),
        json!({"verify": {"token": token, "binding": binding, "pin": pin, "audit": true}}),
        json!({"verify": {"token": token, "binding": binding, "pin": "000000"}}),
        json!({"unlock": user}),
        json!({"limits": user}),
        json!({"credits": {}}),
    ];
    let mut conversation = Conversation::new();
    let mut asked = 0;
    for first in begin {
        // The choices at each place where it waits.
        let mut ways = vec![Vec::<usize>::new()];
        while let Some(way) = ways.pop() {
            let mut question = first.clone();
            for choice in &way {
                let (kind, answer) = ask_both(&mut conversation, settings, NOW, &question);
                question = continuations(&kind, &answer)[*choice].clone();
            }
            let (kind, answer) = ask_both(&mut conversation, settings, NOW, &question);
            asked += way.len() + 1;
            let more = continuations(&kind, &answer);
            ways.extend((0..more.len()).map(|choice| [&*way, &[choice]].concat()));
            let Some(next) = more.first() else { continue };
            // At other times, with other settings, and again, when nothing of it is kept.
            ask_both(&mut conversation, other, NOW, next);
            for now in [NOW + 61, NOW + 60, NOW - 61, NOW] {
                ask_both(&mut conversation, settings, NOW, &question);
                ask_both(&mut conversation, settings, now, next);
                ask_both(&mut conversation, settings, now, next);
            }
        }
    }
    assert!(asked > 60, "{asked} questions were asked");
}

#[test]
fn a_question_that_has_not_its_form_is_refused_by_path_and_without_its_values() {
    let (kind, prepared) = ask("", &json!({"prepare": {"json": document().to_string()}}));
    assert_eq!(kind, "prepared");
    let settings = prepared["settings"].as_str().unwrap();
    let login = json!({"recipient": "+819012345678", "subject": "user-1", "purpose": "login"});
    let with = |name: &str, value: Value| {
        let mut binding = login.clone();
        binding[name] = value;
        json!({"start": {"binding": binding}})
    };
    let one = "question: must be an object with one field, a function";
    for (question, detail) in [
        (json!({}), one),
        (json!({"keygen": {}, "inspect": {"token": ""}}), one),
        (json!([]), "question: must be an object in braces"),
        (json!("keygen"), "question: must be an object in braces"),
        (
            json!({"canary-function": {}}),
            "question: has a field that does not exist",
        ),
        (json!({"start": {}}), "start.binding: is missing"),
        (json!({"start": null}), "start: must be an object in braces"),
        (
            with("canary", json!(1)),
            "start.binding: has a field that does not exist",
        ),
        (
            with("subject", json!(7)),
            "start.binding.subject: must be a text in quotes",
        ),
        (
            with("session", Value::Null),
            "start.binding.session: must be a text in quotes",
        ),
        (
            with("transaction", json!({"amount": "1"})),
            "start.binding.transaction.currency: is missing",
        ),
        (
            json!({"start": {"binding": login, "sending": {"channel": "canary"}}}),
            "start.sending.channel: must be sms or voice",
        ),
        (
            json!({"counted": {"state": "", "totals": [{"total": -1, "ends_in_seconds": 1}]}}),
            "counted.totals.0.total: must be a whole number from 0 on",
        ),
        (
            json!({"unanswered": {"state": "", "no_answer": "canary"}}),
            "unanswered.no_answer: must be not-sent or unknown or guard-unreachable or guard-full",
        ),
        (
            json!({"explain": {"code": "canary", "locale": "en"}}),
            "code: must be a code of a failure, such as wrong-pin",
        ),
        (
            json!({"explain": {"code": "used", "locale": "canary"}}),
            "locale: must be one of en, ja, id, ms, vi, th, zh-Hans, zh-Hant, ko, es",
        ),
        (
            json!({"explain": {"code": "used"}}),
            "explain.locale: is missing",
        ),
        (
            json!({"explain": {"code": "used", "locale": "en", "guesses_left": -1}}),
            "explain.guesses_left: must be a whole number from 0 on",
        ),
        (
            json!({"inspect": {"token": "x".repeat(101 * 1024)}}),
            "question: longer than 100 KiB",
        ),
    ] {
        let (kind, failure) = ask(settings, &question);
        assert_eq!(kind, "failure", "{question}");
        assert_eq!(
            (&failure["blame"], &failure["code"]),
            (&json!("misuse"), &json!("request"))
        );
        assert_eq!(failure["detail"], detail);
        assert!(!failure.to_string().contains("canary"));
    }
    let answer = Conversation::new().ask(
        settings.as_bytes(),
        NOW,
        b"{\"keygen\":",
        &mut Counting::default(),
    );
    assert!(answer.contains("question: not JSON"));
}

/// A host that answers with more than the contract can say is believed as far as it goes: what is counted so often is refused.
#[test]
fn a_number_too_large_counts_as_the_largest() {
    let (_, settings) = ask("", &json!({"prepare": {"json": document().to_string()}}));
    let settings = settings["settings"].as_str().unwrap();
    let login = json!({"recipient": "+819012345678", "subject": "user-1", "purpose": "login"});
    let (kind, count) = ask(settings, &json!({"start": {"binding": login}}));
    assert_eq!(kind, "count");
    // A list ends at a refusal.
    let one = json!([{"total": 1_u64 << 40, "ends_in_seconds": 60}]);
    let refused = json!({"counted": {"state": count["state"], "totals": one}});
    let (kind, failure) = ask(settings, &refused);
    assert_eq!(
        (kind.as_str(), &failure["blame"]),
        ("failure", &json!("refuse")),
        "{failure}"
    );

    let charges = count["charges"].as_array().unwrap().iter();
    let total = |charge: &Value| json!({"total": charge["amount"], "ends_in_seconds": 1_u64 << 40});
    let totals: Vec<Value> = charges.map(total).collect();
    let made = json!({"counted": {"state": count["state"], "totals": totals}});
    let (kind, send) = ask(settings, &made);
    assert_eq!(kind, "send", "{send}");
    let odd = json!({"sent": {"state": send["state"], "response": {"status": 70_000, "body": "[{\"msgid\":\"m1\"}]"}}});
    let (kind, answer) = ask(settings, &odd);
    assert_eq!(kind, "count", "{answer}");
}

#[test]
fn text_takes_no_settings_but_prepared_ones() {
    let start = json!({"status": {"handle": "x"}});
    let damaged = prepared(&document()).to_text().replace('a', "b");
    let json = document().to_string();
    for settings in ["", "{}", &damaged, &json] {
        let (kind, failure) = ask(settings, &start);
        assert_eq!(kind, "failure");
        assert_eq!(failure["code"], "settings");
    }
}
