//! Verdicts on a message that was really sent, which tells more of an account than its API.

use super::account::unauthorized;
use super::refusal::Refusal;
use super::templates::{FIELD, NAME_ALL};
use crate::binding::{Acceptance, Challenge, Delivery};
use crate::diagnosis::{Diagnosis, Point};
use crate::error::{Code, Error};

/// Judges the result of a start. `templated` tells whether the settings have templates.
pub(crate) fn sent(begun: Result<&Challenge, &Error>, templated: bool) -> Vec<Diagnosis> {
    match begun {
        Ok(challenge) if challenge.delivery == Delivery::Unknown => {
            let text = "Xoxzo did not answer, and the message may arrive";
            vec![Diagnosis::not_known(Point::Message, text)]
        }
        Ok(_) => {
            let taken = Diagnosis::sound(Point::Message, "Xoxzo took it");
            let free = Diagnosis::sound(Point::Freeform, "the account may send texts of its own");
            let free = (!templated).then(|| free.about(&[FIELD]));
            std::iter::once(taken).chain(free).collect()
        }
        Err(error) => vec![refused(error, templated)],
    }
}

fn refused(error: &Error, templated: bool) -> Diagnosis {
    let Some(refusal) = error.failure().refusal() else {
        let text = format!("it was not sent: {error}");
        return Diagnosis::faulty(Point::Message, text, advice(error.code()));
    };
    let (point, text, advice, fields): (_, _, _, &[&str]) = match refusal {
        Refusal::Permission if !templated => (
            Point::Freeform,
            "Xoxzo refused a text of the account's own (403): only approved accounts may send them",
            "ask Xoxzo for the right to freeform SMS, or name approved templates",
            &[FIELD],
        ),
        Refusal::Permission => (
            Point::Message,
            "Xoxzo refused it (403): the account may not send from this template",
            "look at the account and its templates at Xoxzo",
            &[FIELD],
        ),
        Refusal::Credentials => return unauthorized(),
        Refusal::Credits => (
            Point::Credits,
            "Xoxzo refused it for the whole request, most likely for want of credits",
            "buy credits at Xoxzo",
            &[],
        ),
        Refusal::Sender => (
            Point::Sender,
            "Xoxzo refused the sender",
            "take a name of at most 10 letters and digits",
            &["xoxzo.sender"],
        ),
        Refusal::Variables => (
            Point::Templates,
            "Xoxzo refused the template's variables",
            NAME_ALL,
            &[FIELD],
        ),
        Refusal::Recipient => (
            Point::Message,
            "Xoxzo refused the number",
            "give a number in E.164 that gets SMS, without the leading 0 of its national form",
            &[],
        ),
        Refusal::TooMany => (
            Point::Message,
            "Xoxzo refused it, since it had too many requests (429)",
            "wait a minute and try again",
            &[],
        ),
        Refusal::Other => (
            Point::Message,
            "Xoxzo refused it, and did not say why in a form that is documented",
            "look at the account at Xoxzo",
            &[],
        ),
    };
    Diagnosis::faulty(point, text, advice).about(fields)
}

fn advice(code: Code) -> &'static str {
    match code {
        Code::NotAllowed => {
            "add the number's country to `destinations`, or give a number that is allowed"
        }
        Code::Cooldown | Code::TooManySends => {
            "wait: a message for this examination counts like any other"
        }
        _ => "remove the cause and examine again",
    }
}

/// Judges the code that a person read from the phone.
pub(crate) fn typed(verdict: Result<&Acceptance, &Error>) -> Vec<Diagnosis> {
    match verdict {
        Ok(_) => vec![
            Diagnosis::sound(Point::Message, "it arrived, and its code was accepted"),
            Diagnosis::sound(Point::TestCredit, "the text arrived as it was sent"),
        ],
        Err(error) => {
            let text = format!("the code that was typed was not accepted: {error}");
            let advice = "look at the newest message, and examine again";
            vec![Diagnosis::faulty(Point::Message, text, advice)]
        }
    }
}

/// Judges a message whose code nobody typed, by the state that Xoxzo reports, if it does.
pub(crate) fn untyped(state: Option<Delivery>) -> Diagnosis {
    match state {
        Some(Delivery::Failed) => {
            let text = "Xoxzo took it, and the carrier gave up";
            let advice = "try another number, and ask Xoxzo which senders the carrier lets through";
            Diagnosis::faulty(Point::Message, text, advice)
        }
        Some(state) => {
            let text = format!("no code was typed; Xoxzo reports {}", state.as_str());
            Diagnosis::not_known(Point::Message, text)
        }
        None => Diagnosis::not_known(
            Point::Message,
            "no code was typed, and Xoxzo reports nothing",
        ),
    }
}

/// Judges a message that arrived without a code. `templated` tells whether the settings have templates.
pub(crate) fn replaced(templated: bool) -> Vec<Diagnosis> {
    let text = "the message that arrived has no code: Xoxzo replaces every text until the first purchase of credits";
    let replaced = Diagnosis::faulty(Point::TestCredit, text, "buy credits at Xoxzo");
    let free = (!templated).then(|| {
        let free = Diagnosis::not_known(Point::Freeform, "the text was replaced");
        free.about(&[FIELD])
            .advise("send again after the first purchase")
    });
    std::iter::once(replaced).chain(free).collect()
}
