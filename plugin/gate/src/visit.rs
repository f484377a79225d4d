//! The visit: a cookie that says what a browser came for, and how far it is.
//!
//! It is signed and bound to the user, so nobody else's browser goes on with it, and the page to come back to is nobody's to choose. A
//! browser may show an old one again: what is counted is counted in the guard.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{Challenge, Failure, Reader, Seal, Writer, draw, inspect, mark};

/// Seconds that a visit lasts.
const LIFE: u32 = 3_600;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    /// Stays the same, so that forms in other tabs go on working.
    pub(crate) nonce: [u8; 16],
    pub(crate) began_at: u32,
    /// A path of this origin.
    pub(crate) return_to: String,
    /// Whether it takes a pass won from now on.
    pub(crate) fresh: bool,
    pub(crate) sent: Option<Sent>,
    pub(crate) notice: Option<Notice>,
}

/// A challenge on its way.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) token: String,
    pub(crate) resend_at: u32,
}

/// What the next page has to say.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// A code of the engine, or one of the gate's own.
    pub(crate) code: String,
    pub(crate) guesses_left: Option<u32>,
    /// When trying again can work.
    pub(crate) retry_at: Option<u32>,
}

impl Notice {
    pub(crate) const LOGGED_OUT: &str = "logged-out";

    pub(crate) fn new(code: &str) -> Self {
        Self {
            code: code.to_string(),
            guesses_left: None,
            retry_at: None,
        }
    }

    pub(crate) fn of(failure: &Failure, now: u32) -> Self {
        Self {
            code: failure.code.name().to_string(),
            guesses_left: failure.guesses_left,
            retry_at: failure.retry_after.map(|wait| now.saturating_add(wait)),
        }
    }
}

impl Sent {
    pub(crate) fn of(challenge: Challenge, now: u32) -> Self {
        Self {
            resend_at: now.saturating_add(challenge.resend_after),
            token: challenge.token,
        }
    }

    /// Seconds that the challenge has left; 0 if it is over.
    pub(crate) fn left(&self, now: u32) -> u32 {
        let end = inspect(&self.token).map_or(0, |outline| outline.expires_at);
        end.saturating_sub(now)
    }

    pub(crate) fn digits(&self) -> u8 {
        inspect(&self.token).map_or(0, |outline| outline.digits)
    }
}

impl Visit {
    /// # Errors
    ///
    /// [`Code::Randomness`](xoxzo_2fa_core::Code::Randomness).
    pub(crate) fn begin(now: u32, rng: &mut impl TryCryptoRng) -> Result<Self, Failure> {
        Ok(Self {
            nonce: draw(rng)?,
            began_at: now,
            return_to: "/".to_string(),
            fresh: false,
            sent: None,
            notice: None,
        })
    }

    pub(crate) fn close(&self, seal: &Seal, bound: &[u8]) -> String {
        let Self {
            nonce,
            began_at,
            return_to,
            fresh,
            sent,
            notice,
        } = self;
        let mut out = Writer::new();
        out.u8(mark::VISIT)
            .raw(nonce)
            .u32(*began_at)
            .text(return_to)
            .flag(*fresh);
        out.flag(sent.is_some());
        if let Some(Sent { token, resend_at }) = sent {
            out.text(token).u32(*resend_at);
        }
        out.flag(notice.is_some());
        if let Some(Notice {
            code,
            guesses_left,
            retry_at,
        }) = notice
        {
            out.text(code).maybe_u32(*guesses_left).maybe_u32(*retry_at);
        }
        seal.close(&out.finish(), bound)
    }

    pub(crate) fn open(seal: &Seal, text: &str, bound: &[u8], now: u32) -> Option<Self> {
        let body = seal.open(text, bound)?;
        let mut from = Reader::new(&body);
        let first = from.u8();
        let mut visit = Self {
            nonce: from.array(),
            began_at: from.u32(),
            return_to: from.text(),
            fresh: from.present(),
            sent: from.present().then(|| Sent {
                token: from.text(),
                resend_at: from.u32(),
            }),
            notice: from.present().then(|| Notice {
                code: from.text(),
                guesses_left: from.maybe_u32(),
                retry_at: from.maybe_u32(),
            }),
        };
        let genuine = from.finish() && first == mark::VISIT;
        let lasts = now < visit.began_at.saturating_add(LIFE);
        visit.sent = visit.sent.filter(|sent| sent.left(now) > 0);
        (genuine && lasts).then_some(visit)
    }

    /// Whether the last that happened is a logout.
    pub(crate) fn is_logged_out(&self) -> bool {
        let notice = self.notice.as_ref();
        notice.is_some_and(|notice| notice.code == Notice::LOGGED_OUT)
    }

    /// What proves that a form comes from a page of this visit.
    pub(crate) fn csrf(&self, seal: &Seal, bound: &[u8]) -> String {
        seal.close(&[], &self.with_nonce(bound))
    }

    pub(crate) fn is_csrf(&self, seal: &Seal, bound: &[u8], text: &str) -> bool {
        seal.open(text, &self.with_nonce(bound))
            .is_some_and(|body| body.is_empty())
    }

    fn with_nonce(&self, bound: &[u8]) -> Vec<u8> {
        [&self.nonce[..], bound].concat()
    }
}
