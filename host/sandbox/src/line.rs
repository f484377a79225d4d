//! Connections that can be cut.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// The listeners on one address.
pub(crate) struct Lines(pub(crate) TcpListener);

/// One connection.
pub(crate) struct Line {
    stream: TcpStream,
    knife: Knife,
}

/// Cuts the connection of a request, instead of its answer.
#[derive(Clone, Default)]
pub(crate) struct Knife(Arc<AtomicU8>);

const CLOSE: u8 = 1;
const RESET: u8 = 2;

impl Knife {
    /// Closes the connection before the next byte is written.
    pub(crate) fn close(&self) {
        self.0.store(CLOSE, Ordering::SeqCst);
    }

    /// The same, so that the other end sees a reset.
    pub(crate) fn reset(&self) {
        self.0.store(RESET, Ordering::SeqCst);
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let line = Line {
            stream,
            knife: Knife::default(),
        };
        (line, address)
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Lines>> for Knife {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.io().knife.clone()
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        match self.knife.0.load(Ordering::SeqCst) {
            0 => return Pin::new(&mut self.stream).poll_write(context, bytes),
            RESET => self.stream.set_zero_linger()?,
            _ => {}
        }
        Poll::Ready(Err(Error::from(ErrorKind::ConnectionAborted)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
