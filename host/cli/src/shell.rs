//! `completions` and `man`: completions for a shell, and manual pages.

use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::help;
use crate::output;
use crate::report::Fault;

/// The name of the program.
const NAME: &str = "xoxzo-2fa";

#[derive(Args)]
pub(crate) struct Completions {
    /// The shell to complete for.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, mut command: Command) -> Result<ExitCode, Fault> {
        // In memory first: a reader that has seen enough must not make it panic.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, NAME, &mut script);
        let script = String::from_utf8_lossy(&script);
        // For bash clap names the parts of a program whose name has a hyphen in two ways, so that one part does not find the other.
        output::write(&script.replace(&NAME.replace('-', "__subcmd__"), &NAME.replace('-', "__")))?;
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
        let name = self.command.as_deref().unwrap_or_default();
        let page = match name {
            "" => command,
            name => command.find_subcommand(name).cloned().ok_or_else(|| {
                Fault::Around(format!(
                    "there is no command `{name}`; `xoxzo-2fa --help` lists them"
                ))
            })?,
        };
        // The sections have titles of their own here, where help has them after the options.
        let page = Man::new(page.after_long_help(None::<&str>));
        let mut text = Vec::new();
        page.render(&mut text)?;
        for (title, body) in help::sections(name) {
            let body = body.replace('\\', "\\e").replace('-', "\\-");
            let section = format!(".SH \"{}\"\n.nf\n{body}\n.fi\n", title.to_uppercase());
            text.extend(section.into_bytes());
        }
        output::write(&String::from_utf8_lossy(&text))?;
        Ok(ExitCode::SUCCESS)
    }
}
