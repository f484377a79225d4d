//! Generations of a user's credentials: a pass ends when the user types a code after a change of `credential_version`, in old sessions too.
//!
//! A pass is bound to the version of its session, but an old session still has the old version. So the guard counts a user's changes: with a pass won by
//! a version that it has not seen lately, a new generation begins. Passes know theirs, and earlier ones end.
//!
//! Counters end, and passes must not come back by that. Names hold an era, which is longer than a pass lives, and counters live for two. So each pass
//! is of this era or the one before, and the counters of both are there.

use alloc::vec::Vec;

use xoxzo_2fa_core::{Answer, Charge, GuardName, Writer};

use crate::gate::Gate;
use crate::identity::Identity;
use crate::note::Note;
use crate::pass::Pass;
use crate::turn::GateTurn;
use crate::waiting::{Stage, Tally, Visitor, Waiting, Winning};

impl Gate {
    /// Gives a pass, with its generation if credentials have versions.
    pub(crate) fn win(&self, visitor: Visitor, pass: Pass, note: Note) -> GateTurn {
        let (now, identity) = (pass.won_at, &visitor.identity);
        let Some([seen, before]) = self.versions(identity, now) else {
            return self.won(&visitor, &pass, note);
        };
        let generation = self.generation(identity, self.era(now));
        let looks = [seen, before, generation].map(look).to_vec();
        let winning = Winning {
            visitor,
            pass,
            note,
            tally: Tally::Looks,
        };
        GateTurn::Count(looks, Waiting(Stage::Winning(winning)))
    }

    /// Goes on with what was counted. Only a version that was counted begins no generation, and it is counted last: if an answer is lost in between, the
    /// next code begins one more.
    pub(crate) fn go_on_winning(&self, mut winning: Winning, answer: Answer) -> GateTurn {
        let totals = totals(&answer);
        match (&*totals, winning.tally) {
            ([seen, before, generation], Tally::Looks) => {
                winning.pass.generation = *generation;
                if *seen > 0 {
                    return self.won(&winning.visitor, &winning.pass, winning.note);
                }
                if *before == 0 {
                    self.begin_generation(winning)
                } else {
                    self.count_version(winning)
                }
            }
            ([generation], Tally::Begins) => {
                winning.pass.generation = *generation;
                self.count_version(winning)
            }
            ([_], Tally::Marks) => self.won(&winning.visitor, &winning.pass, winning.note),
            _ => {
                let Visitor {
                    asked, identity, ..
                } = &winning.visitor;
                GateTurn::Respond(self.guard_failed(asked, identity, answer))
            }
        }
    }

    /// Counts a new generation, which every gate must know.
    fn begin_generation(&self, mut winning: Winning) -> GateTurn {
        let (now, identity) = (winning.pass.won_at, &winning.visitor.identity);
        let charge = self.up(self.generation(identity, self.era(now)));
        winning.tally = Tally::Begins;
        GateTurn::Publish(charge, Waiting(Stage::Winning(winning)))
    }

    /// Counts the version of a pass.
    fn count_version(&self, mut winning: Winning) -> GateTurn {
        let (now, identity) = (winning.pass.won_at, &winning.visitor.identity);
        let seen = self.versions(identity, now).map(|[seen, _]| self.up(seen));
        winning.tally = Tally::Marks;
        GateTurn::Count(seen.into_iter().collect(), Waiting(Stage::Winning(winning)))
    }

    /// One more, for as long as passes of this era and the next can live.
    fn up(&self, name: GuardName) -> Charge {
        Charge::alone(name, 1, u32::MAX, self.counters_life())
    }

    fn won(&self, visitor: &Visitor, pass: &Pass, note: Note) -> GateTurn {
        GateTurn::Respond(self.accepted(visitor, pass).noting(note))
    }

    /// Looks at the generations since a pass was won: that of its own era, and of this one.
    pub(crate) fn generations(&self, identity: &Identity, pass: &Pass, now: u32) -> Vec<Charge> {
        let (own, current) = (self.era(pass.won_at), self.era(now));
        let eras = [Some(own), Some(current).filter(|current| *current != own)];
        let eras = eras.into_iter().flatten();
        let eras = eras.filter(|_| identity.version().is_some());
        eras.map(|era| look(self.generation(identity, era)))
            .collect()
    }

    /// The number of the era.
    pub(crate) fn era(&self, now: u32) -> u32 {
        now.checked_div(self.settings.pass.beyond()).unwrap_or(0)
    }

    fn counters_life(&self) -> u32 {
        self.settings.pass.beyond().saturating_mul(2)
    }

    fn generation(&self, identity: &Identity, era: u32) -> GuardName {
        let mut of = Writer::new();
        of.text(&identity.subject).u32(era);
        self.counter("generation", &of.finish())
    }

    /// The counters of a version in this era and in the one before. `None`: credentials have none.
    fn versions(&self, identity: &Identity, now: u32) -> Option<[GuardName; 2]> {
        let version = identity.version()?;
        let era = self.era(now);
        Some([era, era.saturating_sub(1)].map(|era| {
            let mut of = Writer::new();
            of.text(&identity.subject).text(version).u32(era);
            self.counter("version", &of.finish())
        }))
    }
}

/// Tells whether one of the generations is later than that of a pass: in its own era, or in a later one, in which each is.
pub(crate) fn is_outdated(pass: &Pass, generations: &[u32]) -> bool {
    match generations {
        [] => false,
        [own, later @ ..] => *own > pass.generation || later.iter().any(|later| *later > 0),
    }
}

/// Returns the totals of an answer; none if it has none.
pub(crate) fn totals(answer: &Answer) -> Vec<u32> {
    match answer {
        Answer::Totals(answer) => answer.totals.iter().map(|total| total.total).collect(),
        Answer::Response(_) | Answer::Unanswered(..) => Vec::new(),
    }
}

fn look(counter: GuardName) -> Charge {
    Charge::alone(counter, 0, u32::MAX, 1)
}
