//! The component of world `xoxzo:two-factor/two-factor-steps`.
//!
//! # In scope
//!
//! - The engine's turns as plain functions: what an operation waits for, and the state to go on with
//!
//! # Out of scope
//!
//! - Every decision: those are the engine's

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;

use xoxzo_2fa_core::{
    About, Answer, AskCredits, AskLimits, Dispatch, Ended, Failure, Kept, Known, Prepared, Status,
    Suspended, Told, Turn, Unlock, Verify,
};
use xoxzo_2fa_shell::{ExportResult, convert, host_random, types};

use bindings::exports::xoxzo::two_factor::steps::{self, Counting, Posting, Step};

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package xoxzo:steps;

            world steps {
              export xoxzo:two-factor/steps@0.1.0;
            }
        ",
        path: "../../wit",
        world: "xoxzo:steps/steps",
        with: { "xoxzo:two-factor/types@0.1.0": xoxzo_2fa_shell::types },
        generate_all,
    });
}

struct Component;

// Elsewhere no linker takes the names of the exports.
#[cfg(target_arch = "wasm32")]
bindings::export!(Component with_types_in bindings);

/// The settings and the operation of the latest step. The next step of that operation, in the same instance, need not read them again.
#[cfg(target_arch = "wasm32")]
fn kept() -> &'static mut Kept {
    static mut KEPT: Kept = Kept::new();
    // SAFETY: this target has one thread, and a step calls no other.
    unsafe { &mut *(&raw mut KEPT) }
}

/// Elsewhere there are threads, and each step stands alone.
#[cfg(not(target_arch = "wasm32"))]
fn kept() -> Kept {
    Kept::new()
}

/// One step: what comes next, with the state to go on with.
#[expect(clippy::result_large_err, reason = "the record of the contract")]
fn step(
    settings: &str,
    now: u32,
    step: impl FnOnce(&mut Known) -> Result<Turn<Suspended>, Failure>,
) -> ExportResult<steps::Turn> {
    let kept = &mut kept();
    let known = kept.known(settings.as_bytes()).map_err(convert::failure)?;
    let step = match step(known).map_err(convert::failure)? {
        Turn::Count(charges, waiting) => Step::Count(Counting {
            state: known.suspend(waiting, now),
            charges: charges.into_iter().map(convert::charge).collect(),
        }),
        Turn::Send(request, waiting) => Step::Send(Posting {
            state: known.suspend(waiting, now),
            request: convert::request(request),
        }),
        Turn::Done(Told { output, audit }) => match output {
            Ended::Challenged(output) => {
                Step::Challenged(convert::challenge(Told { output, audit }))
            }
            Ended::Accepted(output) => Step::Accepted(convert::acceptance(Told { output, audit })),
            Ended::Reported(output) => Step::Reported(convert::report(Told { output, audit })),
            Ended::Unlocked(output) => Step::Unlocked(convert::unlocked(Told { output, audit })),
            Ended::Limits(output) => Step::Limits(convert::limits(Told { output, audit })),
            Ended::Credits(output) => Step::Credits(convert::credits(Told { output, audit })),
        },
    };
    Ok(steps::Turn { step })
}

/// The first step of an operation, for which only the settings are needed.
#[expect(clippy::result_large_err, reason = "the record of the contract")]
fn begin(
    settings: &str,
    now: u32,
    begin: impl FnOnce(&Prepared) -> Result<Turn<Suspended>, Failure>,
) -> ExportResult<steps::Turn> {
    step(settings, now, |known| begin(known.settings()))
}

/// Goes on with what came back.
#[expect(clippy::result_large_err, reason = "the record of the contract")]
fn resume(settings: &str, now: u32, state: &str, came: Answer) -> ExportResult<steps::Turn> {
    step(settings, now, |known| known.resume(now, state, came))
}

impl steps::Guest for Component {
    fn start(
        settings: String,
        now: u32,
        binding: types::Binding,
        sending: types::Sending,
        audit: bool,
    ) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let (claimed, sending) = (convert::claimed(&binding), convert::sending(&sending));
            let begun = Dispatch::start(settings, now, claimed, sending, &mut host_random());
            let about = || About::claimed(settings, claimed, None);
            Turn::audited(begun, settings, audit, about).map(Turn::any)
        })
    }

    fn resend(
        settings: String,
        now: u32,
        token: String,
        binding: types::Binding,
        sending: types::Sending,
        audit: bool,
    ) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let (claimed, sending) = (convert::claimed(&binding), convert::sending(&sending));
            let begun = Dispatch::resend(settings, now, &token, claimed, sending);
            let about = || About::claimed(settings, claimed, Some(&token));
            Turn::audited(begun, settings, audit, about).map(Turn::any)
        })
    }

    fn verify(
        settings: String,
        now: u32,
        token: String,
        binding: types::Binding,
        pin: String,
        client: Option<String>,
        audit: bool,
    ) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let claimed = convert::claimed(&binding);
            let begun = Verify::begin(settings, now, &token, claimed, &pin, client.as_deref());
            let about = || About::claimed(settings, claimed, Some(&token));
            Turn::audited(begun, settings, audit, about).map(Turn::any)
        })
    }

    fn status(
        settings: String,
        now: u32,
        handle: String,
        audit: bool,
    ) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let begun = Status::begin(settings, now, &handle);
            Turn::audited(begun, settings, audit, About::default).map(Turn::any)
        })
    }

    fn unlock(
        settings: String,
        now: u32,
        subject: String,
        recipient: String,
        audit: bool,
    ) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let begun = Unlock::begin(settings, &subject, &recipient);
            let about = || About::user(settings, &subject, &recipient);
            Turn::audited(begun, settings, audit, about).map(Turn::any)
        })
    }

    fn limits(
        settings: String,
        now: u32,
        subject: String,
        recipient: String,
        client: Option<String>,
        audit: bool,
    ) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let begun = AskLimits::begin(settings, &subject, &recipient, client.as_deref());
            let about = || About::user(settings, &subject, &recipient);
            Turn::audited(begun, settings, audit, about).map(Turn::any)
        })
    }

    fn credits(settings: String, now: u32, audit: bool) -> ExportResult<steps::Turn> {
        begin(&settings, now, |settings| {
            let begun = AskCredits::begin(settings, now);
            Turn::audited(begun, settings, audit, About::default).map(Turn::any)
        })
    }

    fn counted(
        settings: String,
        now: u32,
        state: String,
        totals: types::Totals,
    ) -> ExportResult<steps::Turn> {
        let came = Answer::Totals(convert::totals(totals));
        resume(&settings, now, &state, came)
    }

    fn sent(
        settings: String,
        now: u32,
        state: String,
        response: types::Response,
    ) -> ExportResult<steps::Turn> {
        let came = Answer::Response(convert::response(response));
        resume(&settings, now, &state, came)
    }

    fn unanswered(
        settings: String,
        now: u32,
        state: String,
        why: types::HostFailure,
    ) -> ExportResult<steps::Turn> {
        resume(&settings, now, &state, convert::unanswered(why))
    }
}
