//! Keys: how they are written down, and what is derived from them.
//!
//! One secret has one use. From each root, HKDF-SHA-256 makes a key per label; the labels and their context
//! are specified in `wit/SPEC.md`.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use hkdf::Hkdf;
use rand::TryCryptoRng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::common::codec::{Writer, from_base64url, to_base64url};
use crate::common::failure::{Failure, InvalidFormat};
use crate::common::json::Node;
use crate::common::random;
use crate::common::record::Value;
use crate::signed::mac::MacKey;

/// 256 bits that nobody may see. Debug prints `[REDACTED]`; wiped on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    /// Reads the key for MACs.
    pub(crate) fn mac_key(&self) -> MacKey {
        MacKey::new(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// The use of a written key.
#[derive(Clone, Copy)]
enum KeyUse {
    /// A root: signs challenges, or names counters.
    Root,
    /// Checks receipts for one audience, and can do nothing else.
    Receipt,
    /// The same for receipts of test mode.
    TestReceipt,
    /// Signs step-up requests to one audience, and can do nothing else.
    Request,
    /// The same for the gate in test mode.
    TestRequest,
}

impl KeyUse {
    fn receipt(test: bool) -> Self {
        if test {
            Self::TestReceipt
        } else {
            Self::Receipt
        }
    }

    fn request(test: bool) -> Self {
        if test {
            Self::TestRequest
        } else {
            Self::Request
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Root => "x2fk1_",
            Self::Receipt => "x2fr1_",
            Self::TestReceipt => "x2ft1_",
            Self::Request => "x2fs1_",
            Self::TestRequest => "x2fu1_",
        }
    }
}

/// Bytes of the checksum in a written key.
const CHECKSUM: usize = 4;

/// A root secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootKey(Secret);

impl Value for RootKey {
    fn read(node: &Node) -> Option<Self> {
        Self::parse(node.text()?).ok()
    }
}

impl RootKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`Code::Randomness`](crate::Code::Randomness).
    pub fn generate(rng: &mut impl TryCryptoRng) -> Result<Self, Failure> {
        random::draw(rng).map(Self::from_random)
    }

    /// Takes 32 bytes of a cryptographically secure generator.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Secret(bytes))
    }

    /// Reads `x2fk1_` and 48 characters of base64url: 32 bytes and their checksum.
    ///
    /// # Errors
    ///
    /// Anything else, such as a passphrase or a key with a slip in it.
    pub fn parse(text: &str) -> Result<Self, InvalidFormat> {
        read(KeyUse::Root, text).map(Self)
    }

    /// The written form, which is the secret itself.
    #[must_use]
    pub fn to_text(&self) -> String {
        write(KeyUse::Root, &self.0)
    }

    /// The key that checks receipts for `audience`: those of live settings, or those of test mode.
    #[must_use]
    pub fn receipt_key(&self, audience: &str, test: bool) -> ReceiptKey {
        let label = if test { "test receipt" } else { "receipt" };
        let secret = self.derive(label, audience.as_bytes());
        ReceiptKey { secret, test }
    }

    /// The key that signs step-up requests to `audience`: live ones, or those of test mode.
    #[must_use]
    pub fn request_key(&self, audience: &str, test: bool) -> RequestKey {
        let label = if test { "test request" } else { "request" };
        let secret = self.derive(label, audience.as_bytes());
        RequestKey { secret, test }
    }

    /// Names the key in tokens.
    pub(crate) fn kid(&self) -> [u8; 4] {
        let mut kid = [0; 4];
        self.expand("kid", &[], &mut kid);
        kid
    }

    pub(crate) fn derive(&self, label: &str, context: &[u8]) -> Secret {
        let mut secret = Secret([0; 32]);
        self.expand(label, context, &mut secret.0);
        secret
    }

    fn expand(&self, label: &str, context: &[u8], out: &mut [u8]) {
        let info = Writer::new().text(label).bytes(context).finish();
        let done = Hkdf::<Sha256>::new(Some(b"xoxzo-2fa/1"), &self.0.0).expand(&info, out);
        debug_assert!(done.is_ok(), "at most 32 bytes are asked for, of 8160");
    }
}

/// Checks receipts for one audience: either live ones or those of test mode, never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptKey {
    pub(crate) secret: Secret,
    pub(crate) test: bool,
}

impl ReceiptKey {
    /// Reads `x2fr1_`, or for test mode `x2ft1_`, and 48 characters of base64url.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidFormat> {
        let test = text.starts_with(KeyUse::TestReceipt.prefix());
        let secret = read(KeyUse::receipt(test), text)?;
        Ok(Self { secret, test })
    }

    /// The written form, which is the secret itself.
    #[must_use]
    pub fn to_text(&self) -> String {
        write(KeyUse::receipt(self.test), &self.secret)
    }
}

/// Signs step-up requests to one audience: either live ones or those of test mode, never both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey {
    pub(crate) secret: Secret,
    test: bool,
}

impl RequestKey {
    /// Reads `x2fs1_`, or for test mode `x2fu1_`, and 48 characters of base64url.
    ///
    /// # Errors
    ///
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidFormat> {
        let test = text.starts_with(KeyUse::TestRequest.prefix());
        let secret = read(KeyUse::request(test), text)?;
        Ok(Self { secret, test })
    }

    /// The written form, which is the secret itself.
    #[must_use]
    pub fn to_text(&self) -> String {
        write(KeyUse::request(self.test), &self.secret)
    }
}

fn write(key_use: KeyUse, secret: &Secret) -> String {
    let mut bytes = Vec::with_capacity(32 + CHECKSUM);
    bytes.extend_from_slice(&secret.0);
    bytes.extend_from_slice(&checksum(key_use, &secret.0));
    let mut text = String::from(key_use.prefix());
    text.push_str(&to_base64url(&bytes));
    bytes.zeroize();
    text
}

fn read(key_use: KeyUse, text: &str) -> Result<Secret, InvalidFormat> {
    const FORM: InvalidFormat = InvalidFormat("must be a key as `keygen` prints it");
    let mut bytes = text
        .strip_prefix(key_use.prefix())
        .and_then(from_base64url)
        .ok_or(FORM)?;
    let secret = bytes.first_chunk().copied().map(Secret).ok_or(FORM)?;
    let intact = bytes.get(32..) == Some(&checksum(key_use, &secret.0));
    bytes.zeroize();
    intact.then_some(secret).ok_or(FORM)
}

fn checksum(key_use: KeyUse, secret: &[u8; 32]) -> [u8; CHECKSUM] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(key_use.prefix())
        .chain_update(secret)
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[test]
    fn a_written_key_reads_back_and_nothing_near_it_does() {
        let key = RootKey::from_random([7; 32]);
        let text = key.to_text();
        assert_eq!(text.len(), 54);
        assert_eq!(RootKey::parse(&text), Ok(key));
        for at in 0..text.len() {
            let mut near = text.clone().into_bytes();
            near[at] = if near[at] == b'A' { b'B' } else { b'A' };
            assert!(
                RootKey::parse(core::str::from_utf8(&near).unwrap()).is_err(),
                "character {at}"
            );
        }
        for other in [
            "",
            "x2fk1_",
            "correct horse battery staple 123",
            &text[1..],
            &format!("{text}\n"),
        ] {
            assert!(RootKey::parse(other).is_err());
        }
    }

    #[test]
    fn a_receipt_key_is_no_root_key() {
        let root = RootKey::from_random([7; 32]);
        let text = root.receipt_key("shop", false).to_text();
        assert!(RootKey::parse(&text).is_err());
        assert!(ReceiptKey::parse(&root.to_text()).is_err());
        assert_ne!(text, root.receipt_key("shop2", false).to_text());
        let (live, test) = (
            root.receipt_key("shop", false),
            root.receipt_key("shop", true),
        );
        assert!(live.secret != test.secret);
        assert!(ReceiptKey::parse(&text) == Ok(live));
        assert!(ReceiptKey::parse(&test.to_text()) == Ok(test));
    }

    #[test]
    fn a_request_key_is_of_one_audience_and_one_mode() {
        let root = RootKey::from_random([7; 32]);
        let keys = [("shop", false), ("shop", true), ("bank", false)];
        let keys = keys.map(|(audience, test)| root.request_key(audience, test));
        for (at, key) in keys.iter().enumerate() {
            let text = key.to_text();
            assert!(RequestKey::parse(&text).as_ref() == Ok(key));
            assert!(RootKey::parse(&text).is_err() && ReceiptKey::parse(&text).is_err());
            assert!(
                keys[at + 1..]
                    .iter()
                    .all(|other| other.secret != key.secret)
            );
            let receipt = root.receipt_key("shop", false);
            assert!(receipt.secret != key.secret && RequestKey::parse(&receipt.to_text()).is_err());
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let key = RootKey::from_random([b'q'; 32]);
        assert_eq!(format!("{key:?}"), "RootKey([REDACTED])");
        assert!(!format!("{:?}", key.receipt_key("a", false)).contains(&"q".to_string()));
    }
}
