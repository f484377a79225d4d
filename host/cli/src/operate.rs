//! `status` and `unlock`: what operators ask and do.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use crate::account::Account;
use crate::bound::Phone;
use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Status {
    /// The handle that `start` or `resend` gave.
    #[arg(long)]
    handle: String,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Status {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let report = self.account.open()?.status(&self.handle)?;
        let (delivery, detail) = (report.delivery.as_str(), &report.detail);
        if self.account.json {
            println!("{}", json!({"delivery": delivery, "detail": detail}));
        } else {
            println!("{delivery}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub(crate) struct Unlock {
    #[command(flatten)]
    phone: Phone,
    /// The service's internal id of the user.
    #[arg(long, value_name = "ID")]
    subject: String,
    #[command(flatten)]
    pub(crate) account: Account,
}

impl Unlock {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let number = self.phone.number()?;
        let unlocked = self.account.open()?.unlock(&self.subject, &number)?;
        if self.account.json {
            println!(
                "{}",
                json!({
                    "failures": unlocked.failures, "subject_failures": unlocked.subject_failures, "messages": unlocked.messages,
                })
            );
        } else {
            println!(
                "unlocked: {} consecutive failures, {} failures of the subject and {} messages are forgotten",
                unlocked.failures, unlocked.subject_failures, unlocked.messages
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}
