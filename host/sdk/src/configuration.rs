//! What needs neither guard nor network: keys made, tokens looked at, settings checked.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use wasmtime::Store;

use crate::binding::{MessagePreview, TokenInfo, Transaction};
use crate::bindings::TwoFactor as Exports;
use crate::bindings::xoxzo::two_factor::types;
use crate::component::{Host, State};
use crate::engine::shared;
use crate::error::Error;
use crate::exchange::bounded;
use crate::guard::{MemoryGuard, Scope};
use crate::instance::{DEADLINE, Plugin};
use crate::settings::Settings;
use crate::transport::{Body, Lost, Transport};

/// The component of this release.
const BUNDLED: &[u8] = include_bytes!("../plugin/two-factor.wasm");

static BUNDLED_PLUGIN: OnceLock<Result<Arc<Plugin<Exports>>, Error>> = OnceLock::new();

/// The bundled component, compiled once.
pub(crate) fn bundled() -> Result<Arc<Plugin<Exports>>, Error> {
    BUNDLED_PLUGIN
        .get_or_init(|| Plugin::new(BUNDLED).map(Arc::new))
        .clone()
}

/// Settings that were found sound, without a guard to use them with.
pub struct Checked {
    plugin: Arc<Plugin<Exports>>,
    prepared: types::Prepared,
}

impl Checked {
    /// The settings in effect, defaults filled in, as JSON without secrets.
    #[must_use]
    pub fn effective_settings(&self) -> &str {
        &self.prepared.effective
    }

    /// What is allowed and unwise, a sentence each.
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
        let preview = configure(&self.plugin, |exports, store| {
            exports.xoxzo_two_factor_configuration().call_preview(
                store,
                &self.prepared.settings,
                purpose,
                transaction.as_ref(),
            )
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
    let plugin = bundled()?;
    let document = settings.document(scope)?;
    let prepared = configure(&plugin, |exports, store| {
        exports
            .xoxzo_two_factor_configuration()
            .call_prepare(store, &document)
    })?;
    Ok(Checked { plugin, prepared })
}

impl Host {
    /// For what needs neither guard nor network.
    fn bare() -> Self {
        struct Nowhere;
        impl Transport for Nowhere {
            fn send(
                &self,
                _: http::Request<Body>,
                _: Duration,
            ) -> Result<http::Response<Vec<u8>>, Lost> {
                Err(Lost::NotSent("this call has no network".to_string()))
            }
        }
        Self {
            guard: Box::new(MemoryGuard::with_capacity(0)),
            transport: Box::new(Nowhere),
            clock: Arc::new(SystemTime::now),
            origin: None,
        }
    }
}

/// Calls what needs neither guard nor network, as soon as there is a place.
pub(crate) fn configure<T>(
    plugin: &Plugin<Exports>,
    call: impl FnOnce(&Exports, &mut Store<State>) -> wasmtime::Result<Result<T, types::Failure>>,
) -> Result<T, Error> {
    let _running = shared()?.run();
    let mut instance = plugin.instantiate(&Arc::new(Host::bare()), DEADLINE)?;
    Ok(instance.call(call)??)
}

/// Explains a failure to an end user, through whichever bundled component is compiled.
pub(crate) fn explain(
    code: types::Code,
    guesses_left: Option<u32>,
    retry_after: Option<u32>,
    locale: &str,
) -> Result<types::Explanation, Error> {
    #[cfg(feature = "tokio")]
    if BUNDLED_PLUGIN.get().is_none()
        && let Some(answer) = crate::asynchronous::explain(code, guesses_left, retry_after, locale)
    {
        return answer;
    }
    configure(&*bundled()?, |exports, store| {
        let configuration = exports.xoxzo_two_factor_configuration();
        configuration.call_explain(store, code, guesses_left, retry_after, locale)
    })
}

/// Makes a key for `keys` or `guard.key`. A secret: write it where secrets are kept.
///
/// # Errors
///
/// [`Error::Upstream`] if the system gives no randomness.
pub fn keygen() -> Result<String, Error> {
    configure(&*bundled()?, |exports, store| {
        exports.xoxzo_two_factor_configuration().call_keygen(store)
    })
    .map(|written| written.key)
}

/// Reads what a token carries in the clear, to look for a fault. Proves nothing.
///
/// # Errors
///
/// [`Error::Refuse`] for what does not have the form of a token.
pub fn inspect(token: &str) -> Result<TokenInfo, Error> {
    let token = bounded(token);
    configure(&*bundled()?, |exports, store| {
        exports
            .xoxzo_two_factor_configuration()
            .call_inspect(store, token)
    })
    .map(TokenInfo::from)
}
