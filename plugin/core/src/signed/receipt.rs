//! Receipts: short-lived proof, for another service, that a challenge was accepted.
//!
//! Their key is derived per audience and exportable alone: who checks receipts can mint no challenge and compute no PIN.
//!
//! A receipt carries nothing personal. In the place of the user, the number, the session and the payment it has keyed hashes, which
//! the checker compares with those of what it expects.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use subtle::{Choice, ConstantTimeEq};

use crate::common::clock;
use crate::common::codec::{Reader, Writer, from_base64url, to_base64url};
use crate::common::failure::{Code, Failure};
use crate::common::mark;
use crate::phone::{InvalidNumber, Recipient};
use crate::signed::binding::{Binding, Transaction, id};
use crate::signed::envelope;
use crate::signed::key::ReceiptKey;
use crate::signed::mac::MacKey;

/// First byte.
fn kind(test: bool) -> u8 {
    if test {
        mark::TEST_RECEIPT
    } else {
        mark::RECEIPT
    }
}

/// Life of a receipt in seconds.
pub(crate) const LIFETIME: u32 = 60;

/// Characters of the longest text that is looked at. The longest audience and purpose make a receipt of 423.
const LONGEST: usize = 512;

/// The user, purpose and payment that a receipt must be for, from the checker's own records.
#[derive(Clone, Copy)]
pub struct Expected<'a> {
    /// The service's immutable internal id of the user.
    pub subject: &'a str,
    /// The purpose of the challenge.
    pub purpose: &'a str,
    /// Phone number, canonical E.164. `None` accepts a receipt for any number.
    pub recipient: Option<&'a str>,
    /// The session that asked. `None` accepts only a receipt without one.
    pub session: Option<&'a str>,
    /// Amount, currency and payee of a payment. `None` accepts only a receipt without one.
    pub transaction: Option<(&'a str, &'a str, &'a str)>,
}

/// The facts that a receipt proves.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// Unique per acceptance: 22 characters of base64url.
    pub id: String,
    /// The service that issued it.
    pub audience: String,
    /// The purpose of the challenge.
    pub purpose: String,
    /// The payment that was confirmed, which is the expected one.
    pub transaction: Option<Transaction>,
    /// Made in test mode: it proves nothing.
    pub test: bool,
    /// Seconds since 1970-01-01T00:00:00Z.
    pub issued_at: u32,
    /// The second from which it is refused.
    pub expires_at: u32,
}

/// The receipt of the challenge with the bytes `message`, of live settings or of those of test mode.
pub(crate) fn issue(
    key: &MacKey,
    test: bool,
    message: &[u8],
    audience: &str,
    binding: &Binding,
    now: u32,
) -> String {
    let named = Writer::new()
        .text("xoxzo-2fa receipt id")
        .raw(message)
        .finish();
    let id = key.short_mac(&named);
    let hide = Hide { key, id: &id };
    let mut out = Writer::new();
    out.u8(kind(test))
        .raw(&id)
        .u32(now)
        .text(audience)
        .text(&binding.purpose)
        .raw(&hide.subject(&binding.subject))
        .raw(&hide.recipient(binding.recipient.as_str()))
        .raw(&hide.session(binding.session.as_deref()))
        .raw(&hide.transaction(binding.transaction.as_ref()));
    let body = out.finish();
    let mac = key.mac(&authenticated(&body));
    envelope::close(&body, &mac, to_base64url)
}

/// Checks a receipt with the keys of its audience, and that it is for what is expected.
///
/// # Errors
///
/// [`Code::Request`], naming the field, for an expectation that does not have its form; [`Code::InvalidToken`] for anything not made
/// with one of `keys`, or for something else; [`Code::Expired`] after 60 s, [`Code::Clock`] for one from a future beyond the skew.
pub fn check(
    keys: &[ReceiptKey],
    receipt: &str,
    now: u32,
    expected: Expected<'_>,
) -> Result<Claims, Failure> {
    let transaction = parse(&expected)?;
    clock::check(now)?;
    let invalid = || {
        Failure::new(
            Code::InvalidToken,
            "the receipt was not made with this key, or was altered",
        )
    };
    let (body, tag) = envelope::open(receipt, LONGEST, from_base64url).ok_or_else(invalid)?;
    let message = authenticated(&body);
    let mut keys = keys.iter().map(|key| (key.secret.mac_key(), key.test));
    let made = keys.find(|(key, _)| key.verifies(&message, &tag));
    let (key, test) = made.ok_or_else(invalid)?;
    let body = Body::read(&body, test).ok_or_else(invalid)?;
    if !bool::from(body.is_for(&key, &expected, transaction.as_ref())) {
        return Err(Failure::new(
            Code::InvalidToken,
            "the receipt is for another subject, purpose, recipient, session or transaction",
        ));
    }
    clock::within(body.issued_at, LIFETIME, now)?;
    Ok(Claims {
        id: to_base64url(&body.id),
        audience: body.audience,
        purpose: body.purpose,
        transaction,
        test,
        issued_at: body.issued_at,
        expires_at: body.issued_at.saturating_add(LIFETIME),
    })
}

/// Checks the form of each field, and reads the payment. The checker has neither the settings' purposes nor the prefixes that they trust.
fn parse(expected: &Expected<'_>) -> Result<Option<Transaction>, Failure> {
    id(expected.subject, "subject")?;
    id(expected.purpose, "purpose")?;
    if let Some(recipient) = expected.recipient {
        Recipient::written(recipient.to_string())
            .ok_or_else(|| InvalidNumber::Form.argument("recipient"))?;
    }
    if let Some(session) = expected.session {
        id(session, "session")?;
    }
    expected.transaction.map(Transaction::parse).transpose()
}

fn authenticated(body: &[u8]) -> Vec<u8> {
    Writer::new().text("xoxzo-2fa receipt").raw(body).finish()
}

/// Makes the hashes that stand in the place of what is personal. They depend on the receipt's id: two receipts of one user share none.
struct Hide<'a> {
    key: &'a MacKey,
    id: &'a [u8; 16],
}

impl Hide<'_> {
    fn subject(&self, subject: &str) -> [u8; 16] {
        self.hash("xoxzo-2fa receipt subject", |out| {
            out.text(subject);
        })
    }

    fn recipient(&self, recipient: &str) -> [u8; 16] {
        self.hash("xoxzo-2fa receipt recipient", |out| {
            out.text(recipient);
        })
    }

    fn session(&self, session: Option<&str>) -> [u8; 16] {
        self.hash("xoxzo-2fa receipt session", |out| {
            out.option(session);
        })
    }

    fn transaction(&self, paid: Option<&Transaction>) -> [u8; 16] {
        self.hash("xoxzo-2fa receipt transaction", |out| {
            Transaction::write(paid, out);
        })
    }

    fn hash(&self, label: &str, write: impl FnOnce(&mut Writer)) -> [u8; 16] {
        let mut out = Writer::new();
        out.text(label).raw(self.id);
        write(&mut out);
        self.key.short_mac(&out.finish())
    }
}

/// The fields before the MAC.
struct Body {
    id: [u8; 16],
    issued_at: u32,
    audience: String,
    purpose: String,
    subject: [u8; 16],
    recipient: [u8; 16],
    session: [u8; 16],
    transaction: [u8; 16],
}

impl Body {
    fn read(bytes: &[u8], test: bool) -> Option<Self> {
        let mut from = Reader::new(bytes);
        let first = from.u8();
        let body = Self {
            id: from.array(),
            issued_at: from.u32(),
            audience: from.text(),
            purpose: from.text(),
            subject: from.array(),
            recipient: from.array(),
            session: from.array(),
            transaction: from.array(),
        };
        (from.finish() && first == kind(test)).then_some(body)
    }

    fn is_for(
        &self,
        key: &MacKey,
        expected: &Expected<'_>,
        transaction: Option<&Transaction>,
    ) -> Choice {
        let hide = Hide { key, id: &self.id };
        let recipient = expected.recipient.map_or(Choice::from(1), |recipient| {
            hide.recipient(recipient).ct_eq(&self.recipient)
        });
        self.purpose.as_bytes().ct_eq(expected.purpose.as_bytes())
            & hide.subject(expected.subject).ct_eq(&self.subject)
            & recipient
            & hide.session(expected.session).ct_eq(&self.session)
            & hide.transaction(transaction).ct_eq(&self.transaction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Trusted;
    use crate::signed::key::RootKey;
    use crate::{Claimed, mark};

    const NOW: u32 = 1_800_000_000;

    const LOGIN: Expected<'static> = Expected {
        subject: "user-1",
        purpose: "login",
        recipient: Some("+819012345678"),
        session: None,
        transaction: None,
    };

    fn body(key: &ReceiptKey) -> Vec<u8> {
        let claimed = Claimed {
            recipient: "+819012345678",
            subject: "user-1",
            purpose: "login",
            session: None,
            transaction: None,
        };
        let binding = Binding::parse(claimed, &Trusted::default()).ok().unwrap();
        let receipt = issue(
            &key.secret.mac_key(),
            key.test,
            b"source",
            "shop",
            &binding,
            NOW,
        );
        let (body, _) = envelope::open(&receipt, LONGEST, from_base64url).unwrap();
        body
    }

    /// Whether a body that somebody with the key has authenticated is a receipt.
    fn passes(key: &ReceiptKey, body: &[u8]) -> bool {
        let tag = key.secret.mac_key().mac(&authenticated(body));
        let receipt = envelope::close(body, &tag, to_base64url);
        match check(core::slice::from_ref(key), &receipt, NOW, LOGIN) {
            Ok(_) => true,
            Err(failure) => {
                assert_eq!(failure.code, Code::InvalidToken);
                false
            }
        }
    }

    #[test]
    fn a_body_has_one_form() {
        let key = RootKey::from_random([7; 32]).receipt_key("shop", false);
        let body = body(&key);
        assert!(passes(&key, &body));
        for end in 0..body.len() {
            assert!(!passes(&key, &body[..end]), "cut at {end}");
        }
        assert!(!passes(&key, &[&body[..], &[0]].concat()));
        for first in 0..=u8::MAX {
            let other = [&[first], &body[1..]].concat();
            assert_eq!(passes(&key, &other), first == mark::RECEIPT, "{first}");
        }
    }

    /// Every hash is compared whole.
    #[test]
    fn each_bit_of_each_hash_counts() {
        let key = RootKey::from_random([7; 32]).receipt_key("shop", false);
        let body = body(&key);
        for at in body.len() - 64..body.len() {
            for bit in 0..8 {
                let mut other = body.clone();
                other[at] ^= 1 << bit;
                assert!(!passes(&key, &other), "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn the_longest_receipt_is_looked_at() {
        let key = RootKey::from_random([7; 32]).receipt_key("shop", false);
        let long = "p".repeat(128);
        let claimed = Claimed {
            recipient: "+819012345678",
            subject: &long,
            purpose: &long,
            session: Some(&long),
            transaction: Some(("100000000000000", "JPY", "Ann Lee")),
        };
        let binding = Binding::parse(claimed, &Trusted::default()).ok().unwrap();
        let receipt = issue(
            &key.secret.mac_key(),
            key.test,
            b"source",
            &"a".repeat(64),
            &binding,
            NOW,
        );
        assert_eq!(receipt.len(), 423);
        let expected = Expected {
            subject: &long,
            purpose: &long,
            recipient: None,
            session: Some(&long),
            transaction: claimed.transaction,
        };
        assert!(check(&[key], &receipt, NOW, expected).is_ok());
    }
}
