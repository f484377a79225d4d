//! Walks the gate as browsers do, without HTTP: a guard in a map, a clock that is a number, a Xoxzo that answers what it is told to.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use xoxzo_2fa_core::{Answer, Charge, NoAnswer, Request, Totals};
use xoxzo_2fa_gate::{Cache, Event, Forward, Gate, GateResponse, GateTurn, Head, IdentityClaims};
use xoxzo_2fa_json::Home;

use crate::{Counters, Counting, NOW, charge, pin_in, taken};

/// A configuration of the gate in front of `https://app.example`, with these fields of `gate` and `two_factor` changed.
///
/// # Panics
///
/// A change is not an object.
#[must_use]
pub fn configuration(gate: &Value, two_factor: &Value) -> Value {
    let mut whole = json!({
        "two_factor": crate::document(),
        "gate": {"origin": "https://app.example", "exempt": {"paths": ["/healthz"], "under": ["/static"]}, "step_up": {"paths": ["/transfer"]}},
    });
    for (section, change) in [("gate", gate), ("two_factor", two_factor)] {
        let change = change.as_object().expect("a change is an object");
        let own = whole[section]
            .as_object_mut()
            .expect("a section is an object");
        own.extend(change.clone());
    }
    whole
}

/// What a gate asks of its counters.
#[derive(Clone, Copy)]
pub enum Counted<'a> {
    /// Looks.
    Look(&'a [Charge]),
    /// A list of charges.
    Count(&'a [Charge]),
    /// A charge whose total every gate must know.
    Publish(&'a Charge),
}

/// Counters elsewhere, which are asked at a time in seconds since 1970.
pub type Elsewhere = Box<dyn FnMut(Counted<'_>, u32) -> Answer>;

/// A gate, and what is around it.
pub struct Scenario {
    gate: Gate,
    cache: Cache,
    random: Counting,
    /// Seconds since 1970.
    pub now: u32,
    /// The guard's counters.
    pub counters: Counters,
    /// The answer of Xoxzo.
    pub xoxzo: Answer,
    /// The requests that were made.
    pub calls: Vec<Request>,
    /// A guard in the place of `counters`.
    pub guard: Option<Elsewhere>,
    /// The guard does not answer.
    pub guard_is_down: bool,
    /// The lists that the guard still answers before it goes away. `None`: it stays.
    pub lists_before_fault: Option<u32>,
}

/// A browser: its cookies, and who is signed in.
#[derive(Clone, Default)]
pub struct Browser {
    /// Names and values.
    pub cookies: BTreeMap<String, String>,
    /// What the filter before the gate has verified.
    pub claims: IdentityClaims,
    /// Headers of every request beside cookies.
    pub headers: Vec<(&'static str, String)>,
    csrf: String,
}

/// What became of a request.
#[derive(Debug)]
pub enum Outcome {
    /// It reached the application.
    Forwarded(Forward),
    /// It was answered.
    Answered(GateResponse),
}

impl Outcome {
    /// The answer.
    ///
    /// # Panics
    ///
    /// It reached the application.
    #[must_use]
    pub fn answer(self) -> GateResponse {
        match self {
            Self::Answered(response) => response,
            Self::Forwarded(forward) => panic!("let through: {:?}", forward.event),
        }
    }

    /// The changes.
    ///
    /// # Panics
    ///
    /// It was answered.
    #[must_use]
    pub fn forward(self) -> Forward {
        match self {
            Self::Forwarded(forward) => forward,
            Self::Answered(response) => {
                panic!("not let through: {} {}", response.status, response.body)
            }
        }
    }

    /// Status and where it leads.
    #[must_use]
    pub fn place(&self) -> (u16, &str) {
        match self {
            Self::Forwarded(_) => (200, ""),
            Self::Answered(response) => (
                response.status,
                header(response, "location").unwrap_or_default(),
            ),
        }
    }

    /// What was counted.
    #[must_use]
    pub fn event(&self) -> Event {
        match self {
            Self::Forwarded(forward) => forward.event,
            Self::Answered(response) => response.event,
        }
    }
}

/// The first header of this name.
#[must_use]
pub fn header<'a>(response: &'a GateResponse, name: &str) -> Option<&'a str> {
    let found = response.headers.iter().find(|(own, _)| *own == name);
    found.map(|(_, value)| value.as_str())
}

impl Browser {
    /// A browser in which a user has signed in.
    #[must_use]
    pub fn signed_in(subject: &str, phone: &str, session: &str) -> Self {
        let claim = |text: &str| Some(text.as_bytes().to_vec());
        let claims = IdentityClaims {
            subject: claim(subject),
            phone: claim(phone),
            session: claim(session),
            credential_version: None,
        };
        Self {
            claims,
            headers: vec![
                ("accept", "text/html".to_string()),
                ("origin", "https://app.example".to_string()),
            ],
            ..Self::default()
        }
    }

    /// Alice, at +819012345678.
    #[must_use]
    pub fn alice() -> Self {
        Self::signed_in("alice", "+819012345678", "s1")
    }

    /// The same with a header instead of those of its name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(own, _)| *own != name);
        self.headers.push((name, value.to_string()));
        self
    }

    /// The same without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(own, _)| *own != name);
        self
    }

    /// The same user at a client that asks for JSON.
    #[must_use]
    pub fn json(self) -> Self {
        self.with("accept", "application/json")
    }

    fn head(&self, method: &str, target: &str) -> Vec<(String, Vec<u8>)> {
        let mut pairs = vec![
            (":method".to_string(), method.into()),
            (":path".to_string(), target.into()),
        ];
        pairs.extend(
            self.headers
                .iter()
                .map(|(name, value)| ((*name).to_string(), value.clone().into_bytes())),
        );
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            pairs.push(("cookie".to_string(), cookies.join("; ").into_bytes()));
        }
        pairs
    }

    fn keep(&mut self, response: &GateResponse) {
        for (_, cookie) in response
            .headers
            .iter()
            .filter(|(name, _)| *name == "set-cookie")
        {
            self.set(cookie);
        }
        let marked = ["name=\"csrf\" value=\"", "\"csrf\":\""]
            .iter()
            .find_map(|mark| response.body.split_once(mark));
        if let Some((csrf, _)) = marked.and_then(|(_, rest)| rest.split_once('"')) {
            self.csrf = csrf.to_string();
        }
    }

    fn set(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once("; ").expect("it has attributes");
        let (name, value) = pair.split_once('=').expect("it has a value");
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_string(), value.to_string());
        }
    }
}

impl Scenario {
    /// A gate with a configuration.
    ///
    /// # Panics
    ///
    /// The configuration is wrong.
    #[must_use]
    pub fn new(configuration: &Value) -> Self {
        Self::in_process(configuration, [7; 16])
    }

    /// A gate in a process with another id.
    ///
    /// # Panics
    ///
    /// The configuration is wrong.
    #[must_use]
    pub fn in_process(configuration: &Value, process: [u8; 16]) -> Self {
        Self::at_home(configuration, Home::Process(&process))
    }

    /// A gate whose counters are in this home.
    ///
    /// # Panics
    ///
    /// The configuration is wrong.
    #[must_use]
    pub fn at_home(configuration: &Value, home: Home<'_>) -> Self {
        let configured = xoxzo_2fa_json::gate(&configuration.to_string(), &|_| None, home);
        let configured = configured.unwrap_or_else(|failure| panic!("{}", failure.detail));
        Self {
            gate: configured.gate,
            cache: Cache::default(),
            random: Counting::default(),
            now: NOW,
            counters: HashMap::new(),
            xoxzo: taken(),
            calls: Vec::new(),
            guard: None,
            guard_is_down: false,
            lists_before_fault: None,
        }
    }

    /// A gate with these fields of `gate` and of `two_factor` changed.
    #[must_use]
    pub fn with(gate: &Value, two_factor: &Value) -> Self {
        Self::new(&configuration(gate, two_factor))
    }

    /// A request without a body.
    pub fn request(&mut self, browser: &mut Browser, method: &str, target: &str) -> Outcome {
        self.raw(browser, browser.head(method, target), b"")
    }

    /// A GET.
    pub fn get(&mut self, browser: &mut Browser, target: &str) -> Outcome {
        self.request(browser, "GET", target)
    }

    /// A form of the gate, with the proof of the page that the browser saw last.
    pub fn post(&mut self, browser: &mut Browser, action: &str, pin: Option<&str>) -> Outcome {
        let mut fields = form_urlencoded::Serializer::new(String::new());
        fields.append_pair("csrf", &browser.csrf);
        if let Some(pin) = pin {
            fields.append_pair("pin", pin);
        }
        let body = fields.finish();
        self.submit(browser, action, body.as_bytes())
    }

    /// A form of the gate with any body.
    pub fn submit(&mut self, browser: &mut Browser, action: &str, body: &[u8]) -> Outcome {
        let mut head = browser.head("POST", &format!("/.2fa/{action}"));
        if !head.iter().any(|(name, _)| name == "content-type") {
            head.push((
                "content-type".to_string(),
                b"application/x-www-form-urlencoded".to_vec(),
            ));
        }
        self.raw(browser, head, body)
    }

    /// A request with any head.
    pub fn raw(
        &mut self,
        browser: &mut Browser,
        head: Vec<(String, Vec<u8>)>,
        body: &[u8],
    ) -> Outcome {
        let claims = browser.claims.clone();
        let mut turn = self.gate.open(
            &mut self.cache,
            self.now,
            Head::new(head),
            body.is_empty(),
            claims,
            &mut self.random,
        );
        let outcome = loop {
            turn = match turn {
                GateTurn::Forward(forward) => break Outcome::Forwarded(forward),
                GateTurn::Respond(response) => break Outcome::Answered(response),
                GateTurn::Read(reading) => {
                    self.gate
                        .read(reading, self.now, body, Some("192.0.2.1"), &mut self.random)
                }
                GateTurn::Look(looks, waiting) => {
                    let answer = self.counted(Counted::Look(&looks));
                    self.gate
                        .resume(waiting, self.now, answer, &mut self.random)
                }
                GateTurn::Count(charges, waiting) => {
                    let answer = self.counted(Counted::Count(&charges));
                    self.gate
                        .resume(waiting, self.now, answer, &mut self.random)
                }
                GateTurn::Publish(charge, waiting) => {
                    let answer = self.counted(Counted::Publish(&charge));
                    self.gate
                        .resume(waiting, self.now, answer, &mut self.random)
                }
                GateTurn::Send(call, waiting) => {
                    self.calls.push(call);
                    self.gate
                        .resume(waiting, self.now, self.xoxzo.clone(), &mut self.random)
                }
            };
        };
        match &outcome {
            Outcome::Answered(response) => browser.keep(response),
            Outcome::Forwarded(forward) => {
                if let Some(cookie) = &forward.cookie {
                    browser.set(cookie);
                }
            }
        }
        outcome
    }

    /// The gate itself.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    fn counted(&mut self, what: Counted<'_>) -> Answer {
        if let Some(guard) = &mut self.guard {
            return guard(what, self.now);
        }
        match what {
            Counted::Look(charges) | Counted::Count(charges) => self.count(charges),
            Counted::Publish(charge) => self.count(std::slice::from_ref(charge)),
        }
    }

    fn count(&mut self, charges: &[Charge]) -> Answer {
        let fault = self.lists_before_fault == Some(0);
        self.lists_before_fault = self.lists_before_fault.map(|left| left.saturating_sub(1));
        if self.guard_is_down || fault {
            return Answer::Unanswered(NoAnswer::GuardUnreachable, String::new());
        }
        let mut totals = Vec::new();
        for one in charges {
            let (total, refused) = charge(&mut self.counters, one, self.now);
            totals.push(total);
            if refused {
                break;
            }
        }
        Answer::Totals(Totals { totals, now: None })
    }

    /// The PIN of the newest message.
    ///
    /// # Panics
    ///
    /// There is none.
    #[must_use]
    pub fn pin(&self) -> String {
        let body = &self.calls.last().expect("a message was sent").body;
        let mut fields = form_urlencoded::parse(body.as_bytes());
        let (_, text) = fields
            .find(|(name, _)| name == "message" || name == "tts_message")
            .expect("it has a text");
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        pin_in(&text, 6).unwrap_or_else(|| digits.chars().take(6).collect())
    }

    /// Walks a browser from a page to its code page.
    ///
    /// # Panics
    ///
    /// It does not get there.
    pub fn challenge(&mut self, browser: &mut Browser, target: &str) {
        assert_eq!(self.get(browser, target).place(), (303, "/.2fa/"));
        assert_eq!(self.get(browser, "/.2fa/").answer().status, 200);
        let sent = self.post(browser, "start", None);
        assert_eq!(sent.event(), Event::Sent, "{:?}", sent.place());
        assert_eq!(self.get(browser, "/.2fa/").answer().status, 200);
    }

    /// Walks a browser to a pass.
    ///
    /// # Panics
    ///
    /// It does not get there.
    pub fn pass(&mut self, browser: &mut Browser) {
        self.challenge(browser, "/account?tab=1");
        let pin = self.pin();
        assert_eq!(
            self.post(browser, "verify", Some(&pin)).place(),
            (303, "/account?tab=1")
        );
    }
}
