//! Requests that wait: for the rest of a form, for the guard, for Xoxzo.

use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;

use xoxzo_2fa_core::{Suspended as Engine, Transaction};

use crate::action::Action;
use crate::asked::Asked;
use crate::confirmation::Confirmation;
use crate::head::Head;
use crate::identity::Identity;
use crate::note::Note;
use crate::pass::{Admitted, Pass};
use crate::places::PathKind;
use crate::visit::Visit;

/// A request whose body is to be read.
pub struct Reading {
    pub(crate) action: Action,
    pub(crate) asked: Asked,
    pub(crate) identity: Identity,
    pub(crate) visit: Visit,
    /// Genuine; whether it lives does not matter for giving it back.
    pub(crate) pass: Option<Pass>,
}

impl Reading {
    /// Bytes of the longest body.
    pub const LIMIT: usize = 8 * 1024;
}

/// A request that waits for an answer.
pub struct Waiting(pub(crate) Stage);

pub(crate) enum Stage {
    /// The gate asks whether the pass was revoked.
    Admit {
        head: Head,
        place: PathKind,
        admitted: Rc<Admitted>,
        /// Handed out with the request, if it was not before.
        confirmation: Option<Confirmation>,
    },
    /// The gate asks whether a step-up request was taken before.
    StepUp(Stepping),
    /// The pass is being revoked.
    Logout(Visitor),
    /// The guard is asked for the generation of a pass.
    Winning(Winning),
    /// An operation of the engine.
    Engine(Box<Engine>, Visitor),
}

/// The user who waits for the answer to a form.
pub(crate) struct Visitor {
    pub(crate) action: Action,
    pub(crate) asked: Asked,
    pub(crate) identity: Identity,
    pub(crate) visit: Visit,
}

/// A payment whose request is genuine, and was perhaps taken before.
pub(crate) struct Stepping {
    pub(crate) asked: Asked,
    pub(crate) identity: Identity,
    pub(crate) visit: Visit,
    pub(crate) transaction: Transaction,
    pub(crate) return_to: String,
}

/// A right PIN whose pass has no generation yet.
pub(crate) struct Winning {
    pub(crate) visitor: Visitor,
    pub(crate) pass: Pass,
    pub(crate) note: Note,
    pub(crate) tally: Tally,
}

/// The counting for a pass.
#[derive(Clone, Copy)]
pub(crate) enum Tally {
    /// Nothing: whether the version was seen, and the generation.
    Looks,
    /// A new generation.
    Begins,
    /// The version, in an era in which it was not seen yet, or whose generation began just now.
    Marks,
}
