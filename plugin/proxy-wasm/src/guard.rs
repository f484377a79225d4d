//! Counters in data that several virtual machines share, changed by compare and set.
//!
//! A fixed number of keys, each a bounded list of counters, since shared data knows neither an end nor a removal: nothing that a client does
//! makes it grow beyond that. A group is in one list, so that its charges are one change.

mod shard;

use xoxzo_2fa_core::{Charge, GuardName, NoAnswer, Total, Totals};

pub use shard::Shard;

/// Keys of shared data. A request with a pass reads one of them, so they should be short, and many.
const SHARDS: u32 = 1_024;

/// Maximum number of attempts at one compare-and-set. Workers are few and changes short.
const TRIES: u32 = 10_000;

/// Data that several virtual machines share.
pub trait SharedMemory {
    /// The value of a key, with a number that changes with each change of it. `None`: there is none yet.
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Sets a value if its number is still this one or, for `None`, if there is none yet.
    fn set(&self, key: &str, value: &[u8], number: Option<u32>) -> Result<(), Conflict>;
}

/// Another change came between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// Makes charges, in order, up to the first that is refused, and those of one group as one. `now` is in milliseconds of a clock that nobody can
/// set. `conflict` is called for each change that is tried anew.
///
/// # Errors
///
/// [`NoAnswer::GuardFull`]; [`NoAnswer::GuardUnreachable`] if others came between again and again. Groups before may have been charged.
pub fn add(
    shared: &impl SharedMemory,
    charges: &[Charge],
    now: u64,
    mut conflict: impl FnMut(),
) -> Result<Totals, NoAnswer> {
    let mut totals = Vec::with_capacity(charges.len());
    for group in charges.chunk_by(|one, next| one.group == next.group) {
        let made = together(shared, group, now, &mut conflict)?;
        totals.extend(made.totals);
        if made.refused {
            break;
        }
    }
    // None has a clock to compare: this one measures lives and tells no time.
    Ok(Totals { totals, now: None })
}

/// The outcome of the charges of a group.
struct Made {
    totals: Vec<Total>,
    /// The last was refused.
    refused: bool,
}

fn together(
    shared: &impl SharedMemory,
    charges: &[Charge],
    now: u64,
    conflict: &mut impl FnMut(),
) -> Result<Made, NoAnswer> {
    let key = charges.first().map(|charge| place(charge.group));
    let key = key.unwrap_or_default();
    for _ in 0..TRIES {
        let (value, number) = match shared.get(&key) {
            Some((value, number)) => (value, Some(number)),
            None => (Vec::new(), None),
        };
        let mut shard = Shard::read(value, now);
        let mut made = Made {
            totals: Vec::with_capacity(charges.len()),
            refused: false,
        };
        for charge in charges {
            let (total, refused) = shard.charge(charge).ok_or(NoAnswer::GuardFull)?;
            made.totals.push(total);
            made.refused = refused;
            if refused {
                break;
            }
        }
        let Some(changed) = shard.finish() else {
            return Ok(made);
        };
        match shared.set(&key, &changed, number) {
            Ok(()) => return Ok(made),
            Err(Conflict) => conflict(),
        }
    }
    Err(NoAnswer::GuardUnreachable)
}

/// The key of the shard that holds a group. A name is a hash already, so any of its bits are as good as others.
fn place(group: GuardName) -> String {
    let [first, second, ..] = *group.as_bytes();
    let place = u32::from(u16::from_be_bytes([first, second])) % SHARDS;
    format!("xoxzo-2fa.guard.{place:03x}")
}
