//! Resends, calls, states, unlocks, payments, and what is looked at before.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::shell::{Shell, TO, code};

fn with<'a>(settings: &'a [String; 2], arguments: &[&'a str]) -> Vec<&'a str> {
    let settings = settings.iter().map(String::as_str);
    arguments
        .iter()
        .copied()
        .chain(settings)
        .chain(TO)
        .collect()
}

/// Runs a command again while it answers `cooldown`.
fn after_cooldown(shell: &Shell, arguments: &[&str]) -> (i32, Value) {
    loop {
        let (status, value) = shell.json(arguments, "");
        if value["failure"]["code"] != "cooldown" {
            return (status, value);
        }
        assert_eq!(value["failure"]["retry_after_seconds"], 1);
        thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_code_is_sent_again_and_said_by_a_call() {
    let shell = Shell::new();
    let settings = shell.settings();
    let (_, started) = shell.json(
        &with(&settings, &["start", "--json", "--session", "s-1"]),
        "",
    );
    let (token, pin) = (
        started["challenged"]["token"].as_str().unwrap(),
        shell.pin(),
    );
    let resend = ["resend", "--json", "--token", token, "--session", "s-1"];
    let (status, sent) = after_cooldown(
        &shell,
        &with(&settings, &[&resend[..], &["--locale", "ja"]].concat()),
    );
    assert_eq!(
        (status, &sent["challenged"]["token"], shell.pin()),
        (0, &started["challenged"]["token"], pin.clone())
    );
    assert!(shell.sandbox.inbox(None)[1].body.contains("認証コード"));

    let call = with(&settings, &[&resend[..], &["--channel", "voice"]].concat());
    let (status, called) = after_cooldown(&shell, &call);
    assert_eq!((status, &called["challenged"]["parts"]), (0, &Value::Null));
    let spoken = shell.sandbox.inbox(None).pop().unwrap();
    let digits: Vec<_> = pin.chars().map(String::from).collect();
    assert!(spoken.channel == "voice" && spoken.body.contains(&digits.join(",,")));

    let handle = called["challenged"]["handle"].as_str().unwrap();
    let ask = [
        "status",
        "--json",
        "--handle",
        handle,
        &settings[0],
        &settings[1],
    ];
    let (status, told) = shell.json(&ask, "");
    assert!(
        status == 0
            && ["delivering", "delivered"]
                .contains(&told["reported"]["delivery"].as_str().unwrap())
    );
    let (status, soon) = shell.json(&ask, "");
    assert_eq!((status, &soon["failure"]["code"]), (1, &json!("cooldown")));

    let verify = with(
        &settings,
        &["verify", "--json", "--token", token, "--session", "s-1"],
    );
    assert_eq!(shell.json(&verify, &pin).0, 0);
    let (status, used) = shell.json(&with(&settings, &resend), "");
    assert_eq!((status, &used["failure"]["code"]), (1, &json!("used")));
}

#[test]
fn delivery_is_shown_as_it_moves() {
    let shell = Shell::new();
    let settings = shell.settings();
    let output = shell.run(&with(&settings, &["start", "--json", "--wait"]), "");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines[0]["challenged"]["token"].is_string());
    let states: Vec<_> = lines[1..]
        .iter()
        .map(|line| line["reported"]["delivery"].as_str().unwrap())
        .collect();
    assert_eq!(states.last(), Some(&"delivered"));
    let order = ["queued", "delivering", "delivered"];
    assert!(
        states.is_sorted_by_key(|state| order.iter().position(|own| own == state)),
        "{states:?}"
    );
}

#[test]
fn a_lock_is_lifted_by_an_operator() {
    let shell = Shell::new();
    let settings = shell.settings();
    let (_, started) = shell.json(&with(&settings, &["start", "--json"]), "");
    let token = started["challenged"]["token"].as_str().unwrap();
    let verify = with(&settings, &["verify", "--json", "--token", token]);
    let pin = shell.pin();
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    for left in [1, 0] {
        assert_eq!(
            shell.json(&verify, wrong).1["failure"]["guesses_left"],
            left
        );
    }
    let (_, locked) = shell.json(&verify, &pin);
    assert_eq!(
        (
            &locked["failure"]["code"],
            &locked["failure"]["retry_after_seconds"]
        ),
        (&json!("locked"), &Value::Null)
    );
    let unlock = with(&settings, &["unlock", "--json"]);
    let (status, lifted) = shell.json(&unlock, "");
    assert_eq!(
        (
            status,
            &lifted["unlocked"]["failures"],
            &lifted["unlocked"]["subject_failures"]
        ),
        (0, &json!(2), &json!(2))
    );
    assert_eq!(lifted["unlocked"]["messages"], 1);
    let (status, nothing) = shell.json(&unlock, "");
    assert_eq!(
        (status, &nothing["failure"]["code"]),
        (1, &json!("nothing-locked"))
    );
    assert_eq!(shell.json(&verify, &pin).0, 0);
    let (_, _) = shell.json(&with(&settings, &["start", "--json"]), "");
    let plain = shell.run(&with(&settings, &["unlock"]), "");
    let plain = String::from_utf8_lossy(&plain.stdout).into_owned();
    assert!(
        plain.starts_with("unlocked: 0 consecutive failures"),
        "{plain}"
    );
}

#[test]
fn a_payment_is_shown_and_bound() {
    let shell = Shell::new();
    let settings = shell.settings();
    let pay = |amount: &'static str| {
        [
            "--amount",
            amount,
            "--currency",
            "EUR",
            "--payee",
            "Ann Lee",
        ]
    };
    let start = with(
        &settings,
        &[&["start", "--json"][..], &pay("12.50")].concat(),
    );
    let (_, started) = shell.json(&start, "");
    let message = shell.sandbox.inbox(None).pop().unwrap().body;
    assert!(message.contains("12.50 EUR") && message.contains("Ann Lee"));
    let (token, pin) = (
        started["challenged"]["token"].as_str().unwrap(),
        code(&message).unwrap(),
    );
    let verify = |amount| {
        let arguments = [&["verify", "--json", "--token", token][..], &pay(amount)].concat();
        shell.json(&with(&settings, &arguments), &pin).1
    };
    assert_eq!(verify("12.51")["failure"]["code"], "invalid-token");
    assert!(verify("12.50")["accepted"]["receipt"].is_string());
    let half = with(&settings, &["start", "--amount", "12.50"]);
    assert_eq!(shell.run(&half, "").status.code(), Some(2));
}

#[test]
fn a_national_number_is_taken_with_its_region() {
    let shell = Shell::new();
    let start = |to: &str, region: &str| {
        shell.json(
            &[
                "start",
                "--json",
                "--to",
                to,
                "--region",
                region,
                "--subject",
                "user-1",
            ],
            "",
        )
    };
    assert_eq!(
        start("090-1234-5678", "JP").1["challenged"]["masked"],
        "+81********78"
    );
    assert_eq!(shell.sandbox.inbox(None)[0].recipient, "+819012345678");
    for (to, region) in [("090-1234", "JP"), ("090-1234-5678", "XX")] {
        let (status, error) = start(to, region);
        assert_eq!((status, &error["failure"]["code"]), (2, &json!("request")));
    }
}

#[test]
fn settings_and_texts_are_looked_at_before() {
    let shell = Shell::new();
    let settings = shell.settings();
    let look =
        |command: &'static str| [command, "--json", &settings[0], &settings[1]].map(str::to_string);
    let json = |arguments: [String; 4]| shell.json(&arguments.each_ref().map(String::as_str), "");
    let (status, checked) = json(look("check"));
    let checked = &checked["checked"];
    // Test mode meets no standard.
    assert_eq!(
        (status, &checked["effective"]["pin"]["digits"]),
        (1, &json!(6))
    );
    let standing = |id: &str| {
        let findings = checked["compliance"].as_array().unwrap();
        let finding = findings.iter().find(|finding| finding["id"] == id).unwrap();
        finding["standing"].as_str().unwrap().to_string()
    };
    assert_eq!(
        [
            "nist-lasting",
            "nist-digits",
            "nist-live",
            "nist-throttle",
            "psd2-4.3b",
            "nist-alternative"
        ]
        .map(standing),
        ["met", "met", "not met", "met", "not met", "yours"]
    );
    assert_eq!(checked["effective"]["keys"], json!(["[REDACTED]"]));
    assert!(
        checked["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|text| text.as_str().unwrap().starts_with("test is on"))
    );
    assert!(
        !checked.to_string().contains(&shell.key)
            && !checked.to_string().contains(shell.sandbox.auth_token())
    );

    let (status, texts) = json(look("preview"));
    let texts = texts["previews"]["previews"].as_array().unwrap();
    assert_eq!((status, texts.len()), (0, 10));
    for text in texts {
        assert_eq!(
            (&text["parts"], &text["credits_in_japan"]),
            (&json!(1), &json!(10)),
            "{text}"
        );
        assert!(text["text"].as_str().unwrap().contains("123456"));
    }
    let plain = shell.run(
        &[
            "preview",
            "--amount",
            "1250",
            "--currency",
            "JPY",
            "--payee",
            "Ann Lee",
        ],
        "",
    );
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert!(
        plain.contains("ko: 1 part of ") && plain.contains("1,250 JPY"),
        "{plain}"
    );

    // Without a document, what is wanted most can be said here: the message of Xoxzo's how-to.
    let texts = shell.folder.join("texts.json");
    let text = r#"[{"locale": "en", "text": "This is {service}. Your PIN is {pin}"}]"#;
    std::fs::write(&texts, text).unwrap();
    let texts = texts.to_str().unwrap();
    let own = [
        "--pin-digits",
        "4",
        "--texts",
        texts,
        "--client-cap",
        "20/3600",
    ];
    let preview = shell.run(&[&["preview", "--json"][..], &own].concat(), "");
    let preview: Value = serde_json::from_slice(&preview.stdout).unwrap();
    assert_eq!(
        preview["previews"]["previews"][0]["text"],
        "This is Xoxzo 2FA. Your PIN is 1234"
    );
    let check = shell.run(&[&["check", "--json"][..], &own].concat(), "");
    let check: Value = serde_json::from_slice(&check.stdout).unwrap();
    let cap = json!({"count": 20, "seconds": 3_600});
    assert_eq!(check["checked"]["effective"]["failures"]["per_client"], cap);
    let odds = check["checked"]["odds"].as_array().unwrap();
    assert_eq!((odds.len(), &odds[0]["guesses"]), (5, &json!(5)));
    let both = [&["preview", &settings[0], &settings[1]][..], &own].concat();
    assert_eq!(shell.run(&both, "").status.code(), Some(2));

    std::fs::write(&settings[1], "{\"version\": 2}").unwrap();
    let (status, wrong) = json(look("check"));
    assert_eq!((status, &wrong["failure"]["code"]), (2, &json!("settings")));
}

#[test]
fn shells_and_readers_get_what_they_want() {
    let shell = Shell::new();
    for name in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = shell.run(&["completions", name], "").stdout;
        let script = String::from_utf8(script).unwrap();
        assert!(
            script.contains("resend") && script.contains("receipt-for"),
            "{name}"
        );
    }
    let page = String::from_utf8(shell.run(&["man"], "").stdout).unwrap();
    assert!(page.contains(".TH xoxzo-2fa 1") && page.contains("unlock"));
    let page = String::from_utf8(shell.run(&["man", "start"], "").stdout).unwrap();
    assert!(
        page.contains(".TH xoxzo-2fa-start 1") && page.contains("region"),
        "{page}"
    );
    assert_eq!(shell.run(&["man", "nonsense"], "").status.code(), Some(2));
}
