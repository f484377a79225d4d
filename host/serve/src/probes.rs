//! A port for whoever watches the server: its health and its counters, and nothing that decides.

use http::{Request, StatusCode};
use hyper::body::Incoming;

use crate::accept::Service;
use crate::answer::{self, Answer};

/// A server's answers to probes alone.
pub(crate) struct Probes<S>(pub(crate) S);

impl<S: Service> Service for Probes<S> {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        match request.uri().path() {
            "/health" | "/ready" | "/metrics" => self.0.answer(request).await,
            _ => answer::plain(StatusCode::NOT_FOUND, "not found\n"),
        }
    }
}
