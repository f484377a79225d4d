//! Single charges of a plan.

use crate::guard::Charge;

/// Seconds to wait after a message of which nothing is known (Xoxzo: look three minutes later whether it was sent).
pub(crate) const UNKNOWN_COOLDOWN: u32 = 180;

/// The kind of a counter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CounterKind {
    /// Pins of a challenge, and its use.
    Challenge,
    /// Failures of a subject with a recipient: in a window, and consecutive.
    Soft,
    Hard,
    /// Failures of a subject over all recipients, and from a client.
    Subject,
    Client,
    /// Failures over everyone, which refuse nothing.
    Audience,
    /// Messages: moments ago, and in a window.
    Cooldown,
    Cap,
    /// Requests that Xoxzo refused for what was in them.
    Attempts,
    /// Failures of Xoxzo itself in a row, the pause after them, and the one start a second that tries it again.
    Failing,
    Pause,
    Probe,
}

/// A charge, and what its refusal means.
#[derive(Clone)]
pub(super) struct PlannedCharge {
    pub(super) kind: CounterKind,
    /// Path of the setting that limits it.
    pub(super) setting: &'static str,
    pub(super) charge: Charge,
    /// Totals above this are too much: the charge's own limit, or what would be it if it were not only monitored.
    pub(super) most: u32,
}

impl PlannedCharge {
    /// A charge whose own limit says what is too much.
    pub(super) fn new(kind: CounterKind, setting: &'static str, charge: Charge) -> Self {
        let most = charge.limit;
        Self {
            kind,
            setting,
            charge,
            most,
        }
    }

    /// The same, refusing nothing.
    pub(super) fn unlimited(mut self) -> Self {
        self.charge.limit = u32::MAX;
        self
    }
}
