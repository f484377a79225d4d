//! The exports.

use xoxzo_2fa_json::Conversation;

use crate::random::host_random;
use crate::{AREA, answer};

/// Bytes that host and engine share.
#[unsafe(export_name = "area")]
static mut BYTES: [u8; AREA] = [0; AREA];

/// The conversation, which lives as long as the instance.
static mut CONVERSATION: Conversation = Conversation::new();

/// Answers the question in the area. Traps if it is not in the area.
#[unsafe(export_name = "ask")]
extern "C" fn ask(settings_length: u32, question_length: u32, now: u32) -> u32 {
    // SAFETY: this target has one thread, and nothing else refers to either while the engine runs.
    let (conversation, area) = unsafe { (&mut *(&raw mut CONVERSATION), &mut *(&raw mut BYTES)) };
    let length = answer(
        conversation,
        area,
        settings_length as usize,
        question_length as usize,
        now,
        &mut host_random(),
    );
    match length {
        Some(length) => length as u32,
        None => core::arch::wasm32::unreachable(),
    }
}
