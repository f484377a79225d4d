//! Guide: keys, and rotating them.
//!
//! `xoxzo-2fa keygen`, or [`keygen`](crate::keygen), makes a key: 32 random bytes with a prefix and a checksum. Nothing else is accepted,
//! so nobody can use a passphrase by mistake. The engine derives one secret for each use from it.
//!
//! | setting | what it does | if you change it |
//! |---|---|---|
//! | `keys` | signs challenges and receipts, makes PINs: the first signs, all verify | rotate as often as you like |
//! | `guard.key` | names the counters, so that a store holds nothing personal | every limit is reset and used challenges become valid again: do not change it |
//!
//! # Rotation
//!
//! 1. Add the new key *last*, everywhere. It verifies, and signs nothing yet.
//! 2. Move it *first*, everywhere. It signs new challenges, and the old ones stay valid.
//! 3. Drop the old key ten minutes after the last host has done step 2. No challenge lives longer.
//!
//! Between the steps any mixture of hosts works. Receipt keys are derived from `keys`: give checkers the new one before step 2.
//!
//! ```
//! use xoxzo_2fa::{Binding, MemoryGuard, Pin, Settings, TwoFactor};
//! # use std::sync::Arc;
//! # struct Shared(Arc<MemoryGuard>);
//! # impl xoxzo_2fa::Guard for Shared {
//! #     fn add(&self, charges: &[xoxzo_2fa::Charge]) -> Result<xoxzo_2fa::Totals, xoxzo_2fa::GuardError> { self.0.add(charges) }
//! #     fn scope(&self) -> xoxzo_2fa::Scope { xoxzo_2fa::Scope::Shared }
//! # }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = xoxzo_2fa_sandbox::Sandbox::start(xoxzo_2fa_sandbox::Options::default())?;
//! # let (guard, guard_key) = (Arc::new(MemoryGuard::default()), xoxzo_2fa::keygen()?);
//! # let host = |keys: &[&str]| {
//! #     let settings = Settings::builder().audience("shop").service("Example Shop").guard_key(&guard_key)
//! #         .account(sandbox.sid(), sandbox.auth_token()).sender("Example").base_url(sandbox.url()).destination("JP-mobile");
//! #     let settings = keys.iter().fold(settings, |settings, key| settings.key(*key)).build();
//! #     TwoFactor::new(settings, Shared(Arc::clone(&guard)))
//! # };
//! let (old, new) = (xoxzo_2fa::keygen()?, xoxzo_2fa::keygen()?);
//! let login = Binding::new("+819012345678", "user-1", "login");
//!
//! let challenge = host(&[&old])?.start(&login)?;
//! # let inbox = sandbox.inbox(None);
//! # let pin = inbox[0].body.split(|letter: char| !letter.is_ascii_digit()).find(|run| run.len() == 6).ok_or("no code")?;
//! # let pin = &Pin::new(pin);
//! // Another host is at step 2 already.
//! assert!(host(&[&new, &old])?.verify(&challenge.token, &login, pin).is_ok());
//! // The use was counted for all of them.
//! assert!(host(&[&old])?.verify(&challenge.token, &login, pin).is_err());
//! // After step 3 nothing of the old key is believed.
//! assert!(host(&[&new])?.verify(&challenge.token, &login, pin).is_err());
//! # Ok(())
//! # }
//! ```
//!
//! # If a key leaks
//!
//! - **One of `keys`** lets its holder make challenges and compute PINs. Put the new key first and drop the old one at once. Open challenges end.
//! - **A receipt key** lets its holder forge receipts for its audience. The holder can also test guesses of whom a receipt is about, such as every
//!   number of a country.
//! - **`guard.key`** lets a holder who can also read the store recognise whose counter is which.
//!
//! # Where to keep them
//!
//! Keep keys in the environment or a file, and name them in the settings: `{"env": "NAME"}` or `{"file": "PATH"}` wherever the schema says
//! `x-secret`. Prepared settings live in memory only. Debug output of every type in this crate prints `[REDACTED]` for keys.
