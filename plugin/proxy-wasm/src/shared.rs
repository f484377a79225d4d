//! State that the requests of one worker share.

use std::cell::RefCell;

use xoxzo_2fa_gate::{Cache, Gate};

use crate::metrics::Metrics;

/// The state that the requests of one worker share.
pub(crate) struct SharedState {
    pub(crate) gate: Gate,
    pub(crate) cluster: String,
    pub(crate) cache: RefCell<Cache>,
    pub(crate) metrics: Metrics,
}
