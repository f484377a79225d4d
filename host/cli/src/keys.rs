//! `keygen` and `inspect`.

use std::env;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Keygen {
    /// Instead of a new key, print the one that checks receipts for this audience, derived from the key in XOXZO_2FA_KEY.
    #[arg(long, value_name = "AUDIENCE")]
    receipt_for: Option<String>,
    /// The one for receipts of test mode.
    #[arg(long, requires = "receipt_for")]
    test: bool,
}

impl Keygen {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let key = match &self.receipt_for {
            None => xoxzo_2fa::keygen()?,
            Some(audience) => {
                let root = env::var("XOXZO_2FA_KEY").map_err(|_| {
                    Fault::Around(
                        "XOXZO_2FA_KEY is not set: the receipt key is derived from it".to_string(),
                    )
                })?;
                xoxzo_2fa::receipt_key(&root, audience, self.test)?
            }
        };
        println!("{key}");
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub(crate) struct Inspect {
    /// The token.
    #[arg(long)]
    token: String,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let token_info = xoxzo_2fa::inspect(&self.token)?;
        let (issued_at, expires_at) = (
            rfc3339(token_info.issued_at),
            rfc3339(token_info.expires_at),
        );
        if self.json {
            println!(
                "{}",
                json!({"key_id": token_info.key_id, "digits": token_info.digits, "issued_at": issued_at, "expires_at": expires_at})
            );
        } else {
            println!("key id      {}", token_info.key_id);
            println!("digits      {}", token_info.digits);
            println!("issued at   {issued_at}");
            println!("expires at  {expires_at}");
            eprintln!("none of this is proved: only `verify` checks a token");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn rfc3339(time: SystemTime) -> String {
    OffsetDateTime::from(time)
        .format(&Rfc3339)
        .unwrap_or_else(|_| "out of range".to_string())
}
