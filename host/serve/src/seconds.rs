//! Times and spans in whole seconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z.
pub(crate) fn seconds() -> u32 {
    since_1970(SystemTime::now())
}

/// A clock before 1970 reads 0, which every clock check rejects.
pub(crate) fn since_1970(time: SystemTime) -> u32 {
    whole(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Whole seconds, rounded down.
pub(crate) fn whole(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

/// Whole seconds, rounded up: as long as a counter lives.
pub(crate) fn rounded_up(span: Duration) -> u32 {
    whole(span.saturating_add(Duration::from_nanos(999_999_999)))
}
