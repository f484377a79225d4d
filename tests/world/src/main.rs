//! Walks the engine, natively and without I/O, for `tests/python/footprint.py`: `xoxzo-2fa-walk OPERATION COUNT`.
//!
//! `start`, `verify` and `wrong` are the operations themselves. `ask-start` and `ask-verify` are all questions of one, in JSON, as the module for hosts
//! without components is asked.

mod asked;

use std::env;
use std::process::ExitCode;

use xoxzo_2fa_core::Code;
use xoxzo_2fa_world::{LOGIN, World, code, document, other_than};

use crate::asked::Asked;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [operation, count] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let Ok(count) = count.parse::<usize>() else {
        return ExitCode::from(2);
    };
    let done = match operation.as_str() {
        "ask-start" | "ask-verify" => questions(operation, count),
        _ => operations(operation, count),
    };
    ExitCode::from(u8::from(done != Some(count)))
}

/// Returns how many operations ended as they should. `None` for an unknown operation.
fn operations(operation: &str, count: usize) -> Option<usize> {
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let mut done = 0;
    for _ in 0..count {
        world.counters.clear();
        done += match operation {
            "start" => usize::from(world.start(LOGIN).is_ok()),
            "verify" => usize::from(world.verify(&token, LOGIN, &pin).is_ok()),
            "wrong" => {
                let code = code(world.verify(&token, LOGIN, other_than(&pin)));
                usize::from(code == Some(Code::WrongPin))
            }
            _ => return None,
        };
    }
    Some(done)
}

/// Returns how many conversations ended as they should. `None` if the login to repeat fails.
fn questions(operation: &str, count: usize) -> Option<usize> {
    let asked = Asked::new(&document())?;
    let (questions, end) = match operation {
        "ask-start" => (&asked.start, r#"{"challenged""#),
        _ => (&asked.verify, r#"{"accepted""#),
    };
    let right = (0..count).filter(|_| asked.again(questions) == end);
    Some(right.count())
}
