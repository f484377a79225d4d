//! One request: Envoy's callbacks on one side, the gate's turns on the other.
//!
//! The request is held at its head until the gate has decided, so that nothing of it reaches the application before.

use std::rc::Rc;
use std::time::Duration;

use log::{error, info};
use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, BufferType, MapType};
use xoxzo_2fa_core::{Answer, Charge, Loss, Reply, Request as Call};
use xoxzo_2fa_gate::{Claims, Forward, Head, Reading, Response, Source, Turn, Waiting};

use crate::guard;
use crate::host::{self, Random, SharedData};
use crate::root::Shared;

/// Bytes of a reply that are read.
const REPLY: usize = 16 * 1024;

/// A request.
pub(crate) struct Request {
    shared: Option<Rc<Shared>>,
    stage: Stage,
    /// A `set-cookie` for the application's answer.
    cookie: Option<String>,
}

enum Stage {
    /// It has not begun, or is decided.
    Idle,
    /// Its body is coming.
    Reading(Reading),
    /// Xoxzo is asked.
    Sending(Waiting),
}

impl Request {
    pub(crate) fn new(shared: Option<Rc<Shared>>) -> Self {
        Self {
            shared,
            stage: Stage::Idle,
            cookie: None,
        }
    }

    /// Goes on until something has to be waited for.
    fn go_on(&mut self, shared: &Shared, mut turn: Turn) -> Action {
        loop {
            turn = match turn {
                Turn::Forward(forward) => return self.forward(shared, forward),
                Turn::Respond(response) => return self.respond(shared, response),
                Turn::Read(reading) => {
                    self.stage = Stage::Reading(reading);
                    return Action::Pause;
                }
                Turn::Count(charges, waiting) => {
                    let answer = count(shared, &charges);
                    shared.gate.resume(waiting, now(), answer, &mut Random)
                }
                Turn::Send(call, waiting) => match self.call(shared, call) {
                    Ok(()) => {
                        self.stage = Stage::Sending(waiting);
                        return Action::Pause;
                    }
                    Err(loss) => {
                        shared
                            .gate
                            .resume(waiting, now(), Answer::Lost(loss), &mut Random)
                    }
                },
            };
        }
    }

    fn forward(&mut self, shared: &Shared, forward: Forward) -> Action {
        shared.metrics.count(forward.event);
        let mut changed = forward
            .remove
            .iter()
            .all(|name| hostcalls::remove_map_value(MapType::HttpRequestHeaders, name).is_ok());
        if let Some(receipt) = &forward.receipt {
            let set = hostcalls::set_map_value(
                MapType::HttpRequestHeaders,
                Forward::RECEIPT,
                Some(receipt),
            );
            changed &= set.is_ok();
        }
        if !changed {
            return self.fail("headers could not be changed");
        }
        self.cookie = forward.cookie;
        Action::Continue
    }

    fn respond(&mut self, shared: &Shared, response: Response) -> Action {
        shared.metrics.count(response.event);
        if let Some((code, subject)) = &response.note {
            info!(
                "{{\"event\":\"{}\",\"code\":\"{code}\",\"subject\":\"{subject}\"}}",
                response.event.name()
            );
        }
        let headers: Vec<_> = response
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        self.send_http_response(
            response.status.into(),
            headers,
            Some(response.body.as_bytes()),
        );
        Action::Pause
    }

    /// The last resort: nothing goes through.
    fn fail(&self, why: &str) -> Action {
        error!("{why}");
        self.send_http_response(500, vec![("cache-control", "no-store")], None);
        Action::Pause
    }

    fn call(&self, shared: &Shared, call: Call) -> Result<(), Loss> {
        let place = call.url.split_once("://").and_then(|(scheme, rest)| {
            let at = rest.find('/')?;
            let (authority, path) = rest.split_at_checked(at)?;
            Some((scheme, authority, path))
        });
        let (scheme, authority, path) = place.ok_or(Loss::NotSent)?;
        let mut headers = vec![
            (":method", call.method),
            (":scheme", scheme),
            (":authority", authority),
            (":path", path),
        ];
        headers.extend(
            call.headers
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        let timeout = Duration::from_millis(call.timeout.into());
        let body = (!call.body.is_empty()).then_some(call.body.as_bytes());
        match self.dispatch_http_call(&shared.cluster, headers, body, Vec::new(), timeout) {
            Ok(_) => Ok(()),
            Err(status) => {
                error!(
                    "the call to cluster {:?} was not made: {status:?}",
                    shared.cluster
                );
                Err(Loss::NotSent)
            }
        }
    }

    /// The body is whole.
    fn read(&mut self, reading: Reading, size: usize) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let most = size.min(Reading::LIMIT.saturating_add(1));
        let body = hostcalls::get_buffer(BufferType::HttpRequestBody, 0, most)
            .ok()
            .flatten()
            .unwrap_or_default();
        let client = property(&["source", "address"]).and_then(|address| host_of(&address));
        let turn = shared
            .gate
            .read(reading, now(), &body, client.as_deref(), &mut Random);
        self.go_on(&shared, turn);
    }
}

impl Context for Request {
    fn on_http_call_response(&mut self, _: u32, num_headers: usize, body_size: usize, _: usize) {
        let (Some(shared), Stage::Sending(waiting)) = (
            self.shared.clone(),
            std::mem::replace(&mut self.stage, Stage::Idle),
        ) else {
            return;
        };
        // Without headers there is no answer, and to read one would be fatal.
        let answer = if num_headers == 0 {
            Answer::Lost(Loss::Unknown)
        } else {
            Answer::Reply(self.reply(body_size))
        };
        let turn = shared.gate.resume(waiting, now(), answer, &mut Random);
        if self.go_on(&shared, turn) == Action::Continue {
            self.resume_http_request();
        }
    }
}

impl Request {
    fn clean_trailers(&self) -> Action {
        let Some(shared) = &self.shared else {
            return self.fail("there is no configuration");
        };
        let Ok(pairs) = hostcalls::get_map_bytes(MapType::HttpRequestTrailers) else {
            return self.fail("there are no trailers");
        };
        let foreign = shared.gate.foreign_trailers(&Head::new(pairs));
        let remove =
            |name: &String| hostcalls::remove_map_value(MapType::HttpRequestTrailers, name).is_ok();
        if foreign.iter().all(remove) {
            Action::Continue
        } else {
            self.fail("trailers could not be removed")
        }
    }

    fn reply(&self, size: usize) -> Reply {
        let headers =
            hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default();
        let value = |name: &str| {
            let (_, value) = headers.iter().find(|(own, _)| own == name)?;
            std::str::from_utf8(value).ok()
        };
        let status = value(":status")
            .and_then(|status| status.parse().ok())
            .unwrap_or(0);
        let body = hostcalls::get_buffer(
            BufferType::HttpCallResponseBody,
            0,
            size.min(REPLY.saturating_add(1)),
        );
        let body = body.ok().flatten().unwrap_or_default();
        let body = if body.len() > REPLY {
            ""
        } else {
            std::str::from_utf8(&body).unwrap_or_default()
        };
        xoxzo_2fa_json::reply(status, value("retry-after"), body)
    }
}

impl HttpContext for Request {
    fn on_http_request_headers(&mut self, _: usize, ends: bool) -> Action {
        let Some(shared) = self.shared.clone() else {
            return self.fail("there is no configuration");
        };
        let Ok(pairs) = hostcalls::get_map_bytes(MapType::HttpRequestHeaders) else {
            return self.fail("there are no headers");
        };
        let claims = claims(&shared.gate.settings().identity.source, &shared);
        let turn = {
            let mut cache = shared.cache.borrow_mut();
            shared.gate.open(
                &mut cache,
                now(),
                Head::new(pairs),
                ends,
                claims,
                &mut Random,
            )
        };
        let action = self.go_on(&shared, turn);
        if ends && let Stage::Reading(reading) = std::mem::replace(&mut self.stage, Stage::Idle) {
            self.read(reading, 0);
            return Action::Pause;
        }
        action
    }

    fn on_http_request_body(&mut self, size: usize, ends: bool) -> Action {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            // What is too long is answered without waiting for its end.
            Stage::Reading(reading) if ends || size > Reading::LIMIT => {
                self.read(reading, size);
                Action::Pause
            }
            Stage::Idle => Action::Continue,
            waiting => {
                self.stage = waiting;
                Action::Pause
            }
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            // Trailers end a body as well as its last byte does.
            Stage::Reading(reading) => {
                self.read(reading, Reading::LIMIT.saturating_add(1));
                Action::Pause
            }
            Stage::Idle => self.clean_trailers(),
            waiting => {
                self.stage = waiting;
                Action::Pause
            }
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

fn now() -> u32 {
    host::seconds(host::now())
}

fn count(shared: &Shared, charges: &[Charge]) -> Answer {
    let now = u64::try_from(host::now().as_millis()).unwrap_or(u64::MAX);
    match guard::add(&SharedData, charges, now, || shared.metrics.conflict()) {
        Ok(totals) => Answer::Totals(totals),
        Err(loss) => Answer::Lost(loss),
    }
}

/// What a filter before has verified.
fn claims(source: &Source, shared: &Shared) -> Claims {
    let Source::Metadata { filter, key } = source else {
        return Claims::default();
    };
    let identity = &shared.gate.settings().identity;
    let claim = |name: &str| property(&["metadata", "filter_metadata", filter, key, name]);
    Claims {
        subject: claim(&identity.subject),
        phone: claim(&identity.phone),
        session: identity.session.as_deref().and_then(claim),
        credential_version: identity.credential_version.as_deref().and_then(claim),
    }
}

fn property(path: &[&str]) -> Option<Vec<u8>> {
    hostcalls::get_property(path.to_vec()).ok().flatten()
}

/// The address without its port.
fn host_of(address: &[u8]) -> Option<String> {
    let (host, _) = std::str::from_utf8(address).ok()?.rsplit_once(':')?;
    Some(
        host.trim_start_matches('[')
            .trim_end_matches(']')
            .to_string(),
    )
}
