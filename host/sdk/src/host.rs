//! The parts of a host that a component's calls reach.

use http::Uri;

use crate::current::Clock;
use crate::error::{Code, Error, Failure};
use crate::exchange::counted;
use crate::guard::{Charge, Guard, GuardError, SelfTest, Totals};
use crate::panics::{Panicked, caught};

/// Seconds that the guard's clock and the host's may be apart, as the engine decides.
const APART: u64 = 120;

/// The guard and the transport of one client, blocking or asynchronous, and its clock.
pub(crate) struct Host<G: ?Sized, T: ?Sized> {
    pub(crate) guard: Box<G>,
    pub(crate) transport: Box<T>,
    pub(crate) clock: Clock,
    /// Scheme and authority that requests may go to.
    pub(crate) origin: Option<Uri>,
}

impl<G: Guard + ?Sized, T: ?Sized> Host<G, T> {
    /// Makes the charges of a list in the guard.
    pub(crate) fn count(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let made = caught(|| self.guard.add(charges));
        counted(charges, made.unwrap_or_else(Panicked::panicked))
    }

    /// Tests the guard, and compares its clock with the host's.
    pub(crate) fn ready(&self) -> Result<(), Error> {
        tested(&*self.guard)?;
        let look = SelfTest::look().map_err(Error::guard)?;
        self.agrees(&self.count(&look).map_err(Error::guard)?)
    }
}

impl<G: ?Sized, T: ?Sized> Host<G, T> {
    /// Compares the guard's time with the host's, as the engine does before each operation.
    pub(crate) fn agrees(&self, totals: &Totals) -> Result<(), Error> {
        let now = (self.clock)();
        let apart = totals.now.map(|store| {
            let behind = now.duration_since(store);
            behind.unwrap_or_else(|ahead| ahead.duration())
        });
        match apart.map(|apart| apart.as_secs()) {
            Some(apart) if apart > APART => Err(Error::Upstream(Failure::new(
                Code::Clock,
                format!("the guard's clock and the host's are {apart} s apart"),
            ))),
            _ => Ok(()),
        }
    }
}

/// Runs a guard's own test.
pub(crate) fn tested(guard: &(impl Guard + ?Sized)) -> Result<(), Error> {
    let tested = caught(|| guard.check());
    tested
        .unwrap_or_else(Panicked::panicked)
        .map_err(Error::guard)
}
