//! At the most talkative level of every library on the way, no record holds a PIN, a token, a key, a credential or a number.

use std::sync::Mutex;

use log::{LevelFilter, Log, Metadata, Record};
use xoxzo_2fa::{Binding, MemoryGuard, Pin, TwoFactor};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{key, other_than, pin_in, sandboxed};

struct Collector(Mutex<Vec<String>>);

impl Log for Collector {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0
            .lock()
            .unwrap()
            .push(format!("{}: {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}

static COLLECTOR: Collector = Collector(Mutex::new(Vec::new()));

#[test]
fn no_record_holds_a_secret() {
    let sandbox = Sandbox::start(Options::default().account("sid-canary", "auth-canary")).unwrap();
    let settings = sandboxed(sandbox.url(), sandbox.sid(), sandbox.auth_token())
        .key(key(1))
        .build();
    // A first client compiles the components, once in a process. The compiler knows no secret, but it would
    // write a gigabyte of records, which hold every fiftieth number of six digits by chance.
    TwoFactor::new(settings.clone(), MemoryGuard::default()).unwrap();
    log::set_logger(&COLLECTOR).unwrap();
    log::set_max_level(LevelFilter::Trace);
    let two_factor = TwoFactor::new(settings, MemoryGuard::default()).unwrap();
    let login = Binding::new("+819012345678", "user-1", "login");
    let challenge = two_factor.start(&login).unwrap();
    let (token, handle) = (&challenge.token, challenge.handle.as_ref().unwrap());
    let pin = Pin::new(pin_in(&sandbox.inbox(None).pop().unwrap().body, 6).unwrap());
    let wrong = Pin::new(other_than(pin.as_str()));
    let refusal = two_factor.verify(token, &login, &wrong).unwrap_err();
    let acceptance = two_factor.verify(token, &login, &pin).unwrap();
    let receipt = &acceptance.receipt;

    let records = COLLECTOR.0.lock().unwrap();
    assert!(
        records.len() > 10,
        "the libraries did log: {}",
        records.len()
    );
    let handed = format!("{challenge:?} {acceptance:?} {token:?} {handle:?} {receipt:?} {pin:?}");
    let said = records.join("\n") + &format!("{refusal} {refusal:?} {handed}");
    // The second is HTTP Basic of the account, the last the number as in a form.
    let basic = "c2lkLWNhbmFyeTphdXRoLWNhbmFyeQ";
    for secret in [
        pin.as_str(),
        token.as_str(),
        handle.as_str(),
        receipt.as_str(),
        basic,
        "canary",
        &key(1)[6..30],
        &key(3)[6..30],
        "819012345678",
    ] {
        assert!(
            !said.contains(secret),
            "{secret} in {:?}",
            records.iter().find(|record| record.contains(secret))
        );
    }
}
