//! The host's generator.

use xoxzo_2fa_runtime::HostRandom;

#[link(wasm_import_module = "wasi_snapshot_preview1")]
unsafe extern "C" {
    /// Fills `length` bytes at `to`. Anything but 0 is an error number.
    fn random_get(to: *mut u8, length: usize) -> u32;
}

pub(crate) fn host_random() -> HostRandom {
    // SAFETY: `to` is so many bytes, and nobody else refers to them.
    HostRandom(|to| unsafe { random_get(to.as_mut_ptr(), to.len()) } == 0)
}
