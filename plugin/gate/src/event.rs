//! Events: the fate of each request, for counters.

/// The fate of a request, for counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It went to the application with a pass.
    Forwarded,
    /// Needs no pass.
    Exempt,
    /// Showed a page of the gate, redirected to it, or answered 401.
    Challenged,
    /// Xoxzo took a message.
    Sent,
    /// Xoxzo gave no readable answer: a message may or may not have gone out.
    SentUnknown,
    /// A PIN was right.
    Accepted,
    /// The gate refused what was asked of it.
    Refused,
    /// A pass was given back.
    LoggedOut,
    /// The user's identity is missing or odd.
    RejectedIdentity,
    /// The target or method is doubtful.
    RejectedPath,
    /// Not from a page of this visit.
    RejectedCrossSite,
    /// Xoxzo, the guard, the clock or the randomness failed.
    UpstreamFailed,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Forwarded,
        Self::Exempt,
        Self::Challenged,
        Self::Sent,
        Self::SentUnknown,
        Self::Accepted,
        Self::Refused,
        Self::LoggedOut,
        Self::RejectedIdentity,
        Self::RejectedPath,
        Self::RejectedCrossSite,
        Self::UpstreamFailed,
    ];

    /// The counter's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Forwarded => "forwarded",
            Self::Exempt => "exempt",
            Self::Challenged => "challenged",
            Self::Sent => "sent",
            Self::SentUnknown => "sent_unknown",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::LoggedOut => "logged_out",
            Self::RejectedIdentity => "rejected_identity",
            Self::RejectedPath => "rejected_path",
            Self::RejectedCrossSite => "rejected_cross_site",
            Self::UpstreamFailed => "upstream_failed",
        }
    }
}
