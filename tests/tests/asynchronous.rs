//! What only the asynchronous client promises: no thread while it waits, and what becomes of a dropped future.

use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Barrier, Notify};
use tokio::time::timeout;
use xoxzo_2fa::{
    AsyncGuard, AsyncMemoryGuard, AsyncOperator, AsyncTransport, AsyncTwoFactor, Binding, Blocking,
    Body, Charge, Code, Delivery, GuardError, Lost, Operation, Outcome, Pin, Scope, Settings,
    SqliteGuard, Totals, Wait,
};
use xoxzo_2fa_tests::{Client, key, other_than, pin_in, sandboxed};

fn settings() -> Settings {
    sandboxed("https://api.xoxzo.com", "sid-canary", "auth-canary")
        .key(key(1))
        .set("/sends/per_range/count", 10_000)
        .set("/sends/per_audience/count", 10_000)
        .build()
}

fn login(number: usize) -> Binding {
    Binding::new(
        format!("+8190{number:08}"),
        format!("user-{number}"),
        "login",
    )
}

/// A Xoxzo that takes its time, and every message.
#[derive(Clone, Default)]
struct Slow {
    /// Is told of each request, which is never answered.
    holds: Option<Arc<Notify>>,
    /// Answers come once so many requests wait.
    together: Option<Arc<Barrier>>,
    bodies: Arc<Mutex<Vec<String>>>,
}

impl AsyncTransport for Slow {
    fn send(
        &self,
        request: http::Request<Body>,
        _: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        Box::pin(async move {
            let body = request.body().as_str().to_string();
            self.bodies.lock().unwrap().push(body);
            if let Some(told) = &self.holds {
                told.notify_one();
                pending::<()>().await;
            }
            if let Some(barrier) = &self.together {
                barrier.wait().await;
            }
            Ok(http::Response::new(br#"[{"msgid":"m1"}]"#.to_vec()))
        })
    }
}

impl Slow {
    fn pin(&self) -> Pin {
        let body = self.bodies.lock().unwrap().pop().unwrap();
        pin_in(body.split("&recipient").next().unwrap(), 6)
            .unwrap()
            .into()
    }
}

/// More at once than the engine has places for instances: were one kept while Xoxzo is waited for, nothing would be answered.
#[test]
fn a_thousand_starts_wait_at_once_on_one_worker() {
    Client::runtime().block_on(async {
        let slow = Slow {
            together: Some(Arc::new(Barrier::new(500))),
            ..Slow::default()
        };
        let two_factor = AsyncTwoFactor::builder(settings(), AsyncMemoryGuard::default())
            .transport(slow)
            .audit(|_| ())
            .build()
            .await
            .unwrap();
        let starts: Vec<_> = (1..=1_000)
            .map(|number| {
                let two_factor = two_factor.clone();
                tokio::spawn(async move { two_factor.start(&login(number)).await })
            })
            .collect();
        for start in starts {
            let start = timeout(Duration::from_secs(60), start).await;
            let challenge = start.expect("Xoxzo answers").unwrap().unwrap();
            assert_eq!(challenge.delivery, Delivery::Accepted);
        }
    });
}

#[test]
fn events_are_told_as_by_the_other_client() {
    let runtime = Client::runtime();
    let told = Arc::new(Mutex::new(Vec::new()));
    runtime.block_on(async {
        let (slow, events) = (Slow::default(), Arc::clone(&told));
        let two_factor = AsyncTwoFactor::builder(settings(), AsyncMemoryGuard::default())
            .transport(slow.clone())
            .audit(move |event| events.lock().unwrap().push(event.clone()))
            .build()
            .await
            .unwrap();
        let user = login(1);
        let challenge = two_factor.start(&user).await.unwrap();
        let pin = slow.pin();
        let wrong = Pin::new(other_than(pin.as_str()));
        let wrong = two_factor.verify(&challenge.token, &user, &wrong).await;
        assert_eq!(wrong.err().unwrap().code(), Code::WrongPin);
        let right = two_factor.verify(&challenge.token, &user, &pin).await;
        assert!(right.is_ok());
        let used = two_factor.verify(&challenge.token, &user, &pin).await;
        assert_eq!(used.err().unwrap().code(), Code::Used);
        let handle = challenge.handle.unwrap();
        assert!(two_factor.status(&handle).await.is_ok());
        let lifted = AsyncOperator::beside(&two_factor, "ann")
            .unlock(&user.recipient, &user.subject)
            .await;
        assert_eq!(lifted.unwrap().failures, 0);
    });
    let told = told.lock().unwrap();
    let summary: Vec<_> = told
        .iter()
        .map(|event| (event.operation, event.code, event.purpose.as_deref()))
        .collect();
    let purpose = Some("login");
    assert_eq!(
        summary,
        [
            (Operation::Start, None, purpose),
            (Operation::Verify, Some(Code::WrongPin), purpose),
            (Operation::Verify, None, purpose),
            (Operation::Verify, Some(Code::Used), purpose),
            (Operation::Status, None, None),
            (Operation::Unlock, None, None),
        ]
    );
    let (trail, challenge) = (&told[0].audit.trail, &told[0].audit.challenge_id);
    assert!(trail.is_some() && challenge.is_some());
    for event in told.iter() {
        let audit = &event.audit;
        match event.operation {
            Operation::Status => assert_eq!(&audit.challenge_id, challenge),
            Operation::Unlock => assert_eq!(&audit.trail, trail),
            _ => assert_eq!((&audit.trail, &audit.challenge_id), (trail, challenge)),
        }
    }
}

/// What was charged stays charged: whoever hangs up has still cost a message.
#[test]
fn a_dropped_start_gives_nothing_back() {
    let runtime = Client::runtime();
    runtime.block_on(async {
        let told = Arc::new(Mutex::new(Vec::new()));
        let events = Arc::clone(&told);
        let reached = Arc::new(Notify::new());
        let slow = Slow {
            holds: Some(Arc::clone(&reached)),
            ..Slow::default()
        };
        let two_factor = AsyncTwoFactor::builder(settings(), AsyncMemoryGuard::default())
            .transport(slow)
            .audit(move |event| events.lock().unwrap().push(event.clone()))
            .build()
            .await
            .unwrap();
        let user = login(1);
        let start = {
            let (two_factor, user) = (two_factor.clone(), user.clone());
            tokio::spawn(async move { two_factor.start(&user).await })
        };
        reached.notified().await;
        start.abort();
        assert!(start.await.unwrap_err().is_cancelled());
        let event = told.lock().unwrap().pop().unwrap();
        assert_eq!(
            (event.operation, event.outcome, event.code),
            (Operation::Start, Outcome::Cancelled, None)
        );
        assert!(event.audit.trail.is_some() && told.lock().unwrap().is_empty());
        let again = two_factor.start(&user).await.err().unwrap();
        assert_eq!(again.code(), Code::Cooldown);
    });
}

/// A guard and a transport that break, before their future is made or in it.
#[derive(Clone, Copy)]
struct Breaks {
    at_once: bool,
}

impl Breaks {
    fn now<T>(self) -> Wait<'static, T> {
        assert!(!self.at_once, "of this test");
        Box::pin(async {
            tokio::task::yield_now().await;
            panic!("of this test")
        })
    }
}

impl AsyncGuard for Breaks {
    fn add<'a>(&'a self, _: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        self.now()
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }

    fn check(&self) -> Wait<'_, Result<(), GuardError>> {
        Box::pin(async { Ok(()) })
    }
}

impl AsyncTransport for Breaks {
    fn send(
        &self,
        _: http::Request<Body>,
        _: Duration,
    ) -> Wait<'_, Result<http::Response<Vec<u8>>, Lost>> {
        self.now()
    }
}

#[test]
fn a_panic_of_a_guard_or_a_transport_is_a_failure_with_an_event() {
    Client::runtime().block_on(async {
        for at_once in [true, false] {
            let (breaks, told) = (Breaks { at_once }, Arc::new(Mutex::new(Vec::new())));
            let events = Arc::clone(&told);
            let audit = move |event: &xoxzo_2fa::Event| {
                let cause = event.audit.cause.as_ref();
                let cause = cause.map(|cause| cause.as_str().to_string());
                events.lock().unwrap().push(cause);
            };
            let guard = AsyncTwoFactor::builder(settings(), breaks).audit(audit.clone());
            let two_factor = guard.build().await.unwrap();
            let refused = two_factor.start(&login(1)).await.err().unwrap();
            assert_eq!((refused.blame(), refused.code()), ("upstream", Code::Guard));
            let unready = two_factor.ready().await.err().unwrap();
            assert_eq!(unready.code(), Code::Guard);

            let transport = AsyncTwoFactor::builder(settings(), AsyncMemoryGuard::default());
            let transport = transport.audit(audit).transport(breaks);
            let two_factor = transport.build().await.unwrap();
            let challenge = two_factor.start(&login(1)).await.unwrap();
            assert_eq!(challenge.delivery, Delivery::Unknown);
            let causes = ["guard: it panicked", "transport: it panicked"];
            let causes = causes.map(|cause| Some(cause.to_string()));
            assert_eq!(*told.lock().unwrap(), causes);
        }
    });
}

/// A guard that is late, so that the state is too.
struct Late(AsyncMemoryGuard, Arc<AtomicUsize>);

impl AsyncGuard for Late {
    fn add<'a>(&'a self, charges: &'a [Charge]) -> Wait<'a, Result<Totals, GuardError>> {
        self.1.fetch_add(61, Ordering::SeqCst);
        self.0.add(charges)
    }

    fn scope(&self) -> Scope {
        Scope::Process
    }
}

#[test]
fn a_state_is_not_resumed_after_a_minute() {
    let runtime = Client::runtime();
    runtime.block_on(async {
        let now = Arc::new(AtomicUsize::new(1_800_000_000));
        let clock = Arc::clone(&now);
        let guard = Late(AsyncMemoryGuard::default(), now);
        let two_factor = AsyncTwoFactor::builder(settings(), guard)
            .transport(Slow::default())
            .danger_clock(move || {
                let now = clock.load(Ordering::SeqCst) as u64;
                std::time::UNIX_EPOCH + Duration::from_secs(now)
            })
            .build()
            .await
            .unwrap();
        let late = two_factor.start(&login(1)).await.err().unwrap();
        assert_eq!((late.blame(), late.code()), ("upstream", Code::Clock));
        let detail = &late.failure().detail;
        assert_eq!(detail, "over a minute passed while the operation waited");
    });
}

#[test]
fn a_guard_that_blocks_is_waited_for_elsewhere() {
    let folder = std::env::temp_dir().join(format!("xoxzo-2fa-blocking-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let runtime = Client::runtime();
    runtime.block_on(async {
        let slow = Slow::default();
        let guard = Blocking::new(SqliteGuard::open(folder.join("guard")).unwrap());
        let two_factor = AsyncTwoFactor::builder(settings(), guard)
            .transport(slow.clone())
            .build()
            .await
            .unwrap();
        let user = login(1);
        let challenge = two_factor.start(&user).await.unwrap();
        let pin = slow.pin();
        let guesses = (0..8).map(|_| {
            let (two_factor, user) = (two_factor.clone(), user.clone());
            let (token, pin) = (challenge.token.clone(), pin.clone());
            tokio::spawn(async move { two_factor.verify(&token, &user, &pin).await.is_ok() })
        });
        let mut won = 0;
        for guess in guesses.collect::<Vec<_>>() {
            won += usize::from(guess.await.unwrap());
        }
        assert_eq!(won, 1);
    });
    std::fs::remove_dir_all(folder).unwrap();
}

/// Everything of this crate at once: no method of a store has two meanings.
mod glob {
    use std::sync::Arc;
    use xoxzo_2fa::*;

    fn is_guard(guard: impl Guard) -> Scope {
        guard.scope()
    }

    fn is_async_guard(guard: impl AsyncGuard) -> Scope {
        guard.scope()
    }

    #[test]
    fn guards_and_pointers_to_them_are_one_kind_of_guard() {
        let (guard, waited) = (MemoryGuard::default(), AsyncMemoryGuard::default());
        assert_eq!(guard.scope(), waited.scope());
        assert!(guard.check().is_ok());
        let scopes = [
            is_guard(Box::new(MemoryGuard::default()) as Box<dyn Guard>),
            is_guard(Arc::new(guard) as Arc<dyn Guard>),
            is_async_guard(Box::new(waited.clone()) as Box<dyn AsyncGuard>),
            is_async_guard(Arc::new(waited) as Arc<dyn AsyncGuard>),
        ];
        assert_eq!(scopes, [Scope::Process; 4]);
    }
}
