//! `verify`: a check of the PIN.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use xoxzo_2fa::{Error, Pin, Token};

use crate::account::Account;
use crate::bound::Bound;
use crate::report::{Fault, seconds, tell};

#[derive(Args)]
pub(crate) struct Verify {
    /// The token that `start` printed.
    #[arg(long)]
    token: Token,
    #[command(flatten)]
    bound: Bound,
    /// IP address of the end user, for the cap on failures per client.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<String>,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Verify {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let pin = ask_pin()?;
        let (two_factor, binding) = (self.account.open()?, self.bound.binding()?);
        let verdict = match &self.client {
            Some(client) => two_factor.verify_from(&self.token, &binding, &pin, client),
            None => two_factor.verify(&self.token, &binding, &pin),
        };
        match verdict {
            Ok(acceptance) => {
                if self.account.json {
                    println!(
                        "{}",
                        json!({"verdict": "accepted", "receipt": acceptance.receipt.as_str()})
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
                if !self.account.json {
                    tell(&error)?;
                }
                Err(error.into())
            }
        }
    }
}

/// Reads the PIN, by a prompt without echo at a terminal, else from the first line of standard input.
pub(crate) fn ask_pin() -> Result<Pin, Fault> {
    if io::stdin().is_terminal() {
        return Ok(rpassword::prompt_password("PIN: ")?.into());
    }
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(Fault::Around("no PIN on standard input".to_string()));
    }
    Ok(line.trim_end_matches(['\r', '\n']).into())
}
