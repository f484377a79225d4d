//! Tokens, handles, receipts and PINs: each a type of its own, so that none is given where another is asked for.

use std::fmt;

use zeroize::Zeroizing;

use crate::exchange::bounded;

macro_rules! texts {
    ($($(#[$about:meta])* $name:ident($text:ty)),* $(,)?) => {$(
        $(#[$about])*
        pub struct $name($text);

        impl $name {
            /// Takes the text as it came. The operation that it is given to tells whether it is right.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text for the component.
            pub(crate) fn bounded(&self) -> &str {
                bounded(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([REDACTED])"))
            }
        }
    )*};
}

texts! {
    /// A challenge's token: 80 characters of base64url, for the user's session and nobody else. Debug prints `[REDACTED]`.
    ///
    /// ```
    /// use xoxzo_2fa::Token;
    ///
    /// # let cookie = "EAAA";
    /// let token = Token::new(cookie);
    /// assert_eq!(token.as_str(), cookie);
    /// assert_eq!(format!("{token:?}"), "Token([REDACTED])");
    /// ```
    #[derive(Clone, PartialEq, Eq, Hash)]
    Token(String),
    /// A message's handle, base64url, by which [`TwoFactor::status`](crate::TwoFactor::status) asks for its state. It gives access to nothing
    /// else. Debug prints `[REDACTED]`.
    #[derive(Clone, PartialEq, Eq, Hash)]
    Handle(String),
    /// A receipt, base64url: proof for another service that a PIN was right, which [`check_receipt`](crate::check_receipt) checks there. It shows
    /// nobody user, number or session. Debug prints `[REDACTED]`.
    #[derive(Clone, PartialEq, Eq, Hash)]
    Receipt(String),
    /// A PIN as the user typed it. It is wiped on drop, and cannot be compared. Debug prints `[REDACTED]`.
    ///
    /// ```compile_fail,E0308
    /// # use xoxzo_2fa::{Acceptance, Binding, Error, Pin, Token, TwoFactor};
    /// # fn check(two_factor: &TwoFactor, token: &Token, login: &Binding, pin: &Pin) -> Result<Acceptance, Error> {
    /// // Token and PIN are mixed up.
    /// two_factor.verify(pin, login, token)
    /// # }
    /// ```
    #[derive(Clone)]
    Pin(Zeroizing<String>),
}
