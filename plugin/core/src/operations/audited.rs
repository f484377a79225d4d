//! Operations of which operators are told.
//!
//! ```text
//! Turn<Operation> ──► Audited ──► Turn<Audited<Operation>> ──► output with its Audit, or failure with its Audit
//!                        ▲ what did not answer, and why
//! ```

use alloc::boxed::Box;
use alloc::string::{String, ToString};

use crate::common::audit::Audit;
use crate::common::codec::{Reader, Writer};
use crate::common::failure::Failure;
use crate::operations::about::About;
use crate::operations::cause::one_line;
use crate::operations::turn::{Operation, Received, Suspend, Turn};
use crate::settings::prepared::Prepared;
use crate::xoxzo::reply::Reply;

/// An operation of which operators are told, if `asked`.
#[derive(Clone)]
pub struct Audited<O> {
    pub(crate) operation: O,
    asked: bool,
    /// The cause of the latest answer that was none.
    cause: Option<String>,
}

/// The result of an operation, with information for operators if it was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Told<T> {
    /// The result.
    pub output: T,
    /// Information for operators.
    pub audit: Option<Box<Audit>>,
}

/// A result that has something to tell operators.
pub trait Tell {
    /// Moves it into the audit.
    fn tell(&mut self, audit: &mut Audit);
}

impl<O: Operation<Output: Tell>> Turn<O> {
    /// The same turn, of an operation of which operators are told.
    ///
    /// # Errors
    ///
    /// Those of the operation, with their audit.
    pub fn audited(
        begun: Result<Self, Failure>,
        settings: &Prepared,
        asked: bool,
        about: impl FnOnce() -> About,
    ) -> Result<Turn<Audited<O>>, Failure> {
        let about = || asked.then(about);
        go_on(settings, begun, about, asked, None)
    }
}

fn go_on<O: Operation<Output: Tell>>(
    settings: &Prepared,
    turn: Result<Turn<O>, Failure>,
    about: impl FnOnce() -> Option<About>,
    asked: bool,
    cause: Option<String>,
) -> Result<Turn<Audited<O>>, Failure> {
    let audited = |operation, cause| Audited {
        operation,
        asked,
        cause,
    };
    match turn {
        Ok(Turn::Count(charges, operation)) => Ok(Turn::Count(charges, audited(operation, cause))),
        Ok(Turn::Send(request, operation)) => Ok(Turn::Send(request, audited(operation, cause))),
        Ok(Turn::Done(mut output)) => {
            let audit = about().map(|about| {
                let mut audit = about.audit(settings);
                audit.cause = cause;
                output.tell(&mut audit);
                Box::new(audit)
            });
            Ok(Turn::Done(Told { output, audit }))
        }
        Err(failure) => Err(match about() {
            Some(about) => failure.audited(settings, about, cause),
            None => failure,
        }),
    }
}

impl Failure {
    /// The same failure, with what operators are told of it.
    #[must_use]
    pub fn audited(mut self, settings: &Prepared, about: About, cause: Option<String>) -> Self {
        let mut audit = about.audit(settings);
        audit.decoy |= self.decoy;
        audit.alarm = self.alarm;
        audit.cause = cause;
        self.audit = Some(Box::new(audit));
        self
    }
}

impl<O: Operation<Output: Tell>> Operation for Audited<O> {
    type Output = Told<O::Output>;

    fn about(&self, settings: &Prepared) -> About {
        self.operation.about(settings)
    }

    fn go_on(
        self,
        settings: &Prepared,
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        let Self {
            operation,
            asked,
            mut cause,
        } = self;
        let about = asked.then(|| operation.about(settings));
        if asked && let Some(why) = why(&received) {
            cause = Some(why);
        }
        let turn = operation.go_on(settings, now, received);
        go_on(settings, turn, || about, asked, cause)
    }
}

impl<O: Suspend> Suspend for Audited<O> {
    fn write(&self, settings: &Prepared, out: &mut Writer) {
        self.operation.write(settings, out);
        out.flag(self.asked).option(self.cause.as_deref());
    }

    fn read(settings: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            operation: O::read(settings, from)?,
            asked: from.present(),
            cause: from.option(),
        })
    }
}

/// Returns the reason why an answer is none, for a log.
fn why(received: &Received) -> Option<String> {
    match received {
        Received::Unanswered(_, cause) => Some(one_line(cause)).filter(|line| !line.is_empty()),
        Received::Reply(Reply::Refused { status, .. } | Reply::Unreadable { status, .. }) => {
            Some(["http: status ", &status.to_string()].concat())
        }
        Received::Reply(Reply::Read {
            message_id: None,
            state: None,
            credits: None,
        }) => Some("http: no id in a reply of success".to_string()),
        Received::Reply(Reply::Read { .. }) | Received::Totals(_) => None,
    }
}
