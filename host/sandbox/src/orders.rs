//! Faults that tests order for the next requests, so that they need no number that goes wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::fault::Fault;

/// A fault for the next requests of a kind.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) fault: Fault,
    /// The number of requests that it is still for.
    pub(crate) times: u32,
    pub(crate) target: Target,
}

/// The requests that a fault is for.
#[derive(Clone)]
pub(crate) enum Target {
    /// Sound requests to send or call.
    Sends,
    /// Sound requests to one number.
    Recipient(String),
    /// Every request with right credentials whose path begins so.
    Path(String),
}

/// The orders that are not used up, oldest first.
#[derive(Default)]
pub(crate) struct Orders(Mutex<Book>);

#[derive(Default)]
struct Book {
    /// The number of the newest order there has been.
    last: u64,
    open: Vec<(u64, Order)>,
}

impl Orders {
    pub(crate) fn add(&self, order: Order) {
        let mut book = self.book();
        book.last += 1;
        let number = book.last;
        book.open.push((number, order));
    }

    pub(crate) fn clear(&self) {
        self.book().open.clear();
    }

    /// Returns the orders with what is left of each, and a number that each keeps.
    pub(crate) fn all(&self) -> Vec<(u64, Order)> {
        self.book().open.clone()
    }

    /// Takes the oldest fault for a message to this number.
    pub(crate) fn for_recipient(&self, recipient: &str) -> Option<Fault> {
        self.take(|target| match target {
            Target::Sends => true,
            Target::Recipient(own) => own == recipient,
            Target::Path(_) => false,
        })
    }

    /// Takes the oldest fault for a request to this path.
    pub(crate) fn for_path(&self, path: &str) -> Option<Fault> {
        self.take(|target| match target {
            Target::Path(own) => path.starts_with(own),
            Target::Sends | Target::Recipient(_) => false,
        })
    }

    /// Returns the orders with what is left of each, as the README says.
    pub(crate) fn entries(&self) -> Vec<Value> {
        let book = self.book();
        book.open.iter().map(|(_, order)| order.entry()).collect()
    }

    fn take(&self, is_for: impl Fn(&Target) -> bool) -> Option<Fault> {
        let open = &mut self.book().open;
        let at = open.iter().position(|(_, order)| is_for(&order.target))?;
        let (_, order) = open.get_mut(at)?;
        let fault = order.fault;
        order.times = order.times.saturating_sub(1);
        if order.times == 0 {
            open.remove(at);
        }
        Some(fault)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Order {
    fn entry(&self) -> Value {
        let (recipient, path) = match &self.target {
            Target::Sends => (None, None),
            Target::Recipient(number) => (Some(number), None),
            Target::Path(path) => (None, Some(path)),
        };
        json!({"name": self.fault.name(), "times": self.times, "recipient": recipient, "path": path})
    }
}
