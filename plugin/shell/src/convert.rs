//! The contract's records and the engine's types, one function each.

#![expect(missing_docs, reason = "each is named by what it converts")]

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xoxzo_2fa_core as core;

use crate::types;

pub fn claimed(binding: &types::Binding) -> core::Claimed<'_> {
    let types::Binding {
        recipient,
        subject,
        purpose,
        session,
        transaction,
    } = binding;
    core::Claimed {
        recipient,
        subject,
        purpose,
        session: session.as_deref(),
        transaction: transaction.as_ref().map(paid),
    }
}

pub fn paid(paid: &types::Transaction) -> (&str, &str, &str) {
    (&paid.amount, &paid.currency, &paid.payee)
}

pub fn sending(sending: &types::Sending) -> core::Sending<'_> {
    core::Sending {
        channel: match sending.channel {
            types::Channel::Sms => core::Channel::Sms,
            types::Channel::Voice => core::Channel::Voice,
        },
        locale: sending.locale.as_deref(),
        client: sending.client.as_deref(),
        decoy: sending.decoy,
    }
}

pub fn failure(failure: core::Failure) -> types::Failure {
    types::Failure {
        blame: match failure.blame() {
            core::Blame::Misuse => types::Blame::Misuse,
            core::Blame::Refuse => types::Blame::Refuse,
            core::Blame::Upstream => types::Blame::Upstream,
        },
        code: code(failure.code),
        detail: failure.detail.into_owned(),
        guesses_left: failure.guesses_left,
        retry_after_seconds: failure.retry_after,
        expires_in_seconds: failure.expires_in,
        audit: failure.audit.map(|told| audit(*told)),
    }
}

fn audit(audit: core::Audit) -> types::Audit {
    types::Audit {
        trail: audit.trail.map(trail),
        challenge_id: audit.challenge_id,
        message_id: audit.message_id,
        decoy: audit.decoy,
        cause: audit.cause,
        alarm: audit.alarm.map(alarm),
    }
}

fn alarm(alarm: core::Alarm) -> types::Alarm {
    match alarm {
        core::Alarm::Failures => types::Alarm::Failures,
        core::Alarm::Sends => types::Alarm::Sends,
        core::Alarm::Clock => types::Alarm::Clock,
        core::Alarm::Delivery => types::Alarm::Delivery,
    }
}

pub fn trail(trail: core::Trail) -> types::Trail {
    types::Trail {
        subject: trail.subject,
        recipient: trail.recipient,
        calling_code: trail.calling_code,
    }
}

fn code(code: core::Code) -> types::Code {
    match code {
        core::Code::Clock => types::Code::Clock,
        core::Code::Cooldown => types::Code::Cooldown,
        core::Code::Exhausted => types::Code::Exhausted,
        core::Code::Expired => types::Code::Expired,
        core::Code::Guard => types::Code::Guard,
        core::Code::InvalidToken => types::Code::InvalidToken,
        core::Code::Locked => types::Code::Locked,
        core::Code::Malformed => types::Code::Malformed,
        core::Code::NotAllowed => types::Code::NotAllowed,
        core::Code::NothingLocked => types::Code::NothingLocked,
        core::Code::Provider => types::Code::Provider,
        core::Code::Randomness => types::Code::Randomness,
        core::Code::Request => types::Code::Request,
        core::Code::Settings => types::Code::Settings,
        core::Code::TooManySends => types::Code::TooManySends,
        core::Code::Used => types::Code::Used,
        core::Code::WrongPin => types::Code::WrongPin,
    }
}

pub fn known(code: types::Code) -> core::Code {
    match code {
        types::Code::Clock => core::Code::Clock,
        types::Code::Cooldown => core::Code::Cooldown,
        types::Code::Exhausted => core::Code::Exhausted,
        types::Code::Expired => core::Code::Expired,
        types::Code::Guard => core::Code::Guard,
        types::Code::InvalidToken => core::Code::InvalidToken,
        types::Code::Locked => core::Code::Locked,
        types::Code::Malformed => core::Code::Malformed,
        types::Code::NotAllowed => core::Code::NotAllowed,
        types::Code::NothingLocked => core::Code::NothingLocked,
        types::Code::Provider => core::Code::Provider,
        types::Code::Randomness => core::Code::Randomness,
        types::Code::Request => core::Code::Request,
        types::Code::Settings => core::Code::Settings,
        types::Code::TooManySends => core::Code::TooManySends,
        types::Code::Used => core::Code::Used,
        types::Code::WrongPin => core::Code::WrongPin,
    }
}

pub fn explanation(explanation: core::Explanation) -> types::Explanation {
    types::Explanation {
        text: explanation.text,
        offers: explanation.offers.into_iter().map(offer).collect(),
    }
}

fn offer(offer: core::Offer) -> types::Offer {
    match offer {
        core::Offer::TryAgain => types::Offer::TryAgain,
        core::Offer::Resend => types::Offer::Resend,
        core::Offer::StartAgain => types::Offer::StartAgain,
        core::Offer::Wait => types::Offer::Wait,
        core::Offer::ContactSupport => types::Offer::ContactSupport,
    }
}

pub fn challenge(told: core::Told<core::Challenge>) -> types::Challenge {
    let challenge = told.output;
    types::Challenge {
        token: challenge.token,
        masked: challenge.masked,
        expires_in_seconds: challenge.expires_in,
        resend_after_seconds: challenge.resend_after,
        delivery: delivery(challenge.delivery),
        handle: challenge.handle,
        parts: challenge.parts,
        audit: told.audit.map(|told| audit(*told)),
    }
}

fn delivery(delivery: core::Delivery) -> types::Delivery {
    match delivery {
        core::Delivery::Accepted => types::Delivery::Accepted,
        core::Delivery::Queued => types::Delivery::Queued,
        core::Delivery::Delivering => types::Delivery::Delivering,
        core::Delivery::Delivered => types::Delivery::Delivered,
        core::Delivery::Failed => types::Delivery::Failed,
        core::Delivery::Unknown => types::Delivery::Unknown,
    }
}

pub fn report(told: core::Told<core::Report>) -> types::Report {
    types::Report {
        delivery: delivery(told.output.delivery),
        detail: told.output.detail.into_owned(),
        audit: told.audit.map(|told| audit(*told)),
    }
}

pub fn unlocked(told: core::Told<core::Unlocked>) -> types::Unlocked {
    let unlocked = told.output;
    types::Unlocked {
        failures: unlocked.failures,
        subject_failures: unlocked.subject_failures,
        messages: unlocked.messages,
        audit: told.audit.map(|told| audit(*told)),
    }
}

pub fn limits(told: core::Told<core::Limits>) -> types::UserLimits {
    let limit = |limit: core::Limit| types::Limit {
        setting: limit.setting.to_string(),
        open: limit.open,
        total: limit.total,
        most: limit.most,
        ends_in_seconds: limit.ends_in,
        refuses: limit.refuses,
    };
    types::UserLimits {
        limits: told.output.0.into_iter().map(limit).collect(),
        audit: told.audit.map(|told| audit(*told)),
    }
}

pub fn credits(told: core::Told<core::Credits>) -> types::AccountCredits {
    types::AccountCredits {
        credits: told.output.credits,
        audit: told.audit.map(|told| audit(*told)),
    }
}

pub fn previews(previews: Vec<core::MessagePreview>) -> types::MessagePreviews {
    let preview = |preview: core::MessagePreview| types::MessagePreview {
        locale: preview.locale.code().to_string(),
        text: preview.text,
        parts: preview.parts,
        call: preview.call,
    };
    types::MessagePreviews {
        previews: previews.into_iter().map(preview).collect(),
    }
}

pub fn acceptance(told: core::Told<core::Acceptance>) -> types::Acceptance {
    types::Acceptance {
        receipt: told.output.receipt,
        expires_in_seconds: told.output.expires_in,
        audit: told.audit.map(|told| audit(*told)),
    }
}

pub fn expected(expected: &types::Expected) -> core::Expected<'_> {
    let types::Expected {
        subject,
        purpose,
        recipient,
        session,
        transaction,
    } = expected;
    core::Expected {
        subject,
        purpose,
        recipient: recipient.as_deref(),
        session: session.as_deref(),
        transaction: transaction.as_ref().map(paid),
    }
}

pub fn claims(claims: core::Claims) -> types::Claims {
    types::Claims {
        id: claims.id,
        audience: claims.audience,
        purpose: claims.purpose,
        transaction: claims.transaction.map(|paid| types::Transaction {
            amount: paid.amount,
            currency: paid.currency,
            payee: paid.payee,
        }),
        test: claims.test,
        issued_at_seconds: claims.issued_at,
        expires_at_seconds: claims.expires_at,
    }
}

pub fn token_info(token_info: core::TokenInfo) -> types::TokenInfo {
    types::TokenInfo {
        key_id: token_info.key_id,
        digits: token_info.digits.into(),
        issued_at_seconds: token_info.issued_at,
        expires_at_seconds: token_info.expires_at,
    }
}

pub fn charge(charge: core::Charge) -> types::Charge {
    types::Charge {
        counter: guard_name(charge.counter),
        group: guard_name(charge.group),
        amount: charge.amount,
        limit: charge.limit,
        ttl_seconds: charge.ttl,
    }
}

fn guard_name(name: core::GuardName) -> types::GuardName {
    let bits = u128::from_be_bytes(*name.as_bytes());
    types::GuardName {
        high: (bits >> 64) as u64,
        low: bits as u64,
    }
}

pub fn totals(totals: types::Totals) -> core::Totals {
    let total = |total: types::Total| core::Total {
        total: total.total,
        ends_in: total.ends_in_seconds,
    };
    core::Totals {
        totals: totals.totals.into_iter().map(total).collect(),
        now: totals.now_seconds,
    }
}

pub fn unanswered(why: types::HostFailure) -> core::Answer {
    let no_answer = match why.no_answer {
        types::NoAnswer::NotSent => core::NoAnswer::NotSent,
        types::NoAnswer::Unknown => core::NoAnswer::Unknown,
        types::NoAnswer::GuardUnreachable => core::NoAnswer::GuardUnreachable,
        types::NoAnswer::GuardFull => core::NoAnswer::GuardFull,
    };
    core::Answer::Unanswered(no_answer, why.cause)
}

pub fn request(request: core::Request) -> types::Request {
    let header = |(name, value): (&str, String)| types::Header {
        name: name.to_string(),
        value,
    };
    types::Request {
        method: request.method.to_string(),
        url: request.url,
        headers: request.headers.into_iter().map(header).collect(),
        body: request.body,
        timeout_milliseconds: request.timeout,
    }
}

pub fn response(response: types::Response) -> core::Response {
    let types::Response {
        status,
        headers,
        body,
    } = response;
    let headers = headers.iter().map(|header| (&*header.name, &*header.value));
    core::Response::new(status, headers, body)
}
