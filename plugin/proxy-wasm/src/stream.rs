//! One request: Envoy's callbacks on one side, the gate's turns on the other.
//!
//! The request is held at its head until the gate has decided, so that nothing of it reaches the application before.

use std::mem;
use std::rc::Rc;
use std::time::Duration;

use log::{info, warn};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use xoxzo_2fa_core::{Answer, Charge, NoAnswer};
use xoxzo_2fa_gate::{Forward, GateResponse, GateTurn, Reading, Waiting};

use crate::host::{self, EnvoyRandom, SharedData};
use crate::shared::SharedState;
use crate::{exchange, guard};

/// Bytes of a body that are read: one more than may be, so that the gate sees that there are more.
const MOST: usize = Reading::LIMIT.saturating_add(1);

/// A request.
pub(crate) struct Stream {
    shared: Option<Rc<SharedState>>,
    stage: Stage,
    /// A `set-cookie` for the application's answer.
    cookie: Option<Rc<str>>,
}

enum Stage {
    /// It has not begun, or is decided.
    Idle,
    /// Its body is coming.
    Reading(Reading),
    /// Xoxzo is asked.
    Sending(Waiting),
}

impl Stream {
    pub(crate) fn new(shared: Option<Rc<SharedState>>) -> Self {
        Self {
            shared,
            stage: Stage::Idle,
            cookie: None,
        }
    }

    /// Goes on until something has to be waited for.
    fn go_on(&mut self, shared: &SharedState, now: Duration, mut turn: GateTurn) -> Action {
        let seconds = host::seconds(now);
        loop {
            let (waiting, answer) = match turn {
                GateTurn::Forward(forward) => return self.forward(shared, forward),
                GateTurn::Respond(response) => return respond(shared, &response),
                GateTurn::Read(reading) => {
                    self.stage = Stage::Reading(reading);
                    return Action::Pause;
                }
                GateTurn::Count(charges, waiting) => (waiting, count(shared, &charges)),
                GateTurn::Send(call, waiting) => match exchange::call(&shared.cluster, &call) {
                    Ok(()) => {
                        self.stage = Stage::Sending(waiting);
                        return Action::Pause;
                    }
                    Err(cause) => (waiting, Answer::Unanswered(NoAnswer::NotSent, cause)),
                },
            };
            turn = shared
                .gate
                .resume(waiting, seconds, answer, &mut EnvoyRandom);
        }
    }

    fn forward(&mut self, shared: &SharedState, forward: Forward) -> Action {
        shared.metrics.count(forward.event);
        if !exchange::change(&forward) {
            return fail("headers could not be changed");
        }
        self.cookie = forward.cookie;
        Action::Continue
    }

    /// Handles a form whose body is complete and `size` bytes long.
    fn read(&mut self, reading: Reading, size: usize) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let (body, client) = (exchange::body(size.min(MOST)), exchange::client());
        let now = host::now();
        let seconds = host::seconds(now);
        let turn = shared
            .gate
            .read(reading, seconds, &body, client.as_deref(), &mut EnvoyRandom);
        self.go_on(&shared, now, turn);
    }

    /// The form whose body is coming.
    fn reading(&mut self) -> Option<Reading> {
        match mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Reading(reading) => Some(reading),
            other => {
                self.stage = other;
                None
            }
        }
    }

    fn is_waiting(&self) -> bool {
        !matches!(self.stage, Stage::Idle)
    }
}

impl Context for Stream {
    fn on_http_call_response(&mut self, _: u32, headers: usize, body: usize, _: usize) {
        let stage = mem::replace(&mut self.stage, Stage::Idle);
        let (Some(shared), Stage::Sending(waiting)) = (self.shared.clone(), stage) else {
            return;
        };
        let answer = exchange::reply(headers, body);
        let now = host::now();
        let seconds = host::seconds(now);
        let turn = shared
            .gate
            .resume(waiting, seconds, answer, &mut EnvoyRandom);
        if self.go_on(&shared, now, turn) == Action::Continue {
            self.resume_http_request();
        }
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _: usize, ends: bool) -> Action {
        let Some(shared) = self.shared.clone() else {
            return fail("there is no configuration");
        };
        let Some(head) = exchange::head() else {
            return fail("there are no headers");
        };
        let claims = exchange::claims(shared.gate.identity());
        let now = host::now();
        let turn = {
            let (seconds, mut cache) = (host::seconds(now), shared.cache.borrow_mut());
            let gate = &shared.gate;
            gate.open(&mut cache, seconds, head, ends, claims, &mut EnvoyRandom)
        };
        let action = self.go_on(&shared, now, turn);
        if ends && let Some(reading) = self.reading() {
            self.read(reading, 0);
        }
        action
    }

    fn on_http_request_body(&mut self, size: usize, ends: bool) -> Action {
        // What is too long is answered without waiting for its end.
        if (ends || size >= MOST)
            && let Some(reading) = self.reading()
        {
            self.read(reading, size);
            return Action::Pause;
        }
        if self.is_waiting() {
            Action::Pause
        } else {
            Action::Continue
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        // Trailers end a body as well as its last byte does.
        if let Some(reading) = self.reading() {
            self.read(reading, MOST);
            return Action::Pause;
        }
        if self.is_waiting() {
            return Action::Pause;
        }
        let (Some(shared), Some(trailers)) = (&self.shared, exchange::trailers()) else {
            return fail("there are no trailers");
        };
        if exchange::remove_trailers(&shared.gate.foreign_trailers(&trailers)) {
            Action::Continue
        } else {
            fail("trailers could not be removed")
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        if let Some(cookie) = self.cookie.take() {
            // A shared cache must not give somebody else's cookie.
            self.set_http_response_header("cache-control", Some("no-store"));
            self.add_http_response_header("set-cookie", &cookie);
        }
        Action::Continue
    }
}

fn respond(shared: &SharedState, response: &GateResponse) -> Action {
    shared.metrics.count(response.event);
    if let Some(note) = &response.note {
        if let Some(alarm) = note.alarm() {
            shared.metrics.alarm(alarm);
        }
        let purpose = shared.gate.purpose();
        let line = note.line(response.event, purpose, exchange::client().as_deref());
        if note.is_warning() {
            warn!("{line}");
        } else {
            info!("{line}");
        }
    }
    exchange::respond(response);
    Action::Pause
}

fn fail(why: &str) -> Action {
    exchange::fail(why);
    Action::Pause
}

fn count(shared: &SharedState, charges: &[Charge]) -> Answer {
    let Some(now) = host::monotonic() else {
        let cause = "envoy: no monotonic clock".to_string();
        return Answer::Unanswered(NoAnswer::GuardUnreachable, cause);
    };
    match guard::add(&SharedData, charges, now, || shared.metrics.conflict()) {
        Ok(totals) => Answer::Totals(totals),
        Err(no_answer) => {
            let cause = match no_answer {
                NoAnswer::GuardFull => {
                    "full: no room for a new counter until one ends; shorter windows in the settings free room sooner"
                }
                _ => "busy: other workers changed the counters again and again",
            };
            Answer::Unanswered(no_answer, cause.to_string())
        }
    }
}
