//! The command: its arguments, signals, and what it prints.

use std::io::{self, Error, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::{fs, thread};

use arc_swap::ArcSwap;
use clap::Args;
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use xoxzo_2fa::{AsyncMemoryGuard, HyperTransport};

use crate::judge::World;
use crate::listen::{Address, Listener};
use crate::metrics::Metrics;
use crate::proxy::Proxy;
use crate::server::{self, Shared};
use crate::site::Site;

/// Arguments of the command that runs the server.
#[derive(Args)]
pub struct Command {
    /// File with the gate's configuration and the section `serve`. Read again with SIGHUP; if it is then wrong, the settings stay as they were.
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// The proxy in front. It decides which headers are believed, and in which dialect a check is answered.
    #[arg(long, value_enum)]
    proxy: Proxy,
    /// Loopback address and TCP port to listen on, or unix: and the absolute path of a socket, which owner and group may open. Port 0 takes a free
    /// one.
    #[arg(
        long,
        value_name = "ADDRESS:PORT|unix:PATH",
        default_value = "127.0.0.1:9120"
    )]
    listen: Address,
    /// Let --listen take any address, such as 0.0.0.0 in a container. Whoever can reach it and has the secret names any user.
    #[arg(long)]
    danger_listen_anywhere: bool,
    /// Number of threads; by default one for each CPU.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
}

impl Command {
    /// Prints the address, and serves until SIGTERM or SIGINT. Requests that are being answered then are finished.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for settings that are wrong. Otherwise the address is taken, or the system lacks randomness, threads or handles.
    pub fn run(&self) -> io::Result<()> {
        let mut process = [0; 16];
        SysRng.try_fill_bytes(&mut process).map_err(Error::other)?;
        let site = self.site(&process)?;
        let listener = Arc::new(Listener::bind(&self.listen, self.danger_listen_anywhere)?);
        let shared = Arc::new(Shared {
            site: ArcSwap::from_pointee(site),
            world: World {
                guard: Box::new(AsyncMemoryGuard::default()),
                transport: Box::new(HyperTransport::default()),
            },
            metrics: Metrics::default(),
        });
        let (stop, stopped) = watch::channel(());
        let workers = match self.workers {
            Some(workers) => workers.into(),
            None => thread::available_parallelism()?.get(),
        };
        let workers = server::run(&shared, &listener, workers, &stopped)?;
        let mut output = io::stdout();
        writeln!(output, "{}", listener.url(&self.listen)?)?;
        output.flush()?;
        let waited = self.wait(&shared, &process);
        drop(stop);
        for worker in workers {
            worker
                .join()
                .map_err(|_| Error::other("a worker has ended"))??;
        }
        if let Address::Unix(path) = &self.listen {
            fs::remove_file(path)?;
        }
        waited
    }

    fn site(&self, process: &[u8; 16]) -> io::Result<Site> {
        let alone = matches!(self.listen, Address::Unix(_));
        let site = Site::read(&self.settings, self.proxy, alone, process);
        let site = site.map_err(|why| Error::new(ErrorKind::InvalidInput, why))?;
        for warning in &site.warnings {
            eprintln!("xoxzo-2fa-serve: {warning}");
        }
        Ok(site)
    }

    /// Waits for the signal that ends the server, and reads the settings again with each SIGHUP.
    fn wait(&self, shared: &Shared, process: &[u8; 16]) -> io::Result<()> {
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
                    _ = hang_up.recv() => match self.site(process) {
                        Ok(site) => {
                            shared.site.store(Arc::new(site));
                            eprintln!("xoxzo-2fa-serve: the settings were read again");
                        }
                        Err(why) => eprintln!("xoxzo-2fa-serve: the settings stay as they were: {why}"),
                    },
                }
            }
        })
    }
}
