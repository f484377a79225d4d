//! Turns: the conversation of an operation with its host.
//!
//! ```text
//!            begin                    resume(answer)
//! arguments ───────► Turn ──► Count ──► totals ───┐
//!                     ▲  │                        │
//!                     │  └──► Send ───► reply ────┤
//!                     │  │                        │
//!                     │  └──► Done                │
//!                     └───────────────────────────┘
//! ```
//!
//! A lost answer is an answer. A host is one loop over this, and decides nothing.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::codec::{Reader, Writer};
use crate::common::failure::{Code, Failure};
use crate::guard::{Charge, Totals};
use crate::operations::about::About;
use crate::settings::prepared::Prepared;
use crate::xoxzo::Request;
use crate::xoxzo::reply::{Reply, Response};

/// The next wish of an operation, or its result.
#[derive(Debug)]
pub enum Turn<O: Operation> {
    /// Make these charges, and resume with [`Answer::Totals`] or [`Answer::Unanswered`].
    Count(Vec<Charge>, O),
    /// Make this request, and resume with [`Answer::Response`] or [`Answer::Unanswered`].
    Send(Request, O),
    /// The result.
    Done(O::Output),
}

/// The answer to a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The guard's answer.
    Totals(Totals),
    /// Xoxzo's answer.
    Response(Response),
    /// Nothing, with the cause: one line for a log.
    Unanswered(NoAnswer, String),
}

/// An answer as an operation takes it: what Xoxzo said is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The guard's answer.
    Totals(Totals),
    /// Xoxzo's answer.
    Reply(Reply),
    /// Nothing, with the cause.
    Unanswered(NoAnswer, String),
}

impl From<Answer> for Received {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Totals(totals) => Self::Totals(totals),
            Answer::Response(response) => Self::Reply(response.read()),
            Answer::Unanswered(why, cause) => Self::Unanswered(why, cause),
        }
    }
}

/// The reason why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// The guard has no room.
    GuardFull,
    /// The guard did not answer; the charges may have been made.
    GuardUnreachable,
    /// Surely nothing left the host.
    NotSent,
    /// The request may have arrived.
    Unknown,
}

/// An operation that waits for an answer.
pub trait Operation: Sized {
    /// The result.
    type Output;

    /// Returns the user and the challenge that it is about.
    fn about(&self, settings: &Prepared) -> About;

    /// Goes on with what came back, at `now`.
    ///
    /// # Errors
    ///
    /// The operation ended without what was asked.
    fn resume(self, settings: &Prepared, now: u32, answer: Answer) -> Result<Turn<Self>, Failure> {
        self.go_on(settings, now, answer.into())
    }

    /// Goes on with what came back and was read.
    ///
    /// # Errors
    ///
    /// Those of [`Operation::resume`].
    fn go_on(
        self,
        settings: &Prepared,
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure>;
}

/// An operation that can be written down while it waits.
pub(crate) trait Suspend: Sized {
    fn write(&self, settings: &Prepared, out: &mut Writer);

    fn read(settings: &Prepared, from: &mut Reader<'_>) -> Option<Self>;
}

/// The totals in an answer to [`Turn::Count`].
pub(crate) fn totals(received: Received) -> Result<Totals, Failure> {
    match received {
        Received::Totals(totals) => Ok(totals),
        Received::Unanswered(NoAnswer::GuardFull, _) => {
            Err(Failure::new(Code::Guard, "the guard is full"))
        }
        Received::Unanswered(_, _) => Err(Failure::new(Code::Guard, "the guard did not answer")),
        Received::Reply(_) => Err(stray()),
    }
}

/// An answer to something that was not asked.
pub(crate) fn stray() -> Failure {
    Failure::new(Code::Request, "the answer does not belong to the question")
}
