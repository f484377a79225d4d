//! Requests that wait: for the rest of a form, for the guard, for Xoxzo.

use alloc::boxed::Box;
use alloc::rc::Rc;

use xoxzo_2fa_core::Suspended as Engine;

use crate::action::Action;
use crate::asked::Asked;
use crate::head::Head;
use crate::identity::Identity;
use crate::pass::{Admitted, Pass};
use crate::target::PathKind;
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
    },
    /// The pass is being revoked.
    Logout(Visitor),
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
