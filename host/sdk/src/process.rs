//! What belongs to one process: in a child that was forked off, it is made anew.
//!
//! A child has a copy of every lock and of no thread. A lock that another thread held stays held there for ever, and a connection is shared
//! with the parent. So what the parent made is neither used nor dropped in a child, but left as it is.

use std::sync::Arc;
use std::{fmt, mem, process};

use arc_swap::ArcSwap;

/// A value, and the process that it is of.
struct Held<T> {
    process: u32,
    value: Arc<T>,
}

/// A value of each process that asks for it.
pub(crate) struct PerProcess<T> {
    current: ArcSwap<Held<T>>,
    make: Box<dyn Fn() -> T + Send + Sync>,
}

impl<T> PerProcess<T> {
    /// Takes the value of this process, and how to make one for a child.
    pub(crate) fn new(value: T, make: impl Fn() -> T + Send + Sync + 'static) -> Self {
        Self {
            current: ArcSwap::from_pointee(Held::new(value)),
            make: Box::new(make),
        }
    }

    /// The value of the process that asks.
    pub(crate) fn get(&self) -> Arc<T> {
        let held = self.current.load();
        if held.process == process::id() {
            return Arc::clone(&held.value);
        }
        let made = Arc::new(Held::new((self.make)()));
        let before = self.current.compare_and_swap(&*held, Arc::clone(&made));
        if Arc::ptr_eq(&before, &held) {
            // The parent's.
            mem::forget(Arc::clone(&held));
            return Arc::clone(&made.value);
        }
        // Another thread of this child came first.
        Arc::clone(&self.current.load().value)
    }
}

impl<T> Held<T> {
    fn new(value: T) -> Self {
        Self {
            process: process::id(),
            value: Arc::new(value),
        }
    }
}

impl<T> fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerProcess").finish_non_exhaustive()
    }
}
