//! A list that is being made: what is sent, and what the answers mean. No I/O.
//!
//! ```text
//! list ── one server ──────────► the whole list ──► [ASKING] EVALSHA [WAIT] ──► totals
//!      └─ cluster ─► each run of a group, in turn ─┘  ▲                  │
//!                                                     └─ nothing made ◄──┘ NOSCRIPT, MOVED, ASK, TRYAGAIN
//! ```
//!
//! Script and `WAIT` go out together on one connection, so that the server which made a run is the one that is waited on. Only an answer that
//! proves that nothing was made lets a run be sent again. A lost answer proves nothing.

use std::time::{Duration, Instant};

use redis::cluster_routing::Slot;
use redis::{ErrorKind, Pipeline, RedisError, RedisResult, Script, ServerErrorKind, Value};

use super::servers::{Map, Node};
use super::unreachable;
use crate::guard::{Charge, GuardError, Total, Totals};
use crate::seconds::{instant, of_span, span};

/// Makes the charges in their order, and stops after the first that its limit refuses.
const SCRIPT: &str = include_str!("../charge.lua");

/// Seconds that the clocks of two servers may be apart.
const APART: u32 = 120;

/// The pause before a run is sent for the third time, and from then on.
const PAUSE: Duration = Duration::from_millis(10);

/// The script and the limits that lists are sent with.
pub(crate) struct Terms {
    script: Script,
    /// The longest time to wait for an answer.
    pub(crate) timeout: Duration,
    /// Replicas that must have a list before it counts.
    replicas: u32,
    /// Cuts lists into runs.
    cluster: bool,
}

/// A list, and the totals that it led to so far.
pub(crate) struct Making<'a> {
    terms: &'a Terms,
    rest: &'a [Charge],
    until: Instant,
    /// The earliest and the latest time that servers told.
    times: Option<(u32, u32)>,
    totals: Totals,
}

/// Charges that are made in one script, on their way to the server that makes them.
pub(crate) struct Run<'a> {
    terms: &'a Terms,
    charges: &'a [Charge],
    until: Instant,
    sent: u32,
    /// The server does not know the script, and gets its text.
    in_full: bool,
    /// A server that gets this run although the slot is still another one's.
    asked: Option<String>,
}

/// The next step after an answer.
pub(crate) enum Next {
    /// The run was made.
    Made(Made),
    /// Nothing was made: send the run again after [`Run::pause`].
    Again,
    /// Likewise, and the server at this address has the slot now.
    Moved(String),
}

/// A run that was made, up to a charge that was refused.
pub(crate) struct Made {
    now: u32,
    totals: Vec<Total>,
    refused: bool,
}

impl Terms {
    pub(crate) fn new(timeout: Duration, replicas: u32, cluster: bool) -> Self {
        Self {
            script: Script::new(SCRIPT),
            timeout,
            replicas,
            cluster,
        }
    }
}

impl<'a> Making<'a> {
    pub(crate) fn new(terms: &'a Terms, charges: &'a [Charge]) -> Self {
        Self {
            terms,
            rest: charges,
            until: Instant::now() + terms.timeout,
            times: None,
            totals: Totals::default(),
        }
    }

    /// The run to make next: the whole list, or in a cluster the next charges of one group.
    pub(crate) fn next(&mut self) -> Option<Run<'a>> {
        let charges = if self.terms.cluster {
            Charge::runs(self.rest).next()?
        } else {
            self.rest
        };
        self.rest = &self.rest[charges.len()..];
        (!charges.is_empty()).then_some(Run {
            terms: self.terms,
            charges,
            until: self.until,
            sent: 0,
            in_full: false,
            asked: None,
        })
    }

    /// Takes what became of a run.
    ///
    /// # Errors
    ///
    /// The clocks of servers are apart.
    pub(crate) fn made(&mut self, made: Made) -> Result<(), GuardError> {
        let Made {
            now,
            totals,
            refused,
        } = made;
        let (first, last) = self.times.unwrap_or((now, now));
        let (first, last) = (first.min(now), last.max(now));
        if last - first > APART {
            return Err(GuardError::Unreachable(
                "clock: the clocks of its servers are apart".to_string(),
            ));
        }
        self.times = Some((first, last));
        self.totals.now = Some(instant(now));
        self.totals.totals.extend(totals);
        if refused {
            self.rest = &[];
        }
        Ok(())
    }

    /// The totals of all runs.
    pub(crate) fn totals(self) -> Totals {
        self.totals
    }
}

impl Run<'_> {
    /// The slot that its keys are in.
    pub(crate) fn slot(&self) -> Slot {
        Slot::for_key(self.charges.first().map(name).unwrap_or_default())
    }

    /// The server that gets it this time.
    pub(crate) fn node(&self, map: &Map) -> Option<Node> {
        let node = map.node(self.slot())?;
        match &self.asked {
            Some(address) => node.named(address).ok(),
            None => Some(node),
        }
    }

    /// Returns the pause before it is sent again: servers that are moving a slot need time to agree.
    pub(crate) fn pause(&self) -> Duration {
        if self.sent < 2 { Duration::ZERO } else { PAUSE }
    }

    /// The commands to send.
    pub(crate) fn commands(&self) -> Pipeline {
        let Terms {
            script,
            timeout,
            replicas,
            ..
        } = self.terms;
        let mut commands = Pipeline::new();
        if self.asked.is_some() {
            commands.cmd("ASKING");
        }
        if self.in_full {
            commands.cmd("EVAL").arg(SCRIPT);
        } else {
            commands.cmd("EVALSHA").arg(script.get_hash());
        }
        commands.arg(self.charges.len());
        for charge in self.charges {
            commands.arg(name(charge));
        }
        for charge in self.charges {
            commands
                .arg(charge.amount)
                .arg(charge.limit)
                .arg(of_span(charge.ttl));
        }
        if *replicas > 0 {
            // 0 would be for ever.
            let most = u64::try_from(timeout.as_millis() / 2).unwrap_or(u64::MAX);
            commands.cmd("WAIT").arg(replicas).arg(most.max(1));
        }
        commands.ignore_errors();
        commands
    }

    /// Reads the answers to [`Run::commands`].
    ///
    /// # Errors
    ///
    /// The run was not made, or not as it must be, and is not to be sent again.
    pub(crate) fn read(&mut self, answers: &[RedisResult<Value>]) -> Result<Next, GuardError> {
        let mut answers = answers.iter();
        if self.asked.is_some() {
            taken(answers.next())?;
        }
        let made = match answers.next() {
            Some(Ok(made)) => self.made(made).ok_or_else(unfit)?,
            Some(Err(error)) => return self.again(error),
            None => return Err(unfit()),
        };
        let replicas = self.terms.replicas;
        if replicas > 0 {
            let copies = number(taken(answers.next())?).ok_or_else(unfit)?;
            if copies < replicas {
                return Err(GuardError::Unreachable(format!(
                    "replicas: {copies} have it, of {replicas}"
                )));
            }
        }
        Ok(Next::Made(made))
    }

    /// Reads what the script answered, if it is what the script could have answered.
    fn made(&self, answer: &Value) -> Option<Made> {
        let Value::Array(answer) = answer else {
            return None;
        };
        let numbers: Vec<u32> = answer.iter().map(number).collect::<Option<_>>()?;
        let (now, numbers) = numbers.split_first()?;
        let (pairs, []) = numbers.as_chunks() else {
            return None;
        };
        let totals = pairs
            .iter()
            .map(|[total, left]| Total::new(*total, span(*left)));
        let totals: Vec<_> = totals.collect();
        let mut both = self.charges.iter().zip(&totals);
        let refused =
            both.position(|(charge, total)| charge.amount >= 0 && total.total > charge.limit);
        let whole = totals.len() == refused.map_or(self.charges.len(), |at| at + 1);
        whole.then_some(Made {
            now: *now,
            totals,
            refused: refused.is_some(),
        })
    }

    /// Decides on the next step after an error that a server gave instead of making the run.
    fn again(&mut self, error: &RedisError) -> Result<Next, GuardError> {
        self.sent += 1;
        self.asked = None;
        let address = || {
            error
                .redirect_node()
                .map(|(address, _)| address.to_string())
        };
        let next = match error.kind() {
            ErrorKind::Server(ServerErrorKind::NoScript) if !self.in_full => {
                self.in_full = true;
                Next::Again
            }
            ErrorKind::Server(ServerErrorKind::Moved) => {
                Next::Moved(address().ok_or_else(|| unreachable(error))?)
            }
            ErrorKind::Server(ServerErrorKind::Ask) => {
                self.asked = Some(address().ok_or_else(|| unreachable(error))?);
                Next::Again
            }
            // Some of its keys have moved, and some have not.
            ErrorKind::Server(ServerErrorKind::TryAgain) => Next::Again,
            _ => return Err(unreachable(error)),
        };
        if Instant::now() > self.until {
            return Err(GuardError::Unreachable(
                "cluster: its slot did not come to rest in time".to_string(),
            ));
        }
        Ok(next)
    }
}

/// The name of a counter in the store. The group is its hash tag, which keeps the group's counters together in a cluster.
fn name(charge: &Charge) -> String {
    format!("2fa.{{{}}}.{}", charge.group, charge.counter)
}

fn taken(answer: Option<&RedisResult<Value>>) -> Result<&Value, GuardError> {
    match answer {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(unreachable(error)),
        None => Err(unfit()),
    }
}

/// A number in an answer. The client's own conversion would wrap what is too large.
fn number(answer: &Value) -> Option<u32> {
    match answer {
        Value::Int(number) => u32::try_from(*number).ok(),
        _ => None,
    }
}

fn unfit() -> GuardError {
    GuardError::Unfit("its answer is none that the script gives".to_string())
}
