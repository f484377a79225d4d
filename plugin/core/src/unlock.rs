//! `unlock`: an operator lifts the lock of a subject with a recipient.

use alloc::string::String;
use alloc::vec::Vec;

use crate::binding::id;
use crate::codec::{Reader, Writer};
use crate::failure::Failure;
use crate::guard::{Charge, LASTING, Outcome, Totals, judge, lie};
use crate::phone::Recipient;
use crate::prepared::Prepared;
use crate::turn::{Answer, Operation, Suspend, Turn, totals};

/// What was lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unlocked {
    /// Consecutive failures that were counted.
    pub failures: u32,
}

/// An unlock that waits for the guard.
#[derive(Clone)]
pub struct Unlock {
    subject: String,
    recipient: Recipient,
}

impl Unlock {
    /// Takes the subject and the recipient of a binding.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request).
    pub fn begin(
        settings: &Prepared,
        subject: &str,
        recipient: &str,
    ) -> Result<Turn<Self>, Failure> {
        let recipient = Recipient::parse(recipient, &settings.trusted)
            .map_err(|invalid| invalid.argument("recipient"))?;
        let unlock = Self {
            subject: id(subject, "subject")?,
            recipient,
        };
        Ok(Turn::Count(unlock.charges(settings), unlock))
    }

    /// Looks at the consecutive failures, of purposes after a first factor and of those open to strangers, then takes all back.
    fn charges(&self, settings: &Prepared) -> Vec<Charge> {
        let names = &settings.names;
        let group = names.subject(&self.subject);
        let one = |window, open, ttl| {
            let name = names.failures(&group, window, open, &self.subject, &self.recipient);
            Charge::one(name, u32::MAX, ttl)
        };
        let look = |open| one("hard", open, LASTING).look();
        let soft = settings.guesses.soft.seconds;
        let back = |open| {
            [
                one("soft", open, soft).back(u32::MAX),
                one("hard", open, LASTING).back(u32::MAX),
            ]
        };
        [look(false), look(true)]
            .into_iter()
            .chain(back(false))
            .chain(back(true))
            .collect()
    }
}

impl Suspend for Unlock {
    fn write(&self, _: &Prepared, out: &mut Writer) {
        out.text(&self.subject).text(self.recipient.as_str());
    }

    fn read(_: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            subject: from.text(),
            recipient: Recipient::written(from.text())?,
        })
    }
}

impl Operation for Unlock {
    type Output = Unlocked;

    fn resume(self, settings: &Prepared, _: u32, answer: Answer) -> Result<Turn<Self>, Failure> {
        let Totals { totals, .. } = totals(answer)?;
        let seen = totals.iter().take(2).map(|total| total.total);
        let failures = seen.fold(0_u32, u32::saturating_add);
        match judge(&self.charges(settings), totals)? {
            Outcome::Made(_) => Ok(Turn::Done(Unlocked { failures })),
            // Nothing in the list can be refused.
            Outcome::Refused { .. } => Err(lie()),
        }
    }
}
