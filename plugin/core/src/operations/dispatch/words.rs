//! The words of a start or a resend, and the request that sends them.

use alloc::string::String;

use zeroize::Zeroizing;

use super::Dispatch;
use crate::common::channel::Channel;
use crate::common::failure::{Failure, InvalidFormat};
use crate::settings::prepared::Prepared;
use crate::settings::{Pins, Voice};
use crate::signed::pin::Pin;
use crate::xoxzo::template::Template;
use crate::xoxzo::text::{self, Message};
use crate::xoxzo::{self, Request, Wish};

/// The words of a message.
enum Words<'a> {
    /// The text of an SMS.
    Sms(Zeroizing<String>),
    /// The text of a call, and its language.
    Call(&'a Voice, Zeroizing<String>, &'static str),
    /// A template, whose text is Xoxzo's.
    Template(&'a Template),
}

impl Words<'_> {
    /// Billed parts, where they are known.
    fn parts(&self) -> Option<u32> {
        match self {
            Self::Sms(text) => Some(text::parts(text)),
            Self::Call(..) | Self::Template(_) => None,
        }
    }
}

impl Dispatch {
    /// Returns the billed parts of the longest message that this can become, if the text is ours.
    ///
    /// # Errors
    ///
    /// [`Code::Request`](crate::Code::Request): no template fits.
    pub(super) fn parts(&self, settings: &Prepared) -> Result<Option<u32>, Failure> {
        // The alarm may give a new PIN more digits, which is known only after the charge.
        let longest = if self.again {
            self.head.digits
        } else {
            self.head.digits.max(Pins::ALARMED)
        };
        // All digits are of one length in every alphabet.
        let pin = "0123456789".get(..longest.into()).unwrap_or_default();
        let words = self.words(settings, &self.saying(settings, pin))?;
        Ok(words.parts())
    }

    /// Returns the values that the message tells.
    fn saying<'a>(&'a self, settings: &'a Prepared, pin: &'a str) -> Message<'a> {
        Message {
            service: &settings.service,
            pin,
            left: self.left,
            transaction: self.binding.transaction.as_ref(),
        }
    }

    /// Writes the message, where the text is ours.
    fn words<'a>(
        &self,
        settings: &'a Prepared,
        message: &Message<'_>,
    ) -> Result<Words<'a>, Failure> {
        let (locale, messages) = (self.locale, &settings.message);
        if let (Channel::Voice, Some(voice)) = (self.channel, &settings.voice) {
            let (text, language) = message.speech(locale, &self.binding.purpose, messages);
            return Ok(Words::Call(voice, text, language));
        }
        if messages.templates.is_empty() {
            let text = message.sms(locale, &self.binding.purpose, messages);
            return Ok(Words::Sms(text));
        }
        let template = messages.template(locale, message.transaction.is_some());
        template.map(Words::Template).ok_or_else(|| {
            InvalidFormat("no template of message.templates shows amount and payee")
                .argument("transaction")
        })
    }

    /// Returns what the account is asked for.
    pub(super) fn wish(&self, settings: &Prepared) -> Wish {
        match self.channel {
            Channel::Voice => Wish::Call,
            Channel::Sms if settings.message.templates.is_empty() => Wish::Freeform,
            Channel::Sms => Wish::Template,
        }
    }

    /// Returns the request, and its billed parts if the text is ours.
    pub(super) fn request(&self, settings: &Prepared) -> Result<(Request, Option<u32>), Failure> {
        let key = self.key(settings)?;
        let pin = Pin::derive(&key.pin, &self.message(settings), self.head.digits);
        let pin = Zeroizing::new(pin.expose());
        let message = self.saying(settings, &pin);
        let words = self.words(settings, &message)?;
        let (account, recipient) = (&settings.account, &self.binding.recipient);
        let request = match &words {
            Words::Sms(text) => xoxzo::sms(account, recipient, text),
            Words::Call(voice, text, language) => {
                xoxzo::call(account, &voice.caller, recipient, text, language)
            }
            Words::Template(template) => {
                xoxzo::from_template(account, recipient, template, &message)
            }
        };
        Ok((request, words.parts()))
    }
}
