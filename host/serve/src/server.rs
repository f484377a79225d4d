//! The server: workers that share one socket, one guard and the settings in effect.
//!
//! Each worker is a thread with a runtime and a cache of its own, as each worker of Envoy has. A request that waits for Xoxzo holds up no other.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};
use xoxzo_2fa_gate::{Cache, Reading};

use crate::answer::{self, Answer};
use crate::facts::{self, Facts, Untrusted};
use crate::judge::{Decision, Judged, World, seconds};
use crate::listen::Listener;
use crate::metrics::Metrics;
use crate::proxy::Dialect;
use crate::site::Site;

/// Time that a connection may be idle. Proxies keep theirs for a minute or two: if the server ended one first, a form could be lost on the way.
const IDLE: Duration = Duration::from_secs(300);
/// Time for the body of a form.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time for requests that are being answered when the server is stopped. A message to Xoxzo takes 30 s at most.
const LAST: Duration = Duration::from_secs(35);
/// Time until the next connection is accepted where the system has no more handles.
const PAUSE: Duration = Duration::from_millis(50);

/// State that all workers share.
pub(crate) struct Shared {
    pub(crate) site: ArcSwap<Site>,
    pub(crate) world: World,
    pub(crate) metrics: Metrics,
}

/// Runs workers until `stop` changes or its sender is gone, and lets each finish what it answers.
///
/// # Errors
///
/// The system gives no thread, runtime or handle.
pub(crate) fn run(
    shared: &Arc<Shared>,
    listener: &Arc<Listener>,
    workers: usize,
    stop: &watch::Receiver<()>,
) -> io::Result<Vec<JoinHandle<io::Result<()>>>> {
    let worker = |number: usize| {
        let (shared, listener, stop) = (Arc::clone(shared), Arc::clone(listener), stop.clone());
        let name = format!("serve {number}");
        thread::Builder::new()
            .name(name)
            .spawn(move || work(shared, &listener, stop))
    };
    (0..workers).map(worker).collect()
}

fn work(shared: Arc<Shared>, listener: &Listener, mut stop: watch::Receiver<()>) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async move {
        let accepting = listener.share()?;
        let worker = Rc::new(Worker {
            shared,
            cache: RefCell::default(),
        });
        let graceful = GracefulShutdown::new();
        loop {
            let stream = tokio::select! {
                stream = accepting.accept() => stream,
                _ = stop.changed() => break,
            };
            let Ok(stream) = stream else {
                sleep(PAUSE).await;
                continue;
            };
            let worker = Rc::clone(&worker);
            let service = service_fn(move |request| {
                let worker = Rc::clone(&worker);
                async move { Ok::<_, Infallible>(worker.answer(request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(IDLE)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            spawn_local(async move {
                // A connection that broke has nobody to tell.
                let _broken = connection.await;
            });
        }
        // What is still being answered then is cut off.
        let _late = timeout(LAST, graceful.shutdown()).await;
        Ok(())
    })
}

struct Worker {
    shared: Arc<Shared>,
    cache: RefCell<Cache>,
}

impl Worker {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let site = self.shared.site.load_full();
        let path = request.uri().path();
        let place = match path {
            "/check" => Place::Check,
            "/answer" if site.proxy.dialect() == Dialect::AuthRequest => Place::Instead,
            "/health" => return answer::plain(StatusCode::OK, "ok\n"),
            "/ready" => return self.ready().await,
            "/metrics" => return answer::plain(StatusCode::OK, self.shared.metrics.text()),
            path if path == "/.2fa" || path.starts_with("/.2fa/") => Place::Page,
            _ => return answer::plain(StatusCode::NOT_FOUND, "not found\n"),
        };
        match self.decide(&site, place, request).await {
            Ok(answer) => answer,
            Err(Untrusted(why)) => {
                self.shared.metrics.refuse();
                eprintln!("{{\"event\":\"rejected_proxy\",\"cause\":\"{why}\"}}");
                answer::plain(StatusCode::FORBIDDEN, "")
            }
        }
    }

    /// Tells whether the counters answer. Xoxzo is not asked: without it, requests with a pass still get through.
    async fn ready(&self) -> Answer {
        match self.shared.world.ready().await {
            Ok(()) => answer::plain(StatusCode::OK, "ready\n"),
            Err(why) => {
                eprintln!("xoxzo-2fa-serve: not ready: {why}");
                answer::plain(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the counters do not answer\n",
                )
            }
        }
    }

    async fn decide(
        &self,
        site: &Site,
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
        let (client, world) = (facts.client.clone(), &self.shared.world);
        let judged = world.judge(site, &self.cache, facts, claims.unwrap_or_default());
        let decision = match (judged.await, place) {
            (Judged::Decided(decision), _) => decision,
            (Judged::Reads(reading), Place::Page) => {
                let Some(form) = form(body).await else {
                    return Ok(answer::plain(StatusCode::REQUEST_TIMEOUT, ""));
                };
                match world.read(site, reading, &form, client.as_deref()).await {
                    Judged::Decided(decision) => decision,
                    Judged::Reads(_) => return Ok(answer::plain(StatusCode::FORBIDDEN, "")),
                }
            }
            // A form of the gate that came by another way than its own.
            (Judged::Reads(_), Place::Check | Place::Instead) => {
                return Ok(answer::plain(StatusCode::FORBIDDEN, ""));
            }
        };
        self.note(site, place, &decision, client.as_deref());
        Ok(match place {
            Place::Check => answer::check(site.proxy.dialect(), &decision),
            Place::Instead => answer::instead(&decision),
            Place::Page => match &decision {
                Decision::Respond(response) => answer::page(response),
                Decision::Forward(_) => answer::plain(StatusCode::FORBIDDEN, ""),
            },
        })
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
            eprintln!("{}", note.line(response.event, purpose, client));
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
