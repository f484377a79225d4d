//! The way to Xoxzo.

#[cfg(any(feature = "tokio", feature = "ureq"))]
pub(crate) mod cause;
#[cfg(feature = "ureq")]
mod ureq;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::bindings::xoxzo::two_factor::types;

#[cfg(feature = "ureq")]
pub use self::ureq::UreqTransport;

/// The most bytes of a body that are read from the wire.
#[cfg(any(feature = "tokio", feature = "ureq"))]
pub(crate) const WIRE: u64 = 64 * 1024;

/// The most bytes of a body that are handed to the component.
pub(crate) const INWARD: usize = 16 * 1024;

/// A body that holds a PIN. Debug prints `[REDACTED]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(pub(crate) String);

impl Body {
    /// The text to send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// The reason why there is no response. The texts are causes for a log: they begin with the kind of fault and a colon, such as `dns:` or `tls:`, and hold no
/// URL, no header and no body.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// Surely no byte of the request left the host.
    NotSent(String),
    /// Something may have left the host. In doubt, this.
    Unknown(String),
}

impl Lost {
    pub(crate) fn into_wit(self) -> types::HostFailure {
        let (no_answer, cause) = match self {
            Self::NotSent(cause) => (types::NoAnswer::NotSent, cause),
            Self::Unknown(cause) => (types::NoAnswer::Unknown, cause),
        };
        types::HostFailure { no_answer, cause }
    }
}

/// One HTTP exchange.
pub trait Transport: Send + Sync {
    /// Makes the exchange within `timeout`, without redirects and without a second try, and reads at most 64 KiB of body.
    ///
    /// The request's URL is on the origin of the settings: that was checked before. Its header `authorization` is marked
    /// sensitive.
    ///
    /// A panic is caught, and counts as [`Lost::Unknown`].
    ///
    /// # Errors
    ///
    /// [`Lost`]. A response of any status is not an error.
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost>;
}

macro_rules! pointers {
    ($($pointer:ident)*) => {$(
        impl<T: Transport + ?Sized> Transport for $pointer<T> {
            fn send(
                &self,
                request: http::Request<Body>,
                timeout: Duration,
            ) -> Result<http::Response<Vec<u8>>, Lost> {
                (**self).send(request, timeout)
            }
        }
    )*};
}

pointers!(Arc Box);
