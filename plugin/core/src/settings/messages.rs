//! Settings of messages and calls.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::document::{Absent, Form, any};
use crate::common::failure::InvalidFormat;
use crate::common::form;
use crate::common::range::Range;
use crate::phone::Destination;
use crate::words::languages::{LOCALES, Locale};
use crate::words::pattern::{self, Use};
use crate::xoxzo::template::Template;

crate::record! {
    stored
    /// Texts of messages.
    pub(crate) Messages {
        /// Default language, where a start names none.
        locale: Locale = LOCALES, Absent::Text("en");
        /// Maximum number of billed parts. A longer message is refused before it costs anything. Does not apply to templates, whose text is Xoxzo's.
        max_parts: u32 = Form::Number(Range(1, 5)), Absent::Number(1);
        /// Adds a last line, @DOMAIN #PIN, by which browsers fill the PIN in on that domain only (WICG). Not with templates.
        webotp_domain: Option<String> = Form::Text(host), Absent::Out;
        /// Ends the message with these 11 characters, by which Android hands it to an app (SMS Retriever). Not with templates.
        android_hash: Option<String> = Form::Text(app_hash), Absent::Out;
        /// The service's own texts, at most one for each language and purpose. What they leave out is said in the engine's words. Not for an SMS with
        /// templates.
        texts: Vec<Wording> = Form::List(&Form::Map(&Wording::FIELDS), Range(0, 64)), Absent::Empty;
        /// Approved templates. With any, every SMS is made from one: of the call's language or else of message.locale, with amount and payee for a payment and
        /// without for anything else. Without, every SMS is freeform, for which the account must be enabled.
        templates: Vec<Template> = Form::List(&Form::Map(&Template::FIELDS), Range(0, 32)), Absent::Empty;
    }
}

#[cfg(test)]
impl Default for Messages {
    fn default() -> Self {
        use crate::common::json::Node;
        use crate::common::record::Value;

        let mut document = Node::Map(Vec::new());
        Form::Map(&Self::FIELDS).fill(&mut document).unwrap();
        Self::read(&document).unwrap()
    }
}

impl Messages {
    /// Tells whether messages have marks that let a phone fill the code in.
    pub(super) fn is_autofilled(&self) -> bool {
        self.webotp_domain.is_some() || self.android_hash.is_some()
    }

    /// An own text of a language: for this purpose, or else for any.
    pub(crate) fn own<'a>(
        &'a self,
        locale: Locale,
        purpose: &str,
        of: impl Fn(&'a Wording) -> &'a Option<String>,
    ) -> Option<&'a str> {
        let own = |purpose: Option<&str>| {
            let texts = self.texts.iter();
            let mut texts =
                texts.filter(|it| it.locale == locale && it.purpose.as_deref() == purpose);
            texts.find_map(|it| of(it).as_deref())
        };
        own(Some(purpose)).or_else(|| own(None))
    }

    /// The template for a language, or else for the settings' own, that shows a payment or does not.
    pub(crate) fn template(&self, locale: Locale, payment: bool) -> Option<&Template> {
        let of = |locale| {
            let mut own = self.templates.iter().filter(move |it| it.locale == locale);
            own.find(|template| template.variables.amount.is_some() == payment)
        };
        of(locale).or_else(|| of(self.locale))
    }
}

crate::record! {
    stored
    /// A service's own texts in one language.
    ///
    /// Texts have the placeholders `{service}`, `{pin}`, `{minutes}`, `{amount}`, `{currency}` and `{payee}`; SPEC.md, "Message", has their rules.
    /// Lines for WebOTP and Android stay the engine's.
    pub(crate) Wording {
        /// Language of the text.
        locale: Locale = LOCALES, Absent::Required;
        /// Purpose that the text is for. If absent: every purpose that has no text of its own.
        purpose: Option<String> = Form::Text(any), Absent::Out;
        /// An SMS that confirms no payment, with {pin} once and at most once {service} and {minutes}: no line break, no invisible character, no digit or
        /// placeholder directly beside {pin}, at most three digits together, and at most max_parts parts at the longest values.
        text: Option<String> = Form::Text(any), Absent::Out;
        /// An SMS that confirms a payment, by the same rules, with {amount}, {currency} and {payee} once each before {pin}.
        payment: Option<String> = Form::Text(any), Absent::Out;
        /// Words of a call that confirms no payment, in en or ja, with {pin} once or twice. Digits are said one by one.
        call: Option<String> = Form::Text(any), Absent::Out;
    }
}

impl Wording {
    /// The texts that there are.
    fn all(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.text, &self.payment, &self.call];
        texts.into_iter().filter_map(|text| text.as_deref())
    }

    pub(super) fn has_link(&self) -> bool {
        self.all()
            .any(|text| text.contains("://") || text.contains("www."))
    }

    /// Tells whether an SMS of it has no word that warns against passing the code on.
    pub(super) fn lacks_warning(&self) -> bool {
        let mut texts = [&self.text, &self.payment].into_iter().flatten();
        texts.any(|text| {
            let text = text.to_ascii_lowercase();
            let mut stems = self.locale.warnings().iter();
            !stems.any(|stem| text.contains(stem))
        })
    }

    /// # Errors
    ///
    /// The first rule that one of the texts breaks, or one between them.
    pub(super) fn check_texts(&self, messages: &Messages) -> Result<(), InvalidFormat> {
        if self.call.is_some() && !self.locale.is_spoken() {
            return Err(InvalidFormat(
                "call must be in en or ja, the languages of calls",
            ));
        }
        if self.all().next().is_none() {
            return Err(InvalidFormat("must have a text, a payment or a call"));
        }
        let lined = messages.webotp_domain.is_some();
        for (text, of) in [
            (&self.text, Use::Login),
            (&self.payment, Use::Payment),
            (&self.call, Use::Call),
        ] {
            let Some(text) = text else { continue };
            pattern::check(text, of)?;
            if lined && of != Use::Call && text.contains(['@', '#']) {
                return Err(InvalidFormat(
                    "must have no @ and no #, which browsers read, since message.webotp_domain is set",
                ));
            }
        }
        Ok(())
    }
}

crate::record! {
    stored
    /// Voice calls that say the PIN. Only ever after an SMS, when a resend asks for one.
    pub(crate) Voice {
        /// Caller number: 5 to 15 digits, without +.
        caller: String = Form::Text(caller), Absent::Required;
        /// Countries and ranges that calls may go to, written like the destinations of messages.
        destinations: Vec<Destination> = super::DESTINATIONS, Absent::Required;
    }
}

impl Voice {
    /// The weight of a call in the caps on messages: about the ratio of their prices.
    pub(crate) const WEIGHT: u32 = 5;
}

fn host(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(form::host(text), "must be a host name in lower case")
}

/// Sources: developers.google.com, "Perform SMS verification on a server": 11 characters of base64.
fn app_hash(text: &str) -> Result<(), InvalidFormat> {
    let base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    let fits = text.len() == 11 && text.bytes().all(base64);
    InvalidFormat::unless(fits, "must be 11 characters of base64")
}

fn caller(text: &str) -> Result<(), InvalidFormat> {
    InvalidFormat::unless(form::digits(text, 5), "must be 5 to 15 digits")
}
