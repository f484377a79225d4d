//! Requests to the guard service, which is `xoxzo-2fa-serve rest` or speaks as it does.

use alloc::string::{String, ToString};
use alloc::vec;
use core::fmt;

use xoxzo_2fa_core::json::Object;
use xoxzo_2fa_core::{Charge, GuardName, Request};

/// Milliseconds for an answer. Nothing is sent again: what was lost may have been counted.
const TIMEOUT: u32 = 1_000;

/// The guard service, and the key that it knows this gate by. Debug shows no key.
#[derive(Clone)]
pub struct GuardService {
    host: String,
    key: String,
}

impl fmt::Debug for GuardService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardService")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

impl GuardService {
    /// Takes the name that the service has in the header `host`, and a bearer key with the right `guard`.
    #[must_use]
    pub fn new(host: &str, key: &str) -> Self {
        Self {
            host: host.to_string(),
            key: key.to_string(),
        }
    }

    /// Asks to make a list of charges, once for each id.
    pub(super) fn list(&self, id: &[u8; 16], charges: &[Charge]) -> Request {
        let mut body = Object::with_capacity(192_usize.saturating_mul(charges.len()));
        text(&mut body, "id", GuardName::new(*id));
        body.objects("charges", charges, write);
        self.post("/v1/guard", body)
    }

    /// Asks to make a charge, and to put its total on the list of revocations.
    pub(super) fn revoke(&self, id: &[u8; 16], charge: &Charge) -> Request {
        let mut body = Object::with_capacity(256);
        text(&mut body, "id", GuardName::new(*id));
        body.object("charge", |out| write(out, charge));
        self.post("/v1/revoke", body)
    }

    /// Asks for the revocations after a number.
    pub(super) fn revocations(&self, since: u32) -> Request {
        let mut body = Object::with_capacity(32);
        body.number("since", since);
        self.post("/v1/revocations", body)
    }

    fn post(&self, path: &str, body: Object) -> Request {
        Request {
            method: "POST",
            url: ["http://", &self.host, path].concat(),
            headers: vec![
                ("authorization", ["Bearer ", &self.key].concat()),
                ("content-type", "application/json".to_string()),
            ],
            body: body.finish(),
            timeout: TIMEOUT,
        }
    }
}

fn write(out: &mut Object, charge: &Charge) {
    text(out, "counter", charge.counter);
    text(out, "group", charge.group);
    out.number("amount", charge.amount);
    out.number("limit", charge.limit);
    out.number("ttl_seconds", charge.ttl);
}

fn text(out: &mut Object, field: &'static str, name: GuardName) {
    out.plain(field, |text| name.write(text));
}
