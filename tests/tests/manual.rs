//! The guide to logins: its code runs as it is printed, under the settings that it prints.

use std::env;

use serde_json::Value;
use xoxzo_2fa::{Code, MemoryGuard, Scope, Settings, check};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{other_than, pin_in};

/// The code of the guide.
#[expect(
    dead_code,
    unused_imports,
    reason = "the guide has more on its page than the login that is tested"
)]
mod guide {
    include!(concat!(env!("OUT_DIR"), "/login.rs"));

    const ANN: User = User {
        id: "user-1",
        phone: "+819012345678",
    };

    /// Logs Ann in on a page in English, and gives what she reads of each guess. `None`: she is let in.
    pub(super) fn log_in(
        two_factor: &TwoFactor,
        address: &str,
        guesses: impl FnOnce(&dyn Fn(&str) -> Option<String>),
    ) -> Result<(), Error> {
        let pending = begin(two_factor, &ANN, "session-1", address, "en")?;
        guesses(&|typed| match guess(
            two_factor,
            &pending,
            &ANN,
            "session-1",
            address,
            "en",
            typed,
        ) {
            Ok(Page::Welcome) => None,
            Ok(Page::NotYet(told)) => Some(told.text),
            Err(error) => panic!("{error}"),
        });
        Ok(())
    }
}

#[expect(
    unsafe_code,
    reason = "the settings of the guide come from the environment"
)]
fn environment(sandbox: &Sandbox) {
    for (name, value) in [
        ("XOXZO_API_SID", sandbox.sid()),
        ("XOXZO_API_AUTH_TOKEN", sandbox.auth_token()),
        ("XOXZO_2FA_KEY", &xoxzo_2fa::keygen().unwrap()),
        ("XOXZO_2FA_GUARD_KEY", &xoxzo_2fa::keygen().unwrap()),
    ] {
        // SAFETY: this program has one test, and no other thread of it reads the environment meanwhile.
        unsafe { env::set_var(name, value) };
    }
}

#[test]
fn the_code_of_the_guide_runs_under_its_settings() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    environment(&sandbox);
    let printed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mut document = printed(include_str!(concat!(env!("OUT_DIR"), "/login.json")));
    document["xoxzo"]["base_url"] = sandbox.url().into();
    let settings = |document: &Value| Settings::from_json(&document.to_string()).unwrap();
    let two_factor =
        xoxzo_2fa::TwoFactor::new(settings(&document), MemoryGuard::default()).unwrap();

    guide::log_in(&two_factor, "203.0.113.7", |read| {
        let pin = pin_in(&sandbox.inbox(None)[0].body, 6).unwrap();
        assert_eq!(
            read(other_than(&pin)).unwrap(),
            "That is not the code. 4 tries are left."
        );
        assert_eq!(
            read("12x").unwrap(),
            "Type all the digits of the code and nothing else. This did not count as a try."
        );
        let apart: Vec<_> = pin.split("").collect();
        assert_eq!(read(&apart.join(" ")), None, "spaces come from copying");
        let used = "This code no longer works. Ask for a new one.";
        assert_eq!(read(&pin).unwrap(), used);
    })
    .unwrap();
    // The settings have caps for each client, so a client must be named.
    let binding = xoxzo_2fa::Binding::new("+819012345678", "user-1", "login");
    let nameless = two_factor.start(&binding).err().unwrap();
    assert_eq!(nameless.code(), Code::Request);

    // The texts of the guide are taken, and are what is sent.
    let texts = printed(include_str!(concat!(env!("OUT_DIR"), "/texts.json")));
    document["message"] = texts["message"].clone();
    assert!(check(&settings(&document), Scope::Process).is_ok());
    let two_factor =
        xoxzo_2fa::TwoFactor::new(settings(&document), MemoryGuard::default()).unwrap();
    guide::log_in(&two_factor, "203.0.113.7", |read| {
        let body = sandbox.inbox(None).pop().unwrap().body;
        let pin = pin_in(&body, 6).unwrap();
        let text = format!("This is Example Shop. Your PIN is {pin}. Never share it.");
        assert_eq!(body, text);
        assert_eq!(read(&pin), None);
    })
    .unwrap();
}
