//! What operators do and read: unlocks, errors and events.

use xoxzo_2fa::{Binding, Code};
use xoxzo_2fa_tests::{Client, key};

use crate::field::{Field, account, victim, wrong};

attacks! {
    read_the_secrets_in_what_is_told
}

attacks_on_counters! {
    unlock_the_wrong_user
}

/// Spends a user's failures of a day.
fn lock(field: &Field, host: &Client) {
    for _ in 0..2 {
        let (challenge, pin) = field.start_later(host, &victim());
        for at in 0..5 {
            let guess = host.verify(&challenge.token, &victim(), &wrong(&pin, at));
            field.refused(Code::WrongPin, guess);
        }
    }
    field.pass(60);
}

fn unlock_the_wrong_user(field: &Field) {
    let host = field.host();
    lock(field, &host);
    for (subject, recipient) in [
        ("user-2", "+819012345678"),
        ("User-1", "+819012345678"),
        ("user-1", "+819087654321"),
        ("user-1", "+819012345679"),
    ] {
        // The number or the subject may have something to lift, but not what locks this one with that one.
        let lifted = host.unlock(recipient, subject);
        let failures = lifted.as_ref().map_or(0, |lifted| lifted.failures);
        field.held("no lock is lifted", failures == 0);
        field.refused(Code::Locked, host.start(&victim()));
    }
    let nobody = host.unlock("+819012345679", "user-l");
    field.refused(Code::NothingLocked, nobody);
    for (subject, recipient) in [
        ("", "+819012345678"),
        ("*", "*"),
        ("user-1", ""),
        ("user-1", "+8109012345678"),
        ("user-1 ", "+819012345678"),
    ] {
        field.refused(Code::Request, host.unlock(recipient, subject));
    }
    field.refused(Code::Locked, host.start(&victim()));
    let lifted = field.granted(host.unlock("+819012345678", "user-1"));
    field.control("ten failures are lifted", lifted.failures == 10);
    let (challenge, pin) = field.start(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

fn read_the_secrets_in_what_is_told(field: &Field) {
    let host = field.host();
    let user = victim().session("session-of-user-1");
    let (challenge, pin) = field.start(&host, &user);
    for at in 0..3 {
        let guess = host.verify(&challenge.token, &user, &wrong(&pin, at));
        field.refused(Code::WrongPin, guess);
    }
    let won = field.granted(host.verify(&challenge.token, &user, &pin));
    let used = host.verify(&challenge.token, &user, &pin);
    field.refused(Code::Used, used);
    let trunk = Binding::new("+8109012345678", "user-1", "login");
    field.refused(Code::Request, host.start(&trunk));
    let pays = Binding::new("+18765550100", "user-1", "login");
    field.refused(Code::NotAllowed, host.start(&pays));
    let other = host.resend(&challenge.token, &account(1));
    field.refused(Code::InvalidToken, other);
    let told = field.told();
    let shown = format!("{challenge:?} {won:?} {user:?} {:?}", field.settings());
    let (key, handle) = (key(1), challenge.handle.unwrap());
    for secret in [
        &*pin,
        challenge.token.as_str(),
        won.receipt.as_str(),
        handle.as_str(),
        "+819012345678",
        "819012345678",
        "9012345678",
        "18765550100",
        "user-1",
        "session-of-user",
        &key,
        field.guard_key(),
        field.sandbox.auth_token(),
    ] {
        field.held("it is not in what is told", !told.contains(secret));
        field.held("nor in what is shown", !shown.contains(secret));
    }
    let codes = ["wrong-pin", "used", "not-allowed", "invalid-token"];
    let all = codes.iter().all(|code| told.contains(code));
    field.control("what happened is told", all);
}
