//! Functions of Envoy beside the SDK: randomness, environment, shared data, time.

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::types::MapType;

use crate::guard::{Conflict, SharedMemory};

/// Key of the process's id in the shared data.
const PROCESS: &str = "xoxzo-2fa.process";

#[expect(unsafe_code, reason = "a function of the host")]
mod proxy {
    use proxy_wasm::types::MapType;

    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        fn proxy_get_header_map_pairs(of: MapType, place: *mut *mut u8, length: *mut usize) -> u32;
    }

    /// The pairs of a map, as the host writes them. The SDK has the same as strings of their own, which are many pieces of memory, and ends the
    /// virtual machine where a name is not UTF-8.
    pub(super) fn map(of: MapType) -> Option<Vec<u8>> {
        let (mut place, mut length) = (std::ptr::null_mut(), 0);
        // SAFETY: both are places for what the host says.
        let status = unsafe { proxy_get_header_map_pairs(of, &raw mut place, &raw mut length) };
        match status {
            0 if place.is_null() => Some(Vec::new()),
            // SAFETY: the host got so many bytes there from the SDK's allocator, and hands them over.
            0 => Some(unsafe { Vec::from_raw_parts(place, length, length) }),
            _ => None,
        }
    }
}

#[expect(
    unsafe_code,
    reason = "functions of the host, as WASI preview 1 has them"
)]
mod wasi {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn random_get(to: *mut u8, length: usize) -> i32;
        fn environ_sizes_get(count: *mut usize, bytes: *mut usize) -> i32;
        fn environ_get(places: *mut *mut u8, bytes: *mut u8) -> i32;
        fn clock_time_get(clock: i32, precision: i64, time: *mut u64) -> i32;
    }

    /// Fills with random bytes; false if the host has none.
    pub(super) fn fill(to: &mut [u8]) -> bool {
        // Envoy gives at most 64 KiB at a time.
        to.chunks_mut(4_096).all(|part| {
            // SAFETY: the host writes so many bytes there, and they are ours.
            let error = unsafe { random_get(part.as_mut_ptr(), part.len()) };
            error == 0
        })
    }

    /// `CLOCKID_MONOTONIC`.
    const MONOTONIC: i32 = 1;

    /// Nanoseconds of a clock that nobody can set, the same for all workers.
    pub(super) fn monotonic() -> Option<u64> {
        let mut time = 0;
        // SAFETY: it is a place for a number.
        let error = unsafe { clock_time_get(MONOTONIC, 0, &raw mut time) };
        (error == 0 && time > 0).then_some(time)
    }

    /// The environment as `NAME=value`, each with a zero byte at its end.
    pub(super) fn environment() -> Option<Vec<u8>> {
        let (mut count, mut size) = (0, 0);
        // SAFETY: both are places for a number.
        let error = unsafe { environ_sizes_get(&raw mut count, &raw mut size) };
        if error != 0 {
            return None;
        }
        let mut places = vec![std::ptr::null_mut(); count];
        let mut bytes = vec![0; size];
        // SAFETY: there is as much place as the host asked for just now, and nothing else runs.
        let error = unsafe { environ_get(places.as_mut_ptr(), bytes.as_mut_ptr()) };
        (error == 0).then_some(bytes)
    }
}

/// The pairs of a map, serialised.
pub(crate) fn map(of: MapType) -> Option<Vec<u8>> {
    proxy::map(of)
}

/// The host's generator.
pub(crate) struct EnvoyRandom;

/// The host gave no randomness.
#[derive(Debug)]
pub(crate) struct NoRandomness;

impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no randomness")
    }
}

impl std::error::Error for NoRandomness {}

impl rand::TryRng for EnvoyRandom {
    type Error = NoRandomness;

    fn try_next_u32(&mut self) -> Result<u32, NoRandomness> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandomness> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), NoRandomness> {
        if wasi::fill(to) {
            Ok(())
        } else {
            Err(NoRandomness)
        }
    }
}

impl rand::TryCryptoRng for EnvoyRandom {}

/// The variables that `host_env_keys` and `key_values` name.
pub(crate) fn environment() -> HashMap<String, String> {
    let bytes = wasi::environment().unwrap_or_default();
    let variables = bytes.split(|byte| *byte == 0).filter_map(|variable| {
        let (name, value) = std::str::from_utf8(variable).ok()?.split_once('=')?;
        Some((name.to_string(), value.to_string()))
    });
    variables.collect()
}

/// Time since 1970-01-01T00:00:00Z. Zero if the host has no clock; every clock check rejects that.
pub(crate) fn now() -> Duration {
    let now = hostcalls::get_current_time().ok();
    now.and_then(|now| now.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default()
}

/// Milliseconds of a clock that nobody can set. Counters end by it: a wall clock that is wrong once would end them early, or never.
pub(crate) fn monotonic() -> Option<u64> {
    wasi::monotonic().map(|time| time / 1_000_000)
}

/// Seconds of a time.
pub(crate) fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

/// The data that all workers share.
pub(crate) struct SharedData;

impl SharedMemory for SharedData {
    fn get(&self, key: &str) -> Option<(Vec<u8>, u32)> {
        match hostcalls::get_shared_data(key) {
            Ok((value, Some(number))) => Some((value.unwrap_or_default(), number)),
            _ => None,
        }
    }

    fn set(&self, key: &str, value: &[u8], number: Option<u32>) -> Result<(), Conflict> {
        // A number that no value has: the host takes it only while there is none. Without a number it would overwrite.
        let number = number.unwrap_or(u32::MAX);
        match hostcalls::set_shared_data(key, Some(value), Some(number)) {
            Ok(()) => Ok(()),
            Err(_) => Err(Conflict),
        }
    }
}

/// The id of this process: drawn by the first who asks, and the same for all. `None`: there is no randomness.
pub(crate) fn process() -> Option<[u8; 16]> {
    let kept = || {
        SharedData
            .get(PROCESS)
            .and_then(|(id, _)| <[u8; 16]>::try_from(id).ok())
    };
    if let Some(id) = kept() {
        return Some(id);
    }
    let drawn: [u8; 16] = xoxzo_2fa_core::draw(&mut EnvoyRandom).ok()?;
    match SharedData.set(PROCESS, &drawn, None) {
        Ok(()) => Some(drawn),
        Err(Conflict) => kept(),
    }
}
