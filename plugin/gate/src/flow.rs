//! The course of a request after its head: the body of a form, the answers of guard and Xoxzo.
//!
//! ```text
//!        ┌ start, resend, voice ► Count ► Send ► (Count) ─────┐
//! form ──┼ verify ► Count ► Count ► (Count ► Publish ► Count) ┼► Respond: 303, or JSON
//!        └ logout ► Publish ───────────────────────────────────┘
//! any request with a pass ► Look ► Forward, a page, or Respond
//! ```

use alloc::boxed::Box;
use alloc::string::String;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{
    About, Answer, Blame, Code, Delivery, Dispatch, Ended, Failure, Locale, Operation, Sending,
    Suspended as Engine, Told, Turn, Verify, draw,
};

use crate::action::Action;
use crate::answer::{self, Reason};
use crate::asked::Asked;
use crate::confirmation::KEPT;
use crate::event::Event;
use crate::gate::{Gate, PASS, PAYMENT, VISIT};
use crate::generation::{is_outdated, totals};
use crate::identity::Identity;
use crate::note::Note;
use crate::pass::{self, Admitted, Pass};
use crate::payment::Payment;
use crate::turn::{GateResponse, GateTurn};
use crate::visit::{Notice, Sent, Visit};
use crate::waiting::{Reading, Stage, Visitor, Waiting};

impl Gate {
    /// Goes on with the body of a form, and with the address of the client: without a port, and absent if it is not known.
    pub fn read(
        &self,
        reading: Reading,
        now: u32,
        body: &[u8],
        client: Option<&str>,
        rng: &mut impl TryCryptoRng,
    ) -> GateTurn {
        let Reading {
            action,
            asked,
            identity,
            visit,
            pass,
        } = reading;
        let refuse =
            |status, reason, event| GateTurn::Respond(self.error(&asked, status, reason, event));
        if body.len() > Reading::LIMIT {
            return refuse(413, Reason::TooLong, Event::Refused);
        }
        let field = |name: &str| {
            let mut values = form_urlencoded::parse(body).filter(|(own, _)| own == name);
            match (values.next(), values.next()) {
                (Some((_, value)), None) => Some(value.into_owned()),
                _ => None,
            }
        };
        let csrf = field("csrf").unwrap_or_default();
        if !visit.is_csrf(&self.csrf, &identity.bound(), &csrf) {
            return refuse(403, Reason::StaleForm, Event::RejectedCrossSite);
        }
        let visitor = Visitor {
            action,
            asked,
            identity,
            visit: Visit {
                notice: None,
                ..visit
            },
        };
        let payment = visitor.visit.payment.as_ref();
        let claimed = visitor.identity.claimed(&self.settings.purpose, payment);
        let channel = action.channel().unwrap_or_default();
        let locale = self.locale_of(visitor.asked.language, payment);
        let sending = Sending {
            channel,
            locale,
            client,
            decoy: false,
        };
        let sent = visitor.visit.sent.as_ref();
        let about = || About::claimed(&self.engine, claimed, sent.map(|sent| &*sent.token));
        let step = match (action, sent) {
            (Action::Logout, _) => return self.log_out(visitor, pass, now),
            (Action::Start, None) => {
                let begun = Dispatch::start(&self.engine, now, claimed, sending, rng);
                Turn::audited(begun, &self.engine, true, about).map(Turn::any)
            }
            // A second tab, or a page that was loaded again: there is one already.
            (Action::Start, Some(_)) => {
                return GateTurn::Respond(self.done(visitor, now, Event::Challenged));
            }
            (Action::Resend | Action::Voice, Some(sent)) => {
                let begun = Dispatch::resend(&self.engine, now, &sent.token, claimed, sending);
                Turn::audited(begun, &self.engine, true, about).map(Turn::any)
            }
            (Action::Verify, Some(sent)) => {
                let pin = typed(&field("pin").unwrap_or_default());
                let begun = Verify::begin(&self.engine, now, &sent.token, claimed, &pin, client);
                Turn::audited(begun, &self.engine, true, about).map(Turn::any)
            }
            (_, None) => {
                let none = Failure::new(Code::Expired, "no challenge is on its way");
                Err(self.about(none, &visitor.identity, None))
            }
        };
        self.step(step, visitor, now, rng)
    }

    /// Goes on with what came back.
    pub fn resume(
        &self,
        waiting: Waiting,
        now: u32,
        answer: Answer,
        rng: &mut impl TryCryptoRng,
    ) -> GateTurn {
        match waiting.0 {
            Stage::Admit {
                head,
                place,
                admitted,
                confirmation,
            } => match ended(&answer, &admitted) {
                Some(false) => {
                    let handed = totals(&answer).get(admitted.looks.len()) == Some(&1);
                    let confirmation = confirmation.filter(|_| handed);
                    self.admitted(now, &head, place, &admitted, confirmation, rng)
                }
                Some(true) => {
                    GateTurn::Respond(self.unadmitted(now, &head, place, &admitted.identity, rng))
                }
                None => {
                    let (asked, identity) = (Asked::of(&head), &admitted.identity);
                    GateTurn::Respond(self.guard_failed(&asked, identity, answer))
                }
            },
            Stage::StepUp(stepping) => GateTurn::Respond(self.stepped_up(stepping, now, answer)),
            Stage::Logout(visitor) => {
                if revoked(&answer) != Some(true) {
                    let Visitor {
                        asked, identity, ..
                    } = &visitor;
                    return GateTurn::Respond(self.guard_failed(asked, identity, answer));
                }
                GateTurn::Respond(self.logged_out(visitor, now))
            }
            Stage::Winning(winning) => self.go_on_winning(winning, answer),
            Stage::Engine(operation, visitor) => {
                let step = operation.resume(&self.engine, now, answer);
                self.step(step, visitor, now, rng)
            }
        }
    }

    fn step(
        &self,
        step: Result<Turn<Engine>, Failure>,
        mut visitor: Visitor,
        now: u32,
        rng: &mut impl TryCryptoRng,
    ) -> GateTurn {
        match step {
            Ok(Turn::Count(charges, operation)) => GateTurn::Count(
                charges,
                Waiting(Stage::Engine(Box::new(operation), visitor)),
            ),
            Ok(Turn::Send(request, operation)) => GateTurn::Send(
                request,
                Waiting(Stage::Engine(Box::new(operation), visitor)),
            ),
            Ok(Turn::Done(Told {
                output: Ended::Challenged(challenge),
                audit,
            })) => {
                let note = Note::sent(audit, challenge.delivery, challenge.parts);
                let note = note.by(visitor.action);
                let event = if challenge.delivery == Delivery::Unknown {
                    Event::SentUnknown
                } else {
                    Event::Sent
                };
                visitor.visit.sent = Some(Sent::of(challenge, now));
                GateTurn::Respond(self.done(visitor, now, event).noting(note))
            }
            Ok(Turn::Done(Told {
                output: Ended::Accepted(_),
                audit,
            })) => match draw(rng) {
                Ok(id) => {
                    let note = Note::accepted(audit).by(visitor.action);
                    self.win(visitor, Pass::new(id, now), note)
                }
                Err(failure) => GateTurn::Respond(self.refused(visitor, &failure, now)),
            },
            // Nothing else is begun here.
            Ok(Turn::Done(_)) => GateTurn::Respond(self.error(
                &visitor.asked,
                500,
                Reason::Failed(Code::Request),
                Event::UpstreamFailed,
            )),
            Err(failure) => GateTurn::Respond(self.refused(visitor, &failure, now)),
        }
    }

    /// The guard did not say whether a pass is revoked, or did not revoke it.
    pub(crate) fn guard_failed(
        &self,
        asked: &Asked,
        identity: &Identity,
        answer: Answer,
    ) -> GateResponse {
        let failure = Failure::new(Code::Guard, "the guard did not answer");
        let cause = match answer {
            Answer::Unanswered(_, cause) => Some(cause),
            Answer::Totals(_) | Answer::Response(_) => None,
        };
        self.unserved(asked, &self.about(failure, identity, cause))
    }

    /// Returns the language of a message to somebody who reads this one; `None`, the settings' own, where it would be too long.
    fn locale_of(&self, language: Locale, payment: Option<&Payment>) -> Option<&'static str> {
        let Some(payment) = payment else {
            return self.look.locale_of(language);
        };
        let transaction = Some(&payment.transaction);
        let previews = self
            .engine
            .previews(Some(&self.settings.purpose), transaction);
        let previews = previews.unwrap_or_default();
        let own = previews.iter().find(|preview| preview.locale == language);
        let fits = own.is_some_and(|preview| preview.parts <= self.look.parts);
        fits.then_some(language.code())
    }

    fn log_out(&self, visitor: Visitor, pass: Option<Pass>, now: u32) -> GateTurn {
        let Some(pass) = pass else {
            return GateTurn::Respond(self.logged_out(visitor, now));
        };
        let revoke = pass::revoke(self.revocation(&pass), &self.settings.pass);
        GateTurn::Publish(revoke, Waiting(Stage::Logout(visitor)))
    }

    fn logged_out(&self, mut visitor: Visitor, now: u32) -> GateResponse {
        visitor.visit = Visit {
            sent: None,
            notice: Some(Notice::LoggedOut),
            ..visitor.visit.toward("/", false)
        };
        let sign_out = self.settings.sign_out_url.as_ref();
        let mut response = match sign_out.filter(|_| !visitor.asked.json) {
            Some(url) => {
                let mut response = answer::redirect(url, Event::LoggedOut);
                let ended = answer::cookie(VISIT, "", Some(0));
                response.headers.push(("set-cookie", ended));
                response
            }
            None => self.done(visitor, now, Event::LoggedOut),
        };
        response
            .headers
            .push(("set-cookie", answer::cookie(PASS, "", Some(0))));
        response
    }

    pub(crate) fn accepted(&self, visitor: &Visitor, pass: &Pass) -> GateResponse {
        let Visitor {
            asked,
            identity,
            visit,
            ..
        } = visitor;
        let bound = identity.bound();
        let confirmation = visit.payment.as_ref().map(|payment| {
            let confirmation = self.confirm(payment, &visit.return_to, pass, identity)?;
            let text = confirmation.close(&self.payments, &bound);
            Ok(answer::cookie(PAYMENT, &text, Some(KEPT)))
        });
        let confirmation = match confirmation.transpose() {
            Ok(confirmation) => confirmation,
            Err(failure) => return self.failed(asked, failure, identity),
        };
        let text = pass.close(&self.passes, &bound);
        let mut response = answer::accepted(asked, &visit.return_to);
        let confirmation = confirmation.map(|cookie| ("set-cookie", cookie));
        response.headers.extend(confirmation);
        response.headers.extend([
            (
                "set-cookie",
                answer::cookie(PASS, &text, Some(self.settings.pass.life_seconds)),
            ),
            ("set-cookie", answer::cookie(VISIT, "", Some(0))),
        ]);
        response
    }

    /// The engine ended without what was asked. What the user may hear is on the next page.
    fn refused(&self, mut visitor: Visitor, failure: &Failure, now: u32) -> GateResponse {
        let gone = match failure.code {
            Code::WrongPin => failure.guesses_left == Some(0),
            Code::Exhausted | Code::Expired | Code::Used | Code::InvalidToken => true,
            _ => false,
        };
        if gone {
            visitor.visit.sent = None;
        }
        visitor.visit.notice = Some(Notice::of(failure, now));
        let event = match failure.blame() {
            Blame::Refuse => Event::Refused,
            Blame::Misuse | Blame::Upstream => Event::UpstreamFailed,
        };
        let note = Note::of(failure).by(visitor.action);
        self.done(visitor, now, event).noting(note)
    }

    /// The end of a form: 303 to the page, which says the rest, or all of it as JSON.
    fn done(&self, visitor: Visitor, now: u32, event: Event) -> GateResponse {
        let Visitor {
            asked,
            identity,
            visit,
            ..
        } = visitor;
        if asked.json {
            let status = answer::status_of(visit.notice.as_ref());
            self.state(&asked, status, &visit, &identity, now, event)
        } else {
            self.redirect_to_page(&visit, &identity, event)
        }
    }
}

/// Reads from the counter whether a pass is revoked; `None` if it says nothing.
fn revoked(answer: &Answer) -> Option<bool> {
    totals(answer).first().map(|total| *total > 0)
}

/// Reads from the counters whether a pass is revoked, or of an earlier generation; `None` if they do not say it.
fn ended(answer: &Answer, admitted: &Admitted) -> Option<bool> {
    let totals = totals(answer);
    let (revoked, generations) = totals.split_first()?;
    if *revoked > 0 {
        return Some(true);
    }
    // A confirmation may be counted after the looks.
    let generations = generations.get(..admitted.looks.len().checked_sub(1)?)?;
    Some(is_outdated(&admitted.pass, generations))
}

/// A PIN as people type it: with spaces or hyphens, or in the wide digits of a Japanese keyboard.
fn typed(text: &str) -> String {
    let plain = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '‐' | '－'));
    plain
        .map(|letter| match letter {
            '０'..='９' => u32::from(letter)
                .checked_sub(0xff10)
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or(letter),
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::typed;

    #[test]
    fn pins_are_read_as_people_type_them() {
        for text in [
            "123456",
            " 123 456 ",
            "123-456",
            "１２３４５６",
            "123　456\n",
        ] {
            assert_eq!(typed(text), "123456");
        }
        assert_eq!(typed("١٢٣"), "١٢٣");
    }
}
