//! `guard`: maintenance of the counters' file.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;
use xoxzo_2fa::{Repaired, SqliteGuard};

use crate::answer;
use crate::output::say;
use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Guard {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Repair a file that was used while the clock was ahead, and has refused everything with `clock` since. First make sure that the
    /// clock of this machine is right. The file opens after another 14 minutes, longer than any challenge lives.
    Repair(Repair),
}

#[derive(Args)]
struct Repair {
    /// Path of the counters' file.
    file: PathBuf,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
}

impl Guard {
    pub(crate) fn run(&self) -> Result<ExitCode, Fault> {
        let Command::Repair(repair) = &self.command;
        repair.run()
    }

    pub(crate) fn json(&self) -> bool {
        let Command::Repair(repair) = &self.command;
        repair.json
    }
}

impl Repair {
    fn run(&self) -> Result<ExitCode, Fault> {
        if !self.file.exists() {
            return Err(Fault::Around(format!(
                "{}: there is no such file",
                self.file.display()
            )));
        }
        let repaired = SqliteGuard::builder(&self.file).repair()?;
        let Repaired {
            ahead,
            shut,
            kept,
            renewed,
            ..
        } = repaired;
        if self.json {
            let told = json!({
                "ahead_seconds": ahead.as_secs(), "shut_seconds": shut.as_secs(), "kept": kept, "renewed": renewed,
            });
            say!("{}", answer::line("repaired", told));
        } else if ahead.is_zero() {
            say!("the file's time is right: nothing was done");
        } else {
            say!("the file's time was {} ahead", length(ahead));
            say!(
                "it opens in {}, when no challenge from before is valid any more",
                length(shut)
            );
            say!(
                "windows shorter than {} may have ended early: cooldowns, and caps on messages and failures",
                length(ahead)
            );
            say!(
                "kept: {kept} counters, among them all consecutive failures (`failures.hard`); {renewed} began under the wrong clock"
            );
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A duration in words, in the largest fitting unit.
fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
