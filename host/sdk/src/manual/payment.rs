//! Guide: a code that confirms a payment.
//!
//! PSD2 requires *dynamic linking* (RTS, article 5): the payer sees amount and payee, the code is valid for exactly these, and any change to
//! either makes it invalid. The message shows a [`Transaction`](crate::Transaction) in the binding before the code, and the code is authenticated
//! with it.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use xoxzo_2fa::{Binding, Code, Expected, Pin, Transaction, TwoFactor};
//!
//! /// From the order as the server has stored it, at the start and at the end alike.
//! fn binding(amount: &str) -> Binding {
//!     Binding::new("+819012345678", "user-1", "payment").transaction(payment(amount))
//! }
//!
//! fn payment(amount: &str) -> Transaction {
//!     Transaction::new(amount, "EUR", "Ann Lee")
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let sandbox = xoxzo_2fa_sandbox::Sandbox::start(xoxzo_2fa_sandbox::Options::default())?;
//! # let root = xoxzo_2fa::keygen()?;
//! # let settings = xoxzo_2fa::Settings::builder().audience("bank").service("Example Bank").key(&root)
//! #     .guard_key(xoxzo_2fa::keygen()?).account(sandbox.sid(), sandbox.auth_token()).sender("Example")
//! #     .base_url(sandbox.url()).destination("JP-mobile").purpose("payment", true).build();
//! # let two_factor = TwoFactor::new(settings, xoxzo_2fa::MemoryGuard::default())?;
//! let challenge = two_factor.start(&binding("12.50"))?;
//! # let inbox = sandbox.inbox(None);
//! # let text = inbox[0].body.clone();
//! # let pin = text.split(|letter: char| !letter.is_ascii_digit()).find(|run| run.len() == 6).ok_or("no code")?;
//! # let pin = &Pin::new(pin);
//! assert!(text.starts_with("Example Bank: to pay 12.50 EUR to Ann Lee, the code is "));
//!
//! // Another amount is another transaction, whatever the code.
//! let changed = two_factor.verify(&challenge.token, &binding("1250.00"), pin);
//! assert_eq!(changed.err().map(|error| error.code()), Some(Code::InvalidToken));
//! let acceptance = two_factor.verify(&challenge.token, &binding("12.50"), pin)?;
//!
//! // The service that moves the money need not believe the one that asked. It checks the receipt, with a key that can do nothing else,
//! // against the payment that it is about to make. It does not know the number, and need not.
//! let keys = [xoxzo_2fa::receipt_key(&root, "bank", false)?];
//! let check = |expected: &Expected| xoxzo_2fa::check_receipt(&keys, &acceptance.receipt, SystemTime::now(), expected);
//! let claims = check(&Expected::new("user-1", "payment").transaction(payment("12.50")))?;
//! assert_eq!(claims.audience, "bank");
//!
//! // It confirms no other payment.
//! let other = check(&Expected::new("user-1", "payment").transaction(payment("1250.00")));
//! assert_eq!(other.err().map(|error| error.code()), Some(Code::InvalidToken));
//! # Ok(())
//! # }
//! ```
//!
//! Amounts are canonical decimals with all decimals of their currency: `12.50` for EUR, `1250` for JPY. A payee is 1 to 40 letters, digits,
//! spaces and `.,'&()-`, with at most three digits together. Anything that could be read as a code, a link or another message is refused, and nothing
//! is ever shortened. If you use templates, one must have places for amount and payee, else the start fails with misuse.
//!
//! A receipt reveals neither the user, the number, the session nor the payment. It has keyed hashes of them, which only a holder of the receipt key can
//! compare. It lives 60 s and can be replayed until then, so remember each [`Claims::id`](crate::Claims::id) and accept it once where money moves.
//!
//! Limit failures tightly for payments: `"failures": {"soft": {"count": 5, "seconds": 86400}}` (RTS, article 4(3)(b): at most five).
