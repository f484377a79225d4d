//! Prepared settings: checked, with derived keys, as one string that every operation takes.
//!
//! A string and not an object, so that every call may have an instance of its own and many tenants cost nothing.

mod written;

use alloc::string::String;
use alloc::vec::Vec;

use rand::TryCryptoRng;

use crate::common::clock;
use crate::common::codec::Writer;
use crate::common::document::SchemaError;
use crate::common::failure::{Code, Failure};
use crate::common::random;
use crate::guard::{CounterKeys, GuardName};
use crate::phone::{Destination, Trusted};
use crate::settings::{Failures, Messages, Pins, Purpose, Scope, Sends, Settings, Voice};
use crate::signed::binding::{Binding, Claimed, Transaction, unknown_purpose};
use crate::signed::mac::MacKey;
use crate::signed::receipt;
use crate::xoxzo::account::Account;
use crate::xoxzo::text::{self, Message, MessagePreview};

/// The keys of one root.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) kid: [u8; 4],
    pub(crate) token: MacKey,
    /// The key of decoys: tokens that look like others and whose PIN nobody gets.
    pub(crate) decoy: MacKey,
    pub(crate) pin: MacKey,
    /// The key of handles.
    pub(crate) handle: MacKey,
    pub(crate) receipt: MacKey,
    /// Receipts are of test mode.
    pub(crate) test: bool,
}

/// Settings in effect.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) audience: String,
    pub(crate) service: String,
    pub(crate) message: Messages,
    pub(crate) keys: Vec<Key>,
    pub(crate) names: CounterKeys,
    /// The key of hashes in events.
    pub(crate) audit: MacKey,
    /// The key of states: operations that wait.
    pub(crate) state: MacKey,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) destinations: Vec<Destination>,
    pub(crate) trust_numbers_under: Trusted,
    pub(crate) pin: Pins,
    pub(crate) failures: Failures,
    pub(crate) sends: Sends,
    pub(crate) voice: Option<Voice>,
    pub(crate) account: Account,
}

impl Settings {
    /// Checks what holds between values, and derives the keys.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, or no randomness for the scope `process`.
    pub fn prepare(
        &self,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Result<Prepared, SchemaError>, Failure> {
        Ok(match self.guard.scope {
            Scope::Process => self.prepare_in(Some(&random::draw(rng)?)),
            Scope::Shared => self.prepare_in(None),
        })
    }

    /// The same with an id: 16 random bytes, which live as long as the counters. For hosts in which one process has several instances that keep
    /// their settings, such as the workers of a proxy, and for processes that learn the id of their fleet from its store.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn prepare_in(&self, id: Option<&[u8; 16]>) -> Result<Prepared, SchemaError> {
        self.check()?;
        let (own, tokens) = (&self.guard.key, self.context(id));
        let keys = self.keys.iter().map(|root| Key {
            kid: root.kid(),
            token: root.derive("token", &tokens).mac_key(),
            decoy: root.derive("decoy", &tokens).mac_key(),
            pin: root.derive("pin", &tokens).mac_key(),
            handle: root.derive("handle", &tokens).mac_key(),
            receipt: root.receipt_key(&self.audience, self.test).secret.mac_key(),
            test: self.test,
        });
        Ok(Prepared {
            audience: self.audience.clone(),
            service: self.service.clone(),
            message: self.message.clone(),
            keys: keys.collect(),
            // Not the id: settings prepared anew find their locks again.
            names: CounterKeys(own.derive("guard", &self.context(None)).mac_key()),
            audit: own.derive("audit", &self.context(None)).mac_key(),
            state: own.derive("state", &tokens).mac_key(),
            purposes: self.purposes.clone(),
            destinations: self.destinations.clone(),
            trust_numbers_under: self.trust_numbers_under.clone(),
            pin: self.pin.clone(),
            failures: self.failures.clone(),
            sends: self.sends.clone(),
            voice: self.voice.clone(),
            account: Account::new(&self.xoxzo),
        })
    }
}

impl Prepared {
    /// The key that signs: the first.
    pub(crate) fn signing(&self) -> Result<&Key, Failure> {
        self.keys.first().ok_or_else(foreign)
    }

    /// The key with this id.
    pub(crate) fn key(&self, kid: [u8; 4]) -> Option<&Key> {
        self.keys.iter().find(|key| key.kid == kid)
    }

    /// A sound binding for one of the purposes, at a time that can be.
    pub(crate) fn bind(&self, now: u32, claimed: Claimed<'_>) -> Result<Binding, Failure> {
        clock::check(now)?;
        let binding = Binding::parse(claimed, &self.trust_numbers_under)?;
        self.purpose(&binding.purpose).ok_or_else(unknown_purpose)?;
        Ok(binding)
    }

    pub(crate) fn purpose(&self, name: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.name == name)
    }

    /// Tells whether strangers can start the purpose of a binding.
    pub(crate) fn open(&self, binding: &Binding) -> bool {
        self.purpose(&binding.purpose)
            .is_none_or(|purpose| !purpose.after_first_factor)
    }

    /// The prefixes whose numbers are taken without a numbering plan.
    #[must_use]
    pub fn trusted(&self) -> &Trusted {
        &self.trust_numbers_under
    }

    /// A receipt for a binding that a layer above answers for: its id is that of `source`, so that receipts of one login share it.
    ///
    /// # Errors
    ///
    /// [`Code::Request`]: the binding does not have its form. [`Code::Clock`].
    pub fn attest(&self, now: u32, claimed: Claimed<'_>, source: &[u8]) -> Result<String, Failure> {
        let binding = self.bind(now, claimed)?;
        let key = self.signing()?;
        let message = Writer::new().text("xoxzo-2fa pass").raw(source).finish();
        Ok(receipt::issue(
            &key.receipt,
            key.test,
            &message,
            &self.audience,
            &binding,
            now,
        ))
    }

    /// The name of a counter of a layer above, which is a group of its own.
    #[must_use]
    pub fn counter(&self, label: &str, of: &[u8]) -> GuardName {
        self.names.lone(label, of)
    }

    /// The messages of a purpose in every language, for a payment or for anything else, as they are without a template. Without a purpose:
    /// those of the first.
    ///
    /// # Errors
    ///
    /// [`Code::Request`]: no such purpose.
    pub fn previews(
        &self,
        purpose: Option<&str>,
        transaction: Option<&Transaction>,
    ) -> Result<Vec<MessagePreview>, Failure> {
        let purpose = match purpose {
            Some(name) => self.purpose(name),
            None => self.purposes.first(),
        };
        let purpose = purpose.ok_or_else(unknown_purpose)?;
        let pin = "1234567890".get(..self.pin.digits.into());
        let message = Message {
            service: &self.service,
            pin: pin.unwrap_or_default(),
            left: self.pin.lifetime_seconds.into(),
            transaction,
        };
        Ok(text::previews(&message, &purpose.name, &self.message))
    }
}

/// Settings that this build did not prepare.
pub(crate) fn foreign() -> Failure {
    Failure::new(
        Code::Settings,
        "settings must be the string that this build's prepare gave",
    )
}
