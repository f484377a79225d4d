//! Guides to this crate, chapter by chapter.
//!
//! 1. [`login`]: a second factor after a password, with another message, a call, and what to show the user
//! 2. [`payment`]: a code that confirms an amount and a payee
//! 3. [`keys`]: making, keeping and rotating them
//! 4. [`limits`]: what each limit answers, and what to do then
//! 5. [`attacks`]: what was done to others, and why it does not work here
//!
//! Every example runs against the sandbox of Xoxzo, in the tests of this crate.

pub mod attacks;
pub mod keys;
pub mod limits;
pub mod login;
pub mod payment;
