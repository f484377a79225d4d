//! Gates of several processes, over one guard service.

mod service;

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use xoxzo_2fa_core::{Answer, Charge, GuardName, NoAnswer};
use xoxzo_2fa_gate::{Event, Fleet, GateTurn, GuardService, Head};
use xoxzo_2fa_json::Home;
use xoxzo_2fa_tests::NOW;
use xoxzo_2fa_tests::gate::{Browser, Counted, Scenario};

use service::{KEY, Service, told};

const STALE: u32 = 30;

/// A gate of the fleet.
struct Replica {
    scenario: Scenario,
    fleet: Rc<RefCell<Fleet>>,
    service: Rc<RefCell<Service>>,
}

fn milliseconds(now: u32) -> u64 {
    u64::from(now - NOW + 1_000) * 1_000
}

fn fleet() -> Fleet {
    Fleet::new(GuardService::new("guard", KEY), STALE)
}

impl Replica {
    fn new(service: &Rc<RefCell<Service>>, gate: &Value) -> Self {
        Self::at(service, gate, NOW)
    }

    fn at(service: &Rc<RefCell<Service>>, gate: &Value, now: u32) -> Self {
        let fleet = Rc::new(RefCell::new(fleet()));
        pull(&mut fleet.borrow_mut(), service, now);
        let id = fleet.borrow().id().unwrap();
        let configuration = xoxzo_2fa_tests::gate::configuration(
            gate,
            &json!({"guard": {"key": xoxzo_2fa_tests::key(3)}}),
        );
        let mut scenario = Scenario::at_home(&configuration, Home::Fleet(&id));
        scenario.now = now;
        let (own, store, mut lists) = (Rc::clone(&fleet), Rc::clone(service), [0_u8; 16]);
        // Of this gate alone, as randomness would make it.
        lists[0] = u8::try_from(Rc::strong_count(service)).unwrap();
        scenario.guard = Some(Box::new(move |what, now| {
            let (mut fleet, mut service) = (own.borrow_mut(), store.borrow_mut());
            let next = u32::from_be_bytes(lists[12..].try_into().unwrap()) + 1;
            lists[12..].copy_from_slice(&next.to_be_bytes());
            match what {
                Counted::Look(looks) => fleet.look(looks, milliseconds(now)),
                Counted::Count(charges) => {
                    let answer = service.answer(now, &fleet.count(&lists, charges));
                    fleet.counted(&id, answer)
                }
                Counted::Publish(charge) => {
                    let answer = service.answer(now, &fleet.publish(&lists, charge));
                    fleet.published(&id, charge, milliseconds(now), answer)
                }
            }
        }));
        Self {
            scenario,
            fleet,
            service: Rc::clone(service),
        }
    }

    /// Lets time pass, in which it pulls.
    fn pass(&mut self, seconds: u32) {
        for _ in 0..seconds {
            self.scenario.now += 1;
            pull(
                &mut self.fleet.borrow_mut(),
                &self.service,
                self.scenario.now,
            );
        }
    }
}

/// Asks for all that is due.
fn pull(fleet: &mut Fleet, service: &Rc<RefCell<Service>>, now: u32) {
    while let Some(request) = fleet.pull(milliseconds(now)) {
        let answer = service.borrow_mut().answer(now, &request);
        let lost = matches!(answer, Answer::Unanswered(..));
        let _told = fleet.pulled(milliseconds(now), &answer);
        if lost {
            break;
        }
    }
}

fn two(gate: &Value) -> (Replica, Replica) {
    let service = Service::new(7);
    (Replica::new(&service, gate), Replica::new(&service, gate))
}

#[test]
fn limits_hold_once_over_all_gates() {
    let (mut one, mut other) = two(&json!({}));
    let mut alice = Browser::alice().json();
    one.scenario.get(&mut alice, "/.2fa/");
    assert_eq!(
        one.scenario.post(&mut alice, "start", None).event(),
        Event::Sent
    );
    let pin = one.scenario.pin();
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    let mut left = Vec::new();
    for guess in 0..8 {
        let gate = if guess % 2 == 0 { &mut one } else { &mut other };
        let told = gate
            .scenario
            .post(&mut alice.clone(), "verify", Some(wrong))
            .answer();
        let told: Value = serde_json::from_str(&told.body).unwrap();
        left.extend(told["guesses_left"].as_u64());
    }
    assert_eq!(left, [4, 3, 2, 1, 0]);
    let late = other
        .scenario
        .post(&mut alice.clone(), "verify", Some(&pin));
    assert_ne!(late.event(), Event::Accepted);
    // One message in a cooldown, too.
    let mut again = Browser::alice().json();
    other.scenario.get(&mut again, "/.2fa/");
    assert_eq!(
        other.scenario.post(&mut again, "start", None).event(),
        Event::Refused
    );
}

#[test]
fn codes_and_passes_are_good_everywhere_and_cost_no_call() {
    let (mut one, mut other) = two(&json!({}));
    let mut alice = Browser::alice();
    one.scenario.challenge(&mut alice, "/account");
    let pin = one.scenario.pin();
    assert_eq!(
        other
            .scenario
            .post(&mut alice, "verify", Some(&pin))
            .event(),
        Event::Accepted
    );
    let before = one.service.borrow().calls;
    for gate in [&mut one, &mut other] {
        for _ in 0..3 {
            assert_eq!(
                gate.scenario.get(&mut alice, "/account").event(),
                Event::Forwarded
            );
        }
    }
    assert_eq!(one.service.borrow().calls, before);
    // A gate that starts later, too.
    let mut late = Replica::new(&one.service, &json!({}));
    assert_eq!(
        late.scenario.get(&mut alice, "/account").event(),
        Event::Forwarded
    );
}

#[test]
fn a_logout_is_known_everywhere_after_a_pull() {
    let (mut one, mut other) = two(&json!({}));
    let mut alice = Browser::alice();
    one.scenario.pass(&mut alice);
    let mut copy = alice.clone();
    let _page = one.scenario.get(&mut alice, "/.2fa/").answer();
    assert_eq!(
        one.scenario.post(&mut alice, "logout", None).event(),
        Event::LoggedOut
    );
    assert_eq!(
        one.scenario.get(&mut copy, "/account").place(),
        (303, "/.2fa/")
    );
    assert_eq!(
        other.scenario.get(&mut copy, "/account").event(),
        Event::Forwarded
    );
    other.pass(2);
    assert_eq!(
        other.scenario.get(&mut copy, "/account").place(),
        (303, "/.2fa/")
    );
    let now = other.scenario.now;
    let mut late = Replica::at(&one.service, &json!({}), now);
    assert_eq!(
        late.scenario.get(&mut copy, "/account").place(),
        (303, "/.2fa/")
    );
}

#[test]
fn a_logout_that_is_not_written_is_none() {
    let (mut one, _) = two(&json!({}));
    let mut alice = Browser::alice();
    one.scenario.pass(&mut alice);
    let _page = one.scenario.get(&mut alice, "/.2fa/").answer();
    one.service.borrow_mut().is_full = true;
    assert_eq!(
        one.scenario
            .post(&mut alice, "logout", None)
            .answer()
            .status,
        503
    );
    one.service.borrow_mut().is_full = false;
    one.service.borrow_mut().is_down = true;
    assert_eq!(
        one.scenario
            .post(&mut alice, "logout", None)
            .answer()
            .status,
        503
    );
    assert_eq!(
        one.scenario.get(&mut alice, "/account").event(),
        Event::Forwarded
    );
}

#[test]
fn changed_credentials_end_old_passes_everywhere() {
    let gate = json!({"identity": {"credential_version": "cv"}});
    let (mut one, mut other) = two(&gate);
    let in_session = |session: &str, version: &str| {
        let mut alice = Browser::signed_in("alice", "+819012345678", session);
        alice.claims.credential_version = Some(version.into());
        alice
    };
    let (mut old, mut new) = (in_session("s1", "1"), in_session("s2", "2"));
    one.scenario.pass(&mut old);
    one.pass(60);
    other.pass(60);
    one.scenario.pass(&mut new);
    assert_eq!(
        one.scenario.get(&mut old, "/account").place(),
        (303, "/.2fa/")
    );
    for gate in [&mut one, &mut other] {
        gate.pass(2);
        assert_eq!(
            gate.scenario.get(&mut old, "/account").place(),
            (303, "/.2fa/")
        );
        assert_eq!(
            gate.scenario.get(&mut new, "/account").event(),
            Event::Forwarded
        );
    }
}

#[test]
fn no_pass_opens_by_a_list_that_is_too_old() {
    let (mut one, _) = two(&json!({}));
    let mut alice = Browser::alice();
    one.scenario.pass(&mut alice);
    one.service.borrow_mut().is_down = true;
    one.pass(STALE);
    assert_eq!(
        one.scenario.get(&mut alice, "/account").event(),
        Event::Forwarded
    );
    one.pass(1);
    let refused = one.scenario.get(&mut alice, "/account");
    assert_eq!(
        (refused.place().0, refused.event()),
        (503, Event::UpstreamFailed)
    );
    assert_eq!(
        one.scenario.get(&mut alice, "/healthz").event(),
        Event::Exempt
    );
    let mut bob = Browser::signed_in("bob", "+819012345670", "s2");
    one.scenario.get(&mut bob, "/account");
    let _page = one.scenario.get(&mut bob, "/.2fa/").answer();
    let start = one.scenario.post(&mut bob, "start", None);
    assert_eq!(start.event(), Event::UpstreamFailed);
    one.service.borrow_mut().is_down = false;
    one.pass(1);
    assert_eq!(
        one.scenario.get(&mut alice, "/account").event(),
        Event::Forwarded
    );
}

#[test]
fn another_store_shuts_every_gate() {
    let (mut one, mut other) = two(&json!({}));
    let mut alice = Browser::alice();
    one.scenario.pass(&mut alice);
    let mut bob = Browser::signed_in("bob", "+819012345670", "s2");
    one.scenario.challenge(&mut bob, "/account");
    let pin = one.scenario.pin();
    one.service.borrow_mut().lose(8);
    // The totals of a store without its failures are not believed.
    assert_ne!(
        one.scenario.post(&mut bob, "verify", Some(&pin)).event(),
        Event::Accepted
    );
    assert_eq!(one.fleet.borrow().id(), None);
    assert_eq!(one.scenario.get(&mut alice, "/account").place().0, 503);
    other.pass(2);
    assert_eq!(other.fleet.borrow().id(), Some([8; 16]));
    let mut new = Replica::at(&one.service, &json!({}), one.scenario.now);
    assert_eq!(
        new.scenario.get(&mut alice, "/account").place(),
        (303, "/.2fa/")
    );
    assert_ne!(
        new.scenario.post(&mut bob, "verify", Some(&pin)).event(),
        Event::Accepted
    );
}

#[test]
fn until_the_store_is_known_only_exempt_paths_are_open() {
    let scenario = Scenario::with(&json!({}), &json!({}));
    let shut = |path: &str| {
        let head = Head::new(vec![
            (":method".to_string(), b"GET".to_vec()),
            (":path".to_string(), path.as_bytes().to_vec()),
            ("accept".to_string(), b"text/html".to_vec()),
        ]);
        match scenario.gate().shut(&head, true) {
            GateTurn::Forward(forward) => (200, forward.event),
            GateTurn::Respond(response) => (response.status, response.event),
            _ => panic!("something is asked"),
        }
    };
    for path in ["/account", "/.2fa/", "/"] {
        assert_eq!(shut(path), (503, Event::UpstreamFailed), "{path}");
    }
    assert_eq!(shut("/healthz"), (200, Event::Exempt));
    assert_eq!(shut("/static/%2e%2e/account"), (400, Event::RejectedPath));
}

/// Looks at a counter.
fn total(fleet: &Fleet, counter: GuardName, now: u32) -> Option<u32> {
    match fleet.look(&[Charge::alone(counter, 0, 0, 1)], milliseconds(now)) {
        Answer::Totals(totals) => Some(totals.totals[0].total),
        _ => None,
    }
}

fn long_list(service: &Rc<RefCell<Service>>, entries: u16) {
    for number in 0..entries {
        let [high, low] = number.to_be_bytes();
        let counter = GuardName::new([high, low, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        service
            .borrow_mut()
            .list
            .push((counter.to_text(), 1, NOW + 3_600));
    }
}

#[test]
fn nothing_opens_before_the_list_is_whole() {
    let service = Service::new(7);
    long_list(&service, 2_500);
    let last = GuardName::new([9, 195, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let mut fleet = fleet();
    for page in 0..3 {
        assert_eq!(
            (fleet.id(), total(&fleet, last, NOW)),
            (None, None),
            "after {page} pages"
        );
        let request = fleet.pull(milliseconds(NOW)).unwrap();
        assert!(fleet.pull(milliseconds(NOW)).is_none());
        let answer = service.borrow_mut().answer(NOW, &request);
        fleet.pulled(milliseconds(NOW), &answer).unwrap();
    }
    assert_eq!(fleet.id(), Some([7; 16]));
    assert_eq!(total(&fleet, last, NOW), Some(1));
    assert!(fleet.pull(milliseconds(NOW)).is_none());
    // What is revoked ends by itself.
    pull(&mut fleet, &service, NOW + 3_599);
    assert_eq!(total(&fleet, last, NOW + 3_599), Some(1));
    pull(&mut fleet, &service, NOW + 3_601);
    assert_eq!(total(&fleet, last, NOW + 3_601), Some(0));
}

/// A page that was asked for with the number of one list, and answered from another, is no beginning.
#[test]
fn pages_of_two_lists_are_not_joined() {
    let service = Service::new(7);
    long_list(&service, 500);
    let mut fleet = fleet();
    pull(&mut fleet, &service, NOW);
    let request = fleet.pull(milliseconds(NOW + 2)).unwrap();
    service.borrow_mut().lose(8);
    long_list(&service, 600);
    let late = service.borrow_mut().answer(NOW + 2, &request);
    let charge = Charge::alone(GuardName::new([5; 16]), 1, 9, 60);
    let list = fleet.count(&[1; 16], &[charge]);
    let counted = service.borrow_mut().answer(NOW + 2, &list);
    let answer = fleet.counted(&[7; 16], counted);
    assert!(matches!(
        answer,
        Answer::Unanswered(NoAnswer::GuardUnreachable, _)
    ));
    fleet.pulled(milliseconds(NOW + 2), &late).unwrap();
    assert_eq!(fleet.id(), None);
    pull(&mut fleet, &service, NOW + 2);
    assert_eq!(fleet.id(), Some([8; 16]));
    let first = GuardName::new([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(total(&fleet, first, NOW + 2), Some(1));
}

#[test]
fn a_store_that_goes_back_revives_nothing() {
    let service = Service::new(7);
    long_list(&service, 5);
    let last = GuardName::new([0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let mut fleet = fleet();
    pull(&mut fleet, &service, NOW);
    service.borrow_mut().list.truncate(3);
    pull(&mut fleet, &service, NOW + 2);
    assert_eq!(total(&fleet, last, NOW + 2), Some(1));
    let entry = (GuardName::new([6; 16]).to_text(), 1, NOW + 60);
    service.borrow_mut().list.push(entry);
    pull(&mut fleet, &service, NOW + 4);
    assert_eq!(total(&fleet, GuardName::new([6; 16]), NOW + 4), Some(1));
}

#[test]
fn what_is_no_answer_opens_nothing() {
    let fleet_id = GuardName::new([7; 16]).to_text();
    let page = |page: Value| json!({"revocations": page});
    let whole = page(json!({"fleet": fleet_id, "sequence": 0, "more": false, "entries": []}));
    for (status, body) in [
        (401, whole.clone()),
        (500, whole.clone()),
        (200, json!({})),
        (200, json!([])),
        (
            200,
            page(json!({"fleet": "AAEC", "sequence": 0, "more": false, "entries": []})),
        ),
        (
            200,
            page(json!({"fleet": fleet_id, "sequence": -1, "more": false, "entries": []})),
        ),
        (
            200,
            page(json!({"fleet": fleet_id, "sequence": 0, "entries": []})),
        ),
        (
            200,
            page(
                json!({"fleet": fleet_id, "sequence": 1, "more": false, "entries": ["AAEC.1.60"]}),
            ),
        ),
        (
            200,
            page(
                json!({"fleet": fleet_id, "sequence": 1, "more": false, "entries": [format!("{fleet_id}.1")]}),
            ),
        ),
        (
            200,
            page(
                json!({"fleet": fleet_id, "sequence": 1, "more": false, "entries": [format!("{fleet_id}.1.60.1")]}),
            ),
        ),
    ] {
        let mut fleet = fleet();
        fleet.pull(milliseconds(NOW)).unwrap();
        let said = fleet.pulled(milliseconds(NOW), &told(status, &body));
        assert!(
            said.is_err_and(|cause| cause.starts_with("fleet: ")),
            "{status} {body}"
        );
        assert_eq!(fleet.id(), None);
        // Told once, and tried again at once.
        fleet.pull(milliseconds(NOW)).unwrap();
        assert_eq!(
            fleet.pulled(milliseconds(NOW), &told(status, &body)),
            Ok(())
        );
    }
    let mut fleet = fleet();
    fleet.pull(milliseconds(NOW)).unwrap();
    fleet.pulled(milliseconds(NOW), &told(200, &whole)).unwrap();
    assert_eq!(fleet.id(), Some([7; 16]));

    let total = json!({"total": 1, "ends_in_seconds": 60});
    let counted = |status, body| match fleet.counted(&[7; 16], told(status, &body)) {
        Answer::Totals(totals) => Ok(totals.totals.len()),
        Answer::Unanswered(why, _) => Err(why),
        Answer::Response(_) => panic!("the answer is read"),
    };
    let mut counted = counted;
    let of = |fields: Value| json!({"counted": fields});
    assert_eq!(
        counted(200, of(json!({"totals": [total], "fleet": fleet_id}))),
        Ok(1)
    );
    // A store whose clock is behind says its time and nothing else.
    assert_eq!(
        counted(200, of(json!({"totals": [], "now_seconds": NOW + 500}))),
        Ok(0)
    );
    for (status, body, why) in [
        (
            200,
            of(json!({"totals": [total]})),
            NoAnswer::GuardUnreachable,
        ),
        (
            200,
            of(json!({"totals": [{"total": 1}], "fleet": fleet_id})),
            NoAnswer::GuardUnreachable,
        ),
        (200, json!({}), NoAnswer::GuardUnreachable),
        (
            409,
            json!({"failure": {"code": "request"}}),
            NoAnswer::GuardUnreachable,
        ),
        (
            503,
            json!({"failure": {"no_answer": "guard-full"}}),
            NoAnswer::GuardFull,
        ),
        (
            503,
            json!({"failure": {"no_answer": "guard-unreachable"}}),
            NoAnswer::GuardUnreachable,
        ),
        (
            401,
            of(json!({"totals": [total], "fleet": fleet_id})),
            NoAnswer::GuardUnreachable,
        ),
    ] {
        assert_eq!(counted(status, body.clone()), Err(why), "{status} {body}");
    }
}

#[test]
fn the_key_is_not_printed() {
    let service = GuardService::new("guard", KEY);
    assert!(!format!("{service:?}").contains("0123"));
    let request = fleet().pull(0).unwrap();
    assert!(!format!("{request:?}").contains("0123"));
}
