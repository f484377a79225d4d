//! The settings in effect: the gate, its keys, and how a request of the proxy is known.

use std::env;
use std::path::Path;

use xoxzo_2fa_gate::{Gate, Source};
use xoxzo_2fa_json::Home;

use crate::claims::Verifier;
use crate::document::{Document, Secret};
use crate::proxy::Proxy;

/// The settings in effect. Replaced as a whole when they are read again.
pub(crate) struct Site {
    pub(crate) gate: Gate,
    /// The id of the process or of the fleet.
    pub(crate) id: [u8; 16],
    pub(crate) proxy: Proxy,
    pub(crate) secret: Option<Secret>,
    pub(crate) verifier: Option<Verifier>,
    /// Warnings about settings that are allowed and unwise.
    pub(crate) warnings: Vec<String>,
}

impl Site {
    /// Reads the settings, for counters in this home. `alone`: only the proxy has access to the socket.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong, and where. It holds no value of the settings.
    pub(crate) fn read(
        path: &Path,
        proxy: Proxy,
        alone: bool,
        home: Home<'_>,
    ) -> Result<Self, String> {
        let Document { gate, serve } = Document::read(path)?;
        let configured = xoxzo_2fa_json::gate(&gate, &|name| env::var(name).ok(), home);
        let configured = configured.map_err(|failure| failure.detail.into_owned())?;
        if serve.secret.is_none() && !alone {
            return Err(
                "settings, serve.secret: is missing, and needed unless --listen is a Unix socket"
                    .to_string(),
            );
        }
        let source = configured.gate.identity().source;
        let verifier = match (source, &serve.jwt) {
            (Source::Metadata, Some(jwt)) => Some(Verifier::new(jwt)?),
            (Source::DangerHeaders, None) => None,
            (Source::Metadata, None) => {
                return Err(
                    "settings, serve.jwt: is missing: the user's identity needs a source"
                        .to_string(),
                );
            }
            (Source::DangerHeaders, Some(_)) => {
                return Err(
                    "settings, serve.jwt: must be left out, since gate.identity.source is danger_headers: the user's identity has one source"
                        .to_string(),
                );
            }
        };
        Ok(Self {
            gate: configured.gate,
            id: match home {
                Home::Process(id) | Home::Fleet(id) => *id,
            },
            proxy,
            secret: serve.secret,
            verifier,
            warnings: configured.warnings,
        })
    }
}
