//! Answers: one JSON object with one field, which says what it is.

use alloc::string::String;

use xoxzo_2fa_core::json::{Object, quote};
use xoxzo_2fa_core::{
    Acceptance, Audit, Challenge, Charge, Claims, Ended, Explanation, Failure, Limits,
    MessagePreview, Report, Request, SignedRequest, TokenInfo, Told, Trail, Transaction, Unlocked,
};

use crate::prepare::Preparation;

pub(crate) fn failure(failure: &Failure) -> String {
    Object::of("failure", |out| {
        out.text("blame", failure.blame().name());
        out.text("code", failure.code.name());
        out.text("detail", &failure.detail);
        out.maybe_number("guesses_left", failure.guesses_left);
        out.maybe_number("retry_after_seconds", failure.retry_after);
        out.maybe_number("expires_in_seconds", failure.expires_in);
        audit(out, failure.audit.as_deref());
    })
}

/// Writes the charges that an operation wants made, with the state to resume it by.
pub(crate) fn count(state: &str, charges: &[Charge]) -> String {
    Object::of("count", |out| {
        out.plain("state", |out| out.push_str(state));
        out.objects("charges", charges, charge);
    })
}

/// Writes the request that an operation wants sent, with the state to resume it by.
pub(crate) fn send(state: &str, message: &Request) -> String {
    Object::of("send", |out| {
        out.plain("state", |out| out.push_str(state));
        out.object("request", |out| request(out, message));
    })
}

/// Writes the result of an operation.
pub(crate) fn ended(told: &Told<Ended>) -> String {
    let name = match told.output {
        Ended::Challenged(_) => "challenged",
        Ended::Accepted(_) => "accepted",
        Ended::Reported(_) => "reported",
        Ended::Unlocked(_) => "unlocked",
        Ended::Limits(_) => "limits",
        Ended::Credits(_) => "credits",
    };
    Object::of(name, |out| {
        match &told.output {
            Ended::Challenged(ended) => challenge(out, ended),
            Ended::Accepted(ended) => acceptance(out, ended),
            Ended::Reported(ended) => report(out, ended),
            Ended::Unlocked(ended) => unlocked(out, ended),
            Ended::Limits(ended) => limits(out, ended),
            Ended::Credits(ended) => out.number("credits", ended.credits),
        }
        audit(out, told.audit.as_deref());
    })
}

fn audit(out: &mut Object, audit: Option<&Audit>) {
    if let Some(audit) = audit {
        out.object("audit", |out| {
            if let Some(trail) = &audit.trail {
                out.object("trail", |out| trail_fields(out, trail));
            }
            out.maybe_text("challenge_id", audit.challenge_id.as_deref());
            out.maybe_text("message_id", audit.message_id.as_deref());
            out.flag("decoy", audit.decoy);
            out.maybe_text("cause", audit.cause.as_deref());
            out.maybe_text("alarm", audit.alarm.map(|alarm| alarm.name()));
        });
    }
}

fn report(out: &mut Object, report: &Report) {
    out.text("delivery", report.delivery.name());
    out.text("detail", &report.detail);
}

fn limits(out: &mut Object, limits: &Limits) {
    out.objects("limits", &limits.0, |out, limit| {
        out.text("setting", limit.setting);
        out.flag("open", limit.open);
        out.number("total", limit.total);
        out.number("most", limit.most);
        out.maybe_number("ends_in_seconds", limit.ends_in);
        out.flag("refuses", limit.refuses);
    });
}

fn unlocked(out: &mut Object, unlocked: &Unlocked) {
    out.number("failures", unlocked.failures);
    out.number("subject_failures", unlocked.subject_failures);
    out.number("messages", unlocked.messages);
}

fn charge(out: &mut Object, charge: &Charge) {
    out.plain("counter", |out| charge.counter.write(out));
    out.plain("group", |out| charge.group.write(out));
    out.number("amount", charge.amount);
    out.number("limit", charge.limit);
    out.number("ttl_seconds", charge.ttl);
}

fn request(out: &mut Object, request: &Request) {
    out.text("method", request.method);
    out.text("url", &request.url);
    out.objects("headers", &request.headers, |out, (name, value)| {
        out.text("name", name);
        out.text("value", value);
    });
    out.text("body", &request.body);
    out.number("timeout_milliseconds", request.timeout);
}

fn challenge(out: &mut Object, challenge: &Challenge) {
    out.text("token", &challenge.token);
    out.text("masked", &challenge.masked);
    out.number("expires_in_seconds", challenge.expires_in);
    out.number("resend_after_seconds", challenge.resend_after);
    out.text("delivery", challenge.delivery.name());
    out.maybe_text("handle", challenge.handle.as_deref());
    out.maybe_number("parts", challenge.parts);
}

fn acceptance(out: &mut Object, acceptance: &Acceptance) {
    out.text("receipt", &acceptance.receipt);
    out.number("expires_in_seconds", acceptance.expires_in);
}

pub(crate) fn prepared(preparation: &Preparation) -> String {
    Object::of("prepared", |out| {
        out.text("settings", &preparation.prepared.to_text());
        out.text("effective", &preparation.effective);
        out.list("warnings", &preparation.warnings, |out, warning| {
            quote(warning, out);
        });
    })
}

pub(crate) fn claims(claims: &Claims) -> String {
    Object::of("claims", |out| {
        out.text("id", &claims.id);
        out.text("audience", &claims.audience);
        out.text("purpose", &claims.purpose);
        if let Some(Transaction {
            amount,
            currency,
            payee,
        }) = &claims.transaction
        {
            out.object("transaction", |out| {
                out.text("amount", amount);
                out.text("currency", currency);
                out.text("payee", payee);
            });
        }
        out.flag("test", claims.test);
        out.number("issued_at_seconds", claims.issued_at);
        out.number("expires_at_seconds", claims.expires_at);
    })
}

pub(crate) fn token_info(token_info: &TokenInfo) -> String {
    Object::of("token_info", |out| {
        out.text("key_id", &token_info.key_id);
        out.number("digits", token_info.digits);
        out.number("issued_at_seconds", token_info.issued_at);
        out.number("expires_at_seconds", token_info.expires_at);
    })
}

pub(crate) fn previews(previews: &[MessagePreview]) -> String {
    Object::of("previews", |out| {
        out.objects("previews", previews, |out, preview| {
            out.text("locale", preview.locale.code());
            out.text("text", &preview.text);
            out.number("parts", preview.parts);
            out.text("call", &preview.call);
        });
    })
}

pub(crate) fn trail(trail: &Trail) -> String {
    Object::of("trail", |out| trail_fields(out, trail))
}

fn trail_fields(out: &mut Object, trail: &Trail) {
    out.text("subject", &trail.subject);
    out.text("recipient", &trail.recipient);
    out.text("calling_code", &trail.calling_code);
}

pub(crate) fn explanation(explanation: &Explanation) -> String {
    Object::of("explanation", |out| {
        out.text("text", &explanation.text);
        out.list("offers", &explanation.offers, |out, offer| {
            quote(offer.name(), out);
        });
    })
}

pub(crate) fn number_index(index: &str) -> String {
    Object::of("number_index", |out| out.text("index", index))
}

pub(crate) fn signed_request(signed: &SignedRequest) -> String {
    Object::of("signed_request", |out| {
        out.text("request", &signed.request);
        out.number("expires_in_seconds", signed.expires_in);
    })
}

pub(crate) fn key(key: &str) -> String {
    Object::of("written_key", |out| out.text("key", key))
}
