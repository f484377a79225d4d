//! The engine's turns, answered by the imports.

use alloc::vec::Vec;

use xoxzo_2fa_core::{
    About, Answer, Audited, Charge, Code, Failure, Operation, Prepared, Request, Tell, Told, Turn,
};
use xoxzo_2fa_shell::convert;

use crate::bindings::wasi::clocks::wall_clock;
use crate::bindings::xoxzo::two_factor::{guard, http};

/// Runs an operation to its end. If `audit` is asked for, operators are told whom and what it is about.
pub(crate) fn run<O: Operation<Output: Tell>>(
    settings: &str,
    audit: bool,
    about: impl FnOnce(&Prepared) -> About,
    begin: impl FnOnce(&Prepared) -> Result<Turn<O>, Failure>,
) -> Result<Told<O::Output>, Failure> {
    let settings = Prepared::parse(settings)?;
    let mut turn: Turn<Audited<O>> =
        Turn::audited(begin(&settings), &settings, audit, || about(&settings))?;
    loop {
        turn = match turn {
            Turn::Count(charges, operation) => {
                let answer = count(charges);
                operation.resume(&settings, now()?, answer)?
            }
            Turn::Send(request, operation) => {
                let answer = send(request);
                operation.resume(&settings, now()?, answer)?
            }
            Turn::Done(output) => return Ok(output),
        };
    }
}

fn count(charges: Vec<Charge>) -> Answer {
    let charges: Vec<_> = charges.into_iter().map(convert::charge).collect();
    match guard::add(&charges) {
        Ok(totals) => Answer::Totals(convert::totals(totals)),
        Err(why) => convert::unanswered(why),
    }
}

fn send(request: Request) -> Answer {
    match http::send(&convert::request(request)) {
        Ok(response) => Answer::Response(convert::response(response)),
        Err(why) => convert::unanswered(why),
    }
}

/// The host's clock.
pub(crate) fn now() -> Result<u32, Failure> {
    u32::try_from(wall_clock::now().seconds)
        .map_err(|_| Failure::new(Code::Clock, "the host's clock is after 2106"))
}
