//! Faults that tests order for the next requests, so that they need no number that goes wrong.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::fault::Fault;

/// A fault for the next requests of a kind.
pub(crate) struct Order {
    pub(crate) fault: Fault,
    /// The number of requests that it is still for.
    pub(crate) times: u32,
    pub(crate) target: Target,
}

/// The requests that a fault is for.
pub(crate) enum Target {
    /// Sound requests to send or call.
    Sends,
    /// Sound requests to one number.
    Recipient(String),
    /// Every request with right credentials whose path begins so.
    Path(String),
}

#[derive(Default)]
pub(crate) struct Orders(Mutex<Vec<Order>>);

impl Orders {
    pub(crate) fn add(&self, order: Order) {
        self.orders().push(order);
    }

    pub(crate) fn clear(&self) {
        self.orders().clear();
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

    /// Returns the orders with what is left of each.
    pub(crate) fn entries(&self) -> Vec<Value> {
        self.orders().iter().map(Order::entry).collect()
    }

    fn take(&self, is_for: impl Fn(&Target) -> bool) -> Option<Fault> {
        let mut orders = self.orders();
        let at = orders.iter().position(|order| is_for(&order.target))?;
        let order = orders.get_mut(at)?;
        let fault = order.fault;
        order.times = order.times.saturating_sub(1);
        if order.times == 0 {
            orders.remove(at);
        }
        Some(fault)
    }

    fn orders(&self) -> MutexGuard<'_, Vec<Order>> {
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
