//! Who may have a message sent, and how often: charges from narrow to wide.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::binding::Binding;
use crate::failure::{Code, Failure, Unfit};
use crate::guard::{CLAIM, Charge, LASTING, Total};
use crate::prepared::Prepared;
use crate::settings::Cap;

/// Seconds to wait after a message of which nothing is known (Xoxzo: look three minutes later whether it was sent).
pub(crate) const UNKNOWN_COOLDOWN: u32 = 180;

/// What a refused charge means to the user.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rung {
    Challenge,
    Soft,
    Hard,
    Cooldown,
    Cap,
}

/// The charges of one message, with what their refusal means.
pub(crate) struct Ladder(Vec<(Rung, Charge)>);

impl Ladder {
    /// First what is only looked at, among it the counter of the challenge if there is one already, then the cooldown, then the
    /// caps from narrow to wide, each by the `weight` of the message.
    ///
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing, or is no address.
    pub(crate) fn new(
        settings: &Prepared,
        binding: &Binding,
        client: Option<&str>,
        challenge: Option<Charge>,
        weight: u32,
    ) -> Result<Self, Failure> {
        let open = settings.open(binding);
        let share = |count: u32| {
            if open {
                count.checked_div(2).unwrap_or(0).max(1)
            } else {
                count
            }
        };
        let (guesses, sends) = (&settings.guesses, &settings.sends);
        let [soft, hard] = settings.failures(binding);
        let mut rungs: Vec<_> = challenge
            .into_iter()
            .map(|look| (Rung::Challenge, look))
            .collect();
        rungs.extend([
            (
                Rung::Soft,
                Charge::look(soft, guesses.soft.count, guesses.soft.seconds),
            ),
            (Rung::Hard, Charge::look(hard, guesses.hard, LASTING)),
            (
                Rung::Cooldown,
                Charge::look(settings.names.unknown(binding), 1, UNKNOWN_COOLDOWN),
            ),
            (
                Rung::Cooldown,
                Charge::one(settings.names.cooldown(binding), 1, sends.cooldown),
            ),
        ]);
        let mut cap = |scope: &str, of: &[u8], cap: Cap, most: u32| {
            rungs.push((
                Rung::Cap,
                Charge::more(settings.names.sends(scope, of), weight, most, cap.seconds),
            ));
        };
        cap(
            "sends per subject",
            binding.subject.as_bytes(),
            sends.subject,
            share(sends.subject.count),
        );
        cap(
            "sends per number",
            binding.recipient.as_str().as_bytes(),
            sends.number,
            share(sends.number.count),
        );
        match (sends.client, client.map(address).transpose()?) {
            (Some(limit), Some(client)) => cap("sends per client", &client, limit, limit.count),
            (Some(_), None) => {
                return Err(Unfit("is required, since sends.per_client is set").argument("client"));
            }
            (None, _) => {}
        }
        cap(
            "sends per range",
            binding.recipient.range().as_bytes(),
            sends.range,
            share(sends.range.count),
        );
        cap(
            "sends per audience",
            settings.audience.as_bytes(),
            sends.audience,
            share(sends.audience.count),
        );
        Ok(Self(rungs))
    }

    pub(crate) fn charges(&self) -> Vec<Charge> {
        self.0.iter().map(|(_, charge)| charge.clone()).collect()
    }

    /// Gives back the first `made` charges.
    pub(crate) fn back(&self, made: usize) -> Vec<Charge> {
        let paid = self
            .0
            .iter()
            .take(made)
            .filter(|(_, charge)| charge.amount > 0);
        paid.map(|(_, charge)| {
            Charge::back(charge.key.clone(), charge.amount.unsigned_abs(), charge.ttl)
        })
        .collect()
    }

    /// What the refusal of the charge at `at` means.
    pub(crate) fn refusal(&self, at: usize, total: Total) -> Failure {
        let wait = Some(total.ends_in);
        match self.0.get(at).map(|(rung, _)| rung) {
            Some(Rung::Challenge) => spent(total),
            Some(Rung::Soft) => Failure::locked(wait),
            Some(Rung::Hard) => Failure::locked(None),
            Some(Rung::Cooldown) => {
                Failure::new(Code::Cooldown, "a message went to this number moments ago")
                    .retry_after(wait)
            }
            Some(Rung::Cap) | None => {
                Failure::new(Code::TooManySends, "a cap on messages is reached").retry_after(wait)
            }
        }
    }
}

/// A challenge that has no guess left, or was won.
pub(crate) fn spent(total: Total) -> Failure {
    if total.total >= CLAIM {
        Failure::new(Code::Used, "this challenge was accepted before")
    } else {
        Failure::new(Code::Exhausted, "all guesses of this challenge are spent")
    }
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
