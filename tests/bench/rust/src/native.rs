//! The engine without WebAssembly: linked as the gate links it, with counters in a map or in a store of the SDK.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::SysRng;
use serde_json::{Value, json};
use xoxzo_2fa_core::{
    Answer, Charge, Claimed, Dispatch, Failure, Operation, Prepared, Sending, Totals, Turn, Verify,
};
use xoxzo_2fa_world::{Counters, charge, pin_in, prepared, taken};

use crate::Fault;
use crate::measure::Login;

/// Counters behind a lock or a socket.
pub(crate) trait Counting: Sync {
    /// Makes a list.
    fn add(&self, charges: &[Charge], now: u32) -> Result<Totals, String>;
}

pub(crate) struct Native<C> {
    settings: Prepared,
    counters: C,
    messages: Mutex<Vec<String>>,
    back: AtomicU64,
    users: u32,
}

pub(crate) struct Person {
    subject: String,
    recipient: String,
}

impl Person {
    fn claimed(&self) -> Claimed<'_> {
        Claimed {
            recipient: &self.recipient,
            subject: &self.subject,
            purpose: "login",
            session: None,
            transaction: None,
        }
    }
}

impl<C: Counting> Native<C> {
    pub(crate) fn new(settings: &str, counters: C) -> Result<Self, Fault> {
        let mut document: Value = serde_json::from_str(settings)?;
        document["guard"]["scope"] = json!("shared");
        Ok(Self {
            settings: prepared(&document),
            counters,
            messages: Mutex::default(),
            back: AtomicU64::new(0),
            users: 0,
        })
    }

    fn now(&self) -> u32 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since.map_or(0, |since| since.as_secs()) - self.back.load(Ordering::Relaxed);
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    fn run<O: Operation>(
        &self,
        begun: Result<Turn<O>, Failure>,
        now: u32,
    ) -> Result<O::Output, String> {
        let code = |failure: Failure| failure.code.name().to_string();
        let mut turn = begun.map_err(code)?;
        loop {
            let (answer, operation) = match turn {
                Turn::Done(output) => return Ok(output),
                Turn::Send(request, operation) => {
                    lock(&self.messages).push(request.body);
                    (taken(), operation)
                }
                Turn::Count(charges, operation) => {
                    let totals = self.counters.add(&charges, now)?;
                    (Answer::Totals(totals), operation)
                }
            };
            turn = operation
                .resume(&self.settings, now, answer)
                .map_err(code)?;
        }
    }
}

impl<C: Counting> Counting for &C {
    fn add(&self, charges: &[Charge], now: u32) -> Result<Totals, String> {
        (**self).add(charges, now)
    }
}

impl Counting for Mutex<Counters> {
    fn add(&self, charges: &[Charge], now: u32) -> Result<Totals, String> {
        let mut counters = lock(self);
        let mut totals = Vec::with_capacity(charges.len());
        for one in charges {
            let (total, refused) = charge(&mut counters, one, now);
            totals.push(total);
            if refused {
                break;
            }
        }
        Ok(Totals { totals, now: None })
    }
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<C: Counting> Login for Native<C> {
    type User = Person;
    type Token = String;
    type Pin = String;

    const LOCKS: bool = true;
    const ALTERED: &str = "invalid-token";

    fn user(&self, number: u32, other: bool) -> Person {
        let prefix = if other { "+8180" } else { "+8190" };
        Person {
            subject: format!("user-{number}"),
            recipient: format!("{prefix}{number:08}"),
        }
    }

    fn token(text: String) -> String {
        text
    }

    fn text(token: &String) -> &str {
        token
    }

    fn pin(text: &str) -> String {
        text.to_string()
    }

    fn start(&self, user: &Person) -> Result<String, String> {
        let (now, sending) = (self.now(), Sending::default());
        let begun = Dispatch::start(&self.settings, now, user.claimed(), sending, &mut SysRng);
        self.run(begun, now).map(|challenge| challenge.token)
    }

    fn verify(&self, user: &Person, token: &String, pin: &String) -> Result<(), String> {
        let now = self.now();
        let begun = Verify::begin(&self.settings, now, token, user.claimed(), pin, None);
        self.run(begun, now).map(|_| ())
    }

    fn sent(&self) -> Vec<String> {
        let bodies = std::mem::take(&mut *lock(&self.messages));
        let message = |body: &String| pin_in(body.split('&').next()?, 6);
        bodies.iter().filter_map(message).collect()
    }

    fn set_back(&self, seconds: u64) {
        self.back.store(seconds, Ordering::Relaxed);
    }

    fn next(&mut self) -> &mut u32 {
        &mut self.users
    }
}
