//! `unlock`: an operator lifts what keeps a user out.
//!
//! ```text
//! Count(look at the user's counters) ─┬─► Count(take them back) ─► Done
//!                                     └─► all at 0 ─────────────► nothing-locked
//! ```
//!
//! The counters are those of the subject and of the number: failures, messages, cooldowns. Those of a client, a range or the service are not one
//! user's to lift, and a used challenge stays used.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::audit::Audit;
use crate::common::codec::{Reader, Writer};
use crate::common::failure::{Code, Failure};
use crate::guard::{Charge, LASTING, Name, Outcome, Total, check_totals, lie};
use crate::operations::about::About;
use crate::operations::audited::Tell;
use crate::operations::turn::{Operation, Received, Suspend, Turn, totals};
use crate::phone::Recipient;
use crate::plan::UNKNOWN_COOLDOWN;
use crate::settings::Failures;
use crate::settings::prepared::Prepared;
use crate::signed::binding::id;

/// The counts that were taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unlocked {
    /// Consecutive failures of the subject with the recipient, of both kinds of purposes.
    pub failures: u32,
    /// Failures of the subject over all recipients in the present window, of both kinds of purposes.
    pub subject_failures: u32,
    /// Messages in the present window: those of the subject or those to the number, whichever are more.
    pub messages: u32,
}

/// An unlock that waits for the guard.
#[derive(Clone)]
pub struct Unlock {
    subject: String,
    recipient: Recipient,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// The counters are being looked at.
    Look,
    /// They are being taken back.
    Lift(Unlocked),
}

/// The kind of a user's counter.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Window,
    Consecutive,
    Subject,
    SubjectMessages,
    NumberMessages,
    Cooldown,
}

impl Unlock {
    /// Takes the subject and the recipient of a binding.
    ///
    /// # Errors
    ///
    /// [`Code::Request`].
    pub fn begin(
        settings: &Prepared,
        subject: &str,
        recipient: &str,
    ) -> Result<Turn<Self>, Failure> {
        let recipient = Recipient::parse(recipient, &settings.trust_numbers_under)
            .map_err(|invalid| invalid.argument("recipient"))?;
        let unlock = Self {
            subject: id(subject, "subject")?,
            recipient,
            stage: Stage::Look,
        };
        Ok(Turn::Count(unlock.looks(settings), unlock))
    }

    /// The counters of the subject, then those of the number.
    fn counters(&self, settings: &Prepared) -> Vec<(Kind, Charge)> {
        let Self {
            subject, recipient, ..
        } = self;
        let (names, sends) = (&settings.names, &settings.sends);
        let Failures {
            soft, per_subject, ..
        } = &settings.failures;
        let (own, number) = (names.subject(subject), names.number(recipient));
        let one = |kind, name: Name, seconds| (kind, Charge::one(name, u32::MAX, seconds));
        let mut counters = Vec::new();
        for open in [false, true] {
            let failures = |window| names.failures(&own, window, open, subject, recipient);
            let over_all = names.apart(&own, "failures per subject", open, subject.as_bytes());
            counters.extend([
                one(Kind::Window, failures("soft"), soft.seconds),
                one(Kind::Consecutive, failures("hard"), LASTING),
                one(Kind::Subject, over_all, per_subject.seconds),
            ]);
        }
        let messages = names.sends(&own, "sends per subject", subject.as_bytes());
        counters.push(one(
            Kind::SubjectMessages,
            messages,
            sends.per_subject.seconds,
        ));
        for open in [false, true] {
            let cooldown = names.cooldown(&number, open, recipient);
            let unknown = names.unknown(&number, open, recipient);
            counters.extend([
                one(Kind::Cooldown, cooldown, sends.cooldown_seconds),
                one(Kind::Cooldown, unknown, UNKNOWN_COOLDOWN),
            ]);
        }
        let digits = recipient.as_str().as_bytes();
        let messages = names.sends(&number, "sends per number", digits);
        counters.push(one(
            Kind::NumberMessages,
            messages,
            sends.per_number.seconds,
        ));
        counters
    }

    fn looks(&self, settings: &Prepared) -> Vec<Charge> {
        let counters = self.counters(settings).into_iter();
        counters.map(|(_, charge)| charge.look()).collect()
    }

    fn lifts(&self, settings: &Prepared) -> Vec<Charge> {
        let counters = self.counters(settings).into_iter();
        counters.map(|(_, charge)| charge.back(u32::MAX)).collect()
    }

    /// Takes back what was seen.
    fn lift(mut self, settings: &Prepared, seen: &[Total]) -> Result<Turn<Self>, Failure> {
        if seen.iter().all(|total| total.total == 0) {
            return Err(Failure::new(
                Code::NothingLocked,
                "nothing is counted for this subject and recipient: check both",
            ));
        }
        let counters = self.counters(settings);
        let sum = |wanted: Kind| {
            let totals = counters.iter().zip(seen);
            let totals = totals.filter(|((kind, _), _)| *kind == wanted);
            totals.fold(0_u32, |sum, (_, total)| sum.saturating_add(total.total))
        };
        self.stage = Stage::Lift(Unlocked {
            failures: sum(Kind::Consecutive),
            subject_failures: sum(Kind::Subject),
            messages: sum(Kind::SubjectMessages).max(sum(Kind::NumberMessages)),
        });
        Ok(Turn::Count(self.lifts(settings), self))
    }
}

impl Suspend for Unlock {
    fn write(&self, _: &Prepared, out: &mut Writer) {
        out.text(&self.subject).text(self.recipient.as_str());
        match self.stage {
            Stage::Look => out.u8(0),
            Stage::Lift(Unlocked {
                failures,
                subject_failures,
                messages,
            }) => out.u8(1).u32(failures).u32(subject_failures).u32(messages),
        };
    }

    fn read(_: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            subject: from.text(),
            recipient: Recipient::written(from.text())?,
            stage: match from.u8() {
                0 => Stage::Look,
                1 => Stage::Lift(Unlocked {
                    failures: from.u32(),
                    subject_failures: from.u32(),
                    messages: from.u32(),
                }),
                _ => return None,
            },
        })
    }
}

impl Tell for Unlocked {
    /// Tells nothing more: the counts are the result.
    fn tell(&mut self, _: &mut Audit) {}
}

impl Operation for Unlock {
    type Output = Unlocked;

    fn about(&self, _: &Prepared) -> About {
        About::bound(&self.subject, &self.recipient)
    }

    fn go_on(self, settings: &Prepared, _: u32, received: Received) -> Result<Turn<Self>, Failure> {
        let answer = totals(received)?;
        let charges = match self.stage {
            Stage::Look => self.looks(settings),
            Stage::Lift(_) => self.lifts(settings),
        };
        match (check_totals(&charges, answer.totals)?, self.stage) {
            (Outcome::Made(seen), Stage::Look) => self.lift(settings, &seen),
            (Outcome::Made(_), Stage::Lift(unlocked)) => Ok(Turn::Done(unlocked)),
            // Nothing in either list can be refused.
            (Outcome::Refused { .. }, _) => Err(lie()),
        }
    }
}
