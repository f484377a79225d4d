//! The store as the weak point: it lies, forgets, fails, and loses answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use xoxzo_2fa::{Charge, Code, Guard, GuardError, Scope, Total, Totals};

use crate::field::{Field, Shared, victim, wrong};
use crate::{Attack, Outcome};

pub(crate) fn attacks() -> Vec<Attack> {
    let attack = |name, class, run| Attack { name, class, run };
    vec![
        attack("lose the answer of a store", "fail open", lost),
        attack("take the store away", "fail open", away),
        attack("a store that forgets what it adds", "lying store", lying),
        attack("a store that answers short", "lying store", short),
        attack("cross test mode and production", "scope confusion", modes),
    ]
}

/// What a store answers instead: told which list since the trick is on, the trick's own number, the honest answer, and the charges.
type Trick = fn(usize, usize, Answer, &[Charge]) -> Answer;

type Answer = Result<Totals, GuardError>;

/// A store that behaves until a trick is on.
struct Tricked {
    inner: Shared,
    trick: Trick,
    switch: Arc<Switch>,
}

#[derive(Default)]
struct Switch {
    /// 0: off.
    number: AtomicUsize,
    /// Lists since it is on.
    lists: AtomicUsize,
}

impl Switch {
    fn set(&self, number: usize) {
        self.lists.store(0, Ordering::SeqCst);
        self.number.store(number, Ordering::SeqCst);
    }
}

impl Guard for Tricked {
    fn add(&self, charges: &[Charge]) -> Answer {
        let list = self.switch.lists.fetch_add(1, Ordering::SeqCst) + 1;
        let made = self.inner.add(charges);
        match self.switch.number.load(Ordering::SeqCst) {
            0 => made,
            number => (self.trick)(list, number, made, charges),
        }
    }

    fn scope(&self) -> Scope {
        self.inner.scope()
    }
}

fn tricked(field: &Field, trick: Trick) -> (Tricked, Arc<Switch>) {
    let switch = Arc::<Switch>::default();
    let guard = Tricked {
        inner: field.guard(),
        trick,
        switch: Arc::clone(&switch),
    };
    (guard, switch)
}

/// The answers to the guess, the claim and the clearing are lost in turn, after the charge was made.
fn lost(field: &Field) -> Outcome {
    let mut through = 0;
    for step in 1..=3 {
        let (guard, switch) = tricked(field, |list, number, made, _| {
            if list == number {
                Err(GuardError::Unreachable("lost".to_string()))
            } else {
                made
            }
        });
        let host = field.host_with(field.settings(), guard);
        let login = victim().session(format!("lost-{step}"));
        let (challenge, pin) = field.start(&host, &login).unwrap();
        switch.set(step);
        let guesses = (0..3).filter(|_| field.guess(&host, &challenge.token, &login, &pin).is_ok());
        through += guesses.count().saturating_sub(1);
    }
    Outcome { tries: 9, through }
}

fn away(field: &Field) -> Outcome {
    let (guard, switch) = tricked(field, |_, _, _, _| Err(GuardError::Full));
    let (host, login) = (field.host_with(field.settings(), guard), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let sent = field.sandbox.inbox(None).len();
    switch.set(1);
    let through =
        usize::from(field.guess(&host, &challenge.token, &login, &pin) != Err(Code::Guard));
    let started = usize::from(host.start(&victim().session("s-2")).is_ok());
    let unlocked = usize::from(host.unlock("user-1", "+819012345678").is_ok());
    Outcome {
        tries: 3,
        through: through + started + unlocked + field.sandbox.inbox(None).len() - sent,
    }
}

fn lying(field: &Field) -> Outcome {
    let zeros: Trick = |_, _, _, charges| {
        let totals = charges.iter().map(|charge| Total::new(0, charge.ttl));
        Ok(Totals::new(totals.collect()))
    };
    let (guard, switch) = tricked(field, zeros);
    let (host, login) = (field.host_with(field.settings(), guard), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    switch.set(1);
    let through = (0..20)
        .filter(|at| {
            let guess = if at % 2 == 0 {
                pin.clone()
            } else {
                wrong(&pin, *at)
            };
            field.guess(&host, &challenge.token, &login, &guess) != Err(Code::Guard)
        })
        .count();
    // Nor is such a store taken at all.
    let (guard, switch) = tricked(field, zeros);
    switch.set(1);
    let taken = xoxzo_2fa::TwoFactor::new(field.settings().build(), guard).is_ok();
    Outcome {
        tries: 21,
        through: through + usize::from(taken),
    }
}

fn short(field: &Field) -> Outcome {
    let cut: Trick = |_, _, made, _| {
        made.map(|mut answer| {
            answer.totals.pop();
            answer
        })
    };
    let (guard, switch) = tricked(field, cut);
    let (host, login) = (field.host_with(field.settings(), guard), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    switch.set(1);
    let through =
        usize::from(field.guess(&host, &challenge.token, &login, &pin) != Err(Code::Guard));
    Outcome { tries: 1, through }
}

/// A token of test mode at a production host with the same keys, and the other way.
fn modes(field: &Field) -> Outcome {
    let live = field
        .settings()
        .set("/test", false)
        .set("/sends", serde_json::json!({}));
    let (test, live) = (field.host(), field.host_of(live));
    let login = victim();
    let (of_test, test_pin) = field.start(&test, &login).unwrap();
    let (of_live, live_pin) = field.start(&live, &login).unwrap();
    let crossed = [
        field.guess(&live, &of_test.token, &login, &test_pin),
        field.guess(&live, &of_test.token, &login, &live_pin),
        field.guess(&test, &of_live.token, &login, &live_pin),
        field.guess(&test, &of_live.token, &login, &test_pin),
    ];
    Outcome {
        tries: 4,
        through: crossed
            .iter()
            .filter(|guess| **guess != Err(Code::InvalidToken))
            .count(),
    }
}
