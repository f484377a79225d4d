//! Prepared settings in effect.
//!
//! Counters in memory end by a clock that nobody can set, and challenges by the host's. If that is set back, a challenge whose counter has ended
//! could be valid again. With a guard of the scope `process` the settings are then prepared anew: that ends every challenge of before, as a
//! restart of the process does. Other guards tell their time, which the engine compares.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;

use crate::error::Error;
use crate::guard::Scope;

/// The largest step back of a clock that does no harm: the counter of a challenge outlives it by more.
const BACK: Duration = Duration::from_secs(120);

pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

type Prepare = Box<dyn Fn() -> Result<String, Error> + Send + Sync>;

/// Settings as the component prepared them: a secret.
pub(crate) struct Current {
    settings: ArcSwap<String>,
    renewal: Option<Renewal>,
}

/// The means to prepare settings anew after the clock was set back, for a guard of the scope `process`.
struct Renewal {
    clock: Clock,
    /// The latest time that was read, in seconds since 1970.
    latest: AtomicU64,
    prepare: Prepare,
}

impl Current {
    /// Takes prepared settings, and how to prepare them anew.
    pub(crate) fn new(
        settings: String,
        scope: Scope,
        clock: &Clock,
        prepare: impl Fn() -> Result<String, Error> + Send + Sync + 'static,
    ) -> Self {
        let renewal = (scope == Scope::Process).then(|| Renewal {
            clock: Arc::clone(clock),
            latest: AtomicU64::new(0),
            prepare: Box::new(prepare),
        });
        Self {
            settings: ArcSwap::from_pointee(settings),
            renewal,
        }
    }

    /// The settings for an operation that begins now.
    ///
    /// # Errors
    ///
    /// Fails as preparing the settings does.
    pub(crate) fn get(&self) -> Result<Arc<String>, Error> {
        if let Some(renewal) = &self.renewal {
            let since = (renewal.clock)().duration_since(UNIX_EPOCH);
            let now = since.unwrap_or_default().as_secs();
            let latest = renewal.latest.fetch_max(now, Ordering::SeqCst);
            if now.saturating_add(BACK.as_secs()) < latest {
                // Whoever comes at the same time may do it too: then challenges of a moment ago end as well. No lock, since a fork could leave it
                // locked in the child.
                self.settings.store(Arc::new((renewal.prepare)()?));
                renewal.latest.store(now, Ordering::SeqCst);
            }
        }
        Ok(self.settings.load_full())
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn settings_are_renewed_when_the_clock_is_set_back() {
        let now = Arc::new(AtomicU64::new(1_800_000_000));
        let read = Arc::clone(&now);
        let clock: Clock =
            Arc::new(move || UNIX_EPOCH + Duration::from_secs(read.load(Ordering::SeqCst)));
        let renewals = AtomicU32::new(0);
        let prepare = move || Ok(renewals.fetch_add(1, Ordering::SeqCst).to_string());
        let current = Current::new("first".to_string(), Scope::Process, &clock, prepare);
        let at = |seconds: u64| {
            now.store(seconds, Ordering::SeqCst);
            current.get().unwrap().to_string()
        };
        for seconds in [1_800_000_000, 1_800_000_600, 1_800_000_480] {
            assert_eq!(at(seconds), "first");
        }
        assert_eq!(at(1_800_000_479), "0");
        assert_eq!(at(1_800_000_359), "0");
        assert_eq!(at(1_800_000_358), "1");
        assert_eq!(at(1_900_000_000), "1");
        assert_eq!(at(1_800_000_000), "2");
    }

    #[test]
    fn settings_of_a_shared_guard_stay() {
        let clock: Clock = Arc::new(|| UNIX_EPOCH);
        let never = || panic!("nothing is renewed");
        let current = Current::new("first".to_string(), Scope::Shared, &clock, never);
        assert_eq!(*current.get().unwrap(), "first");
    }
}
