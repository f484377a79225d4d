//! The parts of help and manual pages that arguments do not tell: exit status, environment, files and examples.

use clap::Command;
use xoxzo_2fa::Settings;

const EXIT: &str = "\
0  done, or accepted
1  refused: a wrong code, a limit, a MUST of `check` that is not met
2  misuse: arguments, settings, or a file that is not there; a fault of settings that `doctor` finds
3  upstream: the provider of messages, the counter store or the clock failed; any other fault that `doctor` finds
4  done, but the result could not be written to standard output";

const FILES: &str = "\
$XDG_STATE_HOME/xoxzo-2fa/guard.sqlite  counters, unless --guard names another store; ~/.local/state without the variable
$XDG_STATE_HOME/xoxzo-2fa/warnings      the warnings that were shown last, so that each is shown once";

/// Examples of each command; of the whole program under no name.
const EXAMPLES: [(&str, &str); 20] = [
    (
        "",
        "xoxzo-2fa demo\nxoxzo-2fa sandbox\nxoxzo-2fa start --to +819012345678 --subject user-1",
    ),
    (
        "check",
        "xoxzo-2fa check --settings settings.json\nxoxzo-2fa check --standard nist --standard asvs",
    ),
    (
        "completions",
        "xoxzo-2fa completions bash > ~/.local/share/bash-completion/completions/xoxzo-2fa\nxoxzo-2fa completions zsh > ~/.zfunc/_xoxzo-2fa",
    ),
    ("credits", "xoxzo-2fa credits --json"),
    ("demo", "xoxzo-2fa demo\nxoxzo-2fa demo --auto"),
    (
        "doctor",
        "xoxzo-2fa doctor\nxoxzo-2fa doctor --settings settings.json --send +819012345678",
    ),
    (
        "explain",
        "xoxzo-2fa explain wrong-pin --guesses-left 2 --locale ja",
    ),
    ("guard", "xoxzo-2fa guard repair guard.sqlite"),
    ("inspect", "xoxzo-2fa inspect --token \"$token\""),
    (
        "keygen",
        "export XOXZO_2FA_KEY=$(xoxzo-2fa keygen)\nxoxzo-2fa keygen --receipt-for shop",
    ),
    ("man", "xoxzo-2fa man start | man -l -"),
    ("preview", "xoxzo-2fa preview --purpose login"),
    (
        "resend",
        "xoxzo-2fa resend --token \"$token\" --to +819012345678 --subject user-1 --channel voice",
    ),
    (
        "limits",
        "xoxzo-2fa limits --to +819012345678 --subject user-1",
    ),
    (
        "sandbox",
        "xoxzo-2fa sandbox --listen 127.0.0.1:8025 >account &\n. ./account        # once it is there\nxoxzo-2fa sandbox --template '7={service}: {code} is your code'",
    ),
    (
        "start",
        "token=$(xoxzo-2fa start --to +819012345678 --subject user-1)\nxoxzo-2fa start --to 090-1234-5678 --region JP --subject user-1 --wait",
    ),
    ("status", "xoxzo-2fa status --handle \"$handle\""),
    (
        "trail",
        "xoxzo-2fa trail --to +819012345678 --subject user-1 --json",
    ),
    (
        "unlock",
        "xoxzo-2fa unlock --to +819012345678 --subject user-1 --operator ann",
    ),
    (
        "verify",
        "xoxzo-2fa verify --token \"$token\" --to +819012345678 --subject user-1",
    ),
];

/// Commands that read no settings.
const WITHOUT_SETTINGS: [&str; 8] = [
    "completions",
    "demo",
    "explain",
    "guard",
    "inspect",
    "man",
    "sandbox",
    "help",
];

/// The command with these parts in its help, and in that of each subcommand.
pub(crate) fn with_help(command: Command) -> Command {
    let help = text(&sections(""));
    command.after_long_help(help).mut_subcommands(|subcommand| {
        let help = text(&sections(subcommand.get_name()));
        subcommand.after_long_help(help)
    })
}

/// Returns the sections of a command, each with its title. The empty name stands for the whole program.
pub(crate) fn sections(name: &str) -> Vec<(&'static str, String)> {
    let mut sections = vec![("Exit status", EXIT.to_string())];
    if !WITHOUT_SETTINGS.contains(&name) {
        sections.push(("Environment", environment()));
        sections.push(("Files", FILES.to_string()));
    }
    let examples = EXAMPLES.iter().find(|(own, _)| *own == name);
    sections.extend(examples.map(|(_, examples)| ("Examples", (*examples).to_string())));
    sections
}

fn environment() -> String {
    let guard = (
        "XOXZO_2FA_GUARD",
        "counter store: a file, or the URL of a Redis server",
    );
    let settings = Settings::variables()
        .iter()
        .map(|own| (own.name, own.about));
    let lines = settings.chain([guard]);
    let lines: Vec<String> = lines
        .map(|(name, about)| format!("{name:<24} {about}"))
        .collect();
    lines.join("\n")
}

fn text(sections: &[(&str, String)]) -> String {
    let section = |(title, body): &(&str, String)| {
        let lines: String = body.lines().map(|line| format!("  {line}\n")).collect();
        format!("{title}:\n{lines}")
    };
    sections.iter().map(section).collect::<Vec<_>>().join("\n")
}
