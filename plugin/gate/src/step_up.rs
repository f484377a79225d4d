//! Step-up requests: an application sends a browser here with a payment to confirm.
//!
//! ```text
//! GET /.2fa/step-up?request=…&return_to=… ──► check ► Count(burn) ► 303 to the page, which shows the payment
//! ```
//!
//! Only a genuine request chooses where the way back leads, so that no third party can.

use alloc::borrow::Cow;
use alloc::string::ToString;
use alloc::vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{Answer, Blame, Code, Failure, check_request};

use crate::answer::Reason;
use crate::asked::Asked;
use crate::event::Event;
use crate::gate::Gate;
use crate::generation::totals;
use crate::head::Head;
use crate::identity::Identity;
use crate::note::Note;
use crate::payment::Payment;
use crate::places::PathKind;
use crate::target::Target;
use crate::turn::{GateResponse, GateTurn};
use crate::visit::Visit;
use crate::waiting::{Stage, Stepping, Waiting};

/// The path of requests, under the gate's prefix.
pub(crate) const STEP_UP: &str = "/.2fa/step-up";

impl Gate {
    /// Checks a request, and asks the guard whether it was taken before.
    pub(crate) fn step_up(
        &self,
        now: u32,
        head: &Head,
        target: &Target<'_>,
        identity: Identity,
        rng: &mut impl TryCryptoRng,
    ) -> GateTurn {
        let asked = Asked::of(head);
        let (request, return_to) = (field(target, "request"), field(target, "return_to"));
        let place = return_to
            .as_deref()
            .and_then(|place| self.returnable(place));
        let (Some(request), Some(place)) = (request, place) else {
            return GateTurn::Respond(self.error(&asked, 400, Reason::Path, Event::RejectedPath));
        };
        let session = identity.session.as_deref();
        let genuine = check_request(&self.requests, &request, now, &identity.subject, session);
        let genuine = match genuine {
            Ok(genuine) => genuine,
            Err(failure) => return GateTurn::Respond(self.void(&asked, failure, &identity)),
        };
        let visit = match self.visit(head, &identity, now) {
            Some(visit) => visit,
            None => match Visit::begin(now, rng) {
                Ok(visit) => visit,
                Err(failure) => return GateTurn::Respond(self.failed(&asked, failure, &identity)),
            },
        };
        let burn = genuine.burn(&self.engine);
        let stepping = Stepping {
            asked,
            identity,
            visit,
            transaction: genuine.transaction,
            return_to: place.to_string(),
        };
        GateTurn::Count(vec![burn], Waiting(Stage::StepUp(stepping)))
    }

    /// Goes on to the page that shows the payment, unless the request was taken before.
    pub(crate) fn stepped_up(&self, stepping: Stepping, now: u32, answer: Answer) -> GateResponse {
        let Stepping {
            asked,
            identity,
            visit,
            transaction,
            return_to,
        } = stepping;
        match totals(&answer).first() {
            Some(1) => {}
            Some(_) => {
                let used = Failure::new(Code::Used, "the request was used before");
                return self.void(&asked, used, &identity);
            }
            None => return self.guard_failed(&asked, &identity, answer),
        }
        let visit = Visit {
            began_at: now,
            return_to,
            payment: Some(Payment::new(transaction, now)),
            // A code that was sent before is not of this payment.
            sent: None,
            notice: None,
            ..visit
        };
        if asked.json {
            return self.state(&asked, 200, &visit, &identity, now, Event::Challenged);
        }
        self.redirect_to_page(&visit, &identity, Event::Challenged)
    }

    /// Says that a payment cannot be confirmed by this request.
    fn void(&self, asked: &Asked, failure: Failure, identity: &Identity) -> GateResponse {
        let failure = self.about(failure, identity, None);
        let (status, event) = match failure.blame() {
            Blame::Refuse => (403, Event::Refused),
            Blame::Misuse => (400, Event::Refused),
            Blame::Upstream => return self.unserved(asked, &failure),
        };
        let response = self.error(asked, status, Reason::Payment(failure.code), event);
        response.noting(Note::of(&failure))
    }

    /// Returns a place of the application that a confirmed payment may lead to: one that gets a receipt.
    fn returnable<'a>(&self, place: &'a str) -> Option<&'a str> {
        let target = Target::parse(place.as_bytes())?;
        let kind = self.places.kind(&target);
        let takes = matches!(kind, PathKind::Closed | PathKind::StepUp);
        target.to_return().filter(|whole| takes && *whole == place)
    }
}

/// Returns the value of a parameter that stands once in the query.
fn field<'a>(target: &Target<'a>, name: &str) -> Option<Cow<'a, str>> {
    let query = target.query.strip_prefix('?').unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(own, _)| own == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}
