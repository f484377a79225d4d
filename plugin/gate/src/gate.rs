//! The gate with its settings and keys.

use alloc::vec::Vec;

use xoxzo_2fa_core::document::SchemaError;
use xoxzo_2fa_core::{GuardName, Prepared, RequestKey, Seal, Settings};

use crate::head::Head;
use crate::identity::Identity;
use crate::page::Theme;
use crate::pass::Pass;
use crate::places::Places;
use crate::settings::{GateSettings, IdentitySettings};
use crate::visit::Visit;

/// The cookies' names: only the origin itself can set such (RFC 6265bis, section 4.1.3.2).
pub(crate) const PASS: &str = "__Host-2fa-pass";
pub(crate) const VISIT: &str = "__Host-2fa-challenge";
pub(crate) const PAYMENT: &str = "__Host-2fa-payment";

/// The gate with settings in effect.
pub struct Gate {
    pub(crate) settings: GateSettings,
    pub(crate) places: Places,
    pub(crate) engine: Prepared,
    pub(crate) passes: Seal,
    pub(crate) visits: Seal,
    pub(crate) csrf: Seal,
    pub(crate) payments: Seal,
    /// Keys of the applications' step-up requests.
    pub(crate) requests: Vec<RequestKey>,
    pub(crate) look: Theme,
    /// True if a call may say the PIN.
    pub(crate) voice: bool,
}

impl Gate {
    /// Checks settings and derives keys, for a process or a fleet with an id: 16 random bytes that live as long as its counters.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, with its path from `two_factor` or `gate` on.
    pub fn new(
        engine: &Settings,
        settings: GateSettings,
        process: &[u8; 16],
    ) -> Result<Self, SchemaError> {
        let prepared = engine.prepare_in(Some(process));
        let prepared = prepared.map_err(|error| error.within("two_factor"))?;
        let checked = settings.check(engine);
        checked.map_err(|error| error.within("gate"))?;
        let lasting = settings.pass.danger_outlives_process;
        let purpose = engine.purpose(&settings.purpose);
        Ok(Self {
            passes: engine.seal("pass", Some(process).filter(|_| !lasting)),
            visits: engine.seal("visit", Some(process)),
            csrf: engine.seal("csrf", Some(process)),
            payments: engine.seal("payment", Some(process)),
            requests: engine.request_keys(),
            look: Theme::new(
                &settings.brand,
                engine.service(),
                engine.max_parts(),
                &prepared,
            ),
            voice: engine.has_voice() && purpose.is_some_and(|purpose| purpose.voice),
            engine: prepared,
            places: Places::new(&settings),
            settings,
        })
    }

    /// Returns the names of the claims that the host must look up.
    #[must_use]
    pub fn identity(&self) -> &IdentitySettings {
        &self.settings.identity
    }

    /// Returns the seconds for which a fleet's list of revocations is believed.
    #[must_use]
    pub fn stale_seconds(&self) -> u32 {
        self.settings.pass.stale_seconds
    }

    /// Returns the purpose of the challenges.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.settings.purpose
    }

    /// The name of the counter of a pass's revocation.
    pub(crate) fn revocation(&self, pass: &Pass) -> GuardName {
        self.counter("pass", &pass.id)
    }

    /// The name of a counter of the gate.
    pub(crate) fn counter(&self, label: &str, of: &[u8]) -> GuardName {
        self.engine.counter(label, of)
    }

    pub(crate) fn is_fresh(&self, pass: &Pass, now: u32) -> bool {
        pass.is_younger_than(self.settings.step_up.max_age_seconds, now)
    }

    /// The visit that the request goes on with.
    pub(crate) fn visit(&self, head: &Head, identity: &Identity, now: u32) -> Option<Visit> {
        Visit::open(&self.visits, head.cookie(VISIT)?, &identity.bound(), now)
    }
}
