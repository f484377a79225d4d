//! The component of world `xoxzo:two-factor/two-factor`.
//!
//! # In scope
//!
//! - Conversions between the contract's records and the engine's types
//! - One loop that answers the engine's turns with the imports
//!
//! # Out of scope
//!
//! - Every decision: those are the engine's

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod host;

use alloc::string::String;

use xoxzo_2fa_core::{About, AskCredits, AskLimits, Dispatch, Prepared, Status, Unlock, Verify};
use xoxzo_2fa_shell::{ExportResult, convert, host_random, types};

use bindings::exports::xoxzo::two_factor::{challenges, operators};
use host::{now, run};

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package xoxzo:component;

            world component {
              import xoxzo:two-factor/http@0.1.0;
              import xoxzo:two-factor/guard@0.1.0;
              import wasi:clocks/wall-clock@0.2.0;
              export xoxzo:two-factor/challenges@0.1.0;
              export xoxzo:two-factor/operators@0.1.0;
            }
        ",
        path: "../../wit",
        world: "xoxzo:component/component",
        with: { "xoxzo:two-factor/types@0.1.0": xoxzo_2fa_shell::types },
        generate_all,
    });
}

struct Component;

// Elsewhere no linker takes the names of the exports.
#[cfg(target_arch = "wasm32")]
bindings::export!(Component with_types_in bindings);

impl challenges::Guest for Component {
    fn start(
        settings: String,
        binding: types::Binding,
        sending: types::Sending,
        audit: bool,
    ) -> ExportResult<types::Challenge> {
        let claimed = convert::claimed(&binding);
        let about = |settings: &Prepared| About::claimed(settings, claimed, None);
        run(&settings, audit, about, |settings| {
            let sending = convert::sending(&sending);
            Dispatch::start(settings, now()?, claimed, sending, &mut host_random())
        })
        .map(convert::challenge)
        .map_err(convert::failure)
    }

    fn resend(
        settings: String,
        token: String,
        binding: types::Binding,
        sending: types::Sending,
        audit: bool,
    ) -> ExportResult<types::Challenge> {
        let claimed = convert::claimed(&binding);
        let about = |settings: &Prepared| About::claimed(settings, claimed, Some(&token));
        run(&settings, audit, about, |settings| {
            let sending = convert::sending(&sending);
            Dispatch::resend(settings, now()?, &token, claimed, sending)
        })
        .map(convert::challenge)
        .map_err(convert::failure)
    }

    fn verify(
        settings: String,
        token: String,
        binding: types::Binding,
        pin: String,
        client: Option<String>,
        audit: bool,
    ) -> ExportResult<types::Acceptance> {
        let claimed = convert::claimed(&binding);
        let about = |settings: &Prepared| About::claimed(settings, claimed, Some(&token));
        run(&settings, audit, about, |settings| {
            Verify::begin(settings, now()?, &token, claimed, &pin, client.as_deref())
        })
        .map(convert::acceptance)
        .map_err(convert::failure)
    }

    fn status(settings: String, handle: String, audit: bool) -> ExportResult<types::Report> {
        let about = |_: &Prepared| About::default();
        run(&settings, audit, about, |settings| {
            Status::begin(settings, now()?, &handle)
        })
        .map(convert::report)
        .map_err(convert::failure)
    }
}

impl operators::Guest for Component {
    fn unlock(
        settings: String,
        subject: String,
        recipient: String,
        audit: bool,
    ) -> ExportResult<types::Unlocked> {
        let about = |settings: &Prepared| About::user(settings, &subject, &recipient);
        run(&settings, audit, about, |settings| {
            Unlock::begin(settings, &subject, &recipient)
        })
        .map(convert::unlocked)
        .map_err(convert::failure)
    }

    fn limits(
        settings: String,
        subject: String,
        recipient: String,
        client: Option<String>,
        audit: bool,
    ) -> ExportResult<types::UserLimits> {
        let about = |settings: &Prepared| About::user(settings, &subject, &recipient);
        run(&settings, audit, about, |settings| {
            AskLimits::begin(settings, &subject, &recipient, client.as_deref())
        })
        .map(convert::limits)
        .map_err(convert::failure)
    }

    fn credits(settings: String, audit: bool) -> ExportResult<types::AccountCredits> {
        let about = |_: &Prepared| About::default();
        run(&settings, audit, about, |settings| {
            AskCredits::begin(settings, now()?)
        })
        .map(convert::credits)
        .map_err(convert::failure)
    }
}
