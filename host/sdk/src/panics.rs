//! Panics in a program's own code: whoever is called back may break, and nobody is to lose a login or an event by it.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::guard::GuardError;
use crate::transport::Lost;

/// Runs code of the program. `None`: it panicked, and the hook of panics has printed what there is to say.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// The asynchronous form of [`caught`]: polls a future where a panic is caught. Whoever makes the future catches what that does, or makes it in an
/// `async` block.
#[cfg(feature = "tokio")]
pub(crate) async fn caught_in<T>(work: impl Future<Output = T>) -> Option<T> {
    use std::pin::pin;
    use std::task::Poll;

    let mut work = pin!(work);
    std::future::poll_fn(
        move |context| match caught(|| work.as_mut().poll(context)) {
            Some(polled) => polled.map(Some),
            None => Poll::Ready(None),
        },
    )
    .await
}

/// A thing of the program that gave no answer because it panicked.
pub(crate) trait Panicked {
    fn panicked() -> Self;
}

impl<T> Panicked for Result<T, GuardError> {
    fn panicked() -> Self {
        Err(GuardError::Unreachable("guard: it panicked".to_string()))
    }
}

impl<T> Panicked for Result<T, Lost> {
    fn panicked() -> Self {
        // It may have sent something before.
        Err(Lost::Unknown("transport: it panicked".to_string()))
    }
}
