//! Confirmations: what tells an application that a user has confirmed its payment.
//!
//! ```text
//! seal "payment" over  0x19 | id 16 | confirmed at 4 | path | query | receipt,  bound to subject, phone, session and credential version
//! ```
//!
//! The right code makes a cookie with the receipt. The application gets it once, with the first request for the place that it named.

use alloc::string::{String, ToString};

use xoxzo_2fa_core::{Charge, Failure, Reader, Seal, Writer, mark};

use crate::gate::Gate;
use crate::identity::Identity;
use crate::pass::Pass;
use crate::payment::Payment;
use crate::target::Target;

/// Seconds that a confirmation is kept for the application, as long as its receipt lives.
pub(crate) const KEPT: u32 = 60;

/// Seconds that the counter of a confirmation outlives it, as with a pass.
const BEYOND: u32 = 180;

/// The proof that a user has confirmed a payment, for one place of the application.
#[derive(Clone)]
pub(crate) struct Confirmation {
    id: [u8; 16],
    confirmed_at: u32,
    /// The place, decoded, and its query.
    path: String,
    query: String,
    pub(crate) receipt: String,
}

impl Confirmation {
    pub(crate) fn close(&self, seal: &Seal, bound: &[u8]) -> String {
        let mut out = Writer::new();
        out.u8(mark::CONFIRMATION)
            .raw(&self.id)
            .u32(self.confirmed_at);
        out.text(&self.path).text(&self.query).text(&self.receipt);
        seal.close(&out.finish(), bound)
    }

    fn open(seal: &Seal, text: &str, bound: &[u8]) -> Option<Self> {
        let body = seal.open(text, bound)?;
        let mut from = Reader::new(&body);
        let first = from.u8();
        let confirmation = Self {
            id: from.array(),
            confirmed_at: from.u32(),
            path: from.text(),
            query: from.text(),
            receipt: from.text(),
        };
        (from.finish() && first == mark::CONFIRMATION).then_some(confirmation)
    }

    fn is_for(&self, target: &Target<'_>, now: u32) -> bool {
        let same = self.path == *target.decoded && self.query == target.query;
        same && now < self.confirmed_at.saturating_add(KEPT)
    }
}

impl Gate {
    /// Makes the confirmation of a payment by the code that won `pass`.
    ///
    /// # Errors
    ///
    /// [`Code::Clock`](xoxzo_2fa_core::Code::Clock).
    pub(crate) fn confirm(
        &self,
        payment: &Payment,
        return_to: &str,
        pass: &Pass,
        identity: &Identity,
    ) -> Result<Confirmation, Failure> {
        let claimed = identity.claimed(&self.settings.purpose, Some(payment));
        // Receipts of one pass share an id, which this one must not have.
        let source = [b"payment", &pass.id[..]].concat();
        let receipt = self.engine.attest(pass.won_at, claimed, &source)?;
        let target = Target::parse(return_to.as_bytes());
        let (path, query) = target.map_or(("/".to_string(), ""), |target| {
            (target.decoded.into_owned(), target.query)
        });
        Ok(Confirmation {
            id: pass.id,
            confirmed_at: pass.won_at,
            path,
            query: query.to_string(),
            receipt,
        })
    }

    /// Returns the confirmation in a cookie, if it is for this place and this user.
    pub(crate) fn confirmation(
        &self,
        cookie: &str,
        target: &Target<'_>,
        identity: &Identity,
        now: u32,
    ) -> Option<Confirmation> {
        let confirmation = Confirmation::open(&self.payments, cookie, &identity.bound())?;
        confirmation.is_for(target, now).then_some(confirmation)
    }

    /// Hands a confirmation out: a charge that can be made once.
    pub(crate) fn hand_out(&self, confirmation: &Confirmation) -> Charge {
        let counter = self.counter("confirmation", &confirmation.id);
        Charge::alone(counter, 1, 1, KEPT.saturating_add(BEYOND))
    }
}
