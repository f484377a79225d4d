//! The operations: what is asked for, in which order it is counted and sent, and what comes of it.

pub(crate) mod about;
pub(crate) mod audited;
pub(crate) mod cause;
pub(crate) mod credits;
pub(crate) mod decoy;
pub(crate) mod dispatch;
pub(crate) mod kept;
pub(crate) mod limits;
pub(crate) mod recall;
pub(crate) mod state;
pub(crate) mod status;
pub(crate) mod turn;
pub(crate) mod unlock;
pub(crate) mod verify;
