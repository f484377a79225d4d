//! The fleet: gates of several processes that count in one store, which a guard service reaches for them.
//!
//! # In scope
//!
//! - The knowledge that a process has of the store ([`Fleet`]): its id, and what was revoked
//! - The requests to the service, and what its answers say ([`GuardService`])
//!
//! # Out of scope
//!
//! - Clocks, randomness and the calls themselves, which are the host's
//! - Every decision about a request: the gate takes a look here for the guard's answer
//!
//! ```text
//!               pull ► the whole list, page by page
//! without an id ──────────────────────────────────► open ──► look: answered here, without a call
//!       ▲                                           │  ▲
//!       │   any answer with another id              │  │ pull: every 2 s, what is new
//!       ├───────────────────────────────────────────┤  │
//!       │                                           ▼  │
//!       └────────────────────────────────────────── stale: a look has no answer, so that no pass opens
//! ```
//!
//! The store draws the id beside its counters. Tokens, passes and visits are sealed with it, so that they end with the counters that limit them.
//!
//! The list holds the counters whose total every gate must know: those of revoked passes, and of generations of credentials. Each entry has a number,
//! and a pull asks for those after the last one that it knows.

mod answers;
mod service;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use core::mem;

use xoxzo_2fa_core::{Answer, Charge, GuardName, NoAnswer, Request, Total, Totals};

use self::answers::{Counted, Entry, Page};

pub use service::GuardService;

/// Milliseconds from one pull to the next: somewhat less than two ticks of a second, so that one that is early does not wait for a third.
const INTERVAL: u64 = 1_900;

/// Milliseconds after which a pull without an answer is given up: its time-out is shorter.
const LOST: u64 = 5_000;

/// Milliseconds from one sweep of ended entries to the next.
const SWEEP: u64 = 60_000;

/// The most entries. A service that has more on its list is not believed.
const MOST: usize = 131_072;

/// The knowledge that a process has of its fleet's store. Times are in milliseconds of a clock that nobody can set.
pub struct Fleet {
    service: GuardService,
    /// Milliseconds after a pull for which its list is believed.
    lasts: u64,
    id: Option<[u8; 16]>,
    revoked: BTreeMap<GuardName, Revoked>,
    /// Number of the last entry.
    sequence: u32,
    /// The time of the last pull after which the list was whole.
    whole_at: Option<u64>,
    /// A pull that is not answered yet.
    asked: Option<Pull>,
    due_at: u64,
    swept_at: u64,
    /// The last pull failed, and it was told.
    fails: bool,
}

/// A question for what is new.
#[derive(Clone, Copy)]
struct Pull {
    at: u64,
    /// Number of the entry after which the list was asked for.
    since: u32,
}

/// A counter on the list.
#[derive(Clone, Copy)]
struct Revoked {
    total: u32,
    ends_at: u64,
}

impl Fleet {
    /// Knows nothing yet. A list is believed for `stale_seconds` after it was asked for.
    #[must_use]
    pub fn new(service: GuardService, stale_seconds: u32) -> Self {
        Self {
            service,
            lasts: milliseconds(stale_seconds),
            id: None,
            revoked: BTreeMap::new(),
            sequence: 0,
            whole_at: None,
            asked: None,
            due_at: 0,
            swept_at: 0,
            fails: false,
        }
    }

    /// Tells whether the last pull failed. Its answer does not ask again then; the next tick does.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.fails
    }

    /// Returns the store's id, once the whole list is known. It is another one, or none, after the store was lost.
    #[must_use]
    pub fn id(&self) -> Option<[u8; 16]> {
        self.id.filter(|_| self.whole_at.is_some())
    }

    /// Returns the request for what is new, if it is time for that. Its answer goes to [`Fleet::pulled`].
    pub fn pull(&mut self, now: u64) -> Option<Request> {
        let waits = self
            .asked
            .is_some_and(|asked| now < asked.at.saturating_add(LOST));
        if waits || now < self.due_at {
            return None;
        }
        self.asked = Some(Pull {
            at: now,
            since: self.sequence,
        });
        self.due_at = now.saturating_add(INTERVAL);
        Some(self.service.revocations(self.sequence))
    }

    /// Takes the answer to a pull.
    ///
    /// # Errors
    ///
    /// It could not be used: the cause, for a log. Told once, until a pull succeeds again.
    pub fn pulled(&mut self, now: u64, answer: &Answer) -> Result<(), String> {
        let Some(asked) = self.asked.take() else {
            return Ok(());
        };
        match Page::read(answer) {
            Ok(page) => {
                self.fails = false;
                self.take(page, asked, now)
            }
            Err(cause) => {
                // The next tick tries again.
                self.due_at = now;
                if mem::replace(&mut self.fails, true) {
                    Ok(())
                } else {
                    Err(cause)
                }
            }
        }
    }

    fn take(&mut self, page: Page, asked: Pull, now: u64) -> Result<(), String> {
        let Page {
            id,
            sequence,
            more,
            entries,
        } = page;
        if self.id != Some(id) {
            self.close();
            self.id = Some(id);
        }
        if asked.since != self.sequence {
            // The page goes on with another list than this one.
            self.due_at = now;
            return Ok(());
        }
        if sequence < self.sequence {
            // The store went back to an older state. What it had revoked until now stays revoked.
            self.sequence = 0;
            self.due_at = now;
            return Ok(());
        }
        self.sweep(now);
        for entry in entries {
            self.revoke(&entry, now);
        }
        if self.revoked.len() > MOST {
            self.close();
            self.fails = true;
            return Err("fleet: the list of revocations is too long".to_string());
        }
        self.sequence = sequence;
        if more {
            self.due_at = now;
        } else {
            self.whole_at = Some(asked.at);
        }
        Ok(())
    }

    /// Answers looks as the guard would, without a call. There is no answer unless the list is whole and young enough.
    #[must_use]
    pub fn look(&self, looks: &[Charge], now: u64) -> Answer {
        let none = |cause: &str| Answer::Unanswered(NoAnswer::GuardUnreachable, cause.to_string());
        let Some(whole_at) = self.whole_at.filter(|_| self.id.is_some()) else {
            return none("fleet: the list of revocations is not known yet");
        };
        if now > whole_at.saturating_add(self.lasts) {
            return none("fleet: the list of revocations is older than pass.stale_seconds");
        }
        let total = |look: &Charge| match self.revoked.get(&look.counter) {
            Some(revoked) if now < revoked.ends_at => Total {
                total: revoked.total,
                ends_in: seconds(revoked.ends_at.saturating_sub(now)),
            },
            _ => Total {
                total: 0,
                ends_in: look.ttl,
            },
        };
        Answer::Totals(Totals {
            totals: looks.iter().map(total).collect(),
            now: None,
        })
    }

    /// Returns the request to make charges. `list` is random, and another for each list. The answer goes to [`Fleet::counted`].
    #[must_use]
    pub fn count(&self, list: &[u8; 16], charges: &[Charge]) -> Request {
        self.service.list(list, charges)
    }

    /// Returns the request to make a charge, and to put its total on every gate's list. The answer goes to [`Fleet::published`].
    #[must_use]
    pub fn publish(&self, list: &[u8; 16], charge: &Charge) -> Request {
        self.service.revoke(list, charge)
    }

    /// Reads the answer to charges that a gate with this id made. Totals of another store are none, and shut every gate.
    pub fn counted(&mut self, id: &[u8; 16], answer: Answer) -> Answer {
        match Counted::read(answer) {
            Ok(Counted {
                totals,
                id: Some(own),
            }) if own == *id => Answer::Totals(totals),
            // A store whose clock is behind makes no charge and says only its time.
            Ok(Counted { totals, id: None }) if totals.totals.is_empty() => Answer::Totals(totals),
            Ok(Counted { id: other, .. }) => {
                if other.is_some() && other != self.id {
                    self.close();
                }
                let cause = "fleet: the totals are of another store".to_string();
                Answer::Unanswered(NoAnswer::GuardUnreachable, cause)
            }
            Err((no_answer, cause)) => Answer::Unanswered(no_answer, cause),
        }
    }

    /// Reads the answer to a published charge. This process knows it at once.
    pub fn published(
        &mut self,
        id: &[u8; 16],
        charge: &Charge,
        now: u64,
        answer: Answer,
    ) -> Answer {
        let answer = self.counted(id, answer);
        if let Answer::Totals(made) = &answer
            && let Some(total) = made.totals.first()
        {
            let entry = Entry {
                counter: charge.counter,
                total: total.total,
                ends_in: total.ends_in,
            };
            self.revoke(&entry, now);
        }
        answer
    }

    fn revoke(&mut self, entry: &Entry, now: u64) {
        let ends_at = now.saturating_add(milliseconds(entry.ends_in));
        let known = self.revoked.entry(entry.counter).or_insert(Revoked {
            total: 0,
            ends_at: 0,
        });
        known.total = known.total.max(entry.total);
        known.ends_at = known.ends_at.max(ends_at);
    }

    fn sweep(&mut self, now: u64) {
        if now >= self.swept_at.saturating_add(SWEEP) {
            self.revoked.retain(|_, revoked| now < revoked.ends_at);
            self.swept_at = now;
        }
    }

    /// Forgets the store. Nothing opens until another list is whole.
    fn close(&mut self) {
        self.id = None;
        self.revoked.clear();
        self.sequence = 0;
        self.whole_at = None;
        self.due_at = 0;
    }
}

fn milliseconds(seconds: u32) -> u64 {
    u64::from(seconds).saturating_mul(1_000)
}

/// Whole seconds, rounded up.
fn seconds(milliseconds: u64) -> u32 {
    u32::try_from(milliseconds.div_ceil(1_000)).unwrap_or(u32::MAX)
}
