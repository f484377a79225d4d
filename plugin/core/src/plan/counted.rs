//! The counters of a user, a number, a client, a range and a service: what one more failure, and one more message, is charged to.

use alloc::vec::Vec;
use core::net::IpAddr;

use super::planned::{CounterKind, PlannedCharge, UNKNOWN_COOLDOWN};
use crate::common::failure::{Code, Failure, InvalidFormat};
use crate::guard::{Charge, Group, LASTING};
use crate::phone::Recipient;
use crate::settings::Cap;
use crate::settings::prepared::Prepared;
use crate::signed::binding::Binding;

/// A user, and whether strangers can start what they are asked for.
#[derive(Clone, Copy)]
pub(super) struct User<'a> {
    pub(super) subject: &'a str,
    pub(super) recipient: &'a Recipient,
    pub(super) open: bool,
}

impl<'a> User<'a> {
    pub(super) fn of(settings: &Prepared, binding: &'a Binding) -> Self {
        Self {
            subject: &binding.subject,
            recipient: &binding.recipient,
            open: settings.open(binding),
        }
    }
}

/// The groups of the counters that are charged: the user's, the client's and the service's.
pub(super) struct Groups {
    pub(super) subject: Group,
    /// The client, as it is counted.
    pub(super) client: Option<(Vec<u8>, Group)>,
    pub(super) audience: Group,
}

impl Groups {
    pub(super) fn new(
        settings: &Prepared,
        user: User<'_>,
        client: Option<&str>,
    ) -> Result<Self, Failure> {
        let names = &settings.names;
        let client = client.map(address).transpose()?.map(|client| {
            let group = names.group("client", &client);
            (client, group)
        });
        Ok(Self {
            subject: names.subject(user.subject),
            client,
            audience: names.group("audience", settings.audience.as_bytes()),
        })
    }

    pub(super) fn client(&self) -> Option<(&[u8], &Group)> {
        let client = self.client.as_ref();
        client.map(|(client, group)| (&**client, group))
    }

    /// Checks that there is a client if a cap asks for one.
    pub(super) fn needed(&self, setting: &str, cap: Option<Cap>) -> Result<(), Failure> {
        if cap.is_none() || self.client.is_some() {
            return Ok(());
        }
        let detail = ["client: is required, since ", setting, " is set"].concat();
        Err(Failure::new(Code::Request, detail))
    }
}

/// One more failure, in each counter of them.
pub(super) struct FailureCounters {
    /// The failures of a user: in a window, consecutive, and over all numbers.
    pub(super) subject: [PlannedCharge; 3],
    pub(super) client: Option<PlannedCharge>,
    pub(super) audience: PlannedCharge,
}

impl FailureCounters {
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing.
    pub(super) fn new(
        settings: &Prepared,
        user: User<'_>,
        groups: &Groups,
    ) -> Result<Self, Failure> {
        groups.needed(PER_CLIENT, settings.failures.per_client)?;
        Ok(Self::of(settings, user, groups))
    }

    /// Makes the counters, without those of a client that is not known.
    pub(super) fn of(settings: &Prepared, user: User<'_>, groups: &Groups) -> Self {
        let (failures, names) = (&settings.failures, &settings.names);
        let User {
            subject,
            recipient,
            open,
        } = user;
        let one = |kind, setting, name, Cap { count, seconds }| {
            PlannedCharge::new(kind, setting, Charge::one(name, count, seconds))
        };
        let own = |window| names.failures(&groups.subject, window, open, subject, recipient);
        let lasting = Cap {
            count: failures.hard,
            seconds: LASTING,
        };
        let over_all = names.apart(
            &groups.subject,
            "failures per subject",
            open,
            subject.as_bytes(),
        );
        let client = failures.per_client.zip(groups.client());
        let client = client.map(|(cap, (client, group))| {
            let name = names.apart(group, "failures per client", false, client);
            one(CounterKind::Client, PER_CLIENT, name, cap)
        });
        let everyone = names.apart(
            &groups.audience,
            "failures per audience",
            false,
            settings.audience.as_bytes(),
        );
        let Cap { count, seconds } = failures.per_audience;
        Self {
            subject: [
                one(
                    CounterKind::Soft,
                    "failures.soft",
                    own("soft"),
                    failures.soft,
                ),
                one(CounterKind::Hard, "failures.hard", own("hard"), lasting),
                one(
                    CounterKind::Subject,
                    "failures.per_subject",
                    over_all,
                    failures.per_subject,
                ),
            ],
            client,
            audience: PlannedCharge {
                kind: CounterKind::Audience,
                setting: "failures.per_audience",
                charge: Charge::one(everyone, u32::MAX, seconds),
                most: count,
            },
        }
    }
}

/// The setting that limits the failures from a client.
const PER_CLIENT: &str = "failures.per_client";

/// One more message, in each counter of them.
pub(super) struct MessageCounters {
    pub(super) subject: PlannedCharge,
    pub(super) unknown: PlannedCharge,
    pub(super) cooldown: PlannedCharge,
    pub(super) number: PlannedCharge,
    pub(super) client: Option<PlannedCharge>,
    pub(super) range: PlannedCharge,
    pub(super) audience: PlannedCharge,
}

impl MessageCounters {
    /// # Errors
    ///
    /// [`Code::Request`] if a client is needed and missing.
    pub(super) fn new(
        settings: &Prepared,
        user: User<'_>,
        groups: &Groups,
        weight: u32,
    ) -> Result<Self, Failure> {
        groups.needed("sends.per_client", settings.sends.per_client)?;
        Ok(Self::of(settings, user, groups, weight))
    }

    /// Makes the counters, without those of a client that is not known.
    pub(super) fn of(settings: &Prepared, user: User<'_>, groups: &Groups, weight: u32) -> Self {
        let (names, sends) = (&settings.names, &settings.sends);
        let User {
            subject,
            recipient,
            open,
        } = user;
        let cap =
            |group: &Group, setting: &'static str, label, of: &[u8], cap: Cap, shared: bool| {
                let half = cap.count.checked_div(2).unwrap_or(0).max(1);
                let most = if open && shared { half } else { cap.count };
                let limit = if sends.monitor { u32::MAX } else { most };
                PlannedCharge {
                    kind: CounterKind::Cap,
                    setting,
                    charge: Charge::more(names.sends(group, label, of), weight, limit, cap.seconds),
                    most,
                }
            };
        let number = names.number(recipient);
        let unknown = Charge::one(names.unknown(&number, open, recipient), 1, UNKNOWN_COOLDOWN);
        let cooldown = Charge::one(
            names.cooldown(&number, open, recipient),
            1,
            sends.cooldown_seconds,
        );
        let digits = recipient.as_str().as_bytes();
        let range = recipient.range().as_bytes();
        let audience = settings.audience.as_bytes();
        let client = sends.per_client.zip(groups.client());
        Self {
            subject: cap(
                &groups.subject,
                "sends.per_subject",
                "sends per subject",
                subject.as_bytes(),
                sends.per_subject,
                true,
            ),
            unknown: PlannedCharge::new(CounterKind::Cooldown, "cooldown after unknown", unknown),
            cooldown: PlannedCharge::new(CounterKind::Cooldown, "sends.cooldown_seconds", cooldown),
            number: cap(
                &number,
                "sends.per_number",
                "sends per number",
                digits,
                sends.per_number,
                true,
            ),
            client: client.map(|(limit, (client, group))| {
                cap(
                    group,
                    "sends.per_client",
                    "sends per client",
                    client,
                    limit,
                    false,
                )
            }),
            range: cap(
                &names.group("range", range),
                "sends.per_range",
                "sends per range",
                range,
                sends.per_range,
                true,
            ),
            audience: cap(
                &groups.audience,
                "sends.per_audience",
                "sends per audience",
                audience,
                sends.per_audience,
                true,
            ),
        }
    }
}

/// One name per client: IPv4 also when mapped into IPv6, IPv6 by its /64, which one client has to itself.
fn address(text: &str) -> Result<Vec<u8>, Failure> {
    let address: IpAddr = text
        .parse()
        .map_err(|_| InvalidFormat("must be an IPv4 or IPv6 address").argument("client"))?;
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
