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

use subtle::ConstantTimeEq;

use crate::binding::{Binding, Claimed, unknown_purpose};
use crate::failure::{Code, Failure};
use crate::guard::{Charge, LASTING, Outcome, judge};
use crate::pin::Pin;
use crate::prepared::{Key, Prepared};
use crate::token::{Head, Token};
use crate::turn::{Answer, Operation, Turn, totals};
use crate::{clock, receipt};

/// What winning a challenge adds to its counter. Guesses stay far below it, so that a counter at or above it is a used
/// challenge, and a second claim is above every limit.
const CLAIM: u32 = 1 << 20;

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
        clock::check(now)?;
        let binding = Binding::parse(claimed)?;
        settings
            .purpose(&binding.purpose)
            .ok_or_else(unknown_purpose)?;
        let token = Token::parse(token).ok_or_else(invalid)?;
        let typed = Pin::parse(pin, token.head.digits)?;
        let message = token.head.message(&settings.audience, &binding);
        let key = authenticate(settings, &token, &message)?;
        let left = clock::left(&token.head, settings.guesses.lifetime, now)?;
        if token.head.digits < settings.guesses.digits {
            return Err(Failure::new(
                Code::Expired,
                "the settings now ask for a longer pin",
            ));
        }
        let typed = typed.fingerprint(&key.pin, &message);
        let verify = Self {
            now,
            left,
            head: token.head,
            binding,
            typed,
            stage: Stage::Guess,
        };
        Ok(Turn::Count(verify.guess(settings, &message), verify))
    }

    fn guess(&self, settings: &Prepared, message: &[u8]) -> Vec<Charge> {
        let guesses = &settings.guesses;
        let [soft, hard] = settings.failures(&self.binding);
        alloc::vec![
            Charge::one(
                settings.names.challenge(message),
                guesses.per_challenge,
                self.ttl()
            ),
            Charge::one(soft, guesses.soft.count, guesses.soft.seconds),
            Charge::one(hard, guesses.hard, LASTING),
        ]
    }

    fn claim(&self, settings: &Prepared, message: &[u8]) -> Vec<Charge> {
        let limit = CLAIM.saturating_add(settings.guesses.per_challenge);
        let amount = i32::try_from(CLAIM).unwrap_or(i32::MAX);
        alloc::vec![Charge {
            key: settings.names.challenge(message),
            amount,
            limit,
            ttl: self.ttl()
        }]
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

    fn ttl(&self) -> u32 {
        u32::from(self.head.lifetime).saturating_add(clock::BEYOND)
    }

    fn refuse(&self, code: Code, detail: &'static str) -> Failure {
        Failure::new(code, detail).expires_in(self.left)
    }

    fn guessed(
        mut self,
        settings: &Prepared,
        message: &[u8],
        answer: Answer,
    ) -> Result<Turn<Self>, Failure> {
        let totals = match judge(&self.guess(settings, message), totals(answer)?)? {
            Outcome::Refused { at: 0, total } if total.total >= CLAIM => return Err(self.used()),
            Outcome::Refused { at: 0, .. } => {
                return Err(self.refuse(Code::Exhausted, "all guesses of this challenge are spent"));
            }
            Outcome::Refused { at: 1, total } => {
                return Err(Failure::locked(Some(total.ends_in)).expires_in(self.left));
            }
            Outcome::Refused { .. } => return Err(Failure::locked(None).expires_in(self.left)),
            Outcome::Made(totals) => totals,
        };
        let [challenge, soft, hard] = match totals.as_slice() {
            [challenge, soft, hard] => [challenge.total, soft.total, hard.total],
            _ => {
                return Err(Failure::new(
                    Code::Guard,
                    "the guard gave an impossible answer",
                ));
            }
        };
        let key = signer(settings, &self.head).ok_or_else(invalid)?;
        let expected =
            Pin::derive(&key.pin, message, self.head.digits).fingerprint(&key.pin, message);
        if !bool::from(expected.ct_eq(&self.typed)) {
            let guesses = &settings.guesses;
            let left = guesses.per_challenge.saturating_sub(challenge);
            let left = left
                .min(guesses.soft.count.saturating_sub(soft))
                .min(guesses.hard.saturating_sub(hard));
            return Err(self
                .refuse(Code::WrongPin, "the pin is wrong")
                .guesses_left(left));
        }
        self.stage = Stage::Claim { hard };
        Ok(Turn::Count(self.claim(settings, message), self))
    }

    fn used(&self) -> Failure {
        self.refuse(Code::Used, "this challenge was accepted before")
    }

    fn accept(&self, settings: &Prepared, message: &[u8]) -> Result<Turn<Self>, Failure> {
        let key = signer(settings, &self.head).ok_or_else(invalid)?;
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
                Outcome::Refused { .. } => Err(self.used()),
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

/// The key that signed, if the token is genuine and for this binding.
fn authenticate<'a>(
    settings: &'a Prepared,
    token: &Token,
    message: &[u8],
) -> Result<&'a Key, Failure> {
    // An unknown key id costs what a wrong MAC costs.
    let (key, known) = match signer(settings, &token.head) {
        Some(key) => (key, true),
        None => (settings.signing()?, false),
    };
    let genuine = key.token.verifies(message, &token.mac);
    if known && genuine {
        Ok(key)
    } else {
        Err(invalid())
    }
}

fn signer<'a>(settings: &'a Prepared, head: &Head) -> Option<&'a Key> {
    settings.keys.iter().find(|key| key.kid == head.kid)
}

/// One code and one text for every way in which a token can be wrong.
fn invalid() -> Failure {
    Failure::new(
        Code::InvalidToken,
        "the token is not ours, was altered, or is for something else",
    )
}
