//! The event of a call, for an answer that carries it. An operation tells it on its own thread.

use std::cell::Cell;

use xoxzo_2fa::Event;

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    static KEPT: Cell<Option<Event>> = const { Cell::new(None) };
}

/// Begins a call of this thread, whose event is kept if it is wanted.
pub(crate) fn begin(wanted: bool) {
    WANTED.set(wanted);
    KEPT.take();
}

/// Keeps an event for the call that it is of.
pub(crate) fn keep(event: &Event) {
    if WANTED.get() {
        KEPT.set(Some(event.clone()));
    }
}

/// Ends the call, and returns its event.
pub(crate) fn end() -> Option<Event> {
    WANTED.set(false);
    KEPT.take()
}
