//! `keygen` and `inspect`.

use std::env;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xoxzo_2fa::{Beside, JsonAnswer, Token};

use crate::output::{note, say};
use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Keygen {
    /// Derive the key that checks receipts for this audience from the key in XOXZO_2FA_KEY, instead of making a new key.
    #[arg(long, value_name = "AUDIENCE", group = "derived")]
    receipt_for: Option<String>,
    /// Derive the key that signs step-up requests to this audience's login gate from the key in XOXZO_2FA_KEY, instead of making a new key.
    #[arg(long, value_name = "AUDIENCE", group = "derived")]
    request_for: Option<String>,
    /// Derive the key for test mode.
    #[arg(long, requires = "derived")]
    test: bool,
}

impl Keygen {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let root = || {
            env::var("XOXZO_2FA_KEY").map_err(|_| {
                let unset = "XOXZO_2FA_KEY is not set: the key for an audience is derived from it";
                Fault::Around(unset.to_string())
            })
        };
        let key = match (&self.receipt_for, &self.request_for) {
            (Some(audience), _) => xoxzo_2fa::receipt_key(&root()?, audience, self.test)?,
            (None, Some(audience)) => xoxzo_2fa::request_key(&root()?, audience, self.test)?,
            (None, None) => xoxzo_2fa::keygen()?,
        };
        say!("{key}");
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub(crate) struct Inspect {
    /// The token that `start` printed.
    #[arg(long)]
    token: Token,
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
            let told = JsonAnswer::TokenInfo(&token_info);
            say!("{}", told.to_json(Beside::default()));
        } else {
            say!("key id      {}", token_info.key_id);
            say!("digits      {}", token_info.digits);
            say!("issued at   {issued_at}");
            say!("expires at  {expires_at}");
            note!("none of this is proved: only `verify` checks a token");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn rfc3339(time: SystemTime) -> String {
    OffsetDateTime::from(time)
        .format(&Rfc3339)
        .unwrap_or_else(|_| "out of range".to_string())
}
