//! A server as a program: where it listens, its signals, and what it prints.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::{fs, thread};

use clap::Args;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::accept::{self, Service};
use crate::listen::{Address, Listener};
use crate::log::log;
use crate::probes::Probes;

/// Connections of the port for probes: those of the gate are reckoned without it.
const PROBES: u32 = 16;

/// Arguments of every server.
#[derive(Args)]
pub(crate) struct Program {
    /// Loopback address and TCP port to listen on, or unix: and the absolute path of a socket, which owner and group may open. Port 0 takes a free
    /// one.
    #[arg(
        long,
        value_name = "ADDRESS:PORT|unix:PATH",
        default_value = "127.0.0.1:9120"
    )]
    listen: Address,
    /// Let --listen take any address, such as 0.0.0.0 in a container. Whoever can reach it and has the secret or a key acts for any user.
    #[arg(long)]
    danger_listen_anywhere: bool,
    /// Address and TCP port that answers /health, /ready and /metrics to anybody, and nothing else. Port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS:PORT")]
    probes: Option<SocketAddr>,
    /// Maximum number of connections. Beyond it, the one that has kept the server waiting longest is closed.
    #[arg(long, value_name = "NUMBER", default_value_t = accept::CONNECTIONS, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    connections: u32,
    /// Number of threads; by default one for each CPU.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl Program {
    /// Tells whether only owner and group of a socket can connect.
    pub(crate) fn listens_on_a_socket(&self) -> bool {
        matches!(self.listen, Address::Unix(_))
    }

    /// Prints the address, and that of `--probes` in a second line, and serves until SIGTERM or SIGINT. Requests that are being answered then are finished. `reload` runs with each SIGHUP, and
    /// reads again `what`.
    ///
    /// # Errors
    ///
    /// The address is taken, or the system lacks threads or handles.
    pub(crate) fn run<S: Service + 'static>(
        &self,
        service: impl Fn() -> S + Clone + Send + 'static,
        what: &str,
        reload: impl Fn() -> io::Result<()>,
    ) -> io::Result<()> {
        let listener = Listener::bind(&self.listen, self.danger_listen_anywhere)?;
        let url = listener.url(&self.listen)?;
        let workers = match self.workers {
            Some(workers) => workers.into(),
            None => thread::available_parallelism()?.get(),
        };
        let probes = self.probes.map(Address::Tcp);
        let probes = probes.map(|address| {
            let listener = Listener::bind(&address, true)?;
            let (url, service) = (listener.url(&address)?, service.clone());
            let probes = move || Probes(service());
            let serving = accept::run(probes, listener, 1, PROBES)?;
            io::Result::Ok((url, serving))
        });
        let probes = probes.transpose()?;
        let serving = accept::run(service, listener, workers, self.connections)?;
        let mut output = io::stdout();
        writeln!(output, "{url}")?;
        if let Some((url, _)) = &probes {
            writeln!(output, "{url}")?;
        }
        output.flush()?;
        let waited = wait(what, reload);
        serving.stop()?;
        if let Some((_, serving)) = probes {
            serving.stop()?;
        }
        if let Address::Unix(path) = &self.listen {
            fs::remove_file(path)?;
        }
        waited
    }
}

/// Waits for the signal that ends the server, and reloads with each SIGHUP.
fn wait(what: &str, reload: impl Fn() -> io::Result<()>) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        loop {
            tokio::select! {
                _ = terminate.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
                _ = hang_up.recv() => match reload() {
                    Ok(()) => log(format_args!("xoxzo-2fa-serve: the {what} were read again")),
                    Err(why) => log(format_args!("xoxzo-2fa-serve: the {what} stay as they were: {why}")),
                },
            }
        }
    })
}
