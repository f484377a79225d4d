//! A service: its component and prepared settings, and who is told of its operations.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::audit::Trail;
use crate::configuration::{index_of, trail_of};
use crate::current::Current;
use crate::error::Error;
use crate::event::{Auditor, Event, tell};
use crate::instance::{Plugin, World};
use crate::operation::{Answer, Call, Output};

/// The parts of a client that are the same whether it blocks or not.
pub(crate) struct Service<W: World> {
    pub(crate) plugin: Arc<Plugin<W>>,
    pub(crate) deadline: Duration,
    pub(crate) settings: Current,
    pub(crate) effective: String,
    pub(crate) warnings: Vec<String>,
    pub(crate) auditor: Box<Auditor>,
}

/// An operation of which nothing was told yet.
pub(crate) struct Running<'a, A> {
    pub(crate) call: Call<'a, A>,
    pub(crate) settings: Arc<String>,
    began: Instant,
    auditor: &'a Auditor,
}

impl<W: World> Service<W> {
    pub(crate) fn begin<'a, A>(&'a self, call: Call<'a, A>) -> Result<Running<'a, A>, Error> {
        let began = Instant::now();
        Ok(Running {
            call,
            settings: self.settings.get()?,
            began,
            auditor: &*self.auditor,
        })
    }

    pub(crate) fn trail(&self, recipient: &str, subject: &str) -> Result<Trail, Error> {
        trail_of(&self.settings.get()?, recipient, subject)
    }

    pub(crate) fn number_index(&self, recipient: &str) -> Result<String, Error> {
        index_of(&self.settings.get()?, recipient)
    }
}

impl<A> Running<'_, A> {
    /// Turns what the component answered into the operation's result, and tells the auditor.
    pub(crate) fn end(&self, answer: Result<Answer, Error>) -> Result<A, Error>
    where
        A: Output,
    {
        let result = answer.and_then(|answer| {
            let stray = || Error::plugin("the component ended another operation");
            A::from_answer(answer).ok_or_else(stray)
        });
        let mut event = Event::ended(&self.call, &result, self.began.elapsed());
        let failed = result.as_ref().err();
        if failed.is_some_and(|error| error.failure().audit.is_none()) {
            event.audit.trail = self.trail();
        }
        tell(self.auditor, &event);
        result
    }

    /// Tells the auditor that the caller went away.
    #[cfg(feature = "tokio")]
    pub(crate) fn cancel(&self) {
        let mut event = Event::cancelled(&self.call, self.began.elapsed());
        event.audit.trail = self.trail();
        tell(self.auditor, &event);
    }

    fn trail(&self) -> Option<Trail> {
        let user = self.call.arguments.user()?;
        trail_of(&self.settings, user.recipient, user.subject).ok()
    }
}
