//! A guard service without HTTP, which answers as `xoxzo-2fa-serve rest` does.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::{Value, json};
use xoxzo_2fa_core::{Answer, Charge, GuardName, NoAnswer, Request, Response};
use xoxzo_2fa_tests::{Counters, charge};

/// The key of its gates.
pub(super) const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A guard service, as `xoxzo-2fa-serve rest` answers.
pub(super) struct Service {
    id: [u8; 16],
    counters: Counters,
    pub(super) list: Vec<(String, u32, u32)>,
    seen: BTreeSet<String>,
    pub(super) calls: u32,
    pub(super) is_down: bool,
    pub(super) is_full: bool,
}

/// A name from its text: 22 letters of base64url, of which the last has two bits.
fn name(text: &str) -> GuardName {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = |byte: u8| letters.iter().position(|own| *own == byte).unwrap() as u128;
    let (last, first) = text.as_bytes().split_last().unwrap();
    assert_eq!(first.len(), 21);
    let whole = first
        .iter()
        .fold(0, |whole, byte| whole << 6 | value(*byte));
    GuardName::new((whole << 2 | value(*last) >> 4).to_be_bytes())
}

fn read(given: &Value) -> Charge {
    let number = |name: &str| u32::try_from(given[name].as_u64().unwrap()).unwrap();
    Charge {
        counter: name(given["counter"].as_str().unwrap()),
        group: name(given["group"].as_str().unwrap()),
        amount: i32::try_from(given["amount"].as_i64().unwrap()).unwrap(),
        limit: number("limit"),
        ttl: number("ttl_seconds"),
    }
}

pub(super) fn told(status: u16, body: &Value) -> Answer {
    Answer::Response(Response::new(status, [], body.to_string()))
}

impl Service {
    pub(super) fn new(id: u8) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            id: [id; 16],
            counters: HashMap::new(),
            list: Vec::new(),
            seen: BTreeSet::new(),
            calls: 0,
            is_down: false,
            is_full: false,
        }))
    }

    /// The store is lost, and another one takes its place.
    pub(super) fn lose(&mut self, id: u8) {
        self.id = [id; 16];
        self.counters.clear();
        self.list.clear();
    }

    pub(super) fn answer(&mut self, now: u32, request: &Request) -> Answer {
        if self.is_down {
            return Answer::Unanswered(NoAnswer::Unknown, "envoy: no answer".to_string());
        }
        assert_eq!((request.method, request.timeout), ("POST", 1_000));
        let key = request
            .headers
            .iter()
            .find(|(name, _)| *name == "authorization");
        assert_eq!(key.unwrap().1, format!("Bearer {KEY}"));
        let body: Value = serde_json::from_str(&request.body).unwrap();
        let path = request.url.strip_prefix("http://guard").unwrap();
        if path == "/v1/revocations" {
            return self.page(now, body["since"].as_u64().unwrap());
        }
        self.calls += 1;
        if self.is_full {
            return told(503, &json!({"failure": {"no_answer": "guard-full"}}));
        }
        if !self.seen.insert(body["id"].as_str().unwrap().to_string()) {
            return told(409, &json!({"failure": {"code": "request"}}));
        }
        let charges = match path {
            "/v1/guard" => body["charges"]
                .as_array()
                .unwrap()
                .iter()
                .map(read)
                .collect(),
            "/v1/revoke" => vec![read(&body["charge"])],
            other => panic!("{other}"),
        };
        let mut totals = Vec::new();
        for one in &charges {
            let (total, refused) = charge(&mut self.counters, one, now);
            totals.push(json!({"total": total.total, "ends_in_seconds": total.ends_in}));
            if path == "/v1/revoke" {
                let entry = (one.counter.to_text(), total.total, now + one.ttl);
                self.list.push(entry);
            }
            if refused {
                break;
            }
        }
        let fleet = GuardName::new(self.id).to_text();
        told(
            200,
            &json!({"counted": {"totals": totals, "now_seconds": now, "fleet": fleet}}),
        )
    }

    fn page(&self, now: u32, since: u64) -> Answer {
        let known = usize::try_from(since).unwrap().min(self.list.len());
        let last = self.list.len().min(known + 1_000);
        let entries = self.list[known..last].iter();
        let entries: Vec<_> = entries
            .map(|(counter, total, end)| format!("{counter}.{total}.{}", end.saturating_sub(now)))
            .collect();
        let fleet = GuardName::new(self.id).to_text();
        let more = last < self.list.len();
        told(
            200,
            &json!({"revocations": {"fleet": fleet, "sequence": last, "more": more, "entries": entries}}),
        )
    }
}
