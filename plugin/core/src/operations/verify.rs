//! `verify`: the ledger of guesses.
//!
//! ```text
//! parse ► pin shape ► MAC ► time ► Count(challenge, soft, hard and wider, +1 each) ► compare ► Count(claim, then clear) ► Done
//!    each of these refuses, and what is refused charges nothing to its right
//! ```
//!
//! A claim comes at most a minute after its guess, by clocks that agree. A guess is paid for before it is compared, so that guesses at once cannot outrun the count. A used challenge is
//! recognised at the first charge, before any compare: it tells nothing about the PIN.

mod written;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use subtle::{Choice, ConstantTimeEq};

use crate::common::audit::{Alarm, Audit};
use crate::common::clock;
use crate::common::failure::{Code, Failure};
use crate::guard::{CLAIM, Charge, Group, Outcome, Total, agree, check_totals, lie};
use crate::operations::about::About;
use crate::operations::audited::Tell;
use crate::operations::recall::{self, VerifiedToken, invalid, recall};
use crate::operations::turn::{Operation, Received, Turn, totals};
use crate::plan::{ChargePlan, exhausted, used};
use crate::settings::prepared::Prepared;
use crate::signed::binding::{Binding, Claimed};
use crate::signed::pin::Pin;
use crate::signed::receipt;
use crate::signed::token::{Token, TokenHead};

/// The proof of acceptance.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acceptance {
    /// The proof for another service.
    pub receipt: String,
    /// Seconds that the receipt lives.
    pub expires_in: u32,
    /// The condition that operators should look at.
    pub alarm: Option<Alarm>,
}

/// A verify that waits for the guard. Holds no PIN: of what was typed it keeps a keyed hash.
#[derive(Clone)]
pub struct Verify {
    now: u32,
    /// Seconds that the challenge has left.
    left: u32,
    head: TokenHead,
    binding: Binding,
    typed: [u8; 32],
    plan: ChargePlan,
    /// No guess is right.
    decoy: bool,
    client: Option<String>,
    alarm: Option<Alarm>,
    stage: Stage,
}

#[derive(Clone)]
enum Stage {
    /// The guess is being charged.
    Guess,
    /// The challenge is being claimed and, if that is won, the failures cleared, by these charges; `hard` of them were seen.
    Claim { hard: u32, charges: Vec<Charge> },
}

impl Verify {
    /// Checks everything that needs no counter.
    ///
    /// # Errors
    ///
    /// [`Code::Request`], [`Code::InvalidToken`], [`Code::Malformed`], [`Code::Expired`], [`Code::Clock`]; nothing is charged.
    pub fn begin(
        settings: &Prepared,
        now: u32,
        token: &str,
        claimed: Claimed<'_>,
        pin: &str,
        client: Option<&str>,
    ) -> Result<Turn<Self>, Failure> {
        let binding = settings.bind(now, claimed)?;
        let token = Token::parse(token).ok_or_else(invalid)?;
        let typed = Pin::parse(pin, token.head.digits)?;
        let VerifiedToken {
            key,
            message,
            left,
            decoy,
        } = recall(settings, &token, &binding, now)?;
        let typed = typed.fingerprint(&key.pin, &message);
        let plan = plan(settings, &token.head, &message, &binding, client)?;
        let charges = plan.charges();
        let verify = Self {
            now,
            left,
            head: token.head,
            binding,
            typed,
            plan,
            decoy,
            client: client.map(ToString::to_string),
            alarm: None,
            stage: Stage::Guess,
        };
        Ok(Turn::Count(charges, verify))
    }

    /// Claims the challenge; a list ends at a refusal, so that only the winner clears what it has behind it.
    fn claim(&self, settings: &Prepared, hard: u32) -> Vec<Charge> {
        let limit = CLAIM.saturating_add(settings.pin.guesses);
        let (names, recipient) = (&settings.names, &self.binding.recipient);
        let mut charges = self.plan.won(limit, hard);
        let cooldown = names.cooldown(
            &names.number(recipient),
            settings.open(&self.binding),
            recipient,
        );
        charges.push(Charge::one(cooldown, 1, settings.sends.cooldown_seconds).back(CLAIM));
        charges
    }

    fn guessed(
        mut self,
        settings: &Prepared,
        message: &[u8],
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        clock::hurry(self.now, now)?;
        let answer = totals(received)?;
        agree(now, answer.now)?;
        let plan = &self.plan;
        let totals = match check_totals(&plan.charges(), answer.totals)? {
            Outcome::Refused { at, total } => {
                return Err(plan.refusal(at, total).expires_in(self.left));
            }
            Outcome::Made(totals) => totals,
        };
        self.alarm = plan.alarm(&totals);
        if plan.is_spent_under_alarm(&totals, self.head.digits, 1) {
            let spent = exhausted().alarm(self.alarm).expires_in(self.left);
            return Err(spent);
        }
        let key = settings.key(self.head.kid).ok_or_else(invalid)?;
        let expected =
            Pin::derive(&key.pin, message, self.head.digits).fingerprint(&key.pin, message);
        let sent = !Choice::from(u8::from(self.decoy));
        if !bool::from(expected.ct_eq(&self.typed) & sent) {
            return Err(Failure::new(Code::WrongPin, "the pin is wrong")
                .expires_in(self.left)
                .guesses_left(self.guesses_left(&totals))
                .alarm(self.alarm));
        }
        let hard = plan.hard(&totals);
        let charges = self.claim(settings, hard);
        self.stage = Stage::Claim {
            hard,
            charges: charges.clone(),
        };
        Ok(Turn::Count(charges, self))
    }

    /// Under the alarm a short PIN has no second guess.
    fn guesses_left(&self, totals: &[Total]) -> u32 {
        let digits = self.head.digits;
        if self.plan.is_spent_under_alarm(totals, digits, 0) {
            0
        } else {
            self.plan.left(totals)
        }
    }

    fn accept(&self, settings: &Prepared, message: &[u8]) -> Result<Turn<Self>, Failure> {
        let key = settings.key(self.head.kid).ok_or_else(invalid)?;
        let receipt = receipt::issue(
            &key.receipt,
            key.test,
            message,
            &settings.audience,
            &self.binding,
            self.now,
        );
        Ok(Turn::Done(Acceptance {
            receipt,
            expires_in: receipt::LIFETIME,
            alarm: self.alarm,
        }))
    }
}

/// Makes the charges of a guess.
fn plan(
    settings: &Prepared,
    head: &TokenHead,
    message: &[u8],
    binding: &Binding,
    client: Option<&str>,
) -> Result<ChargePlan, Failure> {
    let guess = |group: &Group| recall::guess(settings, head, group, message);
    ChargePlan::guess(settings, binding, client, guess)
}

impl Tell for Acceptance {
    fn tell(&mut self, audit: &mut Audit) {
        audit.alarm = self.alarm;
    }
}

impl Operation for Verify {
    type Output = Acceptance;

    fn about(&self, settings: &Prepared) -> About {
        let message = self.head.message(&settings.audience, &self.binding);
        About::challenge(&self.binding, Some(message), self.decoy)
    }

    fn go_on(
        mut self,
        settings: &Prepared,
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        let message = self.head.message(&settings.audience, &self.binding);
        match &self.stage {
            Stage::Guess => self.guessed(settings, &message, now, received),
            Stage::Claim { charges, .. } => {
                let answer = totals(received)?;
                // What is won is won: clocks that are apart are a matter for operators.
                if agree(now, answer.now).is_err() {
                    self.alarm = self.alarm.or(Some(Alarm::Clock));
                }
                match check_totals(charges, answer.totals)? {
                    Outcome::Refused { .. } => Err(used().expires_in(self.left)),
                    Outcome::Made(totals) => match totals.first() {
                        // A claim comes on top of its own guess, at least.
                        Some(claimed) if claimed.total > CLAIM => self.accept(settings, &message),
                        _ => Err(lie()),
                    },
                }
            }
        }
    }
}
