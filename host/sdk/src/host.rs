//! The parts of a host that a component's calls reach.

use http::Uri;

use crate::current::Clock;

/// The guard and the transport of one client, blocking or asynchronous, and its clock.
pub(crate) struct Host<G: ?Sized, T: ?Sized> {
    pub(crate) guard: Box<G>,
    pub(crate) transport: Box<T>,
    pub(crate) clock: Clock,
    /// Scheme and authority that requests may go to.
    pub(crate) origin: Option<Uri>,
}
