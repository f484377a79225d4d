//! Examinations: whether an account, a counter store, keys and a clock are ready for users.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::binding::{Acceptance, Challenge, Delivery};
use crate::configuration::{Checked, check};
use crate::diagnosis::{Diagnosis, Point};
use crate::error::Error;
use crate::guard::{Charge, Guard, GuardError, GuardName, Scope};
use crate::seconds::{SKEW, ahead_of};
use crate::settings::Settings;
use crate::strength::weakness;
use crate::transport::Transport;
use crate::xoxzo::{self, Account};

/// The life of the counter that is made in the store, so that it ends even if it cannot be given back.
const LIFE: Duration = Duration::from_secs(60);

/// An examination of settings before they go live. It asks for everything that can be asked without a message; what only a message shows is judged by
/// [`sent`](Self::sent), [`typed`](Self::typed), [`untyped`](Self::untyped) and [`replaced`](Self::replaced).
///
/// ```no_run
/// use xoxzo_2fa::{Examination, Health, Scope, Settings, UreqTransport};
///
/// # fn main() -> Result<(), xoxzo_2fa::Error> {
/// let examination = Examination::new(&Settings::from_environment()?, Scope::Shared)?;
/// for found in examination.account(&UreqTransport::default()) {
///     if found.health == Health::Faulty {
///         println!("{}: {}", found.point, found.text);
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub struct Examination {
    /// The document, and the secrets in it.
    document: Value,
    effective: Value,
    warnings: Vec<String>,
}

impl Examination {
    /// Checks settings, for a store of a scope.
    ///
    /// # Errors
    ///
    /// [`Error::Misuse`] for wrong settings.
    pub fn new(settings: &Settings, scope: Scope) -> Result<Self, Error> {
        let checked: Checked = check(settings, scope)?;
        let parsed = |json: &str| serde_json::from_str(json).expect("it was found sound");
        Ok(Self {
            document: parsed(&settings.document(scope)?),
            effective: parsed(checked.effective_settings()),
            warnings: checked.warnings().to_vec(),
        })
    }

    /// Returns warnings about settings that are allowed and unwise, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Asks Xoxzo for credentials, credits, templates and its time. Sends no message and costs nothing: two requests at most.
    #[must_use]
    pub fn account(&self, transport: &dyn Transport) -> Vec<Diagnosis> {
        let account = Account::new(&self.document, &self.effective);
        let account = account.expect("settings that are sound have an account");
        xoxzo::examine(&account, transport, self.templates())
    }

    /// Looks at the senders by the rules of the destinations.
    #[must_use]
    pub fn senders(&self) -> Vec<Diagnosis> {
        xoxzo::check_senders(&self.effective)
    }

    /// Looks at the strength of the keys. Keys of `keygen` are sound, unless `guard.key` is also in `keys`.
    #[must_use]
    pub fn keys(&self) -> Vec<Diagnosis> {
        let keys = self.document["keys"].as_array().into_iter().flatten();
        let keys: Vec<_> = (0..).zip(keys.filter_map(Value::as_str)).collect();
        let guard_key = self.document["guard"]["key"].as_str().unwrap_or_default();
        let named = keys
            .iter()
            .map(|(at, key): &(u32, &str)| (format!("keys.{at}"), *key));
        let all = named.chain([("guard.key".to_string(), guard_key)]);
        let mut found: Vec<_> = all
            .filter_map(|(field, key)| {
                let text = format!("the key was not drawn at random: it {}", weakness(key)?);
                let advice = "replace it by one of `xoxzo-2fa keygen`";
                Some(Diagnosis::faulty(Point::Keys, text, advice).about(&[&field]))
            })
            .collect();
        if keys.iter().any(|(_, key)| *key == guard_key) {
            let text = "the guard's key is also one of challenges: when it is rotated, every limit starts anew";
            let advice = "make another one for the guard with `xoxzo-2fa keygen`";
            found.push(Diagnosis::faulty(Point::Keys, text, advice).about(&["guard.key"]));
        }
        if found.is_empty() {
            let text = "all have the form of `keygen`, and none repeats itself or is a text";
            found.push(Diagnosis::sound(Point::Keys, text).about(&["keys", "guard.key"]));
        }
        found
    }

    /// Charges a counter of its own in the store, reads it back in a second list, and gives it back. With the error of a store that could not be
    /// opened, judges that.
    #[must_use]
    pub fn guard(guard: Result<&dyn Guard, &GuardError>) -> Diagnosis {
        match guard.map_err(Clone::clone).and_then(try_store) {
            Ok(None) => {
                Diagnosis::sound(Point::Guard, "a counter was charged, read and given back")
            }
            Ok(Some(apart)) => {
                let text = format!("the store's time is {apart} s from this machine's");
                let advice = "set both clocks by NTP; `xoxzo-2fa guard repair` mends a file that was used with a wrong clock";
                Diagnosis::faulty(Point::Guard, text, advice)
            }
            Err(error) => {
                let advice = match &error {
                    GuardError::Full => "give it more memory, and let it evict nothing",
                    GuardError::Unreachable(_) => "start the store, or name the right one",
                    GuardError::Unfit(_) => "remove the cause, or name another store",
                };
                Diagnosis::faulty(Point::Guard, error.to_string(), advice)
            }
        }
    }

    /// Judges the result of a [`start`](crate::TwoFactor::start) to a phone of the operator's own.
    #[must_use]
    pub fn sent(&self, begun: Result<&Challenge, &Error>) -> Vec<Diagnosis> {
        xoxzo::sent(begun, !self.templates().is_empty())
    }

    /// Judges the result of a [`verify`](crate::TwoFactor::verify) of the code that the operator read from the phone.
    #[must_use]
    pub fn typed(verdict: Result<&Acceptance, &Error>) -> Vec<Diagnosis> {
        xoxzo::typed(verdict)
    }

    /// Judges a message whose code nobody typed, by the state that a [`status`](crate::TwoFactor::status) reported.
    #[must_use]
    pub fn untyped(state: Option<Delivery>) -> Diagnosis {
        xoxzo::untyped(state)
    }

    /// Judges that the operator's phone got a message without a code: the account has test credits only. Whether it may send texts of its own is
    /// not known then.
    #[must_use]
    pub fn replaced(&self) -> Vec<Diagnosis> {
        xoxzo::replaced(!self.templates().is_empty())
    }

    fn templates(&self) -> &[Value] {
        let templates = self.effective["message"]["templates"].as_array();
        templates.map(Vec::as_slice).unwrap_or_default()
    }
}

/// Charges, reads and gives back. Returns how many seconds the store's time is wrong, if it is.
fn try_store(guard: &dyn Guard) -> Result<Option<u64>, GuardError> {
    let own = GuardName::random()?;
    for (amount, expected) in [(1, 1), (0, 1), (-1, 0)] {
        let totals = guard.add(&[Charge::new(own, amount, 9, LIFE)])?;
        let apart = totals.now.map(|now| ahead_of(now).unsigned_abs());
        if let Some(apart) = apart.filter(|apart| *apart > SKEW) {
            return Ok(Some(apart));
        }
        let total = totals.first().map(|total| total.total);
        if total != Some(expected) {
            let text = format!("a charge of {amount} gave {total:?} instead of {expected}");
            return Err(GuardError::Unfit(text));
        }
    }
    Ok(None)
}

impl fmt::Debug for Examination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examination")
            .field("settings", &self.effective)
            .finish_non_exhaustive()
    }
}
