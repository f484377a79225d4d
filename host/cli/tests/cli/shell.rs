//! A shell with a sandbox, a folder and a key of its own.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use xoxzo_2fa_sandbox::{Options, Sandbox};

/// How fast messages move on.
const PACE: Duration = Duration::from_millis(100);

pub(crate) struct Shell {
    pub(crate) sandbox: Sandbox,
    pub(crate) folder: PathBuf,
    pub(crate) key: String,
    guard_key: String,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    /// A shell whose account is of another kind.
    pub(crate) fn with(account: Options) -> Self {
        static SHELLS: AtomicU32 = AtomicU32::new(0);
        let number = SHELLS.fetch_add(1, Ordering::SeqCst);
        let folder =
            std::env::temp_dir().join(format!("xoxzo-2fa-cli-{}-{number}", std::process::id()));
        let (key, guard_key) = (xoxzo_2fa::keygen().unwrap(), xoxzo_2fa::keygen().unwrap());
        Self {
            sandbox: Sandbox::start(account.pace(PACE)).unwrap(),
            folder,
            key,
            guard_key,
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xoxzo-2fa"));
        command
            .args(arguments)
            .env("XDG_STATE_HOME", &self.folder)
            .env("RUST_LOG", "trace");
        command
            .env("XOXZO_BASE_URL", self.sandbox.url())
            .env("XOXZO_API_SID", self.sandbox.sid());
        command
            .env("XOXZO_API_AUTH_TOKEN", self.sandbox.auth_token())
            .env("XOXZO_2FA_KEY", &self.key)
            .env("XOXZO_2FA_GUARD_KEY", &self.guard_key);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    pub(crate) fn json(&self, arguments: &[&str], input: &str) -> (i32, Value) {
        let output = self.run(arguments, input);
        self.keeps_secrets(&output.stderr);
        let line = String::from_utf8(output.stdout).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        (
            output.status.code().unwrap(),
            serde_json::from_str(&line).unwrap(),
        )
    }

    /// Standard error, at the most talkative level, holds no secret.
    pub(crate) fn keeps_secrets(&self, text: &[u8]) {
        let text = String::from_utf8_lossy(text);
        let pins = self
            .sandbox
            .inbox(None)
            .into_iter()
            .filter_map(|message| code(&message.body));
        for secret in pins.chain([
            self.key.clone(),
            self.sandbox.auth_token().to_string(),
            "+819012345678".to_string(),
        ]) {
            assert!(!text.contains(&secret));
        }
    }

    /// Settings of test mode, with calls and a cooldown of a second: the arguments that name them.
    pub(crate) fn settings(&self) -> [String; 2] {
        let document = json!({
            "version": 1, "audience": "shop", "service": "Example Shop", "test": true, "keys": [self.key],
            "guard": {"key": self.key}, "destinations": ["JP-mobile"], "sends": {"cooldown_seconds": 1},
            "voice": {"caller": "815012345678", "destinations": ["JP-mobile"]}, "message": {"max_parts": 2},
            "failures": {"soft": {"count": 100, "seconds": 60}, "hard": 2},
            "xoxzo": {
                "sid": self.sandbox.sid(), "auth_token": {"env": "XOXZO_API_AUTH_TOKEN"}, "sender": "Example",
                "base_url": self.sandbox.url(),
            },
        });
        std::fs::create_dir_all(&self.folder).unwrap();
        let path = self.folder.join("settings.json");
        std::fs::write(&path, document.to_string()).unwrap();
        ["--settings".to_string(), path.display().to_string()]
    }

    pub(crate) fn pin(&self) -> String {
        code(&self.sandbox.inbox(None).pop().unwrap().body).unwrap()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _none_if_nothing_was_counted = std::fs::remove_dir_all(&self.folder);
    }
}

pub(crate) fn code(body: &str) -> Option<String> {
    body.split(|letter: char| !letter.is_ascii_digit())
        .find(|run| run.len() == 6)
        .map(str::to_string)
}

pub(crate) const TO: [&str; 4] = ["--to", "+819012345678", "--subject", "user-1"];
