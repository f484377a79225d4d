//! Connections: workers that share one socket, each a thread with a runtime of its own. A request that waits holds up no other.

use std::convert::Infallible;
use std::fmt;
use std::io::{self, Error};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::runtime;
use tokio::sync::watch;
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{sleep, timeout};

use crate::answer::Answer;
use crate::connection::{Connections, Patience};
use crate::listen::Listener;

/// Connections of a server, unless it is told otherwise: with a call to Xoxzo for some of them, fewer than the 1,024 handles that systems give.
pub(crate) const CONNECTIONS: u32 = 768;
/// Time for requests that are being answered when the server is stopped. A message to Xoxzo takes 30 s at most.
const LAST: Duration = Duration::from_secs(35);
/// Time until the next connection is accepted where the system has no more handles.
const PAUSE: Duration = Duration::from_millis(50);

/// One worker's part of a server.
pub(crate) trait Service {
    /// Answers a request.
    async fn answer(&self, request: Request<Incoming>) -> Answer;
}

/// A server that runs, until it is stopped.
#[must_use]
pub struct Serving {
    stop: watch::Sender<()>,
    workers: Vec<JoinHandle<io::Result<()>>>,
}

impl Serving {
    /// Ends the server. What it is answering then is finished, within 35 s.
    ///
    /// # Errors
    ///
    /// A worker ended before: the system gave it no handle.
    pub fn stop(self) -> io::Result<()> {
        let Self { stop, workers } = self;
        drop(stop);
        for worker in workers {
            worker
                .join()
                .map_err(|_| Error::other("a worker has ended"))??;
        }
        Ok(())
    }
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving")
            .field("workers", &self.workers.len())
            .finish_non_exhaustive()
    }
}

/// Runs workers, which have so many connections at most.
///
/// # Errors
///
/// The system gives no thread.
pub(crate) fn run<S: Service + 'static>(
    service: impl Fn() -> S + Clone + Send + 'static,
    listener: Listener,
    workers: usize,
    connections: u32,
) -> io::Result<Serving> {
    let connections = usize::try_from(connections).map_err(Error::other)?;
    let most = connections.div_ceil(workers);
    let (stop, stopped) = watch::channel(());
    let listener = Arc::new(listener);
    let worker = |number: usize| {
        let (service, listener, stop) = (service.clone(), Arc::clone(&listener), stopped.clone());
        let name = format!("serve {number}");
        thread::Builder::new()
            .name(name)
            .spawn(move || work(service(), &listener, most, stop))
    };
    let workers = (0..workers).map(worker).collect::<io::Result<_>>()?;
    Ok(Serving { stop, workers })
}

fn work<S: Service + 'static>(
    service: S,
    listener: &Listener,
    most: usize,
    mut stop: watch::Receiver<()>,
) -> io::Result<()> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, async move {
        let accepting = listener.share()?;
        let worker = Rc::new(service);
        let graceful = GracefulShutdown::new();
        let connections = Connections::new(most, Patience::LONG);
        loop {
            let stream = tokio::select! {
                stream = accepting.accept() => stream,
                _ = stop.changed() => break,
            };
            let Ok(stream) = stream else {
                sleep(PAUSE).await;
                continue;
            };
            // Where there is no place, the connection ends here.
            let Some(place) = connections.enter().map(Rc::new) else {
                continue;
            };
            let stream = place.timed(stream);
            let (worker, answering) = (Rc::clone(&worker), Rc::clone(&place));
            let service = service_fn(move |request| {
                let (worker, busy) = (Rc::clone(&worker), answering.busy());
                async move {
                    let answer = worker.answer(request).await;
                    drop(busy);
                    Ok::<_, Infallible>(answer)
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(Patience::LONG.idle)
                .serve_connection(TokioIo::new(stream), service);
            let connection = graceful.watch(connection);
            spawn_local(async move {
                // A connection that broke has nobody to tell.
                tokio::select! {
                    _broken = connection => {}
                    () = place.closed() => {}
                }
            });
        }
        // What is still being answered then is cut off.
        let _late = timeout(LAST, graceful.shutdown()).await;
        Ok(())
    })
}
