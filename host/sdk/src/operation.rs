//! Operations as values: what is asked for, and what comes of it, however a client waits.

use std::marker::PhantomData;

use crate::audit::Audit;
use crate::binding::{
    Acceptance, Binding, Challenge, Channel, Delivery, Report, Sending, Unlocked,
};
use crate::bindings::xoxzo::two_factor::types;
use crate::exchange::bounded;
use crate::limits::{Credits, Limits};
use crate::signed::{Handle, Pin, Token};

/// An operation, as events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A first message.
    Start,
    /// Another message.
    Resend,
    /// A guess.
    Verify,
    /// A question about a message.
    Status,
    /// A lock lifted by an operator.
    Unlock,
    /// A look at a user's counters by an operator.
    Limits,
    /// A question about the account by an operator.
    Credits,
}

impl Operation {
    /// Returns `start`, `resend`, `verify`, `status`, `unlock`, `limits` or `credits`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Resend => "resend",
            Self::Verify => "verify",
            Self::Status => "status",
            Self::Unlock => "unlock",
            Self::Limits => "limits",
            Self::Credits => "credits",
        }
    }
}

/// A call of an operation, which ends with an `A`.
pub(crate) struct Call<'a, A> {
    /// Apart: futures hold a call twice, as what they were given and where they use it.
    pub(crate) arguments: Box<Arguments<'a>>,
    /// The name of the operator who makes it.
    pub(crate) operator: Option<&'a str>,
    output: PhantomData<fn() -> A>,
}

/// The arguments of an operation, as components take them.
pub(crate) enum Arguments<'a> {
    Start(types::Binding, types::Sending),
    Resend(&'a str, types::Binding, types::Sending),
    Verify {
        token: &'a str,
        binding: types::Binding,
        pin: &'a str,
        client: Option<&'a str>,
    },
    Status(&'a str),
    Unlock(User<'a>),
    Limits(User<'a>, Option<&'a str>),
    Credits,
}

/// The user that a call is about.
#[derive(Clone, Copy)]
pub(crate) struct User<'a> {
    pub(crate) recipient: &'a str,
    pub(crate) subject: &'a str,
}

/// A component's answer at the end of an operation.
pub(crate) enum Answer {
    Challenge(types::Challenge),
    Acceptance(types::Acceptance),
    Report(types::Report),
    Unlocked(types::Unlocked),
    Limits(types::UserLimits),
    Credits(types::AccountCredits),
}

/// A result that comes with an audit.
pub(crate) trait Output: Sized {
    /// Takes an answer; `None` if it is another operation's.
    fn from_answer(answer: Answer) -> Option<Self>;

    fn audit(&self) -> &Audit;

    fn delivery(&self) -> Option<Delivery> {
        None
    }

    fn parts(&self) -> Option<u32> {
        None
    }
}

impl<'a> Call<'a, Challenge> {
    pub(crate) fn start(binding: &Binding, sending: &Sending) -> Self {
        Arguments::Start(binding.to_wit(), sending.to_wit()).into()
    }

    pub(crate) fn resend(token: &'a Token, binding: &Binding, sending: &Sending) -> Self {
        Arguments::Resend(token.bounded(), binding.to_wit(), sending.to_wit()).into()
    }
}

impl<'a> Call<'a, Acceptance> {
    pub(crate) fn verify(
        token: &'a Token,
        binding: &Binding,
        pin: &'a Pin,
        client: Option<&'a str>,
    ) -> Self {
        let arguments = Arguments::Verify {
            token: token.bounded(),
            binding: binding.to_wit(),
            pin: pin.bounded(),
            client: client.map(bounded),
        };
        arguments.into()
    }
}

impl<'a> Call<'a, Report> {
    pub(crate) fn status(handle: &'a Handle) -> Self {
        Arguments::Status(handle.bounded()).into()
    }
}

impl<'a> Call<'a, Unlocked> {
    pub(crate) fn unlock(user: User<'a>) -> Self {
        Arguments::Unlock(user).into()
    }
}

impl<'a> Call<'a, Limits> {
    pub(crate) fn limits(user: User<'a>, client: Option<&'a str>) -> Self {
        Arguments::Limits(user, client.map(bounded)).into()
    }
}

impl Call<'_, Credits> {
    pub(crate) fn credits() -> Self {
        Arguments::Credits.into()
    }
}

impl<'a, A> Call<'a, A> {
    /// Names the operator who makes it.
    pub(crate) fn by(self, operator: &'a str) -> Self {
        Self {
            operator: Some(operator),
            ..self
        }
    }
}

impl<'a, A> From<Arguments<'a>> for Call<'a, A> {
    fn from(arguments: Arguments<'a>) -> Self {
        Self {
            arguments: Box::new(arguments),
            operator: None,
            output: PhantomData,
        }
    }
}

impl<'a> User<'a> {
    pub(crate) fn new(recipient: &'a str, subject: &'a str) -> Self {
        Self {
            recipient: bounded(recipient),
            subject: bounded(subject),
        }
    }
}

impl Arguments<'_> {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::Start(..) => Operation::Start,
            Self::Resend(..) => Operation::Resend,
            Self::Verify { .. } => Operation::Verify,
            Self::Status(_) => Operation::Status,
            Self::Unlock(_) => Operation::Unlock,
            Self::Limits(..) => Operation::Limits,
            Self::Credits => Operation::Credits,
        }
    }

    pub(crate) fn user(&self) -> Option<User<'_>> {
        match self {
            Self::Unlock(user) | Self::Limits(user, _) => Some(*user),
            Self::Start(binding, _)
            | Self::Resend(_, binding, _)
            | Self::Verify { binding, .. } => Some(User::new(&binding.recipient, &binding.subject)),
            Self::Status(_) | Self::Credits => None,
        }
    }

    pub(crate) fn purpose(&self) -> Option<&str> {
        let purpose = self.binding().map(|binding| &*binding.purpose);
        purpose.filter(|purpose| !purpose.is_empty())
    }

    pub(crate) fn channel(&self) -> Option<Channel> {
        match self {
            Self::Start(_, sending) | Self::Resend(_, _, sending) => Some(sending.channel.into()),
            Self::Verify { .. } | Self::Status(_) | Self::Unlock(_) | Self::Limits(..) => None,
            Self::Credits => None,
        }
    }

    fn binding(&self) -> Option<&types::Binding> {
        match self {
            Self::Start(binding, _)
            | Self::Resend(_, binding, _)
            | Self::Verify { binding, .. } => Some(binding),
            Self::Status(_) | Self::Unlock(_) | Self::Limits(..) | Self::Credits => None,
        }
    }
}

macro_rules! outputs {
    ($($name:ident { $($more:tt)* })*) => {$(
        impl Output for $name {
            fn from_answer(answer: Answer) -> Option<Self> {
                let Answer::$name(answer) = answer else {
                    return None;
                };
                Some(answer.into())
            }

            fn audit(&self) -> &Audit {
                &self.audit
            }

            $($more)*
        }
    )*};
}

outputs! {
    Challenge {
        fn delivery(&self) -> Option<Delivery> {
            Some(self.delivery)
        }

        fn parts(&self) -> Option<u32> {
            self.parts
        }
    }
    Acceptance {}
    Report {
        fn delivery(&self) -> Option<Delivery> {
            Some(self.delivery)
        }
    }
    Unlocked {}
    Limits {}
    Credits {}
}
