//! Odds of attackers under given settings: how often they may guess, and how likely they are to get in.
//!
//! Every figure is the most that the limits allow: guesses are counted in windows that begin with their first charge, so an attacker who
//! waits for a window's edge gets two windows' worth in little time. `tests/all odds` walks each attack through the engine and compares.

use serde_json::Value;

use crate::configuration::Checked;

const DAY: u64 = 86_400;

/// Digits of new PINs while the alarm `failures` is raised.
const ALARMED: u32 = 8;

/// One code in so many is mistyped by the user it was sent to. An assumption; measure your own.
const MISTYPED: u64 = 20;

/// An attack, and what the limits leave of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Odds {
    /// Name of the attack, such as `account-day`.
    pub id: &'static str,
    /// The attack in words.
    pub text: &'static str,
    /// Guesses that are compared with a PIN of the settings' own length.
    pub guesses: u64,
    /// Guesses that are compared with the longer PINs of the alarm.
    pub alarmed_guesses: u64,
    /// Accounts that the attacker can expect to enter; for a single account the probability.
    pub expected: f64,
}

/// The limits that guesses run into.
struct Limits {
    digits: u32,
    lifetime: u64,
    per_challenge: u64,
    soft: Cap,
    hard: u64,
    subject: Cap,
    audience: Cap,
    messages: Cap,
    /// Kinds of purposes, which are counted apart: after a first factor, and open to strangers.
    kinds: u64,
}

struct Cap {
    count: u64,
    seconds: u64,
}

impl Cap {
    /// The most that fit into so many seconds: the first window may have begun just before, with one.
    fn within(&self, seconds: u64) -> u64 {
        let windows = seconds.div_ceil(self.seconds) + 1;
        windows * self.count - 1
    }
}

impl Checked {
    /// Returns the odds of each attack under these settings. With `sends.monitor` on, `fleet-day` is an estimate and no bound: then nothing
    /// limits the messages, on which it counts.
    #[must_use]
    pub fn odds(&self) -> Vec<Odds> {
        self.limits().odds()
    }

    /// Failures of honest users that can be expected in a window of `failures.per_audience`, and that cap: if as many messages go out as
    /// `sends.per_audience` allows and every 20th code is mistyped. The alarm should not be raised by them.
    #[must_use]
    pub fn honest_failures(&self) -> (u64, u64) {
        let Limits {
            audience, messages, ..
        } = self.limits();
        let sent = messages.count * audience.seconds / messages.seconds;
        (sent / MISTYPED, audience.count)
    }

    fn limits(&self) -> Limits {
        let effective: Value =
            serde_json::from_str(self.effective_settings()).expect("the component writes JSON");
        let number = |path: &str| effective.pointer(path).and_then(Value::as_u64);
        let number = |path: &str| number(path).expect("the component fills defaults in");
        let cap = |path: &str| Cap {
            count: number(&format!("{path}/count")),
            seconds: number(&format!("{path}/seconds")),
        };
        let purposes = effective["purposes"].as_array().into_iter().flatten();
        let mut kinds: Vec<_> = purposes
            .map(|it| it["after_first_factor"] == true)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        Limits {
            digits: number("/pin/digits") as u32,
            lifetime: number("/pin/lifetime_seconds"),
            per_challenge: number("/pin/guesses"),
            soft: cap("/failures/soft"),
            hard: number("/failures/hard"),
            subject: cap("/failures/per_subject"),
            audience: cap("/failures/per_audience"),
            messages: cap("/sends/per_audience"),
            kinds: kinds.len() as u64,
        }
    }
}

impl Limits {
    fn odds(&self) -> Vec<Odds> {
        let account =
            |seconds| self.kinds * self.soft.within(seconds).min(self.subject.within(seconds));
        let one = |id, text, guesses| Odds {
            id,
            text,
            guesses,
            alarmed_guesses: 0,
            expected: -((guesses as f64) * (-self.each(self.digits)).ln_1p()).exp_m1(),
        };
        let (guesses, alarmed_guesses) = self.fleet(DAY);
        vec![
            one("challenge", "one challenge", self.per_challenge),
            one("account-day", "one account, in any 24 hours", account(DAY)),
            one(
                "account-year",
                "one account, in a year in which its user logs in",
                account(365 * DAY),
            ),
            one(
                "dormant",
                "one account whose user never logs in, for ever",
                self.kinds * self.hard,
            ),
            Odds {
                id: "fleet-day",
                text: "any account, in any 24 hours, with the first factors of as many as there are messages",
                guesses,
                alarmed_guesses,
                expected: guesses as f64 * self.each(self.digits)
                    + alarmed_guesses as f64 * self.each(self.digits.max(ALARMED)),
            },
        ]
    }

    /// Guesses at everyone's challenges: those that are compared before the alarm is raised, then one at each short PIN that was hoarded, then
    /// all at the long PINs that are left.
    fn fleet(&self, seconds: u64) -> (u64, u64) {
        let challenges = self.messages.within(seconds);
        if self.digits >= ALARMED {
            return (challenges * self.per_challenge, 0);
        }
        let windows = seconds.div_ceil(self.audience.seconds) + 1;
        let calm = self
            .audience
            .within(seconds)
            .min(challenges * self.per_challenge);
        let left = challenges - calm.div_ceil(self.per_challenge);
        // No more than can be alive when the alarm is raised.
        let hoarded = windows.saturating_mul(self.messages.within(self.lifetime));
        let single = left.min(hoarded);
        (calm + single, (left - single) * self.per_challenge)
    }

    /// The chance of one guess at a PIN of so many digits.
    fn each(&self, digits: u32) -> f64 {
        0.1_f64.powi(digits as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let cap = |count, seconds| Cap { count, seconds };
        Limits {
            digits: 6,
            lifetime: 300,
            per_challenge: 5,
            soft: cap(10, DAY),
            hard: 100,
            subject: cap(30, DAY),
            audience: cap(300, 3_600),
            messages: cap(1_000, 3_600),
            kinds: 1,
        }
    }

    #[test]
    fn of_the_defaults() {
        let odds = limits().odds();
        let guesses: Vec<_> = odds.iter().map(|it| (it.id, it.guesses)).collect();
        assert_eq!(
            guesses,
            [
                ("challenge", 5),
                ("account-day", 19),
                ("account-year", 3_659),
                ("dormant", 100),
                // 25 windows of 300, and 24,999 challenges less the 1,500 that those are made at.
                ("fleet-day", 7_499 + 23_499),
            ]
        );
        assert!((odds[0].expected - 5e-6).abs() < 1e-10);
        assert!((odds[4].expected - 0.030_998).abs() < 1e-9);
    }

    #[test]
    fn kinds_of_purposes_count_apart() {
        let both = Limits {
            kinds: 2,
            ..limits()
        };
        let odds = both.odds();
        assert_eq!((odds[1].guesses, odds[3].guesses), (38, 200));
    }

    #[test]
    fn long_pins_have_all_their_guesses() {
        let long = Limits {
            digits: 8,
            ..limits()
        };
        let fleet = &long.odds()[4];
        assert_eq!((fleet.guesses, fleet.alarmed_guesses), (124_995, 0));
    }
}
