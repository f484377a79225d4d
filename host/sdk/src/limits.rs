//! Results of the operators' client: limits and credits.

use std::time::Duration;

use crate::audit::Audit;
use crate::bindings::xoxzo::two_factor::types;
use crate::seconds::span;
use crate::xoxzo::GIVEN;

/// A counter that could refuse a user, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// Path of the setting that limits it, such as `failures.soft`; or the name of a counter without one: `cooldown after unknown` for the 180 s
    /// after a message of which nothing is known, `attempts per client` and `attempts per audience` for requests that Xoxzo refused,
    /// `provider failures` and `provider pause` for failures of Xoxzo in a row and the time after five of them in which nobody is sent to.
    pub setting: String,
    /// True for purposes that strangers can start, which have counters or limits of their own.
    pub open: bool,
    /// The count.
    pub total: u32,
    /// The limit: totals above this are refused or, for `failures.per_audience`, raise an alarm.
    pub most: u32,
    /// Until the counter ends. Absent where nothing is counted, and for `failures.hard`, which nothing but a success or an unlock ends.
    pub ends_in: Option<Duration>,
    /// True if it refuses the next message or guess of this user.
    pub refuses: bool,
}

/// The counters that could refuse a user.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Those of purposes after a first factor, then those of purposes that strangers can start, as far as the settings have both.
    pub limits: Vec<Limit>,
    /// Information for operators.
    pub audit: Audit,
}

impl From<types::UserLimits> for Limits {
    fn from(limits: types::UserLimits) -> Self {
        let limit = |limit: types::Limit| Limit {
            setting: limit.setting,
            open: limit.open,
            total: limit.total,
            most: limit.most,
            ends_in: limit.ends_in_seconds.map(span),
            refuses: limit.refuses,
        };
        Self {
            limits: limits.limits.into_iter().map(limit).collect(),
            audit: Audit::told(limits.audit),
        }
    }
}

/// The balance of the account at Xoxzo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credits {
    /// Whole credits; below 0 for an account that pays afterwards.
    pub credits: i64,
    /// Information for operators.
    pub audit: Audit,
}

impl Credits {
    /// Tells whether these may be the credits that a new account is given for tests: as many, or fewer. Until the first purchase Xoxzo replaces the
    /// text of every message, and no code arrives. Its answers to a message are the same before and after, so nothing but the balance hints at it.
    #[must_use]
    pub fn may_be_for_tests(&self) -> bool {
        (0..=i64::from(GIVEN)).contains(&self.credits)
    }

    pub(crate) fn gauge(&self) {
        #[cfg(feature = "metrics")]
        #[expect(clippy::cast_precision_loss, reason = "no account has so many")]
        metrics::gauge!("xoxzo_2fa_credits").set(self.credits as f64);
    }
}

impl From<types::AccountCredits> for Credits {
    fn from(credits: types::AccountCredits) -> Self {
        Self {
            credits: credits.credits,
            audit: Audit::told(credits.audit),
        }
    }
}
