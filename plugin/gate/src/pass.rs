//! The pass: a cookie that says that a user has typed a PIN in this session.
//!
//! ```text
//! seal "pass" over  0x15 | id 16 | won at 4 | renewed at 4 | generation 4,  bound to subject, phone, session and credential version
//! ```

use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;

use subtle::ConstantTimeEq;
use xoxzo_2fa_core::{Charge, GuardName, Reader, Seal, Writer, mark};

use crate::identity::Identity;
use crate::settings::PassSettings;

/// The most seconds by which clocks may differ.
const SKEW: u32 = 60;

/// A pass is renewed at most once in so many seconds, or in a tenth of its idle life if that is shorter.
const RENEWAL: u32 = 60;

/// Seconds that a pass's revocation outlives it: three times the skew.
const BEYOND: u32 = 180;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pass {
    pub(crate) id: [u8; 16],
    /// Seconds since 1970-01-01T00:00:00Z.
    pub(crate) won_at: u32,
    renewed_at: u32,
    /// Generation of the user's credentials, in the era in which it was won.
    pub(crate) generation: u32,
}

impl Pass {
    pub(crate) fn new(id: [u8; 16], now: u32) -> Self {
        Self {
            id,
            won_at: now,
            renewed_at: now,
            generation: 0,
        }
    }

    pub(crate) fn close(&self, seal: &Seal, bound: &[u8]) -> String {
        let mut out = Writer::new();
        out.u8(mark::PASS)
            .raw(&self.id)
            .u32(self.won_at)
            .u32(self.renewed_at)
            .u32(self.generation);
        seal.close(&out.finish(), bound)
    }

    pub(crate) fn open(seal: &Seal, text: &str, bound: &[u8]) -> Option<Self> {
        let body = seal.open(text, bound)?;
        let mut from = Reader::new(&body);
        let first = from.u8();
        let pass = Self {
            id: from.array(),
            won_at: from.u32(),
            renewed_at: from.u32(),
            generation: from.u32(),
        };
        (from.finish() && first == mark::PASS).then_some(pass)
    }

    pub(crate) fn is_alive(&self, settings: &PassSettings, now: u32) -> bool {
        let before = |start: u32, length: u32| now < start.saturating_add(length);
        self.renewed_at <= now.saturating_add(SKEW)
            && before(self.won_at, settings.life_seconds)
            && before(self.renewed_at, settings.idle_seconds)
    }

    pub(crate) fn is_younger_than(&self, age: u32, now: u32) -> bool {
        now < self.won_at.saturating_add(age)
    }

    /// Returns the renewed pass, if renewal is due.
    pub(crate) fn renewed(&self, settings: &PassSettings, now: u32) -> Option<Self> {
        let wait = RENEWAL.min(settings.idle_seconds / 10);
        let due = now >= self.renewed_at.saturating_add(wait);
        due.then_some(Self {
            renewed_at: now,
            ..*self
        })
    }
}

/// A counter that is above 0 once a pass is revoked.
pub(crate) fn look(counter: GuardName) -> Charge {
    Charge::alone(counter, 0, 0, 1)
}

/// Revokes a pass for as long as it could live. Once: who ends it again finds it ended.
pub(crate) fn revoke(counter: GuardName, settings: &PassSettings) -> Charge {
    Charge::alone(counter, 1, 1, settings.beyond())
}

impl PassSettings {
    /// Returns seconds after which no pass is left.
    pub(crate) fn beyond(&self) -> u32 {
        self.life_seconds.saturating_add(BEYOND)
    }
}

/// A pass that was found to be genuine, and what it takes to let the next request through quickly.
pub(crate) struct Admitted {
    pub(crate) identity: Identity,
    pub(crate) cookie: String,
    pub(crate) pass: Pass,
    /// Looks at its revocation, and at the generations of the user's credentials.
    pub(crate) looks: Vec<Charge>,
    pub(crate) receipt: Rc<str>,
    /// The `set-cookie` value with the renewed pass, if renewal is due.
    pub(crate) renewed: Option<Rc<str>>,
    pub(crate) made_at: u32,
}

/// Passes that were found to be genuine, so that the cryptography is done once. Of fixed size: a newer one takes the place of an
/// older one. It decides nothing: life and revocation are looked at with each request.
#[derive(Default)]
pub struct Cache {
    places: Vec<Option<Rc<Admitted>>>,
}

impl Cache {
    /// The number of passes that it holds.
    const PLACES: usize = 1_024;

    /// A receipt lives 60 s; for half of that it is given again.
    const LASTS: u32 = 30;

    pub(crate) fn find(
        &self,
        settings: &PassSettings,
        identity: &Identity,
        cookie: &str,
        now: u32,
    ) -> Option<Rc<Admitted>> {
        let found = self.places.get(place(cookie))?.as_ref()?;
        let same =
            found.identity == *identity && are_equal(found.cookie.as_bytes(), cookie.as_bytes());
        let end = found
            .made_at
            .saturating_add(Self::LASTS.min(settings.idle_seconds / 10));
        // The looks are those of an era.
        let era = |time: u32| time.checked_div(settings.beyond());
        let lasts = (found.made_at..end).contains(&now) && era(found.made_at) == era(now);
        (same && lasts).then(|| Rc::clone(found))
    }

    pub(crate) fn keep(&mut self, admitted: &Rc<Admitted>) {
        if self.places.is_empty() {
            self.places.resize(Self::PLACES, None);
        }
        if let Some(at) = self.places.get_mut(place(&admitted.cookie)) {
            *at = Some(Rc::clone(admitted));
        }
    }
}

/// Equality in constant time, eight bytes at a time.
fn are_equal(one: &[u8], other: &[u8]) -> bool {
    let ((one, one_rest), (other, other_rest)) = (one.as_chunks(), other.as_chunks());
    let pairs = one.iter().zip(other);
    let differ = pairs.fold(0, |differ, (one, other)| {
        differ | (u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other))
    });
    let same = one.len() == other.len() && bool::from(one_rest.ct_eq(other_rest));
    bool::from(differ.ct_eq(&0)) & same
}

/// The end of a genuine cookie is of a MAC, so any of its bits are as good as others.
fn place(cookie: &str) -> usize {
    let last = cookie.bytes().rev().take(8);
    let mixed = last.fold(0_usize, |mixed, byte| {
        mixed.wrapping_mul(31).wrapping_add(byte.into())
    });
    mixed % Cache::PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: PassSettings = PassSettings {
        idle_seconds: 600,
        life_seconds: 3_600,
        danger_outlives_process: false,
        stale_seconds: 30,
    };

    #[test]
    fn life_ends_to_the_second() {
        let mut pass = Pass::new([1; 16], 10_000);
        assert!(pass.is_alive(&SETTINGS, 10_599) && !pass.is_alive(&SETTINGS, 10_600));
        for now in (10_060..13_600).step_by(300) {
            assert!(pass.is_alive(&SETTINGS, now));
            pass = pass.renewed(&SETTINGS, now).unwrap();
        }
        assert!(!pass.is_alive(&SETTINGS, 13_600));
        assert!(
            pass.is_alive(&SETTINGS, pass.renewed_at - 60)
                && !pass.is_alive(&SETTINGS, pass.renewed_at - 61)
        );
        assert!(pass.renewed(&SETTINGS, pass.renewed_at + 59).is_none());
        let short = PassSettings {
            idle_seconds: 60,
            ..SETTINGS
        };
        assert!(pass.renewed(&short, pass.renewed_at + 6).is_some());
    }
}
