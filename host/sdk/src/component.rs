//! World `two-factor`: what its instances see of the host.

use std::time::UNIX_EPOCH;

use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker};

use crate::bindings::TwoFactor;
use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::xoxzo::two_factor::{guard, http as wit_http, types};
use crate::exchange::{inward, listed, outgoing};
use crate::exports::{Exporting, Exports};
use crate::guard::Guard;
use crate::host::Host;
use crate::instance::{Bundled, State as Any, World};
use crate::panics::{Panicked, caught};
use crate::transport::{Lost, Transport};

pub(crate) static BUNDLED: Bundled<Operations> =
    Bundled::new(include_bytes!("../plugin/two-factor.wasm"));

/// The host that its instances call.
pub(crate) type Imports = Host<dyn Guard, dyn Transport>;

pub(crate) type ImportState = Any<Imports>;

/// The exports of an instance: the operations, each as one call.
pub(crate) struct Operations(pub(crate) Exports);

impl World for Operations {
    type Host = Imports;
    type Pre = Exporting<ImportState>;

    fn link(linker: &mut Linker<ImportState>) -> wasmtime::Result<()> {
        TwoFactor::add_to_linker::<_, HasSelf<_>>(linker, |state: &mut ImportState| state)
    }

    fn prepare(pre: InstancePre<ImportState>) -> wasmtime::Result<Self::Pre> {
        let challenges = ["start", "resend", "verify", "status"]
            .map(|name| ("xoxzo:two-factor/challenges@0.1.0", name));
        let operators =
            ["unlock", "limits", "credits"].map(|name| ("xoxzo:two-factor/operators@0.1.0", name));
        Exporting::new(pre, &[&challenges[..], &operators].concat())
    }

    fn instantiate(pre: &Self::Pre, store: &mut Store<ImportState>) -> wasmtime::Result<Self> {
        pre.instantiate(store).map(Self)
    }
}

impl guard::Host for ImportState {
    fn add(&mut self, charges: Vec<types::Charge>) -> Result<types::Totals, types::HostFailure> {
        let charges = listed(charges)?;
        self.outside(|host| host.count(&charges))
            .map(types::Totals::from)
            .map_err(|error| error.to_wit())
    }
}

impl wit_http::Host for ImportState {
    fn send(&mut self, request: types::Request) -> Result<types::Response, types::HostFailure> {
        let exchange = |host: &Imports| {
            let (request, timeout) = outgoing(host.origin.as_ref(), request)?;
            let response = caught(|| host.transport.send(request, timeout));
            response.unwrap_or_else(Panicked::panicked).map(inward)
        };
        self.outside(exchange).map_err(Lost::into_wit)
    }
}

impl wall_clock::Host for ImportState {
    fn now(&mut self) -> wall_clock::Datetime {
        let since = (self.host.clock)()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        wall_clock::Datetime {
            seconds: since.as_secs(),
            nanoseconds: since.subsec_nanos(),
        }
    }
}
