//! Settings: what a service decides, with a safe default for everything else.
//!
//! Each value is parsed by its own type before it gets here. What is left to [`Settings::prepare`] are the rules that
//! hold between values. Every default has a limit.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;

use crate::codec::Writer;
use crate::failure::{Failure, Unfit};
use crate::guard::Names;
use crate::key::RootKey;
use crate::phone::Destination;
use crate::prepared::{Account, Key, Prepared};
use crate::text::{self, Locale, Message};
use crate::{random, words};

/// `count` in any window of `seconds` that begins with its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// How many.
    pub count: u32,
    /// Length of the window.
    pub seconds: u32,
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

impl Default for Guesses {
    fn default() -> Self {
        Self {
            digits: 6,
            lifetime: 300,
            per_challenge: 5,
            soft: Cap {
                count: 10,
                seconds: DAY,
            },
            hard: 100,
        }
    }
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

impl Default for Sends {
    fn default() -> Self {
        Self {
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
        }
    }
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
            "guard.key is also a key of tokens: keep guard.key as it is when you rotate keys, or every limit starts anew",
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
            "a purpose is open to strangers: they can make you send messages, up to half of each cap",
        );
        warn(
            self.sends.client.is_none(),
            "sends.per_client is not set: one address may use up the caps of everyone",
        );
        warn(
            self.xoxzo.base_url.starts_with("http://"),
            "xoxzo.base_url is a loopback address: messages go to a sandbox, not to phones",
        );
        warnings
    }

    fn check(&self) -> Result<(), Broken> {
        let rule = |holds: bool, path, rule| {
            if holds {
                Ok(())
            } else {
                Err(Broken {
                    path,
                    rule: Unfit(rule),
                })
            }
        };
        let cap = |cap: Cap, path| {
            rule(
                (1..=1_000_000).contains(&cap.count) && (60..=31 * DAY).contains(&cap.seconds),
                path,
                CAP,
            )
        };
        rule(
            plain(&self.audience, 64),
            "audience",
            "must be 1 to 64 bytes of printable ASCII without spaces",
        )?;
        words::check(&self.service).map_err(|rule| Broken {
            path: "service",
            rule,
        })?;
        rule(
            (1..=5).contains(&self.parts),
            "message.max_parts",
            "must be 1 to 5",
        )?;
        let plainest = Message {
            locale: self.locale,
            service: &self.service,
            pin: "0000000000",
            left: 600,
            transaction: None,
        };
        rule(
            text::parts(&plainest.compose()) <= self.parts,
            "service",
            "makes a plain message longer than message.max_parts",
        )?;

        rule(
            (1..=8).contains(&self.keys.len()),
            "keys",
            "must be 1 to 8 keys",
        )?;
        let kids: Vec<_> = self.keys.iter().map(RootKey::kid).collect();
        let distinct = (1..)
            .zip(&kids)
            .all(|(next, kid)| kids.iter().skip(next).all(|other| other != kid));
        rule(distinct, "keys", "must be different keys")?;

        rule(
            (1..=32).contains(&self.purposes.len()),
            "purposes",
            "must be 1 to 32 purposes",
        )?;
        rule(
            self.purposes
                .iter()
                .all(|purpose| plain(&purpose.name, 128)),
            "purposes",
            "names must be 1 to 128 bytes of printable ASCII without spaces",
        )?;
        let names: Vec<_> = self.purposes.iter().map(|purpose| &purpose.name).collect();
        let distinct = (1..)
            .zip(&names)
            .all(|(next, name)| names.iter().skip(next).all(|other| other != name));
        rule(distinct, "purposes", "names must differ")?;
        rule(
            self.destinations.len() <= 256,
            "destinations",
            "must be at most 256",
        )?;

        let guesses = &self.guesses;
        rule(
            (4..=10).contains(&guesses.digits),
            "pin.digits",
            "must be 4 to 10",
        )?;
        rule(
            (60..=600).contains(&guesses.lifetime),
            "pin.lifetime_seconds",
            "must be 60 to 600",
        )?;
        rule(
            (1..=10).contains(&guesses.per_challenge),
            "pin.guesses",
            "must be 1 to 10",
        )?;
        cap(guesses.soft, "failures.soft")?;
        rule(
            (1..=100).contains(&guesses.soft.count),
            "failures.soft",
            "count must be 1 to 100",
        )?;
        rule(
            (1..=100).contains(&guesses.hard),
            "failures.hard",
            "must be 1 to 100",
        )?;

        let sends = &self.sends;
        rule(
            (60..=600).contains(&sends.cooldown),
            "sends.cooldown_seconds",
            "must be 60 to 600",
        )?;
        cap(sends.subject, "sends.per_subject")?;
        cap(sends.number, "sends.per_number")?;
        sends
            .client
            .map_or(Ok(()), |client| cap(client, "sends.per_client"))?;
        cap(sends.range, "sends.per_range")?;
        cap(sends.audience, "sends.per_audience")?;

        let xoxzo = &self.xoxzo;
        rule(
            origin(&xoxzo.base_url),
            "xoxzo.base_url",
            "must be https://HOST, or http://LOOPBACK:PORT, and nothing after it",
        )?;
        rule(
            plain(&xoxzo.sid, 128) && !xoxzo.sid.contains(':'),
            "xoxzo.sid",
            "must be printable ASCII without spaces and colons",
        )?;
        rule(
            plain(&xoxzo.auth_token, 128),
            "xoxzo.auth_token",
            "must be printable ASCII without spaces",
        )?;
        rule(
            sender(&xoxzo.sender),
            "xoxzo.sender",
            "must be 1 to 10 letters and digits, or 1 to 15 digits",
        )?;
        rule(
            (1_000..=30_000).contains(&xoxzo.timeout),
            "xoxzo.timeout_milliseconds",
            "must be 1000 to 30000",
        )
    }
}

const CAP: &str = "must count 1 to 1000000 in 60 to 2678400 seconds";

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
        None => authority
            .split_once(':')
            .map_or((authority, None), |(name, digits)| (name, Some(digits))),
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
