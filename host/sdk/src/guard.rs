//! The guard: counters with an end, behind one verb.

mod memory;
mod name;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "suite")]
pub mod suite;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::bindings::xoxzo::two_factor::types;
use crate::seconds::{of_instant, of_span, span};

pub use memory::MemoryGuard;
pub use name::GuardName;
#[cfg(feature = "redis")]
pub use redis::{RedisBuilder, RedisGuard};
#[cfg(feature = "sqlite")]
pub use sqlite::{Repaired, SqliteBuilder, SqliteGuard};

/// One change of one counter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Charge {
    /// The counter.
    pub counter: GuardName,
    /// Its group, always the same for one counter.
    pub group: GuardName,
    /// The amount to add. Negative: give back. Zero: only look.
    pub amount: i32,
    /// The highest total this charge may lead to.
    pub limit: u32,
    /// Life of the counter, from its creation: whole seconds, where the engine made the charge.
    pub ttl: Duration,
}

impl Charge {
    /// Makes a charge of `amount` on `counter`, which is a group of its own.
    #[must_use]
    pub fn new(counter: GuardName, amount: i32, limit: u32, ttl: Duration) -> Self {
        Self {
            counter,
            group: counter,
            amount,
            limit,
            ttl,
        }
    }

    /// Puts the counter into a group.
    #[must_use]
    pub fn in_group(self, group: GuardName) -> Self {
        Self { group, ..self }
    }

    /// Cuts a list into its runs: neighbouring charges of one group, which a store makes as one.
    pub fn runs(charges: &[Self]) -> impl Iterator<Item = &[Self]> {
        charges.chunk_by(|one, next| one.group == next.group)
    }

    /// Returns the total that the charge leads to, and whether its limit refuses that.
    #[must_use]
    pub fn apply(&self, total: u32) -> (u32, bool) {
        let next = total.saturating_add_signed(self.amount);
        (next, self.amount >= 0 && next > self.limit)
    }
}

impl From<types::Charge> for Charge {
    fn from(charge: types::Charge) -> Self {
        let types::Charge {
            counter,
            group,
            amount,
            limit,
            ttl_seconds,
        } = charge;
        Self {
            counter: counter.into(),
            group: group.into(),
            amount,
            limit,
            ttl: span(ttl_seconds),
        }
    }
}

/// A counter after a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Total {
    /// The total that the charge led to or, if its limit refused it, would have led to.
    pub total: u32,
    /// The time until the counter ends, which the client rounds up to whole seconds; for an absent counter, the charge's own life.
    pub ends_in: Duration,
}

impl Total {
    /// A total and its end.
    #[must_use]
    pub fn new(total: u32, ends_in: Duration) -> Self {
        Self { total, ends_in }
    }
}

/// A guard's answer to a list of charges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The counters in the order of the charges, up to the first that was refused.
    pub totals: Vec<Total>,
    /// The store's time, by which its counters end; `None` if nobody can set the clock that it measures by. The engine compares it with the
    /// host's clock, in whole seconds.
    pub now: Option<SystemTime>,
}

impl Totals {
    /// Answers with the totals of a store whose clock nobody can set.
    #[must_use]
    pub fn new(totals: Vec<Total>) -> Self {
        Self { totals, now: None }
    }

    /// Answers with the totals of a store, and with its time.
    #[must_use]
    pub fn at(totals: Vec<Total>, now: SystemTime) -> Self {
        Self {
            totals,
            now: Some(now),
        }
    }
}

impl std::ops::Deref for Totals {
    type Target = [Total];

    fn deref(&self) -> &[Total] {
        &self.totals
    }
}

impl From<Totals> for types::Totals {
    fn from(Totals { totals, now }: Totals) -> Self {
        let total = |total: Total| types::Total {
            total: total.total,
            ends_in_seconds: of_span(total.ends_in),
        };
        Self {
            totals: totals.into_iter().map(total).collect(),
            now_seconds: now.map(of_instant),
        }
    }
}

/// The reason why a guard gave no totals. Whichever it is, the operation is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GuardError {
    /// No room for a new counter, and no live counter may be forgotten for it.
    Full,
    /// No answer. Whether the charges were made is not known. The text is a cause for a log: it begins with the kind of fault and a colon, such as
    /// `connect:` or `busy:`, and holds no URL and no password.
    Unreachable(String),
    /// Wrong totals, or a store that may lose counters. The text is for a log.
    Unfit(String),
}

impl fmt::Display for GuardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the guard is full"),
            Self::Unreachable(why) => write!(f, "the guard is unreachable: {why}"),
            Self::Unfit(why) => write!(f, "the guard is unfit: {why}"),
        }
    }
}

impl std::error::Error for GuardError {}

impl GuardError {
    pub(crate) fn to_wit(&self) -> types::HostFailure {
        types::HostFailure {
            no_answer: match self {
                Self::Full => types::NoAnswer::GuardFull,
                Self::Unreachable(_) | Self::Unfit(_) => types::NoAnswer::GuardUnreachable,
            },
            cause: self.cause(),
        }
    }

    pub(crate) fn cause(&self) -> String {
        match self {
            Self::Full => "full: no room for a new counter".to_string(),
            Self::Unreachable(why) => why.clone(),
            Self::Unfit(why) => format!("unfit: {why}"),
        }
    }
}

/// The processes that share a guard's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// This process, and they end with it. Tokens end with it too.
    Process,
    /// Every process that uses this store.
    Shared,
}

/// The only state. A store that loses counters, or answers from a stale copy, reopens limits.
pub trait Guard: Send + Sync {
    /// Makes the charges in their order and stops after the first that its limit refuses.
    ///
    /// A counter that is absent, or whose life is over, stands at 0 and would live for `ttl`. The new total is
    /// [`Charge::apply`]. If the limit refuses, the counter stays as it was, the answer's last entry is that new total, and no
    /// later charge is made. An existing counter keeps its end. A counter that comes to 0 is deleted, and a charge that is not
    /// positive creates none.
    ///
    /// [`Charge::runs`] are made as one each: nothing comes between their charges. A list whose answer is lost must not be made
    /// again. A store whose time is a wall clock says it with [`Totals::now`]; if it made a list more than 120 s after its present time, it
    /// makes no charge and answers no totals, and that list's time.
    ///
    /// A panic is caught, and counts as [`GuardError::Unreachable`].
    ///
    /// # Errors
    ///
    /// [`GuardError::Full`] and [`GuardError::Unreachable`]; charges before the fault may have been made.
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError>;

    /// Returns who shares the counters.
    fn scope(&self) -> Scope;

    /// Tests the store before it is used: two lists on a counter of its own. The first counts up, and the second finds what is there, counts
    /// down and is refused. It spends nothing at Xoxzo.
    ///
    /// # Errors
    ///
    /// [`GuardError::Unfit`] for wrong totals, or as [`Guard::add`].
    fn check(&self) -> Result<(), GuardError> {
        for list in SelfTest::lists()? {
            list.judge(&self.add(&list.charges)?)?;
        }
        Ok(())
    }
}

/// A list on a counter of its own, whose answer is known.
pub(crate) struct SelfTest {
    pub(crate) charges: Vec<Charge>,
    right: &'static [u32],
}

impl SelfTest {
    /// Returns two lists to make in this order. A store that begins anew with each list answers the first rightly, and is found by the second.
    pub(crate) fn lists() -> Result<[Self; 2], GuardError> {
        let own = GuardName::random()?;
        let list = |charges: &[(i32, u32)], right| Self {
            charges: charges
                .iter()
                .map(|&(amount, limit)| Charge::new(own, amount, limit, span(60)))
                .collect(),
            right,
        };
        Ok([
            list(&[(1, 9), (1, 9)], &[1, 2]),
            list(&[(0, 9), (-5, 0), (0, 0), (1, 0), (1, 9)], &[2, 0, 0, 1]),
        ])
    }

    /// Returns a list that only looks at a counter of its own, which is absent.
    pub(crate) fn look() -> Result<[Charge; 1], GuardError> {
        Ok([Charge::new(GuardName::random()?, 0, 9, span(60))])
    }

    pub(crate) fn judge(&self, totals: &Totals) -> Result<(), GuardError> {
        // A store that a wrong clock has shut answers nothing but its time, and opens again by itself or by a repair: until then each
        // operation says so.
        if totals.is_empty() && totals.now.is_some() {
            return Ok(());
        }
        let totals: Vec<_> = totals.totals.iter().map(|total| total.total).collect();
        if totals == self.right {
            Ok(())
        } else {
            Err(GuardError::Unfit(format!(
                "its self-test gave {totals:?} instead of {:?}",
                self.right
            )))
        }
    }
}

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<G: Guard + ?Sized> Guard for $pointer<G> {
            fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
                (**self).add(charges)
            }

            fn scope(&self) -> Scope {
                (**self).scope()
            }

            fn check(&self) -> Result<(), GuardError> {
                (**self).check()
            }
        }
    )*};
}

pointers!(Arc Box);
