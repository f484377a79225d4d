//! `status`: what became of a message.
//!
//! ```text
//! handle ► Count(one in 5 s) ► Send(GET) ► Done
//! ```

use alloc::borrow::Cow;
use alloc::string::String;

use crate::common::audit::Audit;
use crate::common::channel::Channel;
use crate::common::clock;
use crate::common::codec::{Reader, Writer};
use crate::common::delivery::Delivery;
use crate::common::failure::{Code, Failure};
use crate::guard::{Charge, GuardName, Outcome, check_totals};
use crate::operations::about::About;
use crate::operations::audited::Tell;
use crate::operations::decoy::DecoyState;
use crate::operations::turn::{NoAnswer, Operation, Received, Suspend, Turn, stray, totals};
use crate::settings::prepared::Prepared;
use crate::signed::handle;
use crate::xoxzo::reply::{Reply, delivery};
use crate::xoxzo::{self, Wish};

/// Seconds between two questions about one message.
const APART: u32 = 5;

/// The state of a message, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The state, as far as its name is known.
    pub delivery: Delivery,
    /// Xoxzo's own word for it.
    pub detail: Cow<'static, str>,
}

/// A question about a message.
#[derive(Clone)]
pub struct Status {
    counter: GuardName,
    channel: Channel,
    challenge_id: [u8; 8],
    message_id: String,
    /// The invented state of a message that was never sent.
    decoy: Option<DecoyState>,
    asked: bool,
}

impl Status {
    /// Reads the handle that came with a challenge.
    ///
    /// # Errors
    ///
    /// [`Code::InvalidToken`], [`Code::Expired`] after a day, [`Code::Clock`].
    pub fn begin(settings: &Prepared, now: u32, handle: &str) -> Result<Turn<Self>, Failure> {
        clock::check(now)?;
        let handle::Read {
            channel,
            challenge_id,
            message_id,
            decoy,
        } = handle::read(settings, handle, now)?;
        let status = Self {
            counter: settings.names.status(message_id.as_bytes()),
            channel,
            challenge_id,
            message_id,
            decoy,
            asked: false,
        };
        Ok(Turn::Count(alloc::vec![status.charge()], status))
    }

    fn charge(&self) -> Charge {
        Charge::alone(self.counter, 1, 1, APART)
    }
}

impl Suspend for Status {
    fn write(&self, _: &Prepared, out: &mut Writer) {
        let Self {
            counter,
            channel,
            challenge_id,
            message_id,
            decoy,
            asked,
        } = self;
        out.raw(counter.as_bytes()).u8(*channel as u8);
        out.raw(challenge_id).text(message_id);
        match decoy {
            None => out.flag(false),
            Some(state) => out.flag(true).u8(*state as u8),
        };
        out.flag(*asked);
    }

    fn read(_: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            counter: GuardName::new(from.array()),
            channel: from.one_of(&[Channel::Sms, Channel::Voice])?,
            challenge_id: from.array(),
            message_id: from.text(),
            decoy: match from.present() {
                false => None,
                true => Some(from.one_of(&DecoyState::ALL)?),
            },
            asked: from.present(),
        })
    }
}

impl Tell for Report {
    /// A report has nothing that an operator is not told anyway.
    fn tell(&mut self, _: &mut Audit) {}
}

impl Operation for Status {
    type Output = Report;

    fn about(&self, _: &Prepared) -> About {
        About::message(self.challenge_id, &self.message_id, self.decoy.is_some())
    }

    fn go_on(
        mut self,
        settings: &Prepared,
        _: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        match received {
            received if !self.asked => {
                if let Outcome::Refused { total, .. } =
                    check_totals(&[self.charge()], totals(received)?.totals)?
                {
                    let soon = Failure::new(Code::Cooldown, "this was asked moments ago");
                    return Err(soon.retry_after(Some(total.ends_in)));
                }
                if let Some(state) = self.decoy {
                    return Ok(Turn::Done(report(state.word().into())));
                }
                self.asked = true;
                let request = xoxzo::status(&settings.account, self.channel, &self.message_id);
                Ok(Turn::Send(request, self))
            }
            Received::Reply(Reply::Read { state, .. }) => {
                Ok(Turn::Done(report(state.unwrap_or_default().into())))
            }
            Received::Reply(Reply::Refused {
                status,
                fields,
                retry_after,
            }) => Err(xoxzo::refused(Wish::Answer, status, &fields, retry_after)),
            Received::Unanswered(NoAnswer::NotSent | NoAnswer::Unknown, _)
            | Received::Reply(Reply::Unreadable { .. }) => Err(xoxzo::silent()),
            _ => Err(stray()),
        }
    }
}

fn report(state: Cow<'static, str>) -> Report {
    let delivery = delivery(&state);
    Report {
        delivery,
        detail: state,
    }
}
