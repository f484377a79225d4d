//! The server: workers that share one guard and the settings in effect, each with a cache of its own, as each worker of Envoy has.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::task::spawn_local;
use tokio::time::timeout;
use xoxzo_2fa_gate::{Cache, IdentityClaims, Reading};

use crate::accept::Service;
use crate::answer::{self, Answer};
use crate::facts::{self, Facts, Untrusted};
use crate::judge::{Decision, Judged, World};
use crate::log::log;
use crate::metrics::Metrics;
use crate::proxy::Dialect;
use crate::ready;
use crate::seconds::seconds;
use crate::site::Site;

/// Time for the body of a form.
const PATIENCE: Duration = Duration::from_secs(10);

/// State that all workers share.
pub(crate) struct Shared {
    pub(crate) site: ArcSwap<Site>,
    pub(crate) world: World,
    pub(crate) metrics: Metrics,
}

/// Makes the worker of a thread.
pub(crate) fn workers(shared: &Arc<Shared>) -> impl Fn() -> Worker + Clone + Send + 'static {
    let shared = Arc::clone(shared);
    move || Worker {
        shared: Arc::clone(&shared),
        seen: Rc::default(),
    }
}

/// A worker, with what it has seen of passes.
#[derive(Clone)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    seen: Rc<RefCell<Seen>>,
}

/// The passes that were seen under some settings. Others may reject them.
#[derive(Default)]
struct Seen {
    site: Option<Arc<Site>>,
    cache: Rc<RefCell<Cache>>,
}

impl Seen {
    fn under(&mut self, site: &Arc<Site>) -> Rc<RefCell<Cache>> {
        if !self.site.as_ref().is_some_and(|own| Arc::ptr_eq(own, site)) {
            *self = Self {
                site: Some(Arc::clone(site)),
                cache: Rc::default(),
            };
        }
        Rc::clone(&self.cache)
    }
}

impl Service for Worker {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let site = self.shared.site.load_full();
        let path = request.uri().path();
        let place = match path {
            "/check" => Place::Check,
            "/answer" if site.proxy.dialect() == Dialect::AuthRequest => Place::Instead,
            "/health" => return answer::plain(StatusCode::OK, "ok\n"),
            "/ready" => return ready::answer(&*self.shared.world.guard).await,
            "/metrics" => return answer::plain(StatusCode::OK, self.shared.metrics.text()),
            path if path == "/.2fa" || path.starts_with("/.2fa/") => Place::Page,
            _ => return answer::plain(StatusCode::NOT_FOUND, "not found\n"),
        };
        match self.decide(site, place, request).await {
            Ok(answer) => answer,
            Err(Untrusted(why)) => {
                self.shared.metrics.refuse();
                log(format_args!(
                    "{{\"event\":\"rejected_proxy\",\"cause\":\"{why}\"}}"
                ));
                answer::plain(StatusCode::FORBIDDEN, "")
            }
        }
    }
}

impl Worker {
    async fn decide(
        &self,
        site: Arc<Site>,
        place: Place,
        request: Request<Incoming>,
    ) -> Result<Answer, Untrusted> {
        let (parts, body) = request.into_parts();
        let headers = &parts.headers;
        facts::trust(headers, site.secret.as_ref())?;
        let facts = match place {
            Place::Check | Place::Instead => Facts::asked(headers, site.proxy)?,
            Place::Page => {
                let target = parts.uri.path_and_query();
                let target = target.map_or("", |target| target.as_str());
                Facts::forwarded(headers, target, parts.method.as_str())?
            }
        };
        let identity = site.gate.identity();
        let claims = site.verifier.as_ref().map(|verifier| {
            let now = u64::from(seconds());
            verifier.claims(headers, identity, now)
        });
        let (worker, claims) = (self.clone(), claims.unwrap_or_default());
        let carried_out = async move { worker.carry_out(&site, place, facts, claims, body).await };
        // A browser that goes away does not end what was begun: a message may be on its way, and its event is due.
        let done = spawn_local(carried_out).await;
        Ok(done.unwrap_or_else(|_| answer::plain(StatusCode::INTERNAL_SERVER_ERROR, "")))
    }

    /// Judges a request, reads its form if it has one, and notes what became of it.
    async fn carry_out(
        &self,
        site: &Arc<Site>,
        place: Place,
        facts: Facts,
        claims: IdentityClaims,
        body: Incoming,
    ) -> Answer {
        let (client, world) = (facts.client.clone(), &self.shared.world);
        let cache = self.seen.borrow_mut().under(site);
        let judged = world.judge(site, &cache, facts, claims);
        let decision = match (judged.await, place) {
            (Judged::Decided(decision), _) => decision,
            (Judged::Reads(reading), Place::Page) => {
                let Some(form) = form(body).await else {
                    return answer::plain(StatusCode::REQUEST_TIMEOUT, "");
                };
                match world.read(site, *reading, &form, client.as_deref()).await {
                    Judged::Decided(decision) => decision,
                    Judged::Reads(_) => return answer::plain(StatusCode::FORBIDDEN, ""),
                }
            }
            // A form of the gate that came by another way than its own.
            (Judged::Reads(_), Place::Check | Place::Instead) => {
                return answer::plain(StatusCode::FORBIDDEN, "");
            }
        };
        self.note(site, place, &decision, client.as_deref());
        match place {
            Place::Check => answer::check(site.proxy.dialect(), &decision),
            Place::Instead => answer::instead(&decision),
            Place::Page => match &decision {
                Decision::Respond(response) => answer::page(response),
                Decision::Forward(_) => answer::plain(StatusCode::FORBIDDEN, ""),
            },
        }
    }

    /// Counts a decision, and logs what lies behind it.
    fn note(&self, site: &Site, place: Place, decision: &Decision, client: Option<&str>) {
        if place == Place::Instead {
            // The check of the same request was noted.
            return;
        }
        let metrics = &self.shared.metrics;
        let response = match decision {
            Decision::Forward(forward) => return metrics.count(forward.event),
            Decision::Respond(response) => response,
        };
        metrics.count(response.event);
        if let Some(note) = &response.note {
            if let Some(alarm) = note.alarm() {
                metrics.alarm(alarm);
            }
            let purpose = site.gate.purpose();
            log(note.line(response.event, purpose, client));
        }
    }
}

/// The kinds of request that a proxy makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Asks whether a request may reach the application.
    Check,
    /// Asks for the answer that the client gets instead.
    Instead,
    /// One of the gate's own pages.
    Page,
}

/// Reads a form, up to the first part with which it is longer than the gate takes. `None`: it did not come whole and in time.
async fn form(mut body: Incoming) -> Option<Vec<u8>> {
    let whole = async {
        let mut form = Vec::new();
        while form.len() <= Reading::LIMIT {
            match body.frame().await {
                None => break,
                Some(frame) => form.extend_from_slice(frame.ok()?.data_ref().map_or(&[], |it| it)),
            }
        }
        Some(form)
    };
    timeout(PATIENCE, whole).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::{env, fs, process};

    use serde_json::json;
    use tokio::sync::Semaphore;
    use xoxzo_2fa::{
        AsyncGuard, AsyncMemoryGuard, Charge, GuardError, HyperTransport, Scope, Totals, Wait,
        keygen,
    };

    use xoxzo_2fa_json::Home;

    use super::*;
    use crate::accept::{self, Serving};
    use crate::listen::Listener;
    use crate::proxy::Proxy;

    /// Ends of what must not take long.
    const LONG: Duration = Duration::from_secs(60);

    /// A store that says that it was asked, and answers when it may.
    struct Held {
        store: AsyncMemoryGuard,
        asked: Sender<()>,
        may: Arc<Semaphore>,
        broken: bool,
    }

    impl AsyncGuard for Held {
        fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
            Box::pin(async move {
                assert!(!self.broken, "a fault of the store");
                self.asked.send(()).unwrap();
                // It is closed when all may go on.
                let _closed = self.may.acquire().await;
                self.store.add(charges).await
            })
        }

        fn scope(&self) -> Scope {
            Scope::Process
        }
    }

    struct Running {
        address: String,
        serving: Serving,
        asked: Receiver<()>,
        may: Arc<Semaphore>,
    }

    fn running(name: &str, broken: bool) -> Running {
        let settings = json!({
            "two_factor": {
                "version": 1, "audience": "shop", "service": "Example Shop", "keys": [keygen().unwrap()],
                "guard": {"key": keygen().unwrap()}, "destinations": ["JP-mobile"],
                "xoxzo": {"sid": "sid", "auth_token": "auth-token", "sender": "Example", "base_url": "http://127.0.0.1:1"},
            },
            "gate": {
                "origin": "https://app.example",
                "identity": {"source": "danger_headers", "subject": "x-user", "phone": "x-phone", "session": "x-session"},
            },
            "serve": {},
        });
        let path = env::temp_dir().join(format!("xoxzo-2fa-serve-{}-{name}.json", process::id()));
        fs::write(&path, settings.to_string()).unwrap();
        let site = Site::read(&path, Proxy::Caddy, true, Home::Process(&[1; 16]));
        fs::remove_file(path).unwrap();
        let (asking, asked) = mpsc::channel();
        let may = Arc::new(Semaphore::new(0));
        let guard = Held {
            store: AsyncMemoryGuard::default(),
            asked: asking,
            may: Arc::clone(&may),
            broken,
        };
        let shared = Arc::new(Shared {
            site: ArcSwap::from_pointee(site.unwrap()),
            world: World {
                guard: Arc::new(guard),
                ledger: None,
                transport: Box::new(HyperTransport::default()),
            },
            metrics: Metrics::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        listener.set_nonblocking(true).unwrap();
        let serving = accept::run(workers(&shared), Listener::Tcp(listener), 1, 64);
        Running {
            address,
            serving: serving.unwrap(),
            asked,
            may,
        }
    }

    impl Running {
        fn begin(&self, path: &str, more: &str, body: &str) -> TcpStream {
            let mut stream = TcpStream::connect(&self.address).unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            let (verb, length) = match body.len() {
                0 => ("GET", 0),
                length => ("POST", length),
            };
            let user = "X-User: alice\r\nX-Phone: +819012345678\r\nX-Session: s1\r\nOrigin: https://app.example\r\n";
            let form = "Content-Type: application/x-www-form-urlencoded\r\n";
            let head = format!(
                "{verb} {path} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n{user}{form}{more}Content-Length: {length}\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(body.as_bytes()).unwrap();
            stream
        }

        fn ask(&self, path: &str, more: &str, body: &str) -> String {
            let mut answer = String::new();
            let mut stream = self.begin(path, more, body);
            stream.read_to_string(&mut answer).unwrap();
            answer
        }

        fn counted(&self) -> Vec<String> {
            let metrics = self.ask("/metrics", "", "");
            let lines = metrics.lines().filter(|line| {
                line.starts_with("xoxzo_2fa_gate_requests_total{") && !line.ends_with(" 0")
            });
            lines.map(ToString::to_string).collect()
        }
    }

    /// The cookie and the fields of the form that sends a message.
    fn form(running: &Running) -> (String, String) {
        let page = running.ask("/.2fa/", "", "");
        let part = |before: &str, after: char| {
            let (_, rest) = page.split_once(before).unwrap();
            rest.split_once(after).unwrap().0.to_string()
        };
        let cookie = format!("Cookie: {}\r\n", part("set-cookie: ", ';'));
        (
            cookie,
            format!("csrf={}", part("name=\"csrf\" value=\"", '"')),
        )
    }

    #[test]
    fn what_was_begun_is_noted_though_the_browser_hangs_up() {
        let running = running("hang-up", false);
        let (cookie, form) = form(&running);
        let browser = running.begin("/.2fa/start", &cookie, &form);
        running.asked.recv_timeout(LONG).unwrap();
        let before = running.counted();
        drop(browser);
        // The worker, which is one, answers this after it has seen the end of the other connection.
        assert_eq!(running.counted(), before);
        running.may.close();
        let noted = (0..10_000).any(|_| running.counted() != before);
        assert!(noted, "{before:?}");
        running.serving.stop().unwrap();
    }

    #[test]
    fn a_fault_lets_nothing_through() {
        let running = running("fault", true);
        let (cookie, form) = form(&running);
        let before = running.counted();
        let answer = running.ask("/.2fa/start", &cookie, &form);
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
        assert_eq!(running.counted(), before);
        running.serving.stop().unwrap();
    }
}
