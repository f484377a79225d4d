//! A store that behaves until a trick is played.

use std::sync::{Arc, Mutex};

use xoxzo_2fa::{Charge, Guard, GuardError, Scope, Totals};

use crate::store::Opened;

/// An answer of a store.
pub(crate) type Answer = Result<Totals, GuardError>;

/// What to answer to a list, given the store itself. `None`: what the store answers.
type Trick = dyn Fn(&Opened, &[Charge]) -> Option<Answer> + Send + Sync;

/// A store with a trick.
#[derive(Clone)]
pub(crate) struct Tricked {
    inner: Opened,
    trick: Arc<Mutex<Option<Arc<Trick>>>>,
}

impl Tricked {
    pub(crate) fn new(inner: Opened) -> Self {
        Self {
            inner,
            trick: Arc::default(),
        }
    }

    /// Plays a trick from now on.
    pub(crate) fn play(
        &self,
        trick: impl Fn(&Opened, &[Charge]) -> Option<Answer> + Send + Sync + 'static,
    ) {
        *self.trick.lock().unwrap() = Some(Arc::new(trick));
    }

    /// Changes the answers to guesses from now on.
    pub(crate) fn on_guess(&self, change: impl Fn(Answer) -> Answer + Send + Sync + 'static) {
        self.play(move |inner, charges| (!is_claim(charges)).then(|| change(inner.add(charges))));
    }

    /// Changes the answers to claims from now on.
    pub(crate) fn on_claim(&self, change: impl Fn(Answer) -> Answer + Send + Sync + 'static) {
        self.play(move |inner, charges| is_claim(charges).then(|| change(inner.add(charges))));
    }

    /// Behaves again.
    pub(crate) fn behave(&self) {
        *self.trick.lock().unwrap() = None;
    }
}

impl Guard for Tricked {
    fn add(&self, charges: &[Charge]) -> Answer {
        let trick = self.trick.lock().unwrap().clone();
        let answer = trick.and_then(|trick| trick(&self.inner, charges));
        answer.unwrap_or_else(|| self.inner.add(charges))
    }

    fn scope(&self) -> Scope {
        self.inner.scope()
    }

    fn check(&self) -> Result<(), GuardError> {
        if self.trick.lock().unwrap().is_some() {
            return Playing(self).check();
        }
        self.inner.check()
    }
}

/// A store whose self-test meets its trick.
struct Playing<'a>(&'a Tricked);

impl Guard for Playing<'_> {
    fn add(&self, charges: &[Charge]) -> Answer {
        self.0.add(charges)
    }

    fn scope(&self) -> Scope {
        self.0.scope()
    }
}

/// Whether a list claims a challenge.
pub(crate) fn is_claim(charges: &[Charge]) -> bool {
    charges.first().is_some_and(|it| it.amount == 1 << 20)
}
