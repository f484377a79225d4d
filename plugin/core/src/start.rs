//! `start`: from a binding to a message on its way.
//!
//! ```text
//! check ► Count(ladder) ► Send ──► taken ───► Done
//!              │            │
//!              │            ├────► unknown ─► Count(longer cooldown) ─► Done
//!              │            │
//!              └─ refused ──┴────► not sent ► Count(back) ─► failure
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;
use zeroize::Zeroizing;

use crate::binding::{Binding, Claimed, unknown_purpose};
use crate::failure::{Code, Failure, Unfit};
use crate::guard::{Charge, Outcome, judge};
use crate::pin::Pin;
use crate::prepared::Prepared;
use crate::sends::{Ladder, UNKNOWN_COOLDOWN};
use crate::text::{self, Locale, Message};
use crate::token::{Head, Token};
use crate::turn::{Answer, Loss, Operation, Turn, stray, totals};
use crate::xoxzo::{self, Reply};
use crate::{clock, phone, random};

/// How to send.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sending<'a> {
    /// Language of the text; the settings' own if absent.
    pub locale: Option<&'a str>,
    /// The end user's address.
    pub client: Option<&'a str>,
}

/// What is known of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Xoxzo took it.
    Accepted,
    /// It may arrive.
    Unknown,
}

/// A challenge that was sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// For the user's session.
    pub token: String,
    /// The recipient, mostly hidden.
    pub masked: String,
    /// Seconds that the challenge lives.
    pub expires_in: u32,
    /// Seconds until another message may go to this number.
    pub resend_after: u32,
    /// What is known of the message.
    pub delivery: Delivery,
    /// Xoxzo's id of the message.
    pub message_id: Option<String>,
    /// Billed parts.
    pub parts: u32,
}

/// A start that waits for the guard or for Xoxzo. Holds no PIN: it is derived again where it is needed.
#[derive(Clone)]
pub struct Start {
    head: Head,
    binding: Binding,
    locale: Locale,
    client: Option<String>,
    stage: Stage,
}

#[derive(Clone)]
enum Stage {
    /// The ladder is being charged.
    Charge,
    /// The message is on its way.
    Send,
    /// The longer cooldown after `unknown` is being set.
    Unknown,
    /// Charges are being given back, since nothing was sent.
    Back(Failure),
}

impl Start {
    /// Checks everything that needs no counter, and makes the challenge.
    ///
    /// # Errors
    ///
    /// [`Code::Request`], [`Code::NotAllowed`], [`Code::Clock`], [`Code::Randomness`]; nothing is charged.
    pub fn begin(
        settings: &Prepared,
        now: u32,
        claimed: Claimed<'_>,
        sending: Sending<'_>,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Turn<Self>, Failure> {
        clock::check(now)?;
        let binding = Binding::parse(claimed)?;
        settings
            .purpose(&binding.purpose)
            .ok_or_else(unknown_purpose)?;
        let locale = sending
            .locale
            .map(Locale::parse)
            .transpose()
            .map_err(|unfit| unfit.argument("locale"))?;
        if !phone::allowed(&settings.destinations, &binding.recipient) {
            return Err(Failure::new(
                Code::NotAllowed,
                "the recipient is not an allowed destination",
            ));
        }
        let guesses = &settings.guesses;
        let head = Head {
            kid: settings.signing()?.kid,
            digits: guesses.digits,
            issued_at: now,
            lifetime: guesses.lifetime,
            nonce: random::draw(rng)?,
        };
        let start = Self {
            head,
            binding,
            locale: locale.unwrap_or(settings.locale),
            client: sending.client.map(ToString::to_string),
            stage: Stage::Charge,
        };
        if text::parts(&start.text(settings)?) > settings.parts {
            return Err(
                Unfit("the message would have more parts than message.max_parts")
                    .argument("transaction"),
            );
        }
        Ok(Turn::Count(start.ladder(settings)?.charges(), start))
    }

    fn ladder(&self, settings: &Prepared) -> Result<Ladder, Failure> {
        Ladder::new(settings, &self.binding, self.client.as_deref())
    }

    fn message(&self, settings: &Prepared) -> Vec<u8> {
        self.head.message(&settings.audience, &self.binding)
    }

    fn text(&self, settings: &Prepared) -> Result<Zeroizing<String>, Failure> {
        let pin = Pin::derive(
            &settings.signing()?.pin,
            &self.message(settings),
            self.head.digits,
        );
        let message = Message {
            locale: self.locale,
            service: &settings.service,
            pin: &Zeroizing::new(pin.expose()),
            left: self.head.lifetime.into(),
            transaction: self.binding.transaction.as_ref(),
        };
        Ok(Zeroizing::new(message.compose()))
    }

    fn send(mut self, settings: &Prepared) -> Result<Turn<Self>, Failure> {
        let request = xoxzo::send(
            &settings.account,
            &self.binding.recipient,
            &self.text(settings)?,
        );
        self.stage = Stage::Send;
        Ok(Turn::Send(request, self))
    }

    /// Gives back the first `made` charges, then fails.
    fn back(
        mut self,
        ladder: &Ladder,
        made: usize,
        failure: Failure,
    ) -> Result<Turn<Self>, Failure> {
        let back = ladder.back(made);
        if back.is_empty() {
            return Err(failure);
        }
        self.stage = Stage::Back(failure);
        Ok(Turn::Count(back, self))
    }

    fn not_sent(self, settings: &Prepared, failure: Failure) -> Result<Turn<Self>, Failure> {
        let ladder = self.ladder(settings)?;
        self.back(&ladder, usize::MAX, failure)
    }

    fn unknown(mut self, settings: &Prepared) -> Turn<Self> {
        let name = settings.names.unknown(&self.binding);
        self.stage = Stage::Unknown;
        Turn::Count(alloc::vec![Charge::one(name, 1, UNKNOWN_COOLDOWN)], self)
    }

    fn done(&self, settings: &Prepared, message_id: Option<String>) -> Result<Turn<Self>, Failure> {
        let mac = settings.signing()?.token.mac(&self.message(settings));
        let (delivery, resend_after) = match message_id {
            Some(_) => (Delivery::Accepted, settings.sends.cooldown),
            None => (
                Delivery::Unknown,
                settings.sends.cooldown.max(UNKNOWN_COOLDOWN),
            ),
        };
        Ok(Turn::Done(Challenge {
            token: Token {
                head: self.head,
                mac,
            }
            .to_text(),
            masked: self.binding.recipient.masked(),
            expires_in: self.head.lifetime.into(),
            resend_after,
            delivery,
            message_id,
            parts: text::parts(&self.text(settings)?),
        }))
    }
}

impl Operation for Start {
    type Output = Challenge;

    fn resume(self, settings: &Prepared, answer: Answer) -> Result<Turn<Self>, Failure> {
        match (&self.stage, answer) {
            (Stage::Charge, answer) => {
                let ladder = self.ladder(settings)?;
                match judge(&ladder.charges(), totals(answer)?)? {
                    Outcome::Made(_) => self.send(settings),
                    Outcome::Refused { at, total } => {
                        let refusal = ladder.refusal(at, total);
                        self.back(&ladder, at, refusal)
                    }
                }
            }
            (Stage::Send, Answer::Reply(Reply::Taken { message_id })) => {
                self.done(settings, Some(message_id))
            }
            (
                Stage::Send,
                Answer::Reply(Reply::Refused {
                    status,
                    fields,
                    retry_after,
                }),
            ) => self.not_sent(settings, refused(status, &fields, retry_after)),
            (
                Stage::Send,
                Answer::Reply(Reply::Unreadable { .. }) | Answer::Lost(Loss::Unknown),
            ) => Ok(self.unknown(settings)),
            (Stage::Send, Answer::Lost(Loss::NotSent)) => self.not_sent(
                settings,
                Failure::new(Code::Provider, "xoxzo was not reached, nothing was sent"),
            ),
            (Stage::Send, _) => Err(stray()),
            // Whether the longer cooldown could be set or not: the message may arrive, so the challenge stands.
            (Stage::Unknown, _) => self.done(settings, None),
            // Given back once, whatever came of it.
            (Stage::Back(failure), _) => Err(failure.clone()),
        }
    }
}

/// A 4xx of Xoxzo.
fn refused(status: u16, fields: &str, retry_after: Option<u32>) -> Failure {
    let (what, after) = match (status, fields) {
        (401 | 403, _) => ("account", "check sid and auth_token"),
        (_, "") => ("message", "no field named"),
        (_, fields) => ("message", fields),
    };
    let detail = [
        "xoxzo refused the ",
        what,
        " (",
        &status.to_string(),
        "): ",
        after,
    ]
    .concat();
    Failure::new(Code::Provider, detail).retry_after(retry_after)
}
