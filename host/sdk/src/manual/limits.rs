//! Guide: the limits, their defaults and answers, and what to do then.
//!
//! # Guesses
//!
//! | limit | by default | answer | what to do |
//! |---|---|---|---|
//! | guesses of a challenge | 5 | `wrong-pin` with `guesses_left`, then `exhausted` | start again |
//! | failures of a user with a number | 10 in a day | `locked` with `retry_after` | wait, or offer another factor |
//! | failures of a user over all numbers | 30 in a day | `locked` with `retry_after` | the same |
//! | failures from a client address | off: set `failures.per_client` | `locked` with `retry_after` | the same |
//! | failures of all users together | 300 in an hour | none: new PINs have 8 digits, and an event has the alarm `failures` | find out who is guessing |
//! | failures of a user with a number in a row | 100 | `locked` without `retry_after` | verify the user's identity, then [`unlock`](crate::Operator::unlock) |
//! | life of a challenge | 5 minutes | `expired` | start again |
//! | uses of a challenge | 1 | `used` | start again; the user may have pressed the button twice |
//!
//! A new code, another session, a resend or another key resets none of these. An accepted challenge clears only the consecutive failures of its user
//! and number, and takes its own guess back. A guess is counted before it is compared, so concurrent guesses cannot outrun the count. A refused guess
//! is charged to no later counter.
//!
//! # Messages
//!
//! | limit | by default | answer |
//! |---|---|---|
//! | to one number | one in 60 s, in 180 s after `unknown` | `cooldown` with `retry_after` |
//! | per user, per number | 10 in a day each | `too-many-sends` with `retry_after` |
//! | per client address | off: set `sends.per_client` | the same |
//! | per range of 10,000 numbers | 60 in an hour | the same |
//! | per service | 1,000 in an hour | the same |
//! | destinations | closed until you list countries or ranges | `not-allowed` |
//! | status queries about one message | one in 5 s | `cooldown` |
//!
//! A call weighs 5 messages. Purposes that strangers can start have half of each cap except the client's. A refusal charges nothing wider than itself.
//! A message that Xoxzo certainly did not take is given back.
//!
//! # Numbers
//!
//! A limit counts a number by its one spelling. A number with a trunk prefix after the calling code, such as `+410781234567` for `+41781234567`,
//! is refused in every country with `request`, and the detail shows the canonical form masked. Convert what people type once, where the number is
//! registered, with `to_e164` (feature `phone`).
//!
//! `destinations` takes countries by their two letters: `JP`, `US` (the 50 states and the District of Columbia), `CA`, `GB`. A country admits its fixed
//! and mobile numbers. It excludes premium rate, shared cost, toll-free, personal, pager and voicemail numbers. `JP-mobile` admits only the mobile numbers
//! of Japan. A range of your own is an object: `{"prefix": "+4474", "min_digits": 12, "max_digits": 12, "deny": ["+447400"]}`.
//!
//! If a country changes its numbering plan before you can update, list its prefix in `trust_numbers_under`. Numbers there only need 8 to 15
//! digits, so a number that can be spelled in two ways gets the limits of two numbers. Add a range to `destinations` if the country does not admit
//! the new numbers.
//!
//! # Other codes
//!
//! | code | caused by | what to do |
//! |---|---|---|
//! | `invalid-token` | the user, or a fault of yours | check that start and verify have the same binding and keys; else somebody is attacking |
//! | `malformed` | the user | ask for digits only; nothing was counted |
//! | `provider` | Xoxzo | nothing was sent and no message counted: try again, after `retry_after` if there is one |
//! | `guard` | the store | refuse the login, since no limit can be enforced, and raise an alarm |
//! | `clock`, `randomness`, `plugin` | the host | the same |
//! | `request`, `settings` | you | fix it; the detail names the argument or the setting |
//!
//! ```
//! use xoxzo_2fa::{Binding, Code, MemoryGuard, TwoFactor};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = xoxzo_2fa_sandbox::Sandbox::start(xoxzo_2fa_sandbox::Options::default())?;
//! # let settings = xoxzo_2fa::Settings::builder().audience("shop").service("Example Shop").key(xoxzo_2fa::keygen()?)
//! #     .guard_key(xoxzo_2fa::keygen()?).account(sandbox.sid(), sandbox.auth_token()).sender("Example")
//! #     .base_url(sandbox.url()).destination("JP-mobile").build();
//! let two_factor = TwoFactor::new(settings, MemoryGuard::default())?;
//! let login = Binding::new("+819012345678", "user-1", "login");
//! let challenge = two_factor.start(&login)?;
//!
//! // A second message at once: the refusal says when.
//! let Err(refusal) = two_factor.resend(&challenge.token, &login) else { return Err("not refused".into()) };
//! assert_eq!(refusal.code(), Code::Cooldown);
//! assert!(refusal.failure().retry_after.is_some_and(|wait| wait.as_secs() <= 60));
//!
//! // A number that costs more than it looks.
//! let elsewhere = Binding::new("+18765550100", "user-1", "login");
//! assert_eq!(two_factor.start(&elsewhere).err().map(|error| error.code()), Some(Code::NotAllowed));
//! # Ok(())
//! # }
//! ```
