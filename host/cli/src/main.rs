//! Command line of xoxzo-2fa.
//!
//! Exit status: 0 done or accepted, 1 refused, 2 misuse, 3 upstream, 4 no output. Secrets are never arguments. Settings name them, keys come from
//! the environment, and the PIN is prompted for without echo or read from standard input.

#![forbid(unsafe_code)]

mod account;
mod answer;
mod bound;
mod counters;
mod demo;
mod doctor;
mod explain;
mod help;
mod keys;
mod look;
mod operate;
mod output;
mod report;
mod send;
mod shell;
mod spelling;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// SMS two-factor authentication through Xoxzo.
#[derive(Parser)]
#[command(name = "xoxzo-2fa", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Report compliance with NIST, ASVS and PSD2, first what is not met; warn of unwise settings, and show those in effect. The exit
    /// status is 1 if a MUST is not met.
    Check(look::Check),
    /// Print the completions for a shell.
    Completions(shell::Completions),
    /// Show the credits that the account at Xoxzo has left.
    Credits(operate::Credits),
    /// Show a login, what is refused and why, a resend, a limit and a payment, with a sandbox in this process.
    Demo(demo::Demo),
    /// Examine the account, the counter store, the keys and the clock before users come, and say what to do for each fault. With --send,
    /// send one message.
    Doctor(doctor::Doctor),
    /// Show the text and the actions that an end user gets after a failure.
    Explain(explain::Explain),
    /// Maintain the counters' file.
    Guard(counters::Guard),
    /// Show the readable part of a token.
    Inspect(keys::Inspect),
    /// Make a key for the settings, or derive one that checks receipts or signs step-up requests.
    Keygen(keys::Keygen),
    /// Print the manual page.
    Man(shell::Manual),
    /// Show the messages in every language, with parts and cost.
    Preview(look::Preview),
    /// Send the PIN of a challenge again, by SMS or by a call.
    Resend(send::Resend),
    /// Show every counter that could refuse a user, and how much of each limit is left. Works while the service runs.
    Limits(operate::Limits),
    /// Run a local fake of the Xoxzo API with an inbox in the browser.
    Sandbox(xoxzo_2fa_sandbox::Command),
    /// Send a PIN and print the token of the challenge.
    Start(send::Start),
    /// Query the delivery state of a message.
    Status(operate::Status),
    /// Print the pseudonyms by which logs and metrics name a user.
    Trail(operate::Pseudonyms),
    /// Clear the counters that lock out a user. Works while the service runs.
    Unlock(operate::Unlock),
    /// Check a PIN against the challenge of a token.
    Verify(verify::Verify),
}

fn main() -> ExitCode {
    let all = help::with_help(Arguments::command());
    let given = Arguments::from_arg_matches(&all.clone().get_matches());
    let (result, json) = match given.unwrap_or_else(|error| error.exit()).command {
        Command::Check(check) => (check.run(), check.json),
        Command::Completions(completions) => (completions.run(all), false),
        Command::Demo(demo) => (demo.run(), false),
        Command::Doctor(doctor) => (doctor.run(), doctor.account.json),
        Command::Explain(explain) => (explain.run(), explain.json),
        Command::Guard(guard) => (guard.run(), guard.json()),
        Command::Inspect(inspect) => (inspect.run(), inspect.json),
        Command::Keygen(keygen) => (keygen.run(), false),
        Command::Man(manual) => (manual.run(all), false),
        Command::Preview(preview) => (preview.run(), preview.json),
        Command::Resend(resend) => (resend.run(), resend.account.json),
        Command::Sandbox(sandbox) => {
            let ended = sandbox.run().map(|()| ExitCode::SUCCESS);
            (ended.map_err(Into::into), sandbox.json)
        }
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
