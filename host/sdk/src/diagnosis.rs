//! Diagnoses: what an examination found on each point.

use std::fmt;

/// A point that an examination looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Point {
    /// The way to the provider: name, TLS, and an API that answers.
    Connection,
    /// The account's SID and token.
    Credentials,
    /// The credits that are left.
    Credits,
    /// Credits that were bought. With test credits the text of every message is replaced, and no code arrives.
    TestCredit,
    /// The right to send texts that are not from a template.
    Freeform,
    /// The templates of the settings: there, approved, and with the placeholders that the settings name.
    Templates,
    /// The sender of messages, by the rules of the destinations.
    Sender,
    /// The clock of this machine, against that of the provider.
    Clock,
    /// The counter store.
    Guard,
    /// The strength of the keys.
    Keys,
    /// A message that was really sent.
    Message,
}

impl Point {
    /// Returns the name, such as `credentials` or `test-credit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Credentials => "credentials",
            Self::Credits => "credits",
            Self::TestCredit => "test-credit",
            Self::Freeform => "freeform",
            Self::Templates => "templates",
            Self::Sender => "sender",
            Self::Clock => "clock",
            Self::Guard => "guard",
            Self::Keys => "keys",
            Self::Message => "message",
        }
    }

    /// Tells whether a fault is one of settings. Otherwise something outside has to change: the account, the network, the store or a clock.
    #[must_use]
    pub fn is_of_settings(self) -> bool {
        match self {
            Self::Credentials | Self::Templates | Self::Sender | Self::Keys => true,
            Self::Connection
            | Self::Credits
            | Self::TestCredit
            | Self::Freeform
            | Self::Clock
            | Self::Guard
            | Self::Message => false,
        }
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The verdict on a point. The gravest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Health {
    /// Something is wrong: users would not get in, or not be protected.
    Faulty,
    /// It cannot be told: the provider's API does not say it, or did not answer.
    NotKnown,
    /// Nothing is wrong with it.
    Sound,
}

impl Health {
    /// Returns `faulty`, `not known` or `sound`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faulty => "faulty",
            Self::NotKnown => "not known",
            Self::Sound => "sound",
        }
    }
}

/// The finding on a point. No text in it holds a secret or a phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The point that was looked at.
    pub point: Point,
    /// The verdict.
    pub health: Health,
    /// The fields of the settings that it is about, such as `xoxzo.sid`. Empty where no setting matters.
    pub fields: Vec<String>,
    /// The finding, as a clause without a full stop.
    pub text: String,
    /// The next step, as a clause without a full stop. Present with [`Health::Faulty`], and where a step would tell what is unknown.
    pub advice: Option<String>,
}

impl Diagnosis {
    pub(crate) fn sound(point: Point, text: impl Into<String>) -> Self {
        Self::new(point, Health::Sound, text)
    }

    pub(crate) fn not_known(point: Point, text: impl Into<String>) -> Self {
        Self::new(point, Health::NotKnown, text)
    }

    pub(crate) fn faulty(point: Point, text: impl Into<String>, advice: impl Into<String>) -> Self {
        Self::new(point, Health::Faulty, text).advise(advice)
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    pub(crate) fn about(mut self, fields: &[&str]) -> Self {
        self.fields = fields.iter().map(ToString::to_string).collect();
        self
    }

    fn new(point: Point, health: Health, text: impl Into<String>) -> Self {
        Self {
            point,
            health,
            fields: Vec::new(),
            text: text.into(),
            advice: None,
        }
    }
}
