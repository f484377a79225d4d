//! Several hosts with one store: other handles on it, and children that were forked off.
//!
//! A store in memory is of one process: other hosts have others, and in a child it answers nothing.

use std::thread;

use xoxzo_2fa::Code;
use xoxzo_2fa_tests::child::Child;
use xoxzo_2fa_tests::{Client, Kind};

use crate::field::{Field, account, victim, wrong};

attacks! {
    guess_in_forked_children
    win_in_forked_children
}

attacks_on_counters! {
    guess_at_four_hosts_at_once
    win_at_four_hosts_at_once
    send_at_four_hosts_at_once
}

/// Hosts of which each has opened the store.
fn hosts(field: &Field) -> Vec<Client> {
    let open = |_| field.host_with(field.settings(), field.reopened());
    (0..4).map(open).collect()
}

/// What is done at each host, at once.
fn at_once<T: Send>(hosts: &[Client], deed: impl Fn(&Client, usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let deed = &deed;
        let threads = hosts.iter().enumerate();
        let threads: Vec<_> = threads
            .map(|(at, host)| scope.spawn(move || deed(host, at)))
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap());
        ended.collect()
    })
}

fn guess_at_four_hosts_at_once(field: &Field) {
    let hosts = hosts(field);
    let (challenge, pin) = field.start(&hosts[0], &victim());
    let guesses = at_once(&hosts, |host, at| {
        let guess = |round| wrong(&pin, 10 * at + round);
        let guesses = (0..10).map(|round| host.verify(&challenge.token, &victim(), &guess(round)));
        guesses.collect::<Vec<_>>()
    });
    let guesses = guesses.into_iter().flatten().collect();
    if field.is_memory() {
        // The other three do not know the challenge.
        let due = [
            (Code::WrongPin, 5),
            (Code::Exhausted, 5),
            (Code::InvalidToken, 30),
        ];
        field.all_refused(&due, guesses);
    } else {
        field.all_refused(&[(Code::WrongPin, 5), (Code::Exhausted, 35)], guesses);
    }
    let (challenge, pin) = field.start(&hosts[0], &account(1));
    field.accepted(hosts[0].verify(&challenge.token, &account(1), &pin));
}

fn win_at_four_hosts_at_once(field: &Field) {
    let hosts = hosts(field);
    for at in 0..4 {
        let (challenge, pin) = field.start(&hosts[0], &account(at));
        let guess = |host: &Client, _| host.verify(&challenge.token, &account(at), &pin);
        let (won, lost): (Vec<_>, Vec<_>) =
            at_once(&hosts, guess).into_iter().partition(Result::is_ok);
        field.held("one host at most accepts", won.len() <= 1);
        field.control("one host accepts", won.len() == 1);
        let due = if field.is_memory() {
            Code::InvalidToken
        } else {
            Code::Used
        };
        field.all_refused(&[(due, 3)], lost);
    }
}

/// One number, asked for at all hosts at once, gets one message. With a store in memory each host has a cooldown of its own.
fn send_at_four_hosts_at_once(field: &Field) {
    let hosts = if field.is_memory() {
        vec![field.host(); 4]
    } else {
        hosts(field)
    };
    let start = |host: &Client, at| host.start(&victim().session(format!("s-{at}")));
    let (sent, refused): (Vec<_>, Vec<_>) =
        at_once(&hosts, start).into_iter().partition(Result::is_ok);
    field.held("one message at most goes out", sent.len() <= 1);
    field.control("one message goes out", sent.len() == 1);
    field.all_refused(&[(Code::Cooldown, 3)], refused);
    field.held("the phone has one", field.sent() == 1);
}

/// What three forked children end with that do the same at once.
fn children(host: &Client, work: impl Fn(&Client) -> i32) -> Vec<i32> {
    let child = || Child::fork(|| work(&host.in_child()));
    let children: Vec<_> = (0..3).map(|_| child()).collect();
    children.into_iter().map(Child::wait).collect()
}

/// A host with a store that may be used in children: not one on a runtime, whose threads are not forked.
fn forkable(field: &Field) -> Client {
    let guard = if field.is_memory() {
        field.guard()
    } else {
        field.place.open(Kind::Blocking)
    };
    field.host_with(field.settings(), guard)
}

/// Twelve guesses in all, of which five are compared; in memory, none.
fn guess_in_forked_children(field: &Field) {
    let host = forkable(field);
    let (challenge, pin) = field.start(&host, &victim());
    let (compared, due) = if field.is_memory() {
        (0, Code::Guard)
    } else {
        (5, Code::Exhausted)
    };
    let ended = children(&host, |host| {
        let guess = |at| host.verify(&challenge.token, &victim(), &wrong(&pin, at));
        let codes: Vec<_> = (0..4).map(|at| guess(at).unwrap_err().code()).collect();
        let count = |code| codes.iter().filter(|it| **it == code).count();
        i32::try_from(10 * count(Code::WrongPin) + count(due)).unwrap()
    });
    let refused = 12 - compared;
    let sum = ended.iter().sum::<i32>();
    field.held(
        "no child has guesses of its own",
        sum == 10 * compared + refused,
    );
    let (challenge, pin) = field.start(&host, &account(1));
    field.accepted(host.verify(&challenge.token, &account(1), &pin));
}

/// One child accepts; in memory, none does.
fn win_in_forked_children(field: &Field) {
    const WON: i32 = 1;
    const LOST: i32 = 2;
    let host = forkable(field);
    let (challenge, pin) = field.start(&host, &victim());
    let (won, due) = if field.is_memory() {
        (LOST, Code::Guard)
    } else {
        (WON, Code::Used)
    };
    let mut ended = children(&host, |host| {
        match host.verify(&challenge.token, &victim(), &pin) {
            Ok(_) => WON,
            Err(error) if error.code() == due => LOST,
            Err(_) => 0,
        }
    });
    ended.sort_unstable();
    field.held("one child at most accepts", ended == [won, LOST, LOST]);
    let again = host.verify(&challenge.token, &victim(), &pin);
    if field.is_memory() {
        field.accepted(again);
    } else {
        field.refused(Code::Used, again);
        field.control("one child accepts", ended[0] == WON);
    }
}
