//! Templates that Xoxzo has approved.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::form;
use crate::words::locale::Locale;

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

    /// Checks that its variables have different names that Xoxzo takes, and that amount and payee go together.
    pub(crate) fn is_sound(&self) -> bool {
        let names: Vec<_> = self.variables().map(String::as_bytes).collect();
        let fit = self
            .variables()
            .all(|text| text.len() <= 64 && form::name(text) && !text.contains('-'));
        fit && form::distinct(&names) && self.amount.is_some() == self.payee.is_some()
    }
}
