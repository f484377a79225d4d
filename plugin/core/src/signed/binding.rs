//! Bindings: the user, number and payment that a challenge is for. They are authenticated, and never carried.

use alloc::string::{String, ToString};

use crate::common::codec::{Reader, Writer, split};
use crate::common::display;
use crate::common::failure::{Code, Failure, InvalidFormat};
use crate::phone::{Recipient, Trusted};

/// Arguments of a binding, as a host gives them.
#[derive(Clone, Copy)]
pub struct Claimed<'a> {
    /// Phone number, canonical E.164.
    pub recipient: &'a str,
    /// The service's immutable internal id of the user.
    pub subject: &'a str,
    /// A purpose of the settings.
    pub purpose: &'a str,
    /// The session that asked.
    pub session: Option<&'a str>,
    /// Amount, currency and payee of a payment.
    pub transaction: Option<(&'a str, &'a str, &'a str)>,
}

/// A payment.
#[derive(Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Canonical decimal with the currency's decimals.
    pub amount: String,
    /// ISO 4217 code.
    pub currency: String,
    /// The payee.
    pub payee: String,
}

impl Transaction {
    /// Takes amount, currency and payee.
    ///
    /// # Errors
    ///
    /// [`Code::Request`], naming the field that does not have its form.
    pub fn parse((amount, currency, payee): (&str, &str, &str)) -> Result<Self, Failure> {
        check_amount(amount, currency)?;
        display::check(payee).map_err(|unfit| unfit.argument("payee"))?;
        Ok(Self {
            amount: amount.to_string(),
            currency: currency.to_string(),
            payee: payee.to_string(),
        })
    }

    /// Appends a payment that may be absent.
    pub(crate) fn write(paid: Option<&Self>, out: &mut Writer) {
        match paid {
            None => out.u8(0),
            Some(paid) => out
                .u8(1)
                .text(&paid.amount)
                .text(&paid.currency)
                .text(&paid.payee),
        };
    }
}

/// A binding whose every field has its canonical form.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    /// The number that the message goes to.
    pub recipient: Recipient,
    /// The user.
    pub subject: String,
    /// The purpose of the challenge.
    pub purpose: String,
    /// The session that asked.
    pub session: Option<String>,
    /// The payment that is confirmed.
    pub transaction: Option<Transaction>,
}

impl Binding {
    /// Checks the form of each field, with the prefixes that the settings trust. Whether the purpose exists is the settings' to say.
    ///
    /// # Errors
    ///
    /// [`Code::Request`], naming the field.
    pub fn parse(claimed: Claimed<'_>, trusted: &Trusted) -> Result<Self, Failure> {
        let transaction = claimed.transaction.map(Transaction::parse);
        Ok(Self {
            recipient: Recipient::parse(claimed.recipient, trusted)
                .map_err(|invalid| invalid.argument("recipient"))?,
            subject: id(claimed.subject, "subject")?,
            purpose: id(claimed.purpose, "purpose")?,
            session: claimed
                .session
                .map(|session| id(session, "session"))
                .transpose()?,
            transaction: transaction.transpose()?,
        })
    }

    /// Appends all fields, in the order of `wit/SPEC.md`.
    pub(crate) fn write(&self, audience: &str, out: &mut Writer) {
        out.text(audience)
            .text(self.recipient.as_str())
            .text(&self.subject)
            .text(&self.purpose);
        out.option(self.session.as_deref());
        Transaction::write(self.transaction.as_ref(), out);
    }

    /// Takes what [`Binding::write`] appended for this audience.
    pub(crate) fn read_for(audience: &str, bytes: &mut Reader<'_>) -> Option<Self> {
        let (of, binding) = Self::read(bytes)?;
        (of == audience).then_some(binding)
    }

    /// Takes what [`Binding::write`] appended: the audience and the binding.
    pub(crate) fn read(bytes: &mut Reader<'_>) -> Option<(String, Self)> {
        let audience = bytes.text();
        let recipient = Recipient::written(bytes.text())?;
        let (subject, purpose) = (bytes.text(), bytes.text());
        let session = bytes.option();
        let transaction = bytes.present().then(|| Transaction {
            amount: bytes.text(),
            currency: bytes.text(),
            payee: bytes.text(),
        });
        Some((
            audience,
            Self {
                recipient,
                subject,
                purpose,
                session,
                transaction,
            },
        ))
    }
}

/// An id: 1 to 128 bytes of printable ASCII without spaces.
pub(crate) fn id(text: &str, name: &str) -> Result<String, Failure> {
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then(|| text.to_string()).ok_or_else(|| {
        InvalidFormat("must be 1 to 128 bytes of printable ASCII without spaces").argument(name)
    })
}

/// Currencies by how many decimals they have: 0, 2, 3 and 4 (ISO 4217, list one as of 2026-01-01, without metals, test codes and other codes
/// that have no minor unit). Three letters each.
const CURRENCIES: [(usize, &str); 4] = [
    (0, "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF"),
    (2, TWO_DECIMALS),
    (3, "BHDIQDJODKWDLYDOMRTND"),
    (4, "CLFUYW"),
];

const TWO_DECIMALS: &str = concat!(
    "AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCNYCOPCOU",
    "CRCCUPCVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKES",
    "KGSKHRKPWKYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPR",
    "NZDPABPENPGKPHPPKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOP",
    "TRYTTDTWDTZSUAHUSDUSNUYUUZSVEDVESWSTXADXCDXCGYERZARZMWZWG",
);

/// Decimals of a currency; `None` for what is no currency.
fn decimals(currency: &str) -> Option<usize> {
    let listed = |codes: &str| {
        let mut codes = codes.as_bytes().chunks(3);
        codes.any(|code| code == currency.as_bytes())
    };
    let found = CURRENCIES.iter().find(|(_, codes)| listed(codes));
    found.map(|(decimals, _)| *decimals)
}

fn check_amount(amount: &str, currency: &str) -> Result<(), Failure> {
    const AMOUNT: InvalidFormat = InvalidFormat(
        "must be a decimal of at most 15 digits without needless zeros, with all decimals of its currency",
    );
    let decimals = decimals(currency)
        .ok_or_else(|| InvalidFormat("must be an ISO 4217 code").argument("currency"))?;
    let (whole, fraction) =
        split(amount, b'.').map_or((amount, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let length = whole
        .len()
        .saturating_add(fraction.map_or(0, |digits| digits.len()));
    let canonical = length <= 15
        && digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && match fraction {
            None => decimals == 0,
            Some(fraction) => fraction.len() == decimals && digits(fraction),
        };
    canonical
        .then_some(())
        .ok_or_else(|| AMOUNT.argument("amount"))
}

/// A purpose that the settings do not list.
pub(crate) fn unknown_purpose() -> Failure {
    Failure::new(
        Code::Request,
        "purpose: must be one of the settings' purposes",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    const PLAIN: Claimed<'static> = Claimed {
        recipient: "+819012345678",
        subject: "user-1",
        purpose: "login",
        session: None,
        transaction: None,
    };

    fn parse(claimed: Claimed<'_>) -> Result<Binding, Failure> {
        Binding::parse(claimed, &Trusted::default())
    }

    #[test]
    fn each_field_has_a_form() {
        assert!(parse(PLAIN).is_ok());
        let long = "x".repeat(129);
        for subject in ["", " ", "a b", "é", "a\n", "a\0", long.as_str()] {
            let failure = parse(Claimed { subject, ..PLAIN }).err().unwrap();
            assert_eq!(failure.code, Code::Request);
            assert!(failure.detail.starts_with("subject: "));
        }
        assert!(
            parse(Claimed {
                session: Some(""),
                ..PLAIN
            })
            .is_err()
        );
    }

    #[test]
    fn amounts_are_canonical() {
        let pays = |amount, currency| {
            parse(Claimed {
                transaction: Some((amount, currency, "Ann Lee")),
                ..PLAIN
            })
            .is_ok()
        };
        assert!(
            pays("12.50", "EUR")
                && pays("0.05", "USD")
                && pays("1250", "JPY")
                && pays("1.000", "KWD")
                && pays("1250", "XPF")
                && pays("9999999999999.99", "EUR")
                && pays("999999999999999", "JPY")
        );
        for (amount, currency) in [
            ("12.5", "EUR"),
            ("12", "EUR"),
            ("012.50", "EUR"),
            (".50", "EUR"),
            ("12.", "EUR"),
            ("-1.00", "EUR"),
            ("1,00", "EUR"),
            ("1e3", "JPY"),
            ("1250.00", "JPY"),
            ("", "JPY"),
            ("1000000000000000", "JPY"),
            ("10000000000000.00", "EUR"),
            ("12.50", "XPF"),
            ("12.50", "QQQ"),
            ("12.50", "XAU"),
            ("12.50", "XXX"),
            ("1", ""),
            ("1.00", "eur"),
            ("1.00", "EURO"),
        ] {
            assert!(!pays(amount, currency), "{amount} {currency}");
        }
    }

    /// Injective: bindings that differ, differ in their bytes, however their fields are shifted.
    #[test]
    fn no_two_bindings_share_their_bytes() {
        let texts = ["a", "aa", "b", "ab", "1", "login"];
        let sessions = [None, Some("a"), Some("aa"), Some("b")];
        let payments = [
            None,
            Some(("1", "JPY", "a")),
            Some(("11", "JPY", "a")),
            Some(("1", "JPY", "aa")),
        ];
        let mut seen = BTreeSet::new();
        let mut all = 0_usize;
        for audience in texts {
            for subject in texts {
                for purpose in texts {
                    for session in sessions {
                        for transaction in payments {
                            let claimed = Claimed {
                                subject,
                                purpose,
                                session,
                                transaction,
                                ..PLAIN
                            };
                            let mut out = Writer::new();
                            parse(claimed).unwrap().write(audience, &mut out);
                            let bytes: Vec<u8> = out.finish();
                            let read = Binding::read(&mut Reader::new(&bytes)).unwrap();
                            assert!(read == (audience.to_string(), parse(claimed).unwrap()));
                            seen.insert(bytes);
                            all += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(seen.len(), all);
    }
}
