//! Messages: more of them, to where they pay, and to keep users out.

use std::thread;

use serde_json::json;
use xoxzo_2fa::{Binding, Channel, Code, Delivery, Sending};
use xoxzo_2fa_sandbox::Fault;

use crate::field::{COOLDOWN, Field, HOME, account, from, victim, wrong};

attacks! {
    ask_for_messages_where_they_pay
    spell_a_number_in_two_ways
    ask_for_calls_where_they_pay
    fill_the_store_with_refused_starts
}

attacks_on_counters! {
    call_before_a_message
    flood_a_number
    flood_a_number_for_a_day
    flood_a_number_with_calls
    pump_a_range_of_numbers
    use_up_the_budget_as_a_stranger
    lock_a_user_out_as_a_stranger
    keep_a_users_code_away_as_a_stranger
    make_it_send_twice
    make_xoxzo_refuse_500_requests
    drive_the_account_into_429_as_a_stranger
}

fn ask_for_messages_where_they_pay(field: &Field) {
    let host = field.host_of(field.settings().destination("US"));
    for number in [
        // The Caribbean, premium rate and satellites within or beside what is open.
        "+18765550100",
        "+12425550100",
        "+18095550100",
        "+19005550100",
        "+18005550100",
        "+882161234567",
        "+870123456789",
        "+447012345678",
        "+79012345678",
        "+37112345678",
        // Japan: pagers, a landline, premium rate.
        "+812012345678",
        "+81312345678",
        "+81990123456",
    ] {
        let start = host.start(&Binding::new(number, "user-1", "login"));
        field.refused(Code::NotAllowed, start);
    }
    // Too short, too long, with a trunk prefix, and in a plan that nobody has.
    for number in [
        "+819012345",
        "+8190123456789",
        "+8109012345678",
        "+999123456789",
    ] {
        let start = host.start(&Binding::new(number, "user-1", "login"));
        field.refused(Code::Request, start);
    }
    field.held("no message went out", field.sent() == 0);
    field.accepted(host.start(&victim()));
    field.accepted(host.start(&Binding::new("+14155550100", "user-1", "login")));
}

/// The cooldown of a number, and a prefix that is shut, under another spelling of the number.
fn spell_a_number_in_two_ways(field: &Field) {
    let shut = json!({"prefix": "+41", "min_digits": 11, "max_digits": 12, "deny": ["+41900"]});
    let places = json!(["HU", "RU", "NG", "US", shut]);
    let host = field.host_of(field.settings().set("/destinations", places));
    let login = |number: &str| Binding::new(number, "user-1", "login");
    for (number, spelling) in [
        ("+41781234567", "+410781234567"),
        ("+36201234567", "+3606201234567"),
        ("+79123456789", "+789123456789"),
        ("+2348021234567", "+23408021234567"),
        ("+12015550123", "+112015550123"),
    ] {
        field.accepted(host.start(&login(number)));
        field.refused(Code::Cooldown, host.start(&login(number)));
        field.refused(Code::Request, host.start(&login(spelling)));
    }
    field.refused(Code::NotAllowed, host.start(&login("+41900123456")));
    field.refused(Code::Request, host.start(&login("+410900123456")));
}

fn call() -> Sending {
    from(HOME).channel(Channel::Voice)
}

fn voices(field: &Field) -> usize {
    let inbox = field.sandbox.inbox(None);
    inbox.iter().filter(|it| it.channel == "voice").count()
}

/// Off by default; where it is on, with a list of its own, and not for every purpose.
fn ask_for_calls_where_they_pay(field: &Field) {
    let voice = |to: &str| json!({"caller": "815012345678", "destinations": [to]});
    let login =
        |voice: bool| json!([{"name": "login", "after_first_factor": true, "voice": voice}]);
    let elsewhere = field.settings().set("/voice", voice("US"));
    let here = || field.settings().set("/voice", voice("JP-mobile"));
    let silent = here().set("/purposes", login(false));
    for (at, settings) in [field.settings(), elsewhere, silent]
        .into_iter()
        .enumerate()
    {
        let host = field.host_of(settings);
        let (challenge, _) = field.start(&host, &account(at));
        field.pass(COOLDOWN);
        let call = host.resend_with(&challenge.token, &account(at), &call());
        field.refused(Code::NotAllowed, call);
    }
    field.held("no phone rang", voices(field) == 0);
    let host = field.host_of(here());
    let (challenge, _) = field.start(&host, &victim());
    field.pass(COOLDOWN);
    field.accepted(host.resend_with(&challenge.token, &victim(), &call()));
    field.control("a phone rang", voices(field) == 1);
}

fn voiced(field: &Field) -> xoxzo_2fa::SettingsBuilder {
    let voice = json!({"caller": "815012345678", "destinations": ["JP-mobile"]});
    field.settings().set("/voice", voice)
}

fn call_before_a_message(field: &Field) {
    let host = field.host_of(voiced(field));
    for at in 0..5 {
        let start = host.start_with(&account(at), &call());
        field.refused(Code::Request, start);
    }
    let (challenge, _) = field.start(&host, &victim());
    let soon = host.resend_with(&challenge.token, &victim(), &call());
    field.refused(Code::Cooldown, soon);
    field.held("no phone rang", voices(field) == 0);
    field.pass(COOLDOWN);
    field.accepted(host.resend_with(&challenge.token, &victim(), &call()));
}

fn flood_a_number(field: &Field) {
    let host = field.host();
    // Strangers have a cooldown of their own, or they could keep the code of a login away.
    for (sent, purpose) in [(1, "login"), (2, "sign-up")] {
        let user = |at: usize| Binding::new("+819012345678", format!("user-{at}"), purpose);
        let (challenge, _) = field.start(&host, &user(0));
        for at in 1..20 {
            field.refused(Code::Cooldown, host.start(&user(at)));
            let resend = host.resend(&challenge.token, &user(0));
            field.refused(Code::Cooldown, resend);
        }
        field.held(
            "the phone has one message of each kind",
            field.sent() == sent,
        );
    }
    field.pass(COOLDOWN);
    field.accepted(host.start(&Binding::new("+819012345678", "user-1", "login")));
}

fn flood_a_number_for_a_day(field: &Field) {
    let host = field.host_of(field.settings().set("/sends", json!({})));
    let user = |at: usize| Binding::new("+819012345678", format!("user-{at}"), "login");
    for at in 0..10 {
        field.start_later(&host, &user(at));
    }
    for at in 10..30 {
        field.pass(3_600);
        field.refused(Code::TooManySends, host.start(&user(at)));
    }
    field.held("the phone has ten messages", field.sent() == 10);
    field.pass(86_400);
    field.accepted(host.start(&user(0)));
}

/// A call weighs five messages.
fn flood_a_number_with_calls(field: &Field) {
    let host = field.host_of(voiced(field).set("/sends", json!({})));
    let (challenge, _) = field.start(&host, &victim());
    let resend = |sending: &Sending| {
        field.pass(COOLDOWN);
        host.resend_with(&challenge.token, &victim(), sending)
    };
    field.accepted(resend(&call()));
    field.refused(Code::TooManySends, resend(&call()));
    field.held("the phone rang once", voices(field) == 1);
    // What was refused was not counted: six of ten are.
    field.accepted(resend(&from(HOME)));
    for _ in 0..3 {
        field.start_later(&host, &victim());
    }
    field.pass(COOLDOWN);
    field.refused(Code::TooManySends, host.start(&victim()));
}

fn pump_a_range_of_numbers(field: &Field) {
    let cap = json!({"count": 20, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/sends/per_range", cap));
    for at in 0..40 {
        let user = Binding::new(format!("+8190123400{at:02}"), format!("user-{at}"), "login");
        if at < 20 {
            field.accepted(host.start(&user));
        } else {
            field.refused(Code::TooManySends, host.start(&user));
        }
    }
    field.held("twenty went out", field.sent() == 20);
    // In another range.
    field.accepted(host.start(&account(1)));
}

/// What strangers can start gets at most half of each cap.
fn use_up_the_budget_as_a_stranger(field: &Field) {
    let cap = json!({"count": 20, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/sends/per_audience", cap));
    for at in 0..30 {
        let stranger = Binding::new(format!("+8190{at:04}1111"), format!("new-{at}"), "sign-up");
        let start = host.start(&stranger);
        if at < 10 {
            field.accepted(start);
        } else {
            field.refused(Code::TooManySends, start);
        }
    }
    field.held("ten went out", field.sent() == 10);
    for at in 0..10 {
        field.accepted(host.start(&account(at)));
    }
    field.refused(Code::TooManySends, host.start(&victim()));
}

/// Failures of what strangers can start are counted apart.
fn lock_a_user_out_as_a_stranger(field: &Field) {
    let host = field.host();
    let stranger = Binding::new("+819012345678", "user-1", "sign-up");
    for _ in 0..2 {
        let (challenge, pin) = field.start_later(&host, &stranger);
        for at in 0..5 {
            let guess = host.verify(&challenge.token, &stranger, &wrong(&pin, at));
            field.refused(Code::WrongPin, guess);
        }
    }
    for _ in 0..5 {
        field.pass(COOLDOWN);
        field.refused(Code::Locked, host.start(&stranger));
    }
    let (challenge, pin) = field.start_later(&host, &victim());
    field.accepted(host.verify(&challenge.token, &victim(), &pin));
}

/// What Xoxzo does not answer may be on its way: it is not sent again by a user who presses once more.
/// A stranger asks for a code to the victim's number whenever one may go out.
fn keep_a_users_code_away_as_a_stranger(field: &Field) {
    let host = field.host();
    let stranger = Binding::new("+819012345678", "new-user", "sign-up");
    for _ in 0..3 {
        field.pass(COOLDOWN);
        drop(host.start(&stranger).unwrap());
        field.refused(Code::Cooldown, host.start(&stranger));
        field.accepted(host.start(&victim()));
    }
}

fn make_it_send_twice(field: &Field) {
    let timeout = field.settings().set("/xoxzo/timeout_milliseconds", 1_000);
    let host = field.host_of(timeout);
    for fault in [
        Fault::LostReply,
        Fault::Truncated,
        Fault::Huge,
        Fault::BadJson,
    ] {
        let number = fault.recipient();
        let user = Binding::new(number, format!("user-{}", fault.name()), "login");
        let challenge = host.start(&user).unwrap();
        assert_eq!(challenge.delivery, Delivery::Unknown);
        let sent = || field.sandbox.inbox(Some(number)).len();
        for wait in [0, 60, 60, 50] {
            field.pass(wait);
            let again = host.resend(&challenge.token, &user);
            field.refused(Code::Cooldown, again);
            field.refused(Code::Cooldown, host.start(&user));
        }
        field.held("one went out", sent() == 1);
        field.pass(10);
        field.accepted(host.resend(&challenge.token, &user));
        field.control("another went out", sent() == 2);
    }
}

/// A start that is refused in the end looked at the wide caps first: it left no counter for a user and a number behind.
fn fill_the_store_with_refused_starts(field: &Field) {
    let small = field.small();
    let cap = json!({"count": 5, "seconds": 3_600});
    let host = small.host_of(small.settings().set("/sends/per_client", cap));
    let ask = |at| host.start_with(&account(at), &from("198.51.100.9"));
    let empty = small.guard().counters();
    for at in 0..5 {
        field.accepted(ask(at));
    }
    let counted = small.guard().counters();
    field.control("what is sent is counted", counted >= empty + 5 * 3);
    for at in 5..500 {
        field.refused(Code::TooManySends, ask(at));
    }
    field.held(
        "nothing is left of them",
        small.guard().counters() == counted,
    );
    let (challenge, pin) = small.start(&host, &victim());
    let guess = host.verify_from(&challenge.token, &victim(), &pin, HOME);
    field.accepted(guess);
}

/// A bad number costs no message, so that one client would ask for ever.
fn make_xoxzo_refuse_500_requests(field: &Field) {
    let cap = json!({"count": 5, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/sends/per_client", cap));
    let bad = |at: usize| {
        let user = format!("user-{at}");
        Binding::new(Fault::Refused.recipient(), user, "login")
    };
    for at in 0..5 {
        let start = host.start_with(&bad(at), &from("198.51.100.9"));
        field.refused(Code::Provider, start);
    }
    for at in 5..500 {
        let start = host.start_with(&bad(at), &from("198.51.100.9"));
        field.refused(Code::TooManySends, start);
    }
    let honest = host.start_with(&account(1), &from("198.51.100.9"));
    field.refused(Code::TooManySends, honest);
    field.accepted(host.start_with(&account(1), &from(HOME)));
    field.pass(3_600);
    field.accepted(host.start_with(&account(2), &from("198.51.100.9")));
    // At once: five that are on their way and, of those before, fewer than five.
    let asked: Vec<_> = thread::scope(|scope| {
        let (host, bad) = (&host, &bad);
        let threads =
            (0..64).map(|at| scope.spawn(move || host.start_with(&bad(at), &from("192.0.2.1"))));
        let threads: Vec<_> = threads.collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap());
        ended.collect()
    });
    let told = asked.iter().filter_map(|start| start.as_ref().err());
    let sent = told.filter(|error| error.code() == Code::Provider).count();
    field.held("a burst is as small as the cap", (1..10).contains(&sent));
}

/// A stranger with as many addresses as he likes, who makes Xoxzo refuse what he asks until it throttles the account.
fn drive_the_account_into_429_as_a_stranger(field: &Field) {
    let cap = json!({"count": 20, "seconds": 3_600});
    let host = field.host_of(field.settings().set("/sends/per_audience", cap));
    let ask = |at: usize, fault: Fault| {
        let stranger = Binding::new(fault.recipient(), format!("new-{at}"), "sign-up");
        host.start_with(&stranger, &from(&format!("198.51.100.{at}")))
    };
    for at in 0..10 {
        field.refused(Code::Provider, ask(at, Fault::Refused));
    }
    for at in 10..100 {
        field.refused(Code::TooManySends, ask(at, Fault::Refused));
    }
    field.accepted(host.start(&account(1)));
    // He is throttled himself: others are not.
    field.pass(3_600);
    for at in 0..50 {
        field.refused(Code::Provider, ask(at, Fault::Throttled));
    }
    field.accepted(host.start(&account(2)));
    let stranger = Binding::new("+819022221111", "new-user", "sign-up");
    field.refused(Code::Provider, host.start(&stranger));
    field.pass(7);
    field.accepted(host.start(&stranger));
}
