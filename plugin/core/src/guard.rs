//! The guard: what the engine asks of the host's counters, and what it believes of the answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::binding::Binding;
use crate::codec::{Writer, to_base64url};
use crate::failure::{Code, Failure};
use crate::key::Secret;
use crate::phone::Recipient;

/// Ten years: the life of counters that are to last, in seconds.
pub(crate) const LASTING: u32 = 315_360_000;

/// What winning a challenge adds to its counter. Guesses stay far below it, so that a counter at or above it is a used
/// challenge, and a second claim is above every limit.
pub(crate) const CLAIM: u32 = 1 << 20;

/// One change of one counter. `wit/guard.wit` says what a store must do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Name of the counter.
    pub key: String,
    /// What to add; 0 reads, negative gives back.
    pub amount: i32,
    /// The highest total this charge may lead to.
    pub limit: u32,
    /// Life of the counter in seconds, from its creation.
    pub ttl: u32,
}

impl Charge {
    /// One more, up to `limit`.
    pub(crate) fn one(key: String, limit: u32, ttl: u32) -> Self {
        Self::more(key, 1, limit, ttl)
    }

    /// `amount` more, up to `limit`.
    pub(crate) fn more(key: String, amount: u32, limit: u32, ttl: u32) -> Self {
        let amount = i32::try_from(amount).unwrap_or(i32::MAX);
        Self {
            key,
            amount,
            limit,
            ttl,
        }
    }

    /// Only looks whether the counter is still below `limit`.
    pub(crate) fn look(key: String, limit: u32, ttl: u32) -> Self {
        Self {
            key,
            amount: 0,
            limit: limit.saturating_sub(1),
            ttl,
        }
    }

    /// Takes back up to `amount`.
    pub(crate) fn back(key: String, amount: u32, ttl: u32) -> Self {
        let amount = i32::try_from(amount).unwrap_or(i32::MAX).saturating_neg();
        Self {
            key,
            amount,
            limit: u32::MAX,
            ttl,
        }
    }
}

/// A counter after a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// What the charge led to or, if above its limit, would have led to.
    pub total: u32,
    /// Seconds until the counter ends.
    pub ends_in: u32,
}

/// What became of a list of charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All were made.
    Made(Vec<Total>),
    /// The charge at `at` was refused, and none after it was made.
    Refused { at: usize, total: Total },
}

/// Totals that no honest store gives.
pub(crate) fn lie() -> Failure {
    Failure::new(Code::Guard, "the guard gave an impossible answer")
}

/// Reads totals against the charges they answer.
///
/// # Errors
///
/// [`Code::Guard`]: totals that no honest store gives. Fails closed.
pub(crate) fn judge(charges: &[Charge], totals: Vec<Total>) -> Result<Outcome, Failure> {
    if totals.len() > charges.len() {
        return Err(lie());
    }
    for (at, (charge, total)) in charges.iter().zip(&totals).enumerate() {
        // A counter that holds less than was just added has forgotten it. Its end is not judged: settings may have had another
        // window when it began.
        if i64::from(total.total) < i64::from(charge.amount) {
            return Err(lie());
        }
        if charge.amount >= 0 && total.total > charge.limit {
            let last = at.saturating_add(1) == totals.len();
            return if last {
                Ok(Outcome::Refused { at, total: *total })
            } else {
                Err(lie())
            };
        }
    }
    if totals.len() == charges.len() {
        Ok(Outcome::Made(totals))
    } else {
        Err(lie())
    }
}

/// Names of counters: keyed hashes, so that a store holds nothing personal and a reader of it learns no number.
///
/// Their key does not rotate with those of tokens: rotation must clear no lock and revive no used token.
#[derive(Clone)]
pub(crate) struct Names {
    key: Secret,
    /// A dozen names are made with one key, which is half of their work.
    keyed: Hmac<Sha256>,
}

impl Names {
    pub(crate) fn new(key: Secret) -> Self {
        let keyed = key.keyed();
        Self { key, keyed }
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        self.key.expose()
    }

    /// Guesses and the single use of one challenge.
    pub(crate) fn challenge(&self, message: &[u8]) -> String {
        self.name("challenge", |input| input.bytes(message))
    }

    /// Failures of a subject with a recipient: NIST's "authenticator". Purposes that strangers can trigger count apart, so that a
    /// stranger cannot lock a login.
    pub(crate) fn failures(
        &self,
        window: &str,
        open: bool,
        subject: &str,
        recipient: &Recipient,
    ) -> String {
        self.name(window, |input| {
            input.u8(open.into()).text(subject).text(recipient.as_str())
        })
    }

    /// Failures by what they are counted for, beyond one recipient.
    pub(crate) fn guesses(&self, scope: &str, open: bool, of: &[u8]) -> String {
        self.name(scope, |input| input.u8(open.into()).bytes(of))
    }

    /// Questions about one message.
    pub(crate) fn status(&self, handle: &[u8]) -> String {
        self.sends("status", handle)
    }

    /// A message to a number moments ago.
    pub(crate) fn cooldown(&self, binding: &Binding) -> String {
        self.sends("cooldown", binding.recipient.as_str().as_bytes())
    }

    /// A message to a number of which nothing is known.
    pub(crate) fn unknown(&self, binding: &Binding) -> String {
        self.sends(
            "cooldown after unknown",
            binding.recipient.as_str().as_bytes(),
        )
    }

    /// Messages, by what they are counted for.
    pub(crate) fn sends(&self, scope: &str, of: &[u8]) -> String {
        self.name(scope, |input| input.bytes(of))
    }

    fn name(&self, label: &str, fill: impl FnOnce(&mut Writer) -> &mut Writer) -> String {
        let mut input = Writer::new();
        let input = fill(input.text(label)).finish();
        let hash = self.keyed.clone().chain_update(input).finalize();
        let hash = hash.into_bytes();
        let mut name = String::from("2fa.");
        name.push_str(&to_base64url(hash.get(..16).unwrap_or(&hash)));
        name
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn charges() -> Vec<Charge> {
        vec![
            Charge::one("a".to_string(), 5, 60),
            Charge::one("b".to_string(), 10, 60),
        ]
    }

    fn total(total: u32) -> Total {
        Total { total, ends_in: 30 }
    }

    #[test]
    fn honest_answers_are_read() {
        assert_eq!(
            judge(&charges(), vec![total(1), total(10)]),
            Ok(Outcome::Made(vec![total(1), total(10)]))
        );
        assert_eq!(
            judge(&charges(), vec![total(6)]),
            Ok(Outcome::Refused {
                at: 0,
                total: total(6)
            })
        );
        assert_eq!(
            judge(&charges(), vec![total(1), total(11)]),
            Ok(Outcome::Refused {
                at: 1,
                total: total(11)
            })
        );
        let back = [Charge::back("a".to_string(), 3, 60)];
        assert_eq!(
            judge(&back, vec![total(0)]),
            Ok(Outcome::Made(vec![total(0)]))
        );
    }

    #[test]
    fn impossible_answers_fail_closed() {
        for totals in [
            vec![],
            vec![total(1)],
            vec![total(0), total(1)],
            vec![total(6), total(1)],
            vec![total(1), total(1), total(1)],
        ] {
            let failure = judge(&charges(), totals).err().unwrap();
            assert_eq!(failure.code, Code::Guard);
        }
    }
}
