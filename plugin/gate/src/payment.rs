//! A payment that an application asks a user to confirm. The challenge is bound to it, so the code of another amount is another code.

use xoxzo_2fa_core::{Reader, Transaction, Writer};

/// Seconds in which a payment must be confirmed, from the request on.
const LIFE: u32 = 900;

/// A payment that a user is asked to confirm.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Payment {
    pub(crate) transaction: Transaction,
    asked_at: u32,
}

impl Payment {
    pub(crate) fn new(transaction: Transaction, now: u32) -> Self {
        Self {
            transaction,
            asked_at: now,
        }
    }

    pub(crate) fn is_open(&self, now: u32) -> bool {
        now < self.asked_at.saturating_add(LIFE)
    }

    /// Amount, currency and payee, as a binding takes them.
    pub(crate) fn claimed(&self) -> (&str, &str, &str) {
        let Transaction {
            amount,
            currency,
            payee,
        } = &self.transaction;
        (amount, currency, payee)
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        let (amount, currency, payee) = self.claimed();
        out.text(amount).text(currency).text(payee);
        out.u32(self.asked_at);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Self {
        Self {
            transaction: Transaction {
                amount: from.text(),
                currency: from.text(),
                payee: from.text(),
            },
            asked_at: from.u32(),
        }
    }
}
