//! Receipts: what they show to nobody, and what they are good for.

use serde_json::json;
use xoxzo_2fa_core::{Claimed, Code, Expected, Failure, Prepared, RootKey, check_receipt};
use xoxzo_2fa_tests::{LOGIN, NOW, World, document, key, prepared};

/// Deterministic random numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Printable ASCII without spaces, long enough that it is nowhere by chance.
    fn id(&mut self) -> String {
        let length = 8 + self.below(121);
        let letter = |_| char::from(b'!' + u8::try_from(self.below(94)).unwrap());
        (0..length).map(letter).collect()
    }

    fn payee(&mut self) -> String {
        let length = 8 + self.below(33);
        let letter = |_| char::from(b'a' + u8::try_from(self.below(26)).unwrap());
        (0..length).map(letter).collect()
    }
}

/// A binding of its own, with a session and a payment in half of the cases each.
struct Bound {
    recipient: String,
    subject: String,
    session: Option<String>,
    payment: Option<(String, String)>,
}

impl Bound {
    fn new(random: &mut Random) -> Self {
        Self {
            recipient: format!("+8190{:08}", random.below(100_000_000)),
            subject: random.id(),
            session: (random.below(2) == 0).then(|| random.id()),
            payment: (random.below(2) == 0).then(|| {
                let amount = 100_000_000 + random.below(900_000_000);
                (amount.to_string(), random.payee())
            }),
        }
    }

    fn transaction(&self) -> Option<(&str, &str, &str)> {
        let (amount, payee) = self.payment.as_ref()?;
        Some((amount, "JPY", payee))
    }

    fn claimed(&self) -> Claimed<'_> {
        Claimed {
            recipient: &self.recipient,
            subject: &self.subject,
            purpose: "login",
            session: self.session.as_deref(),
            transaction: self.transaction(),
        }
    }

    fn expected(&self) -> Expected<'_> {
        expected(self.claimed())
    }

    fn receipt(&self, settings: &Prepared, source: u64) -> String {
        let receipt = settings.attest(NOW, self.claimed(), &source.to_be_bytes());
        receipt.map_err(|failure| failure.detail).unwrap()
    }

    /// Everything that a receipt must not show.
    fn private(&self) -> Vec<&str> {
        let mut all = vec![&self.recipient[1..], &self.subject];
        all.extend(self.session.as_deref());
        all.extend(
            self.payment
                .iter()
                .flat_map(|(amount, payee)| [&**amount, payee]),
        );
        all
    }
}

fn expected(claimed: Claimed<'_>) -> Expected<'_> {
    Expected {
        subject: claimed.subject,
        purpose: claimed.purpose,
        recipient: Some(claimed.recipient),
        session: claimed.session,
        transaction: claimed.transaction,
    }
}

fn check(receipt: &str, expected: Expected<'_>) -> Result<String, Failure> {
    let root = RootKey::parse(&key(1)).unwrap();
    let keys = [root.receipt_key("shop", false)];
    check_receipt(&keys, receipt, NOW, expected).map(|claims| claims.id)
}

/// The bytes of base64url.
fn decoded(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = |letter| ALPHABET.iter().position(|own| *own == letter).unwrap();
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_usize, 0);
    for letter in text.bytes() {
        bits = (bits << 6 | value(letter)) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}

/// The four hashes, which stand before the MAC.
fn hashes(receipt: &str) -> Vec<Vec<u8>> {
    let bytes = decoded(receipt);
    let from = bytes.len() - 32 - 64;
    bytes[from..from + 64]
        .chunks(16)
        .map(<[u8]>::to_vec)
        .collect()
}

fn shows(receipt: &[u8], private: &[u8]) -> bool {
    private
        .windows(6)
        .any(|part| receipt.windows(6).any(|own| own == part))
}

#[test]
fn nothing_personal_is_in_a_receipt() {
    let (settings, mut random) = (prepared(&document()), Random(1));
    for at in 0..500 {
        let bound = Bound::new(&mut random);
        let receipt = bound.receipt(&settings, at);
        let bytes = decoded(&receipt);
        for private in bound.private() {
            assert!(!shows(receipt.as_bytes(), private.as_bytes()), "{at}: text");
            assert!(!shows(&bytes, private.as_bytes()), "{at}: bytes");
        }
        // What is to be seen is seen by the same means.
        assert!(shows(&bytes, b"\x04shop\0") && shows(&bytes, b"\x05login"));
        // Nor does the length tell what is there.
        assert_eq!(receipt.len(), hidden_length());
        assert!(check(&receipt, bound.expected()).is_ok());
    }
}

/// Mark, id, time, audience `shop`, purpose `login`, four hashes and the MAC, as base64url.
fn hidden_length() -> usize {
    (1 + 16 + 4 + 4 + 4 + 4 + 5 + 4 * 16 + 32_usize) * 4_usize / 3 + 1
}

#[test]
fn receipts_of_one_user_have_no_hash_in_common() {
    let (settings, mut random) = (prepared(&document()), Random(2));
    let bound = Bound::new(&mut random);
    let mut all: Vec<_> = (0..200)
        .flat_map(|source| hashes(&bound.receipt(&settings, source)))
        .collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 4 * 200);
    // Those of one acceptance have, and its id.
    assert_eq!(
        bound.receipt(&settings, 7),
        bound.receipt(&settings, 7),
        "one acceptance"
    );
}

#[test]
fn equal_fields_have_different_hashes() {
    let settings = prepared(&document());
    let number = LOGIN.recipient;
    let alike = Claimed {
        subject: number,
        session: Some(number),
        ..LOGIN
    };
    let receipt = settings.attest(NOW, alike, b"source").ok().unwrap();
    let mut hashes = hashes(&receipt);
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 4);
}

#[test]
fn a_receipt_is_good_for_exactly_what_was_confirmed() {
    let (settings, mut random) = (prepared(&document()), Random(3));
    for at in 0..200 {
        let (own, other) = (Bound::new(&mut random), Bound::new(&mut random));
        let receipt = own.receipt(&settings, at);
        let right = own.expected();
        let with_number = check(&receipt, right);
        let without = check(
            &receipt,
            Expected {
                recipient: None,
                ..right
            },
        );
        assert!(with_number.is_ok() && with_number == without, "{at}");
        let mut wrong = vec![
            Expected {
                subject: &other.subject,
                ..right
            },
            Expected {
                purpose: "payment",
                ..right
            },
            Expected {
                recipient: Some(&other.recipient),
                ..right
            },
        ];
        let sessions = [None, Some("s-1"), other.session.as_deref()];
        wrong.extend(
            sessions
                .into_iter()
                .filter(|session| *session != right.session)
                .map(|session| Expected { session, ..right }),
        );
        let payments = [None, Some(("1", "JPY", "Shop")), other.transaction()];
        wrong.extend(
            payments
                .into_iter()
                .filter(|paid| *paid != right.transaction)
                .map(|transaction| Expected {
                    transaction,
                    ..right
                }),
        );
        if let Some((amount, currency, payee)) = right.transaction {
            wrong.extend(
                [
                    ("1", currency, payee),
                    (amount, "KRW", payee),
                    (amount, currency, &payee[1..]),
                ]
                .map(|paid| Expected {
                    transaction: Some(paid),
                    ..right
                }),
            );
        }
        assert!(wrong.len() >= 5, "{at}");
        for expected in wrong {
            let failure = check(&receipt, expected).unwrap_err();
            assert_eq!(failure.code, Code::InvalidToken);
            assert_eq!(
                failure.detail,
                "the receipt is for another subject, purpose, recipient, session or transaction"
            );
        }
    }
}

#[test]
fn a_malformed_expectation_is_named_before_the_receipt_is_looked_at() {
    let right = expected(LOGIN);
    let long = "x".repeat(129);
    let mut cases = Vec::new();
    for id in ["", "a b", "é", "a\0", &long] {
        cases.extend([
            (
                "subject",
                Expected {
                    subject: id,
                    ..right
                },
            ),
            (
                "purpose",
                Expected {
                    purpose: id,
                    ..right
                },
            ),
            (
                "session",
                Expected {
                    session: Some(id),
                    ..right
                },
            ),
        ]);
    }
    for number in [
        "",
        "+",
        "09012345678",
        "+81 9012345678",
        "+0190123456",
        "+8190123456789012",
    ] {
        let recipient = Some(number);
        cases.push(("recipient", Expected { recipient, ..right }));
    }
    for (name, paid) in [
        ("amount", ("12.5", "EUR", "Ann Lee")),
        ("amount", ("", "JPY", "Ann Lee")),
        ("currency", ("12.50", "EURO", "Ann Lee")),
        ("payee", ("12.50", "EUR", "")),
        ("payee", ("12.50", "EUR", "12345")),
    ] {
        let transaction = Some(paid);
        cases.push((
            name,
            Expected {
                transaction,
                ..right
            },
        ));
    }
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let genuine = world.verify(&token, LOGIN, &pin).ok().unwrap();
    for (name, expected) in cases {
        for receipt in ["", "forged", &genuine] {
            let failure = check(receipt, expected).unwrap_err();
            assert_eq!(failure.code, Code::Request, "{name}");
            let named = failure.detail.starts_with(&format!("{name}: must "));
            assert!(named, "{name}: {}", failure.detail);
        }
    }
    assert!(check(&genuine, right).is_ok());
}

/// A number of a range that only the issuer's settings trust is compared like any other.
#[test]
fn a_number_outside_of_the_numbering_plans_can_be_expected() {
    let mut document = document();
    document["trust_numbers_under"] = json!(["+8199"]);
    let claimed = Claimed {
        recipient: "+81991234",
        ..LOGIN
    };
    let receipt = prepared(&document).attest(NOW, claimed, b"source");
    let receipt = receipt.map_err(|failure| failure.detail).unwrap();
    assert!(check(&receipt, expected(claimed)).is_ok());
    let other = Expected {
        recipient: Some("+81991235"),
        ..expected(claimed)
    };
    assert!(check(&receipt, other).is_err());
}
