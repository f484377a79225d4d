//! The numbers that a sandbox has for incoming calls, and which of them the account has subscribed to.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// A number that can be called.
struct Din {
    uid: &'static str,
    country: &'static str,
    prefix: &'static str,
    number: &'static str,
    monthly_cost: usize,
    minute_cost: usize,
}

const DINS: [Din; 4] = [
    Din {
        uid: "JPtokyo000000001",
        country: "JP",
        prefix: "813",
        number: "81312345678",
        monthly_cost: 100,
        minute_cost: 1,
    },
    Din {
        uid: "JPosaka000000002",
        country: "JP",
        prefix: "816",
        number: "81612345678",
        monthly_cost: 100,
        minute_cost: 1,
    },
    Din {
        uid: "USnewyork0000003",
        country: "US",
        prefix: "1212",
        number: "12125550100",
        monthly_cost: 150,
        minute_cost: 2,
    },
    Din {
        uid: "MYkualalumpur004",
        country: "MY",
        prefix: "603",
        number: "60312345678",
        monthly_cost: 150,
        minute_cost: 2,
    },
];

/// The subscriptions: ids of numbers, with the URL of what a call to each does.
#[derive(Default)]
pub(crate) struct Dins(Mutex<BTreeMap<&'static str, Option<String>>>);

impl Dins {
    /// The numbers without a subscription, of a country and with a prefix if these are given.
    pub(crate) fn free(&self, country: Option<&str>, prefix: Option<&str>) -> Vec<Value> {
        let taken = self.subscriptions();
        let shown = |din: &&Din| {
            !taken.contains_key(din.uid)
                && country.is_none_or(|wanted| wanted == din.country)
                && prefix.is_none_or(|wanted| din.number.starts_with(wanted))
        };
        DINS.iter().filter(shown).map(Din::entry).collect()
    }

    /// The numbers with a subscription.
    pub(crate) fn subscribed(&self) -> Vec<Value> {
        let taken = self.subscriptions();
        let entry = |din: &Din| {
            let action = taken.get(din.uid)?;
            let mut entry = din.entry();
            entry["action"] = json!({"url": action});
            Some(entry)
        };
        DINS.iter().filter_map(entry).collect()
    }

    /// The credits for a month of a number without a subscription.
    pub(crate) fn cost(&self, uid: &str) -> Option<usize> {
        let taken = self.subscriptions();
        let free = |din: &&Din| din.uid == uid && !taken.contains_key(uid);
        DINS.iter().find(free).map(|din| din.monthly_cost)
    }

    pub(crate) fn subscribe(&self, uid: &str) {
        if let Some(din) = DINS.iter().find(|din| din.uid == uid) {
            self.subscriptions().insert(din.uid, None);
        }
    }

    /// Sets the URL of a subscription. False if there is none for the number.
    pub(crate) fn set_action(&self, uid: &str, url: String) -> bool {
        let mut taken = self.subscriptions();
        let action = taken.get_mut(uid);
        action.map(|action| *action = Some(url)).is_some()
    }

    /// Ends a subscription. False if there is none for the number.
    pub(crate) fn unsubscribe(&self, uid: &str) -> bool {
        self.subscriptions().remove(uid).is_some()
    }

    fn subscriptions(&self) -> MutexGuard<'_, BTreeMap<&'static str, Option<String>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Din {
    fn entry(&self) -> Value {
        json!({
            "din_uid": self.uid,
            "din": self.number,
            "country_code": self.country,
            "prefix": self.prefix,
            "monthly_cost": self.monthly_cost,
            "minute_cost": self.minute_cost,
        })
    }
}
