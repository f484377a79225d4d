//! A Xoxzo in memory that takes every message, and a clock that can be set back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use xoxzo_2fa::{AsyncTransport, Body, Lost, Transport, Wait};

type Answer = Result<http::Response<Vec<u8>>, Lost>;

#[derive(Clone, Default)]
pub(crate) struct Xoxzo(Arc<Mutex<Vec<String>>>);

impl Xoxzo {
    /// The codes that arrived since they were last taken.
    pub(crate) fn codes(&self) -> Vec<String> {
        let bodies = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        bodies.iter().filter_map(|body| code(body)).collect()
    }

    fn take(&self, request: &http::Request<Body>) -> Answer {
        let body = request.body().as_str().to_string();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(body);
        Ok(http::Response::new(br#"[{"msgid":"m1"}]"#.to_vec()))
    }
}

fn code(body: &str) -> Option<String> {
    let message = body.split('&').next()?;
    let mut runs = message.split(|letter: char| !letter.is_ascii_digit());
    runs.find(|run| run.len() == 6).map(str::to_string)
}

impl Transport for Xoxzo {
    fn send(&self, request: http::Request<Body>, _: Duration) -> Answer {
        self.take(&request)
    }
}

impl AsyncTransport for Xoxzo {
    fn send(&self, request: http::Request<Body>, _: Duration) -> Wait<'_, Answer> {
        Box::pin(async move { self.take(&request) })
    }
}

#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn set_back(&self, seconds: u64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> SystemTime {
        SystemTime::now() - Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}
