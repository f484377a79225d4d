//! A host for the engine without I/O, fixed randomness, and a document.
//!
//! [`World`] walks operations of the engine turn by turn, with counters in a map, a clock that is a number and a Xoxzo that
//! answers what it is told to. It needs the engine alone, so that a release build of it is small.

use std::collections::HashMap;
use std::convert::Infallible;

use serde_json::{Value, json};
use xoxzo_2fa_core::{
    About, Answer, AskLimits, Audited, Challenge, Charge, Claimed, Code, Dispatch, Ended, Failure,
    GuardName, Limit, NoAnswer, Operation, Prepared, Report, Request, Response, RootKey, Sending,
    Status, Suspended, Tell, Total, Totals, Turn, Unlock, Verify,
};

/// A time after the engine's release.
pub const NOW: u32 = 1_800_000_000;

/// A generator whose bytes are 1, 2, 3, and so on after the one that is given.
#[derive(Default)]
pub struct Counting(pub u8);

impl rand::TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        for byte in to {
            self.0 = self.0.wrapping_add(1);
            *byte = self.0;
        }
        Ok(())
    }
}

impl rand::TryCryptoRng for Counting {}

/// A written key of 32 equal bytes.
#[must_use]
pub fn key(byte: u8) -> String {
    RootKey::from_random([byte; 32]).to_text()
}

/// A settings document that allows what tests do.
#[must_use]
pub fn document() -> Value {
    json!({
        "version": 1, "audience": "shop", "service": "Example Shop",
        "keys": [key(1), key(2)], "guard": {"key": key(3), "scope": "shared"},
        "xoxzo": {"sid": "sid-canary", "auth_token": "auth-canary", "sender": "Example"},
        "destinations": ["JP-mobile", "US"],
        "purposes": [{"name": "login", "after_first_factor": true}, {"name": "sign-up", "after_first_factor": false}],
    })
}

/// Prepared settings of a document.
///
/// # Panics
///
/// The document is wrong.
#[must_use]
pub fn prepared(document: &Value) -> Prepared {
    match xoxzo_2fa_json::prepare(&document.to_string(), &mut Counting::default()) {
        Ok(preparation) => preparation.prepared,
        Err(failure) => panic!("{}", failure.detail),
    }
}

/// A user who logs in.
pub const LOGIN: Claimed<'static> = Claimed {
    recipient: "+819012345678",
    subject: "user-1",
    purpose: "login",
    session: None,
    transaction: None,
};

/// A counter, and the second of its end.
type Counter = (u32, u32);

/// Counters by their names.
pub type Counters = HashMap<GuardName, Counter>;

/// The charge, made on a map. `None`: it was refused.
pub fn charge(counters: &mut Counters, charge: &Charge, now: u32) -> (Total, bool) {
    let live = counters
        .get(&charge.counter)
        .copied()
        .filter(|(_, ends)| *ends > now);
    let (before, ends) = live.unwrap_or((0, now + charge.ttl));
    let (total, refused) = charge.apply(before);
    if !refused && total == 0 {
        counters.remove(&charge.counter);
    } else if !refused && total != before {
        counters.insert(charge.counter, (total, ends));
    }
    (
        Total {
            total,
            ends_in: ends - now,
        },
        refused,
    )
}

/// An answer of Xoxzo, with a header `Retry-After` if it asks to wait.
#[must_use]
pub fn said(status: u16, retry_after: Option<u32>, body: &str) -> Answer {
    Answer::Response(Response {
        status,
        retry_after: retry_after.map(|seconds| seconds.to_string()),
        body: body.to_string(),
    })
}

/// The body of a 400 that refuses a number.
pub const BAD_NUMBER: &str = r#"{"recipient": ["no"]}"#;

/// Xoxzo's answer to a message that it takes.
#[must_use]
pub fn taken() -> Answer {
    said(201, None, r#"[{"msgid": "m1"}]"#)
}

/// A host without I/O.
pub struct World {
    /// Settings in effect.
    pub settings: Prepared,
    /// Seconds since 1970, by the store's clock.
    pub now: u32,
    /// Seconds that this host's clock is ahead of the store's.
    pub ahead: i32,
    /// The store says its time.
    pub tells_time: bool,
    /// The counters.
    pub counters: Counters,
    /// Lists that changed a counter.
    pub writes: usize,
    /// The answer of Xoxzo.
    pub xoxzo: Answer,
    /// The requests that were made.
    pub requests: Vec<Request>,
    /// A list of charges whose answer is lost, by its number from 0, and whether it was made.
    lost: Option<(usize, bool)>,
    lists: usize,
    random: Counting,
}

impl World {
    /// A host with these settings, at [`NOW`], whose Xoxzo takes every message.
    #[must_use]
    pub fn new(document: &Value) -> Self {
        Self {
            settings: prepared(document),
            now: NOW,
            ahead: 0,
            tells_time: true,
            counters: HashMap::new(),
            writes: 0,
            xoxzo: taken(),
            requests: Vec::new(),
            lost: None,
            lists: 0,
            random: Counting::default(),
        }
    }

    /// A host with the settings of [`document`], some of them changed.
    ///
    /// # Panics
    ///
    /// The change is not an object.
    #[must_use]
    pub fn with(change: &Value) -> Self {
        let mut document = document();
        let fields = change.as_object().expect("a change is an object").clone();
        document
            .as_object_mut()
            .expect("the document is an object")
            .extend(fields);
        Self::new(&document)
    }

    fn clock(&self) -> u32 {
        self.now.saturating_add_signed(self.ahead)
    }

    /// Sends a PIN.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn start(&mut self, claimed: Claimed<'_>) -> Result<Challenge, Failure> {
        self.start_with(claimed, Sending::default())
    }

    /// Sends a PIN in a way.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn start_with(
        &mut self,
        claimed: Claimed<'_>,
        sending: Sending<'_>,
    ) -> Result<Challenge, Failure> {
        let turn = Dispatch::start(
            &self.settings,
            self.clock(),
            claimed,
            sending,
            &mut self.random,
        )?;
        self.run(turn)
    }

    /// Sends the PIN of a challenge once more.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn resend(
        &mut self,
        token: &str,
        claimed: Claimed<'_>,
        sending: Sending<'_>,
    ) -> Result<Challenge, Failure> {
        let turn = Dispatch::resend(&self.settings, self.clock(), token, claimed, sending)?;
        self.run(turn)
    }

    /// Asks what became of a message.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn status(&mut self, handle: &str) -> Result<Report, Failure> {
        let turn = Status::begin(&self.settings, self.clock(), handle)?;
        self.run(turn)
    }

    /// Lifts a lock: the failures that were counted.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn unlock(&mut self, subject: &str, recipient: &str) -> Result<u32, Failure> {
        let turn = Unlock::begin(&self.settings, subject, recipient)?;
        self.run(turn).map(|unlocked| unlocked.failures)
    }

    /// Looks at what could refuse a user.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn limits(
        &mut self,
        subject: &str,
        recipient: &str,
        client: Option<&str>,
    ) -> Result<Vec<Limit>, Failure> {
        let turn = AskLimits::begin(&self.settings, subject, recipient, client)?;
        self.run(turn).map(|limits| limits.0)
    }

    /// Sends a PIN to the user who logs in: the token and the PIN.
    ///
    /// # Panics
    ///
    /// It is refused.
    pub fn challenge(&mut self) -> (String, String) {
        match self.start(LOGIN) {
            Ok(challenge) => (challenge.token, self.pin(6)),
            Err(failure) => panic!("{}", failure.detail),
        }
    }

    /// Compares a PIN.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn verify(
        &mut self,
        token: &str,
        claimed: Claimed<'_>,
        pin: &str,
    ) -> Result<String, Failure> {
        self.verify_from(token, claimed, pin, None)
    }

    /// Compares a PIN for the end user at an address.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    pub fn verify_from(
        &mut self,
        token: &str,
        claimed: Claimed<'_>,
        pin: &str,
        client: Option<&str>,
    ) -> Result<String, Failure> {
        let turn = Verify::begin(&self.settings, self.clock(), token, claimed, pin, client)?;
        self.run(turn).map(|acceptance| acceptance.receipt)
    }

    /// The PIN of the newest message: its one run of so many digits.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    pub fn pin(&self, digits: usize) -> String {
        let body = &self.requests.last().expect("a message was sent").body;
        let message = body
            .split('&')
            .find_map(|field| field.strip_prefix("message="))
            .expect("it has a text");
        pin_in(message, digits).expect("it has a code")
    }

    /// Loses the answer to one of the lists to come, counted from 0.
    pub fn lose(&mut self, list: usize, made: bool) {
        self.lists = 0;
        self.lost = Some((list, made));
    }

    fn run<O: Operation>(&mut self, mut turn: Turn<O>) -> Result<O::Output, Failure> {
        loop {
            turn = match turn {
                Turn::Done(output) => return Ok(output),
                Turn::Send(request, operation) => {
                    self.requests.push(request);
                    operation.resume(&self.settings, self.clock(), self.xoxzo.clone())?
                }
                Turn::Count(charges, operation) => {
                    let answer = self.add(&charges);
                    operation.resume(&self.settings, self.clock(), answer)?
                }
            }
        }
    }

    fn add(&mut self, charges: &[Charge]) -> Answer {
        let lost = self
            .lost
            .filter(|(list, _)| *list == self.lists)
            .map(|(_, made)| made);
        self.lists += 1;
        if lost == Some(false) {
            return Answer::Unanswered(NoAnswer::GuardUnreachable, String::new());
        }
        let mut totals = Vec::new();
        let values = |counters: &Counters| {
            let keys = charges.iter().map(|charge| counters.get(&charge.counter));
            keys.map(Option::<&Counter>::copied).collect::<Vec<_>>()
        };
        let before = values(&self.counters);
        for one in charges {
            let (total, refused) = charge(&mut self.counters, one, self.now);
            totals.push(total);
            if refused {
                break;
            }
        }
        self.writes += usize::from(values(&self.counters) != before);
        if lost.is_some() {
            Answer::Unanswered(NoAnswer::GuardUnreachable, String::new())
        } else {
            Answer::Totals(Totals {
                totals,
                now: self.tells_time.then_some(self.now),
            })
        }
    }
}

/// The code of what is refused.
pub fn code<T>(result: Result<T, Failure>) -> Option<Code> {
    result.err().map(|failure| failure.code)
}

/// A PIN that is not this one.
#[must_use]
pub fn other_than(pin: &str) -> &'static str {
    if pin == "000000" { "000001" } else { "000000" }
}

/// The last run of exactly so many digits in a text.
#[must_use]
pub fn pin_in(text: &str, digits: usize) -> Option<String> {
    let mut runs = text.split(|letter: char| !letter.is_ascii_digit());
    runs.rfind(|run| run.len() == digits).map(str::to_string)
}

/// A turn of an operation of any kind, of which operators are told.
///
/// # Errors
///
/// Those of the operation.
pub fn audited<O>(
    settings: &Prepared,
    begun: Result<Turn<O>, Failure>,
) -> Result<Turn<Suspended>, Failure>
where
    O: Operation<Output: Tell + Into<Ended>>,
    Audited<O>: Into<Suspended>,
{
    Turn::audited(begun, settings, true, About::default).map(Turn::any)
}
