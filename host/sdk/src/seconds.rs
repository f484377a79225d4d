//! Seconds of the contract, as spans and points of time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A span of so many seconds.
pub(crate) fn span(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// The seconds of a span, rounded up; the most that fit for a longer one.
pub(crate) fn of_span(span: Duration) -> u32 {
    let begun = u64::from(span.subsec_nanos() > 0);
    u32::try_from(span.as_secs().saturating_add(begun)).unwrap_or(u32::MAX)
}

/// The time so many seconds after 1970-01-01T00:00:00Z.
pub(crate) fn instant(seconds: u32) -> SystemTime {
    UNIX_EPOCH + span(seconds)
}

/// The seconds from 1970-01-01T00:00:00Z to a time: 0 for a time before, the most that fit for one after 2106.
pub(crate) fn of_instant(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
}

/// The most that two clocks may be apart, in seconds: the allowance of the engine for one of them (wit/SPEC.md).
pub(crate) const SKEW: u64 = 60;

/// Returns how many seconds this machine's clock is ahead of a time that is another clock's present; negative if it is behind.
pub(crate) fn ahead_of(time: SystemTime) -> i64 {
    let seconds = |time: Duration| time.as_secs().try_into().unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(time) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_rounded_up_and_times_down() {
        for (milliseconds, up, down) in [(0, 0, 0), (1, 1, 0), (999, 1, 0), (1_000, 1, 1)] {
            let span = Duration::from_millis(milliseconds);
            assert_eq!(of_span(span), up);
            assert_eq!(of_instant(UNIX_EPOCH + span), down);
        }
        assert_eq!(of_span(Duration::MAX), u32::MAX);
        assert_eq!(of_instant(UNIX_EPOCH - span(1)), 0);
        assert_eq!(of_instant(instant(u32::MAX)), u32::MAX);
        assert_eq!(of_instant(instant(u32::MAX) + span(9)), u32::MAX);
    }
}
