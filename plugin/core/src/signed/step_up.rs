//! Step-up requests: a payment that an application asks the gate to let a user confirm, signed.
//!
//! ```text
//! b64(0x18 | id 16 | issued at 4 | amount | currency | payee | MAC 32)
//! MAC  over "xoxzo-2fa step-up request" | subject | session | all before it
//! ```
//!
//! Their key is derived per audience and exportable alone: who signs requests can mint no challenge and check no receipt. Subject and
//! session are authenticated and not carried: the gate knows whose request it is.

use alloc::string::String;
use alloc::vec::Vec;

use rand::TryCryptoRng;

use crate::common::clock;
use crate::common::codec::{Reader, Writer, from_base64url, to_base64url};
use crate::common::failure::{Code, Failure};
use crate::common::mark;
use crate::common::random;
use crate::guard::Charge;
use crate::settings::prepared::Prepared;
use crate::signed::binding::{Transaction, id};
use crate::signed::envelope;
use crate::signed::key::RequestKey;

/// Life of a request in seconds.
const LIFETIME: u32 = 60;

/// Characters of the longest text that is looked at. The longest payment makes a request of 272.
const LONGEST: usize = 512;

/// An application's wish: this user, in this session, is to confirm this payment.
#[derive(Clone, Copy)]
pub struct StepUp<'a> {
    /// The service's immutable internal id of the user.
    pub subject: &'a str,
    /// The session that is to confirm it, as the gate knows it.
    pub session: Option<&'a str>,
    /// Amount, currency and payee of the payment.
    pub transaction: (&'a str, &'a str, &'a str),
}

/// A signed request.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedRequest {
    /// The text that the user's browser carries to the gate.
    pub request: String,
    /// Seconds until it is refused.
    pub expires_in: u32,
}

/// A genuine request, which may have been used before: see [`Self::burn`].
#[derive(Clone, PartialEq, Eq)]
pub struct GenuineRequest {
    id: [u8; 16],
    /// The payment to show, and to bind the challenge to.
    pub transaction: Transaction,
}

impl GenuineRequest {
    /// The charge that a request may make once. It is refused for one that was used before.
    #[must_use]
    pub fn burn(&self, settings: &Prepared) -> Charge {
        let counter = settings.counter("step-up request", &self.id);
        Charge::alone(counter, 1, 1, LIFETIME.saturating_add(clock::BEYOND))
    }
}

/// Signs a request.
///
/// # Errors
///
/// [`Code::Request`], naming the field, for a field that does not have its form; [`Code::Clock`] and [`Code::Randomness`].
pub fn sign(
    key: &RequestKey,
    now: u32,
    asked: StepUp<'_>,
    rng: &mut impl TryCryptoRng,
) -> Result<SignedRequest, Failure> {
    let StepUp {
        subject, session, ..
    } = asked;
    id(subject, "subject")?;
    if let Some(session) = session {
        id(session, "session")?;
    }
    let Transaction {
        amount,
        currency,
        payee,
    } = Transaction::parse(asked.transaction)?;
    clock::check(now)?;
    let drawn: [u8; 16] = random::draw(rng)?;
    let mut out = Writer::new();
    out.u8(mark::STEP_UP).raw(&drawn).u32(now);
    let body = out.text(&amount).text(&currency).text(&payee).finish();
    let mac = key
        .secret
        .mac_key()
        .mac(&authenticated(&body, subject, session));
    Ok(SignedRequest {
        request: envelope::close(&body, &mac, to_base64url),
        expires_in: LIFETIME,
    })
}

/// Checks a request with the keys of its audience, and that it was made for this subject and session.
///
/// # Errors
///
/// [`Code::InvalidToken`] for anything not made with one of `keys`, or for somebody else; [`Code::Expired`] after 60 s, [`Code::Clock`] for
/// one from a future beyond the skew; [`Code::Request`] for one whose payment cannot be shown.
pub fn check(
    keys: &[RequestKey],
    request: &str,
    now: u32,
    subject: &str,
    session: Option<&str>,
) -> Result<GenuineRequest, Failure> {
    clock::check(now)?;
    let invalid = || {
        let detail = "the request was not made with this key, was altered, or is somebody else's";
        Failure::new(Code::InvalidToken, detail)
    };
    let (body, tag) = envelope::open(request, LONGEST, from_base64url).ok_or_else(invalid)?;
    let message = authenticated(&body, subject, session);
    if !keys
        .iter()
        .any(|key| key.secret.mac_key().verifies(&message, &tag))
    {
        return Err(invalid());
    }
    let mut from = Reader::new(&body);
    let (first, id, issued_at) = (from.u8(), from.array(), from.u32());
    let (amount, currency, payee) = (from.text(), from.text(), from.text());
    if !from.finish() || first != mark::STEP_UP {
        return Err(invalid());
    }
    clock::within(issued_at, LIFETIME, now)?;
    let transaction = Transaction::parse((&amount, &currency, &payee))?;
    Ok(GenuineRequest { id, transaction })
}

fn authenticated(body: &[u8], subject: &str, session: Option<&str>) -> Vec<u8> {
    let mut out = Writer::new();
    out.text("xoxzo-2fa step-up request").text(subject);
    out.option(session).raw(body).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::key::RootKey;

    const NOW: u32 = 1_800_000_000;

    fn key() -> RequestKey {
        RootKey::from_random([7; 32]).request_key("shop", false)
    }

    fn body(first: u8, payee: &str) -> Vec<u8> {
        let mut out = Writer::new();
        out.u8(first).raw(&[5; 16]).u32(NOW);
        out.text("12.50").text("EUR").text(payee).finish()
    }

    /// Checks a body that somebody with the key has authenticated.
    fn judged(body: &[u8]) -> Result<[u8; 16], Code> {
        let key = key();
        let mac = key
            .secret
            .mac_key()
            .mac(&authenticated(body, "user-1", None));
        let request = envelope::close(body, &mac, to_base64url);
        let genuine = check(&[key], &request, NOW, "user-1", None);
        genuine
            .map(|genuine| genuine.id)
            .map_err(|failure| failure.code)
    }

    #[test]
    fn a_body_has_one_form() {
        let whole = body(mark::STEP_UP, "Ann Lee");
        assert_eq!(judged(&whole), Ok([5; 16]));
        for end in 0..whole.len() {
            assert_eq!(
                judged(&whole[..end]),
                Err(Code::InvalidToken),
                "cut at {end}"
            );
        }
        let longer = [&whole[..], &[0]].concat();
        assert_eq!(judged(&longer), Err(Code::InvalidToken));
        for first in (0..=u8::MAX).filter(|first| *first != mark::STEP_UP) {
            let other = body(first, "Ann Lee");
            assert_eq!(judged(&other), Err(Code::InvalidToken), "{first}");
        }
    }

    /// Applications may sign without this engine, so their payments are looked at once more.
    #[test]
    fn a_payment_that_cannot_be_shown_is_refused() {
        for payee in ["", "evil.example", "Shop 1234", "Shop\nCode: 1"] {
            let request = body(mark::STEP_UP, payee);
            assert_eq!(judged(&request), Err(Code::Request), "{payee}");
        }
    }
}
