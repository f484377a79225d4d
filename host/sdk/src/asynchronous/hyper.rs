//! HTTP through hyper and rustls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{self, TcpStream};
use tokio::time;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::{AsyncTransport, Wait};
use crate::transport::cause::{LATE, UNCONNECTED, UNRESOLVED, distrust, of_tls};
use crate::transport::{Body, Lost, WIRE};

/// The default transport: a connection for each request, no redirects, no second try, no proxy.
#[derive(Clone)]
pub struct HyperTransport {
    tls: TlsConnector,
}

impl Default for HyperTransport {
    fn default() -> Self {
        let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let config =
            ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("ring has what these versions need")
                .with_root_certificates(roots)
                .with_no_client_auth();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
        }
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport").finish_non_exhaustive()
    }
}

impl AsyncTransport for HyperTransport {
    fn send(
        &self,
        request: Request<Body>,
        timeout: Duration,
    ) -> Wait<'_, Result<Response<Vec<u8>>, Lost>> {
        Box::pin(async move {
            let began = time::Instant::now();
            // The stages before the request have less time than the whole, so that a timeout there is known as one.
            let early = began + timeout.mul_f32(0.6);
            let stream = time::timeout_at(early, self.connect(request.uri().clone())).await;
            let stream = stream.unwrap_or_else(|_| Err(not_sent(UNCONNECTED)))?;
            let exchange = exchange(stream, request, began + timeout);
            exchange.await
        })
    }
}

impl HyperTransport {
    /// A connection, and with it the proof of the server's name. No byte of a request is sent here.
    async fn connect(&self, uri: Uri) -> Result<Box<dyn Stream>, Lost> {
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let secure = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let addresses = net::lookup_host((host, port)).await;
        let addresses: Vec<_> = addresses.map_err(|_| not_sent(UNRESOLVED))?.collect();
        let tcp = TcpStream::connect(&*addresses).await;
        let tcp = tcp.map_err(|_| not_sent(UNCONNECTED))?;
        if !secure {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(host.to_string());
        let name = name.map_err(|_| not_sent("tls: the host name is none"))?;
        let tls = self.tls.connect(name, tcp).await;
        let tls = tls.map_err(|error| not_sent(of_tls(&error).map_or(BROKEN, distrust)))?;
        Ok(Box::new(tls))
    }
}

/// Sends the request and reads the answer. From here on, what is lost may have been taken.
async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Body>,
    end: time::Instant,
) -> Result<Response<Vec<u8>>, Lost> {
    let unknown = |why: &str| Lost::Unknown(why.to_string());
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|_| unknown("connection: it broke"))?;
    // Its own errors come through the sender; it ends when that is dropped.
    let connection = tokio::spawn(connection);
    let answer = async {
        let response = sender.send_request(in_origin_form(request)).await;
        let response = response.map_err(|_| unknown("connection: it broke"))?;
        let (parts, body) = response.into_parts();
        // What the status says is known even if the body is lost: 4xx is a refusal, anything else unreadable.
        Ok(Response::from_parts(parts, read(body, end).await))
    };
    let answer = time::timeout_at(end, answer).await;
    connection.abort();
    answer.unwrap_or_else(|_| Err(unknown(LATE)))
}

/// A request with a path, and the host in a header (RFC 9112, 3.2.1).
fn in_origin_form(request: Request<Body>) -> Request<Full<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().map(|authority| authority.as_str());
    let host = authority.and_then(|authority| HeaderValue::from_str(authority).ok());
    parts.headers.extend(host.map(|host| (header::HOST, host)));
    let agent = HeaderValue::from_static(concat!("xoxzo-2fa/", env!("CARGO_PKG_VERSION")));
    parts.headers.insert(header::USER_AGENT, agent);
    let path = parts.uri.path_and_query().cloned();
    parts.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    Request::from_parts(parts, Full::new(Bytes::from(body.0)))
}

/// The body, as far as it comes in time and fits; nothing of one that does not.
async fn read(mut body: hyper::body::Incoming, end: time::Instant) -> Vec<u8> {
    let mut read = Vec::new();
    loop {
        match time::timeout_at(end, body.frame()).await {
            Ok(None) => return read,
            Ok(Some(Ok(frame))) => read.extend_from_slice(frame.data_ref().map_or(&[], |it| it)),
            Ok(Some(Err(_))) | Err(_) => return Vec::new(),
        }
        if read.len() as u64 > WIRE {
            return Vec::new();
        }
    }
}

/// The longest head of a response, in bytes. hyper reads so much at once: heads without end leave time for others between two reads.
const HEAD: usize = 16 * 1024;

const BROKEN: &str = "tls: no handshake";

fn not_sent(why: &str) -> Lost {
    Lost::NotSent(why.to_string())
}

/// Bytes both ways.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}
