//! Parts that `std` would bring to a guest.
//!
//! # In scope
//!
//! - An allocator of 1 MiB that wipes what is freed, and a panic handler that tells nothing
//! - [`HostRandom`]: a generator of what the host gives
//!
//! # Out of scope
//!
//! - Guests with `std`, which bring their own: the gate for Envoy

#![no_std]

#[cfg(target_arch = "wasm32")]
mod allocator;
mod random;

pub use random::{HostRandom, ShortRandomness};

/// No text: the host sees a trap, and nothing of what was in memory.
#[cfg(target_arch = "wasm32")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
