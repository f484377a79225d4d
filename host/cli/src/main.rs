//! Command line of xoxzo-2fa.
//!
//! Exit status: 0 done or accepted, 1 refused, 2 misuse, 3 upstream. Secrets are never arguments: settings name them, keys come from
//! the environment, and the PIN is asked for without echo or read from standard input.

#![forbid(unsafe_code)]

mod account;
mod bound;
mod counters;
mod demo;
mod explain;
mod keys;
mod look;
mod operate;
mod report;
mod send;
mod serve;
mod shell;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// SMS two-factor authentication through Xoxzo.
#[derive(Parser)]
#[command(name = "xoxzo-2fa", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the settings in effect, warns of what is unwise, and says how they stand to NIST, ASVS and PSD2. Exit status 1 if a
    /// MUST is not met.
    Check(look::Check),
    /// Prints the completions of a shell.
    Completions(shell::Completions),
    /// Shows the credits that the account at Xoxzo has left.
    Credits(operate::Credits),
    /// Shows everything at once: a sandbox, a message, a right PIN, and what is refused.
    Demo(demo::Demo),
    /// Shows what an end user reads, and is offered, when an operation did not end as asked.
    Explain(explain::Explain),
    /// Looks after the counters' file.
    Guard(counters::Guard),
    /// Shows what a token carries in the clear.
    Inspect(keys::Inspect),
    /// Makes a key for the settings, or derives one that checks receipts or signs step-up requests.
    Keygen(keys::Keygen),
    /// Prints the manual page.
    Man(shell::Manual),
    /// Shows the text of messages in every language, with parts and cost.
    Preview(look::Preview),
    /// Sends the PIN of a challenge once more, or says it by a call.
    Resend(send::Resend),
    /// Shows every counter that could refuse a user: why somebody is refused, and what is left. Works while the service runs.
    Limits(operate::Limits),
    /// Runs a local fake of the Xoxzo API with an inbox in the browser.
    Sandbox(serve::Serve),
    /// Sends a PIN and prints the token of the challenge.
    Start(send::Start),
    /// Asks what became of a message.
    Status(operate::Status),
    /// Prints the pseudonyms by which logs and metrics name a user.
    Trail(operate::Pseudonyms),
    /// Lifts what keeps a user out. Works while the service runs.
    Unlock(operate::Unlock),
    /// Compares a PIN with the challenge of a token.
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    let (result, json) = match Arguments::parse().command {
        Command::Check(check) => (check.run(), check.json),
        Command::Completions(completions) => (completions.run(Arguments::command()), false),
        Command::Demo(demo) => (demo.run(), false),
        Command::Explain(explain) => (explain.run(), explain.json),
        Command::Guard(guard) => (guard.run(), guard.json()),
        Command::Inspect(inspect) => (inspect.run(), inspect.json),
        Command::Keygen(keygen) => (keygen.run(), false),
        Command::Man(manual) => (manual.run(Arguments::command()), false),
        Command::Preview(preview) => (preview.run(), preview.json),
        Command::Resend(resend) => (resend.run(), resend.account.json),
        Command::Sandbox(sandbox) => (sandbox.run(), sandbox.json),
        Command::Start(start) => (start.run(), start.account.json),
        Command::Status(status) => (status.run(), status.account.json),
        Command::Unlock(unlock) => (unlock.run(), unlock.desk.account.json),
        Command::Limits(limits) => (limits.run(), limits.desk.account.json),
        Command::Credits(credits) => (credits.run(), credits.desk.account.json),
        Command::Trail(trail) => (trail.run(), trail.desk.account.json),
        Command::Verify(verify) => (verify.run(), verify.account.json),
    };
    result.unwrap_or_else(|fault| fault.report(json))
}
