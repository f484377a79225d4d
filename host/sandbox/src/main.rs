//! The sandbox as a program: it prints its address and its account, and runs until it is stopped.
//!
//! Exit status: 2 if it cannot start.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use xoxzo_2fa_sandbox::Command;

/// Runs a local fake of the Xoxzo API with an inbox in the browser.
#[derive(Parser)]
#[command(name = "xoxzo-2fa-sandbox", version)]
struct Arguments {
    #[command(flatten)]
    command: Command,
}

fn main() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xoxzo-2fa-sandbox: {error}");
            ExitCode::from(2)
        }
    }
}
