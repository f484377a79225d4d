//! The host's generator.

use xoxzo_2fa_runtime::HostRandom;

use crate::bindings::wasi::random::random;

/// Returns the host's generator.
#[must_use]
pub fn host_random() -> HostRandom {
    HostRandom(|to| {
        let bytes = random::get_random_bytes(to.len() as u64);
        let whole = bytes.len() == to.len();
        if whole {
            to.copy_from_slice(&bytes);
        }
        whole
    })
}
