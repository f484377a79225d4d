//! `sandbox`: a local fake of the Xoxzo API.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use xoxzo_2fa_sandbox::{Options, Sandbox};

use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Serve {
    /// TCP port on 127.0.0.1. 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Milliseconds from one state of a message to the next.
    #[arg(long, value_name = "MS", default_value_t = 1_000)]
    pace: u64,
    /// Credits of the account.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    credits: u32,
    /// Refuse freeform texts, as Xoxzo does for most accounts, which must use templates.
    #[arg(long)]
    no_freeform: bool,
    /// Replace the text of every SMS, as Xoxzo does before the first purchase.
    #[arg(long)]
    test_credit: bool,
    /// Rate-limit to NUMBER requests per second; answer 429 beyond that.
    #[arg(long, value_name = "NUMBER")]
    throttle: Option<u32>,
    /// Send callbacks as JSON instead of a form.
    #[arg(long)]
    json_callbacks: bool,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Serve {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let mut options = Options::default()
            .port(self.port)
            .pace(Duration::from_millis(self.pace))
            .credits(self.credits)
            .freeform(!self.no_freeform)
            .test_credit(self.test_credit)
            .json_callbacks(self.json_callbacks);
        options.throttle = self.throttle;
        let sandbox = Sandbox::start(options)?;
        let (url, sid, auth_token) = (sandbox.url(), sandbox.sid(), sandbox.auth_token());
        if self.json {
            println!(
                "{}",
                json!({"url": url, "sid": sid, "auth_token": auth_token})
            );
        } else {
            println!(
                "export XOXZO_BASE_URL={url}\nexport XOXZO_API_SID={sid}\nexport XOXZO_API_AUTH_TOKEN={auth_token}"
            );
            eprintln!("the phones are at {url}/_sandbox/");
        }
        io::stdout().flush()?;
        sandbox.wait();
        Ok(ExitCode::SUCCESS)
    }
}
