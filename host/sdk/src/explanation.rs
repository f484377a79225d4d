//! Words for end users.

use std::time::Duration;

use crate::bindings::xoxzo::two_factor::types;
use crate::configuration::configure;
use crate::error::{Code, Error, Failure};
use crate::exchange::bounded;
use crate::seconds::of_span;

/// A failure in words for an end user, with what to offer them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// One or two short sentences of plain text, in the user's language. Escape it in HTML like any other text.
    pub text: String,
    /// Actions that help, the best first. Empty if none does.
    pub offers: Vec<Offer>,
}

/// An action that an end user can take after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Offer {
    /// Do the same once more: type the code again, or ask again for what was asked for.
    TryAgain,
    /// Get the same code once more, by [`TwoFactor::resend`](crate::TwoFactor::resend).
    Resend,
    /// Ask for a new code, by [`TwoFactor::start`](crate::TwoFactor::start).
    StartAgain,
    /// Wait for [`Failure::retry_after`](crate::Failure::retry_after), then do the same once more.
    Wait,
    /// Contact the service.
    ContactSupport,
}

impl Offer {
    /// The offer as in the contract, such as `try-again`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TryAgain => "try-again",
            Self::Resend => "resend",
            Self::StartAgain => "start-again",
            Self::Wait => "wait",
            Self::ContactSupport => "contact-support",
        }
    }
}

/// Explains a failure of which only these parts were kept, for example in a session until the next page. [`Error::explain`] explains
/// an error at hand.
///
/// `locale` is one of the languages of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`.
///
/// # Errors
///
/// [`Error::Misuse`] for any other language.
pub fn explain(
    code: Code,
    guesses_left: Option<u32>,
    retry_after: Option<Duration>,
    locale: &str,
) -> Result<Explanation, Error> {
    let retry_after = retry_after.map(of_span);
    let (code, locale) = (code.to_wit(), bounded(locale));
    configure(|configuration, store| {
        configuration.call_explain(store, code, guesses_left, retry_after, locale)
    })
    .map(Explanation::from)
}

impl Error {
    /// Explains this error to an end user: why there is no way in, and what they can do. The text names no code, cause or setting.
    ///
    /// `locale` is one of the languages of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. It takes a few
    /// microseconds and waits for nothing, except that a component is compiled if this process has made no client before.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for any other language.
    pub fn explain(&self, locale: &str) -> Result<Explanation, Error> {
        self.failure().explain(locale)
    }
}

impl Failure {
    /// [`Error::explain`], of a failure alone.
    ///
    /// # Errors
    ///
    /// The same as for [`Error::explain`].
    pub fn explain(&self, locale: &str) -> Result<Explanation, Error> {
        explain(self.code, self.guesses_left, self.retry_after, locale)
    }
}

impl From<types::Explanation> for Explanation {
    fn from(explanation: types::Explanation) -> Self {
        let offer = |offer| match offer {
            types::Offer::TryAgain => Offer::TryAgain,
            types::Offer::Resend => Offer::Resend,
            types::Offer::StartAgain => Offer::StartAgain,
            types::Offer::Wait => Offer::Wait,
            types::Offer::ContactSupport => Offer::ContactSupport,
        };
        Self {
            text: explanation.text,
            offers: explanation.offers.into_iter().map(offer).collect(),
        }
    }
}
