//! Turns: what a request needs next, or the gate's decision.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use xoxzo_2fa_core::{Charge, Request};

use crate::event::Event;
use crate::note::Note;
use crate::waiting::{Reading, Waiting};

/// The next step of a request: what the gate needs from its host, or its decision.
pub enum GateTurn {
    /// The request goes to the application, with these changes.
    Forward(Forward),
    /// The request is answered, and never reaches the application.
    Respond(GateResponse),
    /// Read the body, at most [`Reading::LIMIT`](crate::Reading::LIMIT) bytes and one more, and go on with [`Gate::read`](crate::Gate::read).
    Read(Reading),
    /// Look at these counters, and go on with [`Gate::resume`](crate::Gate::resume). A gate in a fleet takes them from its
    /// [`Fleet`](crate::Fleet), any other as a list of charges.
    Look(Vec<Charge>, Waiting),
    /// Make this charge, and go on with [`Gate::resume`](crate::Gate::resume). Every gate must know its total: in a fleet the guard service puts it on
    /// the list that all of them pull.
    Publish(Charge, Waiting),
    /// Make these charges, and go on with [`Gate::resume`](crate::Gate::resume).
    Count(Vec<Charge>, Waiting),
    /// Make this request to Xoxzo, and go on with [`Gate::resume`](crate::Gate::resume).
    Send(Request, Waiting),
}

/// A request that goes to the application.
#[derive(Debug, PartialEq, Eq)]
pub struct Forward {
    /// Headers to take away, before any is set.
    pub remove: Vec<String>,
    /// Value of the header `cookie` without the gate's own, in the place of all its lines. Empty: there is no other.
    pub cookies: Option<Vec<u8>>,
    /// Value of the header [`Forward::RECEIPT`].
    pub receipt: Option<Rc<str>>,
    /// Value of a `set-cookie` for the answer, which then must say `cache-control: no-store`.
    pub cookie: Option<Rc<str>>,
    /// The event to count.
    pub event: Event,
}

impl Forward {
    /// The header by which the application learns who passed: a receipt, as the engine's `check-receipt` reads it.
    pub const RECEIPT: &str = "x-2fa-receipt";
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct GateResponse {
    /// Status code.
    pub status: u16,
    /// Lower-case names and values, which hold no controls.
    pub headers: Vec<(&'static str, String)>,
    /// UTF-8.
    pub body: String,
    /// The event to count.
    pub event: Event,
    /// A line for the log, where an operation of the engine is behind it.
    pub note: Option<Box<Note>>,
}
