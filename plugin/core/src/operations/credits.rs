//! `credits`: what the account at Xoxzo has left.
//!
//! ```text
//! Send(GET) ► Done
//! ```

use crate::common::audit::Audit;
use crate::common::clock;
use crate::common::codec::{Reader, Writer};
use crate::common::failure::Failure;
use crate::operations::about::About;
use crate::operations::audited::Tell;
use crate::operations::turn::{Operation, Received, Suspend, Turn, stray};
use crate::settings::prepared::Prepared;
use crate::xoxzo::reply::Reply;
use crate::xoxzo::{self, Wish};

/// The balance of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credits {
    /// Whole credits; below 0 for an account that pays afterwards.
    pub credits: i64,
}

impl Tell for Credits {
    /// The number is the result.
    fn tell(&mut self, _: &mut Audit) {}
}

/// A question about the account that waits for Xoxzo.
#[derive(Clone)]
pub struct AskCredits(());

impl AskCredits {
    /// Asks.
    ///
    /// # Errors
    ///
    /// [`Code::Clock`](crate::Code::Clock).
    pub fn begin(settings: &Prepared, now: u32) -> Result<Turn<Self>, Failure> {
        clock::check(now)?;
        Ok(Turn::Send(xoxzo::credits(&settings.account), Self(())))
    }
}

impl Suspend for AskCredits {
    fn write(&self, _: &Prepared, _: &mut Writer) {}

    fn read(_: &Prepared, _: &mut Reader<'_>) -> Option<Self> {
        Some(Self(()))
    }
}

impl Operation for AskCredits {
    type Output = Credits;

    fn about(&self, _: &Prepared) -> About {
        About::default()
    }

    fn go_on(self, _: &Prepared, _: u32, received: Received) -> Result<Turn<Self>, Failure> {
        match received {
            Received::Reply(Reply::Read {
                credits: Some(credits),
                ..
            }) => Ok(Turn::Done(Credits { credits })),
            Received::Reply(Reply::Refused {
                status,
                fields,
                retry_after,
            }) => Err(xoxzo::refused(Wish::Answer, status, &fields, retry_after)),
            Received::Reply(Reply::Read { .. } | Reply::Unreadable { .. })
            | Received::Unanswered(..) => Err(xoxzo::silent()),
            Received::Totals(_) => Err(stray()),
        }
    }
}
