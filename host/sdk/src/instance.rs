//! One instance of the component, and what it sees of the host.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue, Method, Request, Uri};
use rand::TryRng;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};

use crate::bindings::wasi::{clocks::wall_clock, random::random};
use crate::bindings::xoxzo::two_factor::{guard, http as wit_http, types};
use crate::bindings::{TwoFactor, TwoFactorPre};
use crate::engine::{MEMORY, Shared, TICK, Ticking, shared};
use crate::error::Error;
use crate::guard::{Charge, Guard, GuardError};
use crate::transport::{Body, INWARD, Lost, Transport};

/// What instances of one `TwoFactor` share.
pub(crate) struct Host {
    pub(crate) guard: Box<dyn Guard>,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// Scheme and authority that requests may go to.
    pub(crate) origin: Option<Uri>,
    /// Guest time of one call.
    pub(crate) deadline: Duration,
}

/// A compiled component.
pub(crate) struct Plugin {
    pre: TwoFactorPre<State>,
}

/// An instance that can be called.
pub(crate) struct Instance {
    store: Store<State>,
    exports: TwoFactor,
}

pub(crate) struct State {
    host: Arc<Host>,
    shared: &'static Shared,
    limits: StoreLimits,
    /// While a guest runs: since when, not counting the waits for the host, and that the ticker ticks.
    running: Option<(Instant, Ticking)>,
    /// Guest time of the call so far.
    spent: Duration,
}

impl Plugin {
    pub(crate) fn new(component: &[u8]) -> Result<Self, Error> {
        let shared = shared()?;
        let fault = |error: wasmtime::Error| {
            Error::plugin(format!("the component does not load: {error:#}"))
        };
        let component = Component::new(&shared.engine, component).map_err(fault)?;
        let mut linker = Linker::new(&shared.engine);
        TwoFactor::add_to_linker::<_, HasSelf<_>>(&mut linker, |state: &mut State| state)
            .map_err(fault)?;
        let pre = linker.instantiate_pre(&component).map_err(fault)?;
        Ok(Self {
            pre: TwoFactorPre::new(pre).map_err(fault)?,
        })
    }

    pub(crate) fn instantiate(&self, host: &Arc<Host>) -> Result<Instance, Error> {
        let shared = shared()?;
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY)
            .instances(8)
            .memories(1)
            .tables(4)
            .build();
        let state = State {
            host: Arc::clone(host),
            shared,
            limits,
            running: None,
            spent: Duration::ZERO,
        };
        let mut store = Store::new(&shared.engine, state);
        store.limiter(|state| &mut state.limits);
        store.epoch_deadline_callback(|mut context| Ok(context.data_mut().continues()));
        store.set_epoch_deadline(ticks(host.deadline));
        let exports = self
            .pre
            .instantiate(&mut store)
            .map_err(|error| Error::plugin(format!("no instance: {error:#}")))?;
        Ok(Instance { store, exports })
    }
}

impl Instance {
    /// Makes one call. After an error of the call itself the instance is good for nothing.
    pub(crate) fn call<T>(
        &mut self,
        call: impl FnOnce(&TwoFactor, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, Error> {
        let deadline = self.store.data().host.deadline;
        self.store.set_epoch_deadline(ticks(deadline));
        let state = self.store.data_mut();
        state.spent = Duration::ZERO;
        state.resume();
        let result = call(&self.exports, &mut self.store);
        self.store.data_mut().pause();
        // The text of a trap names functions of the component and holds nothing of its memory.
        result.map_err(|error| {
            Error::plugin(format!("the component trapped: {}", error.root_cause()))
        })
    }
}

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(TICK.as_nanos()))
        .unwrap_or(u64::MAX)
        .max(1)
}

impl State {
    fn resume(&mut self) {
        self.running = Some((Instant::now(), self.shared.guest_time()));
    }

    fn pause(&mut self) {
        if let Some((since, _)) = self.running.take() {
            self.spent += since.elapsed();
        }
    }

    /// Runs host code, whose time is not the guest's.
    fn outside<T>(&mut self, work: impl FnOnce(&Host) -> T) -> T {
        self.pause();
        let result = work(&self.host);
        self.resume();
        result
    }

    /// At an epoch's deadline: other guests moved the epoch too, so what counts is this one's own time.
    fn continues(&self) -> UpdateDeadline {
        let running = self
            .running
            .as_ref()
            .map_or(Duration::ZERO, |(since, _)| since.elapsed());
        match self.host.deadline.checked_sub(self.spent + running) {
            Some(left) if !left.is_zero() => UpdateDeadline::Continue(ticks(left)),
            _ => UpdateDeadline::Interrupt,
        }
    }
}

impl types::Host for State {}

impl guard::Host for State {
    fn add(&mut self, charges: Vec<types::Charge>) -> Result<types::Totals, types::Trouble> {
        let charges: Vec<_> = charges
            .into_iter()
            .map(|charge| Charge::new(charge.key, charge.amount, charge.limit, charge.ttl_seconds))
            .collect();
        match self.outside(|host| host.guard.add(&charges)) {
            Ok(totals) => {
                let total = |total: crate::Total| types::Total {
                    total: total.total,
                    ends_in_seconds: total.ends_in,
                };
                Ok(types::Totals {
                    totals: totals.into_iter().map(total).collect(),
                })
            }
            Err(error) => {
                let loss = match error {
                    GuardError::Full => types::Loss::GuardFull,
                    GuardError::Unreachable(_) | GuardError::Unfit(_) => {
                        types::Loss::GuardUnreachable
                    }
                };
                Err(types::Trouble {
                    loss,
                    detail: error.to_string(),
                })
            }
        }
    }
}

impl wit_http::Host for State {
    fn send(&mut self, request: types::Request) -> Result<types::Response, types::Trouble> {
        self.outside(|host| exchange(host, request))
            .map_err(|lost| match lost {
                Lost::NotSent(detail) => types::Trouble {
                    loss: types::Loss::NotSent,
                    detail,
                },
                Lost::Unknown(detail) => types::Trouble {
                    loss: types::Loss::Unknown,
                    detail,
                },
            })
    }
}

fn exchange(host: &Host, request: types::Request) -> Result<types::Response, Lost> {
    let malformed = || Lost::NotSent("the component made no valid request".to_string());
    let uri: Uri = request.url.parse().map_err(|_| malformed())?;
    let allowed = host.origin.as_ref();
    if allowed.is_none_or(|origin| {
        (origin.scheme(), origin.authority()) != (uri.scheme(), uri.authority())
    }) {
        return Err(Lost::NotSent(
            "the component asked for another origin than that of the settings".to_string(),
        ));
    }
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| malformed())?;
    let timeout =
        Duration::from_millis(request.timeout_milliseconds.into()).min(Duration::from_secs(30));
    let mut outgoing = Request::new(Body(request.body));
    *outgoing.method_mut() = method;
    *outgoing.uri_mut() = uri;
    for types::Header { name, value } in request.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| malformed())?;
        let mut value = HeaderValue::from_str(&value).map_err(|_| malformed())?;
        value.set_sensitive(name == http::header::AUTHORIZATION);
        outgoing.headers_mut().append(name, value);
    }
    host.transport.send(outgoing, timeout).map(inward)
}

/// What of a response the component gets to see.
fn inward(response: http::Response<Vec<u8>>) -> types::Response {
    let (parts, body) = response.into_parts();
    let retry_after = parts
        .headers
        .get(http::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let header = |value: &str| types::Header {
        name: "retry-after".to_string(),
        value: value.chars().take(64).collect(),
    };
    let mut text = String::from_utf8_lossy(&body[..body.len().min(INWARD)]).into_owned();
    text.truncate(text.floor_char_boundary(INWARD));
    types::Response {
        status: parts.status.as_u16(),
        headers: retry_after.map(header).into_iter().collect(),
        body: text,
    }
}

impl random::Host for State {
    fn get_random_bytes(&mut self, len: u64) -> Vec<u8> {
        // The component asks for 32 at most. An answer of another length than asked, empty among them, is an error there.
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0).min(1024)];
        match rand::rngs::SysRng.try_fill_bytes(&mut bytes) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }
}

impl wall_clock::Host for State {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::MemoryGuard;
    use std::sync::Mutex;

    /// Writes down where it was sent, and answers a body of so many bytes.
    struct Recorder(Arc<Mutex<Vec<String>>>, usize);

    impl Transport for Recorder {
        fn send(
            &self,
            request: Request<Body>,
            _: Duration,
        ) -> Result<http::Response<Vec<u8>>, Lost> {
            assert!(request.headers().values().all(HeaderValue::is_sensitive));
            self.0.lock().unwrap().push(request.uri().to_string());
            Ok(http::Response::new(vec![0xff; self.1]))
        }
    }

    fn host(length: usize) -> (Host, Arc<Mutex<Vec<String>>>) {
        let sent = Arc::new(Mutex::default());
        let host = Host {
            guard: Box::new(MemoryGuard::with_capacity(0)),
            transport: Box::new(Recorder(Arc::clone(&sent), length)),
            clock: Box::new(SystemTime::now),
            origin: Some("https://api.xoxzo.com".parse().unwrap()),
            deadline: Duration::from_secs(1),
        };
        (host, sent)
    }

    fn request(url: &str) -> types::Request {
        types::Request {
            method: "POST".to_string(),
            url: url.to_string(),
            headers: vec![types::Header {
                name: "authorization".to_string(),
                value: "Basic x".to_string(),
            }],
            body: "secret".to_string(),
            timeout_milliseconds: 1_000,
        }
    }

    #[test]
    fn a_component_reaches_one_origin() {
        let (host, sent) = host(0);
        for url in [
            "http://api.xoxzo.com/",
            "https://api.xoxzo.com:8443/",
            "https://api.xoxzo.com.evil.example/",
            "https://api.xoxzo.com@evil.example/",
            "https://evil.example/https://api.xoxzo.com/",
            "/sms/messages/",
            "file:///etc/passwd",
            "",
        ] {
            assert!(
                matches!(exchange(&host, request(url)), Err(Lost::NotSent(_))),
                "{url}"
            );
        }
        assert!(sent.lock().unwrap().is_empty());
        assert!(exchange(&host, request("https://api.xoxzo.com/sms/messages/")).is_ok());
        assert_eq!(
            *sent.lock().unwrap(),
            ["https://api.xoxzo.com/sms/messages/"]
        );
    }

    #[test]
    fn a_header_that_would_split_is_not_sent() {
        let (host, sent) = host(0);
        let mut split = request("https://api.xoxzo.com/");
        split.headers[0].value = "a\r\nb: c".to_string();
        assert!(matches!(exchange(&host, split), Err(Lost::NotSent(_))));
        assert!(sent.lock().unwrap().is_empty());
    }

    #[test]
    fn a_body_is_cut_and_decoded_leniently() {
        let (host, _) = host(64 * 1024);
        let response = exchange(&host, request("https://api.xoxzo.com/")).unwrap();
        assert!(response.body.len() <= INWARD && response.body.len() > INWARD - 3);
        assert!(response.body.chars().all(|letter| letter == '\u{fffd}'));
    }
}
