//! The allocator.

use core::alloc::{GlobalAlloc, Layout};

use talc::wasm::{WasmArenaTalc, new_wasm_arena_allocator};

/// Bytes to allocate from, several times what the largest settings and the longest question take together. What does not fit traps, so
/// hosts bound what they hand in.
const ARENA: usize = 1024 * 1024;

/// Wipes what is freed, so that no PIN or key outlives its use in a reused instance.
struct Wiping(WasmArenaTalc);

// SAFETY: every call goes to the inner allocator with the arguments it came with.
unsafe impl GlobalAlloc for Wiping {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is the inner allocator's requirement.
        unsafe { self.0.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller promises that `block` is a live allocation of this layout.
        unsafe {
            core::ptr::write_bytes(block, 0, layout.size());
            core::hint::black_box(block);
            self.0.dealloc(block, layout);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Wiping = {
    static mut MEMORY: [u8; ARENA] = [0; ARENA];
    // SAFETY: nothing else refers to `MEMORY`, and this target has one thread.
    Wiping(unsafe { new_wasm_arena_allocator(&raw mut MEMORY) })
};
