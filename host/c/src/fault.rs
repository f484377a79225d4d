//! The answer of a call: its outcome and, if it failed, the reason. No panic goes on beyond here.

use std::ffi::c_char;
use std::panic::{AssertUnwindSafe, catch_unwind};

use xoxzo_2fa::{Code, Error, GuardError};

use crate::record::{Place, records};
use crate::results::x2f_audit;
use crate::text::put;

/// Success of a call, or the party that has to act on its failure.
///
/// Always compare with X2F_OK. Never use it as a boolean: it is never 0.
#[repr(C)]
#[expect(dead_code, reason = "programs make them")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum x2f_outcome {
    /// Nothing was called yet.
    X2F_NONE = 0,
    /// The call did what was asked.
    X2F_OK = 1,
    /// The embedding program: wrong settings, or an argument that no user can cause. Fix it.
    X2F_MISUSE = 2,
    /// The end user: a wrong PIN, an expired token, a limit. Show it.
    X2F_REFUSE = 3,
    /// Something outside: Xoxzo, the network, the guard, the clock, the engine. Try later, raise an alarm.
    X2F_UPSTREAM = 4,
}

/// A failure of a call. No field ever holds a PIN, a token, a key or a full phone number.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct x2f_failure {
    /// sizeof(x2f_failure), set by the caller.
    pub size: usize,
    /// The blame: the value that the call returned, one of x2f_outcome. 0 if the call did not fail.
    pub blame: u32,
    /// The code of wit/types.wit, such as `wrong-pin` or `expired`; or `plugin` if the engine trapped, ran past its limit or broke the contract.
    pub code: [c_char; 24],
    /// One line for a log. English, for operators, not for end users.
    pub detail: [c_char; 512],
    /// Tries that the challenge still has. Present with `wrong-pin`. -1 if absent.
    pub guesses_left: i64,
    /// Seconds until trying again can work. -1 where waiting does not help.
    pub retry_after_seconds: i64,
    /// Seconds until the token expires. Present where the token was valid. -1 if absent.
    pub expires_in_seconds: i64,
    /// Information for operators.
    pub audit: x2f_audit,
}

records!(x2f_failure);

/// Decides whether a user may go on. A struct, so that `if (x2f_verify(...))` does not compile. One that is all zero is no acceptance.
#[repr(C)]
#[derive(Clone, Copy)]
#[must_use]
pub struct x2f_verdict {
    /// True lets the user in. Nothing else does.
    pub accepted: bool,
    /// X2F_OK if accepted, or the blame of the failure.
    pub outcome: x2f_outcome,
}

/// The reason why a call failed: the SDK's, or what is wrong with the call itself.
pub(crate) enum Fault {
    Sdk(Error),
    Misuse(String),
    Guard(GuardError),
    Panic,
}

impl Fault {
    pub(crate) fn misuse(detail: impl Into<String>) -> Self {
        Self::Misuse(detail.into())
    }

    pub(crate) fn null(what: &str) -> Self {
        Self::Misuse(format!("{what}: is NULL"))
    }

    pub(crate) fn blame(&self) -> x2f_outcome {
        match self {
            Self::Sdk(Error::Misuse(_)) | Self::Misuse(_) => x2f_outcome::X2F_MISUSE,
            Self::Sdk(Error::Refuse(_)) => x2f_outcome::X2F_REFUSE,
            // A kind of failure that is new in the SDK lets nobody in either.
            Self::Sdk(_) | Self::Guard(_) | Self::Panic => x2f_outcome::X2F_UPSTREAM,
        }
    }

    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Sdk(error) => error.code(),
            Self::Misuse(_) => Code::Request,
            Self::Guard(_) => Code::Guard,
            Self::Panic => Code::Plugin,
        }
    }

    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Sdk(error) => error.failure().detail.clone(),
            Self::Misuse(detail) => detail.clone(),
            Self::Guard(error) => error.to_string(),
            Self::Panic => "the library panicked".to_string(),
        }
    }

    fn fill(&self, failure: &mut x2f_failure) {
        let absent = -1;
        failure.blame = self.blame() as u32;
        put(&mut failure.code, self.code().as_str());
        put(&mut failure.detail, &self.detail());
        failure.guesses_left = absent;
        failure.retry_after_seconds = absent;
        failure.expires_in_seconds = absent;
        if let Self::Sdk(error) = self {
            let told = error.failure();
            let seconds = |time: Option<std::time::Duration>| {
                time.map_or(absent, |time| time.as_secs().cast_signed())
            };
            failure.guesses_left = told.guesses_left.map_or(absent, i64::from);
            failure.retry_after_seconds = seconds(told.retry_after);
            failure.expires_in_seconds = seconds(told.expires_in);
            if let Some(audit) = &told.audit {
                failure.audit.fill(audit);
            }
        }
    }
}

/// A fault of an argument.
impl From<String> for Fault {
    fn from(detail: String) -> Self {
        Self::Misuse(detail)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sdk(error)
    }
}

/// Runs the work of an export, and takes a panic of it for a failure.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // The hook of panics has printed what there is to say.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or(Err(Fault::Panic))
}

/// Drops what a program closes.
pub(crate) fn freed<T>(closed: Box<T>) {
    // Nobody could be told of a panic.
    let _ = caught(|| {
        drop(closed);
        Ok(())
    });
}

/// [`caught`], with the failure told to the program.
///
/// # Safety
///
/// `failure` is NULL, or points to a struct of the size that it says.
pub(crate) unsafe fn told<T>(
    failure: *mut x2f_failure,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, x2f_outcome> {
    // SAFETY: the caller's promise.
    let place = caught(|| Ok(unsafe { Place::new(failure) }?));
    let result = match place {
        Ok(place) => caught(work).map_err(|fault| (fault, Some(place))),
        Err(fault) => Err((fault, None)),
    };
    result.map_err(|(fault, place)| {
        if let Some(place) = place {
            place.fill(|failure| fault.fill(failure));
        }
        fault.blame()
    })
}

/// [`told`], for work whose result is written by itself.
///
/// # Safety
///
/// The same as for [`told`].
pub(crate) unsafe fn done(
    failure: *mut x2f_failure,
    work: impl FnOnce() -> Result<(), Fault>,
) -> x2f_outcome {
    // SAFETY: the caller's promise.
    match unsafe { told(failure, work) } {
        Ok(()) => x2f_outcome::X2F_OK,
        Err(blame) => blame,
    }
}

/// [`told`], for work that decides about a user.
///
/// # Safety
///
/// The same as for [`told`].
pub(crate) unsafe fn judged(
    failure: *mut x2f_failure,
    work: impl FnOnce() -> Result<(), Fault>,
) -> x2f_verdict {
    // SAFETY: the caller's promise.
    let outcome = unsafe { done(failure, work) };
    x2f_verdict {
        accepted: outcome == x2f_outcome::X2F_OK,
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use std::mem;

    use super::*;
    use crate::text::stored;

    fn empty() -> x2f_failure {
        // SAFETY: all zero is a value of it.
        let mut failure: x2f_failure = unsafe { mem::zeroed() };
        failure.size = size_of::<x2f_failure>();
        failure
    }

    #[test]
    fn a_panic_is_a_failure_and_lets_nobody_in() {
        let mut failure = empty();
        // SAFETY: the failure is as long as it says.
        let verdict = unsafe { judged(&raw mut failure, || panic!("of this test")) };
        assert!(!verdict.accepted);
        assert_eq!(verdict.outcome, x2f_outcome::X2F_UPSTREAM);
        assert_eq!(failure.blame, x2f_outcome::X2F_UPSTREAM as u32);
        assert_eq!(stored(&failure.code), "plugin");
        // SAFETY: NULL is allowed.
        let outcome = unsafe { done(std::ptr::null_mut(), || panic!("of this test")) };
        assert_eq!(outcome, x2f_outcome::X2F_UPSTREAM);
    }

    #[test]
    fn a_failure_of_a_wrong_size_is_misuse_and_nothing_is_done() {
        let mut failure = empty();
        failure.size = 8;
        // SAFETY: the failure is longer than it says.
        let verdict = unsafe { judged(&raw mut failure, || Ok(())) };
        assert!(!verdict.accepted);
        assert_eq!(verdict.outcome, x2f_outcome::X2F_MISUSE);
        assert_eq!(failure.blame, 0);
    }

    #[test]
    fn success_leaves_an_empty_failure() {
        let mut failure = empty();
        failure.blame = 3;
        // SAFETY: the failure is as long as it says.
        let verdict = unsafe { judged(&raw mut failure, || Ok(())) };
        assert!(verdict.accepted);
        assert_eq!((failure.blame, failure.code[0]), (0, 0));
    }
}
