//! Values that are written as strings and have a type of their own.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use xoxzo_2fa_core::{Destination, Locale, RootKey, Scope};
use zeroize::Zeroizing;

use crate::fault;

/// A string that is a secret. Serialized it is `"[REDACTED]"`.
pub(crate) struct SecretText(pub(crate) Zeroizing<String>);

/// A root key. Serialized it is `"[REDACTED]"`.
pub(crate) struct KeyText(pub(crate) RootKey);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SecretVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = from.deserialize_any(SecretVisitor)?;
        RootKey::parse(&text).map(Self).map_err(fault::unfit)
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("[REDACTED]")
    }
}

impl Serialize for KeyText {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("[REDACTED]")
    }
}

/// Takes a string, and knows a reference when it sees one.
struct SecretVisitor;

impl<'de> Visitor<'de> for SecretVisitor {
    type Value = Zeroizing<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Zeroizing::new(text.to_string()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Err(fault::rule("is a reference, which the host must resolve before the engine sees it"))
    }
}

/// `en`, `ja`.
pub(crate) fn locale<'de, D: Deserializer<'de>>(from: D) -> Result<Locale, D::Error> {
    Locale::parse(&String::deserialize(from)?).map_err(fault::unfit)
}

#[derive(Clone, Copy, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
/// Who shares the guard's counters.
pub(crate) enum ScopeText {
    /// One process, and they end with it.
    Process,
    /// Every process with these settings.
    Shared,
}

impl From<ScopeText> for Scope {
    fn from(text: ScopeText) -> Self {
        match text {
            ScopeText::Process => Self::Process,
            ScopeText::Shared => Self::Shared,
        }
    }
}

/// One entry of the allowed destinations.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) enum DestinationText {
    /// A preset: `JP-mobile` or `US-CA`.
    Preset(String),
    /// A range of numbers.
    Range(RangeText),
}

/// A range of numbers.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct RangeText {
    /// `+` and 1 to 15 digits.
    prefix: String,
    /// Least digits of a whole number, country code included: 8 to 15.
    min_digits: u8,
    /// Most digits of a whole number, country code included: 8 to 15.
    max_digits: u8,
    /// Prefixes within `prefix` that stay shut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deny: Vec<String>,
}

impl DestinationText {
    pub(crate) fn parse(&self) -> Result<Vec<Destination>, xoxzo_2fa_core::Unfit> {
        match self {
            Self::Preset(name) => Destination::preset(name),
            Self::Range(RangeText { prefix, min_digits, max_digits, deny }) => {
                Destination::parse(prefix, *min_digits, *max_digits, deny).map(|one| alloc::vec![one])
            }
        }
    }
}
