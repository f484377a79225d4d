//! The functions of the service: those of `wit/ASK.md` that a caller needs, with their arguments and the right that each wants.

use xoxzo_2fa::Code;
use xoxzo_2fa_core::document::{Absent, Field, Form, any};
use xoxzo_2fa_core::{InvalidFormat, Range};

use super::key::Right;

macro_rules! functions {
    ($(#[doc = $about:literal] $name:ident $code:literal, $right:ident, [$($field:ident)*];)+) => {
        /// A function, whose name is the end of its path.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Function {
            $(#[doc = $about] $name,)+
        }

        impl Function {
            /// All of them.
            pub(crate) const ALL: [Self; [$($code),+].len()] = [$(Self::$name),+];

            /// Returns the name.
            pub(crate) fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// Returns what it does, in a sentence.
            pub(crate) fn about(self) -> &'static str {
                match self {
                    $(Self::$name => $about.trim_ascii(),)+
                }
            }

            /// Returns the right that it wants.
            pub(crate) fn right(self) -> Right {
                match self {
                    $(Self::$name => Right::$right,)+
                }
            }

            /// Returns the form of its arguments, which is that of `wit/ASK.md`.
            pub(crate) fn arguments(self) -> Form {
                Form::Map(match self {
                    $(Self::$name => &[$($field),*],)+
                })
            }
        }
    };
}

functions! {
    /// Sends a code, and makes a token for the user's session.
    Start "start", Send, [BINDING SENDING AUDIT];
    /// Sends the same code once more.
    Resend "resend", Send, [TOKEN BINDING SENDING AUDIT];
    /// Checks what a user typed. Nothing but `accepted` lets a user in.
    Verify "verify", Verify, [TOKEN BINDING PIN CLIENT AUDIT];
    /// Asks for the state of a message.
    Status "status", Send, [HANDLE AUDIT];
    /// Puts a failure into words for a user.
    Explain "explain", Verify, [CODE GUESSES_LEFT RETRY_AFTER LANGUAGE];
    /// Checks a receipt of another service.
    CheckReceipt "check_receipt", Verify, [RECEIPT_KEYS RECEIPT EXPECTED];
    /// Reads what a token carries in the clear, which proves nothing.
    Inspect "inspect", Operate, [TOKEN];
    /// Shows the messages of a purpose in every language.
    Preview "preview", Operate, [SOME_PURPOSE TRANSACTION];
    /// Computes the pseudonyms that a user has in logs.
    TrailOf "trail_of", Operate, [SUBJECT RECIPIENT];
    /// Computes an index of a phone number, by which accounts with the same number are found.
    IndexOf "index_of", Operate, [RECIPIENT];
    /// Shows each counter that could refuse a user.
    Limits "limits", Operate, [SUBJECT RECIPIENT CLIENT AUDIT];
    /// Lifts the limits of a user.
    Unlock "unlock", Operate, [SUBJECT RECIPIENT AUDIT];
    /// Asks for the balance of the account.
    Credits "credits", Operate, [AUDIT];
}

/// The beginning of every path.
const PREFIX: &str = "/v1/";

impl Function {
    /// Returns the function of a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let name = path.strip_prefix(PREFIX)?;
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Returns the path.
    pub(crate) fn path(self) -> String {
        [PREFIX, self.name()].concat()
    }
}

const TEXT: Form = Form::Text(any);

const fn field(name: &'static str, form: Form, absent: Absent, about: &'static str) -> Field {
    Field {
        name,
        about,
        form,
        absent,
    }
}

const fn needed(name: &'static str, about: &'static str) -> Field {
    field(name, TEXT, Absent::Required, about)
}

const fn option(name: &'static str, about: &'static str) -> Field {
    field(name, TEXT, Absent::Out, about)
}

const TOKEN: Field = needed("token", "Token of the challenge.");
const PIN: Field = needed("pin", "Code as the user typed it.");
const HANDLE: Field = needed("handle", "Handle of the message.");
const RECEIPT: Field = needed("receipt", "Receipt as it came.");
const RECIPIENT: Field = needed(
    "recipient",
    "Phone number in E.164, such as +819012345678. From your own records, never from a form.",
);
const SUBJECT: Field = needed(
    "subject",
    "Immutable internal id of the user. From your own records, never from a form.",
);
const PURPOSE: Field = needed("purpose", "One of the purposes in the settings.");
const SOME_PURPOSE: Field = option(
    "purpose",
    "One of the purposes in the settings. Without it, the first.",
);
const SESSION: Field = option("session", "Session that asked.");
const CLIENT: Field = option(
    "client",
    "The end user's address, IPv4 or IPv6. Needed for the limits per client.",
);
const CODE: Field = field(
    "code",
    Form::Text(code),
    Absent::Required,
    "Code of the failure.",
);
const GUESSES_LEFT: Field = field(
    "guesses_left",
    Form::Whole,
    Absent::Out,
    "The failure's own.",
);
const RETRY_AFTER: Field = field(
    "retry_after_seconds",
    Form::Whole,
    Absent::Out,
    "The failure's own.",
);
const LANGUAGE: Field = needed("locale", "Language of the text, such as en or ja.");
const AUDIT: Field = field(
    "audit",
    Form::Flag,
    Absent::Flag(false),
    "Adds what operators need beside the answer. Needs the right operate.",
);
const TRANSACTION: Field = field(
    "transaction",
    Form::Map(&[
        needed(
            "amount",
            "Canonical decimal with all decimals of its currency: 12.50 for EUR, 1250 for JPY.",
        ),
        needed("currency", "ISO 4217 code."),
        needed("payee", "Who is paid."),
    ]),
    Absent::Out,
    "The payment that is confirmed.",
);
const BINDING: Field = field(
    "binding",
    Form::Map(&[RECIPIENT, SUBJECT, PURPOSE, SESSION, TRANSACTION]),
    Absent::Required,
    "What the challenge is bound to. A verify needs the values of its start.",
);
const SENDING: Field = field(
    "sending",
    Form::Map(&[
        field(
            "channel",
            Form::Choice(&["sms", "voice"]),
            Absent::Text("sms"),
            "Channel of the message. A call only as a resend, where the settings allow it.",
        ),
        option(
            "locale",
            "Language of the message. Without it, that of the settings.",
        ),
        CLIENT,
        field(
            "decoy",
            Form::Flag,
            Absent::Flag(false),
            "Sends nothing, and looks the same: for a form that must not tell whether an account exists.",
        ),
    ]),
    Absent::Defaults,
    "Options of the message.",
);
const RECEIPT_KEYS: Field = field(
    "receipt_keys",
    Form::List(&TEXT, Range(0, 256)),
    Absent::Required,
    "Keys of receipts, of which one must have signed.",
);
const EXPECTED: Field = field(
    "expected",
    Form::Map(&[
        SUBJECT,
        PURPOSE,
        option(
            "recipient",
            "Phone number that the receipt must be for, if given.",
        ),
        SESSION,
        TRANSACTION,
    ]),
    Absent::Required,
    "What the receipt must be for.",
);

/// A code of a failure.
fn code(name: &str) -> Result<(), InvalidFormat> {
    let known = Code::ALL.iter().any(|code| code.as_str() == name);
    InvalidFormat::unless(known, "must be the code of a failure")
}
