//! Settings: what a service decides, with a safe default for everything else.
//!
//! Each value is parsed by its own type before it gets here. What is left to [`Settings::prepare`] are the rules that
//! hold between values. Every default has a limit.

mod messages;
pub(crate) mod prepared;
mod rules;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::codec::Writer;
use crate::common::failure::InvalidFormat;
use crate::common::range::Range;
use crate::phone::{Destination, Trusted};
use crate::signed::key::{RequestKey, RootKey};
use crate::signed::seal::Seal;
use crate::xoxzo::account::Xoxzo;

pub use messages::{Autofill, Messages, Voice, Wording};

/// `count` in any window of `seconds` that begins with its first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// The count.
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

/// The processes that share the guard's counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One process, and they end with it. Tokens end with it too.
    Process,
    /// Every process that has these settings.
    Shared,
}

/// A purpose of challenges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The name, as in a binding.
    pub name: String,
    /// True if only someone who passed another factor can start it. If not, it is open to strangers: it gets at most half
    /// of each budget it shares, and its failures are counted apart.
    pub after_first_factor: bool,
    /// True if its PIN may be said by a call, where calls are on.
    pub voice: bool,
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
    /// Failures of a subject over all recipients. No success clears them.
    pub subject: Cap,
    /// Failures from a client address. If set, every verify must name one.
    pub client: Option<Cap>,
    /// Failures over everyone. Beyond them nobody is locked: new PINs have 8 digits, and an alarm is raised.
    pub audience: Cap,
}

impl Guesses {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        digits: 6,
        lifetime: 300,
        per_challenge: 5,
        soft: Cap {
            count: 10,
            seconds: DAY,
        },
        hard: 100,
        subject: Cap {
            count: 30,
            seconds: DAY,
        },
        client: None,
        audience: Cap {
            count: 300,
            seconds: HOUR,
        },
    };

    /// Digits of new PINs while there are more failures than `audience` allows.
    pub const ALARMED: u8 = 8;

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

/// Limits of messages.
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
    /// Count the caps and refuse nothing by them, but raise an alarm. Never the cooldown, and never guesses.
    pub monitor: bool,
}

impl Sends {
    /// The defaults.
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
        monitor: false,
    };

    /// Range of `cooldown`.
    pub const COOLDOWN: Range = Range(60, 600);
}

const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

/// Everything a service decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Name of the service in tokens and receipts.
    pub audience: String,
    /// Name of the service in messages.
    pub service: String,
    /// Test mode: the API must be on a loopback address. Tokens, counters and receipts of test mode are rejected by settings
    /// without it.
    pub test: bool,
    /// The text of messages.
    pub messages: Messages,
    /// Secrets of tokens: the first signs, all verify.
    pub keys: Vec<RootKey>,
    /// Secret of counters' names.
    pub guard_key: RootKey,
    /// The processes that share the counters.
    pub scope: Scope,
    /// The closed list of purposes.
    pub purposes: Vec<Purpose>,
    /// Destinations of messages.
    pub destinations: Vec<Destination>,
    /// Prefixes whose numbers are taken without a numbering plan.
    pub trusted: Trusted,
    /// PINs and guesses.
    pub guesses: Guesses,
    /// Messages.
    pub sends: Sends,
    /// Calls; none if absent.
    pub voice: Option<Voice>,
    /// The account.
    pub xoxzo: Xoxzo,
}

/// A rule between settings is broken: where, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleViolation {
    /// Path of the setting.
    pub path: &'static str,
    /// The rule.
    pub rule: InvalidFormat,
}

impl Settings {
    /// Range of the number of keys.
    pub const KEYS: Range = Range(1, 8);
    /// Range of the number of purposes.
    pub const PURPOSES: Range = Range(1, 32);
    /// Range of the number of destinations.
    pub const DESTINATIONS: Range = Range(0, 256);

    /// A seal for one use, of a process if it is to end with it.
    #[must_use]
    pub fn seal(&self, label: &str, process: Option<&[u8; 16]>) -> Seal {
        let context = self.context(process.filter(|_| self.scope == Scope::Process));
        let key = |root: &RootKey| (root.kid(), root.derive(label, &context));
        Seal::new(&self.audience, label, self.keys.iter().map(key).collect())
    }

    /// The keys that sign step-up requests to this audience, one for each of `keys`.
    #[must_use]
    pub fn request_keys(&self) -> Vec<RequestKey> {
        let key = |root: &RootKey| root.request_key(&self.audience, self.test);
        self.keys.iter().map(key).collect()
    }

    /// What keys of tokens and names are derived with beside their label, so that what is of one scope, one process or of tests is
    /// nothing to another.
    pub(crate) fn context(&self, process: Option<&[u8; 16]>) -> Vec<u8> {
        let scope = match self.scope {
            Scope::Process => 1,
            Scope::Shared => 2,
        };
        let mut context = Writer::new();
        context.u8(scope | if self.test { 0x80 } else { 0 });
        context.raw(process.map_or(&[], |id| &id[..])).finish()
    }

    /// Returns warnings about settings that are allowed and unwise.
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
            self.guesses.client.is_none(),
            "failures.per_client is not set: one address can guess at every account",
        );
        warn(
            self.sends.monitor,
            "sends.monitor is on: no cap on messages refuses anything",
        );
        warn(
            self.test,
            "test is on: nothing that these settings make is worth anything elsewhere",
        );
        warn(
            !self.test && self.xoxzo.base_url.starts_with("http://"),
            "xoxzo.base_url is a loopback address: no phone gets a message",
        );
        warn(
            self.messages.texts.iter().any(Wording::has_link),
            "message.texts has a link: users learn to tap links in messages about codes, and carriers block them",
        );
        warn(
            self.messages.texts.iter().any(Wording::lacks_warning),
            "message.texts does not ask users to keep the code to themselves",
        );
        for prefix in self.trusted.prefixes() {
            warn(
                true,
                &[
                    "numbers under +",
                    prefix,
                    " are trusted without a numbering plan: one that is spelled in two ways has the limits of two",
                ]
                .concat(),
            );
        }
        let autofill = &self.messages.autofill;
        warn(
            !self.messages.templates.is_empty() && !self.messages.texts.is_empty(),
            "message.texts has no effect on an SMS with templates, whose text is Xoxzo's",
        );
        warn(
            !self.messages.templates.is_empty() && *autofill != Autofill::default(),
            "message.webotp_domain and message.android_hash have no effect with templates: write them into the templates",
        );
        let narrowest = self.sends.subject.count.min(self.sends.number.count);
        warn(
            self.voice.is_some() && narrowest <= Voice::WEIGHT,
            "a call weighs 5 messages, and a cap in sends leaves no room for one after an sms",
        );
        warn(
            self.voice
                .as_ref()
                .is_some_and(|voice| voice.destinations.is_empty()),
            "voice.destinations is empty: no call can be made",
        );
        warnings
    }
}
