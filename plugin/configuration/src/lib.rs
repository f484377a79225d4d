//! The component of world `xoxzo:two-factor/two-factor-configuration`.
//!
//! # In scope
//!
//! - Settings checked and prepared for the components that run operations
//! - Keys, receipts, and whatever else needs neither network nor guard
//!
//! # Out of scope
//!
//! - Every decision: those are the engine's

#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

use xoxzo_2fa_core::{
    Locale, Prepared, ReceiptKey, RequestKey, RootKey, StepUp, Trail, Transaction, check_receipt,
    explain, inspect, number_index, sign_request,
};
use xoxzo_2fa_shell::{ExportResult, convert, host_random, types};

use bindings::exports::xoxzo::two_factor::configuration;

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package xoxzo:configuration;

            world configuration {
              export xoxzo:two-factor/configuration@0.1.0;
            }
        ",
        path: "../../wit",
        world: "xoxzo:configuration/configuration",
        with: { "xoxzo:two-factor/types@0.1.0": xoxzo_2fa_shell::types },
        generate_all,
    });
}

struct Component;

// Elsewhere no linker takes the names of the exports.
#[cfg(target_arch = "wasm32")]
bindings::export!(Component with_types_in bindings);

impl configuration::Guest for Component {
    fn prepare(json: String) -> ExportResult<types::Prepared> {
        let preparation =
            xoxzo_2fa_json::prepare(&json, &mut host_random()).map_err(convert::failure)?;
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
        expected: types::Expected,
    ) -> ExportResult<types::Claims> {
        let keys: Result<Vec<_>, _> = receipt_keys
            .iter()
            .map(|key| ReceiptKey::parse(key))
            .collect();
        let keys = keys.map_err(|unfit| convert::failure(unfit.argument("receipt-keys")))?;
        let expected = convert::expected(&expected);
        check_receipt(&keys, &receipt, now_seconds, expected)
            .map(convert::claims)
            .map_err(convert::failure)
    }

    fn keygen() -> ExportResult<types::WrittenKey> {
        let key = RootKey::generate(&mut host_random()).map_err(convert::failure)?;
        Ok(types::WrittenKey { key: key.to_text() })
    }

    fn receipt_key(
        root_key: String,
        audience: String,
        test: bool,
    ) -> ExportResult<types::WrittenKey> {
        let root = RootKey::parse(&root_key)
            .map_err(|unfit| convert::failure(unfit.argument("root-key")))?;
        Ok(types::WrittenKey {
            key: root.receipt_key(&audience, test).to_text(),
        })
    }

    fn request_key(
        root_key: String,
        audience: String,
        test: bool,
    ) -> ExportResult<types::WrittenKey> {
        let root = RootKey::parse(&root_key)
            .map_err(|unfit| convert::failure(unfit.argument("root-key")))?;
        Ok(types::WrittenKey {
            key: root.request_key(&audience, test).to_text(),
        })
    }

    fn sign_request(
        request_key: String,
        now_seconds: u32,
        step_up: types::StepUp,
    ) -> ExportResult<types::SignedRequest> {
        let key = RequestKey::parse(&request_key)
            .map_err(|unfit| convert::failure(unfit.argument("request-key")))?;
        let asked = StepUp {
            subject: &step_up.subject,
            session: step_up.session.as_deref(),
            transaction: convert::paid(&step_up.transaction),
        };
        let signed = sign_request(&key, now_seconds, asked, &mut host_random());
        let signed = signed.map_err(convert::failure)?;
        Ok(types::SignedRequest {
            request: signed.request,
            expires_in_seconds: signed.expires_in,
        })
    }

    fn inspect(token: String) -> ExportResult<types::TokenInfo> {
        inspect(&token)
            .map(convert::token_info)
            .map_err(convert::failure)
    }

    fn preview(
        settings: String,
        purpose: Option<String>,
        transaction: Option<types::Transaction>,
    ) -> ExportResult<types::MessagePreviews> {
        let settings = Prepared::parse(&settings).map_err(convert::failure)?;
        let paid = transaction.as_ref().map(convert::paid);
        let paid = paid.map(Transaction::parse).transpose();
        let paid = paid.map_err(convert::failure)?;
        settings
            .previews(purpose.as_deref(), paid.as_ref())
            .map(convert::previews)
            .map_err(convert::failure)
    }

    fn index_of(settings: String, recipient: String) -> ExportResult<types::NumberIndex> {
        let settings = Prepared::parse(&settings).map_err(convert::failure)?;
        number_index(&settings, &recipient)
            .map(|index| types::NumberIndex { index })
            .map_err(convert::failure)
    }

    fn trail_of(
        settings: String,
        subject: String,
        recipient: String,
    ) -> ExportResult<types::Trail> {
        let settings = Prepared::parse(&settings).map_err(convert::failure)?;
        Trail::of(&settings, &subject, &recipient)
            .map(convert::trail)
            .map_err(convert::failure)
    }

    fn explain(
        code: types::Code,
        guesses_left: Option<u32>,
        retry_after_seconds: Option<u32>,
        locale: String,
    ) -> ExportResult<types::Explanation> {
        let locale =
            Locale::parse(&locale).map_err(|unfit| convert::failure(unfit.argument("locale")))?;
        let code = convert::known(code);
        Ok(convert::explanation(explain(
            code,
            guesses_left,
            retry_after_seconds,
            locale,
        )))
    }
}
