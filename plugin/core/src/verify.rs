//! `verify`: the ledger of guesses.
//!
//! ```text
//! parse ► pin shape ► MAC ► time ► Count(challenge +1, soft +1, hard +1) ► compare ► Count(claim) ► Count(clear) ► Done
//!    each of these refuses, and what is refused charges nothing to its right
//! ```
//!
//! A guess is paid for before it is compared, so that guesses at once cannot outrun the count. A used challenge is
//! recognised at the first charge, before any compare: it tells nothing about the PIN.

use alloc::string::String;
use alloc::vec::Vec;

use subtle::{Choice, ConstantTimeEq};

use crate::binding::{Binding, Claimed};
use crate::failure::{Code, Failure};
use crate::guard::{CLAIM, Charge, LASTING, Outcome, judge, lie};
use crate::pin::Pin;
use crate::prepared::Prepared;
use crate::recall::{self, Recalled, invalid, recall};
use crate::receipt;
use crate::sends::spent;
use crate::token::{Head, Token};
use crate::turn::{Answer, Operation, Turn, totals};

/// The proof of acceptance.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Acceptance {
    /// For another service.
    pub receipt: String,
    /// Seconds that the receipt lives.
    pub expires_in: u32,
}

/// A verify that waits for the guard. Holds no PIN: of what was typed it keeps a keyed hash.
#[derive(Clone)]
pub struct Verify {
    now: u32,
    /// Seconds that the challenge has left.
    left: u32,
    head: Head,
    binding: Binding,
    typed: [u8; 32],
    /// No guess is right.
    decoy: bool,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// The guess is being charged.
    Guess,
    /// The challenge is being claimed; `hard` failures were seen.
    Claim { hard: u32 },
    /// The failures are being cleared.
    Clear,
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
    ) -> Result<Turn<Self>, Failure> {
        let binding = settings.bind(now, claimed)?;
        let token = Token::parse(token).ok_or_else(invalid)?;
        let typed = Pin::parse(pin, token.head.digits)?;
        let Recalled {
            key,
            message,
            left,
            decoy,
        } = recall(settings, &token, &binding, now)?;
        let typed = typed.fingerprint(&key.pin, &message);
        let verify = Self {
            now,
            left,
            head: token.head,
            binding,
            typed,
            decoy,
            stage: Stage::Guess,
        };
        Ok(Turn::Count(verify.guess(settings, &message), verify))
    }

    fn guess(&self, settings: &Prepared, message: &[u8]) -> Vec<Charge> {
        let guesses = &settings.guesses;
        let [soft, hard] = settings.failures(&self.binding);
        alloc::vec![
            recall::guess(settings, &self.head, message),
            Charge::one(soft, guesses.soft.count, guesses.soft.seconds),
            Charge::one(hard, guesses.hard, LASTING),
        ]
    }

    fn claim(&self, settings: &Prepared, message: &[u8]) -> Vec<Charge> {
        let limit = CLAIM.saturating_add(settings.guesses.per_challenge);
        let name = settings.names.challenge(message);
        alloc::vec![Charge::more(name, CLAIM, limit, recall::ttl(&self.head))]
    }

    fn clear(&self, settings: &Prepared, seen: u32) -> Vec<Charge> {
        let [soft, hard] = settings.failures(&self.binding);
        let cooldown = settings.names.cooldown(&self.binding);
        alloc::vec![
            Charge::back(soft, 1, settings.guesses.soft.seconds),
            Charge::back(hard, seen, LASTING),
            Charge::back(cooldown, CLAIM, settings.sends.cooldown),
        ]
    }

    fn guessed(
        mut self,
        settings: &Prepared,
        message: &[u8],
        answer: Answer,
    ) -> Result<Turn<Self>, Failure> {
        let totals = match judge(&self.guess(settings, message), totals(answer)?)? {
            Outcome::Refused { at: 0, total } => return Err(spent(total).expires_in(self.left)),
            Outcome::Refused { at: 1, total } => {
                return Err(Failure::locked(Some(total.ends_in)).expires_in(self.left));
            }
            Outcome::Refused { .. } => return Err(Failure::locked(None).expires_in(self.left)),
            Outcome::Made(totals) => totals,
        };
        let [challenge, soft, hard] = match totals.as_slice() {
            [challenge, soft, hard] => [challenge.total, soft.total, hard.total],
            _ => return Err(lie()),
        };
        let key = settings.key(self.head.kid).ok_or_else(invalid)?;
        let expected =
            Pin::derive(&key.pin, message, self.head.digits).fingerprint(&key.pin, message);
        let sent = !Choice::from(u8::from(self.decoy));
        if !bool::from(expected.ct_eq(&self.typed) & sent) {
            let guesses = &settings.guesses;
            let left = guesses.per_challenge.saturating_sub(challenge);
            let left = left
                .min(guesses.soft.count.saturating_sub(soft))
                .min(guesses.hard.saturating_sub(hard));
            return Err(Failure::new(Code::WrongPin, "the pin is wrong")
                .expires_in(self.left)
                .guesses_left(left));
        }
        self.stage = Stage::Claim { hard };
        Ok(Turn::Count(self.claim(settings, message), self))
    }

    fn accept(&self, settings: &Prepared, message: &[u8]) -> Result<Turn<Self>, Failure> {
        let key = settings.key(self.head.kid).ok_or_else(invalid)?;
        let receipt = receipt::issue(
            &key.receipt,
            message,
            &settings.audience,
            &self.binding,
            self.now,
        );
        Ok(Turn::Done(Acceptance {
            receipt,
            expires_in: receipt::LIFETIME,
        }))
    }
}

impl Operation for Verify {
    type Output = Acceptance;

    fn resume(mut self, settings: &Prepared, answer: Answer) -> Result<Turn<Self>, Failure> {
        let message = self.head.message(&settings.audience, &self.binding);
        match self.stage {
            Stage::Guess => self.guessed(settings, &message, answer),
            Stage::Claim { hard } => match judge(&self.claim(settings, &message), totals(answer)?)?
            {
                Outcome::Refused { total, .. } => Err(spent(total).expires_in(self.left)),
                Outcome::Made(_) => {
                    self.stage = Stage::Clear;
                    Ok(Turn::Count(self.clear(settings, hard), self))
                }
            },
            // The challenge is won. That its failures could not be cleared does not undo it, and is not tried twice.
            Stage::Clear => self.accept(settings, &message),
        }
    }
}
