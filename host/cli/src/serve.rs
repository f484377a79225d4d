//! `sandbox`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;
use xoxzo_2fa_sandbox::{Options, Sandbox};

use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Serve {
    /// TCP port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Print one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Serve {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let sandbox = Sandbox::start(Options::default().port(self.port))?;
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
