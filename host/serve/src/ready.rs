//! The answer to `/ready`.

use std::time::Duration;

use http::StatusCode;
use xoxzo_2fa::{AsyncGuard, Charge, GuardError, GuardName};

use crate::answer::{self, Answer};
use crate::log::log;

/// Tells whether the counters answer. The provider of messages is not asked: without it, users who are in stay in.
pub(crate) async fn answer(guard: &dyn AsyncGuard) -> Answer {
    match look(guard).await {
        Ok(()) => answer::plain(StatusCode::OK, "ready\n"),
        Err(why) => {
            log(format_args!("xoxzo-2fa-serve: not ready: {why}"));
            answer::plain(
                StatusCode::SERVICE_UNAVAILABLE,
                "the counters do not answer\n",
            )
        }
    }
}

/// Looks at a counter that nobody has.
async fn look(guard: &dyn AsyncGuard) -> Result<(), GuardError> {
    let life = Duration::from_secs(1);
    let look = Charge::new(GuardName::random()?, 0, u32::MAX, life);
    guard.add(&[look]).await.map(|_| ())
}
