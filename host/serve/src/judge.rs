//! One request: the gate's turns on one side, the guard and Xoxzo on the other.

use std::cell::RefCell;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderValue, Request};
use rand::rngs::SysRng;
use xoxzo_2fa::{self as sdk, AsyncGuard, AsyncTransport, GuardError, Lost};
use xoxzo_2fa_core::{Answer, Charge, NoAnswer, Request as Call, Response, Total, Totals};
use xoxzo_2fa_gate::{Cache, Forward, GateResponse, GateTurn, IdentityClaims, Reading};

use crate::facts::Facts;
use crate::site::Site;

/// Bytes of a reply that the gate is handed.
const REPLY: usize = 16 * 1024;
const SECOND: Duration = Duration::from_secs(1);

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
    Reads(Reading),
}

/// The surroundings of the gate, which all workers share.
pub(crate) struct World {
    pub(crate) guard: Box<dyn AsyncGuard>,
    pub(crate) transport: Box<dyn AsyncTransport>,
}

impl World {
    /// Looks at a counter that nobody has.
    ///
    /// # Errors
    ///
    /// The reason why the guard does not answer.
    pub(crate) async fn ready(&self) -> Result<(), GuardError> {
        let look = sdk::Charge::new(sdk::GuardName::random()?, 0, u32::MAX, SECOND);
        self.guard.add(&[look]).await.map(|_| ())
    }

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
                GateTurn::Read(reading) => return Judged::Reads(reading),
                GateTurn::Count(charges, waiting) => (waiting, self.count(&charges).await),
                GateTurn::Send(call, waiting) => (waiting, self.send(call).await),
            };
            turn = site.gate.resume(waiting, seconds(), answer, &mut SysRng);
        }
    }

    async fn count(&self, charges: &[Charge]) -> Answer {
        let charges: Vec<_> = charges.iter().map(outward).collect();
        match self.guard.add(&charges).await {
            Ok(totals) => Answer::Totals(inward(&totals)),
            Err(error) => {
                let reason = match &error {
                    GuardError::Full => NoAnswer::GuardFull,
                    _ => NoAnswer::GuardUnreachable,
                };
                Answer::Unanswered(reason, error.to_string())
            }
        }
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

fn outward(charge: &Charge) -> sdk::Charge {
    let name = |name: xoxzo_2fa_core::GuardName| sdk::GuardName::new(*name.as_bytes());
    let life = Duration::from_secs(charge.ttl.into());
    sdk::Charge::new(name(charge.counter), charge.amount, charge.limit, life)
        .in_group(name(charge.group))
}

fn inward(totals: &sdk::Totals) -> Totals {
    let total = |total: &sdk::Total| Total {
        total: total.total,
        ends_in: whole(
            total
                .ends_in
                .saturating_add(Duration::from_nanos(999_999_999)),
        ),
    };
    Totals {
        totals: totals.totals.iter().map(total).collect(),
        now: totals.now.map(since_1970),
    }
}

/// Seconds since 1970-01-01T00:00:00Z.
pub(crate) fn seconds() -> u32 {
    since_1970(SystemTime::now())
}

/// A clock before 1970 reads 0, which every clock check rejects.
fn since_1970(time: SystemTime) -> u32 {
    whole(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn whole(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
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
