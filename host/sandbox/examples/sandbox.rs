//! Runs a sandbox until it is stopped, and prints where it is and its account as one line of JSON.

use std::io::{self, Write};

use serde_json::json;
use xoxzo_2fa_sandbox::{Options, Sandbox};

fn main() -> io::Result<()> {
    let sandbox = Sandbox::start(Options::default())?;
    let (url, sid, auth_token) = (sandbox.url(), sandbox.sid(), sandbox.auth_token());
    println!(
        "{}",
        json!({"url": url, "sid": sid, "auth_token": auth_token})
    );
    io::stdout().flush()?;
    sandbox.wait();
    Ok(())
}
