//! Prepared settings as a string.

use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Account, Key, Prepared, foreign};
use crate::common::codec::{Reader, Writer, from_hex, to_hex};
use crate::common::failure::Failure;
use crate::guard::CounterKeys;
use crate::phone::{Area, Destination, Trusted};
use crate::settings::{Autofill, Cap, Guesses, Messages, Purpose, Sends, Voice, Wording};
use crate::signed::key::{ReceiptKey, Secret};
use crate::words::locale::Locale;
use crate::xoxzo::account::Japan;
use crate::xoxzo::template::Template;

/// Names the layout below and the release: a string of another build is refused, not misread.
const BUILD: &str = concat!("xoxzo-2fa ", env!("CARGO_PKG_VERSION"), " prepared 4");

/// Bytes of the checksum at the end.
const CHECKSUM: usize = 8;

impl Prepared {
    /// The string. A secret.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = Writer::new();
        out.text(BUILD).text(&self.audience).text(&self.service);
        self.write_messages(&mut out);
        list(&mut out, &self.keys, |key, out| {
            let secrets = [
                &key.token,
                &key.decoy,
                &key.pin,
                &key.handle,
                &key.receipt.secret,
            ];
            out.raw(&key.kid).u8(key.receipt.test.into());
            secrets.into_iter().for_each(|secret| {
                out.raw(secret.expose());
            });
        });
        out.raw(self.names.expose());
        out.raw(self.audit.expose()).raw(self.state.expose());
        list(&mut out, &self.purposes, |purpose, out| {
            out.text(&purpose.name)
                .u8(purpose.after_first_factor.into())
                .u8(purpose.voice.into());
        });
        destinations(&mut out, &self.destinations);
        texts(&mut out, self.trusted.prefixes());
        self.write_limits(&mut out);
        maybe(&mut out, self.voice.as_ref(), |voice, out| {
            destinations(out.text(&voice.caller), &voice.destinations);
        });
        self.write_account(&mut out);

        let bytes = Zeroizing::new(out.finish());
        let sum: [u8; 32] = Sha256::digest(&*bytes).into();
        let mut whole = Zeroizing::new(Vec::with_capacity(bytes.len().saturating_add(CHECKSUM)));
        whole.extend_from_slice(&bytes);
        whole.extend(sum.iter().take(CHECKSUM));
        to_hex(&whole)
    }

    fn write_messages(&self, out: &mut Writer) {
        let Messages {
            locale,
            parts,
            autofill,
            texts,
            templates,
        } = &self.messages;
        out.text(locale.code()).u32(*parts);
        out.option(autofill.webotp_domain.as_deref());
        out.option(autofill.android_hash.as_deref());
        list(out, texts, |wording, out| {
            let Wording {
                locale,
                purpose,
                text,
                payment,
                call,
            } = wording;
            out.text(locale.code());
            for text in [purpose, text, payment, call] {
                out.option(text.as_deref());
            }
        });
        list(out, templates, |template, out| {
            let Template {
                id,
                locale,
                pin,
                minutes,
                service,
                amount,
                payee,
            } = template;
            out.u32(*id).text(locale.code()).text(pin);
            for name in [minutes, service, amount, payee] {
                out.option(name.as_deref());
            }
        });
    }

    fn write_limits(&self, out: &mut Writer) {
        let Guesses {
            digits,
            lifetime,
            per_challenge,
            soft,
            hard,
            subject,
            client,
            audience,
        } = self.guesses;
        out.u8(digits).u16(lifetime).u32(per_challenge).u32(hard);
        [soft, subject, audience]
            .into_iter()
            .for_each(|one| cap(out, one));
        maybe(out, client.as_ref(), |client, out| cap(out, *client));
        let Sends {
            cooldown,
            subject,
            number,
            client,
            range,
            audience,
            monitor,
        } = self.sends;
        out.u8(monitor.into()).u32(cooldown);
        [subject, number, range, audience]
            .into_iter()
            .for_each(|one| cap(out, one));
        maybe(out, client.as_ref(), |client, out| cap(out, *client));
    }

    fn write_account(&self, out: &mut Writer) {
        let Account {
            base_url,
            authorization,
            sender,
            timeout,
            callback_url,
            tags,
            japan,
        } = &self.account;
        out.text(base_url)
            .text(authorization)
            .text(sender)
            .u32(*timeout);
        out.option(callback_url.as_deref()).text(tags);
        maybe(out, japan.as_ref(), |japan, out| {
            out.u8(japan.lite.into()).text(&japan.sender);
        });
    }

    /// Reads the string.
    ///
    /// # Errors
    ///
    /// [`Code::Settings`](crate::Code::Settings): not what this build's `prepare` made, such as the JSON itself, or a damaged copy.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let bytes = Zeroizing::new(from_hex(text).ok_or_else(foreign)?);
        let (body, sum) = bytes
            .split_at_checked(bytes.len().saturating_sub(CHECKSUM))
            .ok_or_else(foreign)?;
        let expected: [u8; 32] = Sha256::digest(body).into();
        if expected.get(..CHECKSUM) != Some(sum) {
            return Err(foreign());
        }
        read(&mut Reader::new(body)).ok_or_else(foreign)
    }
}

fn read(from: &mut Reader<'_>) -> Option<Prepared> {
    if from.text() != BUILD {
        return None;
    }
    let prepared = Prepared {
        audience: from.text(),
        service: from.text(),
        messages: read_messages(from),
        keys: unlist(from, read_key),
        names: CounterKeys::new(Secret::new(from.array())),
        audit: Secret::new(from.array()),
        state: Secret::new(from.array()),
        purposes: unlist(from, |from| Purpose {
            name: from.text(),
            after_first_factor: from.present(),
            voice: from.present(),
        }),
        destinations: read_destinations(from),
        trusted: Trusted::from_prefixes(unlist(from, Reader::text)),
        guesses: Guesses {
            digits: from.u8(),
            lifetime: from.u16(),
            per_challenge: from.u32(),
            hard: from.u32(),
            soft: uncap(from),
            subject: uncap(from),
            audience: uncap(from),
            client: from.present().then(|| uncap(from)),
        },
        sends: Sends {
            monitor: from.present(),
            cooldown: from.u32(),
            subject: uncap(from),
            number: uncap(from),
            range: uncap(from),
            audience: uncap(from),
            client: from.present().then(|| uncap(from)),
        },
        voice: from.present().then(|| Voice {
            caller: from.text(),
            destinations: read_destinations(from),
        }),
        account: Account {
            base_url: from.text(),
            authorization: from.text(),
            sender: from.text(),
            timeout: from.u32(),
            callback_url: from.option(),
            tags: from.text(),
            japan: from.present().then(|| Japan {
                lite: from.present(),
                sender: from.text(),
            }),
        },
    };
    from.finish().then_some(prepared)
}

fn read_messages(from: &mut Reader<'_>) -> Messages {
    Messages {
        locale: read_locale(from),
        parts: from.u32(),
        autofill: Autofill {
            webotp_domain: from.option(),
            android_hash: from.option(),
        },
        texts: unlist(from, |from| Wording {
            locale: read_locale(from),
            purpose: from.option(),
            text: from.option(),
            payment: from.option(),
            call: from.option(),
        }),
        templates: unlist(from, |from| Template {
            id: from.u32(),
            locale: read_locale(from),
            pin: from.text(),
            minutes: from.option(),
            service: from.option(),
            amount: from.option(),
            payee: from.option(),
        }),
    }
}

fn read_locale(from: &mut Reader<'_>) -> Locale {
    Locale::parse(&from.text()).unwrap_or_else(|_| {
        from.fail();
        Locale::En
    })
}

fn read_key(from: &mut Reader<'_>) -> Key {
    let (kid, test) = (from.array(), from.present());
    let mut secret = || Secret::new(from.array());
    Key {
        kid,
        token: secret(),
        decoy: secret(),
        pin: secret(),
        handle: secret(),
        receipt: ReceiptKey {
            secret: secret(),
            test,
        },
    }
}

fn destinations(out: &mut Writer, all: &[Destination]) {
    list(out, all, |destination, out| match destination.area() {
        Area::Country(name) => {
            out.u8(0).text(name);
        }
        Area::Range {
            prefix,
            shortest,
            longest,
            denied,
        } => {
            out.u8(1).text(prefix).u8(*shortest).u8(*longest);
            texts(out, denied);
        }
    });
}

fn read_destinations(from: &mut Reader<'_>) -> Vec<Destination> {
    unlist(from, |from| {
        Destination::from_area(if from.present() {
            Area::Range {
                prefix: from.text(),
                shortest: from.u8(),
                longest: from.u8(),
                denied: unlist(from, Reader::text),
            }
        } else {
            Area::Country(from.text())
        })
    })
}

fn texts(out: &mut Writer, all: &[String]) {
    list(out, all, |text, out| {
        out.text(text);
    });
}

fn maybe<T>(out: &mut Writer, value: Option<&T>, write: impl FnOnce(&T, &mut Writer)) {
    out.u8(value.is_some().into());
    if let Some(value) = value {
        write(value, out);
    }
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
