//! Results of the operations.

use std::ffi::c_char;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use xoxzo_2fa::{
    Acceptance, Audit, Challenge, Claims, Credits, Explanation, Handle, Limit, Limits, Offer,
    Report, TokenInfo, Unlocked,
};

use crate::record::records;
use crate::text::put;

/// Information for operators beside an answer: for logs, metrics and tickets. Show none of it to a user. Texts are empty if absent. No field ever
/// holds a PIN, a token, a key, a URL or a phone number.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_audit {
    /// Keyed hash of the subject, the same for the same `guard.key`. Empty for x2f_status(), and if subject or recipient is malformed.
    pub subject: [c_char; 23],
    /// Keyed hash of the recipient, likewise.
    pub recipient: [c_char; 23],
    /// Country code of the recipient.
    pub calling_code: [c_char; 4],
    /// The same for each operation on one challenge. Empty where there is none.
    pub challenge_id: [c_char; 12],
    /// Xoxzo's id of the message. Invented for a decoy.
    pub message_id: [c_char; 65],
    /// The challenge is a decoy. Leave it out of metrics, or strangers can move them.
    pub decoy: bool,
    /// The reason why the guard or Xoxzo gave no readable answer. It begins with the kind of fault, such as `dns:`, `tls:` or `busy:`.
    pub cause: [c_char; 801],
    /// A condition that operators should look at now: `failures`, `sends`, `clock` or `delivery`.
    pub alarm: [c_char; 12],
}

impl x2f_audit {
    pub(crate) fn fill(&mut self, audit: &Audit) {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        if let Some(trail) = &audit.trail {
            put(&mut self.subject, &trail.subject);
            put(&mut self.recipient, &trail.recipient);
            put(&mut self.calling_code, &trail.calling_code);
        }
        put(&mut self.challenge_id, &text(&audit.challenge_id));
        put(&mut self.message_id, &text(&audit.message_id));
        self.decoy = audit.decoy;
        let cause = audit.cause.as_ref().map_or("", |cause| cause.as_str());
        put(&mut self.cause, cause);
        put(&mut self.alarm, audit.alarm.map_or("", |it| it.as_str()));
    }
}

/// A challenge that was sent.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_challenge {
    /// sizeof(x2f_challenge), set by the caller.
    pub size: usize,
    /// The argument of x2f_verify(): 80 characters. Give it to the user's session only.
    pub token: [c_char; 81],
    /// The recipient with all but the first two and the last two digits as `*`.
    pub masked: [c_char; 17],
    /// Seconds until the token expires.
    pub expires_in_seconds: u32,
    /// Seconds until another message may go to this number.
    pub resend_after_seconds: u32,
    /// `accepted` by Xoxzo, or `unknown`: the message may arrive, and the challenge is usable.
    pub delivery: [c_char; 12],
    /// The argument of x2f_status(). Empty if `delivery` is `unknown`.
    pub handle: [c_char; 257],
    /// Billed parts. -1 for a template and for a call.
    pub parts: i64,
    /// Information for operators.
    pub audit: x2f_audit,
}

impl x2f_challenge {
    pub(crate) fn fill(&mut self, challenge: &Challenge) {
        put(&mut self.token, challenge.token.as_str());
        put(&mut self.masked, &challenge.masked);
        self.expires_in_seconds = whole(challenge.expires_in);
        self.resend_after_seconds = whole(challenge.resend_after);
        put(&mut self.delivery, challenge.delivery.as_str());
        let handle = challenge.handle.as_ref().map_or("", Handle::as_str);
        put(&mut self.handle, handle);
        self.parts = challenge.parts.map_or(-1, i64::from);
        self.audit.fill(&challenge.audit);
    }
}

/// Proof that the PIN was right. Nothing else lets a user in.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_acceptance {
    /// sizeof(x2f_acceptance), set by the caller.
    pub size: usize,
    /// Proof for another service that this happened, for x2f_check_receipt(). base64url.
    pub receipt: [c_char; 513],
    /// Life of the receipt.
    pub expires_in_seconds: u32,
    /// Information for operators.
    pub audit: x2f_audit,
}

impl x2f_acceptance {
    pub(crate) fn fill(&mut self, acceptance: &Acceptance) {
        put(&mut self.receipt, acceptance.receipt.as_str());
        self.expires_in_seconds = whole(acceptance.expires_in);
        self.audit.fill(&acceptance.audit);
    }
}

/// A delivery report.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_report {
    /// sizeof(x2f_report), set by the caller.
    pub size: usize,
    /// `queued`, `delivering`, `delivered`, `failed` or `unknown`.
    pub delivery: [c_char; 12],
    /// Xoxzo's word for the state; empty if it gave none. For a log.
    pub detail: [c_char; 33],
    /// Information for operators.
    pub audit: x2f_audit,
}

impl x2f_report {
    pub(crate) fn fill(&mut self, report: &Report) {
        put(&mut self.delivery, report.delivery.as_str());
        put(&mut self.detail, &report.detail);
        self.audit.fill(&report.audit);
    }
}

/// The counters that an unlock cleared.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_unlocked {
    /// sizeof(x2f_unlocked), set by the caller.
    pub size: usize,
    /// Consecutive failures of the subject with the recipient.
    pub failures: u32,
    /// Failures of the subject over all recipients in the present window.
    pub subject_failures: u32,
    /// Messages in the present window: those of the subject or those to the number, whichever is more.
    pub messages: u32,
    /// Information for operators.
    pub audit: x2f_audit,
}

impl x2f_unlocked {
    pub(crate) fn fill(&mut self, unlocked: &Unlocked) {
        self.failures = unlocked.failures;
        self.subject_failures = unlocked.subject_failures;
        self.messages = unlocked.messages;
        self.audit.fill(&unlocked.audit);
    }
}

/// A counter that could refuse a user, as it stands.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_limit {
    /// Path of the setting that limits it, such as `failures.soft`.
    pub setting: [c_char; 32],
    /// True for purposes that strangers can start, which have counters or limits of their own.
    pub open: bool,
    /// The count.
    pub total: u32,
    /// The limit. Totals above it are refused, or for `failures.per_audience` raise an alarm.
    pub most: u32,
    /// Seconds until the counter ends. -1 where nothing is counted, and for `failures.hard`, which only a success or an unlock ends.
    pub ends_in_seconds: i64,
    /// True if it refuses the next message or guess of this user.
    pub refuses: bool,
}

/// The counters that could refuse a user.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_limits {
    /// sizeof(x2f_limits), set by the caller.
    pub size: usize,
    /// The counters of purposes after a first factor, then of purposes that strangers can start, as far as the settings have both.
    pub limits: [x2f_limit; 40],
    /// The number of them that are filled.
    pub count: usize,
    /// Information for operators.
    pub audit: x2f_audit,
}

impl x2f_limits {
    pub(crate) fn fill(&mut self, limits: &Limits) {
        for (to, from) in self.limits.iter_mut().zip(&limits.limits) {
            to.fill(from);
            self.count += 1;
        }
        self.audit.fill(&limits.audit);
    }
}

impl x2f_limit {
    fn fill(&mut self, limit: &Limit) {
        put(&mut self.setting, &limit.setting);
        self.open = limit.open;
        self.total = limit.total;
        self.most = limit.most;
        let seconds = |time: Duration| time.as_secs().cast_signed();
        self.ends_in_seconds = limit.ends_in.map_or(-1, seconds);
        self.refuses = limit.refuses;
    }
}

/// The balance of the account at Xoxzo.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_credits {
    /// sizeof(x2f_credits), set by the caller.
    pub size: usize,
    /// Whole credits; below 0 for an account that pays afterwards.
    pub credits: i64,
    /// Information for operators.
    pub audit: x2f_audit,
}

impl x2f_credits {
    pub(crate) fn fill(&mut self, credits: &Credits) {
        self.credits = credits.credits;
        self.audit.fill(&credits.audit);
    }
}

/// The facts that a receipt proves. A receipt contains neither user, number, session nor payment: the checker supplies them in x2f_expected.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_claims {
    /// sizeof(x2f_claims), set by the caller.
    pub size: usize,
    /// Unique per acceptance.
    pub id: [c_char; 23],
    /// The service that gave the receipt. With keys of several audiences, it tells which.
    pub audience: [c_char; 65],
    /// The purpose of the challenge.
    pub purpose: [c_char; 129],
    /// The payment that was confirmed, which is the expected one. All three are empty if there was none.
    pub amount: [c_char; 24],
    /// Its currency.
    pub currency: [c_char; 4],
    /// The payee.
    pub payee: [c_char; 161],
    /// Made in test mode: it proves nothing. Only with a receipt key of test mode.
    pub test: bool,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub issued_at_seconds: u32,
    /// Seconds since 1970-01-01T00:00:00Z. Refused from this second on.
    pub expires_at_seconds: u32,
}

impl x2f_claims {
    pub(crate) fn fill(&mut self, claims: &Claims) {
        put(&mut self.id, &claims.id);
        put(&mut self.audience, &claims.audience);
        put(&mut self.purpose, &claims.purpose);
        if let Some(paid) = &claims.transaction {
            put(&mut self.amount, &paid.amount);
            put(&mut self.currency, &paid.currency);
            put(&mut self.payee, &paid.payee);
        }
        self.test = claims.test;
        self.issued_at_seconds = since_1970(claims.issued_at);
        self.expires_at_seconds = since_1970(claims.expires_at);
    }
}

/// The readable part of a token. None of it is authenticated.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_token_info {
    /// sizeof(x2f_token_info), set by the caller.
    pub size: usize,
    /// Id of the key that is said to have signed: 8 hexadecimal digits.
    pub key_id: [c_char; 9],
    /// Digits of the PIN.
    pub digits: u32,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub issued_at_seconds: u32,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub expires_at_seconds: u32,
}

impl x2f_token_info {
    pub(crate) fn fill(&mut self, token_info: &TokenInfo) {
        put(&mut self.key_id, &token_info.key_id);
        self.digits = token_info.digits;
        self.issued_at_seconds = since_1970(token_info.issued_at);
        self.expires_at_seconds = since_1970(token_info.expires_at);
    }
}

/// An action that is open to an end user after a failure. Each is one bit.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum x2f_offer {
    /// Do the same once more: type the code again, or ask again for what was asked for.
    X2F_OFFER_TRY_AGAIN = 1,
    /// Get the same code once more, by x2f_resend().
    X2F_OFFER_RESEND = 2,
    /// Ask for a new code, by x2f_start().
    X2F_OFFER_START_AGAIN = 4,
    /// Wait for `retry_after_seconds`, then do the same once more.
    X2F_OFFER_WAIT = 8,
    /// Contact the service.
    X2F_OFFER_CONTACT_SUPPORT = 16,
}

/// A failure in words for an end user.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_explanation {
    /// sizeof(x2f_explanation), set by the caller.
    pub size: usize,
    /// One or two short sentences of plain text, in the user's language. Escape it in HTML like any other text.
    pub text: [c_char; 512],
    /// Actions that help: bits of x2f_offer. 0 if none does.
    pub offers: u32,
}

impl x2f_explanation {
    pub(crate) fn fill(&mut self, explanation: &Explanation) {
        put(&mut self.text, &explanation.text);
        self.offers = explanation
            .offers
            .iter()
            .fold(0, |bits, offer| bits | bit(*offer));
    }
}

fn bit(offer: Offer) -> u32 {
    match offer {
        Offer::TryAgain => x2f_offer::X2F_OFFER_TRY_AGAIN as u32,
        Offer::Resend => x2f_offer::X2F_OFFER_RESEND as u32,
        Offer::StartAgain => x2f_offer::X2F_OFFER_START_AGAIN as u32,
        Offer::Wait => x2f_offer::X2F_OFFER_WAIT as u32,
        Offer::ContactSupport => x2f_offer::X2F_OFFER_CONTACT_SUPPORT as u32,
        // One that is new in the SDK has no bit yet. The text says it too.
        _ => 0,
    }
}

records!(
    x2f_challenge,
    x2f_acceptance,
    x2f_report,
    x2f_unlocked,
    x2f_limits,
    x2f_credits,
    x2f_claims,
    x2f_token_info,
    x2f_explanation,
);

fn whole(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

/// Seconds since 1970, of times that the engine keeps in 32 bits.
pub(crate) fn since_1970(time: SystemTime) -> u32 {
    whole(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}
