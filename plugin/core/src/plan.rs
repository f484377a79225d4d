//! The charges of a message or a guess, and the meaning of each refusal.
//!
//! ```text
//! message   look at client, range, audience
//!           ► subject { look at challenge and failures, charge messages }
//!           ► number  { look at cooldown after unknown, charge cooldown and messages }
//!           ► client  ► range ► audience { charge messages and, while the breaker is half open, the probe }
//! guess     look at client
//!           ► subject { look at failures, charge challenge, soft, hard and failures }
//!           ► client  ► audience
//! ```
//!
//! What is in braces is one group, whose charges a store makes as one. The wide counters are looked at before the narrow ones are
//! charged: who is refused anyway uses up nobody's guesses and leaves no counter behind.

mod counted;
mod planned;
mod provider;

use alloc::vec::Vec;

use crate::common::audit::Alarm;
use crate::common::failure::{Code, Failure};
use crate::guard::{CLAIM, Charge, Group, Total};
use crate::phone::Recipient;
use crate::settings::prepared::Prepared;
use crate::settings::{Pins, Purpose};
use crate::signed::binding::Binding;
use crate::xoxzo;

use counted::{FailureCounters, Groups, MessageCounters, User};
pub(crate) use planned::UNKNOWN_COOLDOWN;
use planned::{CounterKind, PlannedCharge};
use provider::{Attempts, Breaker};
pub(crate) use provider::{Lesson, Standing};

/// A counter that could refuse a user, as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Path of the setting, such as `failures.soft`.
    pub setting: &'static str,
    /// True for purposes that strangers can start, which have counters or caps of their own.
    pub open: bool,
    /// The count.
    pub total: u32,
    /// Totals above this exceed the limit.
    pub most: u32,
    /// Seconds until the counter ends. Absent where nothing is counted, and where nothing but an unlock or a success ends it.
    pub ends_in: Option<u32>,
    /// True if it refuses the next message or guess.
    pub refuses: bool,
}

/// Charges in their order, with what their refusal means.
#[derive(Clone, Default)]
pub(crate) struct ChargePlan(Vec<PlannedCharge>);

impl ChargePlan {
    /// Makes the charges of a message, by its `weight`. For a resend, the counter of its challenge, made from the
    /// subject's group, is looked at too.
    ///
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing, or is no address.
    pub(crate) fn message(
        settings: &Prepared,
        binding: &Binding,
        client: Option<&str>,
        challenge: Option<impl FnOnce(&Group) -> Charge>,
        weight: u32,
        standing: Standing,
    ) -> Result<Self, Failure> {
        let user = User::of(settings, binding);
        let groups = Groups::new(settings, user, client)?;
        let failures = FailureCounters::new(settings, user, &groups)?;
        let messages = MessageCounters::new(settings, user, &groups, weight)?;
        let attempts = Attempts::of(settings, &groups, &messages);
        let breaker = Breaker::of(settings, user, &groups);
        let mut plan = Self(Vec::new());

        failures
            .client
            .iter()
            .for_each(|planned| plan.look(planned));
        messages
            .client
            .iter()
            .for_each(|planned| plan.look(planned));
        attempts
            .client
            .iter()
            .for_each(|planned| plan.look(planned));
        plan.look(&messages.range);
        plan.look(&failures.audience);
        plan.look(&messages.audience);
        plan.look(&attempts.audience);
        match standing {
            Standing::Passed => {}
            Standing::Closed => plan.look(&breaker.failing()),
            Standing::Probing => {
                plan.look(&breaker.pause());
                plan.look(&breaker.probe());
                plan.look(&breaker.failing().unlimited());
            }
        }

        if let Some(challenge) = challenge {
            plan.look(&guess(challenge(&groups.subject)));
        }
        failures
            .subject
            .iter()
            .for_each(|planned| plan.look(planned));
        plan.0.push(messages.subject);

        plan.look(&messages.unknown);
        plan.0.extend([messages.cooldown, messages.number]);

        plan.0.extend(messages.client);
        plan.0.extend([messages.range, messages.audience]);
        if standing == Standing::Probing {
            plan.0.push(breaker.probe());
        }
        Ok(plan)
    }

    /// Makes the charges of a guess at a challenge, whose own charge is made from the subject's group. It is the first that is not only a look.
    ///
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing, or is no address.
    pub(crate) fn guess(
        settings: &Prepared,
        binding: &Binding,
        client: Option<&str>,
        challenge: impl FnOnce(&Group) -> Charge,
    ) -> Result<Self, Failure> {
        let user = User::of(settings, binding);
        let groups = Groups::new(settings, user, client)?;
        let FailureCounters {
            subject: [soft, hard, subject],
            client,
            audience,
        } = FailureCounters::new(settings, user, &groups)?;
        let mut plan = Self(Vec::new());
        client.iter().for_each(|planned| plan.look(planned));
        plan.look(&subject);
        plan.0
            .extend([guess(challenge(&groups.subject)), soft, hard, subject]);
        plan.0.extend(client);
        plan.0.push(audience);
        Ok(plan)
    }

    /// Looks at each counter that could refuse a user: those of purposes after a first factor, then, if there are any, those that strangers can
    /// start. Counters of a client only if one is given.
    ///
    /// # Errors
    ///
    /// [`Code::Request`] if the client is no address.
    pub(crate) fn limits(
        settings: &Prepared,
        subject: &str,
        recipient: &Recipient,
        client: Option<&str>,
    ) -> Result<(Self, Vec<bool>), Failure> {
        let (mut plan, mut kinds) = (Self(Vec::new()), Vec::new());
        for open in [false, true] {
            let has = |purpose: &Purpose| purpose.after_first_factor != open;
            if !settings.purposes.iter().any(has) {
                continue;
            }
            let user = User {
                subject,
                recipient,
                open,
            };
            let groups = Groups::new(settings, user, client)?;
            let failures = FailureCounters::of(settings, user, &groups);
            let messages = MessageCounters::of(settings, user, &groups, 1);
            let failures_of = failures.subject.iter().chain(&failures.client);
            failures_of.for_each(|planned| plan.look(planned));
            plan.look(&failures.audience);
            plan.look(&messages.cooldown);
            plan.look(&messages.unknown);
            plan.look(&messages.subject);
            plan.look(&messages.number);
            messages
                .client
                .iter()
                .for_each(|planned| plan.look(planned));
            let attempts = Attempts::of(settings, &groups, &messages);
            let breaker = Breaker::of(settings, user, &groups);
            attempts
                .client
                .iter()
                .for_each(|planned| plan.look(planned));
            plan.look(&messages.range);
            plan.look(&messages.audience);
            plan.look(&attempts.audience);
            plan.look(&breaker.failing());
            plan.look(&breaker.pause());
            kinds.resize(plan.0.len(), open);
        }
        for planned in &mut plan.0 {
            planned.charge.limit = u32::MAX;
        }
        Ok((plan, kinds))
    }

    /// Reads the totals of such looks.
    pub(crate) fn told(&self, kinds: &[bool], totals: &[Total], monitor: bool) -> Vec<Limit> {
        let planned = self.0.iter().zip(kinds).zip(totals);
        // A pause refuses nothing unless the failures before it are a row.
        let mut failing = false;
        let limit = |((planned, open), total): ((&PlannedCharge, &bool), &Total)| {
            if planned.kind == CounterKind::Failing {
                failing = total.total >= planned.most;
            }
            let refuses = match planned.kind {
                // Of the failures alone one start in a second is let through.
                CounterKind::Audience | CounterKind::Failing | CounterKind::Probe => false,
                CounterKind::Pause => failing,
                CounterKind::Cap | CounterKind::Attempts => !monitor,
                CounterKind::Challenge
                | CounterKind::Soft
                | CounterKind::Hard
                | CounterKind::Subject
                | CounterKind::Client
                | CounterKind::Cooldown => true,
            };
            let ends = total.total > 0 && planned.kind != CounterKind::Hard;
            Limit {
                setting: planned.setting,
                open: *open,
                total: total.total,
                most: planned.most,
                ends_in: ends.then_some(total.ends_in),
                refuses: refuses && total.total >= planned.most,
            }
        };
        planned.map(limit).collect()
    }

    /// Only looks whether the charge would be allowed.
    fn look(&mut self, planned: &PlannedCharge) {
        let charge = planned.charge.clone().look();
        self.0.push(PlannedCharge {
            charge,
            ..planned.clone()
        });
    }

    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.0
            .iter()
            .map(|planned| planned.charge.clone())
            .collect()
    }

    /// Gives back the first `made` charges, but not a probe: there is one a second, whatever becomes of it.
    pub(crate) fn back(&self, made: usize) -> Vec<Charge> {
        let made = self.0.iter().take(made);
        made.filter(|planned| planned.charge.amount > 0 && planned.kind != CounterKind::Probe)
            .map(|planned| {
                planned
                    .charge
                    .clone()
                    .back(planned.charge.amount.unsigned_abs())
            })
            .collect()
    }

    /// Makes the charges of a won guess. The first claims the challenge, up to `limit`. The others give back what the guess cleared: its own
    /// failure everywhere and, of the consecutive ones, all that it saw.
    pub(crate) fn won(&self, limit: u32, hard: u32) -> Vec<Charge> {
        let charged = self.0.iter().filter(|planned| planned.charge.amount > 0);
        charged
            .map(|planned| match planned.kind {
                CounterKind::Challenge => planned.charge.clone().claim(limit),
                CounterKind::Hard => planned.charge.clone().back(hard),
                _ => planned.charge.clone().back(1),
            })
            .collect()
    }

    /// Returns the failure that a refusal of the charge at `at` means.
    pub(crate) fn refusal(&self, at: usize, total: Total) -> Failure {
        let wait = Some(total.ends_in);
        match self.0.get(at).map(|planned| planned.kind) {
            Some(CounterKind::Challenge) => spent(total),
            Some(CounterKind::Hard) => Failure::new(
                Code::Locked,
                "too many consecutive failures of this subject with this recipient",
            ),
            Some(CounterKind::Soft) => locked(
                wait,
                "too many failures of this subject with this recipient for now",
            ),
            Some(CounterKind::Subject) => locked(wait, "too many failures of this subject for now"),
            Some(CounterKind::Client) => locked(wait, "too many failures from this client for now"),
            Some(CounterKind::Audience) => locked(wait, "too many failures for now"),
            Some(CounterKind::Cooldown) => {
                Failure::new(Code::Cooldown, "a message went to this number moments ago")
                    .retry_after(wait)
            }
            Some(CounterKind::Attempts) => {
                let setting = self.0.get(at).map_or("attempts", |planned| planned.setting);
                xoxzo::refused_too_often(setting).retry_after(wait)
            }
            Some(CounterKind::Failing | CounterKind::Pause | CounterKind::Probe) => {
                xoxzo::paused(wait)
            }
            Some(CounterKind::Cap) | None => {
                let setting = self.0.get(at).map_or("a cap", |planned| planned.setting);
                let detail = ["the limit of messages is reached: ", setting].concat();
                Failure::new(Code::TooManySends, detail).retry_after(wait)
            }
        }
    }

    /// Returns the alarm that the totals raise.
    pub(crate) fn alarm(&self, totals: &[Total]) -> Option<Alarm> {
        let over = |kind| {
            let mut planned = self.0.iter().zip(totals);
            planned.any(|(planned, total)| planned.kind == kind && total.total > planned.most)
        };
        if over(CounterKind::Audience) {
            Some(Alarm::Failures)
        } else {
            (over(CounterKind::Cap) || over(CounterKind::Attempts)).then_some(Alarm::Sends)
        }
    }

    /// Tells whether a challenge has had the one guess that a short PIN has under the alarm: PINs that were short when it was raised could
    /// else be hoarded and guessed by the thousand. `guesses` are those that were allowed so far.
    pub(crate) fn is_spent_under_alarm(&self, totals: &[Total], digits: u8, guesses: u32) -> bool {
        let short = digits < Pins::ALARMED && self.alarm(totals) == Some(Alarm::Failures);
        let mut counted = self.0.iter().zip(totals);
        let own = counted.find(|(planned, _)| planned.kind == CounterKind::Challenge);
        short && own.is_some_and(|(_, total)| total.total > guesses)
    }

    /// Pins that are left after these totals: as many as the scarcest counter has.
    pub(crate) fn left(&self, totals: &[Total]) -> u32 {
        let counted = self.0.iter().zip(totals);
        let left = counted
            .filter(|(planned, _)| planned.charge.amount > 0 && planned.charge.limit < u32::MAX)
            .map(|(planned, total)| planned.most.saturating_sub(total.total));
        left.min().unwrap_or(0)
    }

    /// The consecutive failures among these totals.
    pub(crate) fn hard(&self, totals: &[Total]) -> u32 {
        self.total(CounterKind::Hard, totals)
    }

    /// The failures of Xoxzo in a row among these totals.
    pub(crate) fn failed(&self, totals: &[Total]) -> u32 {
        self.total(CounterKind::Failing, totals)
    }

    /// Tells whether the charge at `at` looks at failures of Xoxzo in a row. A probe may pass where it is refused.
    pub(crate) fn is_failing(&self, at: usize) -> bool {
        self.0
            .get(at)
            .is_some_and(|planned| planned.kind == CounterKind::Failing)
    }

    fn total(&self, kind: CounterKind, totals: &[Total]) -> u32 {
        let mut counted = self.0.iter().zip(totals);
        let found = counted.find(|(planned, _)| planned.kind == kind);
        found.map_or(0, |(_, total)| total.total)
    }
}

/// The setting that limits the guesses of a challenge.
const GUESSES: &str = "pin.guesses";

fn guess(charge: Charge) -> PlannedCharge {
    PlannedCharge::new(CounterKind::Challenge, GUESSES, charge)
}

/// A challenge that has no guess left, or was won.
fn spent(total: Total) -> Failure {
    if total.total >= CLAIM {
        used()
    } else {
        exhausted()
    }
}

fn locked(wait: Option<u32>, detail: &'static str) -> Failure {
    Failure::new(Code::Locked, detail).retry_after(wait)
}

/// A challenge that has no guess left.
pub(crate) fn exhausted() -> Failure {
    Failure::new(Code::Exhausted, "all guesses of this challenge are spent")
}

/// A challenge that was won.
pub(crate) fn used() -> Failure {
    Failure::new(Code::Used, "this challenge was accepted before")
}
