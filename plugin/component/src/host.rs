//! The engine's turns, answered by the imports.

use alloc::vec::Vec;

use xoxzo_2fa_core::{Answer, Charge, Code, Failure, Operation, Prepared, Request, Turn};

use crate::bindings::wasi::{clocks::wall_clock, random::random};
use crate::bindings::xoxzo::two_factor::{guard, http, types};
use crate::convert;

/// Runs an operation to its end.
pub(crate) fn run<O: Operation>(
    settings: &str,
    begin: impl FnOnce(&Prepared) -> Result<Turn<O>, Failure>,
) -> Result<O::Output, Failure> {
    let settings = Prepared::parse(settings)?;
    let mut turn = begin(&settings)?;
    loop {
        turn = match turn {
            Turn::Count(charges, operation) => operation.resume(&settings, count(charges))?,
            Turn::Send(request, operation) => operation.resume(&settings, send(request))?,
            Turn::Done(output) => return Ok(output),
        };
    }
}

fn count(charges: Vec<Charge>) -> Answer {
    let charges: Vec<_> = charges.into_iter().map(convert::charge).collect();
    match guard::add(&charges) {
        Ok(types::Totals { totals }) => {
            Answer::Totals(totals.into_iter().map(convert::total).collect())
        }
        Err(trouble) => Answer::Lost(convert::loss(trouble.loss)),
    }
}

fn send(request: Request) -> Answer {
    match http::send(&convert::request(request)) {
        Ok(response) => Answer::Reply(convert::reply(&response)),
        Err(trouble) => Answer::Lost(convert::loss(trouble.loss)),
    }
}

/// The host's clock.
pub(crate) fn now() -> Result<u32, Failure> {
    u32::try_from(wall_clock::now().seconds)
        .map_err(|_| Failure::new(Code::Clock, "the host's clock is after 2106"))
}

/// The host's generator. An answer of another length than asked is an error.
pub(crate) struct Random;

/// The host gave another number of bytes than it was asked for.
#[derive(Debug)]
pub(crate) struct Short;

impl core::fmt::Display for Short {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("short randomness")
    }
}

impl core::error::Error for Short {}

impl rand::TryRng for Random {
    type Error = Short;

    fn try_next_u32(&mut self) -> Result<u32, Short> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Short> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)
            .map(|()| u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Short> {
        let bytes = random::get_random_bytes(to.len() as u64);
        if bytes.len() != to.len() {
            return Err(Short);
        }
        to.copy_from_slice(&bytes);
        Ok(())
    }
}

impl rand::TryCryptoRng for Random {}
