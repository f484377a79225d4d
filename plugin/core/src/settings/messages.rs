//! What is sent, and by which way.

use alloc::string::String;
use alloc::vec::Vec;

use super::Range;
use crate::locale::Locale;
use crate::phone::Destination;
use crate::text::Autofill;

/// The text of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Messages {
    /// Language where a call names none.
    pub locale: Locale,
    /// Most billed parts of a freeform message, 1 to 5.
    pub parts: u32,
    /// What lets a phone fill the code in.
    pub autofill: Autofill,
    /// Templates that Xoxzo has approved. If there are any, every SMS is made from one, else every SMS is freeform.
    pub templates: Vec<Template>,
}

impl Messages {
    /// Range of `parts`.
    pub const PARTS: Range = Range(1, 5);
    /// How many templates.
    pub const TEMPLATES: Range = Range(0, 32);

    /// The template for a language, or else for the settings' own, that shows a payment or does not.
    pub(crate) fn template(&self, locale: Locale, payment: bool) -> Option<&Template> {
        let of = |locale| {
            let mut own = self.templates.iter().filter(move |it| it.locale == locale);
            own.find(|template| template.amount.is_some() == payment)
        };
        of(locale).or_else(|| of(self.locale))
    }
}

/// A template that Xoxzo has approved, and which of its variables takes what (docs.xoxzo.com, "SMS templates").
///
/// A name is 1 to 64 letters, digits and `_`. Every placeholder of the template must be named, or Xoxzo refuses the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its id in the API.
    pub id: u32,
    /// The language it is written in.
    pub locale: Locale,
    /// Variable that takes the PIN.
    pub pin: String,
    /// Variable that takes the whole minutes left.
    pub minutes: Option<String>,
    /// Variable that takes the name of the service.
    pub service: Option<String>,
    /// Variable that takes amount and currency. With it and `payee` the template is for payments, and only for them.
    pub amount: Option<String>,
    /// Variable that takes the payee.
    pub payee: Option<String>,
}

impl Template {
    /// The variables in use.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &String> {
        let optional = [&self.minutes, &self.service, &self.amount, &self.payee];
        core::iter::once(&self.pin).chain(optional.into_iter().flatten())
    }
}

/// Calls that say the PIN. Only ever after an SMS, when a resend asks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Number that calls, 5 to 15 digits.
    pub caller: String,
    /// Where calls may go.
    pub destinations: Vec<Destination>,
}

impl Voice {
    /// What a call weighs in the caps on messages: about the ratio of their prices.
    pub(crate) const WEIGHT: u32 = 5;
}

/// Xoxzo's direct routes to Japanese carriers, for messages to +81 (help.xoxzo.com, "K-Premium").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Japan {
    /// K-Premium Lite instead of K-Premium.
    pub lite: bool,
    /// The registered numeric sender, 1 to 15 digits.
    pub sender: String,
}
