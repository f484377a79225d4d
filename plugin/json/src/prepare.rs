//! A settings document in, prepared settings out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{
    Autofill, Cap, Code, Destination, Failure, Guesses, InvalidFormat, Japan, Locale, Messages,
    Prepared, Purpose, RootKey, RuleViolation, Scope, Sends, Settings, Template, Trusted, Voice,
    Wording, Xoxzo,
};

use crate::cursor::Cursor;
use crate::document::DOCUMENT;
use crate::form::SchemaError;

/// The longest document, in bytes.
const LONGEST: usize = 32 * 1024;

/// The answer of `prepare`.
pub struct Preparation {
    /// Checked, with derived keys.
    pub prepared: Prepared,
    /// The settings in effect as JSON, with `[REDACTED]` for secrets.
    pub effective: String,
    /// Warnings about settings that are allowed and unwise.
    pub warnings: Vec<String>,
}

/// Checks a settings document and derives its keys.
///
/// # Errors
///
/// [`Code::Settings`], naming path, line and kind; [`Code::Randomness`].
pub fn prepare(json: &str, rng: &mut impl TryCryptoRng) -> Result<Preparation, Failure> {
    if json.len() > LONGEST {
        return Err(fault("", 0, "longer than 32 KiB"));
    }
    let place = |SchemaError { path, kind }: SchemaError| fault(&path, line(json, &path), &kind);
    let given = Node::parse(json).map_err(|(kind, line)| fault("", line, kind))?;
    let mut document = DOCUMENT.fill(&preset(given)).map_err(place)?;
    let settings = Cursor(&document).settings().map_err(place)?;
    let prepared = settings
        .prepare(rng)?
        .map_err(|RuleViolation { path, rule }| {
            fault(path, line(json, path), rule.requirement())
        })?;
    DOCUMENT.redact(&mut document);
    let mut effective = String::new();
    document.write(&mut effective);
    Ok(Preparation {
        prepared,
        effective,
        warnings: settings.warnings(),
    })
}

/// A document over the defaults of its preset. What the preset is called is checked with everything else.
pub(crate) fn preset(mut given: Node) -> Node {
    let defaults = match given.field("preset").and_then(Node::text) {
        Some("psd2") => PSD2,
        Some("strict") => STRICT,
        _ => return given,
    };
    if let Ok(defaults) = Node::parse(defaults) {
        given.underlay(&defaults);
    }
    given
}

/// PSD2 RTS (EU 2018/389), article 4(3)(b): at most five failed attempts.
const PSD2: &str = r#"{"failures":{"soft":{"count":5}}}"#;

const STRICT: &str = concat!(
    r#"{"pin":{"digits":8,"lifetime_seconds":120,"guesses":3},"#,
    r#""failures":{"soft":{"count":5},"hard":50,"per_subject":{"count":10},"per_audience":{"count":60}},"#,
    r#""sends":{"per_subject":{"count":5},"per_number":{"count":5},"per_range":{"count":20}}}"#
);

pub(crate) fn fault(path: &str, line: usize, kind: &str) -> Failure {
    let mut place = "settings".to_string();
    if !path.is_empty() {
        place.push_str(", ");
        place.push_str(path);
    }
    if line > 0 {
        place.push_str(", line ");
        place.push_str(&line.to_string());
    }
    Failure::new(Code::Settings, [&place, ": ", kind].concat())
}

/// The line of the deepest name of a path that the document has; 0 if it has none. For people to look at: where a
/// name also stands as a value before, it is a line too early.
pub(crate) fn line(json: &str, path: &str) -> usize {
    let (mut rest, mut found) = (json.as_bytes(), None);
    for name in path.as_bytes().split(|byte| *byte == b'.') {
        let quoted = |at: &usize| {
            let after = rest.get(*at..).and_then(|rest| rest.strip_prefix(b"\""));
            after
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|rest| rest.starts_with(b"\""))
        };
        if let Some(at) = (0..rest.len()).find(quoted) {
            rest = rest.get(at..).unwrap_or_default();
            found = Some(rest.len());
        }
    }
    let before = found.and_then(|left| json.as_bytes().get(..json.len().saturating_sub(left)));
    before.map_or(0, |before| {
        before
            .iter()
            .filter(|byte| **byte == b'\n')
            .count()
            .saturating_add(1)
    })
}

impl Cursor<'_> {
    /// The form is filled, so only values that have a type of their own can be wrong. Numbers too large for their type
    /// become its largest, which no range holds.
    pub(crate) fn settings(self) -> Result<Settings, SchemaError> {
        if self.number::<u32>("version") != 1 {
            return Err(SchemaError::new("must be 1").within("version"));
        }
        let keys = self.each("keys", Cursor::key)?;
        let guard_key = self
            .at("guard")
            .at("key")
            .key()
            .map_err(|error| error.within("guard.key"))?;
        let trusted = Trusted::parse(&self.texts("trust_numbers_under"));
        let trusted = trusted.map_err(|(at, unfit)| {
            error(unfit)
                .within(&at.to_string())
                .within("trust_numbers_under")
        })?;
        let range = |place: Cursor<'_>| place.range(&trusted);
        let destinations = self.each("destinations", range)?;
        let [xoxzo, pin, failures, sends, message] =
            ["xoxzo", "pin", "failures", "sends", "message"].map(|name| self.at(name));
        let voice = self.maybe("voice").map(|voice| {
            let destinations = voice.each("destinations", range);
            Ok(Voice {
                caller: voice.text("caller"),
                destinations: destinations
                    .map_err(|error| error.within("voice"))?
                    .concat(),
            })
        });
        Ok(Settings {
            audience: self.text("audience"),
            service: self.text("service"),
            test: self.flag("test"),
            messages: message.messages()?,
            keys,
            guard_key,
            scope: if self.at("guard").text("scope") == "shared" {
                Scope::Shared
            } else {
                Scope::Process
            },
            purposes: self
                .at("purposes")
                .0
                .list()
                .iter()
                .map(|node| Cursor(node).purpose())
                .collect(),
            destinations: destinations.concat(),
            trusted: trusted.clone(),
            guesses: Guesses {
                digits: pin.number("digits"),
                lifetime: pin.number("lifetime_seconds"),
                per_challenge: pin.number("guesses"),
                soft: failures.cap("soft"),
                hard: failures.number("hard"),
                subject: failures.cap("per_subject"),
                client: failures
                    .maybe("per_client")
                    .map(|_| failures.cap("per_client")),
                audience: failures.cap("per_audience"),
            },
            sends: Sends {
                cooldown: sends.number("cooldown_seconds"),
                subject: sends.cap("per_subject"),
                number: sends.cap("per_number"),
                client: sends.maybe("per_client").map(|_| sends.cap("per_client")),
                range: sends.cap("per_range"),
                audience: sends.cap("per_audience"),
                monitor: sends.flag("monitor"),
            },
            voice: voice.transpose()?,
            xoxzo: Xoxzo {
                base_url: xoxzo.text("base_url"),
                sid: xoxzo.text("sid"),
                auth_token: xoxzo.text("auth_token"),
                sender: xoxzo.text("sender"),
                timeout: xoxzo.number("timeout_milliseconds"),
                callback_url: xoxzo.option("callback_url"),
                tags: xoxzo.texts("tags"),
                japan: xoxzo.maybe("japan").map(|japan| Japan {
                    lite: japan.text("route") == "kpl",
                    sender: japan.text("sender"),
                }),
            },
        })
    }

    fn key(self) -> Result<RootKey, SchemaError> {
        RootKey::parse(self.0.text().unwrap_or_default()).map_err(error)
    }

    fn messages(self) -> Result<Messages, SchemaError> {
        let texts = self.each("texts", Cursor::wording);
        let templates = self.each("templates", Cursor::template);
        Ok(Messages {
            locale: self.locale().map_err(|error| error.within("message"))?,
            parts: self.number("max_parts"),
            autofill: Autofill {
                webotp_domain: self.option("webotp_domain"),
                android_hash: self.option("android_hash"),
            },
            texts: texts.map_err(|error| error.within("message"))?,
            templates: templates.map_err(|error| error.within("message"))?,
        })
    }

    fn wording(self) -> Result<Wording, SchemaError> {
        Ok(Wording {
            locale: self.locale()?,
            purpose: self.option("purpose"),
            text: self.option("text"),
            payment: self.option("payment"),
            call: self.option("call"),
        })
    }

    fn template(self) -> Result<Template, SchemaError> {
        let variables = self.at("variables");
        Ok(Template {
            id: self.number("id"),
            locale: self.locale()?,
            pin: variables.text("pin"),
            minutes: variables.option("minutes"),
            service: variables.option("service"),
            amount: variables.option("amount"),
            payee: variables.option("payee"),
        })
    }

    fn locale(self) -> Result<Locale, SchemaError> {
        Locale::parse(&self.text("locale")).map_err(|unfit| error(unfit).within("locale"))
    }

    fn purpose(self) -> Purpose {
        Purpose {
            name: self.text("name"),
            after_first_factor: self.flag("after_first_factor"),
            voice: self.flag("voice"),
        }
    }

    fn range(self, trusted: &Trusted) -> Result<Vec<Destination>, SchemaError> {
        if let Some(name) = self.0.text() {
            return Destination::preset(name).map_err(error);
        }
        let denied = self.texts("deny");
        let range = Destination::parse(
            &self.text("prefix"),
            self.number("min_digits"),
            self.number("max_digits"),
            &denied,
            trusted,
        );
        range.map(|range| alloc::vec![range]).map_err(error)
    }

    fn cap(self, name: &str) -> Cap {
        let cap = self.at(name);
        Cap {
            count: cap.number("count"),
            seconds: cap.number("seconds"),
        }
    }
}

fn error(unfit: InvalidFormat) -> SchemaError {
    SchemaError::new(unfit.requirement())
}
