//! World `two-factor-configuration`: what needs neither guard nor network. Settings are prepared and checked, keys made, tokens looked at.

use std::fmt;

use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use crate::audit::Trail;
use crate::binding::{MessagePreview, TokenInfo, Transaction};
use crate::bindings::configuration::exports::xoxzo::two_factor::configuration::Guest;
use crate::bindings::configuration::{
    TwoFactorConfiguration as Exports, TwoFactorConfigurationPre,
};
use crate::bindings::xoxzo::two_factor::types;
use crate::error::Error;
use crate::exchange::bounded;
use crate::guard::Scope;
use crate::instance::{Bundled, DEADLINE, State as Any, World};
use crate::settings::Settings;
use crate::signed::Token;

static BUNDLED: Bundled<Exports> =
    Bundled::new(include_bytes!("../plugin/two-factor-configuration.wasm"));

type State = Any<()>;

impl World for Exports {
    type Host = ();
    type Pre = TwoFactorConfigurationPre<State>;

    fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
        Self::add_to_linker::<_, HasSelf<_>>(linker, |state: &mut State| state)
    }

    fn prepare(pre: InstancePre<State>) -> wasmtime::Result<Self::Pre> {
        TwoFactorConfigurationPre::new(pre)
    }

    fn instantiate(pre: &Self::Pre, store: &mut Store<State>) -> wasmtime::Result<Self> {
        pre.instantiate(store)
    }
}

/// Makes one call.
pub(crate) fn configure<T>(
    call: impl FnOnce(&Guest, &mut Store<State>) -> wasmtime::Result<Result<T, types::Failure>>,
) -> Result<T, Error> {
    BUNDLED.plugin()?.once(DEADLINE, |exports, store| {
        call(exports.xoxzo_two_factor_configuration(), store)
    })
}

/// Checks a settings document and derives its keys.
pub(crate) fn prepare(document: &str) -> Result<types::Prepared, Error> {
    configure(|configuration, store| configuration.call_prepare(store, document))
}

/// Computes the pseudonyms of a user.
pub(crate) fn trail_of(settings: &str, recipient: &str, subject: &str) -> Result<Trail, Error> {
    let (recipient, subject) = (bounded(recipient), bounded(subject));
    configure(|configuration, store| {
        configuration.call_trail_of(store, settings, subject, recipient)
    })
    .map(Trail::from)
}

/// Computes an index of a phone number.
pub(crate) fn index_of(settings: &str, recipient: &str) -> Result<String, Error> {
    let recipient = bounded(recipient);
    configure(|configuration, store| configuration.call_index_of(store, settings, recipient))
        .map(|it| it.index)
}

/// Settings that were found sound, without a guard to use them with.
pub struct Checked {
    prepared: types::Prepared,
}

impl Checked {
    /// The settings in effect, defaults filled in, as JSON without secrets.
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        &self.prepared.effective
    }

    /// Returns warnings about settings that are allowed and unwise, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.prepared.warnings
    }

    /// Shows the messages of a purpose in every language, as these settings would send them without a template: for a payment, or for
    /// anything else. Without a purpose, those of the first.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for an unknown purpose or a malformed transaction.
    pub fn preview(
        &self,
        purpose: Option<&str>,
        transaction: Option<&Transaction>,
    ) -> Result<Vec<MessagePreview>, Error> {
        let transaction = transaction.map(Transaction::to_wit);
        let preview = configure(|configuration, store| {
            let settings = &self.prepared.settings;
            configuration.call_preview(store, settings, purpose, transaction.as_ref())
        })?;
        Ok(preview
            .previews
            .into_iter()
            .map(MessagePreview::from)
            .collect())
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked")
            .field("settings", &self.prepared.effective)
            .finish_non_exhaustive()
    }
}

/// Checks settings without using them, for a store of a scope: what is in effect, what is unwise, how messages look, and how all of it
/// stands to the standards.
///
/// # Errors
///
/// [`Error::Misuse`] for wrong settings, or settings for a store of the other scope.
pub fn check(settings: &Settings, scope: Scope) -> Result<Checked, Error> {
    let prepared = prepare(&settings.document(scope)?)?;
    Ok(Checked { prepared })
}

/// Makes a key for `keys` or `guard.key`. A secret: write it where secrets are kept.
///
/// # Errors
///
/// [`Error::Upstream`] if the system gives no randomness.
pub fn keygen() -> Result<String, Error> {
    configure(|configuration, store| configuration.call_keygen(store)).map(|written| written.key)
}

/// Reads what a token carries in the clear, to look for a fault. Proves nothing.
///
/// # Errors
///
/// [`Error::Refuse`] for what does not have the form of a token.
pub fn inspect(token: &Token) -> Result<TokenInfo, Error> {
    let token = token.bounded();
    configure(|configuration, store| configuration.call_inspect(store, token)).map(TokenInfo::from)
}
