//! `completions` and `man`: completions for a shell, and manual pages.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::report::Fault;

#[derive(Args)]
pub(crate) struct Completions {
    /// The shell to complete for.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Result<ExitCode, Fault> {
        // In memory first: a reader that has seen enough must not make it panic.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "xoxzo-2fa", &mut script);
        io::stdout().write_all(&script)?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Args)]
pub(crate) struct Manual {
    /// Command whose page is printed. If absent, the page of the whole program.
    command: Option<String>,
}

impl Manual {
    pub(crate) fn run(&self, mut command: Command) -> Result<ExitCode, Fault> {
        command.build();
        let page = match &self.command {
            None => command,
            Some(name) => command
                .find_subcommand(name)
                .cloned()
                .ok_or_else(|| Fault::Around("there is no such command".to_string()))?,
        };
        let mut text = Vec::new();
        Man::new(page).render(&mut text)?;
        io::stdout().write_all(&text)?;
        Ok(ExitCode::SUCCESS)
    }
}
