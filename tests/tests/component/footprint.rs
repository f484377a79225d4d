//! What a call takes, in fuel: one unit for about each instruction of WebAssembly, the same on every machine.
//!
//! `tests/golden/footprint.json` has the figures; a change of more than 3 % fails. With `BLESS=1` they are written anew: look at the
//! difference before committing it.

use std::path::PathBuf;
use std::{env, fs};

use serde_json::{Value, json};

use super::*;

impl Embedder {
    fn settings(&self) -> String {
        let prepared = self.prepare(Host::default(), &document().to_string());
        prepared.map_err(|failure| failure.detail).unwrap().settings
    }

    /// A start: its token, its PIN, and what it took.
    fn started(&self, settings: &str) -> (String, String, u64) {
        let (mut store, exports) = self.instance(Host::default());
        let challenge = exports
            .xoxzo_two_factor_challenges()
            .call_start(&mut store, settings, &login(), &sending(), true)
            .unwrap();
        let token = challenge.map_err(|failure| failure.detail).unwrap().token;
        let took = FUEL - store.get_fuel().unwrap();
        let body = &store.data().sent[0].body;
        let pin = xoxzo_2fa_tests::pin_in(body.split("&recipient").next().unwrap(), 6).unwrap();
        (token, pin, took)
    }

    /// A guess: whether it was right, and what it took.
    fn guessed(&self, settings: &str, token: &str, pin: &str) -> (bool, u64) {
        let (mut store, exports) = self.instance(Host::default());
        let guess = exports
            .xoxzo_two_factor_challenges()
            .call_verify(&mut store, settings, token, &login(), pin, None, true)
            .unwrap();
        (guess.is_ok(), FUEL - store.get_fuel().unwrap())
    }
}

/// The PIN with one digit changed.
fn changed(pin: &str, at: usize) -> String {
    let mut digits = pin.as_bytes().to_vec();
    digits[at] = b'0' + (digits[at] - b'0' + 1) % 10;
    String::from_utf8(digits).unwrap()
}

#[test]
fn a_wrong_digit_takes_the_same_wherever_it_stands() {
    let embedder = Embedder::new();
    let settings = embedder.settings();
    let (token, pin, _) = embedder.started(&settings);
    let took = |pin: &str| {
        let (right, took) = embedder.guessed(&settings, &token, pin);
        assert!(!right);
        took
    };
    let first = took(&changed(&pin, 0));
    for at in 1..6 {
        assert_eq!(took(&changed(&pin, at)), first, "digit {at}");
    }
    let all: String = (0..6).fold(pin, |pin, at| changed(&pin, at));
    assert_eq!(took(&all), first, "all digits");
}

#[test]
fn bytes_and_fuel_are_within_three_percent_of_what_they_were() {
    let embedder = Embedder::new();
    let settings = embedder.settings();
    let (token, pin, start) = embedder.started(&settings);
    let (right, verify) = embedder.guessed(&settings, &token, &pin);
    assert!(right);
    let (_, wrong) = embedder.guessed(&settings, &token, &changed(&pin, 0));
    let bytes = json!({
        "two-factor": include_bytes!("../../../host/sdk/plugin/two-factor.wasm").len(),
        "two-factor-configuration":
            include_bytes!("../../../host/sdk/plugin/two-factor-configuration.wasm").len(),
    });
    let now =
        json!({"bytes": bytes, "fuel": {"start": start, "verify": verify, "verify, wrong": wrong}});
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/footprint.json");
    if env::var_os("BLESS").is_some() {
        fs::write(&path, serde_json::to_string_pretty(&now).unwrap() + "\n").unwrap();
    }
    let kept: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for pointer in [
        "/bytes/two-factor",
        "/bytes/two-factor-configuration",
        "/fuel/start",
        "/fuel/verify",
        "/fuel/verify, wrong",
    ] {
        let (now, kept) = [&now, &kept]
            .map(|figures| figures.pointer(pointer).unwrap().as_u64().unwrap())
            .into();
        println!("{pointer}: {now}, was {kept}");
        assert!(
            now.abs_diff(kept) * 100 <= kept * 3,
            "{pointer}: {now} instead of {kept}"
        );
    }
}
