//! The guard, for asynchronous programs.

use std::fmt;
use std::future::ready;
use std::sync::Arc;

use super::Wait;
use crate::guard::{Charge, Guard, GuardError, MemoryGuard, Scope, SelfTest, Totals};

/// The only state: [`Guard`], with answers to wait for.
pub trait AsyncGuard: Send + Sync {
    /// The asynchronous form of [`Guard::add`]. A future that is dropped may have made its charges.
    ///
    /// # Errors
    ///
    /// In the future, as [`Guard::add`].
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>>;

    /// Returns who shares the counters.
    fn scope(&self) -> Scope;

    /// The asynchronous form of [`Guard::check`].
    ///
    /// # Errors
    ///
    /// In the future, as [`Guard::check`].
    fn check(&self) -> Wait<'_, Result<(), GuardError>> {
        Box::pin(async {
            for list in SelfTest::lists()? {
                list.judge(&self.add(&list.charges).await?)?;
            }
            Ok(())
        })
    }
}

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<G: AsyncGuard + ?Sized> AsyncGuard for $pointer<G> {
            fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
                (**self).add(charges)
            }

            fn scope(&self) -> Scope {
                (**self).scope()
            }

            fn check(&self) -> Wait<'_, Result<(), GuardError>> {
                (**self).check()
            }
        }
    )*};
}

pointers!(Arc Box);

/// [`MemoryGuard`] for asynchronous programs, which never wait for it.
#[derive(Clone, Default)]
pub struct AsyncMemoryGuard(Arc<MemoryGuard>);

impl From<Arc<MemoryGuard>> for AsyncMemoryGuard {
    fn from(guard: Arc<MemoryGuard>) -> Self {
        Self(guard)
    }
}

impl From<MemoryGuard> for AsyncMemoryGuard {
    fn from(guard: MemoryGuard) -> Self {
        Self(Arc::new(guard))
    }
}

impl AsyncGuard for AsyncMemoryGuard {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        Box::pin(ready(self.0.add(charges)))
    }

    fn scope(&self) -> Scope {
        self.0.scope()
    }
}

impl fmt::Debug for AsyncMemoryGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A guard that blocks, such as one in a file, on tokio's threads for that.
pub struct Blocking<G>(Arc<G>);

impl<G: Guard + 'static> Blocking<G> {
    /// Wraps a guard.
    pub fn new(guard: G) -> Self {
        Self(Arc::new(guard))
    }

    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&G) -> Result<T, GuardError> + Send + 'static,
    ) -> Wait<'static, Result<T, GuardError>> {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || work(&guard)).await;
            done.unwrap_or_else(|_| {
                Err(GuardError::Unreachable(
                    "guard: it panicked, or the runtime ends".to_string(),
                ))
            })
        })
    }
}

impl<G: Guard + 'static> AsyncGuard for Blocking<G> {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        let charges = charges.to_vec();
        self.run(move |guard| guard.add(&charges))
    }

    fn scope(&self) -> Scope {
        self.0.scope()
    }

    fn check(&self) -> Wait<'_, Result<(), GuardError>> {
        self.run(Guard::check)
    }
}

impl<G> fmt::Debug for Blocking<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}
