//! Failures of operations, sorted by who has to act.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;

use crate::common::audit::{Alarm, Audit};
use crate::common::codec::{Reader, Writer};

/// The party that has to act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The embedding program.
    Misuse,
    /// The end user.
    Refuse,
    /// Something outside: Xoxzo, the network, the guard, the clock, the randomness.
    Upstream,
}

impl Blame {
    /// Returns the name that every host uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Misuse => "misuse",
            Self::Refuse => "refuse",
            Self::Upstream => "upstream",
        }
    }
}

/// The code of a failure. `wit/types.wit` says of each when it happens and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The host's clock cannot be right.
    Clock,
    /// A message went out moments ago.
    Cooldown,
    /// All guesses of the challenge are spent.
    Exhausted,
    /// The token's lifetime is over.
    Expired,
    /// The guard did not answer, is full, or lied.
    Guard,
    /// The token is not ours, or not for this binding.
    InvalidToken,
    /// Too many failures of the subject with the recipient.
    Locked,
    /// The typed text is not a PIN.
    Malformed,
    /// The recipient is not an allowed destination.
    NotAllowed,
    /// There is nothing to unlock.
    NothingLocked,
    /// Xoxzo refused or was not reached.
    Provider,
    /// The randomness was short or empty.
    Randomness,
    /// An argument does not have the required form.
    Request,
    /// The settings are wrong.
    Settings,
    /// A cap on messages is reached.
    TooManySends,
    /// The challenge was accepted before.
    Used,
    /// The PIN is wrong.
    WrongPin,
}

impl Code {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 17] = [
        Self::Clock,
        Self::Cooldown,
        Self::Exhausted,
        Self::Expired,
        Self::Guard,
        Self::InvalidToken,
        Self::Locked,
        Self::Malformed,
        Self::NotAllowed,
        Self::NothingLocked,
        Self::Provider,
        Self::Randomness,
        Self::Request,
        Self::Settings,
        Self::TooManySends,
        Self::Used,
        Self::WrongPin,
    ];

    /// Takes a code in its own spelling.
    ///
    /// # Errors
    ///
    /// Any other text.
    pub fn parse(text: &str) -> Result<Self, InvalidFormat> {
        let known = Self::ALL.into_iter().find(|code| code.name() == text);
        known.ok_or(InvalidFormat(
            "must be a code of a failure, such as wrong-pin",
        ))
    }

    /// Returns the name that every host uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Cooldown => "cooldown",
            Self::Exhausted => "exhausted",
            Self::Expired => "expired",
            Self::Guard => "guard",
            Self::InvalidToken => "invalid-token",
            Self::Locked => "locked",
            Self::Malformed => "malformed",
            Self::NotAllowed => "not-allowed",
            Self::NothingLocked => "nothing-locked",
            Self::Provider => "provider",
            Self::Randomness => "randomness",
            Self::Request => "request",
            Self::Settings => "settings",
            Self::TooManySends => "too-many-sends",
            Self::Used => "used",
            Self::WrongPin => "wrong-pin",
        }
    }

    /// Returns the party that has to act.
    #[must_use]
    pub fn blame(self) -> Blame {
        match self {
            Self::Request | Self::Settings => Blame::Misuse,
            Self::Clock | Self::Guard | Self::Provider | Self::Randomness => Blame::Upstream,
            Self::Cooldown
            | Self::Exhausted
            | Self::Expired
            | Self::InvalidToken
            | Self::Locked
            | Self::Malformed
            | Self::NotAllowed
            | Self::NothingLocked
            | Self::TooManySends
            | Self::Used
            | Self::WrongPin => Blame::Refuse,
        }
    }
}

/// An operation ended without what was asked. Holds no PIN, token, key or full number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Failure {
    /// The code.
    pub code: Code,
    /// One line for a log: lower case, no user data.
    pub detail: Cow<'static, str>,
    /// Tries that the challenge still has.
    pub guesses_left: Option<u32>,
    /// Seconds from now after which trying again can work.
    pub retry_after: Option<u32>,
    /// Seconds until the token's life ends.
    pub expires_in: Option<u32>,
    /// A condition that operators should look at, whatever became of this.
    pub alarm: Option<Alarm>,
    /// Information for operators, if it was asked for.
    pub audit: Option<Box<Audit>>,
    /// True for a challenge of which nobody was sent anything.
    pub(crate) decoy: bool,
}

impl Failure {
    /// A failure with nothing but its cause.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            guesses_left: None,
            retry_after: None,
            expires_in: None,
            alarm: None,
            audit: None,
            decoy: false,
        }
    }

    /// Returns the party that has to act.
    #[must_use]
    pub fn blame(&self) -> Blame {
        self.code.blame()
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        let Self {
            code,
            detail,
            guesses_left,
            retry_after,
            expires_in,
            alarm,
            audit: _,
            decoy: _,
        } = self;
        out.u8(*code as u8).text(detail);
        for number in [guesses_left, retry_after, expires_in] {
            out.maybe_u32(*number);
        }
        Alarm::write(*alarm, out);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            code: from.one_of(&Code::ALL)?,
            detail: from.text().into(),
            guesses_left: from.maybe_u32(),
            retry_after: from.maybe_u32(),
            expires_in: from.maybe_u32(),
            alarm: Alarm::read(from)?,
            ..Self::new(Code::Request, "")
        })
    }

    pub(crate) fn guesses_left(mut self, guesses: u32) -> Self {
        self.guesses_left = Some(guesses);
        self
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u32>) -> Self {
        self.retry_after = seconds;
        self
    }

    pub(crate) fn alarm(mut self, alarm: Option<Alarm>) -> Self {
        self.alarm = alarm;
        self
    }

    pub(crate) fn of_decoy(mut self, decoy: bool) -> Self {
        self.decoy = decoy;
        self
    }

    pub(crate) fn expires_in(mut self, seconds: u32) -> Self {
        self.expires_in = Some(seconds);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl core::error::Error for Failure {}

/// A value does not have the required form; the text says which form that is, and never the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidFormat(pub(crate) &'static str);

impl InvalidFormat {
    /// Takes what is required.
    #[must_use]
    pub fn new(requirement: &'static str) -> Self {
        Self(requirement)
    }

    /// Checks a requirement.
    ///
    /// # Errors
    ///
    /// The requirement, unless it holds.
    pub fn unless(holds: bool, requirement: &'static str) -> Result<(), Self> {
        if holds {
            Ok(())
        } else {
            Err(Self(requirement))
        }
    }

    /// Returns the requirement.
    #[must_use]
    pub fn requirement(self) -> &'static str {
        self.0
    }

    /// The failure of an argument called `name`.
    #[must_use]
    pub fn argument(self, name: &str) -> Failure {
        Failure::new(Code::Request, [name, ": ", self.0].concat())
    }
}
