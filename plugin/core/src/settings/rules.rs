//! The rules that hold on values and between them.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Broken, Cap, Guesses, Messages, Sends, Settings, Template, Wording, Xoxzo};
use crate::common::codec::split;
use crate::common::display;
use crate::common::failure::Unfit;
use crate::common::range::Range;
use crate::phone::Trusted;
use crate::signed::binding::Transaction;
use crate::signed::key::RootKey;
use crate::xoxzo::text::{self, Message};

impl Settings {
    /// # Errors
    ///
    /// The first rule that is broken.
    pub(crate) fn check(&self) -> Result<(), Broken> {
        for (path, range, number, rule) in RANGES {
            if !range.holds(number(self)) {
                return Err(Broken {
                    path,
                    rule: Unfit(rule),
                });
            }
        }
        for (path, cap, counts, rule) in CAPS {
            let Some(Cap { count, seconds }) = cap(self) else {
                continue;
            };
            for (range, number, rule) in [(counts, count, rule), (Cap::SECONDS, seconds, WINDOW)] {
                if !range.holds(number) {
                    return Err(Broken {
                        path,
                        rule: Unfit(rule),
                    });
                }
            }
        }
        display::check(&self.service).map_err(|rule| Broken {
            path: "service",
            rule,
        })?;
        for wording in &self.messages.texts {
            self.check_wording(wording).map_err(|rule| Broken {
                path: "message.texts",
                rule,
            })?;
        }
        let broken = self.rules().into_iter().find(|(holds, ..)| !holds);
        broken.map_or(Ok(()), |(_, path, rule)| {
            Err(Broken {
                path,
                rule: Unfit(rule),
            })
        })
    }

    /// # Errors
    ///
    /// The first rule that a text of the service's own breaks, by itself or with other settings.
    fn check_wording(&self, wording: &Wording) -> Result<(), Unfit> {
        let messages = &self.messages;
        wording.check(&messages.autofill)?;
        let purpose = wording.purpose.as_deref();
        let known = |name| self.purposes.iter().any(|purpose| purpose.name == name);
        if !purpose.is_none_or(known) {
            return Err(Unfit("must be for one of the purposes"));
        }
        let same = |it: &&Wording| it.locale == wording.locale && it.purpose == wording.purpose;
        if messages.texts.iter().filter(same).count() > 1 {
            return Err(Unfit("must be one for each language and purpose"));
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
                return Err(Unfit(
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

    fn rules(&self) -> [(bool, &'static str, &'static str); 20] {
        const PLAIN: &str = "must be printable ASCII without spaces, and not too long";
        let (xoxzo, messages) = (&self.xoxzo, &self.messages);
        let plainest = self.longest(None).sms(messages.locale, "", messages);
        let loopback = xoxzo.base_url.strip_prefix("http").is_some_and(|rest| {
            let rest = rest.strip_prefix('s').unwrap_or(rest);
            ["://127.0.0.1", "://localhost", "://[::1]"]
                .iter()
                .any(|own| {
                    rest.strip_prefix(own)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
                })
        });
        let kids: Vec<_> = self.keys.iter().map(RootKey::kid).collect();
        let names: Vec<_> = self
            .purposes
            .iter()
            .map(|purpose| purpose.name.as_bytes())
            .collect();
        [
            (plain(&self.audience, 64), "audience", PLAIN),
            (
                !messages.templates.is_empty() || text::parts(&plainest) <= messages.parts,
                "service",
                "makes a message of too many parts",
            ),
            (
                messages.autofill.webotp_domain.as_deref().is_none_or(host),
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
                messages.templates.iter().all(variables),
                "message.templates",
                "variables must have different names of letters, digits and _, and amount and payee go together",
            ),
            (
                messages.templates.is_empty()
                    || messages.template(messages.locale, false).is_some(),
                "message.templates",
                "must have one for message.locale without amount and payee",
            ),
            (distinct(&kids), "keys", "must be different keys"),
            (
                self.purposes
                    .iter()
                    .all(|purpose| plain(&purpose.name, 128)),
                "purposes",
                PLAIN,
            ),
            (distinct(&names), "purposes", "must have different names"),
            (
                origin(&xoxzo.base_url),
                "xoxzo.base_url",
                "must be https://HOST, or http://LOOPBACK:PORT, and no more",
            ),
            (
                !self.test || loopback,
                "xoxzo.base_url",
                "must be a loopback address, since test is on",
            ),
            (
                self.test || self.sends.cooldown >= Sends::COOLDOWN.0,
                "sends.cooldown_seconds",
                "must be 60 to 600",
            ),
            (
                self.voice
                    .as_ref()
                    .is_none_or(|voice| digits(&voice.caller, 5)),
                "voice.caller",
                "must be 5 to 15 digits",
            ),
            (
                xoxzo.callback_url.as_deref().is_none_or(callback),
                "xoxzo.callback_url",
                "must be an https url, or http on a loopback address, of at most 256 characters",
            ),
            (
                xoxzo.tags.iter().all(|tag| tag.len() <= 32 && name(tag)),
                "xoxzo.tags",
                "must be 1 to 32 letters, digits, - and _ each",
            ),
            (
                xoxzo
                    .japan
                    .as_ref()
                    .is_none_or(|japan| digits(&japan.sender, 1)),
                "xoxzo.japan.sender",
                "must be 1 to 15 digits",
            ),
            (plain(&xoxzo.sid, 128), "xoxzo.sid", PLAIN),
            (
                split(&xoxzo.sid, b':').is_none(),
                "xoxzo.sid",
                "must have no colon",
            ),
            (plain(&xoxzo.auth_token, 128), "xoxzo.auth_token", PLAIN),
            (
                sender(&xoxzo.sender),
                "xoxzo.sender",
                "must be 1 to 10 letters and digits, or 1 to 15 digits",
            ),
        ]
    }
}

/// What a number must lie in: its path, the range, the number, and the rule in words.
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

fn distinct<T: PartialEq>(items: &[T]) -> bool {
    (1..)
        .zip(items)
        .all(|(next, item)| items.iter().skip(next).all(|other| other != item))
}

fn plain(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn host(text: &str) -> bool {
    let lower =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    (1..=253).contains(&text.len()) && text.bytes().all(lower) && !text.starts_with(['-', '.'])
}

/// An origin that credentials may be sent to: https, or http to a loopback address.
fn origin(url: &str) -> bool {
    let port = |text: &str| {
        text.parse::<u16>()
            .is_ok_and(|port| port > 0 && port.to_string() == text)
    };
    let (secure, authority) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return false,
    };
    let (name, digits) = match authority.strip_prefix("[::1]") {
        Some("") => ("[::1]", None),
        Some(rest) => ("[::1]", rest.strip_prefix(':').or(Some(""))),
        None => {
            split(authority, b':').map_or((authority, None), |(name, digits)| (name, Some(digits)))
        }
    };
    let loopback = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
    (loopback || (secure && host(name))) && digits.is_none_or(port)
}

fn sender(text: &str) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (1..=if digits { 15 } else { 10 }).contains(&text.len())
}

/// An origin, and any path behind it.
fn callback(url: &str) -> bool {
    let start = url
        .bytes()
        .position(|byte| byte == b':')
        .map_or(0, |at| at.saturating_add(3));
    let end = url
        .bytes()
        .enumerate()
        .find(|(at, byte)| *at >= start && b"/?".contains(byte))
        .map_or(url.len(), |(at, _)| at);
    plain(url, 256)
        && url.bytes().all(|byte| !b"\"#\\<>".contains(&byte))
        && url.get(..end).is_some_and(origin)
}

fn digits(text: &str, least: usize) -> bool {
    (least..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Sources: developers.google.com, "Perform SMS verification on a server": 11 characters of base64.
fn app_hash(text: &str) -> bool {
    text.len() == 11
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}

fn variables(template: &Template) -> bool {
    let names: Vec<_> = template.variables().map(String::as_bytes).collect();
    let fit = template
        .variables()
        .all(|text| text.len() <= 64 && name(text) && !text.contains('-'));
    fit && distinct(&names) && template.amount.is_some() == template.payee.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callbacks_go_to_https_or_loopback() {
        for good in [
            "https://a.example/x?y=z",
            "https://a.example",
            "http://127.0.0.1:1/x",
            "https://a.example:8443/a/",
        ] {
            assert!(callback(good), "{good}");
        }
        for bad in [
            "",
            "http://a.example/x",
            "https:///x",
            "https://u:p@a.example/",
            "https://a.example/\"",
            "ftp://a",
            "https://a b/",
            "https://a.example/#x",
        ] {
            assert!(!callback(bad), "{bad}");
        }
    }

    #[test]
    fn credentials_go_to_https_or_loopback() {
        for good in [
            "https://api.xoxzo.com",
            "https://api.xoxzo.com:8443",
            "http://127.0.0.1:8080",
            "http://localhost:1",
            "http://[::1]:80",
            "http://127.0.0.1",
        ] {
            assert!(origin(good), "{good}");
        }
        for bad in [
            "",
            "api.xoxzo.com",
            "http://api.xoxzo.com",
            "https://",
            "https://api.xoxzo.com/",
            "https://a@b",
            "https://a/b",
            "http://127.0.0.1.evil.example",
            "http://127.0.0.1:0",
            "http://127.0.0.1:080",
            "http://127.0.0.1:99999",
            "https://a?b",
            "https://a#b",
            "https://A",
            "ftp://127.0.0.1",
            "http://[::1]x",
            "https://a b",
            "http://localhost@evil",
        ] {
            assert!(!origin(bad), "{bad}");
        }
    }

    #[test]
    fn senders() {
        for good in ["Xoxzo", "A123456789", "814512345678901"] {
            assert!(sender(good), "{good}");
        }
        for bad in [
            "",
            "Example Shop",
            "ABCDEFGHIJK",
            "8145123456789012",
            "+8145",
            "店",
        ] {
            assert!(!sender(bad), "{bad}");
        }
    }
}
