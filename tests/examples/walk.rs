//! Walks the engine, natively and without I/O, for `tests/python/footprint.py`: `walk start|verify|wrong COUNT`.

use std::env;
use std::process::ExitCode;

use xoxzo_2fa_tests::{LOGIN, World, document, other_than};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [operation, count] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let count: usize = count.parse().unwrap_or(0);
    let mut world = World::new(&document());
    let (token, pin) = world.challenge();
    let mut done = 0;
    for _ in 0..count {
        world.counters.clear();
        done += match operation.as_str() {
            "start" => usize::from(world.start(LOGIN).is_ok()),
            "verify" => usize::from(world.verify(&token, LOGIN, &pin).is_ok()),
            _ => usize::from(world.verify(&token, LOGIN, other_than(&pin)).is_err()),
        };
    }
    ExitCode::from(u8::from(done != count))
}
