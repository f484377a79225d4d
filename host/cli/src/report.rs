//! Reports failures and refusals to operators and scripts. The texts for end users come from the engine.

use std::process::ExitCode;
use std::time::Duration;
use std::{fmt, io};

use serde_json::json;
use xoxzo_2fa::{Code, Error, Explanation, GuardError};

/// A fault that ends a command early.
pub(crate) enum Fault {
    /// The operation itself failed or was refused.
    Operation(Error),
    /// Something around it failed: no home, no terminal, a taken port.
    Around(String),
    /// The counters' file could not be used.
    Guard(GuardError),
}

impl From<GuardError> for Fault {
    fn from(error: GuardError) -> Self {
        Self::Guard(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Operation(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Around(error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(error) => write!(f, "{error}"),
            Self::Around(why) => f.write_str(why),
            Self::Guard(error) => write!(f, "{}: {error}", Code::Guard),
        }
    }
}

impl Fault {
    /// Prints the fault and returns the exit status.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let (blame, code, retry_after) = match self {
            Self::Operation(error) => (
                error.blame(),
                error.code().as_str(),
                error.failure().retry_after,
            ),
            Self::Around(_) => ("misuse", Code::Request.as_str(), None),
            Self::Guard(_) => ("upstream", Code::Guard.as_str(), None),
        };
        if json {
            let detail = match self {
                Self::Operation(error) => error.failure().detail.clone(),
                Self::Around(why) => why.clone(),
                Self::Guard(error) => error.to_string(),
            };
            let error = json!({"blame": blame, "code": code, "detail": detail, "retry_after": seconds(retry_after)});
            println!("{}", json!({ "error": error }));
        } else {
            eprintln!("xoxzo-2fa: {self}");
            if let Some(wait) = retry_after {
                eprintln!("try again in {} s", wait.as_secs());
            }
            if let Some(advice) = advice(code) {
                eprintln!("{advice}");
            }
        }
        ExitCode::from(match blame {
            "refuse" => 1,
            "misuse" => 2,
            _ => 3,
        })
    }
}

/// Prints the text for end users, for the person at the terminal.
pub(crate) fn tell(error: &Error) -> Result<Explanation, Fault> {
    let told = error.explain("en")?;
    eprintln!("{}", told.text);
    Ok(told)
}

pub(crate) fn seconds(time: Option<Duration>) -> Option<u64> {
    time.map(|time| time.as_secs())
}

/// Advice for an operator, where the text of the error gives none.
fn advice(code: &str) -> Option<&'static str> {
    Some(match code {
        "settings" => {
            "set XOXZO_API_SID, XOXZO_API_AUTH_TOKEN, XOXZO_2FA_KEY and XOXZO_2FA_GUARD_KEY (each from `xoxzo-2fa keygen`), or give --settings FILE; \
             `xoxzo-2fa check` shows what is in effect"
        }
        "not-allowed" => {
            "add its country or range to `destinations` in the settings, for calls to `voice.destinations`"
        }
        "expired" | "exhausted" | "used" => "start again with `xoxzo-2fa start`",
        "invalid-token" => {
            "give --to, --subject, --purpose, --session and the payment as they were at start, with the same keys"
        }
        "nothing-locked" => {
            "check --subject and --to; caps per client, range and service are not one user's to lift"
        }
        "locked" => "wait, or make sure who asks and lift it with `xoxzo-2fa unlock`",
        "too-many-sends" => "wait, or raise the cap in `sends` in the settings",
        "wrong-pin" => "look at the newest message and try again with the same token",
        "provider" => {
            "nothing was sent and nothing counted: try again, or look at the account at xoxzo"
        }
        "clock" => "set the clock of this machine",
        "guard" => "look at the file of the counters: --guard FILE, or XOXZO_2FA_GUARD",
        _ => return None,
    })
}
