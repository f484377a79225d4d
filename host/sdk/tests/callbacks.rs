//! Callbacks of the sandbox, and forged ones, at a receiver that asks for the state.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Router, serve};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;
use xoxzo_2fa::{
    AsyncTwoFactor, Binding, Blocking, Callback, Challenge, Code, Delivery, Handle, MemoryGuard,
    Settings, TwoFactor,
};
use xoxzo_2fa_sandbox::{Fault, Options, Sandbox};

/// A clock of counters that a test sets.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn guard(&self) -> MemoryGuard {
        let own = self.clone();
        let clock = move |_: Instant| Duration::from_secs(own.0.load(Ordering::SeqCst));
        MemoryGuard::danger_with_clock(1_000, clock)
    }

    /// Lets the 5 s pass that lie between two questions about a message.
    fn pass(&self) {
        self.0.fetch_add(6, Ordering::SeqCst);
    }
}

fn settings(sandbox: &Sandbox, callback_url: &str) -> Settings {
    Settings::builder()
        .audience("shop")
        .service("Example Shop")
        .key(xoxzo_2fa::keygen().unwrap())
        .guard_key(xoxzo_2fa::keygen().unwrap())
        .account(sandbox.sid(), sandbox.auth_token())
        .sender("Example")
        .base_url(sandbox.url())
        .destination("JP-mobile")
        .set("/xoxzo/callback_url", callback_url)
        .build()
}

/// The handles that a service keeps, by the ids of their messages.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<HashMap<String, Handle>>>);

impl Sent {
    /// Keeps the handle of a challenge, and returns the id of its message.
    fn keep(&self, challenge: &Challenge) -> String {
        let id = challenge.audit.message_id.clone().unwrap();
        let handle = challenge.handle.clone().unwrap();
        self.0.lock().unwrap().insert(id.clone(), handle);
        id
    }

    fn find(&self, message_id: &str) -> Option<Handle> {
        self.0.lock().unwrap().get(message_id).cloned()
    }
}

#[derive(Clone)]
struct Service {
    two_factor: AsyncTwoFactor,
    sent: Sent,
    told: UnboundedSender<Callback>,
}

async fn delivery(State(service): State<Service>, body: Bytes) -> StatusCode {
    let find = |message_id: String| async move { service.sent.find(&message_id) };
    let callback = service.two_factor.receive(&body, find).await;
    let status = StatusCode::from_u16(callback.status()).unwrap();
    service.told.send(callback).unwrap();
    status
}

/// Waits for the next report, and lets time pass while callbacks are postponed.
async fn next_report(told: &mut UnboundedReceiver<Callback>, clock: &Clock) -> (String, Delivery) {
    loop {
        let callback = timeout(Duration::from_secs(60), told.recv()).await;
        match callback.unwrap().unwrap() {
            Callback::Reported { message_id, report } => return (message_id, report.delivery),
            Callback::Postponed(error) => {
                assert_eq!(error.code(), Code::Cooldown);
                clock.pass();
            }
            other => panic!("{other:?}"),
        }
    }
}

/// From the message to its last state, as forms and as JSON.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn xoxzos_callbacks_lead_to_the_last_state() {
    for json in [false, true] {
        let pace = Duration::from_millis(200);
        let sandbox = Sandbox::start(Options::default().pace(pace).json_callbacks(json)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/delivery/9f2c", listener.local_addr().unwrap());
        let clock = Clock::default();
        let guard = Blocking::new(clock.guard());
        let two_factor = AsyncTwoFactor::new(settings(&sandbox, &url), guard).await;
        let (told, mut tells) = unbounded_channel();
        let service = Service {
            two_factor: two_factor.unwrap(),
            sent: Sent::default(),
            told,
        };
        let app = Router::new().route("/delivery/9f2c", post(delivery));
        let server = tokio::spawn(serve(listener, app.with_state(service.clone())).into_future());

        let login = Binding::new(Fault::Failed.recipient(), "user-1", "login");
        let challenge = service.two_factor.start(&login).await.unwrap();
        let id = service.sent.keep(&challenge);
        let mut last = Delivery::Queued;
        while !last.is_final() {
            let (told, state) = next_report(&mut tells, &clock).await;
            assert_eq!(told, id);
            last = state;
        }
        assert_eq!(last, Delivery::Failed, "as form: {}", !json);
        server.abort();
    }
}

/// A message that stays under way, whatever anybody says of it.
fn under_way() -> (Sandbox, Clock, TwoFactor, Sent, String) {
    let options = Options::default().pace(Duration::ZERO);
    let (sandbox, clock) = (Sandbox::start(options).unwrap(), Clock::default());
    let settings = settings(&sandbox, "http://127.0.0.1:1/delivery/9f2c");
    let two_factor = TwoFactor::new(settings, clock.guard()).unwrap();
    let login = Binding::new(Fault::Stuck.recipient(), "user-1", "login");
    let sent = Sent::default();
    let id = sent.keep(&two_factor.start(&login).unwrap());
    (sandbox, clock, two_factor, sent, id)
}

#[test]
fn the_state_in_a_callback_is_never_believed() {
    let (_sandbox, clock, two_factor, sent, id) = under_way();
    for body in [
        format!("msgid={id}&status=DELIVERED"),
        format!(r#"{{"msgid":"{id}","status":"FAILED"}}"#),
    ] {
        let callback = two_factor.receive(body.as_bytes(), |id| sent.find(id));
        let Callback::Reported { message_id, report } = &callback else {
            panic!("{callback:?}");
        };
        assert_eq!((message_id, report.delivery), (&id, Delivery::Delivering));
        assert_eq!(callback.status(), 200);
        clock.pass();
    }
}

#[test]
fn a_replay_asks_nothing_and_a_stranger_is_ignored() {
    let (sandbox, _clock, two_factor, sent, id) = under_way();
    let receive = |body: &str| two_factor.receive(body.as_bytes(), |id| sent.find(id));
    let own = format!("msgid={id}&status=DELIVERED");
    assert!(matches!(receive(&own), Callback::Reported { .. }));
    // With the sandbox gone, a question would end in `Code::Provider`.
    drop(sandbox);
    for _ in 0..20 {
        let callback = receive(&own);
        let Callback::Postponed(error) = &callback else {
            panic!("{callback:?}");
        };
        assert_eq!((error.code(), callback.status()), (Code::Cooldown, 503));
    }
    let long = format!("{own}&x={}", "x".repeat(16 * 1024));
    for body in ["msgid=aB3&status=DELIVERED", "", "status=DELIVERED", &long] {
        let callback = receive(body);
        assert_eq!((&callback, callback.status()), (&Callback::Ignored, 200));
    }
}

#[test]
fn a_callback_comes_again_if_xoxzo_does_not_answer() {
    let (sandbox, _clock, two_factor, sent, id) = under_way();
    drop(sandbox);
    let body = format!("msgid={id}");
    let callback = two_factor.receive(body.as_bytes(), |id| sent.find(id));
    let Callback::Postponed(error) = &callback else {
        panic!("{callback:?}");
    };
    assert_eq!((error.code(), callback.status()), (Code::Provider, 503));
    let foreign = |_: &str| Some(Handle::new("of-another-service"));
    assert_eq!(
        two_factor.receive(body.as_bytes(), foreign),
        Callback::Ignored
    );
}
