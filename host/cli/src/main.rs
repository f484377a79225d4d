//! Command line of xoxzo-2fa.
//!
//! Exit status: 0 done or accepted, 1 refused, 2 misuse, 3 upstream. Secrets are never arguments: settings name them, keys come from
//! the environment, and the PIN is asked for without echo or read from standard input.

#![forbid(unsafe_code)]

mod account;
mod demo;
mod keys;
mod login;
mod report;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// SMS two-factor authentication through Xoxzo.
#[derive(Parser)]
#[command(version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows everything at once: a sandbox, a message, a right PIN, and what is refused.
    Demo(demo::Demo),
    /// Shows what a token carries in the clear.
    Inspect(keys::Inspect),
    /// Makes a key for the settings, or derives the one that checks receipts.
    Keygen(keys::Keygen),
    /// Runs a Xoxzo that sends nothing.
    Sandbox(serve::Serve),
    /// Sends a PIN and prints the token of the challenge.
    Start(login::Start),
    /// Compares a PIN with the challenge of a token.
    Verify(login::Verify),
}

fn main() -> ExitCode {
    let (result, json) = match Arguments::parse().command {
        Command::Demo(demo) => (demo.run(), false),
        Command::Inspect(inspect) => (inspect.run(), inspect.json),
        Command::Keygen(keygen) => (keygen.run(), false),
        Command::Sandbox(sandbox) => (sandbox.run(), sandbox.json),
        Command::Start(start) => (start.run(), start.account.json),
        Command::Verify(verify) => (verify.run(), verify.account.json),
    };
    result.unwrap_or_else(|fault| fault.report(json))
}
