//! Answers of the gate: pages, redirects, and the same as JSON.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec;

use xoxzo_2fa_core::json::Object;
use xoxzo_2fa_core::{About, Blame, Code, Failure};

use crate::asked::Asked;
use crate::event::Event;
use crate::gate::{Gate, VISIT};
use crate::identity::Identity;
use crate::note::Note;
use crate::page::Html;
use crate::turn::GateResponse;
use crate::visit::{Failed, Notice, Step, Visit};
use crate::wording::{explained, words};
use crate::words::Words;

/// The page's own path.
pub(crate) const PAGE: &str = "/.2fa/";

/// The reason why a request goes no further.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    TwoFactorRequired,
    CrossSite,
    StaleForm,
    ContentType,
    TooLong,
    Path,
    Method,
    NotFound,
    /// No verified identity.
    Identity,
    /// The user has no phone number yet.
    NoPhone,
    /// More than one cookie could be the session's.
    TwoSessions,
    /// The payment of a step-up request cannot be confirmed.
    Payment(Code),
    /// The engine failed.
    Failed(Code),
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::TwoFactorRequired => "two-factor-required",
            Self::CrossSite => "cross-site",
            Self::StaleForm => "stale-form",
            Self::ContentType => "content-type",
            Self::TooLong => "too-long",
            Self::Path => "path",
            Self::Method => "method",
            Self::NotFound => "not-found",
            Self::Identity => "identity",
            Self::NoPhone => "no-phone",
            Self::TwoSessions => "two-sessions",
            Self::Payment(code) | Self::Failed(code) => code.name(),
        }
    }
}

/// The value of a `set-cookie`, for so many seconds or as long as the browser runs. With none left it takes the cookie away.
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
    let failed = match notice {
        None | Some(Notice::LoggedOut) => return 200,
        Some(Notice::Failed(failed)) => failed,
    };
    match (failed.code.blame(), failed.retry_at) {
        (Blame::Misuse, _) => 500,
        (Blame::Refuse, Some(_)) => 429,
        (Blame::Refuse, None) if failed.code == Code::Locked => 403,
        (Blame::Refuse, None) => 422,
        (Blame::Upstream, _) => 503,
    }
}

/// A right PIN: on to where the visit was going.
pub(crate) fn accepted(asked: &Asked, return_to: &str) -> GateResponse {
    if asked.json {
        let mut body = Object::with_capacity(256);
        body.text("step", Step::Done.name());
        body.text("return_to", return_to);
        return json(200, body, Event::Accepted);
    }
    redirect(return_to, Event::Accepted)
}

pub(crate) fn redirect(to: &str, event: Event) -> GateResponse {
    let mut response = bare(303, "text/plain; charset=utf-8", String::new(), event);
    response.headers.push(("location", to.to_string()));
    response
}

pub(crate) fn json(status: u16, body: Object, event: Event) -> GateResponse {
    bare(status, "application/json", body.finish(), event)
}

fn bare(status: u16, content_type: &str, body: String, event: Event) -> GateResponse {
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
    GateResponse {
        status,
        headers,
        body,
        event,
        note: None,
    }
}

impl GateResponse {
    pub(crate) fn noting(mut self, note: Note) -> Self {
        self.note = Some(Box::new(note));
        self
    }
}

impl Gate {
    pub(crate) fn html(
        &self,
        status: u16,
        asked: &Asked,
        title: &str,
        event: Event,
        fill: &dyn Fn(&mut Html, &Words),
    ) -> GateResponse {
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

    /// Says why a request goes no further.
    pub(crate) fn error(
        &self,
        asked: &Asked,
        status: u16,
        reason: Reason,
        event: Event,
    ) -> GateResponse {
        let code = reason.name();
        if !asked.html && !asked.json {
            return bare(
                status,
                "text/plain; charset=utf-8",
                [code, "\n"].concat(),
                event,
            );
        }
        let words = words(asked.language);
        let again = Some((PAGE, words.again));
        let enrolment = self.settings.enrol_url.as_deref();
        let (title, text, way) = match reason {
            Reason::TwoFactorRequired => {
                (words.start_title, words.required_text.to_string(), again)
            }
            Reason::CrossSite | Reason::StaleForm | Reason::ContentType | Reason::TooLong => {
                (words.error_title, words.stale_text.to_string(), again)
            }
            Reason::Path | Reason::Method | Reason::NotFound => {
                (words.error_title, words.bad_text.to_string(), None)
            }
            Reason::Identity => (words.sign_in_title, words.sign_in_text.to_string(), None),
            Reason::NoPhone => {
                let way = enrolment.map(|page| (page, words.enrol));
                (words.error_title, words.enrol_text.to_string(), way)
            }
            Reason::TwoSessions => (words.error_title, words.two_sessions.to_string(), None),
            Reason::Payment(_) => {
                let way = Some(("/", words.go_on));
                (words.error_title, words.payment_void.to_string(), way)
            }
            Reason::Failed(code) => {
                let failed = Failed {
                    code,
                    guesses_left: None,
                    retry_at: None,
                };
                let text = explained(asked.language, failed, 0);
                (words.error_title, text, again)
            }
        };
        if asked.json {
            let mut body = Object::with_capacity(256);
            body.text("error", code);
            body.text("text", &text);
            body.text("gate", way.map_or(PAGE, |(page, _)| page));
            return json(status, body, event);
        }
        self.html(status, asked, title, event, &|html, _| {
            html.alert(&text, true);
            if let Some((page, words)) = way {
                html.link("", page, words);
            }
        })
    }

    /// Responds 401 to a form that a person sent to the application. The browser holds what was sent: with a code from another tab it can send
    /// it again.
    pub(crate) fn form_refused(&self, asked: &Asked) -> GateResponse {
        let title = words(asked.language).start_title;
        self.html(401, asked, title, Event::Challenged, &|html, words| {
            html.alert(words.required_text, true);
            html.paragraph("", &[words.form_kept]);
            html.new_tab(PAGE, words.new_tab);
        })
    }

    /// Responds 401: no verified identity.
    pub(crate) fn unknown_user(&self, asked: &Asked) -> GateResponse {
        self.unidentified(asked, 401, Reason::Identity, |words| {
            [words.sign_in_title, words.sign_in_text]
        })
    }

    /// Responds 403: the session may be another one to the application.
    pub(crate) fn two_sessions(&self, asked: &Asked) -> GateResponse {
        self.unidentified(asked, 403, Reason::TwoSessions, |words| {
            [words.error_title, words.two_sessions]
        })
    }

    /// Leads a user who has no phone number yet to the page that adds one, or responds 401.
    pub(crate) fn unenrolled(&self, asked: &Asked, navigates: bool, page: &str) -> GateResponse {
        if navigates {
            return redirect(page, Event::Challenged);
        }
        self.error(asked, 401, Reason::NoPhone, Event::Challenged)
    }

    fn unidentified(
        &self,
        asked: &Asked,
        status: u16,
        reason: Reason,
        said: impl FnOnce(&Words) -> [&'static str; 2],
    ) -> GateResponse {
        let event = Event::RejectedIdentity;
        if !asked.html {
            return self.error(asked, status, reason, event);
        }
        let [title, text] = said(words(asked.language));
        self.html(status, asked, title, event, &|html, words| {
            html.paragraph("", &[text]);
            if let Some(url) = &self.settings.sign_in_url {
                html.link("sign-in", url, words.sign_in);
            }
            if let Some(url) = &self.settings.recovery_url {
                html.link("recovery", url, words.recovery);
            }
        })
    }

    /// Responds 503: an upstream failed before the request could be judged.
    pub(crate) fn failed(
        &self,
        asked: &Asked,
        failure: Failure,
        identity: &Identity,
    ) -> GateResponse {
        self.unserved(asked, &self.about(failure, identity, None))
    }

    /// The page of 503.
    pub(crate) fn unserved(&self, asked: &Asked, failure: &Failure) -> GateResponse {
        let response = self.error(
            asked,
            503,
            Reason::Failed(failure.code),
            Event::UpstreamFailed,
        );
        response.noting(Note::of(failure))
    }

    /// The failure, with the user it is about.
    pub(crate) fn about(
        &self,
        failure: Failure,
        identity: &Identity,
        cause: Option<String>,
    ) -> Failure {
        let about = About::user(&self.engine, &identity.subject, &identity.phone);
        failure.audited(&self.engine, about, cause)
    }

    pub(crate) fn visit_cookie(
        &self,
        visit: &Visit,
        identity: &Identity,
    ) -> (&'static str, String) {
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
    ) -> GateResponse {
        let mut response = redirect(PAGE, event);
        response.headers.push(self.visit_cookie(visit, identity));
        response
    }
}
