//! The state of a message.

/// The state of a message, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Xoxzo took it.
    Accepted,
    /// It may arrive; or its state has a name that this engine does not know.
    Unknown,
    /// It waits at Xoxzo.
    Queued,
    /// A carrier has it, or the phone rings.
    Delivering,
    /// It arrived, or the call was answered.
    Delivered,
    /// It will not arrive.
    Failed,
}

impl Delivery {
    /// Returns the name that every host uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Unknown => "unknown",
            Self::Queued => "queued",
            Self::Delivering => "delivering",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}
