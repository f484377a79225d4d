//! The command of the gate: its arguments, and the settings that it reads.

use std::io::{self, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use clap::Args;
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::runtime;
use tokio::time::sleep;
use xoxzo_2fa::{HyperTransport, Scope};
use xoxzo_2fa_json::Home;

use crate::document::{Document, in_file};
use crate::judge::World;
use crate::ledger::Ledger;
use crate::log::log;
use crate::metrics::Metrics;
use crate::program::Program;
use crate::proxy::Proxy;
use crate::rest::open_store;
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
    #[command(flatten)]
    program: Program,
}

impl Command {
    /// Prints the address, and serves until SIGTERM or SIGINT. Requests that are being answered then are finished.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for settings that are wrong. Otherwise the address is taken, a shared store is out of reach, or the system lacks randomness, threads
    /// or handles.
    pub fn run(&self) -> io::Result<()> {
        let document = Document::read(&self.settings);
        let guard = document.and_then(|read| open_store(&read.serve.guard, "serve.guard"));
        let guard = guard.map_err(|why| wrong(&why, &self.settings))?;
        // It outlives the workers: a connection to the store that was opened here goes on with it.
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let source = Source {
            settings: self.settings.clone(),
            proxy: self.proxy,
            alone: self.program.listens_on_a_socket(),
        };
        let (ledger, site) = match guard.scope() {
            Scope::Shared => {
                let ledger = Ledger::new(Arc::clone(&guard));
                let id = runtime.block_on(ledger.id()).map_err(Error::other)?;
                (Some(ledger), source.site(Home::Fleet(&id))?)
            }
            _ => {
                let mut process = [0; 16];
                SysRng.try_fill_bytes(&mut process).map_err(Error::other)?;
                (None, source.site(Home::Process(&process))?)
            }
        };
        let shared = Arc::new(Shared {
            site: ArcSwap::from_pointee(site),
            world: World {
                guard,
                ledger,
                transport: Box::new(HyperTransport::default()),
            },
            metrics: Metrics::default(),
        });
        runtime.spawn(follow(Arc::clone(&shared), source.clone()));
        self.program.run(server::workers(&shared), "settings", || {
            source.renew(&shared, shared.site.load().id)
        })
    }
}

/// Source of the settings in effect.
#[derive(Clone)]
struct Source {
    settings: PathBuf,
    proxy: Proxy,
    alone: bool,
}

impl Source {
    fn site(&self, home: Home<'_>) -> io::Result<Site> {
        let site = Site::read(&self.settings, self.proxy, self.alone, home);
        let site = site.map_err(|why| wrong(&why, &self.settings))?;
        for warning in &site.warnings {
            log(format_args!("xoxzo-2fa-serve: {warning}"));
        }
        Ok(site)
    }

    /// Reads the settings again, for counters with this id.
    fn renew(&self, shared: &Shared, id: [u8; 16]) -> io::Result<()> {
        let home = match shared.world.ledger {
            Some(_) => Home::Fleet(&id),
            None => Home::Process(&id),
        };
        shared.site.store(Arc::new(self.site(home)?));
        Ok(())
    }
}

/// Looks every second whether the store still has its id. With another one the counters were lost, and tokens and passes end with them; until it is
/// known here, nothing opens.
async fn follow(shared: Arc<Shared>, source: Source) {
    let Some(ledger) = &shared.world.ledger else {
        return;
    };
    loop {
        sleep(Duration::from_secs(1)).await;
        // Without an answer nothing opens either.
        let Ok(id) = ledger.id().await else {
            continue;
        };
        if id == shared.site.load().id {
            continue;
        }
        match source.renew(&shared, id) {
            Ok(()) => log("xoxzo-2fa-serve: the store lost its counters: codes and passes end"),
            Err(why) => log(format_args!("xoxzo-2fa-serve: nothing opens: {why}")),
        }
    }
}

fn wrong(why: &str, settings: &Path) -> Error {
    Error::new(ErrorKind::InvalidInput, in_file(why, settings))
}
