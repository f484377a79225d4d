//! The rules that hold between settings.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Pins, Settings, Wording};
use crate::common::document::SchemaError;
use crate::common::failure::InvalidFormat;
use crate::common::form;
use crate::signed::binding::Transaction;
use crate::signed::key::RootKey;
use crate::xoxzo::template::Variables;
use crate::xoxzo::text::{self, Message};

impl Settings {
    /// Checks the rules between settings.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub(crate) fn check(&self) -> Result<(), SchemaError> {
        let voice = self.voice.as_ref();
        let voice = voice.map(|voice| ("voice.destinations", &voice.destinations));
        for (path, destinations) in [("destinations", &self.destinations)]
            .into_iter()
            .chain(voice)
        {
            for (at, destination) in destinations.iter().enumerate() {
                let checked = destination.check_reachable(&self.trust_numbers_under);
                checked
                    .map_err(|rule| SchemaError::from(rule).within(&at.to_string()).within(path))?;
            }
        }
        for wording in &self.message.texts {
            self.check_wording(wording)
                .map_err(|rule| SchemaError::from(rule).within("message.texts"))?;
        }
        let mut rules = self.rules().into_iter();
        match rules.find(|(holds, ..)| !holds) {
            Some((_, path, requirement)) => Err(SchemaError::new(requirement).within(path)),
            None => Ok(()),
        }
    }

    /// # Errors
    ///
    /// The first rule that a text of the service's own breaks, by itself or with other settings.
    fn check_wording(&self, wording: &Wording) -> Result<(), InvalidFormat> {
        let messages = &self.message;
        wording.check_texts(messages)?;
        let purpose = wording.purpose.as_deref();
        if purpose.is_some_and(|name| self.purpose(name).is_none()) {
            return Err(InvalidFormat("must be for one of the purposes"));
        }
        let same = |it: &&Wording| it.locale == wording.locale && it.purpose == wording.purpose;
        if messages.texts.iter().filter(same).count() > 1 {
            return Err(InvalidFormat("must be one for each language and purpose"));
        }
        let largest = Transaction {
            amount: "9".repeat(15),
            currency: "JPY".to_string(),
            payee: "x".repeat(40),
        };
        for (of, transaction) in [(&wording.text, None), (&wording.payment, Some(&largest))] {
            let text = self.longest(transaction).sms(
                wording.locale,
                purpose.unwrap_or_default(),
                messages,
            );
            if of.is_some() && text::parts(&text) > messages.max_parts {
                return Err(InvalidFormat(
                    "would have more parts than message.max_parts allows, at the longest values",
                ));
            }
        }
        Ok(())
    }

    /// The longest that a message can be.
    fn longest<'a>(&'a self, transaction: Option<&'a Transaction>) -> Message<'a> {
        Message {
            service: &self.service,
            pin: "1234567890"
                .get(..self.pin.digits.max(Pins::ALARMED).into())
                .unwrap_or_default(),
            left: self.pin.lifetime_seconds.into(),
            transaction,
        }
    }

    fn rules(&self) -> [(bool, &'static str, &'static str); 7] {
        let message = &self.message;
        let plainest = self.longest(None).sms(message.locale, "", message);
        let kids: Vec<_> = self.keys.iter().map(RootKey::kid).collect();
        let purposes = self.purposes.iter();
        let names: Vec<_> = purposes.map(|purpose| purpose.name.as_bytes()).collect();
        let templated = !message.templates.is_empty();
        let mut variables = message.templates.iter().map(|template| &template.variables);
        [
            (
                templated || text::parts(&plainest) <= message.max_parts,
                "service",
                "makes a message of too many parts",
            ),
            (
                variables.all(Variables::are_sound),
                "message.templates",
                "variables must have different names of letters, digits and _, and amount and payee go together",
            ),
            (
                !templated || message.template(message.locale, false).is_some(),
                "message.templates",
                "must have one for message.locale without amount and payee",
            ),
            (form::distinct(&kids), "keys", "must be different keys"),
            (
                form::distinct(&names),
                "purposes",
                "must have different names",
            ),
            (
                self.test || self.sends.cooldown_seconds >= COOLDOWN,
                "sends.cooldown_seconds",
                "must be 60 to 600, since test is off",
            ),
            (
                !self.test || self.xoxzo.is_loopback(),
                "xoxzo.base_url",
                "must be a loopback address, since test is on",
            ),
        ]
    }
}

/// The shortest cooldown outside test mode, in seconds.
const COOLDOWN: u32 = 60;
