//! `verify`: a check of the PIN.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use xoxzo_2fa::{Pin, Token};

use crate::account::Account;
use crate::answer;
use crate::bound::Bound;
use crate::output;
use crate::report::{Fault, tell};

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
                    let told = json!({
                        "receipt": acceptance.receipt.as_str(), "expires_in_seconds": acceptance.expires_in.as_secs(),
                        "audit": answer::audit(&acceptance.audit),
                    });
                    output::keep(&answer::line("accepted", told))?;
                } else {
                    output::keep("accepted")?;
                }
                Ok(ExitCode::SUCCESS)
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
