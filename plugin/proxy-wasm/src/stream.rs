//! One request: Envoy's callbacks on one side, the gate's turns on the other.
//!
//! The request is held at its head until the gate has decided, so that nothing of it reaches the application before.

use std::mem;
use std::rc::Rc;
use std::time::Duration;

use log::{info, warn};
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;
use xoxzo_2fa_core::{Answer, Charge, NoAnswer, Request};
use xoxzo_2fa_gate::{Fleet, Forward, Gate, GateResponse, GateTurn, Reading, Waiting};

use crate::exchange;
use crate::host::{self, EnvoyRandom};
use crate::shared::{Counters, Opened, Replica, SharedState};
use crate::watchdog::Sign;

/// Bytes of a body that are read: one more than may be, so that the gate sees that there are more.
const MOST: usize = Reading::LIMIT.saturating_add(1);

/// A request.
pub(crate) struct Stream {
    /// Envoy's name of it.
    context: u32,
    shared: Option<Rc<SharedState>>,
    /// The gate that it began with. Another one would not know what this one has sealed.
    opened: Option<Rc<Opened>>,
    stage: Stage,
    /// A `set-cookie` for the application's answer.
    cookie: Option<Rc<str>>,
}

enum Stage {
    /// It has not begun, or is decided.
    Idle,
    /// Its body is coming. The sign is there while Envoy has not shown that it hands bodies over.
    Reading {
        reading: Box<Reading>,
        _watched: Option<Sign>,
    },
    /// Somebody is asked.
    Asking(Call, Box<Waiting>),
}

/// A call that is not answered yet.
enum Call {
    /// A message is sent.
    Send,
    /// The guard service makes charges.
    Count,
    /// The guard service makes a charge whose total all gates must know.
    Publish(Charge),
}

impl Stream {
    pub(crate) fn new(context: u32, shared: Option<Rc<SharedState>>) -> Self {
        Self {
            context,
            shared,
            opened: None,
            stage: Stage::Idle,
            cookie: None,
        }
    }

    /// Goes on until something has to be waited for.
    fn go_on(
        &mut self,
        shared: &SharedState,
        gate: &Gate,
        now: Duration,
        mut turn: GateTurn,
    ) -> Action {
        let seconds = host::seconds(now);
        loop {
            let (waiting, answer) = match turn {
                GateTurn::Forward(forward) => return self.forward(shared, forward),
                GateTurn::Respond(response) => return respond(shared, gate, &response),
                GateTurn::Read(reading) => {
                    self.stage = Stage::Reading {
                        reading: Box::new(reading),
                        _watched: shared.watchdog.watch(self.context),
                    };
                    return Action::Pause;
                }
                GateTurn::Look(looks, waiting) => (waiting, shared.look(&looks)),
                GateTurn::Count(charges, waiting) => match &shared.counters {
                    Counters::Process(_) => (waiting, shared.charge(&charges)),
                    Counters::Fleet(replica) => {
                        let made = list(replica, |fleet, id| fleet.count(id, &charges));
                        match made {
                            Ok(()) => return self.ask(Call::Count, waiting),
                            Err(answer) => (waiting, answer),
                        }
                    }
                },
                GateTurn::Publish(charge, waiting) => match &shared.counters {
                    Counters::Process(_) => (waiting, shared.charge(&[charge])),
                    Counters::Fleet(replica) => {
                        let made = list(replica, |fleet, id| fleet.publish(id, &charge));
                        match made {
                            Ok(()) => return self.ask(Call::Publish(charge), waiting),
                            Err(answer) => (waiting, answer),
                        }
                    }
                },
                GateTurn::Send(call, waiting) => match exchange::call(&shared.cluster, &call) {
                    Ok(()) => return self.ask(Call::Send, waiting),
                    Err(cause) => (waiting, Answer::Unanswered(NoAnswer::NotSent, cause)),
                },
            };
            turn = gate.resume(waiting, seconds, answer, &mut EnvoyRandom);
        }
    }

    fn ask(&mut self, call: Call, waiting: Waiting) -> Action {
        self.stage = Stage::Asking(call, Box::new(waiting));
        Action::Pause
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
        let (Some(shared), Some(opened)) = (self.shared.clone(), self.opened.clone()) else {
            return;
        };
        let (body, client) = (exchange::body(size.min(MOST)), exchange::client());
        let (now, gate) = (host::now(), &opened.gate);
        let seconds = host::seconds(now);
        let turn = gate.read(reading, seconds, &body, client.as_deref(), &mut EnvoyRandom);
        self.go_on(&shared, gate, now, turn);
    }

    /// The form whose body is coming.
    fn reading(&mut self) -> Option<Reading> {
        match mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Reading { reading, .. } => Some(*reading),
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

/// Calls the guard service with a list that has an id of its own, or says why not.
fn list(
    replica: &Replica,
    request: impl FnOnce(&Fleet, &[u8; 16]) -> Request,
) -> Result<(), Answer> {
    let unreachable = |cause| Answer::Unanswered(NoAnswer::GuardUnreachable, cause);
    let id = xoxzo_2fa_core::draw(&mut EnvoyRandom);
    let id = id.map_err(|_| unreachable("envoy: no randomness".to_string()))?;
    let request = request(&replica.fleet.borrow(), &id);
    exchange::call(&replica.cluster, &request).map_err(unreachable)
}

impl Context for Stream {
    fn on_http_call_response(&mut self, _: u32, headers: usize, body: usize, _: usize) {
        let stage = mem::replace(&mut self.stage, Stage::Idle);
        let (Some(shared), Some(opened)) = (self.shared.clone(), self.opened.clone()) else {
            return;
        };
        let Stage::Asking(call, waiting) = stage else {
            return;
        };
        let mut answer = exchange::reply(headers, body, exchange::REPLY);
        if let Counters::Fleet(replica) = &shared.counters {
            let (mut fleet, id) = (replica.fleet.borrow_mut(), &opened.id);
            answer = match call {
                Call::Send => answer,
                Call::Count => fleet.counted(id, answer),
                Call::Publish(charge) => {
                    let now = host::monotonic().unwrap_or_default();
                    fleet.published(id, &charge, now, answer)
                }
            };
        }
        let (now, gate) = (host::now(), &opened.gate);
        let turn = gate.resume(*waiting, host::seconds(now), answer, &mut EnvoyRandom);
        if self.go_on(&shared, gate, now, turn) == Action::Continue {
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
        let now = host::now();
        let opened = match shared.gate() {
            Ok(opened) => opened,
            Err(gate) => return self.go_on(&shared, gate, now, gate.shut(&head, ends)),
        };
        let gate = &opened.gate;
        let claims = exchange::claims(gate.identity());
        let turn = {
            let (seconds, mut cache) = (host::seconds(now), opened.cache.borrow_mut());
            gate.open(&mut cache, seconds, head, ends, claims, &mut EnvoyRandom)
        };
        self.opened = Some(Rc::clone(&opened));
        let action = self.go_on(&shared, gate, now, turn);
        if ends && let Some(reading) = self.reading() {
            self.read(reading, 0);
        }
        action
    }

    fn on_http_request_body(&mut self, size: usize, ends: bool) -> Action {
        if let (Stage::Reading { .. }, Some(shared)) = (&self.stage, &self.shared) {
            shared.watchdog.end();
        }
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
        let (Some(shared), Some(trailers)) = (&self.shared, exchange::trailers()) else {
            return fail("there are no trailers");
        };
        let foreign = match shared.gate() {
            Ok(opened) => opened.gate.foreign_trailers(&trailers),
            Err(closed) => closed.foreign_trailers(&trailers),
        };
        // Now: a request that waits goes on without being asked for them again.
        if !exchange::remove_trailers(&foreign) {
            return fail("trailers could not be removed");
        }
        if self.is_waiting() {
            Action::Pause
        } else {
            Action::Continue
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

fn respond(shared: &SharedState, gate: &Gate, response: &GateResponse) -> Action {
    shared.metrics.count(response.event);
    if let Some(note) = &response.note {
        if let Some(alarm) = note.alarm() {
            shared.metrics.alarm(alarm);
        }
        let purpose = gate.purpose();
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
