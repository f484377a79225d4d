//! The command line as scripts use it: shapes, exit status, and what it keeps to itself.

mod check;
mod completions;
mod doctor;
mod explain;
mod operations;
mod operators;
mod outputs;
mod shell;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use shell::{Shell, TO};
use xoxzo_2fa::{GuardName, Receipt};

#[test]
fn a_login_in_two_processes() {
    let shell = Shell::new();
    let (status, started) = shell.json(&[&["start", "--json"][..], &TO].concat(), "");
    let started = &started["challenged"];
    assert_eq!(status, 0);
    for (name, value) in [("masked", "+81********78"), ("delivery", "accepted")] {
        assert_eq!(started[name], value);
    }
    assert_eq!(
        (
            started["expires_in_seconds"].as_u64(),
            started["resend_after_seconds"].as_u64(),
            started["parts"].as_u64()
        ),
        (Some(300), Some(60), Some(1))
    );
    assert_eq!(
        started["audit"]["message_id"],
        shell.sandbox.inbox(None)[0].message_id
    );
    let token = started["token"].as_str().unwrap();
    let verify = [&["verify", "--json", "--token", token][..], &TO].concat();

    let pin = shell.pin();
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    let (status, refused) = shell.json(&verify, wrong);
    assert_eq!(
        (
            status,
            &refused["failure"]["blame"],
            &refused["failure"]["code"],
            refused["failure"]["guesses_left"].as_u64()
        ),
        (1, &"refuse".into(), &"wrong-pin".into(), Some(4))
    );
    let (status, accepted) = shell.json(&verify, &format!("{pin}\n"));
    let accepted = &accepted["accepted"];
    assert_eq!(status, 0);
    assert!(
        accepted["receipt"]
            .as_str()
            .is_some_and(|receipt| receipt.len() > 80)
    );
    let (status, used) = shell.json(&verify, &pin);
    assert_eq!((status, &used["failure"]["code"]), (1, &"used".into()));

    let token_info = shell.run(&["inspect", "--token", token], "");
    assert!(
        token_info.status.success()
            && String::from_utf8_lossy(&token_info.stdout).contains("digits      6")
    );
    let receipt_key = shell
        .run(&["keygen", "--receipt-for", "xoxzo-2fa"], "")
        .stdout;
    let receipt_key = String::from_utf8(receipt_key).unwrap().trim().to_string();
    let receipt = accepted["receipt"].as_str().unwrap();
    let expected = xoxzo_2fa::Expected::new("user-1", "login").recipient("+819012345678");
    let now = std::time::SystemTime::now();
    let claims =
        xoxzo_2fa::check_receipt(&[receipt_key], &Receipt::new(receipt), now, &expected).unwrap();
    assert_eq!(claims.audience, "xoxzo-2fa");
}

#[test]
fn a_key_for_an_audience_is_derived() {
    let shell = Shell::new();
    let key = |arguments: &[&str]| {
        let output = shell.run(&[&["keygen"], arguments].concat(), "");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_string()
    };
    for (flag, live, test) in [
        ("--receipt-for", "x2fr1_", "x2ft1_"),
        ("--request-for", "x2fs1_", "x2fu1_"),
    ] {
        let own = key(&[flag, "shop"]);
        assert!(own.starts_with(live) && own == key(&[flag, "shop"]));
        assert_ne!(own, key(&[flag, "bank"]));
        assert!(key(&[flag, "shop", "--test"]).starts_with(test));
    }
    for odd in [
        &["--test"][..],
        &["--receipt-for", "shop", "--request-for", "shop"],
    ] {
        let output = shell.run(&[&["keygen"], odd].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{odd:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_counters_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let shell = Shell::new();
    assert!(
        shell
            .run(&[&["start"][..], &TO].concat(), "")
            .status
            .success()
    );
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(shell.folder.join("xoxzo-2fa/guard.sqlite")), 0o600);
    assert_eq!(mode(shell.folder.join("xoxzo-2fa")), 0o700);
}

#[test]
fn processes_at_once_wait_for_each_other() {
    let shell = Shell::new();
    let (_, started) = shell.json(&[&["start", "--json"][..], &TO].concat(), "");
    let verify = [
        &[
            "verify",
            "--json",
            "--token",
            started["challenged"]["token"].as_str().unwrap(),
        ][..],
        &TO,
    ]
    .concat();
    let pin = shell.pin();
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    let mut children: Vec<_> = (0..4)
        .map(|_| shell.command(&verify).spawn().unwrap())
        .collect();
    for child in &mut children {
        child
            .stdin
            .take()
            .unwrap()
            .write_all(wrong.as_bytes())
            .unwrap();
    }
    let mut left: Vec<_> = children
        .into_iter()
        .map(|child| {
            let line = child.wait_with_output().unwrap().stdout;
            serde_json::from_slice::<Value>(&line).unwrap()["failure"]["guesses_left"].as_u64()
        })
        .collect();
    left.sort_unstable();
    assert_eq!(left, [Some(1), Some(2), Some(3), Some(4)]);
}

/// Another process has the file open too.
#[test]
fn six_starts_at_once_share_a_file() {
    let shell = Shell::new();
    let open = xoxzo_2fa::SqliteGuard::open(shell.folder.join("xoxzo-2fa/guard.sqlite")).unwrap();
    let children: Vec<_> = (0..6)
        .map(|at| {
            let (to, subject) = (format!("+81901234567{at}"), format!("user-{at}"));
            let arguments = ["start", "--json", "--to", &to, "--subject", &subject];
            shell.command(&arguments).spawn().unwrap()
        })
        .collect();
    let codes = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap().status.code());
    assert_eq!(codes.collect::<Vec<_>>(), [Some(0); 6]);
    assert_eq!(shell.sandbox.inbox(None).len(), 6);
    drop(open);
}

/// A file that was used with a clock that was ahead: nothing is answered from it until it is repaired.
#[test]
fn a_file_from_the_future_is_shut_until_it_is_repaired() {
    let shell = Shell::new();
    let file = shell.folder.join("xoxzo-2fa/guard.sqlite");
    let ahead = Duration::from_secs(3 * 31_536_000);
    let clock = move || std::time::SystemTime::now() + ahead;
    let builder = xoxzo_2fa::SqliteGuard::builder(&file).danger_clock(clock);
    let charge =
        xoxzo_2fa::Charge::new(GuardName::random().unwrap(), 1, 9, Duration::from_secs(600));
    xoxzo_2fa::Guard::add(&builder.build().unwrap(), &[charge]).unwrap();
    let start = [&["start", "--json"][..], &TO].concat();
    let (status, value) = shell.json(&start, "");
    assert_eq!(
        (status, &value["failure"]["code"]),
        (3, &"clock".into()),
        "{value}"
    );
    assert!(value["failure"]["retry_after_seconds"].is_null());

    let repair = ["guard", "repair", "--json", file.to_str().unwrap()];
    let (status, value) = shell.json(&repair, "");
    assert_eq!(status, 0, "{value}");
    let value = &value["repaired"];
    assert!(value["ahead_seconds"].as_u64().unwrap() > 3 * 31_536_000 - 60);
    assert_eq!(
        (&value["shut_seconds"], &value["renewed"]),
        (&840.into(), &1.into())
    );

    let (status, value) = shell.json(&start, "");
    let wait = value["failure"]["retry_after_seconds"].as_u64().unwrap();
    assert!(status == 3 && (800..=841).contains(&wait), "{value}");
    // A second repair does not begin the wait anew.
    let (status, value) = shell.json(&repair, "");
    let shut = value["repaired"]["shut_seconds"].as_u64().unwrap();
    assert!(status == 0 && (1..840).contains(&shut), "{value}");
    assert!(shell.sandbox.inbox(None).is_empty());
}

/// Operators are told what a wrong clock may have ended, and what it did not.
#[test]
fn a_repair_says_which_windows_may_have_ended() {
    let shell = Shell::new();
    let file = shell.folder.join("xoxzo-2fa/guard.sqlite");
    let repair = ["guard", "repair", file.to_str().unwrap()];
    assert!(!shell.run(&repair, "").status.success(), "there is no file");

    let open = |ahead: u64| {
        let ahead = Duration::from_secs(ahead);
        let clock = move || std::time::SystemTime::now() + ahead;
        let builder = xoxzo_2fa::SqliteGuard::builder(&file).danger_clock(clock);
        let guard = builder.build().unwrap();
        let charge =
            xoxzo_2fa::Charge::new(GuardName::random().unwrap(), 1, 9, Duration::from_secs(600));
        xoxzo_2fa::Guard::add(&guard, &[charge]).unwrap();
    };
    let told = || {
        let output = shell.run(&repair, "");
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    open(0);
    assert_eq!(told(), "the file's time is right: nothing was done\n");
    open(3 * 3_600 + 60);
    let told = told();
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "the file's time was 3 hours ahead",
            "it opens in 14 minutes, when no challenge from before is valid any more",
            "windows shorter than 3 hours may have ended early: cooldowns, and caps on messages and failures",
            "kept: 2 counters, among them all consecutive failures (`failures.hard`); 1 began under the wrong clock",
        ]
    );
}

#[test]
fn each_blame_has_its_exit_status() {
    let shell = Shell::new();
    let error = |output: (i32, Value)| {
        let (status, value) = output;
        (
            status,
            value["failure"]["blame"].as_str().unwrap().to_string(),
            value["failure"]["code"].as_str().unwrap().to_string(),
        )
    };
    let told = |status, blame: &str, code: &str| (status, blame.to_string(), code.to_string());
    let start = |to: &str| shell.json(&["start", "--json", "--to", to, "--subject", "user-1"], "");
    assert_eq!(error(start("09012345678")), told(2, "misuse", "request"));
    assert_eq!(
        error(start("+447400123456")),
        told(1, "refuse", "not-allowed")
    );
    let settings = [
        "start",
        "--json",
        "--settings",
        "/no/such/file",
        "--to",
        "+819012345678",
        "--subject",
        "u",
    ];
    assert_eq!(
        error(shell.json(&settings, "")),
        told(2, "misuse", "settings")
    );

    let mut command = shell.command(&[&["start", "--json"][..], &TO].concat());
    let output = command
        .env("XOXZO_BASE_URL", "http://127.0.0.1:1")
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), &value["failure"]["code"]),
        (Some(3), &"provider".into())
    );
    let mut command = shell.command(&[&["start", "--json"][..], &TO].concat());
    let output = command.env_remove("XOXZO_2FA_KEY").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("XOXZO_2FA_KEY is not set"));
    assert_eq!(
        shell.run(&["start"], "").status.code(),
        Some(2),
        "missing arguments"
    );
}

#[test]
fn the_demo_shows_what_is_refused() {
    let shell = Shell::new();
    let output = shell.run(&["demo", "--auto"], "");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    for word in [
        "accepted",
        "wrong-pin: That is not the code. 4 tries are left.\n      the code was another; each challenge has five tries",
        "used: This code no longer works. Ask for a new one.",
        "expired: The code has expired. Ask for a new one.",
        "invalid-token: This code no longer works. Ask for a new one.",
        "cooldown: ",
        "sent again to +81********78, with the same code",
        "exhausted: ",
        "now even the right code is refused",
        "1250 JPY",
        "accepted: 1250 JPY to Ann Lee",
        "next: the same with your own program",
    ] {
        assert!(text.contains(word), "{word}");
    }
    assert!(!text.contains("press Enter"), "{text}");
    // By hand: nonsense, a wrong guess, then nothing more to read.
    let output = shell.run(&["demo"], "nonsense\n");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("malformed: Type all the digits of the code") && !output.status.success()
    );
}

/// By hand, the phone can be looked at until the user presses Enter.
#[test]
fn the_demo_waits_at_its_end() {
    let shell = Shell::new();
    let mut child = shell.command(&["demo"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut until = |word: &str| {
        let found = lines.find(|line| line.as_ref().unwrap().contains(word));
        found.expect("the demo goes on").unwrap()
    };
    let message = until("code is ");
    let (_, code) = message.split_once("code is ").unwrap();
    let code: String = code.chars().take_while(char::is_ascii_digit).collect();
    writeln!(input, "{code}").unwrap();
    until("   accepted");
    let end = until("press Enter to end");
    let address = end.split_once("http://").unwrap().1;
    let address = address.split_once("/_sandbox/").unwrap().0;
    let mut page = TcpStream::connect(address).unwrap();
    write!(
        page,
        "GET /_sandbox/ HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    page.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    assert!(text.contains("+819012345678"), "{text}");
    assert!(child.try_wait().unwrap().is_none(), "it waits for Enter");
    input.write_all(b"\n").unwrap();
    until("next: the same with your own program");
    assert!(child.wait().unwrap().success());
}

/// The arguments are those of the program `xoxzo-2fa-sandbox`; faults are told like those of other commands.
#[test]
fn the_sandbox_says_where_it_is() {
    let shell = Shell::new();
    let arguments = [
        "sandbox",
        "--listen",
        "127.0.0.1:0",
        "--sid",
        "sid",
        "--json",
    ];
    let mut command = shell.command(&arguments);
    command.env("XOXZO_SANDBOX_AUTH_TOKEN", "token");
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let told: Value = serde_json::from_str(&line).unwrap();
    let url = told["url"].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(
        (&told["sid"], &told["auth_token"]),
        (&json!("sid"), &json!("token"))
    );

    let arguments = ["sandbox", "--listen", "0.0.0.0:0", "--json"];
    let (status, told) = shell.json(&arguments, "");
    assert_eq!((status, &told["failure"]["blame"]), (2, &json!("misuse")));
    let detail = told["failure"]["detail"].as_str().unwrap();
    assert!(detail.contains("not a loopback address"), "{detail}");
    let wrong = shell.run(&["sandbox", "--template", "7=Hi {name"], "");
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        told.contains("the `{` at character 4 is not closed"),
        "{told}"
    );
}
