//! An explanation compiles no component. One test, in a process in which nothing else is compiled, and nothing was before.

use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use xoxzo_2fa::{
    AsyncMemoryGuard, AsyncTwoFactor, Binding, Code, MemoryGuard, Offer, Pin, Settings, Token,
    TwoFactor,
};
use xoxzo_2fa_tests::{Client, document};

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    (work(), began.elapsed())
}

#[test]
fn words_and_clients_share_a_component() {
    if env::var_os("XOXZO_2FA_CACHE").is_none_or(|folder| !folder.is_empty()) {
        let itself = env::current_exe().unwrap();
        let ended = Command::new(itself).env("XOXZO_2FA_CACHE", "").status();
        assert!(ended.unwrap().success(), "with nothing compiled before");
        return;
    }
    let runtime = Client::runtime();
    let mut document = document();
    document["guard"]["scope"] = "process".into();
    let settings = || Settings::from_json(&document.to_string()).unwrap();
    let login = Binding::new("+819012345678", "user-1", "login");
    let error = runtime.block_on(async {
        let builder = AsyncTwoFactor::builder(settings(), AsyncMemoryGuard::default());
        let two_factor = builder.build().await.unwrap();
        two_factor
            .verify(&Token::new("no token"), &login, &Pin::new("123456"))
            .await
    });
    let error = error.unwrap_err();
    assert_eq!(error.code(), Code::InvalidToken);
    let (told, explained) = timed(|| error.explain("vi").unwrap());
    assert_eq!(
        told.text,
        "Mã này không còn dùng được. Vui lòng yêu cầu mã mới."
    );
    assert_eq!(told.offers, [Offer::StartAgain]);
    // The control: what needs another component takes far longer.
    let (_other, compiled) = timed(|| TwoFactor::new(settings(), MemoryGuard::default()).unwrap());
    assert!(
        explained * 5 < compiled,
        "{explained:?} for the words, {compiled:?} to compile"
    );
    assert_eq!(error.explain("vi").unwrap(), told);
}
