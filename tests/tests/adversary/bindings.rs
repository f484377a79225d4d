//! Being somebody else, or confirming something else: a challenge shown with another binding.

use xoxzo_2fa::{Binding, Code, Transaction};

use crate::field::{Field, victim};

attacks! {
    use_ones_own_phone_for_anothers_account
    cross_purposes
    fix_a_session
    change_the_amount
    change_the_payee
    move_a_separator
}

/// The PIN and token of one binding, shown with others; none of that costs a guess.
fn swapped(field: &Field, bound: &Binding, others: &[Binding]) {
    let host = field.host();
    let (challenge, pin) = field.start(&host, bound);
    for other in others {
        let guess = host.verify(&challenge.token, other, &pin);
        field.refused(Code::InvalidToken, guess);
        let resend = host.resend(&challenge.token, other);
        field.refused(Code::InvalidToken, resend);
    }
    field.accepted(host.verify(&challenge.token, bound, &pin));
}

fn use_ones_own_phone_for_anothers_account(field: &Field) {
    let own = Binding::new("+819087654321", "mallory", "login").session("s-1");
    let others = [
        victim(),
        Binding::new("+819087654321", "user-1", "login").session("s-1"),
        Binding::new("+819012345678", "mallory", "login").session("s-1"),
        Binding::new("+819087654321", "Mallory", "login").session("s-1"),
        Binding::new("+819087654321", "mallory.", "login").session("s-1"),
    ];
    swapped(field, &own, &others);
}

fn cross_purposes(field: &Field) {
    let signing_up = Binding::new("+819012345678", "user-1", "sign-up");
    let login = Binding::new("+819012345678", "user-1", "login");
    swapped(field, &signing_up, std::slice::from_ref(&login));
    field.pass(60);
    swapped(field, &login, &[signing_up]);
    // One that the settings do not have is no purpose.
    let host = field.host();
    for purpose in ["", "Login", "login ", "logout", "*"] {
        let other = Binding::new("+819012345678", "user-1", purpose);
        field.refused(Code::Request, host.start(&other));
    }
}

/// A code that was asked for in one session is nothing in another, nor without one.
fn fix_a_session(field: &Field) {
    let mut without = victim();
    without.session = None;
    let others = [
        victim().session("s-2"),
        victim().session("S-1"),
        victim().session("s-1-"),
        without.clone(),
    ];
    swapped(field, &victim(), &others);
    field.pass(60);
    swapped(field, &without, &[victim()]);
}

fn paid(amount: &str, currency: &str, payee: &str) -> Binding {
    victim().transaction(Transaction::new(amount, currency, payee))
}

fn change_the_amount(field: &Field) {
    let others = [
        paid("12.51", "EUR", "Ann Lee"),
        paid("1250.00", "EUR", "Ann Lee"),
        paid("2.50", "EUR", "Ann Lee"),
        paid("12.50", "USD", "Ann Lee"),
        paid("1250", "JPY", "Ann Lee"),
        victim(),
    ];
    swapped(field, &paid("12.50", "EUR", "Ann Lee"), &others);
    field.pass(60);
    // A login is no payment either.
    swapped(field, &victim(), &[paid("12.50", "EUR", "Ann Lee")]);
}

fn change_the_payee(field: &Field) {
    let others = [
        paid("12.50", "EUR", "Eve Lee"),
        paid("12.50", "EUR", "ann lee"),
        paid("12.50", "EUR", "Ann Le"),
        paid("12.50", "EUR", "Ann Lee 2"),
    ];
    swapped(field, &paid("12.50", "EUR", "Ann Lee"), &others);
    // With a Cyrillic letter.
    let alike = paid("12.50", "EUR", "\u{410}nn Lee");
    field.refused(Code::Request, field.host().start(&alike));
}

/// Fields whose ends are moved, joined as they are signed in other systems.
fn move_a_separator(field: &Field) {
    let bound = Binding::new("+819012345678", "user-1.sign-up", "login").session("a");
    let others = [
        Binding::new("+819012345678", "user-1", "sign-up").session("login.a"),
        Binding::new("+819012345678", "user-1.sign-uplogin", "login").session("a"),
        Binding::new("+819012345678", "user-1.sign-up", "login").session("aa"),
        Binding::new("+819012345678", "user-1.sign-upa", "login"),
        Binding::new("+819012345678", "user-1.sign-up.login.a", "login"),
        Binding::new("+81901234567", "8user-1.sign-up", "login").session("a"),
    ];
    swapped(field, &bound, &others);
    // One digit more is no number of Japan.
    let host = field.host();
    let (challenge, pin) = field.start_later(&host, &bound);
    let longer = Binding::new("+8190123456781", "user-1.sign-up", "login").session("a");
    let guess = host.verify(&challenge.token, &longer, &pin);
    field.refused(Code::Request, guess);
}
