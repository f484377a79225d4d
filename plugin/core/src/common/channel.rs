//! The ways by which a message goes.

/// The channel of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channel {
    /// A text message.
    #[default]
    Sms,
    /// A call that says the code.
    Voice,
}

impl Channel {
    /// Returns the byte that stands for it in signed values.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Sms => 1,
            Self::Voice => 2,
        }
    }

    /// Returns `sms` or `voice`, as every host spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }
}
