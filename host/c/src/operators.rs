//! Functions for operators. Keep them out of reach of what serves users. Each call is an event that names the operator.

use std::ffi::c_char;

use xoxzo_2fa::Operator;

use crate::arguments::required;
use crate::client::{client, x2f_client};
use crate::fault::{Fault, done, x2f_failure, x2f_outcome};
use crate::record::Place;
use crate::results::{x2f_credits, x2f_limits, x2f_unlocked};
use crate::text::optional;

unsafe fn operator(client: *const x2f_client, name: *const c_char) -> Result<Operator, Fault> {
    // SAFETY: the caller's promise.
    unsafe {
        let name = required(name, "operator")?;
        Ok(Operator::beside(&self::client(client)?.two_factor, name))
    }
}

/// Clears the counters that lock out a user, which are failures, cooldowns and messages, but nothing that is counted for a client, a
/// range or the service. X2F_REFUSE with `nothing-locked` if nothing is counted. Verify who asks. `operator_name` is in the event.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_unlock(
    client: *const x2f_client,
    operator_name: *const c_char,
    subject: *const c_char,
    recipient: *const c_char,
    unlocked: *mut x2f_unlocked,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            let place = Place::new(unlocked)?;
            let operator = operator(client, operator_name)?;
            let subject = required(subject, "subject")?;
            let cleared = operator.unlock(&required(recipient, "recipient")?, &subject)?;
            place.fill(|unlocked| unlocked.fill(&cleared));
            Ok(())
        })
    }
}

/// Reads every counter that could refuse a user, and charges none. `client_address` is an end user's address, whose counters are then
/// read too. It may be NULL. `operator_name` is in the event.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_look(
    client: *const x2f_client,
    operator_name: *const c_char,
    subject: *const c_char,
    recipient: *const c_char,
    client_address: *const c_char,
    limits: *mut x2f_limits,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            let place = Place::new(limits)?;
            let operator = operator(client, operator_name)?;
            let subject = required(subject, "subject")?;
            let recipient = required(recipient, "recipient")?;
            let address = optional(client_address);
            let counted = operator.limits(&recipient, &subject, address.as_deref())?;
            place.fill(|limits| limits.fill(&counted));
            Ok(())
        })
    }
}

/// Queries the balance of the account at Xoxzo. `operator_name` is in the event.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_ask_credits(
    client: *const x2f_client,
    operator_name: *const c_char,
    credits: *mut x2f_credits,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            let place = Place::new(credits)?;
            let balance = operator(client, operator_name)?.credits()?;
            place.fill(|credits| credits.fill(&balance));
            Ok(())
        })
    }
}
