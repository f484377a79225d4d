//! Lists of charges that other processes make on the service's store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};
use xoxzo_2fa::{
    AsyncMemoryGuard, Charge, Guard, GuardError, GuardName, MemoryGuard, Scope, Total, Totals,
    suite,
};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_serve::Right;
use xoxzo_2fa_tests::{LIFE, named, whole_seconds};

use crate::running::{ONE, Running, Told};

/// A store behind a service.
struct Remote<'a>(&'a Running);

impl Guard for Remote<'_> {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let told = self.0.ask("guard", &list(GuardName::random()?, charges));
        assert_eq!(told.status, 200, "{}", told.json);
        let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
        let counted = &told.json["counted"];
        let total = |total: &Value| {
            let ends_in = Duration::from_secs(number(&total["ends_in_seconds"]).into());
            Total::new(number(&total["total"]), ends_in)
        };
        let totals = counted["totals"].as_array().unwrap().iter().map(total);
        let now = counted.get("now_seconds");
        let mut made = Totals::new(totals.collect());
        made.now = now.map(|now| UNIX_EPOCH + Duration::from_secs(number(now).into()));
        Ok(made)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

fn list(id: GuardName, charges: &[Charge]) -> Value {
    let charge = |it: &Charge| {
        json!({
            "counter": it.counter.to_string(), "group": it.group.to_string(), "amount": it.amount,
            "limit": it.limit, "ttl_seconds": whole_seconds(it.ttl),
        })
    };
    let charges: Vec<_> = charges.iter().map(charge).collect();
    json!({"id": id.to_string(), "charges": charges})
}

fn sandbox() -> Sandbox {
    Sandbox::start(Options::default()).unwrap()
}

#[test]
fn a_store_behind_the_service_is_a_store() {
    let running = Running::new(&sandbox(), AsyncMemoryGuard::default());
    let remote = Remote(&running);
    remote.check().unwrap();
    suite::races(&remote);
    suite::groups(&remote);
    suite::shared(&remote, &Remote(&running));
}

#[test]
fn a_list_is_made_once() {
    let now = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&now);
    let store = MemoryGuard::danger_with_clock(1_000, move |_| {
        Duration::from_secs(clock.load(Ordering::Relaxed))
    });
    let running = Running::new(&sandbox(), AsyncMemoryGuard::from(store));
    let counter = named("counter");
    let once = list(named("id"), &[Charge::new(counter, 1, 9, LIFE)]);
    let total = |told: &Told| told.json["counted"]["totals"][0]["total"].clone();
    let look = || {
        let look = list(
            GuardName::random().unwrap(),
            &[Charge::new(counter, 0, 9, LIFE)],
        );
        total(&running.ask("guard", &look))
    };
    assert_eq!(total(&running.ask("guard", &once)), 1);
    for at in [0, 119] {
        now.store(at, Ordering::Relaxed);
        let told = running.ask("guard", &once);
        assert_eq!((told.status, told.code()), (409, "request"), "after {at} s");
        assert_eq!(look(), 1);
    }
    now.store(120, Ordering::Relaxed);
    assert_eq!(total(&running.ask("guard", &once)), 2);
    let metrics = running.get("/metrics");
    for (outcome, lists) in [("made", 4), ("again", 2)] {
        let line = format!("xoxzo_2fa_rest_lists_total{{outcome=\"{outcome}\"}} {lists}");
        assert!(metrics.lines().any(|told| told == line), "{metrics}");
    }
    let again = r#"{"event":"list","outcome":"again","lowers":false,"caller":"all"}"#;
    assert_eq!(running.log(), format!("{again}\n{again}\n"));
}

#[test]
fn a_list_that_lowers_a_counter_is_logged_with_its_caller() {
    let running = Running::new(&sandbox(), AsyncMemoryGuard::default());
    let [.., (key, _)] = ONE;
    for amount in [1, 0, -1] {
        let charge = Charge::new(named("counter"), amount, 9, LIFE);
        let list = list(GuardName::random().unwrap(), &[charge]);
        let told = running.as_caller(key, "guard", &list.to_string());
        assert_eq!(told.status, 200, "{}", told.json);
    }
    assert_eq!(
        running.log(),
        "{\"event\":\"list\",\"outcome\":\"made\",\"lowers\":true,\"caller\":\"guard\"}\n"
    );
}

#[test]
fn a_full_store_says_so() {
    let store = MemoryGuard::danger_with_clock(64, |_| Duration::ZERO);
    let running = Running::new(&sandbox(), AsyncMemoryGuard::from(store));
    let mut lists = (0..1_000).map(|number| {
        let charge = Charge::new(named(&number.to_string()), 1, 9, LIFE);
        running.ask("guard", &list(GuardName::random().unwrap(), &[charge]))
    });
    let told = lists.find(|told| told.status != 200);
    let told = told.expect("it has room for fewer");
    assert_eq!((told.status, told.code()), (503, "guard"), "{}", told.json);
    assert_eq!(told.json["failure"]["no_answer"], "guard-full");
    let metrics = running.get("/metrics");
    let failed = "xoxzo_2fa_rest_lists_total{outcome=\"failed\"} 1\n";
    assert!(metrics.contains(failed), "{metrics}");
}

/// Asks for the revocations after a number.
fn since(running: &Running, number: u32) -> Value {
    let told = running.ask("revocations", &json!({"since": number}));
    assert_eq!(told.status, 200, "{}", told.json);
    told.json["revocations"].clone()
}

#[test]
fn what_is_revoked_is_told_to_all() {
    let store = Arc::new(MemoryGuard::default());
    let guard = || AsyncMemoryGuard::from(Arc::clone(&store));
    let (one, other) = (
        Running::new(&sandbox(), guard()),
        Running::new(&sandbox(), guard()),
    );
    let none = since(&one, 0);
    assert_eq!(
        (&none["sequence"], &none["more"]),
        (&json!(0), &json!(false))
    );
    let id = none["fleet"].clone();
    let mut counters = Vec::new();
    for number in 1..=3 {
        let counter = named(&number.to_string());
        let charge = Charge::new(counter, number, 9, Duration::from_secs(600));
        let mut asked = list(GuardName::random().unwrap(), &[charge]);
        let charge = asked["charges"].as_array_mut().unwrap().remove(0);
        asked.as_object_mut().unwrap().remove("charges");
        asked["charge"] = charge;
        let running = if number == 2 { &other } else { &one };
        let told = running.ask("revoke", &asked);
        let counted = &told.json["counted"];
        assert_eq!(
            (told.status, &counted["totals"][0]["total"]),
            (200, &json!(number))
        );
        assert_eq!(counted["fleet"], id);
        // The same once more is neither counted nor listed.
        assert_eq!(running.ask("revoke", &asked).status, 409);
        counters.push(format!("{counter}.{number}."));
    }
    for running in [&one, &other] {
        for known in 0..=3 {
            let told = since(running, known);
            assert_eq!((&told["sequence"], &told["fleet"]), (&json!(3), &id));
            let entries = told["entries"].as_array().unwrap();
            let known = usize::try_from(known).unwrap();
            assert_eq!(entries.len(), 3 - known);
            for (entry, counter) in entries.iter().zip(&counters[known..]) {
                let left = entry.as_str().unwrap().strip_prefix(counter.as_str());
                let left: u32 = left.expect("in their order").parse().unwrap();
                assert!((590..=600).contains(&left), "{left}");
            }
        }
    }
    let metrics = one.get("/metrics");
    let pulls = "xoxzo_2fa_rest_pulls_total{outcome=\"made\"} 5\n";
    assert!(metrics.contains(pulls), "{metrics}");
}

#[test]
fn only_the_right_guard_reads_and_writes_revocations() {
    let running = Running::new(&sandbox(), AsyncMemoryGuard::default());
    for (key, right) in ONE {
        let told = running.as_caller(key, "revocations", "{\"since\":0}");
        let status = if right == Right::Guard { 200 } else { 403 };
        assert_eq!(told.status, status, "{}", right.code());
        let told = running.as_caller(key, "revoke", "{}");
        let status = if right == Right::Guard { 400 } else { 403 };
        assert_eq!(told.status, status, "{}", right.code());
    }
}

#[test]
fn a_list_tells_the_id_of_its_store() {
    let asked = || {
        let look = Charge::new(named("counter"), 0, 9, LIFE);
        list(GuardName::random().unwrap(), &[look])
    };
    let one = Running::new(&sandbox(), AsyncMemoryGuard::default());
    let other = Running::new(&sandbox(), AsyncMemoryGuard::default());
    let id = |running: &Running| running.ask("guard", &asked()).json["counted"]["fleet"].clone();
    assert!(id(&one).is_string());
    assert_eq!(id(&one), id(&one));
    assert_ne!(id(&one), id(&other));
    assert_eq!(since(&one, 0)["fleet"], id(&one));
}
