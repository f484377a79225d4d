//! Arguments of the operations.

use std::ffi::c_char;

use xoxzo_2fa::{Binding, Channel, Expected, Sending, Transaction};

use crate::fault::Fault;
use crate::record::{read, records};
use crate::text::optional;

/// A payment that a challenge confirms.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_transaction {
    /// sizeof(x2f_transaction).
    pub size: usize,
    /// Canonical decimal with the decimals of the currency: `12.50` for EUR, `1250` for JPY.
    pub amount: *const c_char,
    /// ISO 4217 code, three capital letters.
    pub currency: *const c_char,
    /// The payee: 1 to 40 letters, digits, spaces and `.,'&()-`.
    pub payee: *const c_char,
}

/// The user and the act that a challenge is bound to. Take every field from the server's own records, at x2f_start() and at x2f_verify().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_binding {
    /// sizeof(x2f_binding).
    pub size: usize,
    /// Phone number in canonical E.164, such as `+819012345678`.
    pub recipient: *const c_char,
    /// The service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces.
    pub subject: *const c_char,
    /// One of the purposes in the settings. It has no default: NULL is refused.
    pub purpose: *const c_char,
    /// The session that asked, 1 to 128 bytes of printable ASCII without spaces. May be NULL.
    pub session: *const c_char,
    /// The payment that the code confirms. May be NULL.
    pub transaction: *const x2f_transaction,
}

/// Delivery options of a message. All zero but for its size, or NULL, is an SMS in the settings' language.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_sending {
    /// sizeof(x2f_sending).
    pub size: usize,
    /// `sms` or NULL for an SMS, `voice` for a call. `voice` is for x2f_resend() only.
    pub channel: *const c_char,
    /// Language of the text, such as `en`, `ja`, `zh-Hant`. NULL: the settings' own.
    pub locale: *const c_char,
    /// The end user's address, IPv4 or IPv6. Required if the settings have a cap per client. May be NULL.
    pub client: *const c_char,
    /// Anything but 0 makes a decoy: everything happens except sending, for a form that must not reveal whether an account exists. For x2f_start() only.
    pub decoy: u32,
}

/// The values that a receipt must have been made for. Take every field from the checker's own records, never from what came with the receipt.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_expected {
    /// sizeof(x2f_expected).
    pub size: usize,
    /// The service's immutable internal id of the user, as in the binding.
    pub subject: *const c_char,
    /// The purpose of the challenge, as in the binding.
    pub purpose: *const c_char,
    /// Phone number in canonical E.164. NULL accepts a receipt for any number.
    pub recipient: *const c_char,
    /// The session, as in the binding. NULL accepts only a receipt without one.
    pub session: *const c_char,
    /// The payment, as in the binding. NULL accepts only a receipt without one.
    pub transaction: *const x2f_transaction,
}

records!(x2f_transaction, x2f_binding, x2f_sending, x2f_expected);

/// Reads a text that must be there.
///
/// # Safety
///
/// `text` is NULL, or ends with a zero byte.
pub(crate) unsafe fn required(text: *const c_char, what: &str) -> Result<String, Fault> {
    // SAFETY: the caller's promise.
    unsafe { optional(text) }.ok_or_else(|| Fault::null(what))
}

/// Reads a payment.
///
/// # Safety
///
/// `paid` is NULL or a struct of the size that it says, and so are the texts in it.
unsafe fn transaction(paid: *const x2f_transaction) -> Result<Option<Transaction>, Fault> {
    // SAFETY: the caller's promise, here and for the texts.
    unsafe {
        let Some(paid) = read(paid)? else {
            return Ok(None);
        };
        Ok(Some(Transaction::new(
            required(paid.amount, "transaction.amount")?,
            required(paid.currency, "transaction.currency")?,
            required(paid.payee, "transaction.payee")?,
        )))
    }
}

/// Reads a binding.
///
/// # Safety
///
/// The same as for [`transaction`].
pub(crate) unsafe fn binding(of: *const x2f_binding) -> Result<Binding, Fault> {
    // SAFETY: the caller's promise.
    unsafe {
        let of = read(of)?.ok_or_else(|| Fault::null("binding"))?;
        let mut binding = Binding::new(
            required(of.recipient, "binding.recipient")?,
            required(of.subject, "binding.subject")?,
            required(of.purpose, "binding.purpose")?,
        );
        binding.session = optional(of.session);
        binding.transaction = transaction(of.transaction)?;
        Ok(binding)
    }
}

/// Reads the options of a message.
///
/// # Safety
///
/// The same as for [`transaction`].
pub(crate) unsafe fn sending(how: *const x2f_sending) -> Result<Sending, Fault> {
    // SAFETY: the caller's promise.
    unsafe {
        let Some(how) = read(how)? else {
            return Ok(Sending::default());
        };
        let mut sending = Sending::default();
        sending.channel = channel(optional(how.channel).as_deref())?;
        sending.locale = optional(how.locale);
        sending.client = optional(how.client);
        sending.decoy = how.decoy != 0;
        Ok(sending)
    }
}

/// Reads the name of a channel.
pub(crate) fn channel(name: Option<&str>) -> Result<Channel, Fault> {
    match name {
        None | Some("sms") => Ok(Channel::Sms),
        Some("voice") => Ok(Channel::Voice),
        Some(_) => Err(Fault::misuse("sending.channel: must be sms or voice")),
    }
}

/// Reads what a receipt must be for.
///
/// # Safety
///
/// The same as for [`transaction`].
pub(crate) unsafe fn expected(of: *const x2f_expected) -> Result<Expected, Fault> {
    // SAFETY: the caller's promise.
    unsafe {
        let of = read(of)?.ok_or_else(|| Fault::null("expected"))?;
        let mut expected = Expected::new(
            required(of.subject, "expected.subject")?,
            required(of.purpose, "expected.purpose")?,
        );
        expected.recipient = optional(of.recipient);
        expected.session = optional(of.session);
        expected.transaction = transaction(of.transaction)?;
        Ok(expected)
    }
}
