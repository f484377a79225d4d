//! Counters in data that several virtual machines share, changed by compare and set.
//!
//! A fixed number of keys, each a bounded list of counters, since shared data knows neither an end nor a removal: nothing that a client does
//! makes it grow beyond that.

mod shard;

use xoxzo_2fa_core::{Charge, Loss, Total};

pub use shard::Shard;

/// Keys of shared data. A request with a pass reads one of them, so they should be short, and many.
const SHARDS: u32 = 1_024;

/// How often a change is tried anew because another came between. Workers are few and changes short.
const TRIES: u32 = 10_000;

/// Data that several virtual machines share.
pub trait Shared {
    /// The value of a key, with a number that changes with each change of it. `None`: there is none yet.
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)>;

    /// Sets a value if its number is still this one or, for `None`, if there is none yet.
    fn set(&self, key: &str, value: &[u8], number: Option<u32>) -> Result<(), Conflict>;
}

/// Another change came between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// Makes charges, in order, up to the first that is refused; at a time in milliseconds. `conflict` is called for each change that is tried
/// anew.
///
/// # Errors
///
/// [`Loss::GuardFull`]; [`Loss::GuardUnreachable`] if others came between again and again. Charges before may have been made.
pub fn add(
    shared: &impl Shared,
    charges: &[Charge],
    now: u64,
    mut conflict: impl FnMut(),
) -> Result<Vec<Total>, Loss> {
    let mut totals = Vec::with_capacity(charges.len());
    for charge in charges {
        let (total, refused) = one(shared, charge, now, &mut conflict)?;
        totals.push(total);
        if refused {
            break;
        }
    }
    Ok(totals)
}

fn one(
    shared: &impl Shared,
    charge: &Charge,
    now: u64,
    conflict: &mut impl FnMut(),
) -> Result<(Total, bool), Loss> {
    let key = place(&charge.key);
    for _ in 0..TRIES {
        let (value, number) = match shared.get(&key) {
            Some((value, number)) => (value, Some(number)),
            None => (Vec::new(), None),
        };
        let mut shard = Shard::read(value, now);
        let made = shard.charge(charge).ok_or(Loss::GuardFull)?;
        if !made.changes {
            return Ok((made.total, made.refused));
        }
        match shared.set(&key, &shard.finish(), number) {
            Ok(()) => return Ok((made.total, made.refused)),
            Err(Conflict) => conflict(),
        }
    }
    Err(Loss::GuardUnreachable)
}

/// The key of the shard that holds a counter, by FNV-1a.
fn place(name: &str) -> String {
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let mut key = String::from("xoxzo-2fa.guard.");
    let place = (hash ^ (hash >> 16)) % SHARDS;
    for shift in [8, 4, 0] {
        key.extend(char::from_digit((place >> shift) & 15, 16));
    }
    key
}
