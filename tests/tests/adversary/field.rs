//! What an attack is run on: a service with a store, its users' phones, and the counts of tries and controls.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use serde_json::json;
use xoxzo_2fa::{Binding, Challenge, Code, Error, Guard, Sending, SettingsBuilder, keygen};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{Client, Kind, key, pin_in, sandboxed};

use crate::store::{Clock, Opened, Place, Store};

/// Seconds between two messages to one number.
pub(crate) const COOLDOWN: u64 = 60;

/// What is told of a try that got through.
const ACCEPTED: &str = "accepted";

/// The address that users come from, where an attack does not say otherwise.
pub(crate) const HOME: &str = "203.0.113.7";

/// A service under attack.
pub(crate) struct Field {
    pub(crate) kind: Kind,
    pub(crate) sandbox: Sandbox,
    pub(crate) place: Place,
    /// The hosts' clock. The store's is that of its place.
    pub(crate) clock: Clock,
    guard: Opened,
    guard_key: String,
    /// Everything that was told: errors and events.
    told: Arc<Mutex<String>>,
    tries: AtomicUsize,
    /// Where in the source a control was called.
    controls: Mutex<BTreeSet<(&'static str, u32)>>,
}

/// Runs an attack, and says how much it did.
pub(crate) fn run(attack: &str, go: fn(&Field), store: Store, kind: Kind) {
    let field = Field::new(store, kind);
    go(&field);
    let tries = field.tries.load(Ordering::SeqCst);
    let controls = field.controls.lock().unwrap().len();
    assert!(tries > 0, "the attack tries nothing");
    assert!(controls > 0, "the attack has no control");
    let (store, client) = (store.name(), format!("{kind:?}").to_lowercase());
    println!(
        "adversary: attack={attack} store={store} client={client} tries={tries} controls={controls}"
    );
}

/// Runs an attack on a store that forgets everything, where a try must get through.
pub(crate) fn run_on_a_store_that_forgets(go: fn(&Field)) {
    go(&Field::new(Store::Amnesiac, Kind::Blocking));
}

impl Field {
    fn new(store: Store, kind: Kind) -> Self {
        Self::with(Place::new(store, Clock::new(), false), kind)
    }

    fn with(place: Place, kind: Kind) -> Self {
        Self {
            kind,
            sandbox: Sandbox::start(Options::default().credits(1_000_000)).unwrap(),
            clock: place.clock.other(),
            guard: place.open(kind),
            place,
            guard_key: keygen().unwrap(),
            told: Arc::default(),
            tries: AtomicUsize::default(),
            controls: Mutex::default(),
        }
    }

    /// The same field with a store that has room for some hundreds of counters.
    pub(crate) fn small(&self) -> Self {
        Self::with(Place::new(self.place.store, Clock::new(), true), self.kind)
    }

    pub(crate) fn is_memory(&self) -> bool {
        self.place.store == Store::Memory
    }

    /// The store.
    pub(crate) fn guard(&self) -> Opened {
        self.guard.clone()
    }

    /// The store as another process opens it, or the same one after a restart.
    pub(crate) fn reopened(&self) -> Opened {
        self.place.open(self.kind)
    }

    pub(crate) fn guard_key(&self) -> &str {
        &self.guard_key
    }

    /// Settings with room in the caps of messages, so that these do not hide what an attack is about.
    pub(crate) fn settings(&self) -> SettingsBuilder {
        let room = json!({"count": 100_000, "seconds": 3_600});
        sandboxed(self.sandbox.url(), self.sandbox.sid(), self.sandbox.auth_token())
            .guard_key(&self.guard_key)
            .key(key(1))
            .set("/message/max_parts", 2)
            .set("/sends", json!({"per_subject": room, "per_number": room, "per_range": room, "per_audience": room}))
            .purpose("login", true)
            .purpose("sign-up", false)
    }

    /// A host with these settings and the field's store.
    pub(crate) fn host(&self) -> Client {
        self.host_of(self.settings())
    }

    /// A host with other settings.
    pub(crate) fn host_of(&self, settings: SettingsBuilder) -> Client {
        self.host_with(settings, self.guard())
    }

    /// A host with other settings and another store.
    pub(crate) fn host_with(
        &self,
        settings: SettingsBuilder,
        guard: impl Guard + 'static,
    ) -> Client {
        self.try_host(settings, guard).unwrap()
    }

    /// A host, unless settings or store are refused.
    pub(crate) fn try_host(
        &self,
        settings: SettingsBuilder,
        guard: impl Guard + 'static,
    ) -> Result<Client, Error> {
        let (told, clock) = (Arc::clone(&self.told), self.clock.clone());
        let auditor = move |event: &xoxzo_2fa::Event| {
            let event = format!("{event:?} {event}\n");
            told.lock().unwrap().push_str(&event);
        };
        let now = move || clock.now();
        Client::build(self.kind, settings.build(), guard, now, auditor)
    }

    /// The hosts' time.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Lets time pass, for hosts and store.
    pub(crate) fn pass(&self, seconds: u64) {
        self.place.pass(seconds);
    }

    /// Sets the clock of a machine on which the hosts are, wrong by so many seconds. A file's clock is its machine's, Redis has its own, and
    /// memory has one that nobody can set.
    pub(crate) fn set_clock(&self, wrong: i64) {
        self.clock.set(wrong);
        if self.place.store == Store::Sqlite {
            self.place.clock.set(wrong);
        }
    }

    /// Asks for a challenge that nothing is in the way of, and reads its PIN.
    #[track_caller]
    pub(crate) fn start(&self, host: &Client, binding: &Binding) -> (Challenge, String) {
        let challenge = host.start_with(binding, &from(HOME)).unwrap();
        (challenge, self.pin(&binding.recipient))
    }

    /// Asks for a challenge after the cooldown.
    #[track_caller]
    pub(crate) fn start_later(&self, host: &Client, binding: &Binding) -> (Challenge, String) {
        self.pass(COOLDOWN);
        self.start(host, binding)
    }

    /// The PIN in the newest message to a number.
    pub(crate) fn pin(&self, recipient: &str) -> String {
        let body = self.sandbox.inbox(Some(recipient)).pop().unwrap().body;
        let mut pins = [8, 6, 4].into_iter();
        pins.find_map(|digits| pin_in(&body, digits)).unwrap()
    }

    /// Messages that went out.
    pub(crate) fn sent(&self) -> usize {
        self.sandbox.inbox(None).len()
    }

    /// A try, which must be refused with exactly this code.
    #[track_caller]
    pub(crate) fn refused<T>(&self, due: Code, result: Result<T, Error>) {
        self.tries.fetch_add(1, Ordering::SeqCst);
        let told = result.map_or_else(|error| self.told_by(&error), |_| ACCEPTED);
        assert!(told == due.as_str(), "not held: {told}, where {due} is due");
    }

    /// Tries that were made at once: of each code, so many must have been refused.
    #[track_caller]
    pub(crate) fn all_refused<T>(&self, due: &[(Code, usize)], results: Vec<Result<T, Error>>) {
        self.tries.fetch_add(results.len(), Ordering::SeqCst);
        let mut told = BTreeMap::new();
        for result in results {
            let told_by = result.map_or_else(|error| self.told_by(&error), |_| ACCEPTED);
            *told.entry(told_by).or_insert(0) += 1;
        }
        let due: BTreeMap<_, _> = due
            .iter()
            .map(|(code, count)| (code.as_str(), *count))
            .collect();
        assert!(told == due, "not held: {told:?}, where {due:?} is due");
    }

    /// A try whose failing shows in something else than a refusal.
    #[track_caller]
    pub(crate) fn held(&self, what: &str, held: bool) {
        self.tries.fetch_add(1, Ordering::SeqCst);
        assert!(held, "not held: {what}");
    }

    /// A control, which must get through.
    #[track_caller]
    pub(crate) fn accepted<T>(&self, result: Result<T, Error>) {
        drop(self.granted(result));
    }

    /// A control, and what it gets.
    #[track_caller]
    pub(crate) fn granted<T>(&self, result: Result<T, Error>) -> T {
        self.controlled(Location::caller());
        result.unwrap_or_else(|error| panic!("a control is refused: {error}"))
    }

    /// A control that shows in something else than an acceptance.
    #[track_caller]
    pub(crate) fn control(&self, what: &str, shown: bool) {
        self.controlled(Location::caller());
        assert!(shown, "a control fails: {what}");
    }

    fn controlled(&self, place: &'static Location<'static>) {
        let place = (place.file(), place.line());
        self.controls.lock().unwrap().insert(place);
    }

    /// The code of an error, which is written down.
    #[track_caller]
    fn told_by(&self, error: &Error) -> &'static str {
        let code = error.code();
        assert_eq!(error.blame(), blame(code), "the blame of {code}");
        let mut told = self.told.lock().unwrap();
        told.push_str(&format!("{error:?} {error}\n"));
        code.as_str()
    }

    /// Everything that was told.
    pub(crate) fn told(&self) -> String {
        self.told.lock().unwrap().clone()
    }
}

/// Who has to act on a code.
fn blame(code: Code) -> &'static str {
    match code {
        Code::Settings | Code::Request => "misuse",
        Code::Guard | Code::Provider | Code::Randomness | Code::Clock | Code::Plugin => "upstream",
        _ => "refuse",
    }
}

/// A message for the end user at an address.
pub(crate) fn from(client: &str) -> Sending {
    Sending::default().client(client)
}

/// The user whom everything is about.
pub(crate) fn victim() -> Binding {
    Binding::new("+819012345678", "user-1", "login").session("s-1")
}

/// A user with a number of their own, no two of them in one range of numbers.
pub(crate) fn account(at: usize) -> Binding {
    Binding::new(format!("+8190{at:04}5678"), format!("user-{at}"), "login")
}

/// A PIN that is not this one, the `at`th.
pub(crate) fn wrong(pin: &str, at: usize) -> String {
    let bound = 10_usize.pow(u32::try_from(pin.len()).unwrap());
    let own: usize = pin.parse().unwrap();
    format!("{:0width$}", (own + 1 + at) % bound, width = pin.len())
}
