//! Stores with a fault each, which the vectors must see.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, UNIX_EPOCH};

use xoxzo_2fa::{Charge, Guard, GuardError, GuardName, Scope, Total, Totals, suite};

use crate::Still;

/// A fault of a store, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    // Totals.
    NeverGivesBack,
    StopsAt31Bits,
    StopsAtNothing,
    LooksByOne,
    // Zeros.
    KeepsZeros,
    CreatesByLooking,
    CreatesByGivingBack,
    // Limits.
    RefusesNothing,
    RefusesTheLimit,
    RefusesGivingBack,
    LooksFreely,
    FillsUpToTheLimit,
    KeepsWhatItRefused,
    TellsWhatItKept,
    // Refusals.
    GoesOn,
    GoesOnInOtherGroups,
    TakesAllBack,
    KeepsSilentAboutRefusals,
    // Lists and groups.
    ReadsOnceForAList,
    SortsByGroup,
    CountsAGroupAsOne,
    EndsAGroupAsOne,
    // Ends.
    MovesEnds,
    ShortensLives,
    NeverEnds,
    EndsEarly,
    EndsLate,
    RoundsDown,
    CountsLivesIn16Bits,
    // Clocks.
    NeverShuts,
    ShutsTooSoon,
    ChargesWhileShut,
}

/// Each fault, and a flag of the vectors that must see it.
const FAULTS: &[(Fault, &str)] = &[
    (Fault::NeverGivesBack, "Sum"),
    (Fault::StopsAt31Bits, "Bounds"),
    (Fault::StopsAtNothing, "Bounds"),
    (Fault::LooksByOne, "Sum"),
    (Fault::KeepsZeros, "Zero"),
    (Fault::CreatesByLooking, "Zero"),
    (Fault::CreatesByGivingBack, "Zero"),
    (Fault::RefusesNothing, "Limit"),
    (Fault::RefusesTheLimit, "Limit"),
    (Fault::RefusesGivingBack, "Limit"),
    (Fault::LooksFreely, "Look"),
    (Fault::FillsUpToTheLimit, "Limit"),
    (Fault::KeepsWhatItRefused, "Limit"),
    (Fault::TellsWhatItKept, "Limit"),
    (Fault::GoesOn, "Refusal"),
    (Fault::GoesOnInOtherGroups, "Group"),
    (Fault::TakesAllBack, "Refusal"),
    (Fault::KeepsSilentAboutRefusals, "Refusal"),
    (Fault::ReadsOnceForAList, "List"),
    (Fault::SortsByGroup, "Group"),
    (Fault::CountsAGroupAsOne, "Group"),
    (Fault::EndsAGroupAsOne, "Group"),
    (Fault::MovesEnds, "End"),
    (Fault::ShortensLives, "End"),
    (Fault::NeverEnds, "End"),
    (Fault::EndsEarly, "Exact"),
    (Fault::EndsLate, "Exact"),
    (Fault::RoundsDown, "End"),
    (Fault::CountsLivesIn16Bits, "Bounds"),
    (Fault::NeverShuts, "Clock"),
    (Fault::ShutsTooSoon, "Clock"),
    (Fault::ChargesWhileShut, "Clock"),
];

/// Milliseconds since 1970 at which each vector begins.
const BEGINNING: i64 = 1_800_000_000_000;

/// A store by a wall clock, in memory.
struct Store {
    fault: Fault,
    clock: Still,
    counters: Mutex<Counters>,
}

/// Counters, each with its total and its end.
#[derive(Default)]
struct Counters {
    kept: HashMap<GuardName, (i64, i64)>,
    latest: i64,
}

impl Store {
    fn new(fault: Fault, clock: &Still) -> Self {
        Self {
            fault,
            clock: clock.clone(),
            counters: Mutex::default(),
        }
    }

    fn counters(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap()
    }

    /// The place of a counter.
    fn place(&self, charge: &Charge) -> GuardName {
        match self.fault {
            Fault::CountsAGroupAsOne => charge.group,
            _ => charge.counter,
        }
    }

    fn life(&self, charge: &Charge) -> i64 {
        let seconds = charge.ttl.as_secs() as i64;
        match self.fault {
            Fault::CountsLivesIn16Bits => (seconds & 0xffff) * 1_000,
            _ => seconds * 1_000,
        }
    }

    /// The total and the end of a counter that lives, or of one that would begin.
    fn before(&self, counters: &Counters, charge: &Charge, now: i64) -> (i64, i64) {
        let begins = (0, now + self.life(charge));
        let (total, ends) = *counters.kept.get(&self.place(charge)).unwrap_or(&begins);
        let over = match self.fault {
            Fault::NeverEnds => false,
            Fault::EndsEarly => ends <= now + 1,
            Fault::EndsLate => ends < now,
            _ => ends <= now,
        };
        match self.fault {
            _ if over => begins,
            Fault::MovesEnds => (total, begins.1),
            Fault::ShortensLives => (total, ends.min(begins.1)),
            _ => (total, ends),
        }
    }

    /// The total that a charge leads to, and whether its limit refuses that.
    fn apply(&self, charge: &Charge, before: i64) -> (i64, bool) {
        let (amount, limit) = (i64::from(charge.amount), i64::from(charge.limit));
        let sum = match self.fault {
            Fault::NeverGivesBack => before + amount.max(0),
            Fault::LooksByOne => before + amount + i64::from(amount == 0),
            _ => before + amount,
        };
        let total = match self.fault {
            Fault::StopsAt31Bits => sum.clamp(0, i64::from(i32::MAX)),
            Fault::StopsAtNothing => i64::from(sum.max(0) as u32),
            _ => sum.clamp(0, i64::from(u32::MAX)),
        };
        let refused = match self.fault {
            Fault::RefusesNothing => false,
            Fault::RefusesTheLimit => amount >= 0 && total >= limit,
            Fault::RefusesGivingBack => total > limit,
            Fault::LooksFreely => amount > 0 && total > limit,
            _ => amount >= 0 && total > limit,
        };
        (total, refused)
    }

    /// Makes a charge that is not refused.
    fn keep(&self, counters: &mut Counters, charge: &Charge, (total, ends): (i64, i64)) {
        let place = self.place(charge);
        let was = counters.kept.contains_key(&place);
        let kept = match self.fault {
            Fault::KeepsZeros => total > 0 || was,
            Fault::CreatesByLooking => total > 0 || charge.amount == 0,
            Fault::CreatesByGivingBack => total > 0 || (charge.amount < 0 && !was),
            _ => total > 0,
        };
        if kept {
            counters.kept.insert(place, (total, ends));
        } else {
            counters.kept.remove(&place);
        }
        if self.fault == Fault::EndsAGroupAsOne {
            counters.kept.entry(charge.group).or_insert((1, ends));
        }
    }

    fn make(&self, counters: &mut Counters, charges: &[Charge], now: i64) -> Vec<Total> {
        let mut charges = charges.to_vec();
        if self.fault == Fault::SortsByGroup {
            charges.sort_by_key(|charge| charge.group);
        }
        let (begun, mut totals) = (counters.kept.clone(), Vec::new());
        let mut refusing = None;
        for charge in &charges {
            if refusing == Some(charge.group) {
                continue;
            }
            let (mut before, mut ends) = self.before(counters, charge, now);
            match self.fault {
                Fault::ReadsOnceForAList => {
                    before = begun.get(&charge.counter).map_or(0, |it| it.0);
                }
                Fault::EndsAGroupAsOne => ends = begun.get(&charge.group).map_or(ends, |it| it.1),
                _ => {}
            }
            let (mut total, refused) = self.apply(charge, before);
            match self.fault {
                Fault::FillsUpToTheLimit if refused => {
                    self.keep(
                        counters,
                        charge,
                        (before.max(i64::from(charge.limit)), ends),
                    );
                }
                _ if !refused || self.fault == Fault::KeepsWhatItRefused => {
                    self.keep(counters, charge, (total, ends));
                }
                Fault::TellsWhatItKept => total = before,
                Fault::TakesAllBack => counters.kept.clone_from(&begun),
                _ => {}
            }
            if refused && self.fault == Fault::KeepsSilentAboutRefusals {
                break;
            }
            let left = (ends - now).max(0);
            let left = match self.fault {
                Fault::RoundsDown => left / 1_000,
                _ => (left + 999) / 1_000,
            };
            totals.push(Total::new(total as u32, Duration::from_secs(left as u64)));
            match self.fault {
                Fault::GoesOnInOtherGroups if refused => refusing = Some(charge.group),
                Fault::GoesOn => {}
                _ if refused => break,
                _ => {}
            }
        }
        totals
    }
}

impl Guard for Store {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let mut counters = self.counters();
        let now = BEGINNING + self.clock.now().as_millis() as i64;
        let apart = match self.fault {
            Fault::NeverShuts => i64::MAX,
            Fault::ShutsTooSoon => 119_999,
            _ => 120_000,
        };
        if counters.latest - now > apart {
            if self.fault == Fault::ChargesWhileShut {
                self.make(&mut counters, charges, now);
            }
            let latest = counters.latest / 1_000;
            return Ok(Totals::at(
                Vec::new(),
                UNIX_EPOCH + Duration::from_secs(latest as u64),
            ));
        }
        counters.latest = now.max(counters.latest);
        let totals = self.make(&mut counters, charges, now);
        Ok(Totals::at(
            totals,
            UNIX_EPOCH + Duration::from_secs((now / 1_000) as u64),
        ))
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }

    // The vectors are to see the fault.
    fn check(&self) -> Result<(), GuardError> {
        Ok(())
    }
}

/// The vectors that a store with this fault does not pass.
fn seen(fault: Fault) -> Vec<String> {
    let clock = Still::default();
    let open = || Store::new(fault, &clock);
    let replayed = suite::vectors(open, Some(&|now| clock.set(now)));
    replayed.err().unwrap_or_default()
}

#[test]
fn each_fault_is_seen_by_the_vectors_that_are_about_it() {
    assert_eq!(seen(Fault::None), [""; 0]);
    for (fault, flag) in FAULTS {
        let seen = seen(*fault);
        let about = |line: &&String| line.contains(&format!("\"{flag}\""));
        let about = seen.iter().filter(about).count();
        assert!(about > 0, "{fault:?} is not seen as {flag}: {seen:#?}");
        println!("{fault:?}: {} vectors, {about} {flag}", seen.len());
    }
}
