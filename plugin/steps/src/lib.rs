//! The component of world `xoxzo:two-factor/two-factor-steps`.
//!
//! # In scope
//!
//! - The engine's turns as plain functions: what an operation waits for, and the state to go on with
//! - The same functions as text
//!
//! # Out of scope
//!
//! - Every decision: those are the engine's

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;

use xoxzo_2fa_core::{
    Answer as Came, Dispatch, Ended, Failure, Operation, Prepared, Status, Turn, Unlock, Verify,
    Waiting,
};
use xoxzo_2fa_shell::{Answer, Random, convert, types};

use bindings::exports::xoxzo::two_factor::steps::{self, Counting, Posting, Step};
use bindings::exports::xoxzo::two_factor::text;

mod bindings {
    // The world without `configuration`, which comes with the shell.
    wit_bindgen::generate!({
        inline: "
            package xoxzo:steps;

            world steps {
              export xoxzo:two-factor/steps@0.1.0;
              export xoxzo:two-factor/text@0.1.0;
            }
        ",
        path: "wit",
        world: "xoxzo:steps/steps",
        with: { "xoxzo:two-factor/types@0.1.0": xoxzo_2fa_shell::types },
        generate_all,
    });
}

struct Component;

// Elsewhere no linker takes the names of the exports.
#[cfg(target_arch = "wasm32")]
bindings::export!(Component with_types_in bindings);

/// One step: what comes next, with the state to go on with.
fn step(
    settings: &str,
    now: u32,
    step: impl FnOnce(&Prepared) -> Result<Turn<Waiting>, Failure>,
) -> Answer<steps::Turn> {
    let settings = Prepared::parse(settings).map_err(convert::failure)?;
    let step = match step(&settings).map_err(convert::failure)? {
        Turn::Count(charges, waiting) => Step::Count(Counting {
            state: waiting.to_state(&settings, now),
            charges: charges.into_iter().map(convert::charge).collect(),
        }),
        Turn::Send(request, waiting) => Step::Send(Posting {
            state: waiting.to_state(&settings, now),
            request: convert::request(request),
        }),
        Turn::Done(Ended::Challenged(challenge)) => Step::Challenged(convert::challenge(challenge)),
        Turn::Done(Ended::Accepted(acceptance)) => Step::Accepted(convert::acceptance(acceptance)),
        Turn::Done(Ended::Reported(report)) => Step::Reported(convert::report(report)),
        Turn::Done(Ended::Unlocked(unlocked)) => Step::Unlocked(convert::unlocked(unlocked)),
    };
    Ok(steps::Turn { step })
}

/// Goes on with what came back.
fn resume(settings: &str, now: u32, state: &str, came: Came) -> Answer<steps::Turn> {
    step(settings, now, |settings| {
        Waiting::from_state(settings, now, state)?.resume(settings, now, came)
    })
}

impl steps::Guest for Component {
    fn start(
        settings: String,
        now: u32,
        binding: types::Binding,
        sending: types::Sending,
    ) -> Answer<steps::Turn> {
        step(&settings, now, |settings| {
            let (claimed, sending) = (convert::claimed(&binding), convert::sending(&sending));
            Dispatch::start(settings, now, claimed, sending, &mut Random).map(Turn::any)
        })
    }

    fn resend(
        settings: String,
        now: u32,
        token: String,
        binding: types::Binding,
        sending: types::Sending,
    ) -> Answer<steps::Turn> {
        step(&settings, now, |settings| {
            let (claimed, sending) = (convert::claimed(&binding), convert::sending(&sending));
            Dispatch::resend(settings, now, &token, claimed, sending).map(Turn::any)
        })
    }

    fn verify(
        settings: String,
        now: u32,
        token: String,
        binding: types::Binding,
        pin: String,
        client: Option<String>,
    ) -> Answer<steps::Turn> {
        step(&settings, now, |settings| {
            let claimed = convert::claimed(&binding);
            Verify::begin(settings, now, &token, claimed, &pin, client.as_deref()).map(Turn::any)
        })
    }

    fn status(settings: String, now: u32, handle: String) -> Answer<steps::Turn> {
        step(&settings, now, |settings| {
            Status::begin(settings, now, &handle).map(Turn::any)
        })
    }

    fn unlock(
        settings: String,
        now: u32,
        subject: String,
        recipient: String,
    ) -> Answer<steps::Turn> {
        step(&settings, now, |settings| {
            Unlock::begin(settings, &subject, &recipient).map(Turn::any)
        })
    }

    fn counted(
        settings: String,
        now: u32,
        state: String,
        totals: types::Totals,
    ) -> Answer<steps::Turn> {
        let came = Came::Totals(convert::totals(totals));
        resume(&settings, now, &state, came)
    }

    fn sent(
        settings: String,
        now: u32,
        state: String,
        response: types::Response,
    ) -> Answer<steps::Turn> {
        let came = Came::Reply(convert::reply(&response));
        resume(&settings, now, &state, came)
    }

    fn lost(settings: String, now: u32, state: String, loss: types::Loss) -> Answer<steps::Turn> {
        let came = Came::Lost(convert::loss(loss));
        resume(&settings, now, &state, came)
    }
}

impl text::Guest for Component {
    fn ask(settings: String, now: u32, question: String) -> String {
        xoxzo_2fa_json::ask(&settings, now, &question, &mut Random)
    }
}
