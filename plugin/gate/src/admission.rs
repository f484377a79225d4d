//! Admission: decides on a request by its head.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{Code, Failure};

use crate::action::Action;
use crate::answer::Reason;
use crate::asked::Asked;
use crate::confirmation::Confirmation;
use crate::cookie::{self, SessionCookie};
use crate::event::Event;
use crate::gate::{Gate, PASS, PAYMENT, VISIT};
use crate::head::{Head, Only};
use crate::identity::{Identity, IdentityClaims};
use crate::pass::{self, Admitted, Cache, Pass};
use crate::places::PathKind;
use crate::settings::Preflight;
use crate::step_up::STEP_UP;
use crate::target::Target;
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
        let (target, place) = match self.place(&head, ends) {
            Ok(judged) => judged,
            Err(turn) => return *turn,
        };
        let method = head.first(":method");
        let names = &self.settings.identity;
        let session = names.cookie.as_ref();
        let session = session.map(|name| SessionCookie::find(head.all("cookie"), name));
        if session == Some(SessionCookie::Doubtful) {
            return GateTurn::Respond(self.two_sessions(&Asked::of(&head)));
        }
        let Some(identity) = Identity::of(&self.settings, &head, claims) else {
            return GateTurn::Respond(self.unknown_user(&Asked::of(&head)));
        };
        if let Some(page) = &self.settings.enrol_url
            && identity.lacks_phone()
        {
            if self.places.is_enrolment(&target) {
                return exempt(names.foreign_headers(&head), without_own_cookies(&head));
            }
            let asked = Asked::of(&head);
            let navigates = is_navigation(&head, &asked);
            return GateTurn::Respond(self.unenrolled(&asked, navigates, page));
        }
        let cookie = head.cookie(PASS);
        let known =
            cookie.and_then(|cookie| cache.find(&self.settings.pass, &identity, cookie, now));
        if known.is_none() && !identity.is_sound(&self.settings.purpose, &self.engine) {
            return GateTurn::Respond(self.unknown_user(&Asked::of(&head)));
        }
        if method == b"GET" && target.path == STEP_UP {
            return self.step_up(now, &head, &target, identity, rng);
        }
        if place == PathKind::Own && !matches!(method, b"GET" | b"HEAD") {
            return self.post(&head, Asked::of(&head), &target, identity, now);
        }
        let known = known.or_else(|| self.admit(cache, now, cookie?, &identity));
        match known.filter(|admitted| admitted.pass.is_alive(&self.settings.pass, now)) {
            Some(admitted) => {
                // Neither is a request for what the place shows.
                let asks = place != PathKind::Own && !matches!(method, b"HEAD" | b"OPTIONS");
                let confirmation = head
                    .cookie(PAYMENT)
                    .filter(|_| asks)
                    .and_then(|cookie| self.confirmation(cookie, &target, &admitted.identity, now));
                let mut looks = admitted.looks.clone();
                let hand_out = confirmation.as_ref().map(|one| self.hand_out(one));
                let waiting = Waiting(Stage::Admit {
                    head,
                    place,
                    admitted,
                    confirmation,
                });
                match hand_out {
                    None => GateTurn::Look(looks, waiting),
                    Some(hand_out) => {
                        looks.push(hand_out);
                        GateTurn::Count(looks, waiting)
                    }
                }
            }
            None => GateTurn::Respond(self.unadmitted(now, &head, place, &identity, rng)),
        }
    }

    /// Judges a request while nothing is known of the fleet's counters: only what needs no pass goes to the application.
    #[must_use]
    pub fn shut(&self, head: &Head, ends: bool) -> GateTurn {
        self.place(head, ends).map_or_else(
            |turn| *turn,
            |_| {
                let failure = Failure::new(Code::Guard, "the fleet's counters are not known yet");
                GateTurn::Respond(self.unserved(&Asked::of(head), &failure))
            },
        )
    }

    /// Returns a request's target and the kind of its path, unless its head alone decides.
    fn place<'a>(
        &self,
        head: &'a Head,
        ends: bool,
    ) -> Result<(Target<'a>, PathKind), Box<GateTurn>> {
        let refuse = |status, reason, event| {
            let answer = self.error(&Asked::of(head), status, reason, event);
            Err(Box::new(GateTurn::Respond(answer)))
        };
        let target = Target::parse(head.first(":path")).filter(|_| head.is_sound());
        let Some(target) = target else {
            return refuse(400, Reason::Path, Event::RejectedPath);
        };
        let method = head.first(":method");
        if matches!(method, b"" | b"CONNECT" | b"TRACE") {
            return refuse(405, Reason::Method, Event::RejectedPath);
        }
        let place = self.places.kind(&target);
        if let Some(protocol) = upgrade(head) {
            if !matches!(protocol, Only::One(name) if name.eq_ignore_ascii_case("websocket")) {
                return refuse(405, Reason::Method, Event::RejectedPath);
            }
            if head.only("origin") != Only::One(&self.settings.origin) {
                return refuse(403, Reason::CrossSite, Event::RejectedCrossSite);
            }
        }
        let names = &self.settings.identity;
        let preflight =
            || self.settings.cors_preflight == Preflight::Forward && ends && is_preflight(head);
        match place {
            PathKind::Exempt => Err(Box::new(exempt(
                names.foreign_headers(head),
                without_own_cookies(head),
            ))),
            PathKind::Closed | PathKind::StepUp if method == b"OPTIONS" && preflight() => {
                Err(Box::new(exempt(names.acting_headers(head), None)))
            }
            _ => Ok((target, place)),
        }
    }

    /// Names of trailers to take away from a request that goes to the application: some read them like headers (RFC 9110, section 6.5.1).
    #[must_use]
    pub fn foreign_trailers(&self, trailers: &Head) -> Vec<String> {
        self.settings.identity.acting_headers(trailers)
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
        let claimed = identity.claimed(&settings.purpose, None);
        let receipt = self.engine.attest(now, claimed, &pass.id).ok()?;
        let renewed = pass.renewed(&settings.pass, now).map(|pass| {
            let text = pass.close(&self.passes, &bound);
            answer::cookie(PASS, &text, Some(settings.pass.life_seconds)).into()
        });
        let mut looks = vec![pass::look(self.revocation(&pass))];
        looks.extend(self.generations(identity, &pass, now));
        let admitted = Rc::new(Admitted {
            identity: identity.clone(),
            cookie: cookie.to_string(),
            pass,
            looks,
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
        confirmation: Option<Confirmation>,
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
            remove: self.settings.identity.foreign_headers(head),
            cookies: without_own_cookies(head),
            receipt: Some(match confirmation {
                Some(confirmation) => confirmation.receipt.into(),
                None => Rc::clone(&admitted.receipt),
            }),
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
        let navigates = is_navigation(head, &asked);
        let return_to = if navigates {
            let target = Target::parse(head.first(":path"));
            target.and_then(|target| target.to_return()).unwrap_or("/")
        } else {
            match self.page_of_form(head, &asked) {
                Some(page) => page,
                None if head.first(":method") == b"POST" && is_seen(head, &asked) => {
                    return self.form_refused(&asked);
                }
                None => {
                    return self.error(&asked, 401, Reason::TwoFactorRequired, Event::Challenged);
                }
            }
        };
        let visit = match self.visit(head, identity, now) {
            Some(visit) => visit,
            None => match Visit::begin(now, rng) {
                Ok(visit) => visit,
                Err(failure) => return self.failed(&asked, failure, identity),
            },
        };
        let visit = visit.toward(return_to, place == PathKind::StepUp);
        if navigates {
            return self.redirect_to_page(&visit, identity, Event::Challenged);
        }
        let mut refused = self.form_refused(&asked);
        refused.headers.push(self.visit_cookie(&visit, identity));
        refused
    }

    /// Returns the page of this origin with the form that a person has sent. The way after the code leads back there.
    fn page_of_form<'a>(&self, head: &'a Head, asked: &Asked) -> Option<&'a str> {
        let Only::One(referer) = head.only("referer") else {
            return None;
        };
        let page = referer.strip_prefix(&*self.settings.origin)?;
        let target = Target::parse(page.as_bytes())?;
        let sent = head.first(":method") == b"POST" && is_seen(head, asked);
        let page = target.to_return().filter(|_| sent);
        page.filter(|_| self.places.kind(&target) != PathKind::Own)
    }

    /// A form of one of our pages, as far as its head tells.
    fn post(
        &self,
        head: &Head,
        asked: Asked,
        target: &Target<'_>,
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
fn exempt(remove: Vec<String>, cookies: Option<Vec<u8>>) -> GateTurn {
    GateTurn::Forward(Forward {
        remove,
        cookies,
        receipt: None,
        cookie: None,
        event: Event::Exempt,
    })
}

fn without_own_cookies(head: &Head) -> Option<Vec<u8>> {
    cookie::without(head.all("cookie"), &[PASS, VISIT, PAYMENT])
}

fn is_preflight(head: &Head) -> bool {
    let one = |name| matches!(head.only(name), Only::One(_));
    one("origin")
        && one("access-control-request-method")
        && !head.has("transfer-encoding")
        && matches!(head.only("content-length"), Only::Absent | Only::One("0"))
}

/// Returns the protocol that the client would go on with.
fn upgrade(head: &Head) -> Option<Only<'_>> {
    ["upgrade", ":protocol"]
        .into_iter()
        .map(|name| head.only(name))
        .find(|protocol| *protocol != Only::Absent)
}

/// Tells whether a person asks for a page.
fn is_navigation(head: &Head, asked: &Asked) -> bool {
    matches!(head.first(":method"), b"GET" | b"HEAD") && is_seen(head, asked)
}

/// Tells whether a person sees the answer.
fn is_seen(head: &Head, asked: &Asked) -> bool {
    let document = matches!(
        head.only("sec-fetch-dest"),
        Only::Absent | Only::One("document")
    );
    document && asked.html && upgrade(head).is_none()
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
