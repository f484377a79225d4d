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

use xoxzo_2fa_core::{Dispatch, Prepared, Status, Unlock, Verify};
use xoxzo_2fa_shell::{Answer, Random, convert, types};

use bindings::exports::xoxzo::two_factor::challenges;
use host::{now, run};

mod bindings {
    // The world without `configuration`, which comes with the shell.
    wit_bindgen::generate!({
        inline: "
            package xoxzo:component;

            world component {
              import xoxzo:two-factor/http@0.1.0;
              import xoxzo:two-factor/guard@0.1.0;
              import wasi:clocks/wall-clock@0.2.0;
              export xoxzo:two-factor/challenges@0.1.0;
            }
        ",
        path: "wit",
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
    ) -> Answer<types::Challenge> {
        let start = |settings: &Prepared| {
            Dispatch::start(
                settings,
                now()?,
                convert::claimed(&binding),
                convert::sending(&sending),
                &mut Random,
            )
        };
        run(&settings, start)
            .map(convert::challenge)
            .map_err(convert::failure)
    }

    fn resend(
        settings: String,
        token: String,
        binding: types::Binding,
        sending: types::Sending,
    ) -> Answer<types::Challenge> {
        let resend = |settings: &Prepared| {
            let (claimed, sending) = (convert::claimed(&binding), convert::sending(&sending));
            Dispatch::resend(settings, now()?, &token, claimed, sending)
        };
        run(&settings, resend)
            .map(convert::challenge)
            .map_err(convert::failure)
    }

    fn verify(
        settings: String,
        token: String,
        binding: types::Binding,
        pin: String,
        client: Option<String>,
    ) -> Answer<types::Acceptance> {
        let verify = |settings: &Prepared| {
            let claimed = convert::claimed(&binding);
            Verify::begin(settings, now()?, &token, claimed, &pin, client.as_deref())
        };
        run(&settings, verify)
            .map(convert::acceptance)
            .map_err(convert::failure)
    }

    fn status(settings: String, handle: String) -> Answer<types::Report> {
        run(&settings, |settings| {
            Status::begin(settings, now()?, &handle)
        })
        .map(convert::report)
        .map_err(convert::failure)
    }

    fn unlock(settings: String, subject: String, recipient: String) -> Answer<types::Unlocked> {
        run(&settings, |settings| {
            Unlock::begin(settings, &subject, &recipient)
        })
        .map(convert::unlocked)
        .map_err(convert::failure)
    }
}
