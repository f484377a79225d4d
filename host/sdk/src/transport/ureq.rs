//! HTTP through ureq and rustls.

use std::fmt;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use ureq::{Agent, AsSendBody, Error, Timeout};

use super::cause::{LATE, UNCONNECTED, UNRESOLVED, distrust, of_tls};
use super::{Body, Lost, Transport, WIRE};
use crate::process::PerProcess;

/// The default transport: a connection for each request, no redirects, no second try, no proxy.
#[derive(Clone)]
pub struct UreqTransport {
    agent: Arc<PerProcess<Agent>>,
}

impl Default for UreqTransport {
    fn default() -> Self {
        Self {
            agent: Arc::new(PerProcess::new(Self::agent(), Self::agent)),
        }
    }
}

impl UreqTransport {
    fn agent() -> Agent {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // A kept connection that the server has closed would lose a request that was never read.
            .max_idle_connections(0)
            .user_agent(concat!("xoxzo-2fa/", env!("CARGO_PKG_VERSION")));
        config.build().into()
    }
}

impl fmt::Debug for UreqTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UreqTransport").finish_non_exhaustive()
    }
}

impl Transport for UreqTransport {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        if request.method() == http::Method::GET {
            return self.exchange(request.map(|_| ()), timeout);
        }
        self.exchange(request.map(|body| body.0), timeout)
    }
}

impl UreqTransport {
    fn exchange(
        &self,
        request: http::Request<impl AsSendBody>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let agent = self.agent.get();
        let request = agent.configure_request(request);
        // The stages before the request have less time than the whole, so that a timeout there is known as one.
        let early = timeout.mul_f32(0.6);
        let request = request
            .timeout_global(Some(timeout))
            .timeout_resolve(Some(early))
            .timeout_connect(Some(early))
            .build();
        let response = agent.run(request).map_err(|error| lost(&error))?;
        let (parts, body) = response.into_parts();
        let read = body.into_with_config().limit(WIRE).read_to_vec();
        // What the status says is known even if the body is lost: 4xx is a refusal, anything else unreadable.
        Ok(http::Response::from_parts(parts, read.unwrap_or_default()))
    }
}

/// Finds the stage at which an exchange ended. Whatever is not surely before the request counts as after it.
fn lost(error: &Error) -> Lost {
    match error {
        Error::HostNotFound | Error::Timeout(Timeout::Resolve) => {
            Lost::NotSent(UNRESOLVED.to_string())
        }
        Error::ConnectionFailed | Error::Timeout(Timeout::Connect) => {
            Lost::NotSent(UNCONNECTED.to_string())
        }
        Error::Io(error)
            if matches!(
                error.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
            ) =>
        {
            Lost::NotSent(UNCONNECTED.to_string())
        }
        Error::Io(error) if unresolved(error) => Lost::NotSent(UNRESOLVED.to_string()),
        Error::Rustls(fault) => Lost::NotSent(distrust(fault).to_string()),
        Error::Tls(_) => Lost::NotSent("tls: no handshake".to_string()),
        Error::Timeout(_) => Lost::Unknown(LATE.to_string()),
        Error::Io(error) => match of_tls(error) {
            Some(fault) if is_before_request(fault) => Lost::NotSent(distrust(fault).to_string()),
            _ => Lost::Unknown(format!("connection: it broke: {}", error.kind())),
        },
        _ => Lost::Unknown("http: no readable answer".to_string()),
    }
}

/// A failure of name resolution comes as one of I/O: without a code of the system on Unix, where only its text tells, and
/// with one of these on Windows (WSAHOST_NOT_FOUND, WSATRY_AGAIN, WSANO_RECOVERY, WSANO_DATA).
fn unresolved(error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(code) => cfg!(windows) && (11_001..=11_004).contains(&code),
        None => error
            .to_string()
            .starts_with("failed to lookup address information"),
    }
}

/// Recognises faults that only a handshake ends with, before any byte of a request. Other faults of TLS may come after it.
fn is_before_request(fault: &rustls::Error) -> bool {
    matches!(
        fault,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::PeerIncompatible(_)
    )
}
