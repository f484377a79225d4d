//! What the gate wants next, and what it ends with.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use xoxzo_2fa_core::{Charge, Request};

use crate::flow::{Reading, Waiting};
use crate::note::Note;

/// What the gate wants next.
pub enum Turn {
    /// The request goes to the application, with these changes.
    Forward(Forward),
    /// The request is answered, and never reaches the application.
    Respond(Response),
    /// Read the body, at most [`Reading::LIMIT`](crate::Reading::LIMIT) bytes and one more, and go on with [`Gate::read`](crate::Gate::read).
    Read(Reading),
    /// Make these charges, and go on with [`Gate::resume`](crate::Gate::resume).
    Count(Vec<Charge>, Waiting),
    /// Make this request to Xoxzo, and go on with [`Gate::resume`](crate::Gate::resume).
    Send(Request, Waiting),
}

/// A request that goes to the application.
#[derive(Debug, PartialEq, Eq)]
pub struct Forward {
    /// Headers to take away, before any is set.
    pub remove: Vec<String>,
    /// Value of the header [`Forward::RECEIPT`].
    pub receipt: Option<Rc<str>>,
    /// Value of a `set-cookie` for the answer, which then must say `cache-control: no-store`.
    pub cookie: Option<Rc<str>>,
    /// What happened.
    pub event: Event,
}

impl Forward {
    /// The header by which the application learns who passed: a receipt, as the engine's `check-receipt` reads it.
    pub const RECEIPT: &str = "x-2fa-receipt";
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Lower-case names and values, which hold no controls.
    pub headers: Vec<(&'static str, String)>,
    /// UTF-8.
    pub body: String,
    /// What happened.
    pub event: Event,
    /// For a log, where an operation of the engine is behind it.
    pub note: Option<Box<Note>>,
}

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
