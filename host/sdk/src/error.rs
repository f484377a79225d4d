//! Errors, sorted by who has to act.

use std::fmt;
use std::time::Duration;

use crate::audit::{Alarm, Audit, Cause};
use crate::bindings::xoxzo::two_factor::types;
use crate::guard::GuardError;
use crate::seconds::span;

/// The reason why an operation ended without the result that was asked for.
///
/// No text in it holds a PIN, a token, a key or a full phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The embedding program is wrong: settings, or an argument that no user can cause. Fix it.
    Misuse(Failure),
    /// The end user is refused: a wrong PIN, an expired token, a limit. Show it.
    Refuse(Failure),
    /// Something outside failed: Xoxzo, the network, the guard, the clock, the component. Try later, raise an alarm.
    Upstream(Failure),
}

impl Error {
    /// Returns the failure, whoever has to act.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        match self {
            Self::Misuse(failure) | Self::Refuse(failure) | Self::Upstream(failure) => failure,
        }
    }

    /// The code of [`Error::failure`].
    #[must_use]
    pub fn code(&self) -> Code {
        self.failure().code
    }

    /// `misuse`, `refuse` or `upstream`.
    #[must_use]
    pub fn blame(&self) -> &'static str {
        match self {
            Self::Misuse(_) => "misuse",
            Self::Refuse(_) => "refuse",
            Self::Upstream(_) => "upstream",
        }
    }

    pub(crate) fn settings(detail: impl Into<String>) -> Self {
        Self::Misuse(Failure::new(Code::Settings, detail))
    }

    /// A guard that is out of reach or unfit, before anything is counted.
    pub(crate) fn guard(error: GuardError) -> Self {
        let mut failure = Failure::new(Code::Guard, error.to_string());
        failure.audit = Some(Box::new(Audit::caused(error.cause())));
        Self::Upstream(failure)
    }

    pub(crate) fn plugin(detail: impl Into<String>) -> Self {
        Self::Upstream(Failure::new(Code::Plugin, detail))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code(), self.failure().detail)
    }
}

impl std::error::Error for Error {
    /// The [`Cause`], where the guard or Xoxzo gave no readable answer.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause = self.failure().cause()?;
        Some(cause)
    }
}

/// A failure, with the values that a user interface needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The code of the failure.
    pub code: Code,
    /// One line for a log, for operators.
    pub detail: String,
    /// Tries that the challenge still has. Present with [`Code::WrongPin`].
    pub guesses_left: Option<u32>,
    /// The time after which trying again can work. Absent where waiting does not help.
    pub retry_after: Option<Duration>,
    /// Until the token's life ends. Present where the token was valid.
    pub expires_in: Option<Duration>,
    /// Information for operators. Show none of it to a user. Absent where the component could not be asked.
    pub audit: Option<Box<Audit>>,
}

impl Failure {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            guesses_left: None,
            retry_after: None,
            expires_in: None,
            audit: None,
        }
    }

    /// Returns what operators should look at now.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm> {
        self.audit.as_ref()?.alarm
    }

    /// Returns why the guard or Xoxzo gave no readable answer.
    #[must_use]
    pub fn cause(&self) -> Option<&Cause> {
        self.audit.as_ref()?.cause.as_ref()
    }
}

macro_rules! codes {
    ($($(#[$about:meta])* $name:ident $text:literal),* $(,)?) => {
        /// The code of a failure. [`Code::as_str`] is the same on every host.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$about])* $name,)*
            /// The component trapped, ran past its deadline or broke the contract.
            Plugin,
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)* Self::Plugin];

            /// The code as in the contract, such as `wrong-pin`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Plugin => "plugin",
                }
            }
        }

        impl Code {
            /// The code for the component. It explains [`Code::Plugin`], which is not its own, as it does any other fault of the host.
            pub(crate) fn to_wit(self) -> types::Code {
                match self {
                    $(Self::$name => types::Code::$name,)*
                    Self::Plugin => types::Code::Guard,
                }
            }
        }

        impl From<types::Code> for Code {
            fn from(code: types::Code) -> Self {
                match code {
                    $(types::Code::$name => Self::$name,)*
                }
            }
        }
    };
}

codes! {
    /// The host's clock cannot be right.
    Clock "clock",
    /// A message went out, or its status was asked, moments ago. Wait `retry_after`.
    Cooldown "cooldown",
    /// All guesses of the challenge are spent. Start again.
    Exhausted "exhausted",
    /// The token's lifetime is over, or for a resend nearly so. Start again.
    Expired "expired",
    /// The guard did not answer, is full, or gave an impossible answer.
    Guard "guard",
    /// The token is not ours, was altered, or is for something else.
    InvalidToken "invalid-token",
    /// Too many failures: of this subject with this recipient, of this subject, or from this client. With `retry_after`: wait; without: locked until an operator acts.
    Locked "locked",
    /// The typed text is not a PIN. Nothing was charged.
    Malformed "malformed",
    /// The recipient is not among the allowed destinations.
    NotAllowed "not-allowed",
    /// Nothing is counted for the subject and recipient that are to be unlocked. Check both.
    NothingLocked "nothing-locked",
    /// Xoxzo refused or could not be reached. Nothing was sent. With `retry_after` if it asks to wait.
    Provider "provider",
    /// The host's randomness was short or empty.
    Randomness "randomness",
    /// An argument does not have the required form; the detail names it.
    Request "request",
    /// The settings are wrong; the detail says where and how, never a value.
    Settings "settings",
    /// A cap on messages is reached.
    TooManySends "too-many-sends",
    /// This challenge was accepted before. Start again.
    Used "used",
    /// The PIN is wrong; `guesses_left` says how many tries are left.
    WrongPin "wrong-pin",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<types::Failure> for Error {
    fn from(failure: types::Failure) -> Self {
        let told = Failure {
            code: failure.code.into(),
            detail: failure.detail,
            guesses_left: failure.guesses_left,
            retry_after: failure.retry_after_seconds.map(span),
            expires_in: failure.expires_in_seconds.map(span),
            audit: failure.audit.map(|audit| Box::new(audit.into())),
        };
        match failure.blame {
            types::Blame::Misuse => Self::Misuse(told),
            types::Blame::Refuse => Self::Refuse(told),
            types::Blame::Upstream => Self::Upstream(told),
        }
    }
}
