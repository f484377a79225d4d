//! Settings: what a service decides, with a safe default for everything else.
//!
//! Each record below is a part of the settings document. Its lines are the one place where a setting has its name, type, range, default and
//! description: the document is read and checked by them, and `wit/settings.schema.json` is made from them. What is left to
//! [`Settings::prepare`] are the rules that hold between values. Every default has a limit.

mod messages;
pub(crate) mod prepared;
mod rules;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::codec::Writer;
use crate::common::document::{Absent, Field, Form, SchemaError};
use crate::common::failure::InvalidFormat;
use crate::common::json::Node;
use crate::common::range::Range;
use crate::common::record;
use crate::common::{display, form};
use crate::phone::{Destination, DestinationRange, Trusted, prefix};
use crate::signed::key::{RequestKey, RootKey};
use crate::signed::seal::Seal;
use crate::xoxzo::account::Xoxzo;

pub use messages::{Messages, Voice, Wording};

crate::record! {
    /// Everything that a service decides.
    pub(crate) Settings {
        only {
            /// Version of this format.
            version = Form::Number(Range(1, 1)), Absent::Required;
            /// Set of defaults. psd2: 5 failures in a day (RTS, article 4). strict: PINs of 8 digits for 2 minutes, 3 guesses, 5 failures in a day and 50 in a
            /// row, fewer messages. Other settings in the document override it.
            preset = Form::Choice(&["default", "psd2", "strict"]), Absent::Text("default");
        }

        /// Name of the service in tokens and receipts: 1 to 64 bytes of printable ASCII without spaces.
        audience: String = Form::Text(form::plain::<64>), Absent::Required;
        /// Name of the service in messages: 1 to 40 letters, digits, spaces and .,'&()-, at most three digits together, no dotted word, one script a word.
        service: String = Form::Text(display::check), Absent::Required;
        /// Keys of challenges, as keygen prints them. The first signs, all verify. To rotate: add the new key last everywhere, move it first everywhere, drop
        /// the old one after the longest lifetime.
        keys: Vec<RootKey> = Form::List(&Form::Secret(root_key), Range(1, 8)), Absent::Required;
        /// The counter store behind every limit.
        guard: GuardSettings = Form::Map(&GuardSettings::FIELDS), Absent::Required;
        /// The Xoxzo account.
        xoxzo: Xoxzo = Form::Map(&Xoxzo::FIELDS), Absent::Required;
        /// Countries and ranges that messages may go to. A number that no entry covers is refused. An entry is a country by its two letters (ISO 3166-1), such
        /// as JP, US or GB, which admits its fixed and mobile numbers and leaves out premium rate, shared cost, toll-free, personal, pager and voicemail
        /// numbers; or JP-mobile; or a range as an object. The longest prefix that matches decides: a country counts as its calling code, and a range with the
        /// same prefix goes before it.
        destinations: Vec<Destination> = DESTINATIONS, Absent::Required;
        /// Prefixes, + and 1 to 15 digits each, whose numbers are accepted without a numbering plan: they only need 8 to 15 digits. For a country whose plan
        /// has changed since this version. Destinations hold for them too: add a range if the country does not admit them. A number there that can be spelled
        /// in two ways counts as two numbers.
        trust_numbers_under: Trusted = Form::List(&Form::Text(prefix), Range(0, 16)), Absent::Empty;
        /// Purposes of challenges. A challenge for one purpose is rejected for another.
        purposes: Vec<Purpose> = Form::List(&Form::Map(&Purpose::FIELDS), Range(1, 32)), Absent::One(login);
        /// PINs, their lifetime, and guesses.
        pin: Pins = Form::Map(&Pins::FIELDS), Absent::Defaults;
        /// Limits of wrong guesses.
        failures: Failures = Form::Map(&Failures::FIELDS), Absent::Defaults;
        /// Limits of messages.
        sends: Sends = Form::Map(&Sends::FIELDS), Absent::Defaults;
        /// Texts of messages.
        message: Messages = Form::Map(&Messages::FIELDS), Absent::Defaults;
        /// Voice calls that say the PIN. Disabled if absent. A call comes only after an SMS, when a resend asks for it, and counts as 5 messages.
        voice: Option<Voice> = Form::Map(&Voice::FIELDS), Absent::Out;
        /// Test mode: base_url must be a loopback address. Tokens, counters and receipts created in test mode are rejected by settings without it.
        test: bool = Form::Flag, Absent::Flag(false);
    }
}

pub(crate) const DESTINATIONS: Form = Form::List(
    &Form::Either(destination, &DestinationRange::FIELDS),
    Range(0, 256),
);

fn root_key(text: &str) -> Result<(), InvalidFormat> {
    RootKey::parse(text).map(drop)
}

fn destination(name: &str) -> Result<(), InvalidFormat> {
    Destination::named(name).map(drop)
}

/// The one purpose of settings that name none.
fn login() -> Node {
    let fields = [
        ("name", Node::Text("login".to_string())),
        ("after_first_factor", Node::Flag(true)),
        ("voice", Node::Flag(true)),
    ];
    Node::Map(fields.map(|(name, node)| (name.to_string(), node)).into())
}

crate::record! {
    /// The counter store behind every limit.
    pub(crate) GuardSettings {
        /// Key of the counters' names, as keygen prints it. Without it nobody can tell whose counter is which. Changing it resets every limit and revives used
        /// challenges, so it does not rotate with keys.
        key: RootKey = Form::Secret(root_key), Absent::Required;
        /// The processes that share the counters. With process, challenges end with the process that made them, as their counters do. A host that knows its
        /// store sets this itself.
        scope: Scope = Form::Choice(&Scope::CODES), Absent::Text("process");
    }
}

crate::choice! {
    /// The processes that share the guard's counters.
    Scope {
        /// One process, and they end with it. Tokens end with it too.
        Process = "process",
        /// Every process that has these settings.
        Shared = "shared",
    }
}

crate::record! {
    stored
    /// A purpose of challenges.
    pub Purpose {
        /// 1 to 128 bytes of printable ASCII without spaces.
        name: String = Form::Text(form::plain::<128>), Absent::Required;
        /// True if only someone who passed another factor can start it. If false, strangers can: it gets half of each cap but the client's, and its failures
        /// are counted apart.
        after_first_factor: bool = Form::Flag, Absent::Required;
        /// True if a call may say its PIN, where calls are enabled.
        voice: bool = Form::Flag, Absent::Flag(true);
    }
}

crate::record! {
    stored
    /// PINs, their lifetime, and guesses.
    pub(crate) Pins {
        /// Number of digits of a PIN.
        digits: u8 = Form::Number(Range(4, 10)), Absent::Number(6);
        /// Lifetime of a challenge, in seconds.
        lifetime_seconds: u16 = Form::Number(Range(60, 600)), Absent::Number(300);
        /// Maximum number of guesses per challenge.
        guesses: u32 = Form::Number(Range(1, 10)), Absent::Number(5);
    }
}

impl Pins {
    /// Digits of new PINs while there are more failures than `failures.per_audience` allows.
    pub const ALARMED: u8 = 8;
}

crate::record! {
    stored
    /// Limits of wrong guesses.
    pub(crate) Failures {
        /// Failures of a subject with a recipient per time window. When exceeded, the subject is locked until the window ends.
        soft: Cap = Form::Map(&capped(Range(1, 100), 10, DAY)), Absent::Defaults;
        /// Consecutive failures of a subject with a recipient, over all challenges. After them the subject is locked until an operator unlocks it.
        hard: u32 = Form::Number(Range(1, 100)), Absent::Number(100);
        /// Failures of one subject over all recipients. A success does not reset them.
        per_subject: Cap = Form::Map(&capped(COUNT, 30, DAY)), Absent::Defaults;
        /// Failures from one client address (IPv6 by its /64). If set, every start and verify must name the client's address.
        per_client: Option<Cap> = Form::Map(&Cap::FIELDS), Absent::Out;
        /// Failures of all users together. Above this nobody is locked out, but new PINs have at least 8 digits and an alarm is raised.
        per_audience: Cap = Form::Map(&capped(COUNT, 300, HOUR)), Absent::Defaults;
    }
}

crate::record! {
    stored
    /// Limits of messages.
    pub(crate) Sends {
        /// Minimum number of seconds between two messages to one number. Under 60 only in test mode.
        cooldown_seconds: u32 = Form::Number(Range(1, 600)), Absent::Number(60);
        /// Messages of one subject.
        per_subject: Cap = Form::Map(&capped(COUNT, 10, DAY)), Absent::Defaults;
        /// Messages to one number.
        per_number: Cap = Form::Map(&capped(COUNT, 10, DAY)), Absent::Defaults;
        /// Messages per client address (IPv6 by its /64). If set, every start must name the client's address. As many sends that Xoxzo rejects, such as to
        /// bad numbers, are allowed in the same window, counted apart.
        per_client: Option<Cap> = Form::Map(&Cap::FIELDS), Absent::Out;
        /// Messages to one range of 10,000 numbers, which share all digits but the last four.
        per_range: Cap = Form::Map(&capped(COUNT, 60, HOUR)), Absent::Defaults;
        /// Messages to all users together. As many rejected sends are allowed in the same window, counted apart.
        per_audience: Cap = Form::Map(&capped(COUNT, 1_000, HOUR)), Absent::Defaults;
        /// Only count: a message over a cap raises an alarm and is sent. The cooldown, limits of guesses and the pause after five failures of Xoxzo in a row
        /// still refuse.
        monitor: bool = Form::Flag, Absent::Flag(false);
    }
}

crate::record! {
    stored
    /// A count in any window of `seconds` that begins with its first.
    pub(crate) Cap {
        /// Maximum in one window.
        count: u32 = Form::Number(COUNT), Absent::Required;
        /// Length of the window in seconds. It begins with the first event in it.
        seconds: u32 = Form::Number(SECONDS), Absent::Required;
    }
}

impl Copy for Cap {}

/// The fields of a cap with defaults of its own.
const fn capped(counts: Range, most: u32, window: u32) -> [Field; 2] {
    let [mut count, mut seconds] = Cap::FIELDS;
    (count.form, count.absent) = (Form::Number(counts), Absent::Number(most));
    seconds.absent = Absent::Number(window);
    [count, seconds]
}

const COUNT: Range = Range(1, 1_000_000);
/// A minute to 31 days.
const SECONDS: Range = Range(60, 31 * DAY);
const HOUR: u32 = 3_600;
const DAY: u32 = 86_400;

impl Settings {
    /// The form of the settings document.
    pub const FORM: Form = Form::Map(&Self::FIELDS);

    /// Takes a settings document, with defaults for what it leaves out. Rules between settings are left to [`Settings::prepare`].
    ///
    /// # Errors
    ///
    /// The first field that is unknown or missing, or whose value has another type or breaks a rule.
    pub fn from_document(mut document: Node) -> Result<Self, SchemaError> {
        Self::FORM.fill(&mut document)?;
        record::read(&document)
    }

    /// The same settings for counters that end with the process.
    #[must_use]
    pub fn in_process(mut self) -> Self {
        self.guard.scope = Scope::Process;
        self
    }

    /// The same settings for counters that several processes share.
    #[must_use]
    pub fn in_fleet(mut self) -> Self {
        self.guard.scope = Scope::Shared;
        self
    }

    /// The name of the service in messages.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The purpose with this name.
    #[must_use]
    pub fn purpose(&self, name: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.name == name)
    }

    /// The most billed parts of a message.
    #[must_use]
    pub fn max_parts(&self) -> u32 {
        self.message.max_parts
    }

    /// Tells whether calls can be made.
    #[must_use]
    pub fn has_voice(&self) -> bool {
        self.voice.is_some()
    }

    /// A seal for one use, of a process or a fleet if it is to end with its counters.
    #[must_use]
    pub fn seal(&self, label: &str, id: Option<&[u8; 16]>) -> Seal {
        let context = self.context(id);
        let key = |root: &RootKey| (root.kid(), root.derive(label, &context).mac_key());
        Seal::new(&self.audience, label, self.keys.iter().map(key).collect())
    }

    /// The keys that sign step-up requests to this audience, one for each of `keys`.
    #[must_use]
    pub fn request_keys(&self) -> Vec<RequestKey> {
        let key = |root: &RootKey| root.request_key(&self.audience, self.test);
        self.keys.iter().map(key).collect()
    }

    /// What keys of tokens and names are derived with beside their label, so that what is of one scope, one process, one fleet or of tests is
    /// nothing to another.
    pub(crate) fn context(&self, id: Option<&[u8; 16]>) -> Vec<u8> {
        let scope = match self.guard.scope {
            Scope::Process => 1,
            Scope::Shared => 2,
        };
        let mut context = Writer::new();
        context.u8(scope | if self.test { 0x80 } else { 0 });
        context.raw(id.map_or(&[], |id| &id[..])).finish()
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
            self.keys.contains(&self.guard.key),
            "guard.key is also in keys: keep it when you rotate them, or every limit starts anew",
        );
        warn(
            self.pin.digits < 6,
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
            self.sends.per_client.is_none(),
            "sends.per_client is not set: one address can use up every cap",
        );
        warn(
            self.failures.per_client.is_none(),
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
            self.message.texts.iter().any(Wording::has_link),
            "message.texts has a link: users learn to tap links in messages about codes, and carriers block them",
        );
        warn(
            self.message.texts.iter().any(Wording::lacks_warning),
            "message.texts does not ask users to keep the code to themselves",
        );
        for prefix in self.trust_numbers_under.prefixes() {
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
        warn(
            !self.message.templates.is_empty() && !self.message.texts.is_empty(),
            "message.texts has no effect on an SMS with templates, whose text is Xoxzo's",
        );
        warn(
            !self.message.templates.is_empty() && self.message.is_autofilled(),
            "message.webotp_domain and message.android_hash have no effect with templates: write them into the templates",
        );
        let narrowest = self
            .sends
            .per_subject
            .count
            .min(self.sends.per_number.count);
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
