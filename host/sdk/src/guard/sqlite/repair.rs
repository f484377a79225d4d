//! Setting a file right that was used with a clock that was ahead.

use std::time::Duration;

use rusqlite::{Transaction, TransactionBehavior};

use super::{APART, GRACE, Patience, SqliteBuilder, lost};
use crate::guard::GuardError;
use crate::process::Whole;

/// The time that a repaired file stays shut, in milliseconds: the longest life of a challenge, and how much longer its counter lives.
const SHUT: i64 = (600 + 240) * 1_000;

/// The least total that marks a challenge as won.
const CLAIM: i64 = 1 << 20;

/// The findings of a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repaired {
    /// The time by which the file was ahead. Windows that are shorter may have ended under the wrong clock. Zero: the file's time was right,
    /// and nothing was done.
    pub ahead: Duration,
    /// The time that the file stays shut from now on. If that is less than 840 s, it would have opened by itself, and nothing was done.
    pub shut: Duration,
    /// Counters that are kept, among them those of consecutive failures, which no clock ends.
    pub kept: u64,
    /// The number of these that began under the wrong clock. Their whole life is before them. What was won under it stays marked until its own
    /// time has come and gone, and is not among them.
    pub renewed: u64,
}

impl SqliteBuilder {
    /// Sets a file right that was used with a clock that was ahead, which has shut it since. The time of this machine must be right.
    ///
    /// The file stays shut for another 840 s, longer than any challenge lives: a challenge whose use was forgotten under the wrong clock is over
    /// before anything is accepted again. Counters that began under the wrong clock have their whole life before them.
    ///
    /// # Errors
    ///
    /// The same as for [`SqliteGuard::open`](super::SqliteGuard::open).
    pub fn repair(&self) -> Result<Repaired, GuardError> {
        repair(self)
    }
}

fn repair(how: &SqliteBuilder) -> Result<Repaired, GuardError> {
    let connection = how.connect()?;
    let patience = Patience::new(how.timeout);
    let (_whole, transaction) = patience.wait(|| {
        let whole = Whole::begin();
        let begun = Transaction::new_unchecked(&connection, TransactionBehavior::Immediate);
        Ok((whole, begun?))
    })?;
    let number = |query: &str| transaction.query_row(query, [], |row| row.get::<_, i64>(0));
    let now = how.now();
    let latest = number("SELECT latest FROM clock").map_err(lost)?;
    let ahead = latest.saturating_sub(now);
    let mut repaired = Repaired {
        ahead: Duration::ZERO,
        shut: Duration::ZERO,
        kept: unsigned(number("SELECT count(*) FROM counters").map_err(lost)?),
        renewed: 0,
    };
    if ahead <= APART {
        return Ok(repaired);
    }
    repaired.ahead = Duration::from_millis(unsigned(ahead));
    repaired.shut = Duration::from_millis(unsigned(SHUT));
    if ahead <= APART + SHUT {
        // It opens by itself before a repair would open it.
        repaired.shut = Duration::from_millis(unsigned(ahead - APART));
        return Ok(repaired);
    }
    let opens = now + SHUT;
    // A challenge that was won under the wrong clock is valid once more when its time comes: its mark keeps its end.
    let renewed = transaction
        .execute(
            "UPDATE counters SET ends = ?1 + life, kept = ?1 + life + min(life, ?3) WHERE ends - life > ?2 AND total < ?4",
            (opens, now, GRACE, CLAIM),
        )
        .map_err(lost)?;
    // The file is shut while its time is more than this ahead.
    transaction
        .execute("UPDATE clock SET latest = ?1", [opens + APART])
        .map_err(lost)?;
    patience.wait(|| Ok(transaction.execute_batch("COMMIT")?))?;
    repaired.renewed = u64::try_from(renewed).unwrap_or(u64::MAX);
    Ok(repaired)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
