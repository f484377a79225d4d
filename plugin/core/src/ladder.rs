//! What a message or a guess is charged with, from narrow to wide, and what each refusal means.
//!
//! ```text
//! message   looks: challenge, failures ► cooldown ► subject ► number ► client ► range ► audience
//! guess     looks: subject, client ► challenge ► soft ► hard ► subject ► client ► audience
//! ```
//!
//! A guess looks at the wide counters before it charges the narrow ones: a client or subject that is refused anyway must use up
//! nobody's guesses.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::binding::Binding;
use crate::failure::{Alarm, Code, Failure, Unfit};
use crate::guard::{CLAIM, Charge, LASTING, Total};
use crate::prepared::Prepared;
use crate::settings::Cap;

/// Seconds to wait after a message of which nothing is known (Xoxzo: look three minutes later whether it was sent).
pub(crate) const UNKNOWN_COOLDOWN: u32 = 180;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Guesses of a challenge, and its use.
    Challenge,
    /// Failures of a subject with a recipient: in a window, and consecutive.
    Soft,
    Hard,
    /// Failures of a subject over all recipients, and from a client.
    Subject,
    Client,
    /// Failures over everyone, which refuse nothing.
    Audience,
    /// Messages: moments ago, and in a window.
    Cooldown,
    Cap,
}

#[derive(Clone)]
struct Rung {
    kind: Kind,
    charge: Charge,
    /// The total from which on it is too much; the charge's own limit, or what would be it.
    most: u32,
}

/// Charges in their order, with what their refusal means.
#[derive(Clone, Default)]
pub(crate) struct Ladder(Vec<Rung>);

impl Ladder {
    /// What a message is charged with, by its `weight`. What is only looked at comes first, among it the counter of the challenge
    /// if there is one already.
    ///
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing, or is no address.
    pub(crate) fn message(
        settings: &Prepared,
        binding: &Binding,
        client: Option<&str>,
        challenge: Option<Charge>,
        weight: u32,
    ) -> Result<Self, Failure> {
        let client = client.map(address).transpose()?;
        let client = client.as_deref();
        let mut ladder = Self(Vec::new());
        if let Some(guess) = challenge {
            let most = guess.limit;
            ladder.look(Kind::Challenge, guess, most);
        }
        for (kind, charge, most) in failures(settings, binding, client)? {
            ladder.look(kind, charge, most);
        }
        let (names, sends) = (&settings.names, &settings.sends);
        let unknown = Charge::one(names.unknown(binding), 1, UNKNOWN_COOLDOWN);
        ladder.look(Kind::Cooldown, unknown, 1);
        let cooldown = Charge::one(names.cooldown(binding), 1, sends.cooldown);
        ladder.charge(Kind::Cooldown, cooldown, 1);

        let open = settings.open(binding);
        let mut cap = |scope: &str, of: &[u8], cap: Cap, shared: bool| {
            let half = cap.count.checked_div(2).unwrap_or(0).max(1);
            let most = if open && shared { half } else { cap.count };
            let limit = if sends.monitor { u32::MAX } else { most };
            let charge = Charge::more(names.sends(scope, of), weight, limit, cap.seconds);
            ladder.charge(Kind::Cap, charge, most);
        };
        let (subject, recipient) = (binding.subject.as_bytes(), &binding.recipient);
        let number = recipient.as_str().as_bytes();
        cap("sends per subject", subject, sends.subject, true);
        cap("sends per number", number, sends.number, true);
        if let Some(limit) = sends.client {
            cap(
                "sends per client",
                needed(client, "sends.per_client")?,
                limit,
                false,
            );
        }
        cap(
            "sends per range",
            recipient.range().as_bytes(),
            sends.range,
            true,
        );
        cap(
            "sends per audience",
            settings.audience.as_bytes(),
            sends.audience,
            true,
        );
        Ok(ladder)
    }

    /// What a guess at a challenge is charged with.
    ///
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing, or is no address.
    pub(crate) fn guess(
        settings: &Prepared,
        binding: &Binding,
        client: Option<&str>,
        challenge: Charge,
    ) -> Result<Self, Failure> {
        let client = client.map(address).transpose()?;
        let failures = failures(settings, binding, client.as_deref())?;
        let mut ladder = Self(Vec::new());
        for (kind, charge, most) in &failures {
            if matches!(kind, Kind::Subject | Kind::Client) {
                ladder.look(*kind, charge.clone(), *most);
            }
        }
        let most = challenge.limit;
        ladder.charge(Kind::Challenge, challenge, most);
        for (kind, charge, most) in failures {
            ladder.charge(kind, charge, most);
        }
        Ok(ladder)
    }

    fn charge(&mut self, kind: Kind, charge: Charge, most: u32) {
        self.0.push(Rung { kind, charge, most });
    }

    /// Only looks whether one more would be allowed; a charge that refuses nothing is only read.
    fn look(&mut self, kind: Kind, charge: Charge, most: u32) {
        let Charge {
            key, limit, ttl, ..
        } = charge;
        let charge = match limit {
            u32::MAX => Charge::more(key, 0, limit, ttl),
            limit => Charge::look(key, limit, ttl),
        };
        self.charge(kind, charge, most);
    }

    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.0.iter().map(|rung| rung.charge.clone()).collect()
    }

    /// Gives back the first `made` charges.
    pub(crate) fn back(&self, made: usize) -> Vec<Charge> {
        let made = self.0.iter().take(made);
        made.filter(|rung| rung.charge.amount > 0)
            .map(|rung| back(&rung.charge, rung.charge.amount.unsigned_abs()))
            .collect()
    }

    /// What a won guess gives back: its own failure everywhere and, of the consecutive ones, all that it saw.
    pub(crate) fn clear(&self, hard: u32) -> Vec<Charge> {
        let charged = self.0.iter().filter(|rung| rung.charge.amount > 0);
        charged
            .filter(|rung| rung.kind != Kind::Challenge)
            .map(|rung| match rung.kind {
                Kind::Hard => back(&rung.charge, hard),
                _ => back(&rung.charge, 1),
            })
            .collect()
    }

    /// What the refusal of the charge at `at` means.
    pub(crate) fn refusal(&self, at: usize, total: Total) -> Failure {
        let wait = Some(total.ends_in);
        match self.0.get(at).map(|rung| rung.kind) {
            Some(Kind::Challenge) => spent(total),
            Some(Kind::Hard) => Failure::locked(None),
            Some(Kind::Soft | Kind::Subject | Kind::Client | Kind::Audience) => {
                Failure::locked(wait)
            }
            Some(Kind::Cooldown) => {
                Failure::new(Code::Cooldown, "a message went to this number moments ago")
                    .retry_after(wait)
            }
            Some(Kind::Cap) | None => {
                Failure::new(Code::TooManySends, "a cap on messages is reached").retry_after(wait)
            }
        }
    }

    /// What the totals give to look at.
    pub(crate) fn alarm(&self, totals: &[Total]) -> Option<Alarm> {
        let over = |kind| {
            let mut rungs = self.0.iter().zip(totals);
            rungs.any(|(rung, total)| rung.kind == kind && total.total > rung.most)
        };
        if over(Kind::Audience) {
            Some(Alarm::Failures)
        } else {
            over(Kind::Cap).then_some(Alarm::Sends)
        }
    }

    /// Guesses that are left after these totals: as many as the scarcest counter has.
    pub(crate) fn left(&self, totals: &[Total]) -> u32 {
        let counted = self.0.iter().zip(totals);
        let left = counted
            .filter(|(rung, _)| rung.charge.amount > 0 && rung.charge.limit < u32::MAX)
            .map(|(rung, total)| rung.most.saturating_sub(total.total));
        left.min().unwrap_or(0)
    }

    /// The consecutive failures among these totals.
    pub(crate) fn hard(&self, totals: &[Total]) -> u32 {
        let mut counted = self.0.iter().zip(totals);
        let hard = counted.find(|(rung, _)| rung.kind == Kind::Hard);
        hard.map_or(0, |(_, total)| total.total)
    }
}

/// A charge that takes `amount` back.
fn back(charge: &Charge, amount: u32) -> Charge {
    Charge::back(charge.key.clone(), amount, charge.ttl)
}

/// One more failure, in each counter of them from narrow to wide, and from which total on it is too much.
fn failures(
    settings: &Prepared,
    binding: &Binding,
    client: Option<&[u8]>,
) -> Result<Vec<(Kind, Charge, u32)>, Failure> {
    let guesses = &settings.guesses;
    let (names, open) = (&settings.names, settings.open(binding));
    let [soft, hard] = settings.failures(binding);
    let one = |kind, key, Cap { count, seconds }| (kind, Charge::one(key, count, seconds), count);
    let subject = names.guesses("failures per subject", open, binding.subject.as_bytes());
    let lasting = Cap {
        count: guesses.hard,
        seconds: LASTING,
    };
    let mut all = alloc::vec![
        one(Kind::Soft, soft, guesses.soft),
        one(Kind::Hard, hard, lasting),
        one(Kind::Subject, subject, guesses.subject),
    ];
    if let Some(cap) = guesses.client {
        let client = needed(client, "failures.per_client")?;
        let name = names.guesses("failures per client", false, client);
        all.push(one(Kind::Client, name, cap));
    }
    let audience = names.guesses("failures per audience", false, settings.audience.as_bytes());
    let Cap { count, seconds } = guesses.audience;
    all.push((
        Kind::Audience,
        Charge::one(audience, u32::MAX, seconds),
        count,
    ));
    Ok(all)
}

/// A challenge that has no guess left, or was won.
fn spent(total: Total) -> Failure {
    if total.total >= CLAIM {
        used()
    } else {
        Failure::new(Code::Exhausted, "all guesses of this challenge are spent")
    }
}

/// A challenge that was won.
pub(crate) fn used() -> Failure {
    Failure::new(Code::Used, "this challenge was accepted before")
}

fn needed<'a>(client: Option<&'a [u8]>, cap: &str) -> Result<&'a [u8], Failure> {
    client.ok_or_else(|| {
        let detail = ["client: is required, since ", cap, " is set"].concat();
        Failure::new(Code::Request, detail)
    })
}

/// One name per client: IPv4 also when mapped into IPv6, IPv6 by its /64, which one client has to itself.
fn address(text: &str) -> Result<Vec<u8>, Failure> {
    let address: IpAddr = text
        .parse()
        .map_err(|_| Unfit("must be an IPv4 or IPv6 address").argument("client"))?;
    Ok(match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().into_iter().take(8).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_one_spelling() {
        assert_eq!(
            address("203.0.113.7").unwrap(),
            address("::ffff:203.0.113.7").unwrap()
        );
        assert_eq!(
            address("2001:db8::1").unwrap(),
            address("2001:0db8:0:0:ffff::2").unwrap()
        );
        assert_ne!(
            address("2001:db8::1").unwrap(),
            address("2001:db8:0:1::1").unwrap()
        );
        for other in [
            "",
            "203.0.113.7:80",
            "203.0.113.07",
            "example.com",
            " 203.0.113.7",
        ] {
            assert_eq!(
                address(other).err().map(|failure| failure.code),
                Some(Code::Request),
                "{other}"
            );
        }
    }
}
