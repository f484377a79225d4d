//! Outputs: nothing is lost if nobody reads, JSON has one shape, and faults name their place.

use std::fs::{self, File, OpenOptions};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::shell::{Shell, TO};

/// Runs a command with a standard output of its own.
fn into(shell: &Shell, arguments: &[&str], stdout: Stdio) -> Output {
    let mut command = shell.command(arguments);
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(stdout).output().unwrap()
}

fn full() -> Stdio {
    let full = OpenOptions::new().write(true).open("/dev/full");
    full.unwrap().into()
}

/// A pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

fn null() -> Stdio {
    File::create("/dev/null").unwrap().into()
}

/// Runs a command whose standard output was closed.
fn without_output(shell: &Shell, arguments: &[&str]) -> Output {
    let mut own = shell.command(arguments);
    own.env_remove("RUST_LOG");
    let mut command = Command::new("sh");
    command
        .args(["-c", "exec \"$@\" >&-", "sh"])
        .arg(own.get_program())
        .args(own.get_args());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdin(Stdio::null()).output().unwrap()
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn no_token_is_lost() {
    type Way = fn(&Shell, &[&str]) -> Output;
    let filled: Way = |shell, arguments| into(shell, arguments, full());
    let unread: Way = |shell, arguments| into(shell, arguments, closed_pipe());
    for (output, status, json) in [
        (filled, 4, &[][..]),
        (unread, 4, &["--json"]),
        (without_output, 0, &[]),
    ] {
        let shell = Shell::new();
        let start = [&["start"][..], json, &TO].concat();
        let output = output(&shell, &start);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(status), "{told}");
        assert_eq!(shell.sandbox.inbox(None).len(), 1);
        let line = told.lines().find_map(|line| match json {
            [] => Some(line.to_string()).filter(|line| line.len() == 80 && !line.contains(' ')),
            _ => {
                let line: Value = serde_json::from_str(line).ok()?;
                line["challenged"]["token"].as_str().map(str::to_string)
            }
        });
        let token = line.unwrap_or_else(|| panic!("no token in {told}"));
        let verify = [&["verify", "--json", "--token", &token][..], &TO].concat();
        assert_eq!(shell.json(&verify, &shell.pin()).0, 0);
    }
}

/// Who throws the token away wants none in a log of errors.
#[test]
fn a_token_that_is_thrown_away_is_not_told() {
    let shell = Shell::new();
    let output = into(&shell, &[&["start"][..], &TO].concat(), null());
    let told = told(&output);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("sent to +81********78"), "{told}");
    assert!(told.lines().all(|line| line.contains(' ')), "{told}");
}

#[test]
fn nothing_panics_without_a_reader() {
    let shell = Shell::new();
    for (arguments, status) in [
        (&["completions", "zsh"][..], 4),
        (&["man"], 4),
        (&["keygen"], 4),
        (&["explain", "used", "--json"], 4),
        // A failure stays one where it cannot be written.
        (&["guard", "repair", "--json", "no-such"], 2),
    ] {
        let output = into(&shell, arguments, full());
        let told = told(&output);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {told}");
        assert!(!told.contains("panicked"), "{arguments:?}: {told}");
        let mut command = shell.command(arguments);
        let ended = command.stderr(full()).stdout(closed_pipe()).status();
        assert_eq!(ended.unwrap().code(), Some(status), "{arguments:?}");
    }
    let demo = into(&shell, &["demo", "--auto"], closed_pipe());
    assert_eq!(demo.status.code(), Some(4));
    // A reader that has seen enough is told nothing.
    assert_eq!(told(&into(&shell, &["keygen"], closed_pipe())), "");
    let told = told(&into(&shell, &["keygen"], full()));
    assert!(told.contains("standard output: No space left"), "{told}");
}

/// The shape of the module `two-factor-ask.wasm`: one field, which names the kind, and nothing that is absent.
#[test]
fn json_has_one_shape() {
    let shell = Shell::new();
    let settings = shell.settings();
    let own = settings.each_ref().map(String::as_str);
    let only = |kind: &str, answer: (i32, Value)| -> Value {
        let fields = answer.1.as_object().unwrap();
        assert_eq!(fields.keys().collect::<Vec<_>>(), [kind]);
        assert!(!answer.1.to_string().contains("null"), "{}", answer.1);
        fields[kind].clone()
    };
    let run = |arguments: &[&str], input: &str| {
        let arguments: Vec<_> = arguments.iter().copied().chain(own).collect();
        shell.json(&arguments, input)
    };
    let to = |command: &'static str| [&[command, "--json"][..], &TO].concat();
    let started = only("challenged", run(&to("start"), ""));
    assert_eq!(started["expires_in_seconds"], 300);
    assert_eq!(started["audit"]["decoy"], false);
    let token = started["token"].as_str().unwrap();
    let verify = [&to("verify")[..], &["--token", token]].concat();
    let pin = shell.pin();
    let wrong = only("failure", run(&verify, xoxzo_2fa_tests::other_than(&pin)));
    assert_eq!(
        (&wrong["blame"], &wrong["code"], &wrong["guesses_left"]),
        (&json!("refuse"), &json!("wrong-pin"), &json!(1))
    );
    assert!(wrong["detail"].is_string() && wrong["expires_in_seconds"].as_u64() > Some(0));
    assert!(wrong["audit"]["trail"]["subject"].is_string());
    let accepted = only("accepted", run(&verify, &pin));
    assert!(accepted["expires_in_seconds"].as_u64() > Some(0));
    for (kind, command) in [
        ("limits", "limits"),
        ("trail", "trail"),
        ("unlocked", "unlock"),
    ] {
        only(kind, run(&to(command), ""));
    }
    only("credits", run(&["credits", "--json"], ""));
    only("checked", run(&["check", "--json"], ""));
    only("examined", run(&["doctor", "--json"], ""));
    only("previews", run(&["preview", "--json"], ""));
    only(
        "token_info",
        shell.json(&["inspect", "--json", "--token", token], ""),
    );
    only(
        "explanation",
        shell.json(&["explain", "used", "--json"], ""),
    );
    only(
        "failure",
        shell.json(&["guard", "repair", "--json", "no-such"], ""),
    );
}

#[test]
fn faults_name_file_field_variable_and_the_likely_spelling() {
    let shell = Shell::new();
    let settings = shell.settings();
    let whole = fs::read_to_string(&settings[1]).unwrap();
    let check = |document: String| {
        fs::write(&settings[1], document).unwrap();
        told(&into(
            &shell,
            &["check", &settings[0], &settings[1]],
            Stdio::null(),
        ))
    };
    let path = &settings[1];
    for (was, is, expected) in [
        (
            "\"destinations\"",
            "\"destination\"",
            "line 1: unknown field `destination`; did you mean `destinations`?",
        ),
        (
            "\"sender\"",
            "\"sendr\"",
            "xoxzo: unknown field `sendr`; did you mean `sender`?",
        ),
        (
            "\"Example\"",
            "\"Not A Sender\"",
            "xoxzo.sender, line 1: must be 1 to 10 letters",
        ),
        (
            "\"env\":\"XOXZO_API_AUTH_TOKEN\"",
            "\"env\":\"XOXZO_TOKEN\"",
            "xoxzo.auth_token: the environment variable XOXZO_TOKEN is not set",
        ),
        // What is no name may be the token.
        (
            "\"env\":\"XOXZO_API_AUTH_TOKEN\"",
            "\"env\":\"0a1b2c3d\"",
            "xoxzo.auth_token: the environment variable is not set",
        ),
        // It stands further up too, so no line is told.
        (
            "\"xoxzo\":{",
            "\"xoxzo\":{\n\"service\":\"x\",",
            ", xoxzo: unknown field `service`",
        ),
        ("{", "", "line 1: not JSON"),
        (
            "\"xoxzo\":{",
            "\"xoxzo\":{\n\"sid\":\"x\",",
            ", line 2: duplicate field `sid`",
        ),
        ("{", "\u{feff}{", "line 1: begins with a byte order mark"),
        (
            "\"test\":true",
            "\"test\":\"yes\"",
            "test, line 1: must be true or false",
        ),
    ] {
        let told = check(whole.replacen(was, is, 1));
        assert!(
            told.contains(&format!("{path}, ")) && told.contains(expected),
            "{told}"
        );
    }
    let absent = told(&into(
        &shell,
        &["check", "--settings", "no-such.json"],
        Stdio::null(),
    ));
    assert!(
        absent.contains("no-such.json: the file cannot be read"),
        "{absent}"
    );

    let variables = |set: &[(&str, &str)], unset: &str| {
        let mut command = shell.command(&["check"]);
        command
            .env_remove("RUST_LOG")
            .env_remove(unset)
            .envs(set.iter().copied());
        told(&command.output().unwrap())
    };
    for (set, unset, expected) in [
        (
            &[("XOXZO_2FA_PIN_DIGITS", "99")][..],
            "",
            "XOXZO_2FA_PIN_DIGITS (pin.digits): must be 4 to 10",
        ),
        (
            &[("XOXZO_2FA_KEY", "short")],
            "",
            "XOXZO_2FA_KEY (keys.0): must be a key",
        ),
        (
            &[("XOXZO_2FA_KEYS", "x")],
            "XOXZO_2FA_KEY",
            "XOXZO_2FA_KEY is not set; XOXZO_2FA_KEYS is: did you mean XOXZO_2FA_KEY?",
        ),
        (&[], "XOXZO_API_SID", "settings: XOXZO_API_SID is not set"),
        // One that has a meaning of its own is no slip.
        (
            &[("XOXZO_2FA_GUARD", "guard")],
            "XOXZO_2FA_GUARD_KEY",
            "settings: XOXZO_2FA_GUARD_KEY is not set\n",
        ),
        (
            &[("XOXZO_2FA_DESTINATION", "US")],
            "",
            "XOXZO_2FA_DESTINATION means nothing; did you mean XOXZO_2FA_DESTINATIONS?",
        ),
    ] {
        let told = variables(set, unset);
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("line "), "{told}");
    }
}

#[test]
fn each_warning_is_shown_once() {
    let shell = Shell::new();
    let limits = [&["limits"][..], &TO].concat();
    let warnings = || {
        let told = told(&into(&shell, &limits, Stdio::null()));
        told.lines()
            .filter(|line| line.starts_with("warning: "))
            .count()
    };
    let first = warnings();
    assert!(first > 0);
    assert_eq!(warnings(), 0);
    // `check` shows them whenever it is asked.
    let checked = told(&into(&shell, &["check"], Stdio::null()));
    assert_eq!(checked.matches("warning: ").count(), first);
    fs::remove_file(shell.folder.join("xoxzo-2fa/warnings")).unwrap();
    assert_eq!(warnings(), first);
}

#[test]
fn help_and_manual_tell_what_arguments_do_not() {
    let shell = Shell::new();
    let text = |arguments: &[&str]| {
        let output = into(&shell, arguments, Stdio::piped());
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let all = text(&["--help"]);
    let (_, listed) = all.split_once("Commands:\n").unwrap();
    let names = listed.lines().map_while(|line| line.strip_prefix("  "));
    let names: Vec<_> = names
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| *name != "help" && all.contains(&format!("\n  {name}")))
        .collect();
    assert!(names.len() > 15 && names.contains(&"verify"), "{names:?}");
    for name in names {
        let help = text(&[name, "--help"]);
        assert!(
            help.contains("Exit status:") && help.contains("Examples:"),
            "{name}"
        );
        assert!(help.contains(&format!("xoxzo-2fa {name}")), "{name}");
        let page = text(&["man", name]);
        assert!(
            page.contains(".SH \"EXIT STATUS\"") && page.contains(".SH \"EXAMPLES\""),
            "{name}"
        );
    }
    for (help, page) in [
        (all, text(&["man"])),
        (text(&["start", "--help"]), text(&["man", "start"])),
    ] {
        for section in ["Environment", "Files"] {
            assert!(help.contains(&format!("{section}:")), "{help}");
            assert!(
                page.contains(&format!(".SH \"{}\"", section.to_uppercase())),
                "{page}"
            );
        }
        assert!(help.contains("XOXZO_2FA_GUARD_KEY") && page.contains("guard.sqlite"));
    }
    assert!(!text(&["explain", "--help"]).contains("XOXZO_API_AUTH_TOKEN"));
}
