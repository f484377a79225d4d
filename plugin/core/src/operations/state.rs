//! `state`: a suspended operation as a string, for hosts that keep no instance while they wait.
//!
//! ```text
//! hex(0x17 | written at 4 | operation 1 | fields | MAC 32)
//! ```
//!
//! The MAC covers everything before it and has a key of its own. The state holds who is meant, but no PIN, no key and nothing that opens a
//! challenge: those are derived again where they are needed. A state must be resumed at most once, in the process that created it.
//! Resuming it twice would count two attempts as one.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::codec::{Reader, Writer, from_hex, to_hex};
use crate::common::failure::{Code, Failure, InvalidFormat};
use crate::common::mark;
use crate::operations::about::About;
use crate::operations::audited::{Audited, Tell, Told};
use crate::operations::credits::{AskCredits, Credits};
use crate::operations::dispatch::{Challenge, Dispatch};
use crate::operations::limits::{AskLimits, Limits};
use crate::operations::status::{Report, Status};
use crate::operations::turn::{Operation, Received, Suspend, Turn};
use crate::operations::unlock::{Unlock, Unlocked};
use crate::operations::verify::{Acceptance, Verify};
use crate::settings::prepared::Prepared;
use crate::signed::envelope;

/// Seconds that a state can be resumed.
const LIFETIME: u32 = 60;

/// Characters of the longest state that is looked at.
const LONGEST: usize = 8_192;

/// An operation of any kind that waits.
#[derive(Clone)]
pub enum Suspended {
    /// `start` or `resend`.
    Dispatch(Audited<Dispatch>),
    /// `verify`.
    Verify(Audited<Verify>),
    /// `status`.
    Status(Audited<Status>),
    /// `unlock`.
    Unlock(Audited<Unlock>),
    /// `limits`.
    AskLimits(Audited<AskLimits>),
    /// `credits`.
    AskCredits(Audited<AskCredits>),
}

/// The result of an operation of any kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Ended {
    /// `start` or `resend`.
    Challenged(Challenge),
    /// `verify`.
    Accepted(Acceptance),
    /// `status`.
    Reported(Report),
    /// `unlock`.
    Unlocked(Unlocked),
    /// `limits`.
    Limits(Limits),
    /// `credits`.
    Credits(Credits),
}

impl Suspended {
    /// The state, written at `now`.
    #[must_use]
    pub fn to_state(&self, settings: &Prepared, now: u32) -> String {
        let mut out = Writer::new();
        out.u8(mark::STATE).u32(now);
        match self {
            Self::Dispatch(dispatch) => dispatch.write(settings, out.u8(1)),
            Self::Verify(verify) => verify.write(settings, out.u8(2)),
            Self::Status(status) => status.write(settings, out.u8(3)),
            Self::Unlock(unlock) => unlock.write(settings, out.u8(4)),
            Self::AskLimits(look) => look.write(settings, out.u8(5)),
            Self::AskCredits(ask) => ask.write(settings, out.u8(6)),
        }
        let body = out.finish();
        let mac = settings.state.mac(&authenticated(settings, &body));
        envelope::close(&body, &mac, to_hex)
    }

    /// Reads a state, at most 60 s after it was written.
    ///
    /// # Errors
    ///
    /// [`Code::Request`]; [`Code::Clock`] later, by the host's clock.
    pub fn from_state(settings: &Prepared, now: u32, state: &str) -> Result<Self, Failure> {
        let foreign =
            || InvalidFormat("must be one that these settings gave, unchanged").argument("state");
        let (body, mac) = envelope::open(state, LONGEST, from_hex).ok_or_else(foreign)?;
        let message = authenticated(settings, &body);
        if !settings.state.verifies(&message, &mac) {
            return Err(foreign());
        }
        let mut from = Reader::new(&body);
        let (first, written_at) = (from.u8(), from.u32());
        let waiting = match from.u8() {
            1 => Audited::read(settings, &mut from).map(Self::Dispatch),
            2 => Audited::read(settings, &mut from).map(Self::Verify),
            3 => Audited::read(settings, &mut from).map(Self::Status),
            4 => Audited::read(settings, &mut from).map(Self::Unlock),
            5 => Audited::read(settings, &mut from).map(Self::AskLimits),
            6 => Audited::read(settings, &mut from).map(Self::AskCredits),
            _ => None,
        };
        let waiting = waiting.filter(|_| first == mark::STATE && from.finish());
        let waiting = waiting.ok_or_else(foreign)?;
        Self::is_in_time(written_at, now)?;
        Ok(waiting)
    }

    /// Checks that an operation that waits since `written_at` may still go on.
    ///
    /// # Errors
    ///
    /// [`Code::Clock`]: more than 60 s passed.
    pub fn is_in_time(written_at: u32, now: u32) -> Result<(), Failure> {
        if now.abs_diff(written_at) > LIFETIME {
            return Err(Failure::new(
                Code::Clock,
                "over a minute passed while the operation waited",
            ));
        }
        Ok(())
    }
}

/// Returns the bytes that the MAC authenticates.
fn authenticated(settings: &Prepared, body: &[u8]) -> Vec<u8> {
    let mut out = Writer::new();
    out.text("xoxzo-2fa state").text(&settings.audience);
    out.raw(body).finish()
}

impl Operation for Suspended {
    type Output = Told<Ended>;

    fn about(&self, settings: &Prepared) -> About {
        match self {
            Self::Dispatch(dispatch) => dispatch.about(settings),
            Self::Verify(verify) => verify.about(settings),
            Self::Status(status) => status.about(settings),
            Self::Unlock(unlock) => unlock.about(settings),
            Self::AskLimits(look) => look.about(settings),
            Self::AskCredits(ask) => ask.about(settings),
        }
    }

    fn go_on(
        self,
        settings: &Prepared,
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        match self {
            Self::Dispatch(dispatch) => dispatch.go_on(settings, now, received).map(Turn::any),
            Self::Verify(verify) => verify.go_on(settings, now, received).map(Turn::any),
            Self::Status(status) => status.go_on(settings, now, received).map(Turn::any),
            Self::Unlock(unlock) => unlock.go_on(settings, now, received).map(Turn::any),
            Self::AskLimits(look) => look.go_on(settings, now, received).map(Turn::any),
            Self::AskCredits(ask) => ask.go_on(settings, now, received).map(Turn::any),
        }
    }
}

impl<O: Operation<Output: Tell + Into<Ended>>> Turn<Audited<O>>
where
    Audited<O>: Into<Suspended>,
{
    /// The same turn of an operation of any kind.
    #[must_use]
    pub fn any(self) -> Turn<Suspended> {
        match self {
            Turn::Count(charges, operation) => Turn::Count(charges, operation.into()),
            Turn::Send(request, operation) => Turn::Send(request, operation.into()),
            Turn::Done(Told { output, audit }) => Turn::Done(Told {
                output: output.into(),
                audit,
            }),
        }
    }
}

/// One variant for each operation, in both enums.
macro_rules! operations {
    ($($variant:ident $operation:ident, $end:ident $output:ident;)*) => {$(
        impl From<Audited<$operation>> for Suspended {
            fn from(operation: Audited<$operation>) -> Self {
                Self::$variant(operation)
            }
        }

        impl From<$output> for Ended {
            fn from(output: $output) -> Self {
                Self::$end(output)
            }
        }
    )*};
}

operations! {
    Dispatch Dispatch, Challenged Challenge;
    Verify Verify, Accepted Acceptance;
    Status Status, Reported Report;
    Unlock Unlock, Unlocked Unlocked;
    AskLimits AskLimits, Limits Limits;
    AskCredits AskCredits, Credits Credits;
}
