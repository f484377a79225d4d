//! Arguments and results of the operations.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::audit::Audit;
use crate::bindings::xoxzo::two_factor::types;
use crate::exchange::bounded;
use crate::seconds::{instant, span};
use crate::signed::{Handle, Receipt, Token};

/// The user, number, purpose, session and payment that a challenge is bound to. The token authenticates these values and does not
/// contain them: `verify` takes them again.
///
/// Take every field from the server's own records. A phone number, subject or amount from the form lets an attacker
/// log in as somebody else. Debug shows neither number nor subject.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// Phone number in canonical E.164, such as `+819012345678`.
    pub recipient: String,
    /// The service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces.
    pub subject: String,
    /// One of the purposes in the settings.
    pub purpose: String,
    /// The session that asked, 1 to 128 bytes of printable ASCII without spaces.
    pub session: Option<String>,
    /// The payment that is confirmed.
    pub transaction: Option<Transaction>,
}

impl Binding {
    /// Binds to a number, a user and a purpose.
    pub fn new(
        recipient: impl Into<String>,
        subject: impl Into<String>,
        purpose: impl Into<String>,
    ) -> Self {
        Self {
            recipient: recipient.into(),
            subject: subject.into(),
            purpose: purpose.into(),
            session: None,
            transaction: None,
        }
    }

    /// Binds to a session too.
    #[must_use]
    pub fn session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Binds to a payment too, and shows it in the message before the code.
    #[must_use]
    pub fn transaction(mut self, transaction: Transaction) -> Self {
        self.transaction = Some(transaction);
        self
    }

    pub(crate) fn to_wit(&self) -> types::Binding {
        types::Binding {
            recipient: bounded(&self.recipient).to_string(),
            subject: bounded(&self.subject).to_string(),
            purpose: bounded(&self.purpose).to_string(),
            session: self.session.as_deref().map(bounded).map(str::to_string),
            transaction: self.transaction.as_ref().map(Transaction::to_wit),
        }
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// A payment. Debug shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transaction {
    /// Canonical decimal with all decimals of its currency: `12.50` for EUR, `1250` for JPY.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: String,
    /// The payee: 1 to 40 letters, digits, spaces and `.,'&()-`, without a run of four digits.
    pub payee: String,
}

impl Transaction {
    /// An amount, its currency and who is paid.
    pub fn new(
        amount: impl Into<String>,
        currency: impl Into<String>,
        payee: impl Into<String>,
    ) -> Self {
        Self {
            amount: amount.into(),
            currency: currency.into(),
            payee: payee.into(),
        }
    }

    pub(crate) fn to_wit(&self) -> types::Transaction {
        types::Transaction {
            amount: bounded(&self.amount).to_string(),
            currency: bounded(&self.currency).to_string(),
            payee: bounded(&self.payee).to_string(),
        }
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}

/// The channel of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// A text message.
    #[default]
    Sms,
    /// A call that says the code, digit by digit and twice. Only as a resend, and where the settings have `voice`.
    Voice,
}

impl Channel {
    /// `sms` or `voice`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }
}

impl From<types::Channel> for Channel {
    fn from(channel: types::Channel) -> Self {
        match channel {
            types::Channel::Sms => Self::Sms,
            types::Channel::Voice => Self::Voice,
        }
    }
}

/// Options of a message, and the client on whose behalf it is sent.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sending {
    /// The channel of the message.
    pub channel: Channel,
    /// Language of the text: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. The settings' own if absent.
    pub locale: Option<String>,
    /// The end user's address, IPv4 or IPv6. Required if the settings have `sends.per_client`.
    pub client: Option<String>,
    /// Makes a decoy: everything happens except sending. See [`Sending::decoy`](Sending::decoy()).
    pub decoy: bool,
}

impl Sending {
    /// Sets the channel of the message.
    #[must_use]
    pub fn channel(mut self, channel: Channel) -> Self {
        self.channel = channel;
        self
    }

    /// Sets the language of the text.
    #[must_use]
    pub fn locale(mut self, locale: impl Into<String>) -> Self {
        self.locale = Some(locale.into());
        self
    }

    /// Sets the end user's address.
    #[must_use]
    pub fn client(mut self, client: impl Into<String>) -> Self {
        self.client = Some(client.into());
        self
    }

    /// Sends nothing, for a form that must not tell whether an account exists: the challenge looks and counts like any other, and
    /// no guess at it is right. Give a number and a subject that stay the same for what was typed. A decoy returns sooner
    /// than a real send, so response time can still reveal it. It has an effect on
    /// `start` only: `resend` recognises decoys.
    #[must_use]
    pub fn decoy(mut self) -> Self {
        self.decoy = true;
        self
    }

    pub(crate) fn to_wit(&self) -> types::Sending {
        types::Sending {
            channel: match self.channel {
                Channel::Sms => types::Channel::Sms,
                Channel::Voice => types::Channel::Voice,
            },
            locale: self.locale.as_deref().map(bounded).map(str::to_string),
            client: self.client.as_deref().map(bounded).map(str::to_string),
            decoy: self.decoy,
        }
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending")
            .field("channel", &self.channel)
            .field("locale", &self.locale)
            .finish_non_exhaustive()
    }
}

macro_rules! deliveries {
    ($($(#[$about:meta])* $name:ident $text:literal),* $(,)?) => {
        /// The state of a message, as far as it is known.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Delivery {
            $($(#[$about])* $name,)*
        }

        impl Delivery {
            /// The state as in the contract, such as `accepted`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }

        impl From<types::Delivery> for Delivery {
            fn from(delivery: types::Delivery) -> Self {
                match delivery {
                    $(types::Delivery::$name => Self::$name,)*
                }
            }
        }
    };
}

deliveries! {
    /// Xoxzo accepted it.
    Accepted "accepted",
    /// After sending: no readable answer came; it may arrive, and the challenge is usable. After asking: a state that the
    /// component does not know.
    Unknown "unknown",
    /// The message waits at Xoxzo.
    Queued "queued",
    /// A carrier has it and has not reported, or the phone rings.
    Delivering "delivering",
    /// It arrived, or the call was answered. By whom is not known.
    Delivered "delivered",
    /// It will not arrive. Offer another channel or number.
    Failed "failed",
}

impl Delivery {
    /// Tells whether the state is final.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Failed)
    }
}

/// A challenge that was sent. Debug does not show its token.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The token, for the user's session.
    pub token: Token,
    /// The recipient, mostly hidden, to show.
    pub masked: String,
    /// The time until the token expires.
    pub expires_in: Duration,
    /// The time until another message may go to this number.
    pub resend_after: Duration,
    /// The state of the message, as far as it is known.
    pub delivery: Delivery,
    /// The handle to give to [`TwoFactor::status`](crate::TwoFactor::status).
    pub handle: Option<Handle>,
    /// Billed parts, of an SMS whose text is not a template's.
    pub parts: Option<u32>,
    /// Information for operators. Show none of it to a user.
    pub audit: Audit,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Challenge");
        shown
            .field("masked", &self.masked)
            .field("expires_in", &self.expires_in)
            .field("delivery", &self.delivery);
        shown
            .field("parts", &self.parts)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}

impl From<types::Challenge> for Challenge {
    fn from(challenge: types::Challenge) -> Self {
        Self {
            token: challenge.token.into(),
            masked: challenge.masked,
            expires_in: span(challenge.expires_in_seconds),
            resend_after: span(challenge.resend_after_seconds),
            delivery: challenge.delivery.into(),
            handle: challenge.handle.map(Handle::from),
            parts: challenge.parts,
            audit: Audit::told(challenge.audit),
        }
    }
}

/// The state of a message, as Xoxzo reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The state.
    pub delivery: Delivery,
    /// Xoxzo's word for it, for a log.
    pub detail: String,
    /// Information for operators.
    pub audit: Audit,
}

impl From<types::Report> for Report {
    fn from(report: types::Report) -> Self {
        Self {
            delivery: report.delivery.into(),
            detail: report.detail,
            audit: Audit::told(report.audit),
        }
    }
}

/// The counters that an unlock cleared.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unlocked {
    /// Consecutive failures of the subject with the recipient.
    pub failures: u32,
    /// Failures of the subject over all recipients in the present window.
    pub subject_failures: u32,
    /// Messages in the present window: those of the subject or those to the number, whichever are more.
    pub messages: u32,
    /// Information for operators.
    pub audit: Audit,
}

impl From<types::Unlocked> for Unlocked {
    fn from(unlocked: types::Unlocked) -> Self {
        Self {
            failures: unlocked.failures,
            subject_failures: unlocked.subject_failures,
            messages: unlocked.messages,
            audit: Audit::told(unlocked.audit),
        }
    }
}

/// The messages of one language as they would be sent, with the digits `1234567890` in place of a PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessagePreview {
    /// Its language.
    pub locale: String,
    /// The text of an SMS.
    pub text: String,
    /// Billed parts of the SMS.
    pub parts: u32,
    /// The words of a call.
    pub call: String,
}

impl From<types::MessagePreview> for MessagePreview {
    fn from(preview: types::MessagePreview) -> Self {
        Self {
            locale: preview.locale,
            text: preview.text,
            parts: preview.parts,
            call: preview.call,
        }
    }
}

/// Proof that the PIN was right. Nothing else lets a user in. Debug does not show the receipt.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Acceptance {
    /// Proof for another service.
    pub receipt: Receipt,
    /// Life of the receipt.
    pub expires_in: Duration,
    /// Information for operators. Show none of it to a user.
    pub audit: Audit,
}

impl fmt::Debug for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptance")
            .field("expires_in", &self.expires_in)
            .field("audit", &self.audit)
            .finish_non_exhaustive()
    }
}

impl From<types::Acceptance> for Acceptance {
    fn from(acceptance: types::Acceptance) -> Self {
        Self {
            receipt: acceptance.receipt.into(),
            expires_in: span(acceptance.expires_in_seconds),
            audit: Audit::told(acceptance.audit),
        }
    }
}

/// The readable part of a token. None of it is authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenInfo {
    /// Id of the key that is said to have signed: 8 hexadecimal digits.
    pub key_id: String,
    /// Digits of the PIN.
    pub digits: u32,
    /// The time at which it was made.
    pub issued_at: SystemTime,
    /// The time from which it is refused.
    pub expires_at: SystemTime,
}

impl From<types::TokenInfo> for TokenInfo {
    fn from(token_info: types::TokenInfo) -> Self {
        Self {
            key_id: token_info.key_id,
            digits: token_info.digits,
            issued_at: instant(token_info.issued_at_seconds),
            expires_at: instant(token_info.expires_at_seconds),
        }
    }
}
