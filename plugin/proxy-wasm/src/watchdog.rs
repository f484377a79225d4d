//! A watch on forms whose body does not come, since nothing else tells of a setting that Envoy lacks.
//!
//! The gate stops a form at its head and reads its body. Without `allow_on_headers_stop_iteration` Envoy takes that for a wish to see nothing more: it
//! keeps the body back and logs nothing, and the browser waits until it gives up. Everything else works, so the fault shows at the first login.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// Ticks that a form may wait for the first byte of its body. A tick is a second.
const PATIENCE: u32 = 10;

/// A watch on the forms of one worker. It ends with the first body that comes, since Envoy then hands bodies over.
#[derive(Default)]
pub(crate) struct Watchdog {
    ended: Cell<bool>,
    forms: RefCell<Vec<Form>>,
}

/// A form that waits.
struct Form {
    context: u32,
    ticks: u32,
    alive: Weak<()>,
}

/// A sign that a form still waits. Drop it when the form's body comes, or its request ends.
pub(crate) struct Sign {
    _life: Rc<()>,
}

impl Watchdog {
    /// Begins to watch the form of a context. `None`: there is nothing to watch for any more.
    pub(crate) fn watch(&self, context: u32) -> Option<Sign> {
        if self.ended.get() {
            return None;
        }
        let life = Rc::new(());
        self.forms.borrow_mut().push(Form {
            context,
            ticks: 0,
            alive: Rc::downgrade(&life),
        });
        Some(Sign { _life: life })
    }

    /// Notes that a part of a body came while the head was held.
    pub(crate) fn end(&self) {
        if !self.ended.replace(true) {
            self.forms.take();
        }
    }

    /// Counts a tick, and returns the contexts of the forms that have waited too long. They are not watched any further.
    pub(crate) fn tick(&self) -> Vec<u32> {
        let mut late = Vec::new();
        self.forms.borrow_mut().retain_mut(|form| {
            form.ticks = form.ticks.saturating_add(1);
            let waits = form.alive.strong_count() > 0;
            if waits && form.ticks > PATIENCE {
                late.push(form.context);
            }
            waits && form.ticks <= PATIENCE
        });
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_a_body_is_late_once() {
        let watchdog = Watchdog::default();
        let _sign = watchdog.watch(7);
        for _ in 0..PATIENCE {
            assert!(watchdog.tick().is_empty());
        }
        assert_eq!(watchdog.tick(), [7]);
        assert!(watchdog.tick().is_empty());
    }

    #[test]
    fn a_request_that_ended_is_nobodys() {
        let watchdog = Watchdog::default();
        drop(watchdog.watch(7));
        let _sign = watchdog.watch(8);
        let late: Vec<_> = (0..=PATIENCE).flat_map(|_| watchdog.tick()).collect();
        assert_eq!(late, [8]);
        assert!(watchdog.forms.take().is_empty());
    }

    #[test]
    fn the_first_body_ends_the_watch() {
        let watchdog = Watchdog::default();
        let _slow = watchdog.watch(7);
        watchdog.end();
        assert!(watchdog.watch(8).is_none());
        assert!((0..=PATIENCE).all(|_| watchdog.tick().is_empty()));
    }
}
