//! Guessing: more often, at once, over new codes, sessions, keys and restarts, and at many accounts.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use xoxzo_2fa::{Binding, Code};
use xoxzo_2fa_tests::key;

use crate::field::{Field, Store, victim, wrong};
use crate::{Attack, Outcome};

pub(crate) fn attacks() -> Vec<Attack> {
    let attack = |name, class, run| Attack { name, class, run };
    vec![
        attack("guess on and on", "no guess limit", on_and_on),
        attack("guess from 256 threads", "counter race", at_once),
        attack("ask for new codes", "limit reset", new_codes),
        attack("rotate keys and restart", "limit reset", rotate_and_restart),
        attack("succeed with one's own phone", "limit reset", own_phone),
        attack("post a spent token on and on", "lockout as DoS", spent),
        attack("one short of the limit, for months", "limit reset", dormant),
        attack("one guess at each account", "horizontal guessing", one_each),
        attack(
            "the same from many addresses",
            "horizontal guessing",
            spread,
        ),
        attack("use a code twice", "replay", twice),
        attack("use a code twice at once", "replay", twice_at_once),
        attack("use a code after a restart", "replay", after_restart),
        attack("guess at a decoy", "enumeration", decoy),
    ]
}

fn on_and_on(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let compared = (0..200)
        .filter(|at| {
            field.guess(&host, &challenge.token, &login, &wrong(&pin, *at)) == Err(Code::WrongPin)
        })
        .count();
    let right = field.guess(&host, &challenge.token, &login, &pin).is_ok();
    Outcome {
        tries: 201,
        through: compared.saturating_sub(5) + usize::from(right),
    }
}

fn at_once(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    let compared = AtomicUsize::new(0);
    thread::scope(|scope| {
        for at in 0..256 {
            let (host, login, challenge, pin, compared) =
                (&host, &login, &challenge, &pin, &compared);
            scope.spawn(move || {
                if field.guess(host, &challenge.token, login, &wrong(pin, at))
                    == Err(Code::WrongPin)
                {
                    compared.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
    });
    Outcome {
        tries: 256,
        through: compared.into_inner().abs_diff(5),
    }
}

fn new_codes(field: &Field) -> Outcome {
    let host = field.host();
    let (mut tries, mut compared) = (0, 0);
    for session in 0..6 {
        let login = victim().session(format!("s-{session}"));
        let Ok((challenge, pin)) = field.start(&host, &login) else {
            continue;
        };
        for at in 0..6 {
            tries += 1;
            compared += usize::from(
                field.guess(&host, &challenge.token, &login, &wrong(&pin, at))
                    == Err(Code::WrongPin),
            );
        }
    }
    Outcome {
        tries,
        through: compared.saturating_sub(10),
    }
}

fn rotate_and_restart(field: &Field) -> Outcome {
    let login = victim();
    // What follows is on a field of its own, which can be closed and opened.
    let mut own = Field::new(field.store);
    let mut compared = 0;
    let mut tries = 0;
    for round in 1..=4_u8 {
        let mut settings = own.settings();
        for at in 0..round {
            settings = settings.key(key(10 + at));
        }
        let host = own.host_of(settings);
        if let Ok((challenge, pin)) = own.start(&host, &login) {
            for at in 0..5 {
                tries += 1;
                compared += usize::from(
                    own.guess(&host, &challenge.token, &login, &wrong(&pin, at))
                        == Err(Code::WrongPin),
                );
            }
        }
        drop(host);
        // Memory forgets with its process, and so do its tokens: only the others restart.
        if own.store != Store::Memory {
            own = own.restarted();
        }
    }
    Outcome {
        tries,
        through: compared.saturating_sub(10),
    }
}

/// A thief of a half-open session binds a phone of his own to the victim's account, succeeds with it, and guesses on at the victim's.
fn own_phone(field: &Field) -> Outcome {
    let host = field.host();
    let own = Binding::new("+819087654321", "user-1", "login");
    let (mut tries, mut compared) = (0, 0);
    for _ in 0..4 {
        if let Ok((challenge, pin)) = field.start(&host, &victim()) {
            for at in 0..4 {
                tries += 1;
                compared += usize::from(
                    field.guess(&host, &challenge.token, &victim(), &wrong(&pin, at))
                        == Err(Code::WrongPin),
                );
            }
        }
        let (challenge, pin) = field.start(&host, &own).unwrap();
        assert!(field.guess(&host, &challenge.token, &own, &pin).is_ok());
    }
    Outcome {
        tries,
        through: compared.saturating_sub(10),
    }
}

/// One token, posted again and again after its guesses are spent, to fill the victim's count.
fn spent(field: &Field) -> Outcome {
    let host = field.host();
    let (challenge, pin) = field.start(&host, &victim()).unwrap();
    for at in 0..150 {
        let _wrong = field.guess(&host, &challenge.token, &victim(), &wrong(&pin, at));
    }
    let kept_out = field
        .start(&host, &victim())
        .map_or(true, |(challenge, pin)| {
            field
                .guess(&host, &challenge.token, &victim(), &pin)
                .is_err()
        });
    Outcome {
        tries: 150,
        through: usize::from(kept_out),
    }
}

fn dormant(field: &Field) -> Outcome {
    let soft =
        json!({"count": 9, "seconds": if field.store == Store::Memory { 86_400 } else { 60 }});
    let limit = if field.store == Store::Memory { 100 } else { 7 };
    let settings = field.settings().set(
        "/failures",
        json!({"soft": soft, "hard": limit, "per_subject": {"count": 1_000, "seconds": 60}}),
    );
    let (host, login) = (field.host_of(settings), victim());
    let (mut tries, mut compared) = (0, 0);
    for _ in 0..if field.store == Store::Memory { 200 } else { 3 } {
        let Ok((challenge, pin)) = field.start(&host, &login) else {
            tries += 1;
            continue;
        };
        for at in 0..4 {
            tries += 1;
            compared += usize::from(
                field.guess(&host, &challenge.token, &login, &wrong(&pin, at))
                    == Err(Code::WrongPin),
            );
        }
        // A day later; on the other stores, whose clocks are real, the window is not reached.
        if field.store == Store::Memory {
            field.pass(86_400);
        }
    }
    Outcome {
        tries,
        through: compared.saturating_sub(limit),
    }
}

fn account(at: usize) -> Binding {
    Binding::new(format!("+819012{at:06}"), format!("user-{at}"), "login")
}

fn one_each(field: &Field) -> Outcome {
    let settings = field.settings().set(
        "/failures/per_client",
        json!({"count": 10, "seconds": 3_600}),
    );
    let host = field.host_of(settings);
    let compared = (0..40)
        .filter(|at| {
            let user = account(*at);
            let Ok((challenge, pin)) = field.start(&host, &user) else {
                return false;
            };
            let guess = host.verify_from(&challenge.token, &user, &wrong(&pin, 0), "203.0.113.7");
            guess.map_err(|error| field.tell(error)) == Err(Code::WrongPin)
        })
        .count();
    Outcome {
        tries: 40,
        through: compared.saturating_sub(10),
    }
}

fn spread(field: &Field) -> Outcome {
    let settings = field.settings().set(
        "/failures/per_audience",
        json!({"count": 10, "seconds": 3_600}),
    );
    let host = field.host_of(settings);
    let mut short = 0;
    for at in 0..40 {
        let user = account(at);
        let (challenge, pin) = field.start(&host, &user).unwrap();
        // Once the alarm is raised, no new code may be short.
        short += usize::from(at > 10 && pin.len() < 8);
        let _wrong = field.guess(&host, &challenge.token, &user, &wrong(&pin, 0));
    }
    Outcome {
        tries: 40,
        through: short,
    }
}

fn twice(field: &Field) -> Outcome {
    let (host, login) = (field.host(), victim());
    let (challenge, pin) = field.start(&host, &login).unwrap();
    assert!(field.guess(&host, &challenge.token, &login, &pin).is_ok());
    let again = (0..20).filter(|_| field.guess(&host, &challenge.token, &login, &pin).is_ok());
    Outcome {
        tries: 20,
        through: again.count(),
    }
}

fn twice_at_once(field: &Field) -> Outcome {
    let login = victim();
    let mut through = 0;
    for _ in 0..4 {
        let host = field.host();
        // Where hosts share a store, the other one tries too.
        let other = if field.store == Store::Memory {
            host.clone()
        } else {
            field.host()
        };
        let (challenge, pin) = field.start(&host, &login).unwrap();
        let won = AtomicUsize::new(0);
        thread::scope(|scope| {
            for at in 0..5 {
                let (host, login, challenge, pin, won) = (
                    if at % 2 == 0 { &host } else { &other },
                    &login,
                    &challenge,
                    &pin,
                    &won,
                );
                scope.spawn(move || {
                    if field.guess(host, &challenge.token, login, pin).is_ok() {
                        won.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        through += won.into_inner().abs_diff(1);
    }
    Outcome { tries: 20, through }
}

fn after_restart(field: &Field) -> Outcome {
    let login = victim();
    let own = Field::new(field.store);
    let host = own.host();
    let (challenge, pin) = own.start(&host, &login).unwrap();
    let (spare, spare_pin) = own.start(&host, &victim().session("s-2")).unwrap();
    assert!(own.guess(&host, &challenge.token, &login, &pin).is_ok());
    drop(host);
    let own = own.restarted();
    let host = own.host();
    let used = own.guess(&host, &challenge.token, &login, &pin).is_ok();
    // An open challenge works on where the store is still there, and with memory it has ended with it.
    let open = own
        .guess(&host, &spare.token, &victim().session("s-2"), &spare_pin)
        .is_ok();
    assert_eq!(open, own.store != Store::Memory);
    Outcome {
        tries: 2,
        through: usize::from(used),
    }
}

fn decoy(field: &Field) -> Outcome {
    let settings = field
        .settings()
        .set("/pin", json!({"digits": 4, "guesses": 10}));
    let settings = settings.set("/failures",
        json!({"soft": {"count": 100, "seconds": 3_600}, "per_subject": {"count": 1_000, "seconds": 60}}),
    );
    let host = field.host_of(settings);
    let login = victim();
    let sending = xoxzo_2fa::Sending::default().decoy();
    let decoy = host.start_with(&login, &sending).unwrap();
    let sent = field.sandbox.inbox(None).len();
    let guesses: BTreeSet<String> = (0..10).map(|at| format!("{:04}", at * 997)).collect();
    let through = guesses
        .iter()
        .filter(|pin| field.guess(&host, &decoy.token, &login, pin).is_ok());
    Outcome {
        tries: guesses.len(),
        through: through.count() + sent,
    }
}
