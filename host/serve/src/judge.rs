//! One request: the gate's turns on one side, the guard and Xoxzo on the other.

use std::cell::RefCell;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Request};
use rand::rngs::SysRng;
use xoxzo_2fa::{self as sdk, AsyncGuard, AsyncTransport, GuardError, Lost};
use xoxzo_2fa_core::{Answer, Charge, NoAnswer, Request as Call, Response, Total, Totals};
use xoxzo_2fa_gate::{Cache, Forward, GateResponse, GateTurn, IdentityClaims, Reading};

use crate::facts::Facts;
use crate::ledger::{self, Ledger, PARTS};
use crate::seconds::{rounded_up, seconds, since_1970};
use crate::site::Site;

/// Bytes of a reply that the gate is handed.
const REPLY: usize = 16 * 1024;

/// The end of a request.
pub(crate) enum Decision {
    /// It may reach the application.
    Forward(Forward),
    /// It is answered.
    Respond(GateResponse),
}

/// A decision, or a form whose body is to be read first.
pub(crate) enum Judged {
    Decided(Decision),
    Reads(Box<Reading>),
}

/// The surroundings of the gate, which all workers share.
pub(crate) struct World {
    pub(crate) guard: Arc<dyn AsyncGuard>,
    /// The ledger of a store that other servers share.
    pub(crate) ledger: Option<Ledger>,
    pub(crate) transport: Box<dyn AsyncTransport>,
}

impl World {
    /// Judges a request by its head.
    pub(crate) async fn judge(
        &self,
        site: &Site,
        cache: &RefCell<Cache>,
        facts: Facts,
        claims: IdentityClaims,
    ) -> Judged {
        let now = seconds();
        // Whether a body follows is not known here: the proxy says nothing of it in a check.
        let turn = {
            let mut cache = cache.borrow_mut();
            let gate = &site.gate;
            gate.open(&mut cache, now, facts.head, false, claims, &mut SysRng)
        };
        self.go_on(site, turn).await
    }

    /// Goes on with the body of a form.
    pub(crate) async fn read(
        &self,
        site: &Site,
        reading: Reading,
        body: &[u8],
        client: Option<&str>,
    ) -> Judged {
        let turn = site
            .gate
            .read(reading, seconds(), body, client, &mut SysRng);
        self.go_on(site, turn).await
    }

    async fn go_on(&self, site: &Site, mut turn: GateTurn) -> Judged {
        loop {
            let (waiting, answer) = match turn {
                GateTurn::Forward(forward) => return Judged::Decided(Decision::Forward(forward)),
                GateTurn::Respond(response) => return Judged::Decided(Decision::Respond(response)),
                GateTurn::Read(reading) => return Judged::Reads(Box::new(reading)),
                GateTurn::Look(charges, waiting) | GateTurn::Count(charges, waiting) => {
                    (waiting, self.count(site, &charges).await)
                }
                GateTurn::Publish(charge, waiting) => (waiting, self.publish(site, &charge).await),
                GateTurn::Send(call, waiting) => (waiting, self.send(call).await),
            };
            turn = site.gate.resume(waiting, seconds(), answer, &mut SysRng);
        }
    }

    /// Makes charges. In a store that others share, the totals count only if its id is still the site's.
    async fn count(&self, site: &Site, charges: &[Charge]) -> Answer {
        let own = self.ledger.as_ref().map_or(0, |_| PARTS);
        let looks = ledger::id_looks();
        let list: Vec<_> = looks[..own]
            .iter()
            .cloned()
            .chain(charges.iter().map(outward))
            .collect();
        let totals = match self.guard.add(&list).await {
            Ok(totals) => totals,
            Err(error) => return unanswered(&error),
        };
        // A store whose clock is behind makes no charge, and says its time.
        let shut = totals.is_empty() && totals.now.is_some();
        let parts = totals.get(..own).unwrap_or_default();
        if self.ledger.is_some() && !shut && ledger::id(parts) != Some(site.id) {
            let cause = "fleet: the totals are of another store".to_string();
            return Answer::Unanswered(NoAnswer::GuardUnreachable, cause);
        }
        let mut made = inward(&totals);
        made.totals.drain(..own.min(made.totals.len()));
        Answer::Totals(made)
    }

    /// Makes a charge whose total all gates must know: those in Envoy pull the list that it is on, and servers look at the counter itself.
    async fn publish(&self, site: &Site, charge: &Charge) -> Answer {
        let answer = self.count(site, slice::from_ref(charge)).await;
        if let (Some(ledger), Answer::Totals(made)) = (&self.ledger, &answer)
            && let Some(total) = made.totals.first()
            && let Err(error) = ledger.note(&outward(charge), total.total).await
        {
            return unanswered(&error);
        }
        answer
    }

    async fn send(&self, call: Call) -> Answer {
        let timeout = Duration::from_millis(call.timeout.into());
        let malformed = || {
            let cause = "request: it is malformed".to_string();
            Answer::Unanswered(NoAnswer::NotSent, cause)
        };
        let mut request = Request::builder().method(call.method).uri(call.url);
        for (name, value) in &call.headers {
            let Ok(mut value) = HeaderValue::from_str(value) else {
                return malformed();
            };
            // Debug then prints no credentials.
            value.set_sensitive(*name == "authorization");
            request = request.header(*name, value);
        }
        let Ok(request) = request.body(sdk::Body::from(call.body)) else {
            return malformed();
        };
        match self.transport.send(request, timeout).await {
            Ok(response) => {
                let headers = response.headers().iter();
                let headers =
                    headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
                let body = &response.body()[..response.body().len().min(REPLY)];
                let body = String::from_utf8_lossy(body).into_owned();
                Answer::Response(Response::new(response.status().as_u16(), headers, body))
            }
            Err(Lost::NotSent(cause)) => Answer::Unanswered(NoAnswer::NotSent, cause),
            Err(Lost::Unknown(cause)) => Answer::Unanswered(NoAnswer::Unknown, cause),
            // In doubt, something may have left.
            Err(_) => Answer::Unanswered(NoAnswer::Unknown, "transport: no answer".to_string()),
        }
    }
}

fn unanswered(error: &GuardError) -> Answer {
    let reason = match error {
        GuardError::Full => NoAnswer::GuardFull,
        _ => NoAnswer::GuardUnreachable,
    };
    Answer::Unanswered(reason, error.to_string())
}

fn seconds_of(life: u32) -> Duration {
    Duration::from_secs(life.into())
}

fn outward(charge: &Charge) -> sdk::Charge {
    let name = |name: xoxzo_2fa_core::GuardName| sdk::GuardName::new(*name.as_bytes());
    let life = seconds_of(charge.ttl);
    sdk::Charge::new(name(charge.counter), charge.amount, charge.limit, life)
        .in_group(name(charge.group))
}

fn inward(totals: &sdk::Totals) -> Totals {
    let total = |total: &sdk::Total| Total {
        total: total.total,
        ends_in: rounded_up(total.ends_in),
    };
    Totals {
        totals: totals.totals.iter().map(total).collect(),
        now: totals.now.map(since_1970),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_are_rounded_up_and_bounded() {
        let seconds =
            |life| inward(&sdk::Totals::new(vec![sdk::Total::new(1, life)])).totals[0].ends_in;
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_secs(60)), 60);
        assert_eq!(seconds(Duration::MAX), u32::MAX);
    }
}
