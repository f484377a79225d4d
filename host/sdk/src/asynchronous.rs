//! The operations for asynchronous programs on tokio.
//!
//! ```text
//! step ──► count ──► guard.add().await ──┐
//!  ▲  └──► send  ──► transport.await ────┤
//!  │  └──► the result                    │
//!  └─────────────────────────────────────┘
//! ```
//!
//! Each step is a call of well under a millisecond. While a future waits, its instance is kept if few others are. Otherwise the next step has a new one.

mod client;
mod guard;
mod hyper;
mod operator;
#[cfg(feature = "redis")]
mod redis;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub use client::{AsyncBuilder, AsyncTwoFactor};
pub use guard::{AsyncGuard, AsyncMemoryGuard, Blocking};
pub use hyper::HyperTransport;
pub use operator::AsyncOperator;
#[cfg(feature = "redis")]
pub use redis::AsyncRedisGuard;

use crate::transport::{Body, Lost};

/// The future that a method of a trait returns.
pub type Wait<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One HTTP exchange.
pub trait AsyncTransport: Send + Sync {
    /// The asynchronous form of [`Transport::send`](crate::Transport::send).
    ///
    /// # Errors
    ///
    /// [`Lost`], in the future. A response of any status is not an error.
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>>;
}

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<T: AsyncTransport + ?Sized> AsyncTransport for $pointer<T> {
            fn send(
                &self,
                request: http::Request<Body>,
                timeout: Duration,
            ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
                (**self).send(request, timeout)
            }
        }
    )*};
}

pointers!(Arc Box);
