//! English.

use crate::words::language::{Call, Language, Sentences};

/// The words of calls in languages that Xoxzo does not speak, too.
pub(super) const CALL: Call = Call {
    login: "This is {service}. Do not tell this code to anyone. Your code is,, {pin}. Again,, {pin}.",
    payment: "This is {service}. Do not tell this code to anyone. The code to pay {amount} {currency} to {payee} is,, {pin}. Again,, {pin}.",
};

pub(super) static LANGUAGE: Language = Language {
    login: "{service}: your code is {pin}. Valid for {minutes} min. Never share it with anyone.",
    payment: "{service}: to pay {amount} {currency} to {payee}, the code is {pin}. Valid for {minutes} min. Never share it.",
    call: Some(CALL),
    grouping: ',',
    warnings: &["share", "tell", "give", "forward", "disclose"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "That is not the code.",
    one_try: "1 try is left.",
    tries: ["", " tries are left."],
    last_try: "No tries are left, so ask for a new code.",
    malformed: "Type all the digits of the code and nothing else. This did not count as a try.",
    expired: "The code has expired.",
    exhausted: "No tries are left for this code.",
    unusable: "This code no longer works.",
    ask_anew: "Ask for a new one.",
    locked: "There were too many wrong codes.",
    cooldown: "This was requested a moment ago.",
    too_many: "Too many messages were sent.",
    not_allowed: "A code cannot be sent to this number in this way.",
    nothing_locked: "Nothing is locked for this user and this number.",
    provider: "The message could not be sent.",
    ours: "Something went wrong on our side.",
    later: "Try again later.",
    again_in: ["Try again in ", "."],
    contact: "Contact us for help.",
    second: " second",
    seconds: " seconds",
    minutes: " minutes",
    hours: " hours",
};
