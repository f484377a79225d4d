//! What happened to a request.

/// What happened, for counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// With a pass, to the application.
    Forwarded,
    /// Needs no pass.
    Exempt,
    /// A page of the gate, or the way to it.
    Challenged,
    /// Xoxzo took a message.
    Sent,
    /// Xoxzo gave no readable answer: a message may or may not have gone out.
    SentUnknown,
    /// A PIN was right.
    Accepted,
    /// What was asked of the gate is refused.
    Refused,
    /// A pass was given back.
    LoggedOut,
    /// Who the user is, is missing or odd.
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
