//! Signed handles for delivery-status queries. The signature keeps callers from querying messages that are not theirs.
//!
//! ```text
//! b64(0x13 | channel 1 | kid 4 | issued at 4 | challenge id 8 | message id | MAC 32)
//! ```

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::channel::Channel;
use crate::common::clock;
use crate::common::codec::{Reader, Writer, from_base64url, to_base64url};
use crate::common::failure::{Code, Failure};
use crate::common::mark;
use crate::operations::decoy::DecoyState;
use crate::settings::prepared::Prepared;
use crate::signed::envelope;
use crate::signed::mac::MacKey;

/// Seconds that a handle is answered: a day.
const LIFETIME: u32 = 86_400;

/// Characters of the longest text that is looked at.
const LONGEST: usize = 256;

/// A message, and when it was sent.
pub(crate) struct Handle<'a> {
    pub(crate) channel: Channel,
    pub(crate) kid: [u8; 4],
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) issued_at: u32,
    pub(crate) challenge_id: [u8; 8],
    pub(crate) message_id: &'a str,
}

impl Handle<'_> {
    pub(crate) fn to_text(&self, key: &MacKey) -> String {
        let mut out = Writer::new();
        out.u8(mark::HANDLE)
            .u8(self.channel.number())
            .raw(&self.kid)
            .u32(self.issued_at)
            .raw(&self.challenge_id);
        let body = out.text(self.message_id).finish();
        envelope::close(&body, &key.mac(&authenticated(&body)), to_base64url)
    }
}

/// A genuine handle.
pub(crate) struct Read {
    pub(crate) channel: Channel,
    pub(crate) challenge_id: [u8; 8],
    pub(crate) message_id: String,
    /// The state that is told of a message that was never sent.
    pub(crate) decoy: Option<DecoyState>,
}

/// # Errors
///
/// [`Code::InvalidToken`], [`Code::Expired`] after a day, [`Code::Clock`].
pub(crate) fn read(settings: &Prepared, text: &str, now: u32) -> Result<Read, Failure> {
    let invalid = || Failure::new(Code::InvalidToken, "the handle is not ours, or was altered");
    let (body, tag) = envelope::open(text, LONGEST, from_base64url).ok_or_else(invalid)?;
    let mut from = Reader::new(&body);
    let (first, channel, kid, issued_at) = (from.u8(), from.u8(), from.array(), from.u32());
    let (challenge_id, message_id) = (from.array(), from.text());
    let key = settings.key(kid).ok_or_else(invalid)?;
    let message = authenticated(&body);
    let sent = key.handle.verifies(&message, &tag);
    let decoy = key.decoy.verifies(&message, &tag);
    let channel = match channel {
        1 => Channel::Sms,
        2 => Channel::Voice,
        _ => return Err(invalid()),
    };
    if !(sent | decoy) || !from.finish() || first != mark::HANDLE {
        return Err(invalid());
    }
    clock::within(issued_at, LIFETIME, now)?;
    let age = now.saturating_sub(issued_at);
    let decoy = decoy.then(|| DecoyState::draw(&key.decoy, channel, &message_id, age));
    Ok(Read {
        channel,
        challenge_id,
        message_id,
        decoy,
    })
}

fn authenticated(body: &[u8]) -> Vec<u8> {
    Writer::new().text("xoxzo-2fa handle").raw(body).finish()
}

/// An id that looks like Xoxzo's, for the message of a decoy: 32 letters and digits.
pub(crate) fn invented(key: &MacKey, now: u32, message: &[u8]) -> String {
    let input = Writer::new()
        .text("xoxzo-2fa message id")
        .u32(now)
        .raw(message)
        .finish();
    let text = to_base64url(&key.mac(&input));
    let plain = text
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(char::from);
    // 43 characters of which one in 32 is neither letter nor digit: what is missing of 32 is made up by letters.
    plain.chain(core::iter::repeat('x')).take(32).collect()
}
