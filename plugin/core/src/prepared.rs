//! Prepared settings: checked, with derived keys, as one string that every operation takes.
//!
//! A string and not an object, so that every call may have an instance of its own and many tenants cost nothing.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::binding::Binding;
use crate::codec::{Reader, Writer, from_base64url, to_base64url};
use crate::failure::{Code, Failure};
use crate::guard::Names;
use crate::key::{ReceiptKey, Secret};
use crate::phone::Destination;
use crate::settings::{Cap, Guesses, Purpose, Sends, Xoxzo};
use crate::text::Locale;

/// Names the layout below and the release: a string of another build is refused, not misread.
const BUILD: &str = concat!("xoxzo-2fa ", env!("CARGO_PKG_VERSION"), " prepared 1");

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 8;

/// The keys of one root.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) kid: [u8; 4],
    pub(crate) token: Secret,
    pub(crate) pin: Secret,
    pub(crate) receipt: ReceiptKey,
}

/// How to reach Xoxzo. Debug shows no credentials.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Account {
    #[zeroize(skip)]
    pub(crate) base_url: String,
    /// Value of the header `authorization`.
    pub(crate) authorization: String,
    #[zeroize(skip)]
    pub(crate) sender: String,
    pub(crate) timeout: u32,
}

impl Account {
    pub(crate) fn new(xoxzo: &Xoxzo) -> Self {
        let pair = Zeroizing::new([xoxzo.sid.as_str(), ":", &xoxzo.auth_token].concat());
        Self {
            base_url: xoxzo.base_url.clone(),
            authorization: [
                "Basic ",
                &Zeroizing::new(Base64::encode_string(pair.as_bytes())),
            ]
            .concat(),
            sender: xoxzo.sender.clone(),
            timeout: xoxzo.timeout,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("base_url", &self.base_url)
            .field("sender", &self.sender)
            .finish_non_exhaustive()
    }
}

/// Settings in effect.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) audience: String,
    pub(crate) service: String,
    pub(crate) locale: Locale,
    pub(crate) parts: u32,
    pub(crate) keys: Vec<Key>,
    pub(crate) names: Names,
    pub(crate) purposes: Vec<Purpose>,
    pub(crate) destinations: Vec<Destination>,
    pub(crate) guesses: Guesses,
    pub(crate) sends: Sends,
    pub(crate) account: Account,
}

impl Prepared {
    /// The key that signs: the first.
    pub(crate) fn signing(&self) -> Result<&Key, Failure> {
        self.keys.first().ok_or_else(foreign)
    }

    pub(crate) fn purpose(&self, name: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.name == name)
    }

    /// Whether strangers can start what this is for.
    pub(crate) fn open(&self, binding: &Binding) -> bool {
        self.purpose(&binding.purpose)
            .is_none_or(|purpose| !purpose.after_first_factor)
    }

    /// The names of the two counters of failures: in a window, and consecutive.
    pub(crate) fn failures(&self, binding: &Binding) -> [String; 2] {
        ["soft", "hard"].map(|window| self.names.failures(window, self.open(binding), binding))
    }

    /// The string. A secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = Writer::new();
        out.text(BUILD)
            .text(&self.audience)
            .text(&self.service)
            .text(self.locale.code())
            .u32(self.parts);
        list(&mut out, &self.keys, |key, out| {
            out.raw(&key.kid)
                .raw(key.token.expose())
                .raw(key.pin.expose())
                .raw(key.receipt.0.expose());
        });
        out.raw(self.names.0.expose());
        list(&mut out, &self.purposes, |purpose, out| {
            out.text(&purpose.name)
                .u8(purpose.after_first_factor.into());
        });
        list(&mut out, &self.destinations, |destination, out| {
            let (prefix, shortest, longest, denied) = destination.parts();
            out.text(prefix).u8(shortest).u8(longest);
            list(out, denied, |denied, out| {
                out.text(denied);
            });
        });
        let Guesses {
            digits,
            lifetime,
            per_challenge,
            soft,
            hard,
        } = self.guesses;
        out.u8(digits).u16(lifetime).u32(per_challenge).u32(hard);
        cap(&mut out, soft);
        out.u32(self.sends.cooldown);
        let Sends {
            cooldown: _,
            subject,
            number,
            client,
            range,
            audience,
        } = self.sends;
        cap(&mut out, subject);
        cap(&mut out, number);
        out.u8(client.is_some().into());
        if let Some(client) = client {
            cap(&mut out, client);
        }
        cap(&mut out, range);
        cap(&mut out, audience);
        let Account {
            base_url,
            authorization,
            sender,
            timeout,
        } = &self.account;
        out.text(base_url)
            .text(authorization)
            .text(sender)
            .u32(*timeout);

        let bytes = Zeroizing::new(out.finish());
        let sum: [u8; 32] = Sha256::digest(&*bytes).into();
        let mut whole = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(CHECKSUM)));
        whole.extend_from_slice(&bytes);
        whole.extend(sum.iter().take(CHECKSUM));
        to_base64url(&whole)
    }

    /// Reads the string.
    ///
    /// # Errors
    ///
    /// [`Code::Settings`]: not what this build's `prepare` made, such as the JSON itself, or a damaged copy.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let bytes = Zeroizing::new(from_base64url(text).ok_or_else(foreign)?);
        let (body, sum) = bytes
            .split_at_checked(bytes.len().saturating_sub(CHECKSUM))
            .ok_or_else(foreign)?;
        let expected: [u8; 32] = Sha256::digest(body).into();
        if expected.get(..CHECKSUM) != Some(sum) {
            return Err(foreign());
        }
        read(body).ok_or_else(foreign)
    }
}

fn foreign() -> Failure {
    Failure::new(
        Code::Settings,
        "settings must be the string that this build's prepare gave",
    )
}

fn read(bytes: &[u8]) -> Option<Prepared> {
    let mut from = Reader::new(bytes);
    let build = from.text();
    let (audience, service) = (from.text(), from.text());
    let locale = Locale::parse(&from.text()).ok()?;
    let prepared = Prepared {
        audience,
        service,
        locale,
        parts: from.u32(),
        keys: unlist(&mut from, |from| {
            let kid = from.array();
            let mut secret = || Secret::new(from.array());
            Key {
                kid,
                token: secret(),
                pin: secret(),
                receipt: ReceiptKey(secret()),
            }
        }),
        names: Names(Secret::new(from.array())),
        purposes: unlist(&mut from, |from| Purpose {
            name: from.text(),
            after_first_factor: from.u8() == 1,
        }),
        destinations: unlist(&mut from, |from| {
            let (prefix, shortest, longest) = (from.text(), from.u8(), from.u8());
            Destination::from_parts(prefix, shortest, longest, unlist(from, Reader::text))
        }),
        guesses: Guesses {
            digits: from.u8(),
            lifetime: from.u16(),
            per_challenge: from.u32(),
            hard: from.u32(),
            soft: uncap(&mut from),
        },
        sends: Sends {
            cooldown: from.u32(),
            subject: uncap(&mut from),
            number: uncap(&mut from),
            client: from.present().then(|| uncap(&mut from)),
            range: uncap(&mut from),
            audience: uncap(&mut from),
        },
        account: Account {
            base_url: from.text(),
            authorization: from.text(),
            sender: from.text(),
            timeout: from.u32(),
        },
    };
    (from.finish() && build == BUILD).then_some(prepared)
}

fn list<T>(out: &mut Writer, items: &[T], mut item: impl FnMut(&T, &mut Writer)) {
    out.u32(u32::try_from(items.len()).unwrap_or(u32::MAX));
    items.iter().for_each(|one| item(one, out));
}

fn unlist<'a, T>(from: &mut Reader<'a>, mut item: impl FnMut(&mut Reader<'a>) -> T) -> Vec<T> {
    let mut items = Vec::new();
    for _ in 0..from.u32() {
        if from.finish() {
            from.fail();
            break;
        }
        items.push(item(from));
    }
    items
}

fn cap(out: &mut Writer, Cap { count, seconds }: Cap) {
    out.u32(count).u32(seconds);
}

fn uncap(from: &mut Reader<'_>) -> Cap {
    Cap {
        count: from.u32(),
        seconds: from.u32(),
    }
}
