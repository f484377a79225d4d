//! The engine as a core module with one function: `wit/ASK.md`.
//!
//! # In scope
//!
//! - The area in which host and engine exchange text, and `ask`, which answers the question in it
//! - The host's randomness
//!
//! # Out of scope
//!
//! - Every decision, and the form of questions and answers: those are the engine's
//!
//! ```text
//! area: settings | question ──► ask ──► area: answer
//!                                ▲ │
//!                                │ ▼
//!                           conversation: settings, operation that waits
//! ```

#![cfg_attr(target_arch = "wasm32", no_std)]

#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(target_arch = "wasm32")]
mod random;

use rand::TryCryptoRng;
use xoxzo_2fa_json::Conversation;
// Its allocator and panic handler.
use xoxzo_2fa_runtime as _;

/// The length of the area in bytes.
pub const AREA: usize = 256 * 1024;

/// Answers the question after the settings at the beginning of the area, and puts the answer in the place of both. Returns its length, or nothing if a
/// part is not in the area.
pub fn answer(
    conversation: &mut Conversation,
    area: &mut [u8],
    settings_length: usize,
    question_length: usize,
    now: u32,
    rng: &mut impl TryCryptoRng,
) -> Option<usize> {
    let asked = settings_length.checked_add(question_length)?;
    let (settings, question) = area.get(..asked)?.split_at_checked(settings_length)?;
    let answer = conversation.ask(settings, now, question, rng);
    area.get_mut(..asked)?.fill(0);
    area.get_mut(..answer.len())?
        .copy_from_slice(answer.as_bytes());
    Some(answer.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::SysRng;

    const KEYGEN: &[u8] = br#"{"keygen":{}}"#;

    fn area(settings: &[u8], question: &[u8]) -> Vec<u8> {
        let mut area = [settings, question].concat();
        area.resize(AREA, 0);
        area
    }

    #[test]
    fn the_answer_takes_the_place_of_the_question() {
        let long = [b"settings".repeat(100).as_slice(), KEYGEN].concat();
        let mut area = area(&long[..800], KEYGEN);
        let length = answer(
            &mut Conversation::new(),
            &mut area,
            800,
            KEYGEN.len(),
            0,
            &mut SysRng,
        )
        .unwrap();
        let (told, rest) = area.split_at(length);
        assert!(told.starts_with(br#"{"written_key":{"key":"x2fk1_"#));
        assert!(rest.iter().all(|byte| *byte == 0), "the settings are wiped");
    }

    #[test]
    fn what_is_not_in_the_area_is_not_answered() {
        let mut area = area(b"", KEYGEN);
        let mut asked = |settings, question| {
            answer(
                &mut Conversation::new(),
                &mut area,
                settings,
                question,
                0,
                &mut SysRng,
            )
        };
        for (settings, question) in [(0, AREA + 1), (AREA, 1), (usize::MAX, 1), (1, usize::MAX)] {
            assert_eq!(asked(settings, question), None);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for (settings, question) in [
            (&b""[..], &b"\xff"[..]),
            (b"\xff", br#"{"credits":{}}"#),
            (b"\xc3", b"\xa4"),
        ] {
            let mut area = area(settings, question);
            let length = answer(
                &mut Conversation::new(),
                &mut area,
                settings.len(),
                question.len(),
                0,
                &mut SysRng,
            );
            let told = str::from_utf8(&area[..length.unwrap()]).unwrap();
            assert!(
                told.starts_with(r#"{"failure":{"blame":"misuse""#),
                "{told}"
            );
        }
    }
}
