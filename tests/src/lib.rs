//! Helpers that tests of several crates share, beside the host without I/O.

pub mod child;
mod client;
pub mod envoy;
pub mod gate;
mod patience;
pub mod redis;
pub mod walk;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};
use xoxzo_2fa::{GuardName, Settings, SettingsBuilder};
use xoxzo_2fa_core::{Charge, Total, Totals};

pub use client::{Client, Kind};
pub use patience::{PATIENCE, until, within};
pub use xoxzo_2fa_world::{
    BAD_NUMBER, Counters, Counting, LOGIN, NOW, World, audited, charge, code, document, key,
    other_than, pin_in, prepared, said, taken,
};

/// Settings for a sandbox, all but their keys of challenges.
#[must_use]
pub fn sandboxed(url: &str, sid: &str, auth_token: &str) -> SettingsBuilder {
    Settings::builder()
        .audience("shop")
        .service("Example Shop")
        .guard_key(key(3))
        .account(sid, auth_token)
        .sender("Example")
        .base_url(url)
        .destination("JP-mobile")
}

/// The life of a counter, where it is not what is tested.
pub const LIFE: Duration = Duration::from_secs(600);

/// A name of a counter or a group: a hash of a text.
#[must_use]
pub fn named(text: &str) -> GuardName {
    let hash: [u8; 32] = Sha256::digest(text).into();
    let (name, _) = hash.split_first_chunk().expect("it is longer");
    GuardName::new(*name)
}

/// The name of a counter in Redis, with its group as hash tag.
#[must_use]
pub fn in_redis(counter: GuardName, group: GuardName) -> String {
    format!("2fa.{{{group}}}.{counter}")
}

/// A charge of the engine as a store takes it.
#[must_use]
pub fn told_to_a_store(charge: &Charge) -> xoxzo_2fa::Charge {
    let name = |name: xoxzo_2fa_core::GuardName| GuardName::new(*name.as_bytes());
    let made = xoxzo_2fa::Charge::new(
        name(charge.counter),
        charge.amount,
        charge.limit,
        Duration::from_secs(charge.ttl.into()),
    );
    made.in_group(name(charge.group))
}

/// A store's answer, as the engine reads it.
pub fn told_by_a_store(made: &xoxzo_2fa::Totals) -> Totals {
    let total = |total: &xoxzo_2fa::Total| Total {
        total: total.total,
        ends_in: whole_seconds(total.ends_in),
    };
    Totals {
        totals: made.iter().map(total).collect(),
        now: made.now.map(since_1970),
    }
}

/// The seconds of a span, rounded up.
///
/// # Panics
///
/// It is longer than 136 years.
#[must_use]
pub fn whole_seconds(span: Duration) -> u32 {
    u32::try_from(span.as_nanos().div_ceil(1_000_000_000)).expect("it is not that long")
}

/// The seconds from 1970-01-01T00:00:00Z to a time.
///
/// # Panics
///
/// It is before that, or after 2106.
#[must_use]
pub fn since_1970(time: SystemTime) -> u32 {
    let since = time.duration_since(UNIX_EPOCH).expect("it is after that");
    u32::try_from(since.as_secs()).expect("it is before 2106")
}
