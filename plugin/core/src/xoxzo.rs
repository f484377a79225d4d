//! The Xoxzo API, as far as it is used: SMS freeform and from templates, calls that speak, and the state of both.
//!
//! Source of each rule: docs.xoxzo.com, "SMS" (parameters; templates take JSON), "SMS templates", "Voice" and "README" (HTTP Basic).
//! Guessed, since its page is not to be had: that sending from a template is answered like freeform, and that its optional parameters
//! are written like those of freeform.

pub(crate) mod account;
pub(crate) mod reply;
pub(crate) mod template;
pub(crate) mod text;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::common::channel::Channel;
use crate::common::failure::{Code, Failure};
use crate::common::json::Object;
use crate::phone::Recipient;
use crate::xoxzo::account::{Account, Route};
use crate::xoxzo::template::Template;
use crate::xoxzo::text::Message;

/// An HTTP request to make. Debug shows neither headers nor body: they hold credentials and a PIN.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// HTTP method.
    pub method: &'static str,
    /// Absolute URL on the origin of the settings.
    pub url: String,
    /// Header fields.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
    /// Milliseconds for the whole exchange.
    pub timeout: u32,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Tells whether a 4xx refuses what the caller asked for: it names the recipient, or nothing that is known. Others are about the account, its
/// credits, the settings, or too many requests at once.
pub(crate) fn is_callers(status: u16, fields: &str) -> bool {
    let mut named = fields.split(", ");
    let unsaid = fields.is_empty() || fields == "detail";
    !matches!(status, 401..=403 | 429) && (unsaid || named.any(|field| field == "recipient"))
}

/// What an account is asked for, which it may not have the right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// An SMS with a text of the service's own.
    Freeform,
    /// An SMS from a template.
    Template,
    /// A call.
    Call,
    /// The state of a message, or the balance.
    Answer,
}

impl Wish {
    /// Returns the likely reason of a 403, and the next step. Xoxzo documents who may send what, and not how it refuses.
    fn forbidden(self) -> &'static str {
        match self {
            Self::Freeform => {
                "most likely it may not send texts of its own; ask Xoxzo for that right, or name approved templates in message.templates"
            }
            Self::Template => {
                "most likely it may not send from this template; compare message.templates with the account"
            }
            Self::Call => "most likely it may not make calls; ask Xoxzo, or leave out voice",
            Self::Answer => "look at its API user, which may have a list of allowed addresses",
        }
    }
}

/// A 4xx of Xoxzo.
pub(crate) fn refused(wish: Wish, status: u16, fields: &str, retry_after: Option<u32>) -> Failure {
    let (what, after) = match (status, fields) {
        (401, _) => ("account", "check xoxzo.sid and xoxzo.auth_token"),
        (403, _) => ("account", wish.forbidden()),
        (429, _) => ("request", "too many at once"),
        (_, "") => ("request", "no field named"),
        (_, "non_field_errors") => (
            "request",
            "non_field_errors, most likely for want of credits",
        ),
        (_, fields) => ("request", fields),
    };
    let status = status.to_string();
    let detail = ["xoxzo refused the ", what, " (", &status, "): ", after].concat();
    Failure::new(Code::Provider, detail).retry_after(retry_after)
}

/// It gave no readable answer.
pub(crate) fn silent() -> Failure {
    Failure::new(Code::Provider, "xoxzo did not say")
}

/// It is not asked, because it failed again and again.
pub(crate) fn paused(wait: Option<u32>) -> Failure {
    let detail = "xoxzo failed five times in a row and is not asked for now: nothing was sent";
    Failure::new(Code::Provider, detail).retry_after(wait)
}

/// It is not asked, because it refused as many requests as `setting` allows.
pub(crate) fn refused_too_often(setting: &str) -> Failure {
    let detail = ["xoxzo refused too many requests: ", setting].concat();
    Failure::new(Code::TooManySends, detail)
}

/// No byte got there.
pub(crate) fn unreached() -> Failure {
    Failure::new(Code::Provider, "xoxzo was not reached, nothing was sent")
}

/// Sends `text`.
pub(crate) fn sms(account: &Account, recipient: &Recipient, text: &str) -> Request {
    let mut fields = alloc::vec![("message", text)];
    fields.extend(envelope(account, recipient));
    form(account, "/sms/messages/", &fields)
}

/// Sends from a template.
pub(crate) fn from_template(
    account: &Account,
    recipient: &Recipient,
    template: &Template,
    message: &Message<'_>,
) -> Request {
    let (minutes, amount) = (message.minutes(), message.amount(template.locale));
    let values = [
        (Some(&template.variables.pin), message.pin),
        (template.variables.minutes.as_ref(), &minutes),
        (template.variables.service.as_ref(), message.service),
        (template.variables.amount.as_ref(), &amount),
        (template.variables.payee.as_ref(), message.payee()),
    ];
    let mut body = Object::with_capacity(1024);
    body.object("variables", |variables| {
        for (name, value) in values {
            if let Some(name) = name {
                variables.entry(name, value);
            }
        }
    });
    for (name, value) in envelope(account, recipient) {
        body.text(name, value);
    }
    let path = ["/sms/templates/", &template.id.to_string(), "/messages/"].concat();
    request(
        account,
        "POST",
        &path,
        Some("application/json"),
        body.finish(),
    )
}

/// Calls and says `text`.
pub(crate) fn call(
    account: &Account,
    caller: &str,
    recipient: &Recipient,
    text: &str,
    language: &'static str,
) -> Request {
    let mut fields = alloc::vec![
        ("caller", caller),
        ("recipient", recipient.as_str()),
        ("tts_message", text),
        ("tts_lang", language),
    ];
    fields.extend(options(account));
    form(account, "/voice/simple/playbacks/", &fields)
}

/// Asks for the state of a message or call.
pub(crate) fn status(account: &Account, channel: Channel, message_id: &str) -> Request {
    let folder = match channel {
        Channel::Sms => "/sms/messages/",
        Channel::Voice => "/voice/calls/",
    };
    let path = [folder, message_id, "/"].concat();
    request(account, "GET", &path, None, String::new())
}

/// Asks what the account has left (docs.xoxzo.com, "User account").
pub(crate) fn credits(account: &Account) -> Request {
    request(account, "GET", "/you/credits/", None, String::new())
}

/// Returns the parameters that every SMS has or may have beside its text.
fn envelope<'a>(account: &'a Account, recipient: &'a Recipient) -> Vec<(&'static str, &'a str)> {
    let mut fields = alloc::vec![
        ("recipient", recipient.as_str()),
        ("sender", &*account.sender),
    ];
    fields.extend(options(account));
    // The direct routes are for Japan only.
    if let Some(japan) = &account.japan
        && recipient.digits().starts_with("81")
    {
        let route = match japan.route {
            Route::Premium => "jp_kp",
            Route::PremiumLite => "jp_kpl",
        };
        fields.extend([(route, "true"), ("jp_kp_sender", &japan.sender)]);
    }
    fields
}

/// Returns the parameters that every message may have.
fn options(account: &Account) -> impl Iterator<Item = (&'static str, &str)> {
    let callback_url = account.callback_url.as_deref();
    let tags = Some(&*account.tags).filter(|tags| !tags.is_empty());
    let options = [("callbackurl", callback_url), ("tags", tags)];
    options
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
}

fn form(account: &Account, path: &str, fields: &[(&str, &str)]) -> Request {
    // Room for a text of 660 characters, so that no copy of the PIN is left behind by growing.
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(8192));
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    let kind = "application/x-www-form-urlencoded";
    request(account, "POST", path, Some(kind), form.finish())
}

fn request(
    account: &Account,
    method: &'static str,
    path: &str,
    kind: Option<&str>,
    body: String,
) -> Request {
    let kind = kind.map(|kind| ("content-type", kind.to_string()));
    let headers = [
        ("accept", "application/json".to_string()),
        ("authorization", account.authorization.to_owned()),
    ];
    Request {
        method,
        url: [&account.base_url, path].concat(),
        headers: headers.into_iter().chain(kind).collect(),
        body,
        timeout: account.timeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_tells_the_likely_reason_and_the_next_step() {
        let told = |wish, status, fields| refused(wish, status, fields, None).detail.into_owned();
        for (wish, step) in [
            (
                Wish::Freeform,
                "name approved templates in message.templates",
            ),
            (Wish::Template, "compare message.templates with the account"),
            (Wish::Call, "leave out voice"),
            (Wish::Answer, "look at its API user"),
        ] {
            assert!(told(wish, 403, "detail").contains(step), "{wish:?}");
            assert!(
                told(wish, 401, "detail").ends_with("(401): check xoxzo.sid and xoxzo.auth_token")
            );
            assert!(
                told(wish, 400, "non_field_errors")
                    .ends_with("non_field_errors, most likely for want of credits")
            );
            assert!(told(wish, 400, "recipient, sender").ends_with("(400): recipient, sender"));
        }
    }
}
