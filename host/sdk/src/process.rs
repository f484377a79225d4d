//! Values of one process: a child that was forked off makes its own.
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

/// Keeps the process from being forked while it lives: for what a copy in a child could not be told from its own, as the locks of a file are
/// that SQLite remembers.
#[cfg(feature = "sqlite")]
pub(crate) struct Whole(());

#[cfg(feature = "sqlite")]
impl Whole {
    /// Waits while another thread forks. Nothing that forks may run before this is dropped.
    pub(crate) fn begin() -> Self {
        #[cfg(unix)]
        forks::enter();
        Self(())
    }
}

#[cfg(feature = "sqlite")]
impl Drop for Whole {
    fn drop(&mut self) {
        #[cfg(unix)]
        forks::leave();
    }
}

/// The lock that a fork waits for.
#[cfg(all(unix, feature = "sqlite"))]
mod forks {
    use std::cell::RefCell;
    use std::sync::{Condvar, Mutex, MutexGuard, Once, PoisonError};

    /// Threads that must not be copied now.
    static INSIDE: Mutex<usize> = Mutex::new(0);
    static LEFT: Condvar = Condvar::new();

    thread_local! {
        /// Held by the thread that forks, from before until after, in the parent and in the child.
        static FORKING: RefCell<Option<MutexGuard<'static, usize>>> = const { RefCell::new(None) };
    }

    fn inside() -> MutexGuard<'static, usize> {
        INSIDE.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter() {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(register);
        *inside() += 1;
    }

    pub(super) fn leave() {
        *inside() -= 1;
        LEFT.notify_all();
    }

    #[expect(unsafe_code, reason = "nothing safe is told of forks")]
    fn register() {
        // SAFETY: the functions live as long as the program, and do not unwind.
        unsafe { libc::pthread_atfork(Some(before), Some(after), Some(after)) };
    }

    extern "C" fn before() {
        let all_left = LEFT.wait_while(inside(), |inside| *inside > 0);
        let all_left = all_left.unwrap_or_else(PoisonError::into_inner);
        FORKING.with(|forking| *forking.borrow_mut() = Some(all_left));
    }

    extern "C" fn after() {
        FORKING.with(|forking| drop(forking.borrow_mut().take()));
    }
}
