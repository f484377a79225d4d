//! The visit: a cookie that holds where a browser wants to go, and how far its login is.
//!
//! It is signed and bound to the user, so no other browser can continue it, and no third party can choose the return URL. A browser can
//! replay an old one: everything that is counted is counted in the guard.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{
    Challenge, Code, Delivery, Failure, Reader, Seal, Writer, draw, inspect, mark,
};

use crate::payment::Payment;

/// Seconds that a visit lasts.
const LIFE: u32 = 3_600;

#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    /// Stays the same, so that forms in other tabs go on working.
    pub(crate) nonce: [u8; 16],
    pub(crate) began_at: u32,
    /// A path of this origin.
    pub(crate) return_to: String,
    /// True if it takes a pass won from now on.
    pub(crate) fresh: bool,
    /// A payment that an application asks to confirm.
    pub(crate) payment: Option<Payment>,
    pub(crate) sent: Option<Sent>,
    pub(crate) notice: Option<Notice>,
}

/// A challenge on its way.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) token: String,
    pub(crate) resend_at: u32,
    /// Xoxzo gave no readable answer: a message may or may not come.
    pub(crate) unconfirmed: bool,
}

/// The message of the next page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    LoggedOut,
    Failed(Failed),
}

/// The kept part of a failure of the engine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) code: Code,
    pub(crate) guesses_left: Option<u32>,
    /// The second from which trying again can work.
    pub(crate) retry_at: Option<u32>,
}

impl Notice {
    /// Stands in the place of a code.
    const LOGGED_OUT: &str = "logged-out";

    pub(crate) fn of(failure: &Failure, now: u32) -> Self {
        Self::Failed(Failed {
            code: failure.code,
            guesses_left: failure.guesses_left,
            retry_at: failure.retry_after.map(|wait| now.saturating_add(wait)),
        })
    }

    fn write(self, out: &mut Writer) {
        let (name, guesses_left, retry_at) = match self {
            Self::LoggedOut => (Self::LOGGED_OUT, None, None),
            Self::Failed(failed) => (failed.code.name(), failed.guesses_left, failed.retry_at),
        };
        out.text(name).maybe_u32(guesses_left).maybe_u32(retry_at);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (name, guesses_left, retry_at) = (from.text(), from.maybe_u32(), from.maybe_u32());
        Some(match &*name {
            Self::LOGGED_OUT => Self::LoggedOut,
            code => Self::Failed(Failed {
                code: Code::parse(code).ok()?,
                guesses_left,
                retry_at,
            }),
        })
    }
}

impl Sent {
    pub(crate) fn of(challenge: Challenge, now: u32) -> Self {
        Self {
            resend_at: now.saturating_add(challenge.resend_after),
            unconfirmed: challenge.delivery == Delivery::Unknown,
            token: challenge.token,
        }
    }

    /// Seconds that the challenge has left; 0 if it is over.
    pub(crate) fn left(&self, now: u32) -> u32 {
        let end = inspect(&self.token).map_or(0, |token_info| token_info.expires_at);
        end.saturating_sub(now)
    }

    pub(crate) fn digits(&self) -> u8 {
        inspect(&self.token).map_or(0, |token_info| token_info.digits)
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
            payment: None,
            sent: None,
            notice: None,
        })
    }

    /// The same visit on its way to another page. A payment that was to be confirmed is left, with its code.
    pub(crate) fn toward(self, return_to: &str, fresh: bool) -> Self {
        Self {
            return_to: return_to.to_string(),
            fresh,
            sent: self.sent.filter(|_| self.payment.is_none()),
            payment: None,
            notice: None,
            ..self
        }
    }

    pub(crate) fn close(&self, seal: &Seal, bound: &[u8]) -> String {
        let Self {
            nonce,
            began_at,
            return_to,
            fresh,
            payment,
            sent,
            notice,
        } = self;
        let mut out = Writer::new();
        out.u8(mark::VISIT)
            .raw(nonce)
            .u32(*began_at)
            .text(return_to)
            .flag(*fresh);
        out.flag(payment.is_some());
        if let Some(payment) = payment {
            payment.write(&mut out);
        }
        out.flag(sent.is_some());
        if let Some(Sent {
            token,
            resend_at,
            unconfirmed,
        }) = sent
        {
            out.text(token).u32(*resend_at).flag(*unconfirmed);
        }
        out.flag(notice.is_some());
        if let Some(notice) = notice {
            notice.write(&mut out);
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
            payment: from.present().then(|| Payment::read(&mut from)),
            sent: from.present().then(|| Sent {
                token: from.text(),
                resend_at: from.u32(),
                unconfirmed: from.present(),
            }),
            notice: match from.present() {
                true => Some(Notice::read(&mut from)?),
                false => None,
            },
        };
        let genuine = from.finish() && first == mark::VISIT;
        let lasts = now < visit.began_at.saturating_add(LIFE);
        visit.sent = visit.sent.filter(|sent| sent.left(now) > 0);
        if visit
            .payment
            .as_ref()
            .is_some_and(|payment| !payment.is_open(now))
        {
            visit = visit.toward("/", false);
        }
        (genuine && lasts).then_some(visit)
    }

    /// The failure that the next page explains.
    pub(crate) fn failed(&self) -> Option<Failed> {
        match self.notice {
            Some(Notice::Failed(failed)) => Some(failed),
            Some(Notice::LoggedOut) | None => None,
        }
    }

    /// Tells whether the last message may or may not arrive, as long as no other may be asked for.
    pub(crate) fn is_unconfirmed(&self, now: u32) -> bool {
        let sent = self.sent.as_ref();
        sent.is_some_and(|sent| sent.unconfirmed && sent.resend_at > now)
    }

    /// Returns the proof that a form comes from a page of this visit.
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

/// The step that the user has reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Start,
    Code,
    Locked,
    Done,
}

impl Step {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Code => "code",
            Self::Locked => "locked",
            Self::Done => "done",
        }
    }
}
