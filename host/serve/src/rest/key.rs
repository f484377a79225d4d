//! Keys of callers, each with its rights.

use std::fmt;

use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use xoxzo_2fa_core::choice;

choice! {
    /// A use of a key.
    Right {
        /// Messages to users, which cost money.
        Send = "send",
        /// Guesses and receipts.
        Verify = "verify",
        /// A user's limits, the account, and what is logged beside an answer.
        Operate = "operate",
        /// Counters of other processes: whoever has it can clear every limit.
        Guard = "guard",
    }
}

/// A caller's key: only its digest is kept. Debug shows neither.
#[derive(Clone)]
pub struct ApiKey {
    name: String,
    digest: [u8; 32],
    rights: Vec<Right>,
}

impl ApiKey {
    /// Takes a key as callers present it: random, of at least 32 characters, since a fast hash of it is compared.
    #[must_use]
    pub fn new(name: impl Into<String>, key: impl AsRef<[u8]>, rights: &[Right]) -> Self {
        Self::from_digest(name, Sha256::digest(key.as_ref()).into(), rights)
    }

    /// Takes the SHA-256 digest of a key.
    #[must_use]
    pub fn from_digest(name: impl Into<String>, digest: [u8; 32], rights: &[Right]) -> Self {
        Self {
            name: name.into(),
            digest,
            rights: rights.to_vec(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn may(&self, right: Right) -> bool {
        self.rights.contains(&right)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest || self.name == other.name
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("name", &self.name)
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

/// The caller has not shown a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// There is no bearer token.
    Missing,
    /// The token is no key, or there are several.
    Wrong,
}

/// Finds the key that a request presents (RFC 6750, section 2.1). Every key is compared, in constant time.
pub(crate) fn presented<'a>(
    keys: &'a [ApiKey],
    headers: &HeaderMap,
) -> Result<&'a ApiKey, Unknown> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Unknown::Missing)?;
    if values.next().is_some() {
        return Err(Unknown::Wrong);
    }
    let (scheme, token) = value
        .as_bytes()
        .split_at_checked("Bearer ".len())
        .ok_or(Unknown::Missing)?;
    if !scheme.eq_ignore_ascii_case(b"Bearer ") {
        return Err(Unknown::Missing);
    }
    let digest = Sha256::digest(token);
    let mut found = Err(Unknown::Wrong);
    for key in keys {
        if key.digest.ct_eq(&digest).into() {
            found = Ok(key);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn shown(values: &[&str]) -> Result<String, Unknown> {
        let keys = [
            ApiKey::new("other", "fedcba9876543210fedcba9876543210", &Right::ALL),
            ApiKey::new("shop", KEY, &[Right::Send]),
        ];
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented(&keys, &headers).map(|key| key.name().to_string())
    }

    #[test]
    fn a_key_is_known_whole_and_alone() {
        let right = format!("Bearer {KEY}");
        assert_eq!(shown(&[&right]), Ok("shop".to_string()));
        assert_eq!(shown(&[&format!("bearer {KEY}")]), Ok("shop".to_string()));
        assert_eq!(shown(&[]), Err(Unknown::Missing));
        for (value, why) in [
            (format!("Basic {KEY}"), Unknown::Missing),
            (KEY.to_string(), Unknown::Missing),
            ("Bearer".to_string(), Unknown::Missing),
            ("Bearer ".to_string(), Unknown::Wrong),
            (format!("Bearer {}", &KEY[1..]), Unknown::Wrong),
            (format!("Bearer  {KEY}"), Unknown::Wrong),
            (format!("Bearer {KEY} "), Unknown::Wrong),
            (format!("Bearer {KEY},{KEY}"), Unknown::Wrong),
        ] {
            assert_eq!(shown(&[&value]), Err(why), "{value}");
        }
        assert_eq!(shown(&[&right, &right]), Err(Unknown::Wrong));
    }

    #[test]
    fn rights_are_those_given() {
        let key = ApiKey::new("shop", KEY, &[Right::Send]);
        assert!(key.may(Right::Send) && !key.may(Right::Verify) && !key.may(Right::Operate));
        assert!(!format!("{key:?}").contains("0123"));
    }
}
