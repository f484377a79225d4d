//! Connections that are open: how many there may be, and how long each may keep the server waiting.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep_until};

/// Ends of time of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Patience {
    /// Time for the head of a request, from its first byte on; for the first request, from the connection on.
    pub(crate) head: Duration,
    /// Time between requests. Proxies keep connections for a minute or two: if the server ended one first, a form could be lost on the way.
    pub(crate) idle: Duration,
}

impl Patience {
    /// The server's.
    pub(crate) const LONG: Self = Self {
        head: Duration::from_secs(10),
        idle: Duration::from_secs(300),
    };
}

/// The open connections of one worker.
pub(crate) struct Connections {
    most: usize,
    patience: Patience,
    next: Cell<u64>,
    open: RefCell<BTreeMap<u64, Rc<Watch>>>,
}

/// A place among the open connections. It is free again when this is dropped.
pub(crate) struct Place {
    connections: Rc<Connections>,
    number: u64,
    watch: Rc<Watch>,
}

/// The state of a connection.
struct Watch {
    patience: Patience,
    phase: Cell<Phase>,
    since: Cell<Instant>,
    /// Told when the place is needed for another.
    closed: Notify,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No byte of the next request has come.
    Idle,
    /// The head of a request is coming.
    Head,
    /// A request is being answered.
    Busy,
}

impl Connections {
    pub(crate) fn new(most: usize, patience: Patience) -> Rc<Self> {
        Rc::new(Self {
            most,
            patience,
            next: Cell::default(),
            open: RefCell::default(),
        })
    }

    /// Takes a place. If there is none, the connection that has kept the server waiting longest gives up its own. `None`: all are being answered.
    pub(crate) fn enter(self: &Rc<Self>) -> Option<Place> {
        let mut open = self.open.borrow_mut();
        if open.len() >= self.most {
            let waiting = open
                .iter()
                .filter(|(_, watch)| watch.phase.get() != Phase::Busy);
            let (&number, _) = waiting.min_by_key(|(_, watch)| watch.since.get())?;
            open.remove(&number)?.closed.notify_one();
        }
        let number = self.next.get();
        self.next.set(number + 1);
        let watch = Rc::new(Watch {
            patience: self.patience,
            phase: Cell::new(Phase::Head),
            since: Cell::new(Instant::now()),
            closed: Notify::new(),
        });
        open.insert(number, Rc::clone(&watch));
        Some(Place {
            connections: Rc::clone(self),
            number,
            watch,
        })
    }
}

impl Place {
    /// The stream with its ends of time.
    pub(crate) fn timed<S>(&self, stream: S) -> Timed<S> {
        let watch = Rc::clone(&self.watch);
        let late = Box::pin(sleep_until(watch.since.get() + watch.patience.head));
        Timed {
            stream,
            watch,
            late,
        }
    }

    /// Marks the connection as busy while a request is being answered.
    pub(crate) fn busy(&self) -> Busy {
        self.watch.enter(Phase::Busy);
        Busy(Rc::clone(&self.watch))
    }

    /// Waits until the place is needed for another connection.
    pub(crate) async fn closed(&self) {
        self.watch.closed.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.open.borrow_mut().remove(&self.number);
    }
}

impl Watch {
    fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(Instant::now());
    }

    /// The end of this phase.
    fn end(&self) -> Option<Instant> {
        match self.phase.get() {
            Phase::Idle => Some(self.since.get() + self.patience.idle),
            Phase::Head => Some(self.since.get() + self.patience.head),
            Phase::Busy => None,
        }
    }
}

/// A request that is being answered.
pub(crate) struct Busy(Rc<Watch>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.enter(Phase::Idle);
    }
}

/// A stream that fails to read once the other side has kept it waiting too long.
pub(crate) struct Timed<S> {
    stream: S,
    watch: Rc<Watch>,
    late: Pin<Box<Sleep>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(end) = this.watch.end() {
            if this.late.deadline() != end {
                this.late.as_mut().reset(end);
            }
            if this.late.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(ErrorKind::TimedOut.into()));
            }
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before && this.watch.phase.get() == Phase::Idle {
            this.watch.enter(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::net::UnixStream;
    use tokio::runtime::Builder;
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const NEVER: Duration = Duration::from_secs(600);

    fn run(test: impl Future<Output = ()>) {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(test);
    }

    async fn read(stream: &mut Timed<UnixStream>) -> io::Result<usize> {
        let mut byte = [0; 1];
        let mut buffer = ReadBuf::new(&mut byte);
        poll_fn(|context| Pin::new(&mut *stream).poll_read(context, &mut buffer)).await?;
        Ok(buffer.filled().len())
    }

    async fn ends(stream: &mut Timed<UnixStream>) {
        let late = read(stream).await.unwrap_err();
        assert_eq!(late.kind(), ErrorKind::TimedOut);
    }

    fn connections(most: usize, head: Duration, idle: Duration) -> Rc<Connections> {
        Connections::new(most, Patience { head, idle })
    }

    #[test]
    fn a_head_that_drips_ends() {
        run(async {
            let place = connections(1, SHORT, NEVER).enter().unwrap();
            let (client, server) = UnixStream::pair().unwrap();
            let mut server = place.timed(server);
            drop(place.busy());
            let begun = Instant::now();
            let late = loop {
                client.writable().await.unwrap();
                client.try_write(b"x").unwrap();
                match read(&mut server).await {
                    Ok(size) => assert_eq!(size, 1),
                    Err(error) => break error,
                }
            };
            assert_eq!(late.kind(), ErrorKind::TimedOut);
            assert!(begun.elapsed() >= SHORT);
        });
    }

    #[test]
    fn a_connection_without_a_byte_has_the_time_of_a_head() {
        run(async {
            let place = connections(1, SHORT, NEVER).enter().unwrap();
            let (_client, server) = UnixStream::pair().unwrap();
            ends(&mut place.timed(server)).await;
        });
    }

    #[test]
    fn between_requests_there_is_more_time_and_during_one_no_end() {
        run(async {
            let place = connections(1, NEVER, SHORT).enter().unwrap();
            let (_client, server) = UnixStream::pair().unwrap();
            let mut server = place.timed(server);
            let busy = place.busy();
            assert!(timeout(SHORT * 2, read(&mut server)).await.is_err());
            drop(busy);
            let begun = Instant::now();
            ends(&mut server).await;
            assert!(begun.elapsed() >= SHORT);
        });
    }

    #[test]
    fn who_waits_longest_gives_way_and_who_is_answered_does_not() {
        run(async {
            let connections = connections(2, NEVER, NEVER);
            let first = connections.enter().unwrap();
            while first.watch.since.get() == Instant::now() {}
            let second = connections.enter().unwrap();
            let third = connections.enter().unwrap();
            first.closed().await;
            drop(first);
            assert_eq!(connections.open.borrow().len(), 2);
            let _both = (second.busy(), third.busy());
            assert!(connections.enter().is_none());
            drop((second, third));
            assert!(connections.open.borrow().is_empty());
        });
    }
}
