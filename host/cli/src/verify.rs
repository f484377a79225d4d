//! `verify`: a check of the PIN.

use std::io::{self, BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Args;
use xoxzo_2fa::{JsonAnswer, Pin, Token};

use crate::account::Account;
use crate::answer::AUDITED;
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
                    let accepted = JsonAnswer::Accepted(&acceptance, &binding.subject);
                    output::keep(&accepted.to_json(AUDITED))?;
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

/// Reads the PIN.
pub(crate) fn ask_pin() -> Result<Pin, Fault> {
    let none = || Fault::Around("no PIN on standard input".to_string());
    Ok(ask("PIN: ")?.ok_or_else(none)?.into())
}

/// Reads a line, by a prompt without echo at a terminal, else from standard input. Absent if that is at its end.
pub(crate) fn ask(prompt: &str) -> Result<Option<String>, Fault> {
    if io::stdin().is_terminal() {
        return Ok(Some(rpassword::prompt_password(prompt)?));
    }
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Ok(None);
    }
    Ok(Some(line.trim_end_matches(['\r', '\n']).to_string()))
}
