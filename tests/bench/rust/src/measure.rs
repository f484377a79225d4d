//! Prepares what an operation needs, times nothing but the operation, and checks what it answered.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Fault;

/// An operation that is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Start,
    Verify,
    WrongPin,
    Expired,
    Exhausted,
    Locked,
    Malformed,
    NotOurs,
    Replay,
}

impl Operation {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "start" => Self::Start,
            "verify" => Self::Verify,
            "wrong-pin" => Self::WrongPin,
            "expired" => Self::Expired,
            "exhausted" => Self::Exhausted,
            "locked" => Self::Locked,
            "malformed" => Self::Malformed,
            "not-ours" => Self::NotOurs,
            "replay" => Self::Replay,
            _ => return None,
        })
    }

    /// The code of the refusal.
    fn code(self) -> &'static str {
        match self {
            Self::Start | Self::Verify => "",
            Self::WrongPin => "wrong-pin",
            Self::Expired => "expired",
            Self::Exhausted => "exhausted",
            Self::Locked => "locked",
            Self::Malformed => "malformed",
            Self::NotOurs => "invalid-token",
            Self::Replay => "used",
        }
    }
}

/// A login with a code in a message.
pub(crate) trait Login: Sync {
    type User: Sync;
    type Token: Send + Sync;
    type Pin: Clone + Sync;

    /// It locks out a user whose guesses at several challenges were wrong.
    const LOCKS: bool;

    /// The code of a token that was altered.
    const ALTERED: &str;

    /// A user by number. `other` has the same user with another phone.
    fn user(&self, number: u32, other: bool) -> Self::User;

    fn token(text: String) -> Self::Token;

    fn text(token: &Self::Token) -> &str;

    fn pin(text: &str) -> Self::Pin;

    /// Sends a code. A refusal is its code.
    fn start(&self, user: &Self::User) -> Result<Self::Token, String>;

    /// Checks a code. A refusal is its code.
    fn verify(&self, user: &Self::User, token: &Self::Token, pin: &Self::Pin)
    -> Result<(), String>;

    /// The codes that were sent since they were last taken.
    fn sent(&self) -> Vec<String>;

    /// Sets the clock to so many seconds before the present.
    fn set_back(&self, seconds: u64);

    /// The number of the next user.
    fn next(&mut self) -> &mut u32;
}

/// Answers, for one challenge or user that is refused again and again, to one setup.
const REPEATED: usize = 10;
/// Wrong guesses that a challenge takes.
const GUESSES: usize = 5;
/// More seconds than a challenge of the settings lives.
const OUTLIVED: u64 = 100;

/// Does an operation so many times on so many threads.
pub(crate) fn measure<L: Login>(
    login: &mut L,
    operation: Operation,
    count: usize,
    threads: usize,
) -> Result<Value, Fault> {
    use Operation::{Exhausted, Expired, Locked, Malformed, NotOurs, Replay, Start, WrongPin};
    if operation == Locked && !L::LOCKS {
        return Ok(json!({"absent": true}));
    }
    let repeated = matches!(operation, Exhausted | Locked | Malformed);
    let users = if repeated {
        count.div_ceil(REPEATED)
    } else {
        count
    };
    if operation == Start {
        let users = draw(login, users, false);
        let own = &*login;
        let (starts, wall, cpu) = timed(count, threads, |at| own.start(&users[at]));
        for start in starts {
            start?;
        }
        if login.sent().len() != count {
            return Err("a message has no code".into());
        }
        return Ok(told(count, wall, cpu));
    }
    if operation == Expired {
        login.set_back(OUTLIVED);
    }
    let mut challenges = challenges(login, users, false)?;
    login.set_back(0);
    match operation {
        Replay => {
            for each in &challenges {
                login.verify(&each.user, &each.token, &each.pin)?;
            }
        }
        NotOurs => challenges.iter_mut().for_each(|each| {
            each.token = L::token(altered(L::text(&each.token)));
        }),
        Malformed => challenges
            .iter_mut()
            .for_each(|each| each.pin = L::pin("12345x")),
        WrongPin => challenges
            .iter_mut()
            .for_each(|each| each.pin = each.wrong.clone()),
        Exhausted => exhaust(login, &challenges)?,
        Locked => {
            exhaust(login, &challenges)?;
            *login.next() -= u32::try_from(users)?;
            let others = self::challenges(login, users, true)?;
            exhaust(login, &others)?;
        }
        Operation::Verify | Start | Expired => {}
    }
    let own = &*login;
    let (answers, wall, cpu) = timed(count, threads, |at| {
        let each = &challenges[at % users];
        if operation == Locked {
            own.start(&each.user).map(|_| ())
        } else {
            own.verify(&each.user, &each.token, &each.pin)
        }
    });
    let wanted = if operation == NotOurs {
        L::ALTERED
    } else {
        operation.code()
    };
    let right = |answer: &Result<(), String>| match answer {
        Ok(()) => wanted.is_empty(),
        Err(code) => code == wanted,
    };
    match answers.iter().find(|answer| !right(answer)) {
        Some(answer) => Err(format!("{answer:?} instead of {wanted:?}").into()),
        None => Ok(told(count, wall, cpu)),
    }
}

struct Challenge<L: Login> {
    user: L::User,
    token: L::Token,
    pin: L::Pin,
    wrong: L::Pin,
}

fn draw<L: Login>(login: &mut L, users: usize, other: bool) -> Vec<L::User> {
    let numbers: Vec<_> = (0..users)
        .map(|_| {
            *login.next() += 1;
            *login.next()
        })
        .collect();
    let user = |number| login.user(number, other);
    numbers.into_iter().map(user).collect()
}

fn challenges<L: Login>(
    login: &mut L,
    users: usize,
    other: bool,
) -> Result<Vec<Challenge<L>>, Fault> {
    let users = draw(login, users, other);
    let tokens: Result<Vec<_>, _> = users.iter().map(|user| login.start(user)).collect();
    let (tokens, pins) = (tokens?, login.sent());
    if pins.len() != tokens.len() {
        return Err("a message has no code".into());
    }
    let each = users.into_iter().zip(tokens).zip(pins);
    Ok(each
        .map(|((user, token), pin)| Challenge {
            user,
            token,
            wrong: L::pin(if pin == "000000" { "000001" } else { "000000" }),
            pin: L::pin(&pin),
        })
        .collect())
}

fn exhaust<L: Login>(login: &L, challenges: &[Challenge<L>]) -> Result<(), Fault> {
    for each in challenges {
        for _ in 0..GUESSES {
            match login.verify(&each.user, &each.token, &each.wrong) {
                Err(code) if code == "wrong-pin" || code == "locked" => {}
                other => return Err(format!("{other:?} instead of a wrong guess").into()),
            }
        }
    }
    Ok(())
}

/// The text with another last character.
fn altered(text: &str) -> String {
    let mut text = text.to_string();
    let last = text.pop();
    text.push(if last == Some('0') { '1' } else { '0' });
    text
}

/// Does work so many times, spread over threads, and returns what came of it, the time by the clock, and that of all threads together.
pub(crate) fn timed<T: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> T + Sync,
) -> (Vec<T>, Duration, Duration) {
    if threads == 1 {
        let numbers: Vec<_> = (0..count).collect();
        return timed_in_turn(&numbers, |at| work(*at));
    }
    let (began, cpu_began) = (Instant::now(), cpu());
    let answers = thread::scope(|scope| {
        let work = &work;
        let part = |first: usize| {
            scope.spawn(move || {
                (first..count)
                    .step_by(threads)
                    .map(work)
                    .collect::<Vec<_>>()
            })
        };
        let parts: Vec<_> = (0..threads).map(part).collect();
        let parts = parts.into_iter();
        parts
            .flat_map(|part| part.join().expect("an operation does not panic"))
            .collect()
    });
    let (cpu, wall) = (cpu() - cpu_began, began.elapsed());
    (answers, wall, cpu)
}

/// Does work with each item, one after the other.
pub(crate) fn timed_in_turn<I, T>(
    items: &[I],
    work: impl FnMut(&I) -> T,
) -> (Vec<T>, Duration, Duration) {
    let mut answers = Vec::with_capacity(items.len());
    let (began, cpu_began) = (Instant::now(), cpu());
    answers.extend(items.iter().map(work));
    let (cpu, wall) = (cpu() - cpu_began, began.elapsed());
    (answers, wall, cpu)
}

pub(crate) fn told(count: usize, wall: Duration, cpu: Duration) -> Value {
    let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    json!({"count": count, "wall_ns": nanoseconds(wall), "cpu_ns": nanoseconds(cpu)})
}

/// CPU time of all threads of this process.
fn cpu() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock writes into `time`, which outlives the call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0, "the system has the clock");
    let whole = |part: i64| u64::try_from(part).expect("time is not negative");
    Duration::from_secs(whole(time.tv_sec)) + Duration::from_nanos(whole(time.tv_nsec))
}
