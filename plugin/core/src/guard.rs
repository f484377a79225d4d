//! The guard: what the engine asks of the host's counters, and what it believes of the answers.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::common::clock;
use crate::common::codec::{LETTERS, Writer, letters};
use crate::common::failure::{Code, Failure};
use crate::phone::Recipient;
use crate::signed::mac::MacKey;

/// Ten years: the life of counters that are to last, in seconds.
pub(crate) const LASTING: u32 = 315_360_000;

/// The amount that winning a challenge adds to its counter. Pins stay far below it, so that a counter at or above it is a used
/// challenge, and a second claim is above every limit.
pub(crate) const CLAIM: u32 = 1 << 20;

/// The name of a counter or of a group: a keyed hash, which tells nothing personal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GuardName([u8; 16]);

impl GuardName {
    /// Takes the bytes of a hash.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The hash as text: 22 characters of base64url.
    #[must_use]
    pub fn to_text(self) -> String {
        let mut text = String::with_capacity(LETTERS);
        self.write(&mut text);
        text
    }

    /// Appends the hash as text.
    pub fn write(self, out: &mut String) {
        out.push_str(str::from_utf8(&letters(&self.0)).unwrap_or_default());
    }
}

impl fmt::Debug for GuardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// One change of one counter. `wit/guard.wit` says what a store must do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The counter.
    pub counter: GuardName,
    /// The group of the counter: neighbouring charges of one group are made as one.
    pub group: GuardName,
    /// The amount to add; 0 reads, negative gives back.
    pub amount: i32,
    /// The highest total this charge may lead to.
    pub limit: u32,
    /// Life of the counter in seconds, from its creation.
    pub ttl: u32,
}

impl Charge {
    /// A charge of a counter that is a group of its own.
    #[must_use]
    pub fn alone(counter: GuardName, amount: i32, limit: u32, ttl: u32) -> Self {
        Self {
            counter,
            group: counter,
            amount,
            limit,
            ttl,
        }
    }

    /// Returns the total that the charge leads to, and whether its limit refuses that.
    #[must_use]
    pub fn apply(&self, total: u32) -> (u32, bool) {
        let next = total.saturating_add_signed(self.amount);
        (next, self.amount >= 0 && next > self.limit)
    }

    /// One more, up to `limit`.
    pub(crate) fn one(name: Name, limit: u32, ttl: u32) -> Self {
        Self::more(name, 1, limit, ttl)
    }

    /// `amount` more, up to `limit`.
    pub(crate) fn more(name: Name, amount: u32, limit: u32, ttl: u32) -> Self {
        let Name { counter, group } = name;
        let amount = i32::try_from(amount).unwrap_or(i32::MAX);
        Self {
            counter,
            group,
            amount,
            limit,
            ttl,
        }
    }

    /// Only looks whether this charge would still be allowed. One that refuses nothing is only read.
    pub(crate) fn look(self) -> Self {
        let limit = match self.limit {
            u32::MAX => u32::MAX,
            limit => limit.saturating_sub(self.amount.unsigned_abs()),
        };
        Self {
            amount: 0,
            limit,
            ..self
        }
    }

    /// Claims the challenge that this charges, up to `limit`.
    pub(crate) fn claim(self, limit: u32) -> Self {
        let amount = i32::try_from(CLAIM).unwrap_or(i32::MAX);
        Self {
            amount,
            limit,
            ..self
        }
    }

    /// Takes back up to `amount` of what this charges.
    pub(crate) fn back(self, amount: u32) -> Self {
        let amount = i32::try_from(amount).unwrap_or(i32::MAX).saturating_neg();
        Self {
            amount,
            limit: u32::MAX,
            ..self
        }
    }
}

/// A counter after a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The total that the charge led to or, if above its limit, would have led to.
    pub total: u32,
    /// Seconds until the counter ends.
    pub ends_in: u32,
}

/// A store's answer to a list of charges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The counters, in the order of the charges, up to the first that was refused.
    pub totals: Vec<Total>,
    /// The store's time, where it has a clock of its own: seconds since 1970-01-01T00:00:00Z.
    pub now: Option<u32>,
}

/// The outcome of a list of charges.
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

/// Seconds that the clocks of store and host may be apart: twice what two hosts may.
const APART: u32 = 2 * clock::SKEW;

/// A store that is ahead by at most so many seconds is worth waiting for: a run with a wrong clock was the last to use it.
const WORTH_WAITING: u32 = 3_600;

/// Compares the store's clock with the host's. Counters end by the one and tokens by the other, so neither may be believed alone.
///
/// # Errors
///
/// [`Code::Clock`]: they are more than [`APART`].
pub(crate) fn agree(now: u32, store: Option<u32>) -> Result<(), Failure> {
    let Some(store) = store.filter(|store| store.abs_diff(now) > APART) else {
        return Ok(());
    };
    let failure = if store > now {
        "the guard's clock is ahead of the host's"
    } else {
        "the guard's clock is behind the host's"
    };
    let wait = store.checked_sub(now.saturating_add(APART));
    let wait = wait.filter(|wait| *wait <= WORTH_WAITING);
    Err(Failure::new(Code::Clock, failure).retry_after(wait))
}

/// Reads totals against the charges they answer.
///
/// # Errors
///
/// [`Code::Guard`]: totals that no honest store gives. Fails closed.
pub(crate) fn check_totals(charges: &[Charge], totals: Vec<Total>) -> Result<Outcome, Failure> {
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

/// The counters of one subject, one number, one client, one range or one audience. A store makes neighbouring charges of one group as one.
#[derive(Clone, Copy)]
pub(crate) struct Group(GuardName);

/// The name of a counter, with that of its group.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    counter: GuardName,
    group: GuardName,
}

/// Names of counters: keyed hashes, so that a store holds nothing personal and a reader of it learns no number.
///
/// Their key does not rotate with those of tokens: rotation must clear no lock and revive no used token.
#[derive(Clone, Debug)]
pub(crate) struct CounterKeys(pub(crate) MacKey);

impl CounterKeys {
    /// The group of what is counted for a subject, or for whatever else `of` says.
    pub(crate) fn group(&self, of: &str, data: &[u8]) -> Group {
        Group(self.hash("group", |input| input.text(of).bytes(data)))
    }

    /// The group of what is counted for a subject.
    pub(crate) fn subject(&self, subject: &str) -> Group {
        self.group("subject", subject.as_bytes())
    }

    /// The group of what is counted for a number.
    pub(crate) fn number(&self, recipient: &Recipient) -> Group {
        self.group("number", recipient.as_str().as_bytes())
    }

    /// Pins and the single use of one challenge.
    pub(crate) fn challenge(&self, group: &Group, message: &[u8]) -> Name {
        self.name(group, "challenge", |input| input.bytes(message))
    }

    /// Failures of a subject with a recipient: NIST's "authenticator". Purposes that strangers can trigger count apart, so that a
    /// stranger cannot lock a login.
    pub(crate) fn failures(
        &self,
        group: &Group,
        window: &str,
        open: bool,
        subject: &str,
        recipient: &Recipient,
    ) -> Name {
        self.name(group, window, |input| {
            input.u8(open.into()).text(subject).text(recipient.as_str())
        })
    }

    /// Names counters that are kept apart for purposes that strangers can trigger: failures beyond one recipient, and cooldowns.
    pub(crate) fn apart(&self, group: &Group, scope: &str, open: bool, of: &[u8]) -> Name {
        self.name(group, scope, |input| input.u8(open.into()).bytes(of))
    }

    /// Questions about one message.
    pub(crate) fn status(&self, handle: &[u8]) -> GuardName {
        self.lone("status", handle)
    }

    /// A message to a number moments ago. Purposes that strangers can trigger have a cooldown of their own, so that a stranger cannot keep
    /// the code of a login away.
    pub(crate) fn cooldown(&self, group: &Group, open: bool, recipient: &Recipient) -> Name {
        self.apart(group, "cooldown", open, recipient.as_str().as_bytes())
    }

    /// A message to a number of which nothing is known.
    pub(crate) fn unknown(&self, group: &Group, open: bool, recipient: &Recipient) -> Name {
        let number = recipient.as_str().as_bytes();
        self.apart(group, "cooldown after unknown", open, number)
    }

    /// Messages, by what they are counted for.
    pub(crate) fn sends(&self, group: &Group, scope: &str, of: &[u8]) -> Name {
        self.name(group, scope, |input| input.bytes(of))
    }

    /// The name of a counter that is a group of its own.
    pub(crate) fn lone(&self, label: &str, of: &[u8]) -> GuardName {
        self.hash(label, |input| input.bytes(of))
    }

    fn name(
        &self,
        group: &Group,
        label: &str,
        fill: impl FnOnce(&mut Writer) -> &mut Writer,
    ) -> Name {
        Name {
            counter: self.hash(label, fill),
            group: group.0,
        }
    }

    fn hash(&self, label: &str, fill: impl FnOnce(&mut Writer) -> &mut Writer) -> GuardName {
        let mut input = Writer::new();
        let input = fill(input.text(label)).finish();
        GuardName(self.0.short_mac(&input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn charges() -> Vec<Charge> {
        vec![
            Charge::alone(GuardName::new([1; 16]), 1, 5, 60),
            Charge::alone(GuardName::new([2; 16]), 1, 10, 60),
        ]
    }

    fn total(total: u32) -> Total {
        Total { total, ends_in: 30 }
    }

    #[test]
    fn honest_answers_are_read() {
        assert_eq!(
            check_totals(&charges(), vec![total(1), total(10)]),
            Ok(Outcome::Made(vec![total(1), total(10)]))
        );
        assert_eq!(
            check_totals(&charges(), vec![total(6)]),
            Ok(Outcome::Refused {
                at: 0,
                total: total(6)
            })
        );
        assert_eq!(
            check_totals(&charges(), vec![total(1), total(11)]),
            Ok(Outcome::Refused {
                at: 1,
                total: total(11)
            })
        );
        let back = [charges().remove(0).back(3)];
        assert_eq!(
            check_totals(&back, vec![total(0)]),
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
            let failure = check_totals(&charges(), totals).err().unwrap();
            assert_eq!(failure.code, Code::Guard);
        }
    }

    #[test]
    fn clocks_agree_within_two_minutes() {
        let now = 1_800_000_000;
        for store in [None, Some(now), Some(now - 120), Some(now + 120)] {
            assert_eq!(agree(now, store), Ok(()));
        }
        for (store, wait) in [
            (now - 121, None),
            (now + 121, Some(1)),
            (now + 3_720, Some(3_600)),
            (now + 3_721, None),
            (0, None),
            (u32::MAX, None),
        ] {
            let failure = agree(now, Some(store)).err().unwrap();
            assert_eq!((failure.code, failure.retry_after), (Code::Clock, wait));
        }
    }
}
