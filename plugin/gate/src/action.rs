//! Actions of the gate's forms.

use xoxzo_2fa_core::Channel;

/// The action of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Start,
    Verify,
    Resend,
    Voice,
    Logout,
}

impl Action {
    /// The action at a path under the prefix.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            "/start" => Some(Self::Start),
            "/verify" => Some(Self::Verify),
            "/resend" => Some(Self::Resend),
            "/voice" => Some(Self::Voice),
            "/logout" => Some(Self::Logout),
            _ => None,
        }
    }

    /// The operation of the engine behind it, as events name it.
    pub(crate) fn operation(self) -> Option<&'static str> {
        match self {
            Self::Start => Some("start"),
            Self::Verify => Some("verify"),
            Self::Resend | Self::Voice => Some("resend"),
            Self::Logout => None,
        }
    }

    /// Returns the channel of its message.
    pub(crate) fn channel(self) -> Option<Channel> {
        match self {
            Self::Start | Self::Resend => Some(Channel::Sms),
            Self::Voice => Some(Channel::Voice),
            Self::Verify | Self::Logout => None,
        }
    }
}
