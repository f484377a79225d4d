//! The operations of a login. wit/challenges.wit says what each checks, charges and refuses.

use std::ffi::c_char;
use std::time::Duration;

use xoxzo_2fa::{Code, Pin, Token, explain};

use crate::arguments::{binding, required, sending, x2f_binding, x2f_sending};
use crate::client::{client, set_up, x2f_client};
use crate::fault::{Fault, done, judged, x2f_failure, x2f_outcome, x2f_verdict};
use crate::record::{Place, read};
use crate::results::{x2f_acceptance, x2f_challenge, x2f_explanation, x2f_report};
use crate::text::{optional, stored};

/// Makes a PIN, sends it to the recipient and fills in the challenge. `sending` may be NULL.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_start(
    client: *const x2f_client,
    binding: *const x2f_binding,
    sending: *const x2f_sending,
    challenge: *mut x2f_challenge,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            let place = Place::new(challenge)?;
            let client = self::client(client)?;
            let (binding, sending) = (self::binding(binding)?, self::sending(sending)?);
            let sent = client.two_factor.start_with(&binding, &sending)?;
            place.fill(|challenge| challenge.fill(&sent));
            Ok(())
        })
    }
}

/// Sends the PIN of a challenge once more, or says it in a call. PIN and token stay the same, and neither lifetime nor guesses are
/// extended. Call it only when the user asks for it. `sending` may be NULL. The token MUST NOT be kept in `challenge` alone: a refusal
/// zeroes that, and the token stays valid.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_resend(
    client: *const x2f_client,
    token: *const c_char,
    binding: *const x2f_binding,
    sending: *const x2f_sending,
    challenge: *mut x2f_challenge,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments. The token may be in the challenge, so it is read first.
    unsafe {
        done(failure, || {
            let token = required(token, "token");
            let place = Place::new(challenge)?;
            let (client, token) = (self::client(client)?, Token::new(token?));
            let (binding, sending) = (self::binding(binding)?, self::sending(sending)?);
            let sent = client.two_factor.resend_with(&token, &binding, &sending)?;
            place.fill(|challenge| challenge.fill(&sent));
            Ok(())
        })
    }
}

/// Checks the PIN that the user typed. `accepted` is the only way in, and given at most once per challenge.
///
/// `client_address` is the end user's, IPv4 or IPv6. It may be NULL unless the settings have `failures.per_client`. `acceptance` may be NULL. Do not
/// repeat a call whose answer was lost: the challenge may be used.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_verify(
    client: *const x2f_client,
    token: *const c_char,
    binding: *const x2f_binding,
    pin: *const c_char,
    client_address: *const c_char,
    acceptance: *mut x2f_acceptance,
    failure: *mut x2f_failure,
) -> x2f_verdict {
    // SAFETY: the header's rules for arguments.
    unsafe {
        judged(failure, || {
            let place = Place::new(acceptance)?;
            let client = self::client(client)?;
            let binding = self::binding(binding)?;
            let token = Token::new(required(token, "token")?);
            let pin = Pin::new(required(pin, "pin")?);
            let accepted = match optional(client_address) {
                Some(address) => client
                    .two_factor
                    .verify_from(&token, &binding, &pin, &address)?,
                None => client.two_factor.verify(&token, &binding, &pin)?,
            };
            place.fill(|acceptance| acceptance.fill(&accepted));
            Ok(())
        })
    }
}

/// Queries the delivery state of a message at Xoxzo: at most once in 5 s for each message, and for one day.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_status(
    client: *const x2f_client,
    handle: *const c_char,
    report: *mut x2f_report,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            let place = Place::new(report)?;
            let client = self::client(client)?;
            let handle = required(handle, "handle")?.as_str().into();
            let reported = client.two_factor.status(&handle)?;
            place.fill(|report| report.fill(&reported));
            Ok(())
        })
    }
}

/// Explains a failure to an end user, and says what they can do. The text names no code, cause or setting.
///
/// `about` is a failure that another call filled. If it was not kept, `code`, `guesses_left` and `retry_after_seconds` are enough. `locale` is a
/// language of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. X2F_MISUSE for any other.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_explain(
    about: *const x2f_failure,
    locale: *const c_char,
    explanation: *mut x2f_explanation,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments. What is explained may be the place of the failure, so it is read first.
    unsafe {
        let about = read(about);
        done(failure, || {
            set_up();
            let place = Place::new(explanation)?;
            let about = about?.ok_or_else(|| Fault::null("about"))?;
            let code = code(&stored(&about.code))?;
            let left = u32::try_from(about.guesses_left).ok();
            let wait = u64::try_from(about.retry_after_seconds).ok();
            let locale = required(locale, "locale")?;
            let told = explain(code, left, wait.map(Duration::from_secs), &locale)?;
            place.fill(|explanation| explanation.fill(&told));
            Ok(())
        })
    }
}

/// Reads a failure's code.
pub(crate) fn code(name: &str) -> Result<Code, Fault> {
    let mut codes = Code::ALL.iter();
    let code = codes.find(|code| code.as_str() == name).copied();
    code.ok_or_else(|| Fault::misuse("code: is none of the contract's"))
}
