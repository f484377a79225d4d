//! Settings: what a service decides, with a safe default for everything else.
//!
//! Each value is parsed by its own type before it gets here. What is left to [`Settings::prepare`] are the rules that
//! hold between values. Every default has a limit.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;

use crate::codec::{Writer, split};
use crate::failure::{Failure, Unfit};
use crate::guard::Names;
use crate::key::RootKey;
use crate::phone::Destination;
use crate::prepared::{Account, Key, Prepared};
use crate::text::{self, Locale, Message};
use crate::{random, words};

/// From the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range(pub u32, pub u32);

impl Range {
    fn holds(self, number: impl TryInto<u32>) -> bool {
        number
            .try_into()
            .is_ok_and(|number| (self.0..=self.1).contains(&number))
    }
}

/// `count` in any window of `seconds` that begins with its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// How many.
    pub count: u32,
    /// Length of the window.
    pub seconds: u32,
}

impl Cap {
    /// Range of `count`.
    pub const COUNT: Range = Range(1, 1_000_000);
    /// Range of `seconds`: a minute to 31 days.
    pub const SECONDS: Range = Range(60, 31 * DAY);
}

/// Who shares the guard's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One process, and they end with it. Tokens end with it too.
    Process,
    /// Every process that has these settings.
    Shared,
}

/// What a challenge may be for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// As in a binding.
    pub name: String,
    /// Whether only someone who passed another factor can start it. If not, it is open to strangers: it gets at most half
    /// of each budget it shares, and its failures are counted apart.
    pub after_first_factor: bool,
}

/// PINs and how often they may be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guesses {
    /// Digits of a PIN, 4 to 10.
    pub digits: u8,
    /// Life of a challenge in seconds, 60 to 600 (NIST SP 800-63B-4, 3.1.3.2: at most 10 minutes).
    pub lifetime: u16,
    /// Guesses per challenge, 1 to 10.
    pub per_challenge: u32,
    /// Failures of a subject with a recipient in a window.
    pub soft: Cap,
    /// Consecutive failures until `locked` (NIST SP 800-63B-4, 3.2.2: at most 100).
    pub hard: u32,
}

impl Guesses {
    /// What holds where nothing else is said.
    pub const DEFAULT: Self = Self {
        digits: 6,
        lifetime: 300,
        per_challenge: 5,
        soft: Cap {
            count: 10,
            seconds: DAY,
        },
        hard: 100,
    };

    /// Range of `digits`.
    pub const DIGITS: Range = Range(4, 10);
    /// Range of `lifetime`.
    pub const LIFETIME: Range = Range(60, 600);
    /// Range of `per_challenge`.
    pub const PER_CHALLENGE: Range = Range(1, 10);
    /// Range of the count of `soft`.
    pub const SOFT: Range = Range(1, 100);
    /// Range of `hard`.
    pub const HARD: Range = Range(1, 100);
}

/// How many messages may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sends {
    /// Seconds between two messages to one number, 60 to 600.
    pub cooldown: u32,
    /// Per subject.
    pub subject: Cap,
    /// Per number.
    pub number: Cap,
    /// Per client address. If set, every start must name one.
    pub client: Option<Cap>,
    /// Per range of 10,000 numbers: all digits but the last four.
    pub range: Cap,
    /// Per audience, over everyone.
    pub audience: Cap,
}

impl Sends {
    /// What holds where nothing else is said.
    pub const DEFAULT: Self = Self {
        cooldown: 60,
        subject: Cap {
            count: 10,
            seconds: DAY,
        },
        number: Cap {
            count: 10,
            seconds: DAY,
        },
        client: None,
        range: Cap {
            count: 60,
            seconds: HOUR,
        },
        audience: Cap {
            count: 1_000,
            seconds: HOUR,
        },
    };

    /// Range of `cooldown`.
    pub const COOLDOWN: Range = Range(60, 600);
}

const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

/// The Xoxzo account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Xoxzo {
    /// Where the API is, without a slash at the end.
    pub base_url: String,
    /// API SID, the user of HTTP Basic.
    pub sid: String,
    /// API token, the password of HTTP Basic.
    pub auth_token: String,
    /// Sender of messages: at most 10 letters and digits, or at most 15 digits.
    pub sender: String,
    /// Milliseconds for one exchange, 1,000 to 30,000.
    pub timeout: u32,
}

impl Xoxzo {
    /// Range of `timeout`.
    pub const TIMEOUT: Range = Range(1_000, 30_000);
}

/// Everything a service decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of the service in tokens and receipts.
    pub audience: String,
    /// Name of the service in messages.
    pub service: String,
    /// Language of messages.
    pub locale: Locale,
    /// Most billed parts of a message, 1 to 5.
    pub parts: u32,
    /// Secrets of tokens: the first signs, all verify.
    pub keys: Vec<RootKey>,
    /// Secret of counters' names.
    pub guard_key: RootKey,
    /// Who shares the counters.
    pub scope: Scope,
    /// The closed list of purposes.
    pub purposes: Vec<Purpose>,
    /// Where messages may go.
    pub destinations: Vec<Destination>,
    /// PINs and guesses.
    pub guesses: Guesses,
    /// Messages.
    pub sends: Sends,
    /// The account.
    pub xoxzo: Xoxzo,
}

/// A rule between settings is broken: where, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Path of the setting.
    pub path: &'static str,
    /// The rule.
    pub rule: Unfit,
}

impl Settings {
    /// Range of `parts`.
    pub const PARTS: Range = Range(1, 5);
    /// How many keys.
    pub const KEYS: Range = Range(1, 8);
    /// How many purposes.
    pub const PURPOSES: Range = Range(1, 32);
    /// How many destinations.
    pub const DESTINATIONS: Range = Range(0, 256);

    /// Checks what holds between values, and derives the keys.
    ///
    /// # Errors
    ///
    /// The first rule that is broken, or no randomness for the scope `process`.
    pub fn prepare(
        &self,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Result<Prepared, Broken>, Failure> {
        if let Err(broken) = self.check() {
            return Ok(Err(broken));
        }
        let process = match self.scope {
            Scope::Process => Some(random::draw::<16>(rng)?),
            Scope::Shared => None,
        };
        let tokens = context(self.scope, process.as_ref());
        let keys = self.keys.iter().map(|root| Key {
            kid: root.kid(),
            token: root.derive("token", &tokens),
            pin: root.derive("pin", &tokens),
            receipt: root.receipt_key(&self.audience),
        });
        Ok(Ok(Prepared {
            audience: self.audience.clone(),
            service: self.service.clone(),
            locale: self.locale,
            parts: self.parts,
            keys: keys.collect(),
            // Not the process: settings prepared anew in one process find its locks again.
            names: Names(self.guard_key.derive("guard", &context(self.scope, None))),
            purposes: self.purposes.clone(),
            destinations: self.destinations.clone(),
            guesses: self.guesses,
            sends: self.sends,
            account: Account::new(&self.xoxzo),
        }))
    }

    /// What is allowed and unwise.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |when: bool, text: &str| {
            if when {
                warnings.push(text.to_string());
            }
        };
        warn(
            self.keys.contains(&self.guard_key),
            "guard.key is also in keys: keep it when you rotate them, or every limit starts anew",
        );
        warn(
            self.guesses.digits < 6,
            "pin.digits is under 6, the least that NIST SP 800-63B-4 allows",
        );
        warn(
            self.destinations.is_empty(),
            "destinations is empty: no message can be sent",
        );
        warn(
            self.purposes
                .iter()
                .any(|purpose| !purpose.after_first_factor),
            "a purpose is open to strangers, who can use up half of each cap",
        );
        warn(
            self.sends.client.is_none(),
            "sends.per_client is not set: one address can use up every cap",
        );
        warn(
            self.xoxzo.base_url.starts_with("http://"),
            "xoxzo.base_url is a loopback address: no phone gets a message",
        );
        warnings
    }

    fn check(&self) -> Result<(), Broken> {
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

/// What keys of tokens are derived with beside their label, so that tokens of one scope, or one process, are nothing to another.
fn context(scope: Scope, process: Option<&[u8; 16]>) -> Vec<u8> {
    let mut context = Writer::new();
    context.u8(match scope {
        Scope::Process => 1,
        Scope::Shared => 2,
    });
    context.raw(process.map_or(&[], |id| &id[..])).finish()
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
