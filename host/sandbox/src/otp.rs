//! Xoxzo's own codes: the websites that are registered for them, and the codes that are still good.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};

/// The time that a code is good. Xoxzo's pages do not tell it.
const LIFETIME: Duration = Duration::minutes(5);

#[derive(Default)]
pub(crate) struct Otp {
    websites: Mutex<BTreeSet<String>>,
    /// The time at which the code of a website for a number was sent.
    codes: Mutex<BTreeMap<(String, String), OffsetDateTime>>,
}

impl Otp {
    /// Registers a website. False if it was registered before.
    pub(crate) fn register(&self, website: &str) -> bool {
        let mut websites = self.websites.lock().unwrap_or_else(PoisonError::into_inner);
        websites.insert(website.to_string())
    }

    pub(crate) fn is_registered(&self, website: &str) -> bool {
        let websites = self.websites.lock().unwrap_or_else(PoisonError::into_inner);
        websites.contains(website)
    }

    /// Tells whether a number has a code of a website that is still good.
    pub(crate) fn is_active(&self, website: &str, number: &str, now: OffsetDateTime) -> bool {
        let codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        let made = codes.get(&(website.to_string(), number.to_string()));
        made.is_some_and(|made| now - *made < LIFETIME)
    }

    /// Notes that a code was sent.
    pub(crate) fn begin(&self, website: &str, number: &str, now: OffsetDateTime) {
        let mut codes = self.codes.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|_, made| now - *made < LIFETIME);
        codes.insert((website.to_string(), number.to_string()), now);
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_number_has_one_code_of_a_website_at_a_time() {
        let otp = Otp::default();
        let now = datetime!(2026-11-24 08:00 UTC);
        otp.begin("https://a.example", "+819012345678", now);
        let soon = now + LIFETIME - Duration::seconds(1);
        assert!(otp.is_active("https://a.example", "+819012345678", soon));
        for (website, number, at) in [
            ("https://a.example", "+819087654321", soon),
            ("https://b.example", "+819012345678", soon),
            ("https://a.example", "+819012345678", now + LIFETIME),
        ] {
            assert!(!otp.is_active(website, number, at), "{website} {number}");
        }
    }
}
