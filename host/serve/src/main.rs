//! The server as a program: it prints its address, and runs until it is stopped. `render` prints the configuration of a proxy.
//!
//! Exit status: 2 if it cannot start.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::error::Error;
use clap::{ArgMatches, Args, FromArgMatches, Subcommand};
use xoxzo_2fa_serve::{Command, Manifests, Render, RestCommand};

fn main() -> ExitCode {
    let asked = Asked::read(&arguments().get_matches());
    let ran = match asked.unwrap_or_else(|error| error.exit()) {
        Asked::Gate(gate) => gate.run(),
        Asked::Rest(rest) => rest.run(),
        Asked::Render(render) => render.run(),
        Asked::Manifests(manifests) => manifests.run(),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xoxzo-2fa-serve: {error}");
            ExitCode::from(2)
        }
    }
}

/// A task that the arguments name: one of the servers, or a configuration.
enum Asked {
    Gate(Command),
    Rest(RestCommand),
    Render(Render),
    Manifests(Manifests),
}

impl Asked {
    fn read(given: &ArgMatches) -> Result<Self, Error> {
        match given.subcommand() {
            Some(("render", render)) if render.subcommand().is_some() => {
                Manifests::from_arg_matches(render).map(Self::Manifests)
            }
            Some(("render", render)) => Render::from_arg_matches(render).map(Self::Render),
            Some((_, rest)) => RestCommand::from_arg_matches(rest).map(Self::Rest),
            None => Command::from_arg_matches(given).map(Self::Gate),
        }
    }
}

/// The gate's arguments, or `rest` or `render` and its own. Each is described last: what reads the arguments has a description too, which is
/// for who reads the source.
fn arguments() -> clap::Command {
    let render = Render::augment_args(clap::Command::new("render"));
    let render = Manifests::augment_subcommands(render)
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .disable_help_subcommand(true)
        .about("Print the configuration of the proxy in front, or resources of Kubernetes, which go with the gate's settings");
    let rest = RestCommand::augment_args(clap::Command::new("rest"))
        .about("Serve the engine's functions over HTTP, to programs without an SDK");
    let gate = clap::Command::new("xoxzo-2fa-serve")
        .version(env!("CARGO_PKG_VERSION"))
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true)
        .disable_help_subcommand(true)
        .subcommand(rest)
        .subcommand(render);
    Command::augment_args(gate)
        .about("Serve the login gate to a reverse proxy, which asks it about each request")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_choose_what_is_done() {
        let read = |given: &[&str]| {
            let given = [&["xoxzo-2fa-serve"], given].concat();
            let given = arguments().try_get_matches_from(given);
            match given.and_then(|given| Asked::read(&given)) {
                Ok(Asked::Gate(_)) => "gate",
                Ok(Asked::Rest(_)) => "rest",
                Ok(Asked::Render(_)) => "render",
                Ok(Asked::Manifests(Manifests::Istio(_))) => "istio",
                Ok(Asked::Manifests(Manifests::EnvoyGateway(_))) => "envoy-gateway",
                Ok(Asked::Manifests(Manifests::Sidecar(_))) => "sidecar",
                Err(_) => "neither",
            }
        };
        assert_eq!(read(&["--settings", "file", "--proxy", "nginx"]), "gate");
        assert_eq!(read(&["rest", "--settings", "file"]), "rest");
        assert_eq!(read(&["render", "nginx", "--settings", "file"]), "render");
        for kind in ["istio", "envoy-gateway"] {
            assert_eq!(read(&["render", kind, "--settings", "file"]), kind);
        }
        for wrong in [
            &[][..],
            &["--settings", "file"],
            &["rest"],
            &["render"],
            &["render", "istio"],
            &["render", "sidecar", "--settings", "file"],
            &[
                "render",
                "istio",
                "--settings",
                "file",
                "--namespace",
                "a b",
            ],
            &["rest", "--settings", "file", "--proxy", "nginx"],
            &["--settings", "file", "rest", "--settings", "file"],
        ] {
            assert_eq!(read(wrong), "neither", "{wrong:?}");
        }
    }

    #[test]
    fn the_help_says_what_each_command_does() {
        let gate = arguments();
        let about = |command: &clap::Command| command.get_about().unwrap().to_string();
        assert!(about(&gate).starts_with("Serve the login gate"));
        let others: Vec<_> = gate.get_subcommands().map(about).collect();
        assert!(others[0].starts_with("Serve the engine's functions"));
        assert!(others[1].starts_with("Print the configuration"));
    }
}
