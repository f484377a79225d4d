//! `start` and `resend`: from a binding to a message on its way.
//!
//! ```text
//! check ► Count(plan) ► Send ─┬► taken ───► Done, after failures in a row ► Count(end their row) ► Done
//!          ▲   │  │  │          ├► unknown ─► Count(longer cooldown, a failure of Xoxzo) ► Done
//!   once ──┘   │  │  └─ decoy ──┼───────────► Done
//!      failing ┘  │             ├► failed ──► Count(back, a failure of Xoxzo) ► failure
//!                 │             ├► a 4xx ───► Count(back, an attempt) ► failure
//!                 └─ refused ───┴───────────► Count(back) ► failure
//! ```
//!
//! A start that finds Xoxzo failing goes through its plan once more, as the probe of the breaker.
//!
//! A resend sends the same PIN under the same token, with the minutes that are left. A decoy goes the same way, but sends nothing, and
//! no guess at it is right.

mod words;
mod written;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;

use crate::common::audit::{Alarm, Audit};
use crate::common::channel::Channel;
use crate::common::codec::to_base64url;
use crate::common::delivery::Delivery;
use crate::common::failure::{Code, Failure, InvalidFormat};
use crate::common::random;
use crate::guard::{Charge, Group, Outcome, agree, check_totals};
use crate::operations::about::{About, challenge_id};
use crate::operations::audited::Tell;
use crate::operations::recall::{self, invalid, recall};
use crate::operations::turn::{NoAnswer, Operation, Received, Turn, stray, totals};
use crate::phone;
use crate::plan::{ChargePlan, Lesson, Standing, UNKNOWN_COOLDOWN, exhausted};
use crate::settings::prepared::{Key, Prepared};
use crate::settings::{Pins, Voice};
use crate::signed::binding::{Binding, Claimed};
use crate::signed::handle::{self, Handle};
use crate::signed::token::{Token, TokenHead};
use crate::words::languages::Locale;
use crate::xoxzo;
use crate::xoxzo::reply::Reply;

/// A challenge with less than this is not worth another message, in seconds.
const TOO_LATE: u32 = 60;

/// Options of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sending<'a> {
    /// The channel. A call only as a resend.
    pub channel: Channel,
    /// Language of the text; the settings' own if absent.
    pub locale: Option<&'a str>,
    /// The end user's address.
    pub client: Option<&'a str>,
    /// Do everything but send. Only at the start: a resend follows its token.
    pub decoy: bool,
}

/// A challenge that was sent.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// The token, for the user's session.
    pub token: String,
    /// The recipient, mostly hidden.
    pub masked: String,
    /// Seconds that the challenge lives.
    pub expires_in: u32,
    /// Seconds until another message may go to this number.
    pub resend_after: u32,
    /// The state of the message, as far as it is known.
    pub delivery: Delivery,
    /// Xoxzo's id of the message.
    pub message_id: Option<String>,
    /// The handle that [`Status`](crate::Status) takes.
    pub handle: Option<String>,
    /// Billed parts, where the engine knows the text of an SMS.
    pub parts: Option<u32>,
    /// The condition that operators should look at.
    pub alarm: Option<Alarm>,
    /// Stands for the challenge in events.
    pub(crate) id: [u8; 8],
}

impl Tell for Challenge {
    fn tell(&mut self, audit: &mut Audit) {
        audit.challenge_id = Some(to_base64url(&self.id));
        audit.message_id = self.message_id.take();
        audit.alarm = self.alarm;
    }
}

/// A message that waits for the guard or for Xoxzo. Holds no PIN: it is derived again where it is needed.
#[derive(Clone)]
pub struct Dispatch {
    now: u32,
    head: TokenHead,
    binding: Binding,
    /// Seconds that the challenge has left.
    left: u32,
    channel: Channel,
    locale: Locale,
    client: Option<String>,
    decoy: bool,
    /// Sent before.
    again: bool,
    /// What it is charged with, while it is.
    plan: ChargePlan,
    /// Billed parts, if the text is ours.
    parts: Option<u32>,
    alarm: Option<Alarm>,
    /// A start that found the breaker not closed.
    probing: bool,
    /// Failures of Xoxzo in a row that it saw.
    failed: u32,
    stage: Stage,
}

#[derive(Clone)]
enum Stage {
    /// The plan is being charged.
    Charge,
    /// The message is on its way.
    Send,
    /// It was taken, under this id, and ends a row of failures.
    Taken(String),
    /// The longer cooldown after `unknown` is being set.
    Unknown,
    /// Charges are being given back, since nothing was sent.
    Back(Failure),
}

impl Dispatch {
    /// Checks everything that needs no counter, and makes the challenge.
    ///
    /// # Errors
    ///
    /// [`Code::Request`], [`Code::NotAllowed`], [`Code::Clock`], [`Code::Randomness`]; nothing is charged.
    pub fn start(
        settings: &Prepared,
        now: u32,
        claimed: Claimed<'_>,
        sending: Sending<'_>,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Turn<Self>, Failure> {
        let binding = settings.bind(now, claimed)?;
        if sending.channel == Channel::Voice {
            return Err(
                InvalidFormat("must be sms: a call comes only after it, as a resend")
                    .argument("channel"),
            );
        }
        let pin = &settings.pin;
        let head = TokenHead {
            kid: settings.signing()?.kid,
            digits: pin.digits,
            issued_at: now,
            lifetime: pin.lifetime_seconds,
            nonce: random::draw(rng)?,
        };
        let left = pin.lifetime_seconds.into();
        Self::new(settings, now, head, binding, left, sending)?.charge(settings)
    }

    /// Checks a token of which another message is wanted, and everything else that needs no counter.
    ///
    /// # Errors
    ///
    /// [`Code::Request`], [`Code::InvalidToken`], [`Code::Expired`] with less than a minute left, [`Code::NotAllowed`],
    /// [`Code::Clock`]; nothing is charged.
    pub fn resend(
        settings: &Prepared,
        now: u32,
        token: &str,
        claimed: Claimed<'_>,
        sending: Sending<'_>,
    ) -> Result<Turn<Self>, Failure> {
        let binding = settings.bind(now, claimed)?;
        if sending.decoy {
            return Err(InvalidFormat("is decided at the start").argument("decoy"));
        }
        let token = Token::parse(token).ok_or_else(invalid)?;
        let recalled = recall(settings, &token, &binding, now)?;
        let left = recalled.left;
        if left < TOO_LATE {
            let late = Failure::new(Code::Expired, "under a minute is left: start again");
            return Err(late.expires_in(left));
        }
        let sending = Sending {
            decoy: recalled.decoy,
            ..sending
        };
        let mut dispatch = Self::new(settings, now, token.head, binding, left, sending)?;
        dispatch.again = true;
        dispatch.charge(settings)
    }

    fn new(
        settings: &Prepared,
        now: u32,
        head: TokenHead,
        binding: Binding,
        left: u32,
        sending: Sending<'_>,
    ) -> Result<Self, Failure> {
        let locale = sending.locale.map(Locale::parse).transpose();
        let locale = locale.map_err(|unfit| unfit.argument("locale"))?;
        Ok(Self {
            now,
            head,
            binding,
            left,
            channel: sending.channel,
            locale: locale.unwrap_or(settings.message.locale),
            client: sending.client.map(ToString::to_string),
            decoy: sending.decoy,
            again: false,
            plan: ChargePlan::default(),
            parts: None,
            alarm: None,
            probing: false,
            failed: 0,
            stage: Stage::Charge,
        })
    }

    /// Charges what the message costs, if it may go and can be written.
    fn charge(mut self, settings: &Prepared) -> Result<Turn<Self>, Failure> {
        let purpose = settings.purpose(&self.binding.purpose);
        let destinations = match (self.channel, &settings.voice) {
            (Channel::Sms, _) => Some(&settings.destinations),
            (Channel::Voice, Some(voice)) if purpose.is_some_and(|it| it.voice) => {
                Some(&voice.destinations)
            }
            (Channel::Voice, _) => None,
        };
        if !destinations.is_some_and(|open| phone::allowed(open, &self.binding.recipient)) {
            return Err(Failure::new(
                Code::NotAllowed,
                "the recipient is not an allowed destination",
            ));
        }
        let parts = self.parts(settings)?;
        if parts.is_some_and(|parts| parts > settings.message.max_parts) {
            return Err(
                InvalidFormat("would have more parts than message.max_parts allows")
                    .argument("message"),
            );
        }
        self.plan = self.plan(settings)?;
        Ok(Turn::Count(self.plan.charges(), self))
    }

    fn plan(&self, settings: &Prepared) -> Result<ChargePlan, Failure> {
        let guess =
            |group: &Group| recall::guess(settings, &self.head, group, &self.message(settings));
        let weight = match self.channel {
            Channel::Sms => 1,
            Channel::Voice => Voice::WEIGHT,
        };
        let standing = match (self.again, self.probing) {
            (true, _) => Standing::Passed,
            (false, false) => Standing::Closed,
            (false, true) => Standing::Probing,
        };
        ChargePlan::message(
            settings,
            &self.binding,
            self.client.as_deref(),
            self.again.then_some(guess),
            weight,
            standing,
        )
    }

    fn message(&self, settings: &Prepared) -> Vec<u8> {
        self.head.message(&settings.audience, &self.binding)
    }

    fn key<'a>(&self, settings: &'a Prepared) -> Result<&'a Key, Failure> {
        settings.key(self.head.kid).ok_or_else(invalid)
    }

    fn charged(
        mut self,
        settings: &Prepared,
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        let answer = totals(received)?;
        let agreed = agree(now, answer.now);
        match (check_totals(&self.plan.charges(), answer.totals), agreed) {
            (Ok(Outcome::Made(totals)), Ok(())) => {
                self.alarm = self.plan.alarm(&totals);
                self.failed = self.plan.failed(&totals);
                let digits = self.head.digits;
                if self.plan.is_spent_under_alarm(&totals, digits, 0) {
                    let spent = exhausted().alarm(self.alarm).expires_in(self.left);
                    return self.back(settings, usize::MAX, spent);
                }
                if self.alarm == Some(Alarm::Failures) && !self.again {
                    self.head.digits = self.head.digits.max(Pins::ALARMED);
                }
                self.send(settings)
            }
            (Ok(Outcome::Refused { at, .. }), Ok(()))
                if self.plan.is_failing(at) && !self.probing =>
            {
                // Looks come first: nothing is charged yet.
                self.probing = true;
                self.plan = self.plan(settings)?;
                Ok(Turn::Count(self.plan.charges(), self))
            }
            (Ok(Outcome::Refused { at, total }), Ok(())) => {
                let refusal = self.plan.refusal(at, total);
                self.back(settings, at, refusal)
            }
            // A host with a wrong clock shuts itself, and leaves nothing behind in the store.
            (Ok(Outcome::Made(_)), Err(apart)) => self.back(settings, usize::MAX, apart),
            (Ok(Outcome::Refused { at, .. }), Err(apart)) => self.back(settings, at, apart),
            (Err(_), Err(apart)) => Err(apart),
            (Err(lie), Ok(())) => Err(lie),
        }
    }

    fn send(mut self, settings: &Prepared) -> Result<Turn<Self>, Failure> {
        let (request, parts) = self.request(settings)?;
        self.parts = parts;
        if self.decoy {
            let id = handle::invented(
                &self.key(settings)?.decoy,
                self.now,
                &self.message(settings),
            );
            return self.done(settings, Some(id));
        }
        self.stage = Stage::Send;
        Ok(Turn::Send(request, self))
    }

    /// Gives back the first `made` charges, then fails.
    fn back(
        self,
        settings: &Prepared,
        made: usize,
        failure: Failure,
    ) -> Result<Turn<Self>, Failure> {
        let back = self.plan(settings)?.back(made);
        self.fail(back, failure)
    }

    /// Gives back what a message cost that was not sent, counts why, then fails.
    fn unsent(
        self,
        settings: &Prepared,
        lesson: Lesson,
        failure: Failure,
    ) -> Result<Turn<Self>, Failure> {
        let mut list = self.plan(settings)?.back(usize::MAX);
        for charge in self.learned(settings, lesson)? {
            beside(&mut list, charge);
        }
        self.fail(list, failure)
    }

    fn fail(mut self, list: Vec<Charge>, failure: Failure) -> Result<Turn<Self>, Failure> {
        if list.is_empty() {
            return Err(failure);
        }
        self.stage = Stage::Back(failure);
        Ok(Turn::Count(list, self))
    }

    fn learned(&self, settings: &Prepared, lesson: Lesson) -> Result<Vec<Charge>, Failure> {
        let failed = (!self.again).then_some(self.failed);
        lesson.charges(settings, &self.binding, self.client.as_deref(), failed)
    }

    /// Ends a row of failures, if the start saw one.
    fn taken(mut self, settings: &Prepared, message_id: String) -> Result<Turn<Self>, Failure> {
        let list = self.learned(settings, Lesson::Answered)?;
        if list.is_empty() {
            return self.done(settings, Some(message_id));
        }
        self.stage = Stage::Taken(message_id);
        Ok(Turn::Count(list, self))
    }

    fn unknown(mut self, settings: &Prepared, wait: Option<u32>) -> Result<Turn<Self>, Failure> {
        let recipient = &self.binding.recipient;
        let group = settings.names.number(recipient);
        let name = settings
            .names
            .unknown(&group, settings.open(&self.binding), recipient);
        let mut list = alloc::vec![Charge::one(name, 1, UNKNOWN_COOLDOWN)];
        list.extend(self.learned(settings, Lesson::Failed(wait))?);
        self.stage = Stage::Unknown;
        Ok(Turn::Count(list, self))
    }

    fn done(&self, settings: &Prepared, message_id: Option<String>) -> Result<Turn<Self>, Failure> {
        let key = self.key(settings)?;
        let message = self.message(settings);
        let id = challenge_id(&settings.audit, &message);
        let cooldown = settings.sends.cooldown_seconds;
        let (delivery, resend_after, alarm) = match message_id {
            Some(_) => (Delivery::Accepted, cooldown, None),
            None => {
                let wait = cooldown.max(UNKNOWN_COOLDOWN);
                (Delivery::Unknown, wait, Some(Alarm::Delivery))
            }
        };
        let signer = if self.decoy { &key.decoy } else { &key.token };
        let token = Token {
            head: self.head,
            mac: signer.mac(&message),
        };
        let handle = message_id.as_deref().map(|message_id| {
            let handle = Handle {
                channel: self.channel,
                kid: key.kid,
                issued_at: self.now,
                challenge_id: id,
                message_id,
            };
            handle.to_text(if self.decoy { &key.decoy } else { &key.handle })
        });
        Ok(Turn::Done(Challenge {
            token: token.to_text(),
            masked: self.binding.recipient.masked(),
            expires_in: self.left,
            resend_after,
            delivery,
            message_id,
            handle,
            parts: self.parts,
            alarm: self.alarm.or(alarm),
            id,
        }))
    }
}

impl Operation for Dispatch {
    type Output = Challenge;

    /// A start that has not ended has no challenge yet.
    fn about(&self, settings: &Prepared) -> About {
        let message = self.again.then(|| self.message(settings));
        About::challenge(&self.binding, message, self.decoy)
    }

    fn go_on(
        self,
        settings: &Prepared,
        now: u32,
        received: Received,
    ) -> Result<Turn<Self>, Failure> {
        match (&self.stage, received) {
            (Stage::Charge, received) => self.charged(settings, now, received),
            (
                Stage::Send,
                Received::Reply(Reply::Read {
                    message_id: Some(id),
                    ..
                }),
            ) => self.taken(settings, id),
            (
                Stage::Send,
                Received::Reply(Reply::Refused {
                    status,
                    fields,
                    retry_after,
                }),
            ) => {
                let lesson = if xoxzo::is_callers(status, &fields) {
                    Lesson::Refused
                } else {
                    Lesson::Failed(retry_after)
                };
                let failure = xoxzo::refused(self.wish(settings), status, &fields, retry_after);
                self.unsent(settings, lesson, failure)
            }
            (
                Stage::Send,
                Received::Reply(Reply::Read { .. }) | Received::Unanswered(NoAnswer::Unknown, _),
            ) => self.unknown(settings, None),
            (Stage::Send, Received::Reply(Reply::Unreadable { retry_after, .. })) => {
                self.unknown(settings, retry_after)
            }
            (Stage::Send, Received::Unanswered(NoAnswer::NotSent, _)) => {
                self.unsent(settings, Lesson::Failed(None), xoxzo::unreached())
            }
            (Stage::Send, _) => Err(stray()),
            (Stage::Taken(_) | Stage::Unknown | Stage::Back(_), Received::Reply(_)) => Err(stray()),
            (Stage::Taken(id), _) => self.done(settings, Some(id.clone())),
            // Whether the longer cooldown could be set or not: the message may arrive, so the challenge stands.
            (Stage::Unknown, _) => self.done(settings, None),
            // Given back once, whatever came of it.
            (Stage::Back(failure), _) => Err(failure.clone()),
        }
    }
}

/// Puts a charge beside those of its group, so that a store makes them as one.
fn beside(list: &mut Vec<Charge>, charge: Charge) {
    let last = list.iter().rposition(|it| it.group == charge.group);
    let at = last.map_or(list.len(), |last| last.saturating_add(1));
    list.insert(at.min(list.len()), charge);
}
