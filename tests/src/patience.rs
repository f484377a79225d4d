//! Waiting for what another process or thread does.

use std::thread;
use std::time::{Duration, Instant};

/// The longest that anything is waited for: what takes longer on any machine hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Looks until something is there, for as long as [`PATIENCE`].
pub fn within<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let began = Instant::now();
    loop {
        let found = look();
        if found.is_some() || began.elapsed() > PATIENCE {
            return found;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until something is so.
///
/// # Panics
///
/// It is not so within [`PATIENCE`].
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    assert!(within(|| so().then_some(())).is_some(), "not so: {what}");
}
