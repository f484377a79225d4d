//! The rules that hold on values and between them.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Cap, Guesses, Messages, RuleViolation, Sends, Settings, Wording};
use crate::common::failure::InvalidFormat;
use crate::common::range::Range;
use crate::common::{display, form};
use crate::phone::Trusted;
use crate::signed::binding::Transaction;
use crate::signed::key::RootKey;
use crate::xoxzo::account::Xoxzo;
use crate::xoxzo::template::Template;
use crate::xoxzo::text::{self, Message};

impl Settings {
    /// # Errors
    ///
    /// The first rule that is broken.
    pub(crate) fn check(&self) -> Result<(), RuleViolation> {
        for (path, range, number, rule) in RANGES {
            if !range.holds(number(self)) {
                return Err(RuleViolation {
                    path,
                    rule: InvalidFormat(rule),
                });
            }
        }
        for (path, cap, counts, rule) in CAPS {
            let Some(Cap { count, seconds }) = cap(self) else {
                continue;
            };
            for (range, number, rule) in [(counts, count, rule), (Cap::SECONDS, seconds, WINDOW)] {
                if !range.holds(number) {
                    return Err(RuleViolation {
                        path,
                        rule: InvalidFormat(rule),
                    });
                }
            }
        }
        display::check(&self.service).map_err(|rule| RuleViolation {
            path: "service",
            rule,
        })?;
        for wording in &self.messages.texts {
            self.check_wording(wording).map_err(|rule| RuleViolation {
                path: "message.texts",
                rule,
            })?;
        }
        let rules = self.rules().into_iter();
        let mut rules = rules.chain(self.xoxzo.rules(self.test));
        let broken = rules.find(|(holds, ..)| !holds);
        broken.map_or(Ok(()), |(_, path, rule)| {
            Err(RuleViolation {
                path,
                rule: InvalidFormat(rule),
            })
        })
    }

    /// # Errors
    ///
    /// The first rule that a text of the service's own breaks, by itself or with other settings.
    fn check_wording(&self, wording: &Wording) -> Result<(), InvalidFormat> {
        let messages = &self.messages;
        wording.check(&messages.autofill)?;
        let purpose = wording.purpose.as_deref();
        let known = |name| self.purposes.iter().any(|purpose| purpose.name == name);
        if !purpose.is_none_or(known) {
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
            if of.is_some() && text::parts(&text) > messages.parts {
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
                .get(..self.guesses.digits.max(Guesses::ALARMED).into())
                .unwrap_or_default(),
            left: self.guesses.lifetime.into(),
            transaction,
        }
    }

    fn rules(&self) -> [(bool, &'static str, &'static str); 11] {
        let messages = &self.messages;
        let plainest = self.longest(None).sms(messages.locale, "", messages);
        let kids: Vec<_> = self.keys.iter().map(RootKey::kid).collect();
        let names: Vec<_> = self
            .purposes
            .iter()
            .map(|purpose| purpose.name.as_bytes())
            .collect();
        [
            (form::plain(&self.audience, 64), "audience", form::PLAIN),
            (
                !messages.templates.is_empty() || text::parts(&plainest) <= messages.parts,
                "service",
                "makes a message of too many parts",
            ),
            (
                messages
                    .autofill
                    .webotp_domain
                    .as_deref()
                    .is_none_or(form::host),
                "message.webotp_domain",
                "must be a host name in lower case",
            ),
            (
                messages
                    .autofill
                    .android_hash
                    .as_deref()
                    .is_none_or(app_hash),
                "message.android_hash",
                "must be 11 characters of base64",
            ),
            (
                messages.templates.iter().all(Template::is_sound),
                "message.templates",
                "variables must have different names of letters, digits and _, and amount and payee go together",
            ),
            (
                messages.templates.is_empty()
                    || messages.template(messages.locale, false).is_some(),
                "message.templates",
                "must have one for message.locale without amount and payee",
            ),
            (form::distinct(&kids), "keys", "must be different keys"),
            (
                self.purposes
                    .iter()
                    .all(|purpose| form::plain(&purpose.name, 128)),
                "purposes",
                form::PLAIN,
            ),
            (
                form::distinct(&names),
                "purposes",
                "must have different names",
            ),
            (
                self.test || self.sends.cooldown >= Sends::COOLDOWN.0,
                "sends.cooldown_seconds",
                "must be 60 to 600",
            ),
            (
                self.voice
                    .as_ref()
                    .is_none_or(|voice| form::digits(&voice.caller, 5)),
                "voice.caller",
                "must be 5 to 15 digits",
            ),
        ]
    }
}

/// A number in a range: its path, the range, the number, and the rule in words.
type Ranged = (&'static str, Range, fn(&Settings) -> usize, &'static str);

const RANGES: [Ranged; 15] = [
    (
        "message.texts",
        Messages::TEXTS,
        |it| it.messages.texts.len(),
        "must be at most 64",
    ),
    (
        "message.max_parts",
        Messages::PARTS,
        |it| it.messages.parts as usize,
        "must be 1 to 5",
    ),
    (
        "message.templates",
        Messages::TEMPLATES,
        |it| it.messages.templates.len(),
        "must be at most 32",
    ),
    (
        "xoxzo.tags",
        Xoxzo::TAGS,
        |it| it.xoxzo.tags.len(),
        "must be at most 8",
    ),
    ("keys", Settings::KEYS, |it| it.keys.len(), "must be 1 to 8"),
    (
        "purposes",
        Settings::PURPOSES,
        |it| it.purposes.len(),
        "must be 1 to 32",
    ),
    (
        "destinations",
        Settings::DESTINATIONS,
        |it| it.destinations.len(),
        "must be at most 256",
    ),
    (
        "voice.destinations",
        Settings::DESTINATIONS,
        |it| {
            it.voice
                .as_ref()
                .map_or(0, |voice| voice.destinations.len())
        },
        "must be at most 256",
    ),
    (
        "trust_numbers_under",
        Trusted::PREFIXES,
        |it| it.trusted.prefixes().len(),
        "must be at most 16",
    ),
    (
        "pin.digits",
        Guesses::DIGITS,
        |it| it.guesses.digits.into(),
        "must be 4 to 10",
    ),
    (
        "pin.lifetime_seconds",
        Guesses::LIFETIME,
        |it| it.guesses.lifetime.into(),
        "must be 60 to 600",
    ),
    (
        "pin.guesses",
        Guesses::PER_CHALLENGE,
        |it| it.guesses.per_challenge as usize,
        "must be 1 to 10",
    ),
    (
        "failures.hard",
        Guesses::HARD,
        |it| it.guesses.hard as usize,
        "must be 1 to 100",
    ),
    (
        "sends.cooldown_seconds",
        Range(1, Sends::COOLDOWN.1),
        |it| it.sends.cooldown as usize,
        "must be 60 to 600, or from 1 with test",
    ),
    (
        "xoxzo.timeout_milliseconds",
        Xoxzo::TIMEOUT,
        |it| it.xoxzo.timeout as usize,
        "must be 1000 to 30000",
    ),
];

/// A cap that may be absent, its path, and the range of its count with the rule in words.
type Capped = (
    &'static str,
    fn(&Settings) -> Option<Cap>,
    Range,
    &'static str,
);

const CAPS: [Capped; 9] = [
    (
        "failures.soft",
        |it| Some(it.guesses.soft),
        Guesses::SOFT,
        "count must be 1 to 100",
    ),
    (
        "failures.per_subject",
        |it| Some(it.guesses.subject),
        Cap::COUNT,
        COUNT,
    ),
    (
        "failures.per_client",
        |it| it.guesses.client,
        Cap::COUNT,
        COUNT,
    ),
    (
        "failures.per_audience",
        |it| Some(it.guesses.audience),
        Cap::COUNT,
        COUNT,
    ),
    (
        "sends.per_subject",
        |it| Some(it.sends.subject),
        Cap::COUNT,
        COUNT,
    ),
    (
        "sends.per_number",
        |it| Some(it.sends.number),
        Cap::COUNT,
        COUNT,
    ),
    ("sends.per_client", |it| it.sends.client, Cap::COUNT, COUNT),
    (
        "sends.per_range",
        |it| Some(it.sends.range),
        Cap::COUNT,
        COUNT,
    ),
    (
        "sends.per_audience",
        |it| Some(it.sends.audience),
        Cap::COUNT,
        COUNT,
    ),
];

const COUNT: &str = "count must be 1 to 1000000";
const WINDOW: &str = "seconds must be 60 to 2678400";

/// Sources: developers.google.com, "Perform SMS verification on a server": 11 characters of base64.
fn app_hash(text: &str) -> bool {
    text.len() == 11
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}
