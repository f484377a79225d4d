//! A token that comes back: whether it is ours, for whom, and how long it has.

use alloc::vec::Vec;

use crate::common::clock;
use crate::common::failure::{Code, Failure};
use crate::guard::{Charge, Group};
use crate::settings::prepared::{Key, Prepared};
use crate::signed::binding::Binding;
use crate::signed::token::{Token, TokenHead};

/// A genuine challenge.
pub(crate) struct VerifiedToken<'a> {
    pub(crate) key: &'a Key,
    /// M.
    pub(crate) message: Vec<u8>,
    /// Seconds that it has left.
    pub(crate) left: u32,
    /// Nobody was sent its PIN, and no guess is right.
    pub(crate) decoy: bool,
}

/// Authenticates a token with the binding it is shown with, then its time.
///
/// # Errors
///
/// [`Code::InvalidToken`], [`Code::Expired`], [`Code::Clock`].
pub(crate) fn recall<'a>(
    settings: &'a Prepared,
    token: &Token,
    binding: &Binding,
    now: u32,
) -> Result<VerifiedToken<'a>, Failure> {
    let message = token.head.message(&settings.audience, binding);
    // An unknown key id costs what a wrong MAC costs, and a decoy what a challenge costs.
    let (key, known) = match settings.key(token.head.kid) {
        Some(key) => (key, true),
        None => (settings.signing()?, false),
    };
    let sent = key.token.verifies(&message, &token.mac);
    let decoy = key.decoy.verifies(&message, &token.mac);
    if !known || !(sent | decoy) {
        return Err(invalid());
    }
    let left = token
        .head
        .left(settings.pin.lifetime_seconds, now)
        .map_err(|late| late.of_decoy(decoy))?;
    if token.head.digits < settings.pin.digits {
        return Err(
            Failure::new(Code::Expired, "the settings now ask for a longer pin").of_decoy(decoy),
        );
    }
    Ok(VerifiedToken {
        key,
        message,
        left,
        decoy,
    })
}

/// A guess at a challenge of the subject with this group.
pub(crate) fn guess(
    settings: &Prepared,
    head: &TokenHead,
    group: &Group,
    message: &[u8],
) -> Charge {
    Charge::one(
        settings.names.challenge(group, message),
        settings.pin.guesses,
        ttl(head),
    )
}

/// Life of a challenge's counter.
fn ttl(head: &TokenHead) -> u32 {
    u32::from(head.lifetime).saturating_add(clock::BEYOND)
}

/// One code and one text for every way in which a token can be wrong.
pub(crate) fn invalid() -> Failure {
    Failure::new(
        Code::InvalidToken,
        "the token is not ours, was altered, or is for something else",
    )
}
