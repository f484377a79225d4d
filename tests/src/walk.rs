//! Logins through the engine itself, natively, on a store of a host.

use xoxzo_2fa::Guard;
use xoxzo_2fa_core::{
    Acceptance, Answer, Claimed, Dispatch, Failure, Operation, Prepared, Sending, Totals, Turn,
    Verify,
};

use crate::{Counting, pin_in, taken, told_by_a_store, told_to_a_store};

/// A host at a moment of its clock. Its Xoxzo takes every message.
pub struct Walk<'a, G: ?Sized> {
    /// The store.
    pub guard: &'a G,
    /// Settings in effect.
    pub settings: &'a Prepared,
    /// Seconds since 1970, by the host's clock.
    pub now: u32,
    /// The engine is told the store's time.
    pub compares_clocks: bool,
}

impl<G: Guard + ?Sized> Walk<'_, G> {
    /// Sends a PIN: the token and the PIN.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    ///
    /// # Panics
    ///
    /// The store fails, or the message has no PIN.
    pub fn start(&self, claimed: Claimed<'_>) -> Result<(String, String), Failure> {
        let random = &mut Counting::default();
        let sending = Sending::default();
        let start = Dispatch::start(self.settings, self.now, claimed, sending, random)?;
        let mut message = String::new();
        let challenge = self.run(start, &mut message)?;
        let pin = pin_in(&message, 6).expect("the message has a PIN");
        Ok((challenge.token, pin))
    }

    /// Compares a PIN.
    ///
    /// # Errors
    ///
    /// Those of the engine.
    ///
    /// # Panics
    ///
    /// The store fails.
    pub fn verify(
        &self,
        token: &str,
        claimed: Claimed<'_>,
        pin: &str,
    ) -> Result<Acceptance, Failure> {
        let guess = Verify::begin(self.settings, self.now, token, claimed, pin, None)?;
        self.run(guess, &mut String::new())
    }

    fn run<O: Operation>(
        &self,
        mut turn: Turn<O>,
        message: &mut String,
    ) -> Result<O::Output, Failure> {
        loop {
            turn = match turn {
                Turn::Done(output) => return Ok(output),
                Turn::Send(request, operation) => {
                    let mut fields = form_urlencoded::parse(request.body.as_bytes());
                    let text = fields.find(|(name, _)| name == "message");
                    *message = text.expect("it has a text").1.into_owned();
                    operation.resume(self.settings, self.now, taken())?
                }
                Turn::Count(charges, operation) => {
                    let answer = Answer::Totals(self.add(charges));
                    operation.resume(self.settings, self.now, answer)?
                }
            }
        }
    }

    fn add(&self, charges: Vec<xoxzo_2fa_core::Charge>) -> Totals {
        let charges: Vec<_> = charges.iter().map(told_to_a_store).collect();
        let made = self.guard.add(&charges).expect("the store answers");
        let Totals { totals, now } = told_by_a_store(&made);
        Totals {
            totals,
            now: now.filter(|_| self.compares_clocks),
        }
    }
}
