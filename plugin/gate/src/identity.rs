//! The user's identity, by claims that the host has verified.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xoxzo_2fa_core::{Binding, Claimed, Prepared, Writer};

use crate::head::{Head, Only, is_like};
use crate::payment::Payment;
use crate::settings::{GateSettings, Source};

/// Claims of the host about the user who makes a request, as bytes; `None` for what it does not know. For [`Source::DangerHeaders`] the gate
/// reads the request itself, and this is not used.
#[derive(Clone, Debug, Default)]
pub struct IdentityClaims {
    /// The service's immutable internal id.
    pub subject: Option<Vec<u8>>,
    /// Phone number, canonical E.164.
    pub phone: Option<Vec<u8>>,
    /// The session of the first factor.
    pub session: Option<Vec<u8>>,
    /// Anything that changes with the user's credentials.
    pub credential_version: Option<Vec<u8>>,
}

/// A user, by claims that are all there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) subject: String,
    pub(crate) phone: String,
    pub(crate) session: Option<String>,
    version: Option<String>,
}

impl Identity {
    /// The user whom the claims, or for [`Source::DangerHeaders`] the headers, name. `None`: one is missing, empty, repeated, or not printable
    /// ASCII. Only the phone may be missing: see [`Identity::lacks_phone`]. Whether phone and subject have their form is for [`Identity::is_sound`].
    pub(crate) fn of(settings: &GateSettings, head: &Head, claims: IdentityClaims) -> Option<Self> {
        let identity = &settings.identity;
        let has_phone = match identity.source {
            Source::Metadata => claims.phone.as_ref().is_some_and(|phone| !phone.is_empty()),
            Source::DangerHeaders => !head.names(&|own| is_like(own, &identity.phone)).is_empty(),
        };
        let of = |name: &str, claim: Option<Vec<u8>>| match identity.source {
            Source::Metadata => String::from_utf8(claim?)
                .ok()
                .filter(|text| is_visible(text)),
            Source::DangerHeaders => match head.only(name) {
                Only::One(value) if head.names(&|own| is_like(own, name)).len() == 1 => {
                    Some(value.to_string())
                }
                _ => None,
            },
        };
        Some(Self {
            subject: of(&identity.subject, claims.subject)?,
            phone: if has_phone {
                of(&identity.phone, claims.phone)?
            } else {
                String::new()
            },
            session: match identity.session_name() {
                Some(name) => Some(of(name, claims.session)?),
                None => None,
            },
            version: match &identity.credential_version {
                Some(name) => Some(of(name, claims.credential_version)?),
                None => None,
            },
        })
    }

    /// Tells whether the claims name no phone number at all.
    pub(crate) fn lacks_phone(&self) -> bool {
        self.phone.is_empty()
    }

    pub(crate) fn is_sound(&self, purpose: &str, engine: &Prepared) -> bool {
        Binding::parse(self.claimed(purpose, None), engine.trusted()).is_ok()
    }

    /// Returns the binding of a challenge, for a payment or for none.
    pub(crate) fn claimed<'a>(
        &'a self,
        purpose: &'a str,
        payment: Option<&'a Payment>,
    ) -> Claimed<'a> {
        Claimed {
            recipient: &self.phone,
            subject: &self.subject,
            purpose,
            session: self.session.as_deref(),
            transaction: payment.map(Payment::claimed),
        }
    }

    pub(crate) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Returns the bytes that cookies are bound to.
    pub(crate) fn bound(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.text(&self.subject).text(&self.phone);
        out.option(self.session.as_deref())
            .option(self.version.as_deref());
        out.finish()
    }
}

fn is_visible(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
