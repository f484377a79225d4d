//! `limits`: an operator looks at what could refuse a user.
//!
//! ```text
//! Count(look at each counter) ─► Done
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::audit::Audit;
use crate::common::codec::{Reader, Writer};
use crate::common::failure::Failure;
use crate::guard::{Outcome, check_totals, lie};
use crate::operations::about::About;
use crate::operations::audited::Tell;
use crate::operations::turn::{Operation, Received, Suspend, Turn, totals};
use crate::phone::Recipient;
use crate::plan::{ChargePlan, Limit};
use crate::settings::prepared::Prepared;
use crate::signed::binding::id;

/// The counters that could refuse a user.
#[derive(Clone, PartialEq, Eq)]
pub struct Limits(pub Vec<Limit>);

impl Tell for Limits {
    /// The counters are the result.
    fn tell(&mut self, _: &mut Audit) {}
}

/// A look at a user's counters that waits for the guard.
#[derive(Clone)]
pub struct AskLimits {
    subject: String,
    recipient: Recipient,
    client: Option<String>,
}

impl AskLimits {
    /// Takes the subject and the recipient of a binding and, to see its counters too, the address of a client.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request).
    pub fn begin(
        settings: &Prepared,
        subject: &str,
        recipient: &str,
        client: Option<&str>,
    ) -> Result<Turn<Self>, Failure> {
        let recipient = Recipient::parse(recipient, &settings.trust_numbers_under)
            .map_err(|invalid| invalid.argument("recipient"))?;
        let look = Self {
            subject: id(subject, "subject")?,
            recipient,
            client: client.map(ToString::to_string),
        };
        let (plan, _) = look.plan(settings)?;
        Ok(Turn::Count(plan.charges(), look))
    }

    fn plan(&self, settings: &Prepared) -> Result<(ChargePlan, Vec<bool>), Failure> {
        let client = self.client.as_deref();
        ChargePlan::limits(settings, &self.subject, &self.recipient, client)
    }
}

impl Suspend for AskLimits {
    fn write(&self, _: &Prepared, out: &mut Writer) {
        let Self {
            subject,
            recipient,
            client,
        } = self;
        out.text(subject).text(recipient.as_str());
        out.option(client.as_deref());
    }

    fn read(_: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            subject: from.text(),
            recipient: Recipient::written(from.text())?,
            client: from.option(),
        })
    }
}

impl Operation for AskLimits {
    type Output = Limits;

    fn about(&self, _: &Prepared) -> About {
        About::bound(&self.subject, &self.recipient)
    }

    fn go_on(self, settings: &Prepared, _: u32, received: Received) -> Result<Turn<Self>, Failure> {
        let (plan, kinds) = self.plan(settings)?;
        match check_totals(&plan.charges(), totals(received)?.totals)? {
            Outcome::Made(totals) => {
                let monitor = settings.sends.monitor;
                Ok(Turn::Done(Limits(plan.told(&kinds, &totals, monitor))))
            }
            // Nothing in the list can be refused.
            Outcome::Refused { .. } => Err(lie()),
        }
    }
}
