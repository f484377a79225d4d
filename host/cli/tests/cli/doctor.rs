//! `doctor`: each kind of account shows its cause, in the field that has to change.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;

use serde_json::{Value, json};
use xoxzo_2fa_sandbox::Options;

use crate::shell::{Shell, code};

/// What an examination printed, and its exit status.
struct Examined {
    status: i32,
    diagnoses: Vec<Value>,
}

impl Examined {
    fn with(&self, health: &str) -> Vec<&Value> {
        let wanted = self.diagnoses.iter().filter(|it| it["health"] == health);
        wanted.collect()
    }

    /// Returns the health of a point.
    fn of(&self, point: &str) -> &str {
        let found = self.diagnoses.iter().find(|it| it["point"] == point);
        found.unwrap()["health"].as_str().unwrap()
    }
}

/// Runs `doctor`. If a message arrives, the operator types its code, or says that it has none.
fn examine(shell: &Shell, arguments: &[&str], variables: &[(&str, &str)]) -> Examined {
    let arguments = [&["doctor", "--json"][..], arguments].concat();
    let mut command = shell.command(&arguments);
    let mut child = command.envs(variables.iter().copied()).spawn().unwrap();
    let mut told = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    while stderr.read_line(&mut told).unwrap() > 0 {
        if told.ends_with("answer when it is there\n") {
            let message = shell.sandbox.inbox(None).pop().unwrap();
            let answer = code(&message.body).unwrap_or_else(|| "none".to_string());
            let mut stdin = child.stdin.take().unwrap();
            writeln!(stdin, "{answer}").unwrap();
        }
    }
    let mut line = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut line)
        .unwrap();
    let status = child.wait().unwrap().code().unwrap();
    shell.keeps_secrets((told + &line).as_bytes());
    let answer: Value = serde_json::from_str(&line).unwrap();
    let diagnoses = answer["examined"]["diagnoses"].as_array().unwrap().clone();
    Examined { status, diagnoses }
}

/// Settings with one template, and the argument that names them.
fn templated(shell: &Shell, id: u32, variables: &Value) -> PathBuf {
    let document = json!({
        "version": 1, "audience": "shop", "service": "Example Shop", "keys": [shell.key],
        "guard": {"key": {"env": "XOXZO_2FA_GUARD_KEY"}}, "destinations": ["JP-mobile"],
        "message": {"templates": [{"id": id, "locale": "en", "variables": variables}]},
        "xoxzo": {
            "sid": shell.sandbox.sid(), "auth_token": {"env": "XOXZO_API_AUTH_TOKEN"}, "sender": "Example",
            "base_url": shell.sandbox.url(),
        },
    });
    std::fs::create_dir_all(&shell.folder).unwrap();
    let path = shell.folder.join("templates.json");
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

const SEND: [&str; 2] = ["--send", "+819012345678"];

/// The placeholders of the sandbox's first template.
fn placeholders() -> Value {
    json!({"pin": "code", "minutes": "minutes", "service": "service"})
}

#[test]
fn each_account_has_its_cause_named() {
    let account = Options::default;
    let mut causes = BTreeSet::new();
    let mut accounts = 0;
    let mut expect = |examined: Examined, point: &str, place: &str, status: i32| {
        let faults = examined.with("faulty");
        let [fault] = faults[..] else {
            panic!("{point}: one fault is expected: {faults:?}");
        };
        assert_eq!(fault["point"], point, "{fault}");
        let places = fault["places"].to_string();
        assert!(places.contains(place), "{point}: {places}");
        assert!(fault["advice"].as_str().is_some_and(|it| !it.is_empty()));
        assert_eq!(examined.status, status, "{point}");
        accounts += 1;
        causes.insert(point.to_string());
    };

    let shell = Shell::new();
    let wrong = [("XOXZO_API_AUTH_TOKEN", "of-another-account")];
    let examined = examine(&shell, &[], &wrong);
    expect(examined, "credentials", "XOXZO_API_AUTH_TOKEN", 2);

    let shell = Shell::with(account().credits(0));
    expect(examine(&shell, &[], &[]), "credits", "[]", 3);

    let shell = Shell::with(account().test_credit(true));
    let examined = examine(&shell, &SEND, &[]);
    // The text that was taken was not the account's own.
    assert_eq!(examined.of("freeform"), "not known");
    expect(examined, "test-credit", "[]", 3);

    let shell = Shell::with(account().freeform(false));
    let examined = examine(&shell, &SEND, &[]);
    expect(examined, "freeform", "message.templates", 3);

    let shell = Shell::new();
    let file = templated(&shell, 3, &json!({"pin": "code"}));
    let examined = examine(&shell, &["--settings", file.to_str().unwrap()], &[]);
    assert!(
        examined.diagnoses[0]["text"]
            .to_string()
            .contains("PENDING")
    );
    expect(examined, "templates", "message.templates.0.id", 2);

    let shell = Shell::with(account().clock_ahead(-3_600));
    let examined = examine(&shell, &[], &[]);
    let text = examined.diagnoses[0]["text"].to_string();
    assert!(text.contains("ahead of Xoxzo's"), "{text}");
    expect(examined, "clock", "[]", 3);

    println!("doctor: {accounts} accounts, {} causes named", causes.len());
    assert_eq!((accounts, causes.len()), (6, 6));
}

/// The settings of an account with templates are compared with those templates.
#[test]
fn templates_are_compared_with_the_account() {
    let shell = Shell::new();
    let examined = |id, variables: &Value| {
        let file = templated(&shell, id, variables);
        examine(&shell, &["--settings", file.to_str().unwrap()], &[])
    };
    let sound = examined(1, &placeholders());
    assert_eq!((sound.status, sound.of("templates")), (0, "sound"));
    assert_eq!(sound.of("freeform"), "sound");
    for (id, variables, told) in [
        (
            1,
            json!({"pin": "pin"}),
            "code, minutes, service; the settings name pin",
        ),
        (
            9,
            placeholders(),
            "template 9 does not exist: the account has 1, 2, 3",
        ),
    ] {
        let faulty = examined(id, &variables);
        let text = faulty.with("faulty")[0]["text"].as_str().unwrap();
        assert!(text.ends_with(told), "{text}");
        assert_eq!(faulty.status, 2);
    }
}

/// The control: an account without a fault has none, and a message tells what else is not known.
#[test]
fn a_sound_account_is_sound() {
    let shell = Shell::new();
    let examined = examine(&shell, &[], &[]);
    assert_eq!((examined.status, examined.with("faulty").len()), (0, 0));
    for point in ["freeform", "test-credit"] {
        assert_eq!(examined.of(point), "not known");
    }
    assert_eq!(shell.sandbox.inbox(None).len(), 0);
    let examined = examine(&shell, &SEND, &[]);
    assert_eq!(examined.status, 0);
    let sound = examined.with("sound").len();
    assert_eq!(sound, examined.diagnoses.len(), "{:?}", examined.diagnoses);
    for point in ["message", "freeform", "test-credit"] {
        assert_eq!(examined.of(point), "sound");
    }
}

/// Nothing is sent if it could not be counted or would not arrive; every fault stands in the list at once.
#[test]
fn faults_outside_the_account_are_named_too() {
    let shell = Shell::new();
    let settings = [
        ("XOXZO_SENDER", "0312341234"),
        ("XOXZO_2FA_GUARD", "redis://127.0.0.1:1"),
    ];
    let examined = examine(&shell, &SEND, &settings);
    let faults = examined.with("faulty");
    let points: Vec<_> = faults
        .iter()
        .map(|it| it["point"].as_str().unwrap())
        .collect();
    assert_eq!(points, ["sender", "guard"]);
    assert_eq!(faults[0]["places"], json!(["XOXZO_SENDER"]));
    assert!(faults[1]["places"].to_string().contains("XOXZO_2FA_GUARD"));
    assert_eq!((examined.status, shell.sandbox.inbox(None).len()), (2, 0));

    let closed = [("XOXZO_BASE_URL", "http://127.0.0.1:1")];
    let examined = examine(&shell, &[], &closed);
    let faults = examined.with("faulty");
    assert_eq!((faults.len(), examined.status), (1, 3));
    assert_eq!(faults[0]["point"], "connection");
    assert_eq!(faults[0]["places"], json!(["XOXZO_BASE_URL"]));
    assert_eq!(examined.of("credentials"), "not known");

    let own = shell.key.clone();
    let examined = examine(&shell, &[], &[("XOXZO_2FA_GUARD_KEY", &own)]);
    assert_eq!(examined.with("faulty")[0]["fields"], json!(["guard.key"]));
}

/// People read a line for each point, faults first.
#[test]
fn people_read_a_line_for_each_point() {
    let shell = Shell::with(Options::default().credits(0));
    let output = shell.run(&["doctor"], "");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "faulty    credits      0 credits are left, and one message to Japan costs 10 or more: buy credits at Xoxzo, unless your account pays \
         afterwards"
    );
    assert!(lines[1].starts_with("not known test-credit"), "{text}");
    assert!(
        lines.last().unwrap().starts_with("sound     keys"),
        "{text}"
    );
    assert_eq!(output.status.code(), Some(3));
}

/// Xoxzo's answer to a message is the same with test credits: the balance is all that hints at them.
#[test]
fn start_warns_of_credits_for_tests() {
    for (account, warned) in [
        (Options::default().test_credit(true).credits(50), true),
        (Options::default().credits(70), false),
    ] {
        let shell = Shell::with(account);
        let start = [&["start"][..], &crate::shell::TO].concat();
        let output = shell.run(&start, "");
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{text}");
        let told = "until the first purchase Xoxzo replaces the text of every message";
        assert_eq!(text.contains(told), warned, "{text}");
        assert_eq!(text.contains("has 40 credits"), warned, "{text}");
    }
}

/// `start` names the right that is missing, too.
#[test]
fn start_names_the_reason_of_a_refusal() {
    for (account, variables, told) in [
        (
            Options::default().freeform(false),
            &[][..],
            "ask Xoxzo for that right, or name approved templates in message.templates",
        ),
        (Options::default().credits(5), &[], "want of credits"),
        (
            Options::default(),
            &[("XOXZO_API_AUTH_TOKEN", "of-another-account")],
            "correct XOXZO_API_SID and XOXZO_API_AUTH_TOKEN",
        ),
    ] {
        let shell = Shell::with(account);
        let start = [&["start"][..], &crate::shell::TO].concat();
        let mut command = shell.command(&start);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{text}");
        assert!(text.contains(told), "{text}");
    }
}
