//! The components under a host of the test's own: what they import, and what they make of a host that fails them.

mod footprint;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Store};
use xoxzo_2fa_tests::{NOW, document};

use bindings::TwoFactor;
use bindings::configuration::TwoFactorConfiguration;
use bindings::wasi::{clocks::wall_clock, random::random};
use bindings::xoxzo::two_factor::{guard, http, types};

mod bindings {
    wasmtime::component::bindgen!({ path: "../wit", world: "two-factor" });

    pub(crate) mod configuration {
        wasmtime::component::bindgen!({
            path: "../wit",
            world: "two-factor-configuration",
            with: {
                "xoxzo:two-factor/types": crate::bindings::xoxzo::two_factor::types,
                "wasi:random/random": crate::bindings::wasi::random::random,
            },
        });
    }
}

/// What a guard answers to a list.
type Totals = fn(&[types::Charge]) -> Vec<types::Total>;

/// Answers what it is told to.
struct Host {
    random: fn(u64) -> Vec<u8>,
    seconds: u64,
    totals: Totals,
    response: fn() -> Result<types::Response, types::HostFailure>,
    sent: Vec<types::Request>,
    lists: Vec<Vec<types::Charge>>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            random: |length| vec![7; usize::try_from(length).unwrap()],
            seconds: NOW.into(),
            totals: |charges| charges.iter().map(honest).collect(),
            response: || {
                Ok(types::Response {
                    status: 201,
                    headers: Vec::new(),
                    body: r#"[{"msgid":"m1"}]"#.to_string(),
                })
            },
            sent: Vec::new(),
            lists: Vec::new(),
        }
    }
}

fn honest(charge: &types::Charge) -> types::Total {
    // A claim comes on top of its guess.
    let before = u32::from(charge.amount == 1 << 20);
    types::Total {
        total: before + u32::try_from(charge.amount.max(0)).unwrap(),
        ends_in_seconds: charge.ttl_seconds,
    }
}

impl types::Host for Host {}

impl guard::Host for Host {
    fn add(&mut self, charges: Vec<types::Charge>) -> Result<types::Totals, types::HostFailure> {
        let totals = (self.totals)(&charges);
        self.lists.push(charges);
        Ok(types::Totals {
            totals,
            now_seconds: None,
        })
    }
}

impl http::Host for Host {
    fn send(&mut self, request: types::Request) -> Result<types::Response, types::HostFailure> {
        self.sent.push(request);
        (self.response)()
    }
}

impl random::Host for Host {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        (self.random)(len)
    }
}

impl wall_clock::Host for Host {
    fn now(&mut self) -> wall_clock::Datetime {
        wall_clock::Datetime {
            seconds: self.seconds,
            nanoseconds: 0,
        }
    }
}

/// More than any call takes.
const FUEL: u64 = 1 << 40;

struct Embedder {
    engine: Engine,
    component: Component,
    configuration: Component,
    linker: Linker<Host>,
}

impl Embedder {
    fn new() -> Self {
        let engine = Engine::new(Config::new().consume_fuel(true)).unwrap();
        let compiled = |bytes: &[u8]| Component::new(&engine, bytes).unwrap();
        let component = compiled(include_bytes!("../../../host/sdk/plugin/two-factor.wasm"));
        let configuration = compiled(include_bytes!(
            "../../../host/sdk/plugin/two-factor-configuration.wasm"
        ));
        let mut linker = Linker::new(&engine);
        TwoFactor::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host).unwrap();
        Self {
            engine,
            component,
            configuration,
            linker,
        }
    }

    fn store(&self, host: Host) -> Store<Host> {
        let mut store = Store::new(&self.engine, host);
        store.set_fuel(FUEL).unwrap();
        store
    }

    fn instance(&self, host: Host) -> (Store<Host>, TwoFactor) {
        let mut store = self.store(host);
        let exports = TwoFactor::instantiate(&mut store, &self.component, &self.linker).unwrap();
        (store, exports)
    }

    fn configuration(&self, host: Host) -> (Store<Host>, TwoFactorConfiguration) {
        let mut store = self.store(host);
        let (component, linker) = (&self.configuration, &self.linker);
        let exports = TwoFactorConfiguration::instantiate(&mut store, component, linker).unwrap();
        (store, exports)
    }

    #[expect(clippy::result_large_err, reason = "the record of the contract")]
    fn prepare(&self, host: Host, document: &str) -> Result<types::Prepared, types::Failure> {
        let (mut store, exports) = self.configuration(host);
        exports
            .xoxzo_two_factor_configuration()
            .call_prepare(&mut store, document)
            .unwrap()
    }

    fn start(&self, host: Host) -> (Result<types::Challenge, types::Failure>, Host) {
        let settings = self
            .prepare(Host::default(), &document().to_string())
            .unwrap()
            .settings;
        let (mut store, exports) = self.instance(host);
        let result = exports
            .xoxzo_two_factor_challenges()
            .call_start(&mut store, &settings, &login(), &sending(), true)
            .unwrap();
        (result, store.into_data())
    }
}

fn login() -> types::Binding {
    types::Binding {
        recipient: "+819012345678".to_string(),
        subject: "user-1".to_string(),
        purpose: "login".to_string(),
        session: None,
        transaction: None,
    }
}

fn sending() -> types::Sending {
    types::Sending {
        channel: types::Channel::Sms,
        locale: None,
        client: None,
        decoy: false,
    }
}

#[test]
fn short_or_empty_randomness_is_an_error() {
    let embedder = Embedder::new();
    let process = document().to_string().replace("shared", "process");
    let broken: [fn(u64) -> Vec<u8>; 4] = [
        |_| Vec::new(),
        |length| vec![7; usize::try_from(length).unwrap() - 1],
        |length| vec![7; usize::try_from(length).unwrap() + 1],
        |length| vec![0; usize::try_from(length).unwrap()],
    ];
    for random in broken {
        let (result, host) = embedder.start(Host {
            random,
            ..Host::default()
        });
        assert_eq!(result.unwrap_err().code, types::Code::Randomness);
        assert!(
            host.sent.is_empty() && host.lists.is_empty(),
            "nothing is charged or sent"
        );
        let prepared = embedder.prepare(
            Host {
                random,
                ..Host::default()
            },
            &process,
        );
        assert_eq!(prepared.unwrap_err().code, types::Code::Randomness);
        let (mut store, exports) = embedder.configuration(Host {
            random,
            ..Host::default()
        });
        let key = exports
            .xoxzo_two_factor_configuration()
            .call_keygen(&mut store)
            .unwrap();
        assert_eq!(key.unwrap_err().code, types::Code::Randomness);
    }
    assert!(embedder.start(Host::default()).0.is_ok());
}

#[test]
fn an_impossible_clock_is_an_error() {
    let embedder = Embedder::new();
    for seconds in [0, 1_700_000_000, u64::from(u32::MAX) + 1] {
        let (result, host) = embedder.start(Host {
            seconds,
            ..Host::default()
        });
        assert_eq!(result.unwrap_err().code, types::Code::Clock, "{seconds}");
        assert!(host.lists.is_empty());
    }
}

#[test]
fn a_lying_guard_is_refused_before_anything_is_sent() {
    let embedder = Embedder::new();
    let lies: [Totals; 3] = [
        |_| Vec::new(),
        |charges| {
            vec![
                types::Total {
                    total: 0,
                    ends_in_seconds: 0
                };
                charges.len()
            ]
        },
        |charges| charges.iter().chain(charges).map(honest).collect(),
    ];
    for totals in lies {
        let (result, host) = embedder.start(Host {
            totals,
            ..Host::default()
        });
        assert_eq!(result.unwrap_err().code, types::Code::Guard);
        assert!(host.sent.is_empty());
    }
}

#[test]
fn any_answer_of_xoxzo_is_survived() {
    let embedder = Embedder::new();
    let deep = || {
        Ok(types::Response {
            status: 201,
            headers: Vec::new(),
            body: "[".repeat(16 * 1024),
        })
    };
    let wide = || {
        Ok(types::Response {
            status: 201,
            headers: Vec::new(),
            body: format!("[{}0]", "0,".repeat(8 * 1024 - 2)),
        })
    };
    let html = || {
        Ok(types::Response {
            status: 200,
            headers: Vec::new(),
            body: "<html>".to_string(),
        })
    };
    for response in [deep, wide, html] {
        let (result, host) = embedder.start(Host {
            response,
            ..Host::default()
        });
        let challenge = result.unwrap();
        assert_eq!(
            (
                challenge.delivery,
                challenge.audit.and_then(|audit| audit.message_id),
                challenge.resend_after_seconds
            ),
            (types::Delivery::Unknown, None, 180)
        );
        assert_eq!(host.sent.len(), 1, "it is not sent again");
    }
}

#[test]
fn foreign_settings_are_misuse() {
    let embedder = Embedder::new();
    let (mut store, exports) = embedder.instance(Host::default());
    for settings in ["", "{}", &document().to_string(), &"A".repeat(10_000)] {
        let result = exports
            .xoxzo_two_factor_challenges()
            .call_start(&mut store, settings, &login(), &sending(), true)
            .unwrap();
        let failure = result.unwrap_err();
        assert_eq!(
            (failure.blame, failure.code),
            (types::Blame::Misuse, types::Code::Settings)
        );
    }
}
