//! Reports failures and refusals to operators and scripts. The texts for end users come from the engine.

use std::process::ExitCode;
use std::{fmt, io};

use xoxzo_2fa::{Code, Error, Explanation, GuardError, JsonAnswer, Refusal};

use crate::answer::AUDITED;
use crate::output::{self, NoOutput, note};

/// Exit status if standard output did not take the result.
const NO_OUTPUT: u8 = 4;

/// A fault that ends a command early.
pub(crate) enum Fault {
    /// The operation itself failed or was refused.
    Operation(Error),
    /// Something around it failed: no home, no terminal, a taken port.
    Around(String),
    /// The counters' file could not be used.
    Guard(GuardError),
    /// Standard output did not take the result.
    Output(io::Error),
}

impl From<GuardError> for Fault {
    fn from(error: GuardError) -> Self {
        Self::Guard(error)
    }
}

impl From<NoOutput> for Fault {
    fn from(NoOutput(error): NoOutput) -> Self {
        Self::Output(error)
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
            Self::Output(error) => write!(f, "standard output: {error}"),
        }
    }
}

impl Fault {
    /// Prints the fault and returns the exit status.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let detail;
        let (blame, told) = match self {
            Self::Operation(error) => (error.blame(), JsonAnswer::Failure(error)),
            Self::Around(detail) => ("misuse", JsonAnswer::Fault("misuse", Code::Request, detail)),
            Self::Guard(error) => {
                detail = error.to_string();
                (
                    "upstream",
                    JsonAnswer::Fault("upstream", Code::Guard, &detail),
                )
            }
            Self::Output(error) => {
                // A reader that has seen enough is no fault.
                if error.kind() != io::ErrorKind::BrokenPipe {
                    note!("xoxzo-2fa: {self}");
                }
                return ExitCode::from(NO_OUTPUT);
            }
        };
        if json {
            // The exit status says that it failed, whether or not anybody can read why.
            let _ = output::keep(&told.to_json(AUDITED));
        } else {
            note!("xoxzo-2fa: {self}");
            if let Self::Operation(error) = self {
                if let Some(wait) = error.failure().retry_after {
                    note!("try again in {} s", wait.as_secs());
                }
                if let Some(advice) = advice(error) {
                    note!("{advice}");
                }
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
    note!("{}", told.text);
    Ok(told)
}

/// Advice for an operator, where the text of the error gives none.
fn advice(error: &Error) -> Option<&'static str> {
    let detail = &error.failure().detail;
    Some(match error.code() {
        // What is missing or misspelt is named already.
        Code::Settings if detail.ends_with(" is not set") => {
            "make keys with `xoxzo-2fa keygen`, or give --settings FILE; `xoxzo-2fa demo` needs neither"
        }
        Code::NotAllowed => {
            "add its country or range to `destinations` in the settings, for calls to `voice.destinations`"
        }
        Code::Expired | Code::Exhausted | Code::Used => "start again with `xoxzo-2fa start`",
        Code::InvalidToken => {
            "give --to, --subject, --purpose, --session and the payment as they were at start, with the same keys"
        }
        Code::NothingLocked => {
            "check --subject and --to; caps per client, range and service are not one user's to lift"
        }
        Code::Locked => "wait, or make sure who asks and lift it with `xoxzo-2fa unlock`",
        Code::TooManySends => "wait, or raise the cap in `sends` in the settings",
        Code::WrongPin => "look at the newest message and try again with the same token",
        Code::Provider => match error.failure().refusal() {
            Some(Refusal::Credentials) => {
                "correct XOXZO_API_SID and XOXZO_API_AUTH_TOKEN, or `xoxzo.sid` and `xoxzo.auth_token` in the settings"
            }
            Some(Refusal::Permission) => {
                "nothing was sent and nothing counted: `xoxzo-2fa doctor` examines the account and its templates"
            }
            Some(Refusal::Credits) => {
                "nothing was sent and nothing counted: see `xoxzo-2fa credits`"
            }
            _ => {
                "nothing was sent and nothing counted: try again, or examine the account with `xoxzo-2fa doctor`"
            }
        },
        Code::Clock => "set the clock of this machine",
        Code::Guard => "look at the counter store: --guard FILE, or XOXZO_2FA_GUARD",
        _ => return None,
    })
}
