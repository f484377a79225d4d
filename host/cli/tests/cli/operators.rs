//! `limits`, `unlock` and `credits` while a service runs, with its counters in a file and in Redis.

use serde_json::Value;
use xoxzo_2fa::{
    Binding, Code, Guard, MemoryGuard, Pin, RedisGuard, Settings, SqliteGuard, TwoFactor,
};
use xoxzo_2fa_tests::redis::Server;

use crate::shell::{Shell, TO};

fn login() -> Binding {
    Binding::new("+819012345678", "user-1", "login")
}

/// A service that runs on the shell's account, as long as it is not dropped.
fn service(shell: &Shell, settings: &[String; 2], guard: impl Guard + 'static) -> TwoFactor {
    let settings = std::fs::read_to_string(&settings[1]).unwrap();
    let settings = settings.replace(
        r#"{"env":"XOXZO_API_AUTH_TOKEN"}"#,
        &format!("{:?}", shell.sandbox.auth_token()),
    );
    TwoFactor::new(Settings::from_json(&settings).unwrap(), guard).unwrap()
}

/// Two wrong guesses lock the user for ever; an operator beside the running service sees that, and lifts it.
fn seen_and_lifted(guard: impl Guard + 'static, place: &str) {
    let shell = Shell::new();
    let settings = shell.settings();
    let service = service(&shell, &settings, guard);
    let beside = |command: &'static str| {
        let arguments = [command, "--json", "--guard", place, "--operator", "ann"];
        let settings = settings.iter().map(String::as_str);
        let arguments: Vec<_> = arguments.into_iter().chain(settings).chain(TO).collect();
        shell.json(&arguments, "")
    };
    let limit = |limits: &Value, setting: &str| {
        let limits = limits["limits"]["limits"].as_array().unwrap();
        let found = limits.iter().find(|limit| limit["setting"] == setting);
        let limit = found.unwrap();
        (limit["total"].as_u64(), limit["refuses"] == true)
    };
    let (status, nothing) = beside("limits");
    assert_eq!(
        (status, limit(&nothing, "failures.hard")),
        (0, (Some(0), false))
    );

    let token = service.start(&login()).unwrap().token;
    let pin = shell.pin();
    for _ in 0..2 {
        let wrong = service.verify(
            &token,
            &login(),
            &Pin::new(xoxzo_2fa_tests::other_than(&pin)),
        );
        assert_eq!(wrong.unwrap_err().code(), Code::WrongPin);
    }
    let locked = service.verify(&token, &login(), &Pin::new(&pin));
    assert_eq!(locked.unwrap_err().code(), Code::Locked);

    let (_, limits) = beside("limits");
    assert_eq!(limit(&limits, "failures.hard"), (Some(2), true));
    // The guess that was refused is counted in the window, too.
    assert_eq!(limit(&limits, "failures.soft"), (Some(3), false));
    assert_eq!(limit(&limits, "sends.per_number"), (Some(1), false));
    assert_eq!(limits["limits"]["operator"], "ann");

    let (status, lifted) = beside("unlock");
    assert_eq!(
        (status, lifted["unlocked"]["failures"].as_u64()),
        (0, Some(2))
    );
    assert_eq!(
        lifted["unlocked"]["audit"]["trail"],
        limits["limits"]["audit"]["trail"]
    );
    let (_, limits) = beside("limits");
    assert_eq!(limit(&limits, "failures.hard"), (Some(0), false));
    assert!(service.verify(&token, &login(), &Pin::new(&pin)).is_ok());

    // The names that logs have for the user, and what the account has left.
    let (status, trail) = beside("trail");
    assert_eq!(
        (status, &trail["trail"]),
        (0, &lifted["unlocked"]["audit"]["trail"])
    );
    let credits = ["credits", "--json", "--guard", place];
    let settings = settings.iter().map(String::as_str);
    let credits: Vec<_> = credits.into_iter().chain(settings).collect();
    let (status, credits) = shell.json(&credits, "");
    assert_eq!(status, 0);
    assert!(
        credits["credits"]["credits"]
            .as_i64()
            .is_some_and(|credits| credits > 0),
        "{credits}"
    );
}

#[test]
fn an_operator_works_beside_a_service_with_a_file() {
    let folder = Shell::new();
    std::fs::create_dir_all(&folder.folder).unwrap();
    let file = folder.folder.join("guard.sqlite");
    let guard = SqliteGuard::open(&file).unwrap();
    seen_and_lifted(guard, file.to_str().unwrap());
}

#[test]
fn an_operator_works_beside_a_service_with_redis() {
    let server = Server::start(&[]);
    let guard = RedisGuard::open(server.url()).unwrap();
    seen_and_lifted(guard, &server.url());
}

/// People read a line for each counter.
#[test]
fn limits_are_a_table() {
    let shell = Shell::new();
    let settings = shell.settings();
    let _checked = service(&shell, &settings, MemoryGuard::default());
    let arguments = [
        &["limits"][..],
        &settings.each_ref().map(String::as_str),
        &TO,
    ]
    .concat();
    let output = shell.run(&arguments, "");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0));
    let line = |setting: &str| text.lines().find(|line| line.starts_with(setting)).unwrap();
    assert!(line("failures.hard").contains("0 of 2"), "{text}");
    assert!(line("sends.per_number").contains("0 of 10"), "{text}");
}
