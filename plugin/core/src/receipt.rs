//! Receipts: short-lived proof, for another service, that a challenge was accepted.
//!
//! Their key is derived per audience and exportable alone: who checks receipts can mint no challenge and compute no PIN.

use alloc::string::String;

use crate::binding::Binding;
use crate::clock;
use crate::codec::{Reader, Writer, from_base64url, to_base64url};
use crate::failure::{Code, Failure};
use crate::key::ReceiptKey;
use crate::mark;

/// First byte.
fn kind(test: bool) -> u8 {
    if test {
        mark::TEST_RECEIPT
    } else {
        mark::RECEIPT
    }
}

/// Life of a receipt in seconds.
pub(crate) const LIFETIME: u32 = 60;

/// Bytes of the MAC at the end.
const MAC: usize = 32;

/// What a receipt says.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// Unique per acceptance: 22 characters of base64url.
    pub id: String,
    /// For whom.
    pub audience: String,
    /// Who, by which number, for what.
    pub binding: Binding,
    /// Made in test mode: it proves nothing.
    pub test: bool,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub issued_at: u32,
    /// From this second on it is refused.
    pub expires_at: u32,
}

/// The receipt of the challenge with the bytes `message`.
pub(crate) fn issue(
    key: &ReceiptKey,
    message: &[u8],
    audience: &str,
    binding: &Binding,
    now: u32,
) -> String {
    let id = key.secret.mac(
        &Writer::new()
            .text("xoxzo-2fa receipt id")
            .raw(message)
            .finish(),
    );
    let mut out = Writer::new();
    out.u8(kind(key.test))
        .raw(id.first_chunk::<16>().map_or(&[], |id| id))
        .u32(now);
    binding.write(audience, &mut out);
    let body = out.finish();
    to_base64url(&[&body[..], &key.secret.mac(&authenticated(&body))].concat())
}

/// Checks a receipt with the keys of its audience.
///
/// # Errors
///
/// [`Code::InvalidToken`] for anything not made with one of `keys`, [`Code::Expired`] after 60 s, [`Code::Clock`] for one
/// from a future beyond the skew.
pub fn check(keys: &[ReceiptKey], receipt: &str, now: u32) -> Result<Claims, Failure> {
    clock::check(now)?;
    let invalid = || {
        Failure::new(
            Code::InvalidToken,
            "the receipt was not made with this key, or was altered",
        )
    };
    let bytes = Some(receipt)
        .filter(|text| text.len() <= 2_048)
        .and_then(from_base64url)
        .ok_or_else(invalid)?;
    let (body, tag) = bytes
        .split_at_checked(bytes.len().saturating_sub(MAC))
        .ok_or_else(invalid)?;
    let message = authenticated(body);
    let key = keys.iter().find(|key| key.secret.verifies(&message, tag));
    let claims = key
        .and_then(|key| read(body, key.test))
        .ok_or_else(invalid)?;
    clock::within(claims.issued_at, LIFETIME, now)?;
    Ok(claims)
}

fn authenticated(body: &[u8]) -> alloc::vec::Vec<u8> {
    Writer::new().text("xoxzo-2fa receipt").raw(body).finish()
}

fn read(body: &[u8], test: bool) -> Option<Claims> {
    let mut from = Reader::new(body);
    let (first, id, issued_at) = (from.u8(), from.array::<16>(), from.u32());
    let (audience, binding) = Binding::read(&mut from)?;
    (from.finish() && first == kind(test)).then(|| Claims {
        id: to_base64url(&id),
        audience,
        binding,
        test,
        issued_at,
        expires_at: issued_at.saturating_add(LIFETIME),
    })
}
