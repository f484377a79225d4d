//! The program, as shells and scripts use it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::{env, fs, process};

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Request;

const AUTH_TOKEN: &str = "XOXZO_SANDBOX_AUTH_TOKEN";
/// `sid:to'ken`.
const BASIC: &str = "Basic c2lkOnRvJ2tlbg==";

/// The program with arguments, and without what the environment of the tests holds.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xoxzo-2fa-sandbox"));
    command
        .args(arguments)
        .env_remove(AUTH_TOKEN)
        .env_remove("XOXZO_SANDBOX_SID")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running program, the first line it printed, and what it prints after that.
struct Running {
    child: Child,
    line: String,
    more: BufReader<ChildStdout>,
}

impl Running {
    fn new(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut more = BufReader::new(child.stdout.take().unwrap());
        more.read_line(&mut line).unwrap();
        Self { child, line, more }
    }

    /// Its address and account.
    fn account(&self) -> [String; 3] {
        let told: Value = serde_json::from_str(&self.line).unwrap();
        ["url", "sid", "auth_token"].map(|name| told[name].as_str().unwrap().to_string())
    }

    /// Asks it for a path, and gives status and body.
    fn ask(&self, path: &str, header: (&str, &str), body: Option<Value>) -> (u16, String) {
        let config = Agent::config_builder().http_status_as_error(false);
        let agent = Agent::from(config.proxy(None).build());
        let url = format!("{}{path}", self.account()[0]);
        let request = Request::builder().uri(url).header(header.0, header.1);
        let mut response = match body {
            None => agent.run(request.body(()).unwrap()),
            Some(body) => {
                let request = request
                    .method("POST")
                    .header("content-type", "application/json");
                agent.run(request.body(body.to_string()).unwrap())
            }
        }
        .unwrap();
        let body = response.body_mut().read_to_string().unwrap();
        (response.status().as_u16(), body)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_by_itself = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// A file of this test's own.
fn file(name: &str, content: &str) -> PathBuf {
    let path = env::temp_dir().join(format!("xoxzo-2fa-sandbox-{}-{name}", process::id()));
    fs::write(&path, content).unwrap();
    path
}

#[test]
fn it_draws_an_account_and_takes_a_port_of_this_machine() {
    let accounts = [(); 2].map(|()| Running::new(&mut command(&["--json"])).account());
    for [url, sid, auth_token] in &accounts {
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        assert_eq!((sid.len(), auth_token.len()), (32, 32));
    }
    assert_ne!(accounts[0], accounts[1]);
}

#[test]
fn the_account_that_is_given_is_the_one_it_takes() {
    let path = file("token", "to'ken\r\n");
    let token_file = ["--sid", "sid", "--auth-token-file", path.to_str().unwrap()];
    let mut by_file = command(&token_file);
    by_file.env(AUTH_TOKEN, "another");
    let mut by_variables = command(&[]);
    by_variables
        .env(AUTH_TOKEN, "to'ken")
        .env("XOXZO_SANDBOX_SID", "sid");
    for command in [&mut by_file, &mut by_variables] {
        let running = Running::new(command.arg("--json"));
        assert_eq!(running.account()[1..], ["sid", "to'ken"]);
        for (basic, status) in [(BASIC, 200), ("Basic c2lkOmFub3RoZXI=", 401)] {
            let (answered, _) = running.ask("/you/credits/", ("authorization", basic), None);
            assert_eq!(answered, status, "{basic}");
        }
    }
    fs::remove_file(path).unwrap();
}

/// A shell reads what is printed, whatever is in it.
#[test]
fn a_shell_gets_the_account() {
    let token = r#"a'b"$(id)`id`;#\{*}~"#;
    let mut command = command(&["--sid", "s'id"]);
    let mut running = Running::new(command.env(AUTH_TOKEN, token));
    let mut script = running.line.clone();
    running.more.read_line(&mut script).unwrap();
    running.more.read_line(&mut script).unwrap();
    script.push_str(r#"printf '%s\n' "$XOXZO_BASE_URL" "$XOXZO_API_SID" "$XOXZO_API_AUTH_TOKEN""#);
    let read = Command::new("sh").args(["-c", &script]).output().unwrap();
    let read = String::from_utf8(read.stdout).unwrap();
    let values: Vec<_> = read.lines().collect();
    assert!(values[0].starts_with("http://127.0.0.1:"), "{read}");
    assert_eq!(values[1..], ["s'id", token]);
}

#[test]
fn templates_are_added_and_replaced() {
    let mut command = command(&[
        "--json",
        "--sid",
        "sid",
        "--template",
        "1=New: {code}",
        "--template",
        "7={a}={b}",
    ]);
    let running = Running::new(command.env(AUTH_TOKEN, "to'ken"));
    for (id, variables, text) in [
        (1, json!({"code": "012345"}), "New: 012345"),
        (7, json!({"a": "1", "b": "2"}), "1=2"),
    ] {
        let path = format!("/sms/templates/{id}/messages/");
        let body = json!({"recipient": "+819012345678", "sender": "Shop", "variables": variables});
        let (status, answer) = running.ask(&path, ("authorization", BASIC), Some(body));
        assert_eq!(status, 201, "{answer}");
        let (_, inbox) = running.ask("/_sandbox/inbox", ("accept", "*/*"), None);
        let inbox: Value = serde_json::from_str(&inbox).unwrap();
        assert_eq!(inbox.as_array().unwrap().last().unwrap()["body"], text);
    }
}

#[test]
fn what_is_wrong_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let long = "x".repeat(129);
    let path = file("empty", "\n");
    let empty = path.to_str().unwrap();
    for (arguments, told) in [
        (&["--sid", "a:b"][..], "without spaces and colons"),
        (&["--sid", ""], "'--sid <SID>'"),
        (&["--sid", &long], "1 to 128"),
        (&["--auth-token-file", "no-such-file"], "no-such-file: "),
        (
            &["--auth-token-file", empty],
            "-empty: the Auth Token must be",
        ),
        (&["--auth-token", "abc"], "unexpected argument"),
        (&["--template", "Hi"], "it must be ID=TEXT"),
        (&["--template", "x=Hi"], "`x` is not an id"),
        (&["--template", "4294967296=Hi"], "from 1 to 4294967295"),
        (&["--template", "0=Hi"], "an id is 1 or more"),
        (&["--template", "7="], "the text is empty"),
        (
            &["--template", "7=Hi {a"],
            "the `{` at character 4 is not closed",
        ),
        (
            &["--template", "7=a", "--template", "7=b"],
            "the id 7 twice",
        ),
        (&["--listen", &taken], "Address already in use"),
        (&["--listen", "localhost"], "'--listen <ADDRESS:PORT>'"),
        (
            &["--listen", "0.0.0.0:0"],
            "0.0.0.0:0 is not a loopback address",
        ),
        (&["--listen", "[::]:0"], "danger-listen-anywhere"),
    ] {
        let output = command(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(error.contains(told), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
    for token in ["", "two words", "é", &long] {
        let output = command(&[]).env(AUTH_TOKEN, token).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{token}");
        assert!(
            error.contains("XOXZO_SANDBOX_AUTH_TOKEN: the Auth Token must be 1 to 128"),
            "{error}"
        );
        assert!(token.is_empty() || !error.contains(token), "{error}");
    }
    fs::remove_file(path).unwrap();
}

/// Elsewhere only on demand, and there under any name.
#[test]
fn the_inbox_is_for_this_machine_unless_it_is_opened() {
    let inbox = |listen: &[&str], host: &str| {
        let arguments = [&["--json", "--listen"], listen].concat();
        let running = Running::new(&mut command(&arguments));
        let (status, _) = running.ask("/_sandbox/inbox", ("host", host), None);
        (running.account()[0].clone(), status)
    };
    for (host, expected) in [("127.0.0.2:1", 200), ("localhost", 200), ("sandbox", 403)] {
        let (url, status) = inbox(&["127.0.0.2:0"], host);
        assert!(url.starts_with("http://127.0.0.2:"), "{url}");
        assert_eq!(status, expected, "{host}");
    }
    let (url, status) = inbox(&["0.0.0.0:0", "--danger-listen-anywhere"], "sandbox");
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    assert_eq!(status, 200);
}

#[test]
fn the_readme_lists_every_option() {
    const README: &str = include_str!("../README.md");
    let help = command(&["--help"]).output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let first = |line: &str| {
        let option = line.trim_start().strip_prefix("--")?;
        option.split(' ').next().map(str::to_string)
    };
    let options: Vec<_> = help.lines().filter_map(first).collect();
    assert_eq!(README.matches("\n| `--").count(), options.len());
    for option in options {
        assert!(README.contains(&format!("\n| `--{option}")), "{option}");
    }
}

#[test]
fn help_shows_no_value_of_the_environment() {
    let mut command = command(&["--help"]);
    command
        .env("XOXZO_SANDBOX_SID", "sid-canary")
        .env(AUTH_TOKEN, "auth-canary");
    let output = command.output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(
        help.contains("XOXZO_SANDBOX_SID") && help.contains(AUTH_TOKEN),
        "{help}"
    );
    assert!(!help.contains("canary"), "{help}");
}
