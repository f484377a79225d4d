//! Time, which is always an argument: seconds since 1970-01-01T00:00:00Z.

use crate::common::failure::{Code, Failure};

/// 2026-11-24: no honest clock is before this engine was written.
const EARLIEST: u32 = 1_795_478_400;

/// The most seconds by which the clocks of two hosts may differ.
pub(crate) const SKEW: u32 = 60;

/// Seconds that a challenge's counter outlives it: no host may accept a challenge whose use is forgotten. A host may
/// be slow by the skew, a guess waits for [`HASTE`] at most and its claim as long again, and a minute is left over for the store.
pub(crate) const BEYOND: u32 = 240;

/// Seconds after a guess in which its challenge may still be claimed. Later, the used mark could end before the challenge does.
pub(crate) const HASTE: u32 = 60;

/// # Errors
///
/// [`Code::Clock`] if more than [`HASTE`] lies between a guess and its claim.
pub(crate) fn hurry(guessed_at: u32, now: u32) -> Result<(), Failure> {
    if now.abs_diff(guessed_at) > HASTE {
        return Err(Failure::new(
            Code::Clock,
            "over a minute passed between guess and claim",
        ));
    }
    Ok(())
}

/// # Errors
///
/// [`Code::Clock`] for a time that cannot be.
pub(crate) fn check(now: u32) -> Result<(), Failure> {
    if now < EARLIEST {
        Err(Failure::new(
            Code::Clock,
            "the host's clock is before the engine's release",
        ))
    } else {
        Ok(())
    }
}

/// Seconds left at `now` of the `lifetime` of what was made at `issued_at`.
///
/// # Errors
///
/// [`Code::Expired`], without grace; [`Code::Clock`] for what is from a future beyond the skew.
pub(crate) fn within(issued_at: u32, lifetime: u32, now: u32) -> Result<u32, Failure> {
    if issued_at > now.saturating_add(SKEW) {
        return Err(Failure::new(
            Code::Clock,
            "the host's clock is behind the clock that made this",
        ));
    }
    match issued_at.saturating_add(lifetime).checked_sub(now) {
        None | Some(0) => Err(Failure::new(Code::Expired, "its time is over").expires_in(0)),
        Some(left) => Ok(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn life_ends_to_the_second() {
        let left = |now| within(EARLIEST, 300, now).map_err(|failure| failure.code);
        assert_eq!(left(EARLIEST), Ok(300));
        assert_eq!(left(EARLIEST + 299), Ok(1));
        assert_eq!(left(EARLIEST + 300), Err(Code::Expired));
        assert_eq!(left(EARLIEST - 60), Ok(360));
        assert_eq!(left(EARLIEST - 61), Err(Code::Clock));
        let before = check(EARLIEST - 1).err();
        assert_eq!(before.map(|failure| failure.code), Some(Code::Clock));
    }
}
