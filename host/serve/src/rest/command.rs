//! The command of the service.

use std::io::{self, Error, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::runtime;
use xoxzo_2fa::Code;

use super::document::RestDocument;
use super::service::{Rest, RestWorker, Surroundings};
use super::store;
use crate::document::in_file;
use crate::log::log;
use crate::program::Program;

/// Arguments of the command that runs the REST service.
#[derive(Args)]
pub struct RestCommand {
    /// File with the sections `two_factor` and `rest`. SIGHUP reads the keys of callers again; if the file is then wrong, they stay as they were.
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    #[command(flatten)]
    program: Program,
}

impl RestCommand {
    /// Prints the address, and serves until SIGTERM or SIGINT. Requests that are being answered then are finished.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for settings that are wrong. Otherwise the address is taken, the counters are out of reach, or the system lacks threads or
    /// handles.
    pub fn run(&self) -> io::Result<()> {
        let RestDocument {
            two_factor,
            keys,
            guard,
        } = self.document()?;
        // It outlives the workers: a connection to the store that was opened here goes on with it.
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let rest = runtime.block_on(async {
            let guard = store::open(&guard, "rest.guard").map_err(|why| self.wrong(&why))?;
            let rest = Rest::open(two_factor, guard, keys, Surroundings::default());
            rest.await.map_err(|error| match error.code() {
                Code::Settings => self.wrong(&error.failure().detail),
                _ => self.wrong(&error.to_string()),
            })
        })?;
        for warning in rest.warnings() {
            log(format_args!("xoxzo-2fa-serve: {warning}"));
        }
        let rest = Arc::new(rest);
        let served = Arc::clone(&rest);
        self.program.run(
            move || RestWorker(Arc::clone(&served)),
            "keys",
            || {
                rest.replace_keys(self.document()?.keys);
                Ok(())
            },
        )
    }

    fn document(&self) -> io::Result<RestDocument> {
        RestDocument::read(&self.settings).map_err(|why| self.wrong(&why))
    }

    fn wrong(&self, why: &str) -> Error {
        Error::new(ErrorKind::InvalidInput, in_file(why, &self.settings))
    }
}
