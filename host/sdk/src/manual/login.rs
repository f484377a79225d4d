//! Guide: a login with a password, then a code by SMS.
//!
//! # Set up once
//!
//! Make two keys with `xoxzo-2fa keygen`, one for `keys` and one for `guard.key`, keep them where you keep secrets, and write the settings:
//!
//! ```json
//! {
//!   "version": 1,
//!   "audience": "shop",
//!   "service": "Example Shop",
//!   "keys": [{"env": "XOXZO_2FA_KEY"}],
//!   "guard": {"key": {"env": "XOXZO_2FA_GUARD_KEY"}},
//!   "xoxzo": {"sid": {"env": "XOXZO_API_SID"}, "auth_token": {"env": "XOXZO_API_AUTH_TOKEN"}, "sender": "Example"},
//!   "destinations": ["JP-mobile"],
//!   "failures": {"per_client": {"count": 20, "seconds": 3600}},
//!   "sends": {"per_client": {"count": 30, "seconds": 3600}}
//! }
//! ```
//!
//! `xoxzo-2fa check --settings FILE` shows the settings in effect and warns of unwise ones. `xoxzo-2fa preview` shows the messages. If
//! Xoxzo has not enabled your account for freeform SMS, name its approved templates in `message.templates`.
//!
//! Choose a [`Guard`](crate::Guard): [`MemoryGuard`](crate::MemoryGuard) for one process whose restart may end open challenges,
//! [`SqliteGuard`](crate::SqliteGuard) for one machine, `RedisGuard` or your own for a fleet. With `failures.per_client`, verify with
//! [`TwoFactor::verify_from`](crate::TwoFactor::verify_from).
//!
//! # Your own texts
//!
//! The engine has texts in ten languages. `message.texts` replaces them by language and, if you like, by purpose:
//!
//! ```json
//! {
//!   "message": {
//!     "texts": [
//!       {"locale": "en", "purpose": "login", "text": "This is {service}. Your PIN is {pin}. Never share it."},
//!       {"locale": "en", "payment": "{service}: pay {amount} {currency} to {payee} with {pin}. Never share it."}
//!     ]
//!   }
//! }
//! ```
//!
//! The placeholders are `{service}`, `{pin}`, `{minutes}`, `{amount}`, `{currency}` and `{payee}`. Settings are refused if a text could mislead. Examples
//! are two codes or none, a digit that touches the code, other digits that could be a code, or a payment that is not shown before the code.
//! `wit/SPEC.md`, "Own texts", has every rule. `xoxzo-2fa preview` shows the messages in each language with their billed parts.
//!
//! # Each login
//!
//! ```
//! use xoxzo_2fa::{Binding, Error, Explanation, Handle, Offer, Pin, Sending, Token, TwoFactor};
//!
//! /// What the server keeps of a login between the pages. Never in a form, and the token in no log.
//! struct Pending {
//!     token: Token,
//!     handle: Option<Handle>,
//! }
//!
//! /// What the server knows of a user. The number was verified when it was registered.
//! struct User {
//!     id: &'static str,
//!     phone: &'static str,
//! }
//!
//! /// Everything from the server's own records: a number or an id from the form would let the caller choose whom to be.
//! fn binding(user: &User, session: &str) -> Binding {
//!     Binding::new(user.phone, user.id, "login").session(session)
//! }
//!
//! /// After the password was right.
//! fn begin(two_factor: &TwoFactor, user: &User, session: &str, address: &str, language: &str) -> Result<Pending, Error> {
//!     let sending = Sending::default().client(address).locale(language);
//!     let challenge = two_factor.start_with(&binding(user, session), &sending)?;
//!     // The page says: we sent a code to +81********78; and offers another after `resend_after`.
//!     assert_eq!(challenge.masked, "+81********78");
//!     Ok(Pending { token: challenge.token, handle: challenge.handle })
//! }
//!
//! /// What the page shows after a guess.
//! enum Page {
//!     Welcome,
//!     /// The text of the explanation, and a button for each of its offers.
//!     NotYet(Explanation),
//! }
//!
//! /// With what the user typed.
//! fn guess(
//!     two_factor: &TwoFactor, pending: &Pending, user: &User, session: &str, address: &str, language: &str, typed: &str,
//! ) -> Result<Page, Error> {
//!     // Spaces come from copying; everything else is the user's to correct.
//!     let typed = Pin::new(typed.split_whitespace().collect::<String>());
//!     match two_factor.verify_from(&pending.token, &binding(user, session), &typed, address) {
//!         Ok(_acceptance) => Ok(Page::Welcome),
//!         Err(error) => {
//!             if !matches!(error, Error::Refuse(_)) {
//!                 // Our fault, or Xoxzo's: raise an alarm. The user reads words for that, too, and is not let in.
//!                 eprintln!("two-factor: {error}");
//!             }
//!             error.explain(language).map(Page::NotYet)
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = xoxzo_2fa_sandbox::Sandbox::start(xoxzo_2fa_sandbox::Options::default())?;
//! # let settings = xoxzo_2fa::Settings::builder().audience("shop").service("Example Shop").key(xoxzo_2fa::keygen()?)
//! #     .guard_key(xoxzo_2fa::keygen()?).account(sandbox.sid(), sandbox.auth_token()).sender("Example")
//! #     .base_url(sandbox.url()).destination("JP-mobile").build();
//! # let two_factor = TwoFactor::new(settings, xoxzo_2fa::MemoryGuard::default())?;
//! let user = User { id: "user-1", phone: "+819012345678" };
//! let pending = begin(&two_factor, &user, "session-1", "203.0.113.7", "en")?;
//! # let inbox = sandbox.inbox(None);
//! # let pin = inbox[0].body.split(|letter: char| !letter.is_ascii_digit()).find(|run| run.len() == 6).ok_or("no code")?;
//! # let wrong = if pin == "000000" { "000001" } else { "000000" };
//! let mut say = |language, typed: &str| guess(&two_factor, &pending, &user, "session-1", "203.0.113.7", language, typed);
//! let Page::NotYet(told) = say("en", "12x")? else { return Err("let in".into()) };
//! assert_eq!(told.text, "Type all the digits of the code and nothing else. This did not count as a try.");
//! let Page::NotYet(told) = say("es", wrong)? else { return Err("let in".into()) };
//! assert_eq!(told.text, "Esa no es la clave. Quedan 4 intentos.");
//! assert_eq!(told.offers, [Offer::TryAgain, Offer::Resend]);
//! assert!(matches!(say("en", &format!(" {pin} "))?, Page::Welcome));
//! let Page::NotYet(told) = say("ja", pin)? else { return Err("let in".into()) };
//! assert_eq!(told.text, "この認証コードは使えません。新しい認証コードを取得してください。");
//! assert_eq!(told.offers, [Offer::StartAgain]);
//! # Ok(())
//! # }
//! ```
//!
//! # What users read
//!
//! [`Error::explain`](crate::Error::explain) returns one text for each failure in the ten languages of messages, with the tries left and the
//! time to wait. It names no code, cause or setting, so you can show it unchanged. Log the error itself. Its offers say which buttons help:
//!
//! | offer | button |
//! |---|---|
//! | [`TryAgain`](crate::Offer::TryAgain) | the same form once more |
//! | [`Resend`](crate::Offer::Resend) | send the same code again: [`TwoFactor::resend`](crate::TwoFactor::resend) |
//! | [`StartAgain`](crate::Offer::StartAgain) | a new code: [`TwoFactor::start`](crate::TwoFactor::start). Forget the token |
//! | [`Wait`](crate::Offer::Wait) | the same form, after [`Failure::retry_after`](crate::Failure::retry_after) |
//! | [`ContactSupport`](crate::Offer::ContactSupport) | a link to your support |
//!
//! Keep code, tries and wait in the session if a later request shows the page, and call [`explain`](crate::explain()) then. `xoxzo-2fa explain
//! --all` prints every text.
//!
//! # When no message comes
//!
//! - [`TwoFactor::status`](crate::TwoFactor::status) asks Xoxzo about a challenge's handle, at most once in 5 s. `delivering` for minutes
//!   often means a phone that is off, or a block against messages from abroad. `failed` is final.
//! - [`TwoFactor::resend`](crate::TwoFactor::resend) sends the same code again. Put it behind a button, after `resend_after`, and never resend
//!   automatically: carriers hold back repeated texts, and each costs money.
//! - A call says the code if the settings have `voice`. Use [`TwoFactor::resend_with`](crate::TwoFactor::resend_with) and
//!   [`Channel::Voice`](crate::Channel::Voice). A call also reaches landlines and voicemail, so only make it when the user asks for it.
//! - [`Delivery::Unknown`](crate::Delivery::Unknown) means that Xoxzo did not answer. Show the page for the code all the same.
//!
//! # Forms that strangers can use
//!
//! Anybody may start a password reset or a sign-up, so give it a purpose of its own with `after_first_factor: false`. It gets
//! half of each cap except the client's, and its failures do not lock the login. If the page must not reveal whether an account exists, start a
//! challenge with [`Sending::decoy`](crate::Sending::decoy()) for accounts that do not.
//!
//! # What you still have to do
//!
//! - Write the session, the pages and their CSRF protection.
//! - Provide recovery for users without their phone.
//! - For a change of number, require the old factor and notify the old number.
//! - Put [`Operator::unlock`](crate::Operator::unlock) behind an operator's own login.
//! - Keep the handle of each challenge under its message's id, [`Audit::message_id`](crate::Audit::message_id), if `xoxzo.callback_url` is set. Xoxzo's
//!   callbacks are not signed: [`TwoFactor::receive`](crate::TwoFactor::receive) takes one for a hint and asks for the state.
