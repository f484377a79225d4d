//! `doctor`: an examination of the whole set-up before users come.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use xoxzo_2fa::{
    Binding, Challenge, Diagnosis, Error, Examination, Health, Point, Scope, Sending, TwoFactor,
    UreqTransport,
};

use crate::account::Account;
use crate::answer;
use crate::output::{note, say};
use crate::report::Fault;
use crate::spelling;
use crate::verify::ask;

/// The user for whom the message is counted.
const SUBJECT: &str = "doctor";

/// The client's address, for settings with caps per client.
const CLIENT: &str = "127.0.0.1";

/// The word for a message without a code.
const NONE: &str = "none";

#[derive(Args)]
pub(crate) struct Doctor {
    /// Send one message to this number in E.164, a phone of your own, and ask for the code on it. The message costs and counts like any
    /// other. Only this shows whether the account may send texts of its own, and whether it has more than credits for tests.
    #[arg(long, value_name = "NUMBER")]
    send: Option<String>,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Doctor {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let settings = self.account.source.settings()?;
        let examination = Examination::new(&settings, Scope::Shared);
        let examination = examination.map_err(|error| self.account.source.located(error))?;
        for warning in examination
            .warnings()
            .iter()
            .chain(&spelling::strange_variables())
        {
            note!("warning: {warning}");
        }
        let mut found = examination.account(&UreqTransport::default());
        found.extend(examination.senders());
        found.extend(examination.keys());
        let guard = match self.account.guard() {
            Ok(guard) => {
                found.push(Examination::guard(Ok(&*guard)));
                Some(guard)
            }
            Err(Fault::Guard(error)) => {
                found.push(Examination::guard(Err(&error)));
                None
            }
            Err(other) => return Err(other),
        };
        if let Some(number) = &self.send {
            let sent = match guard.filter(|_| can_send(&found)) {
                Some(guard) => {
                    let two_factor = TwoFactor::new(settings, guard)?;
                    send(&examination, &two_factor, number)?
                }
                None => {
                    note!("no message was sent: it could not arrive, or could not be counted");
                    Vec::new()
                }
            };
            found = with(found, sent);
        }
        found.sort_by_key(|diagnosis| (diagnosis.health, diagnosis.point));
        self.tell(&found, examination.warnings())?;
        Ok(ExitCode::from(status(&found)))
    }

    fn tell(&self, found: &[Diagnosis], warnings: &[String]) -> Result<(), Fault> {
        if self.account.json {
            let each = found.iter().map(|diagnosis| {
                json!({
                    "point": diagnosis.point.as_str(), "health": diagnosis.health.as_str(), "fields": diagnosis.fields,
                    "places": self.places(diagnosis), "text": diagnosis.text, "advice": diagnosis.advice,
                })
            });
            let told = json!({"diagnoses": Value::from_iter(each), "warnings": warnings});
            say!("{}", answer::line("examined", told));
            return Ok(());
        }
        for diagnosis in found {
            let places = self.places(diagnosis);
            let place = match (diagnosis.health, &places[..]) {
                (Health::Sound, _) | (_, []) => String::new(),
                (_, places) => format!("{}: ", places.join(", ")),
            };
            let advice = diagnosis.advice.as_ref();
            let advice = advice.map_or_else(String::new, |advice| format!(": {advice}"));
            say!(
                "{:<9} {:<12} {place}{}{advice}",
                diagnosis.health.as_str(),
                diagnosis.point.as_str(),
                diagnosis.text,
            );
        }
        let untold = |it: &Diagnosis| {
            it.health == Health::NotKnown && matches!(it.point, Point::Freeform | Point::TestCredit)
        };
        if self.send.is_none() && found.iter().any(untold) {
            note!("--send NUMBER sends one message, which tells what else is not known");
        }
        Ok(())
    }

    /// Names the places in which a person changes what a diagnosis is about.
    fn places(&self, diagnosis: &Diagnosis) -> Vec<String> {
        match diagnosis.point {
            Point::Guard => vec!["XOXZO_2FA_GUARD or --guard".to_string()],
            _ => {
                let fields = diagnosis.fields.iter();
                fields
                    .map(|field| self.account.source.place(field))
                    .collect()
            }
        }
    }
}

/// Tells whether a message could arrive at all, as far as it is known.
fn can_send(found: &[Diagnosis]) -> bool {
    let needed = [Point::Connection, Point::Credentials, Point::Guard];
    !found
        .iter()
        .any(|it| it.health == Health::Faulty && needed.contains(&it.point))
}

/// Sends a message, and judges what came of it and what the person reads on the phone.
fn send(
    examination: &Examination,
    two_factor: &TwoFactor,
    number: &str,
) -> Result<Vec<Diagnosis>, Fault> {
    let effective: Value = serde_json::from_str(two_factor.effective_settings())
        .map_err(|error| Fault::Around(error.to_string()))?;
    let purpose = effective["purposes"][0]["name"].as_str();
    let binding = Binding::new(number, SUBJECT, purpose.unwrap_or_default());
    let begun = two_factor.start_with(&binding, &Sending::default().client(CLIENT));
    if let Err(error @ Error::Misuse(_)) = begun {
        return Err(error.into());
    }
    let found = examination.sent(begun.as_ref());
    let Ok(challenge) = begun else {
        return Ok(found);
    };
    Ok(with(
        found,
        read(examination, two_factor, &binding, &challenge)?,
    ))
}

fn read(
    examination: &Examination,
    two_factor: &TwoFactor,
    binding: &Binding,
    challenge: &Challenge,
) -> Result<Vec<Diagnosis>, Fault> {
    note!(
        "a message is on its way to {}; answer when it is there",
        challenge.masked
    );
    let prompt =
        format!("code on the phone ({NONE}: the message has no code; Enter: nothing came): ");
    let typed = ask(&prompt)?.unwrap_or_default();
    Ok(match typed.trim() {
        "" => {
            let handle = challenge.handle.as_ref();
            let report = handle.and_then(|handle| two_factor.status(handle).ok());
            vec![Examination::untyped(report.map(|report| report.delivery))]
        }
        NONE => examination.replaced(),
        code => {
            let pin = code.into();
            let verdict = two_factor.verify_from(&challenge.token, binding, &pin, CLIENT);
            Examination::typed(verdict.as_ref())
        }
    })
}

/// The findings with later ones, which replace those on the same points but no fault.
fn with(mut found: Vec<Diagnosis>, later: Vec<Diagnosis>) -> Vec<Diagnosis> {
    found.retain(|own| {
        own.health == Health::Faulty || later.iter().all(|other| other.point != own.point)
    });
    found.extend(later);
    found
}

/// The exit status: 2 if settings have to change, 3 for any other fault.
fn status(found: &[Diagnosis]) -> u8 {
    let mut faults = found.iter().filter(|it| it.health == Health::Faulty);
    match (
        faults.clone().any(|fault| fault.point.is_of_settings()),
        faults.next(),
    ) {
        (true, _) => 2,
        (_, Some(_)) => 3,
        (_, None) => 0,
    }
}
