//! Admission: decides on a request by its head.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use rand::TryCryptoRng;

use crate::action::Action;
use crate::answer::Reason;
use crate::asked::Asked;
use crate::event::Event;
use crate::gate::{Gate, PASS};
use crate::head::{Head, Only, begins_like, is_like};
use crate::identity::{Identity, IdentityClaims};
use crate::pass::{self, Admitted, Cache, Pass};
use crate::settings::{Exempt, Preflight, Source};
use crate::target::{PathKind, Target};
use crate::turn::{Forward, GateResponse, GateTurn};
use crate::visit::Visit;
use crate::waiting::{Reading, Stage, Waiting};
use crate::{PREFIX, answer};

impl Gate {
    /// Judges a request by its head; `ends` if it has no body, as far as the host can tell.
    pub fn open(
        &self,
        cache: &mut Cache,
        now: u32,
        head: Head,
        ends: bool,
        claims: IdentityClaims,
        rng: &mut impl TryCryptoRng,
    ) -> GateTurn {
        let refuse = |head: &Head, status, reason, event| {
            GateTurn::Respond(self.error(&Asked::of(head), status, reason, event))
        };
        let target = Target::parse(head.first(":path")).filter(|_| head.is_sound());
        let Some(target) = target else {
            return refuse(&head, 400, Reason::Path, Event::RejectedPath);
        };
        let method = head.first(":method");
        if matches!(method, b"" | b"CONNECT" | b"TRACE") {
            return refuse(&head, 405, Reason::Method, Event::RejectedPath);
        }
        let place = self.place(target);
        let preflight =
            || self.settings.cors_preflight == Preflight::Forward && ends && is_preflight(&head);
        match place {
            PathKind::Exempt => return exempt(head.names(is_ours)),
            PathKind::Closed | PathKind::StepUp if method == b"OPTIONS" && preflight() => {
                let acts = |name: &[u8]| is_ours(name) || self.acts_for_a_user(name);
                return exempt(head.names(acts));
            }
            _ => {}
        }
        let Some(identity) = Identity::of(&self.settings, &head, claims) else {
            return GateTurn::Respond(self.unknown_user(&Asked::of(&head)));
        };
        let cookie = head.cookie(PASS);
        let known =
            cookie.and_then(|cookie| cache.find(&self.settings.pass, &identity, cookie, now));
        if known.is_none() && !identity.is_sound(&self.settings.purpose, &self.engine) {
            return GateTurn::Respond(self.unknown_user(&Asked::of(&head)));
        }
        if is_upgrade(&head) && head.only("origin") != Only::One(&self.settings.origin) {
            return refuse(&head, 403, Reason::CrossSite, Event::RejectedCrossSite);
        }
        if place == PathKind::Own && !matches!(method, b"GET" | b"HEAD") {
            return self.post(&head, Asked::of(&head), target, identity, now);
        }
        let known = known.or_else(|| self.admit(cache, now, cookie?, &identity));
        match known.filter(|admitted| admitted.pass.is_alive(&self.settings.pass, now)) {
            Some(admitted) => GateTurn::Count(
                vec![pass::look(admitted.counter)],
                Waiting(Stage::Admit {
                    head,
                    place,
                    admitted,
                }),
            ),
            None => GateTurn::Respond(self.unadmitted(now, &head, place, &identity, rng)),
        }
    }

    /// Names of trailers to take away from a request that goes to the application: some read them like headers (RFC 9110, section 6.5.1).
    #[must_use]
    pub fn foreign_trailers(&self, trailers: &Head) -> Vec<String> {
        trailers.names(is_ours)
    }

    fn place(&self, target: Target<'_>) -> PathKind {
        let Exempt { paths, under } = &self.settings.exempt;
        let mut step_up = self.settings.step_up.paths.iter();
        if target.is_under(PREFIX) {
            PathKind::Own
        } else if step_up.any(|place| target.is_under_in_any_case(place)) {
            PathKind::StepUp
        } else if paths.iter().any(|path| path == target.path)
            || under.iter().any(|place| target.is_under(place))
        {
            PathKind::Exempt
        } else {
            PathKind::Closed
        }
    }

    /// Tells whether a header could act for a user. A preflight goes without.
    fn acts_for_a_user(&self, name: &[u8]) -> bool {
        let identity = &self.settings.identity;
        let names = || identity.names().any(|own| is_like(name, own));
        matches!(name, b"cookie" | b"authorization")
            || (identity.source == Source::DangerHeaders && names())
    }

    /// The pass of a request, if it is genuine. Whether it lives or was revoked is not looked at here.
    fn admit(
        &self,
        cache: &mut Cache,
        now: u32,
        cookie: &str,
        identity: &Identity,
    ) -> Option<Rc<Admitted>> {
        let (settings, bound) = (&self.settings, identity.bound());
        let pass = Pass::open(&self.passes, cookie, &bound)?;
        let claimed = identity.claimed(&settings.purpose);
        let receipt = self.engine.attest(now, claimed, &pass.id).ok()?;
        let renewed = pass.renewed(&settings.pass, now).map(|pass| {
            let text = pass.close(&self.passes, &bound);
            answer::cookie(PASS, &text, Some(settings.pass.life_seconds)).into()
        });
        let admitted = Rc::new(Admitted {
            identity: identity.clone(),
            cookie: cookie.to_string(),
            pass,
            counter: self.counter(&pass),
            receipt: receipt.into(),
            renewed,
            made_at: now,
        });
        cache.keep(&admitted);
        Some(admitted)
    }

    /// A pass is there, and not revoked.
    pub(crate) fn admitted(
        &self,
        now: u32,
        head: &Head,
        place: PathKind,
        admitted: &Admitted,
        rng: &mut impl TryCryptoRng,
    ) -> GateTurn {
        let Admitted { identity, pass, .. } = admitted;
        if place == PathKind::Own {
            return GateTurn::Respond(self.page(now, head, identity, Some(pass), rng));
        }
        if place == PathKind::StepUp && !self.is_fresh(pass, now) {
            return GateTurn::Respond(self.unadmitted(now, head, place, identity, rng));
        }
        GateTurn::Forward(Forward {
            remove: head.names(is_ours),
            receipt: Some(Rc::clone(&admitted.receipt)),
            cookie: admitted.renewed.clone(),
            event: Event::Forwarded,
        })
    }

    /// No pass, or none that is good for this request: the way to the gate's page, or a refusal.
    pub(crate) fn unadmitted(
        &self,
        now: u32,
        head: &Head,
        place: PathKind,
        identity: &Identity,
        rng: &mut impl TryCryptoRng,
    ) -> GateResponse {
        if place == PathKind::Own {
            return self.page(now, head, identity, None, rng);
        }
        let asked = Asked::of(head);
        if !is_navigation(head, &asked) {
            return self.error(&asked, 401, Reason::TwoFactorRequired, Event::Challenged);
        }
        let visit = match self.visit(head, identity, now) {
            Some(visit) => visit,
            None => match Visit::begin(now, rng) {
                Ok(visit) => visit,
                Err(failure) => return self.failed(&asked, failure, identity),
            },
        };
        let target = Target::parse(head.first(":path"));
        let return_to = target.and_then(Target::to_return).unwrap_or("/");
        let visit = Visit {
            return_to: return_to.to_string(),
            fresh: place == PathKind::StepUp,
            notice: None,
            ..visit
        };
        self.redirect_to_page(&visit, identity, Event::Challenged)
    }

    /// A form of one of our pages, as far as its head tells.
    fn post(
        &self,
        head: &Head,
        asked: Asked,
        target: Target<'_>,
        identity: Identity,
        now: u32,
    ) -> GateTurn {
        let refuse =
            |status, reason, event| GateTurn::Respond(self.error(&asked, status, reason, event));
        let Some(action) = target.path.strip_prefix(PREFIX).and_then(Action::at) else {
            return match target.path.strip_prefix(PREFIX) {
                Some("" | "/") => refuse(405, Reason::Method, Event::RejectedPath),
                _ => refuse(404, Reason::NotFound, Event::RejectedPath),
            };
        };
        if head.first(":method") != b"POST" {
            return refuse(405, Reason::Method, Event::RejectedPath);
        }
        if !self.is_same_origin(head) {
            return refuse(403, Reason::CrossSite, Event::RejectedCrossSite);
        }
        if !is_form(head) {
            return refuse(415, Reason::ContentType, Event::Refused);
        }
        let bound = identity.bound();
        let pass = head
            .cookie(PASS)
            .and_then(|cookie| Pass::open(&self.passes, cookie, &bound));
        match self.visit(head, &identity, now) {
            Some(visit) => GateTurn::Read(Reading {
                action,
                asked,
                identity,
                visit,
                pass,
            }),
            None => refuse(403, Reason::StaleForm, Event::RejectedCrossSite),
        }
    }

    /// Tells whether the browser says that the request comes from a page of the gate. `null` and silence do not.
    fn is_same_origin(&self, head: &Head) -> bool {
        match head.only("origin") {
            Only::One(origin) => origin == self.settings.origin,
            Only::Absent => head.only("sec-fetch-site") == Only::One("same-origin"),
            Only::Odd => false,
        }
    }
}

/// Forwards to the application without a pass, and without these headers.
fn exempt(remove: Vec<String>) -> GateTurn {
    GateTurn::Forward(Forward {
        remove,
        receipt: None,
        cookie: None,
        event: Event::Exempt,
    })
}

/// Headers that only the gate may set.
fn is_ours(name: &[u8]) -> bool {
    begins_like(name, "x-2fa-")
}

fn is_preflight(head: &Head) -> bool {
    let one = |name| matches!(head.only(name), Only::One(_));
    one("origin")
        && one("access-control-request-method")
        && !head.has("transfer-encoding")
        && matches!(head.only("content-length"), Only::Absent | Only::One("0"))
}

fn is_upgrade(head: &Head) -> bool {
    head.has("upgrade") || head.has(":protocol")
}

/// Tells whether a person waits for a page.
fn is_navigation(head: &Head, asked: &Asked) -> bool {
    let reads = matches!(head.first(":method"), b"GET" | b"HEAD");
    reads
        && asked.html
        && !is_upgrade(head)
        && matches!(
            head.only("sec-fetch-dest"),
            Only::Absent | Only::One("document")
        )
}

fn is_form(head: &Head) -> bool {
    let mut types = head.all("content-type");
    let (first, second) = (types.next().unwrap_or_default(), types.next());
    let name = first.split(|byte| *byte == b';').next().unwrap_or_default();
    second.is_none()
        && name
            .trim_ascii()
            .eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
}
