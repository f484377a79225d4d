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

mod convert;
mod host;
#[cfg(target_arch = "wasm32")]
mod runtime;

use alloc::string::String;
use alloc::vec::Vec;

use xoxzo_2fa_core::{
    Dispatch, Prepared, ReceiptKey, RootKey, Status, Trail, Transaction, Unlock, Verify,
    check_receipt, inspect,
};

use bindings::exports::xoxzo::two_factor::{challenges, configuration};
use bindings::xoxzo::two_factor::types;
use host::{Random, now, run};

mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "two-factor", generate_all });
}

struct Component;

// Elsewhere no linker takes the names of the exports.
#[cfg(target_arch = "wasm32")]
bindings::export!(Component with_types_in bindings);

type Answer<T> = Result<T, types::Failure>;

impl configuration::Guest for Component {
    fn prepare(json: String) -> Answer<types::Prepared> {
        let preparation = xoxzo_2fa_json::prepare(&json, &mut Random).map_err(convert::failure)?;
        Ok(types::Prepared {
            settings: preparation.prepared.to_text(),
            effective: preparation.effective,
            warnings: preparation.warnings,
        })
    }

    fn check_receipt(
        receipt_keys: Vec<String>,
        receipt: String,
        now_seconds: u32,
    ) -> Answer<types::Claims> {
        let keys: Result<Vec<_>, _> = receipt_keys
            .iter()
            .map(|key| ReceiptKey::parse(key))
            .collect();
        let keys = keys.map_err(|unfit| convert::failure(unfit.argument("receipt-keys")))?;
        check_receipt(&keys, &receipt, now_seconds)
            .map(convert::claims)
            .map_err(convert::failure)
    }

    fn keygen() -> Answer<types::WrittenKey> {
        let key = RootKey::generate(&mut Random).map_err(convert::failure)?;
        Ok(types::WrittenKey { key: key.to_text() })
    }

    fn receipt_key(root_key: String, audience: String, test: bool) -> Answer<types::WrittenKey> {
        let root = RootKey::parse(&root_key)
            .map_err(|unfit| convert::failure(unfit.argument("root-key")))?;
        Ok(types::WrittenKey {
            key: root.receipt_key(&audience, test).to_text(),
        })
    }

    fn inspect(token: String) -> Answer<types::Outline> {
        inspect(&token)
            .map(convert::outline)
            .map_err(convert::failure)
    }

    fn preview(
        settings: String,
        transaction: Option<types::Transaction>,
    ) -> Answer<types::Specimens> {
        let settings = Prepared::parse(&settings).map_err(convert::failure)?;
        let paid = transaction.as_ref().map(convert::paid);
        let paid = paid.map(Transaction::parse).transpose();
        let paid = paid.map_err(convert::failure)?;
        Ok(convert::specimens(settings.specimens(paid.as_ref())))
    }

    fn trail_of(settings: String, binding: types::Binding) -> Answer<types::Trail> {
        let settings = Prepared::parse(&settings).map_err(convert::failure)?;
        Trail::of(&settings, &binding.subject, &binding.recipient)
            .map(convert::trail)
            .map_err(convert::failure)
    }
}

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
