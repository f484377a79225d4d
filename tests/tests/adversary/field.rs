//! What an attack is run on: a service with a store, its users' phones, and every text that came out.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, thread};

use serde_json::json;
use xoxzo_2fa::{
    Acceptance, Binding, Challenge, Charge, Code, Error, Guard, GuardError, MemoryGuard,
    RedisGuard, Scope, Sending, SettingsBuilder, SqliteGuard, Totals, TwoFactor,
};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{key, pin_in, redis::Server, sandboxed};

/// A store to attack.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Memory,
    Sqlite,
    Redis,
    /// One that forgets everything with each list, and hides it from its self-test: what gets through there shows that attacks work.
    Amnesiac,
}

impl Store {
    pub(crate) const ALL: [Self; 3] = [Self::Memory, Self::Sqlite, Self::Redis];
}

/// A field of battle.
pub(crate) struct Field {
    pub(crate) store: Store,
    pub(crate) sandbox: Sandbox,
    guard: Shared,
    folder: PathBuf,
    /// Seconds that the hosts' clocks, and the store in memory, are ahead.
    ahead: Arc<AtomicU64>,
    /// Everything that was told: errors and events.
    told: Arc<Mutex<String>>,
}

struct Amnesiac;

impl Guard for Amnesiac {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        let mut answer = MemoryGuard::with_capacity(1_000).add(charges)?;
        // The engine knows that a claim comes on top of its guess.
        for (total, charge) in answer.totals.iter_mut().zip(charges) {
            total.total += u32::from(charge.amount == 1 << 20);
        }
        Ok(answer)
    }

    fn scope(&self) -> Scope {
        Scope::Shared
    }
}

/// One store for several hosts.
#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<dyn Guard>);

impl Guard for Shared {
    fn add(&self, charges: &[Charge]) -> Result<Totals, GuardError> {
        self.0.add(charges)
    }

    fn scope(&self) -> Scope {
        self.0.scope()
    }
}

impl Field {
    pub(crate) fn new(store: Store) -> Self {
        static FIELDS: AtomicU32 = AtomicU32::new(0);
        let number = FIELDS.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!(
            "xoxzo-2fa-adversary-{}-{number}",
            std::process::id()
        ));
        let ahead = Arc::new(AtomicU64::new(0));
        let guard = open(store, &folder, &ahead);
        Self {
            store,
            sandbox: Sandbox::start(Options::default().credits(1_000_000)).unwrap(),
            guard,
            folder,
            ahead,
            told: Arc::default(),
        }
    }

    /// The store; in memory it ends with its process, so another host has another one.
    pub(crate) fn guard(&self) -> Shared {
        self.guard.clone()
    }

    /// The same store, closed and opened again: after a restart of the machine.
    pub(crate) fn restarted(mut self) -> Self {
        if self.store != Store::Redis {
            self.guard = Shared(Arc::new(MemoryGuard::default()));
            self.guard = open(self.store, &self.folder, &self.ahead);
        }
        self
    }

    /// Settings that let an attacker try much in little time: a cooldown of a second, and room in the caps of messages.
    pub(crate) fn settings(&self) -> SettingsBuilder {
        let room = json!({"count": 100_000, "seconds": 3_600});
        sandboxed(self.sandbox.url(), self.sandbox.sid(), self.sandbox.auth_token())
            .key(key(1))
            .set("/test", true)
            .set("/message/max_parts", 2)
            .set("/sends", json!({"cooldown_seconds": 1, "per_subject": room, "per_number": room, "per_range": room, "per_audience": room}))
            .purpose("login", true)
            .purpose("sign-up", false)
    }

    pub(crate) fn host(&self) -> TwoFactor {
        self.host_of(self.settings())
    }

    pub(crate) fn host_of(&self, settings: SettingsBuilder) -> TwoFactor {
        self.host_with(settings, self.guard())
    }

    pub(crate) fn host_with(
        &self,
        settings: SettingsBuilder,
        guard: impl Guard + 'static,
    ) -> TwoFactor {
        let (told, ahead) = (Arc::clone(&self.told), Arc::clone(&self.ahead));
        TwoFactor::builder(settings.build(), guard)
            .danger_clock(move || {
                SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst))
            })
            .audit(move |event| {
                told.lock()
                    .unwrap()
                    .push_str(&format!("{event:?} {event}\n"));
            })
            .build()
            .unwrap()
    }

    /// Lets time pass for hosts and, if it can, for the store.
    pub(crate) fn pass(&self, seconds: u64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Asks for a challenge until the cooldown lets it: what else stands in the way is the answer.
    pub(crate) fn start(
        &self,
        host: &TwoFactor,
        binding: &Binding,
    ) -> Result<(Challenge, String), Code> {
        loop {
            match host.start_with(binding, &Sending::default().client("203.0.113.7")) {
                Ok(challenge) => {
                    let body = self
                        .sandbox
                        .inbox(Some(&binding.recipient))
                        .pop()
                        .unwrap()
                        .body;
                    let pin = [6, 8, 4]
                        .into_iter()
                        .find_map(|digits| pin_in(&body, digits))
                        .unwrap();
                    return Ok((challenge, pin));
                }
                Err(error) if error.code() == Code::Cooldown => {
                    thread::sleep(Duration::from_millis(100));
                }
                Err(error) => return Err(self.tell(error)),
            }
        }
    }

    /// Guesses, and writes down what is told.
    pub(crate) fn guess(
        &self,
        host: &TwoFactor,
        token: &str,
        binding: &Binding,
        pin: &str,
    ) -> Result<Acceptance, Code> {
        host.verify(token, binding, pin)
            .map_err(|error| self.tell(error))
    }

    pub(crate) fn tell(&self, error: Error) -> Code {
        self.told
            .lock()
            .unwrap()
            .push_str(&format!("{error:?} {error}\n"));
        error.code()
    }

    /// How often one of these is in what was told.
    pub(crate) fn leaks(&self, secrets: &[&str]) -> usize {
        let told = self.told.lock().unwrap();
        secrets
            .iter()
            .map(|secret| told.matches(secret).count())
            .sum()
    }
}

impl Drop for Field {
    fn drop(&mut self) {
        let _none_but_for_files = fs::remove_dir_all(&self.folder);
    }
}

fn open(store: Store, folder: &std::path::Path, ahead: &Arc<AtomicU64>) -> Shared {
    static SERVER: OnceLock<Server> = OnceLock::new();
    match store {
        Store::Memory => {
            let ahead = Arc::clone(ahead);
            let clock = move |began: Instant| {
                began.elapsed() + Duration::from_secs(ahead.load(Ordering::SeqCst))
            };
            Shared(Arc::new(MemoryGuard::danger_with_clock(1_000_000, clock)))
        }
        Store::Amnesiac => Shared(Arc::new(Amnesiac)),
        Store::Sqlite => {
            let ahead = Arc::clone(ahead);
            let clock =
                move || SystemTime::now() + Duration::from_secs(ahead.load(Ordering::SeqCst));
            let builder = SqliteGuard::builder(folder.join("guard.sqlite")).danger_clock(clock);
            Shared(Arc::new(builder.build().unwrap()))
        }
        Store::Redis => {
            let server = SERVER.get_or_init(|| Server::start(&[]));
            // A field has the server to itself.
            assert_eq!(server.ask(&["flushall"]).trim(), "OK");
            Shared(Arc::new(RedisGuard::open(server.url()).unwrap()))
        }
    }
}

/// The user whom everything is about.
pub(crate) fn victim() -> Binding {
    Binding::new("+819012345678", "user-1", "login").session("s-1")
}

/// A PIN that is not this one, the `at`th.
pub(crate) fn wrong(pin: &str, at: usize) -> String {
    let bound = 10_usize.pow(u32::try_from(pin.len()).unwrap());
    let own: usize = pin.parse().unwrap();
    format!("{:0width$}", (own + 1 + at) % bound, width = pin.len())
}
