//! The page of a visit: start, code, locked, done; and the same as JSON.

use alloc::string::{String, ToString};

use rand::TryCryptoRng;
use xoxzo_2fa_core::json::Object;
use xoxzo_2fa_core::{Code, Locale, Recipient, Transaction};

use crate::PREFIX;
use crate::action::Action;
use crate::answer::{PAGE, Reason, json, redirect};
use crate::asked::Asked;
use crate::event::Event;
use crate::gate::Gate;
use crate::head::Head;
use crate::identity::Identity;
use crate::page::{CodeField, Html};
use crate::pass::Pass;
use crate::turn::GateResponse;
use crate::visit::{Failed, Notice, Step, Visit};
use crate::wording::{explained, words};
use crate::words::Words;

impl Gate {
    /// The page of a visit, for somebody with a pass or without.
    pub(crate) fn page(
        &self,
        now: u32,
        head: &Head,
        identity: &Identity,
        pass: Option<&Pass>,
        rng: &mut impl TryCryptoRng,
    ) -> GateResponse {
        let asked = Asked::of(head);
        let path = head
            .first(":path")
            .split(|byte| *byte == b'?')
            .next()
            .unwrap_or_default();
        if path == PREFIX.as_bytes() {
            return redirect(PAGE, Event::Challenged);
        }
        if path != PAGE.as_bytes() {
            let form = core::str::from_utf8(path)
                .ok()
                .and_then(|path| path.strip_prefix(PREFIX));
            return match form.and_then(Action::at) {
                Some(_) => self.error(&asked, 405, Reason::Method, Event::RejectedPath),
                None => self.error(&asked, 404, Reason::NotFound, Event::RejectedPath),
            };
        }
        if let Some(visit) = self.visit(head, identity, now) {
            return self.show(&asked, &visit, identity, pass, now);
        }
        match Visit::begin(now, rng) {
            Ok(visit) => {
                let mut response = self.show(&asked, &visit, identity, pass, now);
                response.headers.push(self.visit_cookie(&visit, identity));
                response
            }
            Err(failure) => self.failed(&asked, failure, identity),
        }
    }

    fn show(
        &self,
        asked: &Asked,
        visit: &Visit,
        identity: &Identity,
        pass: Option<&Pass>,
        now: u32,
    ) -> GateResponse {
        let step = self.step_of(visit, pass, now);
        if asked.json {
            return json(
                200,
                self.object(asked, step, visit, identity, now),
                Event::Challenged,
            );
        }
        let language = asked.language;
        let notice = current(visit, now).map(|failed| explained(language, failed, now));
        let view = View {
            gate: self,
            visit,
            csrf: visit.csrf(&self.csrf, &identity.bound()),
            masked: self.masked(identity),
            notice,
            language,
            now,
        };
        let words = words(language);
        let title = match step {
            Step::Start if visit.payment.is_some() => words.payment_title,
            Step::Start => words.start_title,
            Step::Code => words.code_title,
            Step::Locked => words.locked_title,
            Step::Done => words.done_title,
        };
        self.html(200, asked, title, Event::Challenged, &|html, words| {
            view.fill(html, words, step);
        })
    }

    /// Answers with the state of a visit as JSON, and with its cookie.
    pub(crate) fn state(
        &self,
        asked: &Asked,
        status: u16,
        visit: &Visit,
        identity: &Identity,
        now: u32,
        event: Event,
    ) -> GateResponse {
        let step = self.step_of(visit, None, now);
        let mut response = json(
            status,
            self.object(asked, step, visit, identity, now),
            event,
        );
        response.headers.push(self.visit_cookie(visit, identity));
        if let Some(at) = visit.failed().and_then(|failed| failed.retry_at) {
            response
                .headers
                .push(("retry-after", at.saturating_sub(now).to_string()));
        }
        response
    }

    fn masked(&self, identity: &Identity) -> String {
        let recipient = Recipient::parse(&identity.phone, self.engine.trusted());
        recipient.map_or_else(|_| String::new(), |recipient| recipient.masked())
    }

    fn object(
        &self,
        asked: &Asked,
        step: Step,
        visit: &Visit,
        identity: &Identity,
        now: u32,
    ) -> Object {
        let mut out = Object::with_capacity(256);
        out.text("step", step.name());
        out.text("csrf", &visit.csrf(&self.csrf, &identity.bound()));
        out.text("to", &self.masked(identity));
        if let Some(payment) = &visit.payment {
            let (amount, currency, payee) = payment.claimed();
            out.object("payment", |out| {
                out.text("amount", amount);
                out.text("currency", currency);
                out.text("payee", payee);
            });
        }
        if let Some(sent) = &visit.sent {
            out.number("expires_in_seconds", sent.left(now));
            out.number("resend_after_seconds", sent.resend_at.saturating_sub(now));
            out.number("digits", sent.digits());
            out.flag("voice", self.voice);
            if visit.is_unconfirmed(now) {
                out.flag("unconfirmed", true);
            }
        }
        if step == Step::Done {
            out.text("return_to", &visit.return_to);
        }
        if let Some(failed) = current(visit, now) {
            out.text("error", failed.code.name());
            out.text("text", &explained(asked.language, failed, now));
            if let Some(left) = failed.guesses_left {
                out.number("guesses_left", left);
            }
            if let Some(at) = failed.retry_at {
                out.number("retry_after_seconds", at.saturating_sub(now));
            }
        }
        if let Some(url) = &self.settings.recovery_url {
            out.text("recovery_url", url);
        }
        let leaves = visit.notice == Some(Notice::LoggedOut);
        if let Some(url) = self.settings.sign_out_url.as_ref().filter(|_| leaves) {
            out.text("sign_out_url", url);
        }
        out
    }

    fn step_of(&self, visit: &Visit, pass: Option<&Pass>, now: u32) -> Step {
        let locked = current(visit, now)
            .is_some_and(|failed| failed.code == Code::Locked && failed.retry_at.is_none());
        if locked {
            Step::Locked
        } else if visit.sent.is_some() {
            Step::Code
        } else if visit.payment.is_some() {
            Step::Start
        } else if pass.is_some_and(|pass| !visit.fresh || self.is_fresh(pass, now)) {
            Step::Done
        } else {
            Step::Start
        }
    }
}

/// The longest wait that is counted in seconds.
const COUNTED: u32 = 3_600;

/// The contents of a page.
struct View<'a> {
    gate: &'a Gate,
    visit: &'a Visit,
    csrf: String,
    masked: String,
    notice: Option<String>,
    language: Locale,
    now: u32,
}

impl View<'_> {
    fn fill(&self, html: &mut Html, words: &Words, step: Step) {
        let (csrf, settings) = (&self.csrf, &self.gate.settings);
        match (self.visit.notice, &self.notice) {
            (Some(Notice::LoggedOut), _) => {
                html.status(words.logged_out);
            }
            (_, Some(notice)) if step != Step::Locked => {
                html.alert(notice, self.field(step) != CodeField::Invalid);
            }
            _ => {}
        }
        if self.visit.is_unconfirmed(self.now) && step != Step::Locked {
            html.status(words.unconfirmed);
        }
        if let Some(payment) = self.visit.payment.as_ref().filter(|_| step != Step::Done) {
            let Transaction { payee, .. } = &payment.transaction;
            let amount = payment.transaction.amount_in(self.language);
            html.payment(words, &amount, payee);
        }
        match step {
            Step::Start => {
                let [before, after] = words.start_text;
                html.paragraph("", &[before, &self.masked, after]).form(
                    "start",
                    csrf,
                    "main",
                    words.start_button,
                );
                // The alert says it already, where no script counts.
                let retry_at = current(self.visit, self.now).and_then(|failed| failed.retry_at);
                let wait = retry_at.map_or(0, |at| at.saturating_sub(self.now));
                self.wait(html, words, wait, true);
            }
            Step::Code => self.code(html, words),
            Step::Locked => {
                html.paragraph("", &[words.locked_text]).form(
                    "start",
                    csrf,
                    "",
                    words.retry_button,
                );
            }
            Step::Done => {
                html.paragraph("", &[words.done_text])
                    .link("continue", &self.visit.return_to, words.go_on)
                    .form("logout", csrf, "", words.logout_button);
            }
        }
        if self.visit.payment.is_some() && step != Step::Done {
            html.link("cancel", &self.visit.return_to, words.payment_cancel);
        }
        if let Some(url) = settings
            .recovery_url
            .as_ref()
            .filter(|_| step != Step::Done)
        {
            let text = if step == Step::Locked {
                words.recovery
            } else {
                words.other_phone
            };
            html.link("recovery", url, text);
        }
    }

    fn code(&self, html: &mut Html, words: &Words) {
        let Some(sent) = &self.visit.sent else {
            return;
        };
        let [before, after] = words.code_text;
        let [life, over] = words.code_left;
        html.paragraph("", &[before, &self.masked, after]);
        html.code(words, &self.csrf, self.field(Step::Code));
        // Between sentences.
        let space = match self.language {
            Locale::Ja | Locale::ZhHans | Locale::ZhHant => "",
            Locale::En
            | Locale::Es
            | Locale::Id
            | Locale::Ko
            | Locale::Ms
            | Locale::Th
            | Locale::Vi => " ",
        };
        html.raw("<p class=\"dim\" id=\"share\">")
            .text(words.never_share)
            .raw(space);
        html.text(life)
            .text(&self.language.wait(sent.left(self.now)))
            .text(over)
            .raw("</p>\n");
        html.raw("<h2 class=\"dim\">")
            .text(words.nothing_came)
            .raw("</h2>\n");
        html.raw("<div class=\"ways\">")
            .form("resend", &self.csrf, "", words.resend_button);
        if self.gate.voice {
            html.form("voice", &self.csrf, "", words.voice_button);
        }
        html.raw("</div>\n");
        let wait = sent.resend_at.saturating_sub(self.now);
        self.wait(html, words, wait, false);
    }

    /// Says how long to wait for another message. Where it is said elsewhere, only a script shows it.
    fn wait(&self, html: &mut Html, words: &Words, wait: u32, hidden: bool) {
        if (1..=COUNTED).contains(&wait) {
            let [before, after] = words.resend_wait;
            html.wait(wait, before, &self.language.wait(wait), after, hidden);
        }
    }

    /// Tells what was wrong with the code.
    fn field(&self, step: Step) -> CodeField {
        match current(self.visit, self.now).map(|failed| failed.code) {
            None => CodeField::Fresh,
            Some(Code::WrongPin | Code::Malformed) if step == Step::Code => CodeField::Invalid,
            Some(_) => CodeField::Aside,
        }
    }
}

/// Returns the failure of a visit, unless its wait is over.
fn current(visit: &Visit, now: u32) -> Option<Failed> {
    let waits = |failed: &Failed| failed.retry_at.is_none_or(|at| at > now);
    visit.failed().filter(waits)
}
