//! What answers the client: a clock, a Xoxzo and a guard that do as they are told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};
use xoxzo_2fa::{
    AsyncGuard, AsyncTransport, Body, Charge, Event, Guard, GuardError, Lost, MemoryGuard, Scope,
    Totals, Transport, Wait,
};

/// One that every part of a client shares.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    scope: Scope,
    memory: MemoryGuard,
    told: Arc<Mutex<Told>>,
}

pub(crate) struct Told {
    /// Seconds since 1970, with a fraction.
    now: f64,
    ahead: u64,
    xoxzo: Value,
    guard: Value,
    pub(crate) requests: Vec<Value>,
    pub(crate) events: Vec<Value>,
}

impl World {
    pub(crate) fn new(document: &str, now: f64) -> Self {
        let told = Arc::new(Mutex::new(Told {
            now,
            ahead: 0,
            xoxzo: json!({"status": 201, "body": r#"[{"msgid":"m1"}]"#}),
            guard: json!("memory"),
            requests: Vec::new(),
            events: Vec::new(),
        }));
        let document: Value = serde_json::from_str(document).unwrap_or_default();
        let clock = Arc::clone(&told);
        let memory = MemoryGuard::danger_with_clock(1_000_000, move |_| {
            let told = clock.lock().unwrap_or_else(PoisonError::into_inner);
            Duration::from_secs_f64(told.now)
        });
        Self(Arc::new(Inner {
            scope: match document["guard"]["scope"].as_str() {
                Some("shared") => Scope::Shared,
                _ => Scope::Process,
            },
            memory,
            told,
        }))
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what its clock, the guard or Xoxzo is to say from now on. False: this is something else.
    pub(crate) fn takes(&self, kind: &str, content: &Value) -> bool {
        let mut told = self.told();
        match kind {
            "now" => told.now = content.as_f64().unwrap_or(0.0),
            "ahead" => told.ahead = content.as_u64().unwrap_or(0),
            "xoxzo" => told.xoxzo = content.clone(),
            "guard" => told.guard = content.clone(),
            _ => return false,
        }
        true
    }

    pub(crate) fn now(&self) -> SystemTime {
        let told = self.told();
        UNIX_EPOCH + Duration::from_secs_f64(told.now) + Duration::from_secs(told.ahead)
    }

    pub(crate) fn keep(&self, event: &Event) {
        let event = serde_json::from_str(&event.to_json());
        self.told().events.push(event.unwrap_or_default());
    }

    fn count(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let guard = self.told().guard.clone();
        match guard["no_answer"].as_str() {
            Some("guard-full") => Err(GuardError::Full),
            Some(_) => Err(GuardError::Unreachable(text(&guard["cause"]))),
            None => Guard::add(&self.0.memory, charges),
        }
    }

    fn exchange(
        &self,
        request: &http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        let headers: Map<_, _> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), json!(value.to_str().ok())))
            .collect();
        let mut told = self.told();
        told.requests.push(json!({
            "method": request.method().as_str(), "url": request.uri().to_string(), "headers": headers,
            "body": request.body().as_str(), "timeout_milliseconds": u64::try_from(timeout.as_millis()).ok(),
        }));
        let cause = || text(&told.xoxzo["cause"]);
        match told.xoxzo["no_answer"].as_str() {
            Some("not-sent") => return Err(Lost::NotSent(cause())),
            Some(_) => return Err(Lost::Unknown(cause())),
            None => {}
        }
        let status = told.xoxzo["status"].as_u64().unwrap_or(0);
        let mut response = http::Response::builder().status(u16::try_from(status).unwrap_or(0));
        if let Some(wait) = told.xoxzo["retry_after"].as_str() {
            response = response.header("retry-after", wait);
        }
        let body = told.xoxzo["body"].as_str().unwrap_or_default();
        response
            .body(body.as_bytes().to_vec())
            .map_err(|error| Lost::Unknown(error.to_string()))
    }
}

impl Guard for World {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.count(charges)
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }
}

impl AsyncGuard for World {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        Box::pin(async {
            tokio::task::yield_now().await;
            self.count(charges)
        })
    }

    fn scope(&self) -> Scope {
        self.0.scope
    }
}

impl Transport for World {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Result<http::Response<Vec<u8>>, Lost> {
        self.exchange(&request, timeout)
    }
}

impl AsyncTransport for World {
    fn send(
        &self,
        request: http::Request<Body>,
        timeout: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.exchange(&request, timeout)
        })
    }
}

fn text(given: &Value) -> String {
    given.as_str().unwrap_or_default().to_string()
}
