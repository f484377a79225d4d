//! The server as a program: it prints its address, and runs until it is stopped.
//!
//! Exit status: 2 if it cannot start.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use xoxzo_2fa_serve::Command;

/// Serves the login gate to a reverse proxy, which asks it about each request.
#[derive(Parser)]
#[command(name = "xoxzo-2fa-serve", version)]
struct Arguments {
    #[command(flatten)]
    command: Command,
}

fn main() -> ExitCode {
    match Arguments::parse().command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xoxzo-2fa-serve: {error}");
            ExitCode::from(2)
        }
    }
}
