//! What the gate answers: pages, redirects, and the same as JSON.

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::{Failure, Recipient};

use crate::PREFIX;
use crate::gate::{Gate, VISIT};
use crate::head::Head;
use crate::identity::Identity;
use crate::page::Html;
use crate::pass::Pass;
use crate::turn::{Event, Response};
use crate::visit::{Notice, Visit};
use crate::wording::{Language, Words};

/// The page's own path.
const PAGE: &str = "/.2fa/";

/// What kind of answer the client wants.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) json: bool,
    pub(crate) html: bool,
    pub(crate) language: Language,
}

impl Asked {
    pub(crate) fn of(head: &Head) -> Self {
        let html = head.accepts("text/html");
        Self {
            html,
            json: !html && head.accepts("application/json"),
            language: Language::of(head),
        }
    }
}

/// How far the user is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    Code,
    Locked,
    Done,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Code => "code",
            Self::Locked => "locked",
            Self::Done => "done",
        }
    }
}

/// The value of a `set-cookie`. Without a value it takes the cookie away.
pub(crate) fn cookie(name: &str, value: &str, max_age: Option<u32>) -> String {
    let mut cookie = [name, "=", value, "; Path=/; Secure; HttpOnly; SameSite=Lax"].concat();
    if let Some(seconds) = max_age {
        cookie.push_str("; Max-Age=");
        cookie.push_str(&seconds.to_string());
    }
    cookie
}

/// Status of a form's answer as JSON.
pub(crate) fn status_of(notice: Option<&Notice>) -> u16 {
    let Some(notice) = notice else {
        return 200;
    };
    match &*notice.code {
        "logged-out" => 200,
        "request" | "settings" => 500,
        "clock" | "guard" | "provider" | "randomness" => 503,
        "locked" if notice.retry_at.is_none() => 403,
        _ if notice.retry_at.is_some() => 429,
        _ => 422,
    }
}

/// A right PIN: on to where the visit was going.
pub(crate) fn accepted(asked: &Asked, return_to: &str) -> Response {
    if asked.json {
        let mut body = Object::new();
        body.text("step", Step::Done.name())
            .text("return_to", return_to);
        return json(200, body, Event::Accepted);
    }
    redirect(return_to, Event::Accepted)
}

fn redirect(to: &str, event: Event) -> Response {
    let mut response = bare(303, "text/plain; charset=utf-8", String::new(), event);
    response.headers.push(("location", to.to_string()));
    response
}

fn json(status: u16, body: Object, event: Event) -> Response {
    bare(status, "application/json", body.finish(), event)
}

fn bare(status: u16, content_type: &str, body: String, event: Event) -> Response {
    let mut headers = vec![
        ("content-type", content_type.to_string()),
        ("cache-control", "no-store".to_string()),
        ("x-content-type-options", "nosniff".to_string()),
        // With no-referrer a browser would send our own forms with the origin `null`.
        ("referrer-policy", "same-origin".to_string()),
        ("cross-origin-resource-policy", "same-origin".to_string()),
    ];
    if status == 401 {
        // RFC 9110, section 15.5.2, wants one.
        headers.push(("www-authenticate", "TwoFactor".to_string()));
    }
    Response {
        status,
        headers,
        body,
        event,
        note: None,
    }
}

impl Gate {
    fn html(
        &self,
        status: u16,
        asked: &Asked,
        title: &str,
        event: Event,
        fill: impl FnOnce(&mut Html, &Words),
    ) -> Response {
        let body = self.look.page(asked.language, title, fill);
        let mut response = bare(status, "text/html; charset=utf-8", body, event);
        response
            .headers
            .push(("content-security-policy", self.look.policy()));
        response
            .headers
            .push(("x-frame-options", "DENY".to_string()));
        response
    }

    /// Why a request goes no further.
    pub(crate) fn error(&self, asked: &Asked, status: u16, code: &str, event: Event) -> Response {
        if asked.json {
            let mut body = Object::new();
            body.text("error", code).text("gate", PAGE);
            return json(status, body, event);
        }
        if !asked.html {
            return bare(
                status,
                "text/plain; charset=utf-8",
                [code, "\n"].concat(),
                event,
            );
        }
        let words = asked.language.words();
        let (title, text, back) = match code {
            "two-factor-required" => (words.start_title, words.required_text.to_string(), true),
            "cross-site" | "stale-form" | "content-type" | "too-long" => {
                (words.error_title, words.stale_text.to_string(), true)
            }
            "path" | "method" | "not-found" => {
                (words.error_title, words.bad_text.to_string(), false)
            }
            _ => (
                words.error_title,
                asked.language.say(&Notice::new(code), 0, 0),
                true,
            ),
        };
        self.html(status, asked, title, event, |html, words| {
            html.alert(&text);
            if back {
                html.link("", PAGE, words.again);
            }
        })
    }

    /// Nobody we know.
    pub(crate) fn unknown_user(&self, asked: &Asked) -> Response {
        if !asked.html {
            return self.error(asked, 401, "identity", Event::RejectedIdentity);
        }
        let words = asked.language.words();
        self.html(
            401,
            asked,
            words.sign_in_title,
            Event::RejectedIdentity,
            |html, words| {
                html.paragraph("", &[words.sign_in_text]);
                if let Some(url) = &self.settings.sign_in_url {
                    html.link("sign-in", url, words.sign_in);
                }
                if let Some(url) = &self.settings.recovery_url {
                    html.link("recovery", url, words.recovery);
                }
            },
        )
    }

    /// Something outside failed before anything could be said about the request.
    pub(crate) fn failed(&self, asked: &Asked, failure: &Failure, identity: &Identity) -> Response {
        let mut response = self.error(asked, 503, failure.code.name(), Event::UpstreamFailed);
        response.note = self.note(failure.code.name(), identity);
        response
    }

    fn visit_cookie(&self, visit: &Visit, identity: &Identity) -> (&'static str, String) {
        (
            "set-cookie",
            cookie(VISIT, &visit.close(&self.visits, &identity.bound()), None),
        )
    }

    pub(crate) fn redirect_to_page(
        &self,
        visit: &Visit,
        identity: &Identity,
        event: Event,
    ) -> Response {
        let mut response = redirect(PAGE, event);
        response.headers.push(self.visit_cookie(visit, identity));
        response
    }

    /// The page of a visit, for somebody with a pass or without.
    pub(crate) fn page(
        &self,
        now: u32,
        head: &Head,
        identity: &Identity,
        pass: Option<&Pass>,
        rng: &mut impl TryCryptoRng,
    ) -> Response {
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
            return self.error(&asked, 404, "not-found", Event::RejectedPath);
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
            Err(failure) => self.failed(&asked, &failure, identity),
        }
    }

    fn show(
        &self,
        asked: &Asked,
        visit: &Visit,
        identity: &Identity,
        pass: Option<&Pass>,
        now: u32,
    ) -> Response {
        let step = self.step_of(visit, pass, now);
        if asked.json {
            return json(
                200,
                self.object(step, visit, identity, now),
                Event::Challenged,
            );
        }
        let csrf = visit.csrf(&self.csrf, &identity.bound());
        let masked = masked(identity);
        let language = asked.language;
        let digits = visit.sent.as_ref().map_or(0, crate::visit::Sent::digits);
        let notice = current(visit, now).map(|notice| language.say(notice, digits, now));
        let words = language.words();
        let title = match step {
            Step::Start => words.start_title,
            Step::Code => words.code_title,
            Step::Locked => words.locked_title,
            Step::Done => words.done_title,
        };
        self.html(200, asked, title, Event::Challenged, |html, words| {
            if let Some(notice) = notice.as_ref().filter(|_| step != Step::Locked) {
                html.alert(notice);
            }
            match step {
                Step::Start => {
                    let [before, after] = words.start_text;
                    html.paragraph("", &[before, &masked, after]);
                    html.form("start", &csrf, "main", words.start_button);
                }
                Step::Code => self.code(
                    html,
                    words,
                    visit,
                    &csrf,
                    &masked,
                    language,
                    notice.is_some(),
                    now,
                ),
                Step::Locked => {
                    html.paragraph("", &[words.locked_text]);
                    html.form("start", &csrf, "", words.start_button);
                }
                Step::Done => {
                    html.paragraph("", &[words.done_text]);
                    html.link("continue", &visit.return_to, words.go_on).form(
                        "logout",
                        &csrf,
                        "",
                        words.logout_button,
                    );
                }
            }
            if let Some(url) = self
                .settings
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
        })
    }

    #[expect(clippy::too_many_arguments, reason = "what one page says")]
    fn code(
        &self,
        html: &mut Html,
        words: &Words,
        visit: &Visit,
        csrf: &str,
        masked: &str,
        language: Language,
        alarmed: bool,
        now: u32,
    ) {
        let Some(sent) = &visit.sent else {
            return;
        };
        let [before, after] = words.code_text;
        let [life, over] = words.code_left;
        html.paragraph("", &[before, masked, after]);
        html.code(words, csrf, alarmed);
        html.raw("<p class=\"dim\" id=\"share\">")
            .text(words.never_share)
            .raw(" ");
        html.text(life)
            .text(&language.wait(sent.left(now)))
            .text(over)
            .raw("</p>\n");
        html.raw("<h2 class=\"dim\">")
            .text(words.nothing_came)
            .raw("</h2>\n");
        let wait = sent.resend_at.saturating_sub(now);
        if wait > 0 {
            let [before, after] = words.resend_wait;
            html.paragraph("dim", &[before, &language.wait(wait), after]);
        }
        html.raw("<div class=\"ways\">")
            .form("resend", csrf, "", words.resend_button);
        if self.voice {
            html.form("voice", csrf, "", words.voice_button);
        }
        html.raw("</div>\n");
    }

    /// How far a visit is, as JSON, with its cookie.
    pub(crate) fn state(
        &self,
        status: u16,
        visit: &Visit,
        identity: &Identity,
        now: u32,
        event: Event,
    ) -> Response {
        let step = self.step_of(visit, None, now);
        let mut response = json(status, self.object(step, visit, identity, now), event);
        response.headers.push(self.visit_cookie(visit, identity));
        if let Some(at) = visit.notice.as_ref().and_then(|notice| notice.retry_at) {
            response
                .headers
                .push(("retry-after", at.saturating_sub(now).to_string()));
        }
        response
    }

    fn object(&self, step: Step, visit: &Visit, identity: &Identity, now: u32) -> Object {
        let mut out = Object::new();
        out.text("step", step.name())
            .text("csrf", &visit.csrf(&self.csrf, &identity.bound()))
            .text("to", &masked(identity));
        if let Some(sent) = &visit.sent {
            out.number("expires_in_seconds", sent.left(now))
                .number("resend_after_seconds", sent.resend_at.saturating_sub(now));
            out.number("digits", sent.digits().into())
                .flag("voice", self.voice);
        }
        if step == Step::Done {
            out.text("return_to", &visit.return_to);
        }
        if let Some(notice) = current(visit, now) {
            out.text("error", &notice.code);
            if let Some(left) = notice.guesses_left {
                out.number("guesses_left", left);
            }
            if let Some(at) = notice.retry_at {
                out.number("retry_after_seconds", at.saturating_sub(now));
            }
        }
        if let Some(url) = &self.settings.recovery_url {
            out.text("recovery_url", url);
        }
        out
    }

    fn step_of(&self, visit: &Visit, pass: Option<&Pass>, now: u32) -> Step {
        let locked = current(visit, now)
            .is_some_and(|notice| notice.code == "locked" && notice.retry_at.is_none());
        if locked {
            Step::Locked
        } else if visit.sent.is_some() {
            Step::Code
        } else if pass.is_some_and(|pass| !visit.fresh || self.is_fresh(pass, now)) {
            Step::Done
        } else {
            Step::Start
        }
    }
}

/// The notice of a visit, unless its wait is over.
fn current(visit: &Visit, now: u32) -> Option<&Notice> {
    let waits = |notice: &&Notice| notice.retry_at.is_none_or(|at| at > now);
    visit.notice.as_ref().filter(waits)
}

fn masked(identity: &Identity) -> String {
    Recipient::parse(&identity.phone).map_or_else(|_| String::new(), |recipient| recipient.masked())
}

/// A JSON object that is being written.
pub(crate) struct Object(Vec<String>);

impl Object {
    fn new() -> Self {
        Self(Vec::new())
    }

    fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let quoted = serde_json::to_string(value).unwrap_or_default();
        self.raw(name, &quoted)
    }

    fn number(&mut self, name: &str, value: u32) -> &mut Self {
        self.raw(name, &value.to_string())
    }

    fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    fn raw(&mut self, name: &str, value: &str) -> &mut Self {
        self.0.push(["\"", name, "\":", value].concat());
        self
    }

    fn finish(self) -> String {
        ["{", &self.0.join(","), "}"].concat()
    }
}
