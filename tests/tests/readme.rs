//! The code of a service in the crate's README, as it is printed, with the settings that it names, as a user of its service meets it.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use xoxzo_2fa::{Code, Offer};
use xoxzo_2fa_sandbox::{Options, Sandbox};
use xoxzo_2fa_tests::{other_than, pin_in};

include!(concat!(env!("OUT_DIR"), "/readme.rs"));

const PHONE: &str = "+819012345678";

/// What a user reads and is offered after typing a code.
fn typed(
    two_factor: &TwoFactor,
    token: &Token,
    pin: &str,
    language: &str,
) -> (Code, String, Vec<Offer>) {
    let error = check_code(two_factor, token, PHONE, "user-1", pin).unwrap_err();
    let told = tell_user(&error, language).unwrap();
    (error.code(), told.text, told.offers)
}

#[expect(
    unsafe_code,
    reason = "the settings of the README come from the environment"
)]
fn environment(sandbox: &Sandbox) {
    for (name, value) in [
        ("XOXZO_API_SID", sandbox.sid()),
        ("XOXZO_API_AUTH_TOKEN", sandbox.auth_token()),
        ("XOXZO_2FA_KEY", &xoxzo_2fa::keygen().unwrap()),
        ("XOXZO_2FA_GUARD_KEY", &xoxzo_2fa::keygen().unwrap()),
        ("XOXZO_BASE_URL", sandbox.url()),
    ] {
        // SAFETY: this program has one test, and no other thread of it reads the environment meanwhile.
        unsafe { env::set_var(name, value) };
    }
}

fn newest_pin(sandbox: &Sandbox) -> String {
    pin_in(&sandbox.inbox(Some(PHONE)).pop().unwrap().body, 6).unwrap()
}

#[test]
fn a_user_reads_why_and_what_to_do() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    environment(&sandbox);
    let two_factor = set_up().unwrap();
    let token = send_code(&two_factor, PHONE, "user-1").unwrap();
    let pin = newest_pin(&sandbox);
    let wrong = other_than(&pin);

    // A second code at once.
    let soon = send_code(&two_factor, PHONE, "user-1").unwrap_err();
    let told = tell_user(&soon, "en").unwrap();
    assert!(
        told.text
            .starts_with("This was requested a moment ago. Try again in "),
        "{}",
        told.text
    );
    assert_eq!(told.offers, [Offer::Wait]);

    let apart = format!("{} {} {}", &pin[..2], &pin[2..4], &pin[4..]);
    for (typo, language, text) in [
        (
            "12x",
            "en",
            "Type all the digits of the code and nothing else. This did not count as a try.",
        ),
        // The right digits, and more of them than a code has.
        (
            &apart,
            "en",
            "Type all the digits of the code and nothing else. This did not count as a try.",
        ),
        (
            "",
            "es",
            "Escribe todos los dígitos de la clave y nada más. Esto no ha contado como intento.",
        ),
    ] {
        let malformed = (Code::Malformed, text.to_string(), vec![Offer::TryAgain]);
        assert_eq!(typed(&two_factor, &token, typo, language), malformed);
    }
    for (language, text) in [
        ("en", "That is not the code. 4 tries are left."),
        ("ja", "認証コードが違います。あと3回入力できます。"),
        ("es", "Esa no es la clave. Quedan 2 intentos."),
        ("en", "That is not the code. 1 try is left."),
    ] {
        let refused = (
            Code::WrongPin,
            text.to_string(),
            vec![Offer::TryAgain, Offer::Resend],
        );
        assert_eq!(typed(&two_factor, &token, wrong, language), refused);
    }
    let last = "That is not the code. No tries are left, so ask for a new code.";
    let last = (Code::WrongPin, last.to_string(), vec![Offer::StartAgain]);
    assert_eq!(typed(&two_factor, &token, wrong, "en"), last);
    let exhausted = "No tries are left for this code. Ask for a new one.";
    let exhausted = (
        Code::Exhausted,
        exhausted.to_string(),
        vec![Offer::StartAgain],
    );
    assert_eq!(typed(&two_factor, &token, &pin, "en"), exhausted);

    // The same settings a while later: a right code that is accepted, used, and another that comes too late.
    let ahead = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&ahead);
    let two_factor = TwoFactor::builder(
        Settings::from_environment().unwrap(),
        MemoryGuard::default(),
    )
    .danger_clock(move || SystemTime::now() + Duration::from_secs(clock.load(Ordering::SeqCst)))
    .build()
    .unwrap();
    let token = send_code(&two_factor, PHONE, "user-1").unwrap();
    let pin = newest_pin(&sandbox);
    assert!(check_code(&two_factor, &token, PHONE, "user-1", &pin).is_ok());
    let used = (
        Code::Used,
        "This code no longer works. Ask for a new one.".to_string(),
        vec![Offer::StartAgain],
    );
    assert_eq!(typed(&two_factor, &token, &pin, "en"), used);
    let token = send_code(&two_factor, PHONE, "user-1").unwrap();
    let pin = newest_pin(&sandbox);
    ahead.store(300, Ordering::SeqCst);
    let expired = (
        Code::Expired,
        "The code has expired. Ask for a new one.".to_string(),
        vec![Offer::StartAgain],
    );
    assert_eq!(typed(&two_factor, &token, &pin, "en"), expired);

    let unknown = tell_user(&soon, "tlh").unwrap_err();
    assert_eq!(unknown.code(), Code::Request);
}
