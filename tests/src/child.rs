//! Children that are forked off a process with busy threads, as prefork servers make them.

use crate::within;

/// The status of a child whose work panicked.
pub const PANICKED: i32 = 101;

/// The status of a child whose work took longer than [`PATIENCE`](crate::PATIENCE).
pub const HUNG: i32 = 102;

/// A child that was forked off.
#[must_use = "a child that is not waited for stays"]
pub struct Child(i32);

impl Child {
    /// Forks a child that runs the work and exits with the status that it returns.
    #[expect(unsafe_code, reason = "nothing safe forks")]
    pub fn fork(work: impl FnOnce() -> i32) -> Self {
        // SAFETY: the child runs only the work, and ends without what the parent would do at its end.
        match unsafe { libc::fork() } {
            0 => {
                let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
                // SAFETY: it ends the child.
                unsafe { libc::_exit(result.unwrap_or(PANICKED)) }
            }
            child => Self(child),
        }
    }

    /// Waits for its status. A child that takes longer than [`PATIENCE`](crate::PATIENCE) is killed.
    #[must_use]
    pub fn wait(self) -> i32 {
        within(|| self.ended()).unwrap_or_else(|| {
            self.kill();
            HUNG
        })
    }

    #[expect(unsafe_code, reason = "it was forked without std")]
    fn ended(&self) -> Option<i32> {
        let mut status = 0;
        // SAFETY: it is a place for a number.
        let ended = unsafe { libc::waitpid(self.0, &raw mut status, libc::WNOHANG) };
        (ended == self.0).then(|| {
            if libc::WIFEXITED(status) {
                libc::WEXITSTATUS(status)
            } else {
                PANICKED
            }
        })
    }

    #[expect(unsafe_code, reason = "it was forked without std")]
    fn kill(&self) {
        // SAFETY: it is a child that was not waited for yet.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}
