//! Authenticated values, their envelope and their keys: bindings, tokens, PINs, handles, receipts, step-up requests, seals.

pub(crate) mod binding;
pub(crate) mod envelope;
pub(crate) mod handle;
pub(crate) mod key;
pub(crate) mod mac;
pub(crate) mod pin;
pub(crate) mod receipt;
pub(crate) mod seal;
pub(crate) mod step_up;
pub(crate) mod token;
