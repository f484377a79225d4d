//! The breaker, and the count of attempts: they hold senders back by what Xoxzo answers.
//!
//! ```text
//!            5 failures in a row                the pause is over
//! closed ───────────────────────► open ──────────────────────────► half open
//!   ▲                              ▲  nobody is sent to              │ one start a second
//!   │                              └──────────────── it fails ───────┤
//!   └────────────────────────────────────────────── it is answered ──┘
//! ```
//!
//! Each kind of purposes has a breaker of its own, so that what strangers start never shuts a login out.

use alloc::vec::Vec;

use super::counted::{Groups, MessageCounters, User};
use super::planned::{CounterKind, PlannedCharge};
use crate::common::failure::Failure;
use crate::guard::Charge;
use crate::settings::prepared::Prepared;
use crate::signed::binding::Binding;

/// Failures in a row that open the breaker.
const FAILURES: u32 = 5;

/// Seconds that a row is remembered for, unless an answer ends it.
const ROW: u32 = 600;

/// Seconds that an open breaker lets nobody through, where Xoxzo does not say how long.
const PAUSE: u32 = 10;

/// The longest pause in seconds, whatever Xoxzo says.
const LONGEST_PAUSE: u32 = 60;

/// A message's standing with the breaker.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A resend: the breaker does not stop it, and it counts nothing for it.
    Passed,
    /// A start that goes if the breaker is closed.
    Closed,
    /// A start that found it not closed, and goes if there is no pause and it is the first in this second.
    Probing,
}

/// The lesson of an answer of Xoxzo to a start or resend: whom to hold back.
#[derive(Clone, Copy)]
pub(crate) enum Lesson {
    /// It refused what the caller asked for, which costs an attempt, and so it works.
    Refused,
    /// It works.
    Answered,
    /// It does not work, or not with this account and these settings, and may say for how many seconds.
    Failed(Option<u32>),
}

impl Lesson {
    /// The charges for it. `failed` is how many failures in a row the start saw; a resend has none to see.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request) if the client is no address.
    pub(crate) fn charges(
        self,
        settings: &Prepared,
        binding: &Binding,
        client: Option<&str>,
        failed: Option<u32>,
    ) -> Result<Vec<Charge>, Failure> {
        let mut charges = Vec::new();
        if let (Self::Answered, None | Some(0)) = (self, failed) {
            return Ok(charges);
        }
        let user = User::of(settings, binding);
        let groups = Groups::new(settings, user, client)?;
        let breaker = Breaker::of(settings, user, &groups);
        if let Self::Refused = self {
            let messages = MessageCounters::of(settings, user, &groups, 1);
            let Attempts { client, audience } = Attempts::of(settings, &groups, &messages);
            let made = client.into_iter().chain([audience]);
            charges.extend(made.map(|planned| planned.unlimited().charge));
        }
        let Some(failed) = failed else {
            return Ok(charges);
        };
        if let Self::Failed(wait) = self {
            charges.push(breaker.failing().unlimited().charge);
            if failed.saturating_add(1) >= FAILURES {
                let ttl = wait.unwrap_or(PAUSE).clamp(1, LONGEST_PAUSE);
                let pause = breaker.pause().unlimited().charge;
                charges.push(Charge { ttl, ..pause });
            }
        } else if failed > 0 {
            charges.push(breaker.failing().charge.back(u32::MAX));
        }
        Ok(charges)
    }
}

/// One more request that Xoxzo refused for what was in it, such as a bad number. As many are allowed as messages, in the same windows.
pub(super) struct Attempts {
    pub(super) client: Option<PlannedCharge>,
    pub(super) audience: PlannedCharge,
}

impl Attempts {
    /// Makes the counters, without those of a client that is not known.
    pub(super) fn of(settings: &Prepared, groups: &Groups, messages: &MessageCounters) -> Self {
        let planned = |setting, group, of: &[u8], message: &PlannedCharge| {
            let name = settings.names.sends(group, setting, of);
            let Charge { limit, ttl, .. } = message.charge;
            PlannedCharge {
                kind: CounterKind::Attempts,
                setting,
                charge: Charge::one(name, limit, ttl),
                most: message.most,
            }
        };
        let client = messages.client.as_ref().zip(groups.client());
        let of = settings.audience.as_bytes();
        let audience = "attempts per audience";
        Self {
            client: client.map(|(message, (client, group))| {
                planned("attempts per client", group, client, message)
            }),
            audience: planned(audience, &groups.audience, of, &messages.audience),
        }
    }
}

/// The breaker of one kind of purposes. It lives in counters of the audience.
pub(super) struct Breaker<'a> {
    settings: &'a Prepared,
    groups: &'a Groups,
    open: bool,
}

impl<'a> Breaker<'a> {
    pub(super) fn of(settings: &'a Prepared, user: User<'_>, groups: &'a Groups) -> Self {
        Self {
            settings,
            groups,
            open: user.open,
        }
    }

    /// Failures of Xoxzo in a row.
    pub(super) fn failing(&self) -> PlannedCharge {
        self.planned(CounterKind::Failing, "provider failures", FAILURES, ROW)
    }

    /// The time in which nobody is let through.
    pub(super) fn pause(&self) -> PlannedCharge {
        self.planned(CounterKind::Pause, "provider pause", 1, PAUSE)
    }

    /// The one start in a second that tries whether Xoxzo works again.
    pub(super) fn probe(&self) -> PlannedCharge {
        self.planned(CounterKind::Probe, "provider probe", 1, 1)
    }

    fn planned(
        &self,
        kind: CounterKind,
        label: &'static str,
        most: u32,
        seconds: u32,
    ) -> PlannedCharge {
        let Self {
            settings,
            groups,
            open,
        } = self;
        let of = settings.audience.as_bytes();
        let name = settings.names.apart(&groups.audience, label, *open, of);
        PlannedCharge::new(kind, label, Charge::one(name, most, seconds))
    }
}
