//! `status`, `limits`, `unlock`, `trail` and `credits`: the commands of operators.

use std::process::ExitCode;

use clap::Args;
use xoxzo_2fa::{Beside, Handle, JsonAnswer, Limit, Operator};

use crate::account::Account;
use crate::answer::AUDITED;
use crate::bound::Phone;
use crate::output::say;
use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Status {
    /// The handle that `start` or `resend` printed.
    #[arg(long)]
    handle: Handle,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Status {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let report = self.account.open()?.status(&self.handle)?;
        if self.account.json {
            say!("{}", JsonAnswer::Reported(&report).to_json(AUDITED));
        } else {
            say!("{}", report.delivery.as_str());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The operator's name, and the settings to act with.
#[derive(Args)]
pub(crate) struct Desk {
    /// Name of the operator, for the audit event.
    #[arg(long, value_name = "NAME", env = "USER", default_value = "unknown")]
    operator: String,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Desk {
    fn open(&self) -> Result<Operator, Fault> {
        Ok(Operator::beside(&self.account.open()?, &self.operator))
    }

    /// Prints the result, and in JSON also the operator and the user's pseudonyms, for a log of operators.
    fn tell(&self, told: JsonAnswer<'_>, text: impl FnOnce() -> String) -> Result<ExitCode, Fault> {
        if self.account.json {
            let operator = Some(&*self.operator);
            say!(
                "{}",
                told.to_json(Beside {
                    operator,
                    ..AUDITED
                })
            );
        } else {
            say!("{}", text());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A user of the service.
#[derive(Args)]
struct User {
    #[command(flatten)]
    phone: Phone,
    /// The service's internal id of the user.
    #[arg(long, value_name = "ID")]
    subject: String,
}

#[derive(Args)]
pub(crate) struct Unlock {
    #[command(flatten)]
    user: User,
    #[command(flatten)]
    pub(crate) desk: Desk,
}

impl Unlock {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let number = self.user.phone.number()?;
        let unlocked = self.desk.open()?.unlock(&number, &self.user.subject)?;
        self.desk.tell(JsonAnswer::Unlocked(&unlocked), || {
            format!(
                "unlocked: {} consecutive failures, {} failures of the subject and {} messages are forgotten",
                unlocked.failures, unlocked.subject_failures, unlocked.messages
            )
        })
    }
}

#[derive(Args)]
pub(crate) struct Limits {
    #[command(flatten)]
    user: User,
    /// IPv4 or IPv6 address of an end user, to show its counters too.
    #[arg(long, value_name = "ADDRESS")]
    client: Option<String>,
    #[command(flatten)]
    pub(crate) desk: Desk,
}

impl Limits {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let number = self.user.phone.number()?;
        let operator = self.desk.open()?;
        let limits = operator.limits(&number, &self.user.subject, self.client.as_deref())?;
        self.desk.tell(JsonAnswer::Limits(&limits), || {
            let lines: Vec<String> = limits.limits.iter().map(row).collect();
            lines.join("\n")
        })
    }
}

/// A limit as a line of a table.
fn row(limit: &Limit) -> String {
    let state = match (limit.refuses, limit.ends_in) {
        (true, Some(wait)) => format!("refuses for {} s", wait.as_secs()),
        (true, None) => "refuses until unlocked".to_string(),
        (false, Some(wait)) => format!("ends in {} s", wait.as_secs()),
        (false, None) => String::new(),
    };
    let kind = if limit.open { "open" } else { "" };
    format!(
        "{:<24} {kind:<5} {:>6} of {:<6} {state}",
        limit.setting, limit.total, limit.most
    )
}

#[derive(Args)]
pub(crate) struct Credits {
    #[command(flatten)]
    pub(crate) desk: Desk,
}

impl Credits {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let credits = self.desk.open()?.credits()?;
        self.desk.tell(JsonAnswer::Credits(&credits), || {
            credits.credits.to_string()
        })
    }
}

#[derive(Args)]
pub(crate) struct Pseudonyms {
    #[command(flatten)]
    user: User,
    #[command(flatten)]
    pub(crate) desk: Desk,
}

impl Pseudonyms {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let number = self.user.phone.number()?;
        let trail = self.desk.open()?.trail(&number, &self.user.subject)?;
        if self.desk.account.json {
            say!("{}", JsonAnswer::Trail(&trail).to_json(Beside::default()));
        } else {
            say!("subject {}\nrecipient {}", trail.subject, trail.recipient);
        }
        Ok(ExitCode::SUCCESS)
    }
}
