//! The hashes of a login and nothing else: as many HMACs, over messages as long, by the crate `hmac`, with a key that is read once.
//!
//! They were counted with callgrind, as calls of `MacKey::mac` and of `compress256` in `xoxzo-2fa-walk`: a start takes 20 HMACs with 43 blocks, and a verify
//! 20 with 51.

use std::hint::black_box;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::Fault;
use crate::measure::{Operation, timed, told};

/// HMACs with a message of one block, and of two. Each has one block more, for the outer hash.
struct Hashes {
    short: usize,
    long: usize,
}

const START: Hashes = Hashes { short: 17, long: 3 };
const VERIFY: Hashes = Hashes { short: 9, long: 11 };

/// Bytes of a message of one block, and of two: padding takes nine.
const SHORT: usize = 40;
const LONG: usize = 80;

/// Times the HMACs of a start or of a verify.
pub(crate) fn measure(operation: &str, count: usize, threads: usize) -> Result<Value, Fault> {
    let hashes = match Operation::named(operation) {
        Some(Operation::Start) => START,
        Some(Operation::Verify) => VERIFY,
        _ => return Ok(json!({"absent": true})),
    };
    let key = Hmac::<Sha256>::new_from_slice(&[7; 32])?;
    let (tags, wall, cpu) = timed(count, threads, |at| {
        let mut message = [0; LONG];
        message[..8].copy_from_slice(&at.to_le_bytes());
        let lengths = [(hashes.short, SHORT), (hashes.long, LONG)];
        for (times, length) in lengths {
            for _ in 0..times {
                let mut mac = key.clone();
                mac.update(black_box(&message[..length]));
                message[..32].copy_from_slice(&mac.finalize().into_bytes());
            }
        }
        message
    });
    black_box(tags);
    Ok(told(count, wall, cpu))
}
