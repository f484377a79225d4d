//! Functions that need neither guard nor network.

use std::ffi::c_char;
use std::slice;
use std::time::SystemTime;

use xoxzo_2fa::{check_receipt, inspect, keygen};

use crate::arguments::{expected, required, x2f_expected};
use crate::client::{client, set_up, x2f_client};
use crate::fault::{Fault, done, judged, x2f_failure, x2f_outcome, x2f_verdict};
use crate::record::Place;
use crate::results::{x2f_claims, x2f_token_info};
use crate::text::put;

/// Returns the version of this library and of the contract that it implements, such as `0.1.0`.
#[unsafe(no_mangle)]
pub extern "C" fn x2f_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// Makes a key for `keys` or `guard.key` in the settings. It is a secret: write it where secrets are kept.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_keygen(
    key: *mut [c_char; 65],
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            set_up();
            let key = key.as_mut().ok_or_else(|| Fault::null("key"))?;
            *key = [0; 65];
            put(key, &keygen()?);
            Ok(())
        })
    }
}

/// Computes an index of a phone number: 22 characters. With it a service finds out whether a number is already registered, and by whom, without storing the
/// number in the clear. The index is the same for the same `guard.key`. X2F_MISUSE for a malformed recipient.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_number_index(
    client: *const x2f_client,
    recipient: *const c_char,
    index: *mut [c_char; 23],
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            let index = index.as_mut().ok_or_else(|| Fault::null("index"))?;
            *index = [0; 23];
            let client = self::client(client)?;
            let recipient = required(recipient, "recipient")?;
            put(index, &client.two_factor.number_index(&recipient)?);
            Ok(())
        })
    }
}

/// Checks with `count` receipt keys (`xoxzo-2fa keygen --receipt-for AUDIENCE`), at most 256, that a receipt is genuine, has not expired and is for
/// the expected values. It uses neither settings nor guard: `client` may be NULL, and is there for its clock. X2F_REFUSE with `invalid-token` for a
/// receipt that is forged, altered or for something else. A receipt can be replayed until it expires: where that matters, remember each `id` and
/// accept it once.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn x2f_check_receipt(
    client: *const x2f_client,
    receipt_keys: *const *const c_char,
    count: usize,
    receipt: *const c_char,
    expected: *const x2f_expected,
    claims: *mut x2f_claims,
    failure: *mut x2f_failure,
) -> x2f_verdict {
    // SAFETY: the header's rules for arguments.
    unsafe {
        judged(failure, || {
            set_up();
            let place = Place::new(claims)?;
            if count > 256 || count > 0 && receipt_keys.is_null() {
                return Err(Fault::misuse("receipt_keys: must be at most 256"));
            }
            let listed = match count {
                0 => &[],
                _ => slice::from_raw_parts(receipt_keys, count),
            };
            let keys: Result<Vec<_>, _> = listed
                .iter()
                .map(|key| required(*key, "receipt_keys"))
                .collect();
            let receipt = required(receipt, "receipt")?.as_str().into();
            let now = client
                .as_ref()
                .map_or_else(SystemTime::now, x2f_client::now);
            let proved = check_receipt(&keys?, &receipt, now, &self::expected(expected)?)?;
            place.fill(|claims| claims.fill(&proved));
            Ok(())
        })
    }
}

/// Reads the unauthenticated part of a token, for debugging. It proves nothing.
///
/// # Safety
///
/// The header's rules for arguments.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn x2f_inspect(
    token: *const c_char,
    token_info: *mut x2f_token_info,
    failure: *mut x2f_failure,
) -> x2f_outcome {
    // SAFETY: the header's rules for arguments.
    unsafe {
        done(failure, || {
            set_up();
            let place = Place::new(token_info)?;
            let read = inspect(&required(token, "token")?.as_str().into())?;
            place.fill(|token_info| token_info.fill(&read));
            Ok(())
        })
    }
}
