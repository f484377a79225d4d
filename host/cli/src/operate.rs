//! `status`, `limits`, `unlock`, `trail` and `credits`: the commands of operators.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use xoxzo_2fa::{Audit, Handle, Operator, Trail};

use crate::account::Account;
use crate::bound::Phone;
use crate::report::{Fault, seconds};

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
        let (delivery, detail) = (report.delivery.as_str(), &report.detail);
        if self.account.json {
            println!("{}", json!({"delivery": delivery, "detail": detail}));
        } else {
            println!("{delivery}");
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
    fn tell(&self, mut told: Value, audit: &Audit, text: impl FnOnce()) -> ExitCode {
        if self.account.json {
            told["operator"] = json!(self.operator);
            if let Some(trail) = &audit.trail {
                told["trail"] = named(trail);
            }
            println!("{told}");
        } else {
            text();
        }
        ExitCode::SUCCESS
    }
}

fn named(trail: &Trail) -> Value {
    json!({"subject": trail.subject, "recipient": trail.recipient, "calling_code": trail.calling_code})
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
        let told = json!({
            "failures": unlocked.failures, "subject_failures": unlocked.subject_failures, "messages": unlocked.messages,
        });
        Ok(self.desk.tell(told, &unlocked.audit, || {
            println!(
                "unlocked: {} consecutive failures, {} failures of the subject and {} messages are forgotten",
                unlocked.failures, unlocked.subject_failures, unlocked.messages
            );
        }))
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
        let each = limits.limits.iter().map(|limit| {
            json!({
                "setting": limit.setting, "open": limit.open, "total": limit.total, "most": limit.most,
                "ends_in_seconds": seconds(limit.ends_in), "refuses": limit.refuses,
            })
        });
        let told = json!({"limits": Value::from_iter(each)});
        Ok(self.desk.tell(told, &limits.audit, || {
            for limit in &limits.limits {
                let state = match (limit.refuses, limit.ends_in) {
                    (true, Some(wait)) => format!("refuses for {} s", wait.as_secs()),
                    (true, None) => "refuses until unlocked".to_string(),
                    (false, Some(wait)) => format!("ends in {} s", wait.as_secs()),
                    (false, None) => String::new(),
                };
                let kind = if limit.open { "open" } else { "" };
                println!(
                    "{:<24} {kind:<5} {:>6} of {:<6} {state}",
                    limit.setting, limit.total, limit.most
                );
            }
        }))
    }
}

#[derive(Args)]
pub(crate) struct Credits {
    #[command(flatten)]
    pub(crate) desk: Desk,
}

impl Credits {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let credits = self.desk.open()?.credits()?;
        let told = json!({"credits": credits.credits});
        Ok(self
            .desk
            .tell(told, &credits.audit, || println!("{}", credits.credits)))
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
            println!("{}", named(&trail));
        } else {
            println!("subject {}\nrecipient {}", trail.subject, trail.recipient);
        }
        Ok(ExitCode::SUCCESS)
    }
}
