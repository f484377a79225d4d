//! Templates that Xoxzo has approved.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::document::{Absent, Form, any};
use crate::common::form;
use crate::common::range::Range;
use crate::words::languages::{LOCALES, Locale};

crate::record! {
    stored
    /// A template that Xoxzo has approved, and which of its placeholders takes what (docs.xoxzo.com, "SMS templates").
    pub(crate) Template {
        /// The template's id at Xoxzo.
        id: u32 = Form::Number(Range(1, u32::MAX)), Absent::Required;
        /// Language of the text.
        locale: Locale = LOCALES, Absent::Required;
        /// Names of its placeholders, each 1 to 64 letters, digits and _. Every placeholder must be named.
        variables: Variables = Form::Map(&Variables::FIELDS), Absent::Required;
    }
}

crate::record! {
    stored
    /// Names of a template's placeholders. With `amount` and `payee` it is for payments, and only for them.
    pub(crate) Variables {
        /// Placeholder for the PIN.
        pin: String = Form::Text(any), Absent::Required;
        /// Placeholder for the whole minutes that are left.
        minutes: Option<String> = Form::Text(any), Absent::Out;
        /// Placeholder for the name of the service.
        service: Option<String> = Form::Text(any), Absent::Out;
        /// Placeholder for amount and currency of a payment. Required with payee.
        amount: Option<String> = Form::Text(any), Absent::Out;
        /// Placeholder for the payee. Required with amount.
        payee: Option<String> = Form::Text(any), Absent::Out;
    }
}

impl Variables {
    /// The names in use.
    fn names(&self) -> impl Iterator<Item = &String> {
        let optional = [&self.minutes, &self.service, &self.amount, &self.payee];
        core::iter::once(&self.pin).chain(optional.into_iter().flatten())
    }

    /// Checks that its variables have different names that Xoxzo takes, and that amount and payee go together.
    pub(crate) fn are_sound(&self) -> bool {
        let names: Vec<_> = self.names().map(String::as_bytes).collect();
        let fit = self
            .names()
            .all(|text| text.len() <= 64 && form::name(text) && !text.contains('-'));
        fit && form::distinct(&names) && self.amount.is_some() == self.payee.is_some()
    }
}
