//! `start` and `verify`.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use xoxzo_2fa::{Binding, Error, Sending};

use crate::account::Account;
use crate::report::{Fault, seconds};

#[derive(Args)]
struct Bound {
    /// Phone number in E.164, such as +819012345678.
    #[arg(long, value_name = "NUMBER")]
    to: String,
    /// The service's internal id of the user.
    #[arg(long, value_name = "ID")]
    subject: String,
    /// What the challenge is for: one of the settings' purposes.
    #[arg(long, default_value = "login")]
    purpose: String,
    /// Session that the challenge is bound to.
    #[arg(long, value_name = "ID")]
    session: Option<String>,
}

impl Bound {
    fn binding(&self) -> Binding {
        let binding = Binding::new(&self.to, &self.subject, &self.purpose);
        match &self.session {
            Some(session) => binding.session(session),
            None => binding,
        }
    }
}

#[derive(Args)]
pub(crate) struct Start {
    #[command(flatten)]
    bound: Bound,
    /// Language of the message, en or ja.
    #[arg(long)]
    locale: Option<String>,
    /// The end user's address, for the cap per client.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<String>,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Start {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let mut sending = Sending::default();
        sending.locale.clone_from(&self.locale);
        sending.client.clone_from(&self.client);
        let challenge = self
            .account
            .open()?
            .start_with(&self.bound.binding(), &sending)?;
        let (expires_in, resend_after) = (
            challenge.expires_in.as_secs(),
            challenge.resend_after.as_secs(),
        );
        let delivery = challenge.delivery.as_str();
        if self.account.json {
            println!(
                "{}",
                json!({
                    "token": challenge.token, "masked": challenge.masked, "expires_in": expires_in, "resend_after": resend_after,
                    "message_id": challenge.message_id, "delivery": delivery, "parts": challenge.parts,
                })
            );
        } else {
            println!("{}", challenge.token);
            eprintln!(
                "sent to {} ({delivery}), good for {expires_in} s, again after {resend_after} s",
                challenge.masked
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub(crate) struct Verify {
    /// The token that `start` printed.
    #[arg(long)]
    token: String,
    #[command(flatten)]
    bound: Bound,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Verify {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let pin = ask_pin()?;
        match self
            .account
            .open()?
            .verify(&self.token, &self.bound.binding(), &pin)
        {
            Ok(acceptance) => {
                if self.account.json {
                    println!(
                        "{}",
                        json!({"verdict": "accepted", "receipt": acceptance.receipt})
                    );
                } else {
                    println!("accepted");
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(Error::Refuse(refusal)) if self.account.json => {
                let retry_after = seconds(refusal.retry_after);
                println!(
                    "{}",
                    json!({
                        "verdict": "refused", "code": refusal.code.as_str(), "guesses_left": refusal.guesses_left,
                        "retry_after": retry_after,
                    })
                );
                Ok(ExitCode::from(1))
            }
            Err(error) => {
                if let Some(left) = error.failure().guesses_left {
                    eprintln!("{left} guesses left");
                }
                Err(error.into())
            }
        }
    }
}

/// The PIN: asked for without echo at a terminal, else the first line of standard input.
pub(crate) fn ask_pin() -> Result<String, Fault> {
    if io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password("PIN: ")?);
    }
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(Fault::Around("no PIN on standard input".to_string()));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_string())
}
