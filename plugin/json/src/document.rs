//! The settings document. Its schema, with these comments, is `wit/settings.schema.json`.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use xoxzo_2fa_core::{Cap, Guesses, Locale, Sends};

use crate::text::{DestinationText, KeyText, ScopeText, SecretText, locale};

/// Settings of xoxzo-2fa.
///
/// Where the schema says `x-secret`, a host also takes `{"env": "NAME"}` or `{"file": "PATH"}` in place of a string.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "xoxzo-2fa settings"))]
pub(crate) struct Document {
    /// Version of this format: 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 1)))]
    pub(crate) version: u32,
    /// Name of the service in tokens and receipts: 1 to 64 bytes of printable ASCII without spaces.
    pub(crate) audience: String,
    /// Name of the service in messages: 1 to 40 letters, digits, spaces and `.,'&()-`, no run of four digits.
    pub(crate) service: String,
    /// Keys of challenges, as `keygen` prints them. The first signs, all verify. To rotate: add the new key last everywhere,
    /// move it first everywhere, drop the old one after the longest lifetime.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>", length(min = 1, max = 8), inner(extend("x-secret" = true))))]
    pub(crate) keys: Vec<KeyText>,
    /// The counters.
    pub(crate) guard: GuardDocument,
    /// The Xoxzo account.
    pub(crate) xoxzo: XoxzoDocument,
    /// Where messages may go: presets (`JP-mobile`, `US-CA`) and ranges. The longest prefix that matches decides; what matches
    /// none is refused.
    pub(crate) destinations: Vec<DestinationText>,
    /// What challenges may be for. A challenge for one purpose is nothing for another.
    #[serde(default = "purposes")]
    pub(crate) purposes: Vec<PurposeDocument>,
    /// PINs and how often they may be guessed.
    #[serde(default)]
    pub(crate) pin: PinDocument,
    /// Failures of one subject with one recipient, over all challenges.
    #[serde(default)]
    pub(crate) failures: FailuresDocument,
    /// How many messages may be sent.
    #[serde(default)]
    pub(crate) sends: SendsDocument,
    /// The text of messages.
    #[serde(default)]
    pub(crate) message: MessageDocument,
}

/// The counters.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct GuardDocument {
    /// Key of the counters' names, as `keygen` prints it. Hides what is counted; changing it resets every limit and
    /// revives used challenges, so it does not rotate with `keys`.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("x-secret" = true)))]
    pub(crate) key: KeyText,
    /// Who shares the counters. With `process`, challenges end with the process that made them, as their counters do. A
    /// host that knows its store sets this itself.
    #[serde(default = "process")]
    pub(crate) scope: ScopeText,
}

fn process() -> ScopeText {
    ScopeText::Process
}

/// The Xoxzo account.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct XoxzoDocument {
    /// API SID.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("x-secret" = true)))]
    pub(crate) sid: SecretText,
    /// API token.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("x-secret" = true)))]
    pub(crate) auth_token: SecretText,
    /// Sender of messages: at most 10 letters and digits, or at most 15 digits.
    pub(crate) sender: String,
    /// `https://HOST`, or `http://` and a loopback address. Nothing is ever sent to another origin.
    #[serde(default = "base_url")]
    pub(crate) base_url: String,
    /// For one exchange: 1000 to 30000.
    #[serde(default = "timeout")]
    pub(crate) timeout_milliseconds: u32,
}

fn base_url() -> String {
    "https://api.xoxzo.com".to_string()
}

fn timeout() -> u32 {
    10_000
}

/// What challenges may be for.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct PurposeDocument {
    /// 1 to 128 bytes of printable ASCII without spaces.
    pub(crate) name: String,
    /// Whether only someone who passed another factor can start it. If not, strangers can: it gets at most half of each cap,
    /// and its failures are counted apart.
    pub(crate) after_first_factor: bool,
}

fn purposes() -> Vec<PurposeDocument> {
    alloc::vec![PurposeDocument { name: "login".to_string(), after_first_factor: true }]
}

/// PINs and how often they may be guessed.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct PinDocument {
    /// Digits: 4 to 10.
    pub(crate) digits: u8,
    /// Life of a challenge: 60 to 600.
    pub(crate) lifetime_seconds: u16,
    /// Guesses per challenge: 1 to 10.
    pub(crate) guesses: u32,
}

impl Default for PinDocument {
    fn default() -> Self {
        let Guesses { digits, lifetime, per_challenge, .. } = Guesses::default();
        Self { digits, lifetime_seconds: lifetime, guesses: per_challenge }
    }
}

/// Failures of one subject with one recipient, over all challenges.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct FailuresDocument {
    /// In a window; over it, wait for its end. Count 1 to 100.
    pub(crate) soft: CapDocument,
    /// Consecutive; over it, locked. 1 to 100.
    pub(crate) hard: u32,
}

impl Default for FailuresDocument {
    fn default() -> Self {
        let Guesses { soft, hard, .. } = Guesses::default();
        Self { soft: soft.into(), hard }
    }
}

/// How many messages may be sent.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct SendsDocument {
    /// Between two messages to one number: 60 to 600.
    pub(crate) cooldown_seconds: u32,
    /// Per subject.
    pub(crate) per_subject: CapDocument,
    /// Per number.
    pub(crate) per_number: CapDocument,
    /// Per client address (IPv6 by its /64). If set, every start must name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) per_client: Option<CapDocument>,
    /// Per range of 10,000 numbers: all digits but the last four.
    pub(crate) per_range: CapDocument,
    /// Over everyone.
    pub(crate) per_audience: CapDocument,
}

impl Default for SendsDocument {
    fn default() -> Self {
        let Sends { cooldown, subject, number, client, range, audience } = Sends::default();
        Self {
            cooldown_seconds: cooldown,
            per_subject: subject.into(),
            per_number: number.into(),
            per_client: client.map(CapDocument::from),
            per_range: range.into(),
            per_audience: audience.into(),
        }
    }
}

/// The text of messages.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct MessageDocument {
    /// Language where a call names none: `en` or `ja`.
    #[serde(deserialize_with = "locale", serialize_with = "code")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub(crate) locale: Locale,
    /// Most billed parts: 1 to 5. A longer message is refused before it costs anything.
    pub(crate) max_parts: u32,
}

impl Default for MessageDocument {
    fn default() -> Self {
        Self { locale: Locale::En, max_parts: 1 }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn code<S: serde::Serializer>(locale: &Locale, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(locale.code())
}

/// So many in a window that begins with the first.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct CapDocument {
    /// How many: 1 to 1000000.
    count: u32,
    /// Length of the window: 60 to 2678400 (31 days).
    seconds: u32,
}

impl From<Cap> for CapDocument {
    fn from(Cap { count, seconds }: Cap) -> Self {
        Self { count, seconds }
    }
}

impl From<CapDocument> for Cap {
    fn from(CapDocument { count, seconds }: CapDocument) -> Self {
        Self { count, seconds }
    }
}
