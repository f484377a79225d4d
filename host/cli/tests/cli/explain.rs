//! `explain`: the text for end users after a failure.

use std::path::Path;
use std::{env, fs};

use serde_json::{Value, json};

use crate::shell::{Shell, TO};

fn explain(shell: &Shell, arguments: &[&str]) -> (Option<i32>, String) {
    let output = shell.run(&[&["explain"][..], arguments].concat(), "");
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code(), text)
}

/// With `BLESS=1` the file is written anew; read the difference as a user would.
#[test]
fn every_text_is_as_it_was_read_before() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/explain.txt");
    let (status, all) = explain(&Shell::new(), &["--all"]);
    assert_eq!(status, Some(0));
    if env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &all).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for (kept, line) in kept.lines().zip(all.lines()) {
        assert_eq!(line, kept);
    }
    assert_eq!(kept.len(), all.len());
}

/// Every code in every language, once plain and once for each case that is worded differently.
#[test]
fn all_are_there() {
    let shell = Shell::new();
    let (_, all) = explain(&shell, &["--all", "--json"]);
    let all: Value = serde_json::from_str(&all).unwrap();
    let all = all["explanations"].as_array().unwrap();
    let count = |name: &str, value: Value| all.iter().filter(|it| it[name] == value).count();
    let codes = xoxzo_2fa::Code::ALL.len();
    // Six waits of each of the codes that may say one, and three numbers of tries.
    let waiting = 10;
    assert_eq!(all.len(), 10 * (codes + waiting * 6 + 3));
    assert_eq!(count("locale", json!("th")), all.len() / 10);
    assert_eq!(count("code", json!("wrong-pin")), 10 * 4);
    assert_eq!(count("code", json!("locked")), 10 * 7);
    assert_eq!(count("code", json!("expired")), 10);
    let (_, own) = explain(&shell, &["locked", "--all", "--locale", "ko"]);
    assert_eq!(own.lines().count(), 2 * 7);
}

#[test]
fn one_text_is_printed_with_its_offers() {
    let shell = Shell::new();
    for (arguments, text) in [
        (
            &["wrong-pin", "--guesses-left", "2"][..],
            "That is not the code. 2 tries are left.\noffers: try-again, resend\n",
        ),
        (
            &["locked", "--retry-after", "5401", "--locale", "es"],
            "Ha habido demasiadas claves incorrectas. Inténtalo de nuevo dentro de 2 horas.\noffers: wait\n",
        ),
        (
            &["nothing-locked"],
            "Nothing is locked for this user and this number.\noffers: none\n",
        ),
        (
            &["plugin"],
            "Something went wrong on our side. Try again later.\noffers: try-again\n",
        ),
    ] {
        assert_eq!(explain(&shell, arguments), (Some(0), text.to_string()));
    }
    let (_, told) = explain(&shell, &["expired", "--locale", "ja", "--json"]);
    let told: Value = serde_json::from_str(&told).unwrap();
    let told = &told["explanation"];
    let text = "認証コードの有効期限が切れました。新しい認証コードを取得してください。";
    assert_eq!(
        (&told["text"], &told["offers"]),
        (&json!(text), &json!(["start-again"]))
    );
    for wrong in [
        &["expired", "--locale", "tlh"][..],
        &["expried"],
        &[],
        &["--all", "--guesses-left", "1"],
    ] {
        assert_eq!(explain(&shell, wrong).0, Some(2), "{wrong:?}");
    }
}

#[test]
fn who_waits_at_the_terminal_reads_why_nothing_is_sent() {
    let shell = Shell::new();
    let start = [&["start", "--wait"][..], &TO].concat();
    assert!(shell.run(&start, "").status.success());
    let soon = shell.run(&start, "");
    let told = String::from_utf8(soon.stderr).unwrap();
    assert_eq!(soon.status.code(), Some(1));
    assert!(
        told.contains("This was requested a moment ago. Try again in "),
        "{told}"
    );
}

/// The person at the terminal reads the users' words, and below them those for operators.
#[test]
fn a_verify_at_the_terminal_says_the_same() {
    let shell = Shell::new();
    let (_, started) = shell.json(&[&["start", "--json"][..], &TO].concat(), "");
    let token = started["challenged"]["token"].as_str().unwrap();
    let wrong = if shell.pin() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let verify = [&["verify", "--token", token][..], &TO].concat();
    let output = shell.run(&verify, wrong);
    let told = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = told
        .lines()
        .filter(|line| !line.contains("TRACE") && !line.contains("INFO"))
        .collect();
    let at = |text: &str| lines.iter().position(|line| line.contains(text));
    let words = at("That is not the code. 4 tries are left.");
    assert!(
        words.is_some() && words < at("xoxzo-2fa: wrong-pin: "),
        "{told}"
    );
}
