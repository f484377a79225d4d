//! Settings of messages and calls.

use alloc::string::String;
use alloc::vec::Vec;

use crate::common::failure::InvalidFormat;
use crate::common::range::Range;
use crate::phone::Destination;
use crate::words::locale::Locale;
use crate::words::pattern::{self, Use};
use crate::xoxzo::template::Template;

/// The text of messages.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(test, derive(Default))]
pub struct Messages {
    /// Language where a call names none.
    pub locale: Locale,
    /// Most billed parts of a freeform message, 1 to 5.
    pub parts: u32,
    /// Marks in a message that let a phone fill the code in.
    pub autofill: Autofill,
    /// The service's own texts, at most 64. What they leave out is said in the engine's words.
    pub texts: Vec<Wording>,
    /// Templates that Xoxzo has approved. If there are any, every SMS is made from one, else every SMS is freeform.
    pub templates: Vec<Template>,
}

impl Messages {
    /// Range of `parts`.
    pub const PARTS: Range = Range(1, 5);
    /// Range of the number of templates.
    pub const TEMPLATES: Range = Range(0, 32);
    /// Range of the number of own texts.
    pub const TEXTS: Range = Range(0, 64);

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
            own.find(|template| template.amount.is_some() == payment)
        };
        of(locale).or_else(|| of(self.locale))
    }
}

/// Marks in a message that let a phone fill the code in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autofill {
    /// Domain of the page that may take the code (WICG, "Origin-bound one-time codes delivered via SMS").
    pub webotp_domain: Option<String>,
    /// The 11 characters that name an Android app (SMS Retriever).
    pub android_hash: Option<String>,
}

/// A service's own texts in one language.
///
/// Texts have the placeholders `{service}`, `{pin}`, `{minutes}`, `{amount}`, `{currency}` and `{payee}`; SPEC.md, "Message", has their rules.
/// Lines for WebOTP and Android stay the engine's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The language it is written in.
    pub locale: Locale,
    /// The purpose it is for; every purpose without a text of its own if absent.
    pub purpose: Option<String>,
    /// An SMS that confirms no payment.
    pub text: Option<String>,
    /// An SMS that confirms a payment.
    pub payment: Option<String>,
    /// A call that confirms no payment. Only in English and Japanese, the languages of calls.
    pub call: Option<String>,
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
    pub(super) fn check(&self, autofill: &Autofill) -> Result<(), InvalidFormat> {
        let called = matches!(self.locale, Locale::En | Locale::Ja);
        if self.call.is_some() && !called {
            return Err(InvalidFormat(
                "call must be in en or ja, the languages of calls",
            ));
        }
        if self.all().next().is_none() {
            return Err(InvalidFormat("must have a text, a payment or a call"));
        }
        let lined = autofill.webotp_domain.is_some();
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

/// Calls that say the PIN. Only ever after an SMS, when a resend asks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    /// Number that calls, 5 to 15 digits.
    pub caller: String,
    /// Destinations of calls.
    pub destinations: Vec<Destination>,
}

impl Voice {
    /// The weight of a call in the caps on messages: about the ratio of their prices.
    pub(crate) const WEIGHT: u32 = 5;
}
