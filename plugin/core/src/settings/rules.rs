//! The rules that hold on values and between them.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Broken, Cap, Guesses, Range, Sends, Settings, Xoxzo};
use crate::codec::split;
use crate::failure::Unfit;
use crate::key::RootKey;
use crate::text::{self, Message};
use crate::words;

impl Settings {
    /// # Errors
    ///
    /// The first rule that is broken.
    pub(super) fn check(&self) -> Result<(), Broken> {
        for (path, range, number, rule) in RANGES {
            if !range.holds(number(self)) {
                return Err(Broken {
                    path,
                    rule: Unfit(rule),
                });
            }
        }
        words::check(&self.service).map_err(|rule| Broken {
            path: "service",
            rule,
        })?;
        let broken = self.rules().into_iter().find(|(holds, ..)| !holds);
        broken.map_or(Ok(()), |(_, path, rule)| {
            Err(Broken {
                path,
                rule: Unfit(rule),
            })
        })
    }

    fn rules(&self) -> [(bool, &'static str, &'static str); 10] {
        const PLAIN: &str = "must be printable ASCII without spaces, and not too long";
        let xoxzo = &self.xoxzo;
        let plainest = Message {
            locale: self.locale,
            service: &self.service,
            pin: "0000000000",
            left: 600,
            transaction: None,
        };
        let kids: Vec<_> = self.keys.iter().map(RootKey::kid).collect();
        let names: Vec<_> = self
            .purposes
            .iter()
            .map(|purpose| purpose.name.as_bytes())
            .collect();
        [
            (plain(&self.audience, 64), "audience", PLAIN),
            (
                text::parts(&plainest.compose()) <= self.parts,
                "service",
                "makes a message of too many parts",
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

const RANGES: [Ranged; 22] = [
    (
        "message.max_parts",
        Settings::PARTS,
        |it| it.parts as usize,
        "must be 1 to 5",
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
        "failures.soft",
        Guesses::SOFT,
        |it| it.guesses.soft.count as usize,
        "count must be 1 to 100",
    ),
    (
        "failures.soft",
        Cap::SECONDS,
        |it| it.guesses.soft.seconds as usize,
        WINDOW,
    ),
    (
        "failures.hard",
        Guesses::HARD,
        |it| it.guesses.hard as usize,
        "must be 1 to 100",
    ),
    (
        "sends.cooldown_seconds",
        Sends::COOLDOWN,
        |it| it.sends.cooldown as usize,
        "must be 60 to 600",
    ),
    (
        "sends.per_subject",
        Cap::COUNT,
        |it| it.sends.subject.count as usize,
        COUNT,
    ),
    (
        "sends.per_subject",
        Cap::SECONDS,
        |it| it.sends.subject.seconds as usize,
        WINDOW,
    ),
    (
        "sends.per_number",
        Cap::COUNT,
        |it| it.sends.number.count as usize,
        COUNT,
    ),
    (
        "sends.per_number",
        Cap::SECONDS,
        |it| it.sends.number.seconds as usize,
        WINDOW,
    ),
    (
        "sends.per_client",
        Cap::COUNT,
        |it| it.sends.client.map_or(1, |cap| cap.count as usize),
        COUNT,
    ),
    (
        "sends.per_client",
        Cap::SECONDS,
        |it| it.sends.client.map_or(60, |cap| cap.seconds as usize),
        WINDOW,
    ),
    (
        "sends.per_range",
        Cap::COUNT,
        |it| it.sends.range.count as usize,
        COUNT,
    ),
    (
        "sends.per_range",
        Cap::SECONDS,
        |it| it.sends.range.seconds as usize,
        WINDOW,
    ),
    (
        "sends.per_audience",
        Cap::COUNT,
        |it| it.sends.audience.count as usize,
        COUNT,
    ),
    (
        "sends.per_audience",
        Cap::SECONDS,
        |it| it.sends.audience.seconds as usize,
        WINDOW,
    ),
    (
        "xoxzo.timeout_milliseconds",
        Xoxzo::TIMEOUT,
        |it| it.xoxzo.timeout as usize,
        "must be 1000 to 30000",
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

/// An origin that credentials may be sent to: https, or http to a loopback address.
fn origin(url: &str) -> bool {
    let host = |text: &str| {
        text.len() <= 255
            && text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
            })
            && !text.starts_with(['-', '.'])
            && !text.is_empty()
    };
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

#[cfg(test)]
mod tests {
    use super::*;

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
