//! The settings document: one table, from which it is read and from which its schema is made.

use alloc::string::ToString;

use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{Cap, Guesses, Messages, Range, Sends, Settings, Trusted, Xoxzo};

use crate::form::{Absent, Field, Form, about, field, number};

/// A cap whose two fields have defaults.
macro_rules! cap {
    ($name:literal, $default:expr, $counts:expr, $about:expr) => {{
        const FIELDS: [Field; 2] = [
            number("count", $counts, $default.count, COUNT),
            number("seconds", Cap::SECONDS, $default.seconds, SECONDS),
        ];
        field($name, Form::Map(&FIELDS), Absent::Defaults, $about)
    }};
}

pub(crate) const DOCUMENT: Form = Form::Map(&[
    field(
        "version",
        Form::Number(Range(1, 1)),
        Absent::Required,
        about!("Version of this format."),
    ),
    field(
        "preset",
        Form::Choice(&["default", "psd2", "strict"]),
        Absent::Text("default"),
        about!(
        "Set of defaults. psd2: 5 failures in a day (RTS, article 4). strict: PINs of 8 digits for 2 minutes, 3 guesses, 5 "
        "failures in a day and 50 in a row, fewer messages. Other settings in the document override it."),
    ),
    field(
        "audience",
        Form::Text,
        Absent::Required,
        about!(
            "Name of the service in tokens and receipts: 1 to 64 bytes of printable ASCII without spaces."
        ),
    ),
    field(
        "service",
        Form::Text,
        Absent::Required,
        about!(
            "Name of the service in messages: 1 to 40 letters, digits, spaces and .,'&()-, at most three digits together, no dotted word, one script a word."
        ),
    ),
    field(
        "keys",
        Form::List(&Form::Secret, Settings::KEYS),
        Absent::Required,
        about!(
        "Keys of challenges, as keygen prints them. The first signs, all verify. To rotate: add the new key last everywhere, "
        "move it first everywhere, drop the old one after the longest lifetime."),
    ),
    field(
        "guard",
        Form::Map(&GUARD),
        Absent::Required,
        about!("The counter store behind every limit."),
    ),
    field(
        "xoxzo",
        Form::Map(&XOXZO),
        Absent::Required,
        about!("The Xoxzo account."),
    ),
    field(
        "destinations",
        Form::List(&Form::Either(&RANGE), Settings::DESTINATIONS),
        Absent::Required,
        about!(
        "Countries and ranges that messages may go to. A number that no entry covers is refused. An entry is a country by its two letters (ISO 3166-1), such as JP, US or "
        "GB, which admits its fixed and mobile numbers and leaves out premium rate, shared cost, toll-free, personal, pager and voicemail numbers; "
        "or JP-mobile; or a range as an object. The longest prefix that matches decides: a country counts as its calling code, and a range with the "
        "same prefix goes before it."),
    ),
    field(
        "trust_numbers_under",
        Form::List(&Form::Text, Trusted::PREFIXES),
        Absent::Empty,
        about!(
        "Prefixes, + and 1 to 15 digits each, whose numbers are accepted without a numbering plan: they only need 8 to 15 digits. For a country whose "
        "plan has changed since this version. Destinations hold for them too: add a range if the country does not admit them. A number there that can be "
        "spelled in two ways counts as two numbers."),
    ),
    field(
        "purposes",
        Form::List(&Form::Map(&PURPOSE), Settings::PURPOSES),
        LOGIN,
        about!("Purposes of challenges. A challenge for one purpose is rejected for another."),
    ),
    field(
        "pin",
        Form::Map(&PIN),
        Absent::Defaults,
        about!("PINs, their lifetime, and guesses."),
    ),
    field(
        "failures",
        Form::Map(&FAILURES),
        Absent::Defaults,
        about!("Limits of wrong guesses."),
    ),
    field(
        "sends",
        Form::Map(&SENDS),
        Absent::Defaults,
        about!("Limits of messages."),
    ),
    field(
        "message",
        Form::Map(&MESSAGE),
        Absent::Defaults,
        about!("Texts of messages."),
    ),
    field(
        "voice",
        Form::Map(&VOICE),
        Absent::Out,
        about!(
            "Voice calls that say the PIN. Disabled if absent. A call comes only after an SMS, when a resend asks for it, and counts as 5 messages."
        ),
    ),
    field(
        "test",
        Form::Flag,
        Absent::Flag(false),
        about!(
            "Test mode: base_url must be a loopback address. Tokens, counters and receipts created in test mode are rejected by settings without it."
        ),
    ),
]);

const LOGIN: Absent = Absent::One(|| {
    let name = Node::Text("login".to_string());
    Node::Map(alloc::vec![
        ("name".to_string(), name),
        ("after_first_factor".to_string(), Node::Flag(true)),
        ("voice".to_string(), Node::Flag(true)),
    ])
});

const GUARD: [Field; 2] = [
    field(
        "key",
        Form::Secret,
        Absent::Required,
        about!(
        "Key of the counters' names, as keygen prints it. Without it nobody can tell whose counter is which. Changing it resets every limit and revives "
        "used challenges, so it does not rotate with keys."),
    ),
    field(
        "scope",
        Form::Choice(&["process", "shared"]),
        Absent::Text("process"),
        about!(
        "The processes that share the counters. With process, challenges end with the process that made them, as their counters do. A host "
        "that knows its store sets this itself."),
    ),
];

const XOXZO: [Field; 8] = [
    field("sid", Form::Secret, Absent::Required, about!("API SID.")),
    field(
        "auth_token",
        Form::Secret,
        Absent::Required,
        about!("API token."),
    ),
    field(
        "sender",
        Form::Text,
        Absent::Required,
        about!("Sender of messages: at most 10 letters and digits, or at most 15 digits."),
    ),
    field(
        "base_url",
        Form::Text,
        Absent::Text("https://api.xoxzo.com"),
        about!(
            "https://HOST, or http:// and a loopback address. Nothing is ever sent to another origin."
        ),
    ),
    number(
        "timeout_milliseconds",
        Xoxzo::TIMEOUT,
        10_000,
        about!("Time-out of one request to Xoxzo, in milliseconds."),
    ),
    field(
        "callback_url",
        Form::Secret,
        Absent::Out,
        about!(
        "URL to which Xoxzo reports the status of messages: https, or http and a loopback address. Nothing signs what arrives there: let the path hold "
        "something unguessable, and ask for the status before acting."),
    ),
    field(
        "tags",
        Form::List(&Form::Text, Xoxzo::TAGS),
        Absent::Empty,
        about!("Tags of messages in Xoxzo's records: 1 to 32 letters, digits, - and _ each."),
    ),
    field(
        "japan",
        Form::Map(&JAPAN),
        Absent::Out,
        about!("Direct routes to Japanese carriers, for messages to +81. For registered users."),
    ),
];

const JAPAN: [Field; 2] = [
    field(
        "route",
        Form::Choice(&["kp", "kpl"]),
        Absent::Required,
        about!("kp: K-Premium (jp_kp). kpl: K-Premium Lite (jp_kpl)."),
    ),
    field(
        "sender",
        Form::Text,
        Absent::Required,
        about!("The registered numeric sender (jp_kp_sender): 1 to 15 digits."),
    ),
];

const VOICE: [Field; 2] = [
    field(
        "caller",
        Form::Text,
        Absent::Required,
        about!("Caller number: 5 to 15 digits, without +."),
    ),
    field(
        "destinations",
        Form::List(&Form::Either(&RANGE), Settings::DESTINATIONS),
        Absent::Required,
        about!(
            "Countries and ranges that calls may go to, written like the destinations of messages."
        ),
    ),
];

const RANGE: [Field; 4] = [
    field(
        "prefix",
        Form::Text,
        Absent::Required,
        about!("+ and 1 to 15 digits, without a trunk prefix after the calling code."),
    ),
    field(
        "min_digits",
        Form::Number(Range(8, 15)),
        Absent::Required,
        about!("Minimum number of digits of a whole number, country code included."),
    ),
    field(
        "max_digits",
        Form::Number(Range(8, 15)),
        Absent::Required,
        about!("Maximum number of digits of a whole number, country code included."),
    ),
    field(
        "deny",
        Form::List(&Form::Text, Settings::DESTINATIONS),
        Absent::Empty,
        about!("Prefixes within prefix that stay shut, written like it."),
    ),
];

const PURPOSE: [Field; 3] = [
    field(
        "name",
        Form::Text,
        Absent::Required,
        about!("1 to 128 bytes of printable ASCII without spaces."),
    ),
    field(
        "after_first_factor",
        Form::Flag,
        Absent::Required,
        about!(
        "True if only someone who passed another factor can start it. If false, strangers can: it gets half of each cap but the client's, "
        "and its failures are counted apart."),
    ),
    field(
        "voice",
        Form::Flag,
        Absent::Flag(true),
        about!("True if a call may say its PIN, where calls are enabled."),
    ),
];

const PIN: [Field; 3] = [
    number(
        "digits",
        Guesses::DIGITS,
        Guesses::DEFAULT.digits as u32,
        about!("Number of digits of a PIN."),
    ),
    number(
        "lifetime_seconds",
        Guesses::LIFETIME,
        Guesses::DEFAULT.lifetime as u32,
        about!("Lifetime of a challenge, in seconds."),
    ),
    number(
        "guesses",
        Guesses::PER_CHALLENGE,
        Guesses::DEFAULT.per_challenge,
        about!("Maximum number of guesses per challenge."),
    ),
];

const FAILURES: [Field; 5] = [
    cap!(
        "soft",
        Guesses::DEFAULT.soft,
        Guesses::SOFT,
        about!(
            "Failures of a subject with a recipient per time window. When exceeded, the subject is locked until the window ends."
        )
    ),
    number(
        "hard",
        Guesses::HARD,
        Guesses::DEFAULT.hard,
        about!(
            "Consecutive failures of a subject with a recipient, over all challenges. After them the subject is locked until an operator unlocks it."
        ),
    ),
    cap!(
        "per_subject",
        Guesses::DEFAULT.subject,
        Cap::COUNT,
        about!("Failures of one subject over all recipients. A success does not reset them.")
    ),
    field(
        "per_client",
        Form::Map(&CLIENT),
        Absent::Out,
        about!(
            "Failures from one client address (IPv6 by its /64). If set, every start and verify must name the client's address."
        ),
    ),
    cap!(
        "per_audience",
        Guesses::DEFAULT.audience,
        Cap::COUNT,
        about!(
            "Failures of all users together. Above this nobody is locked out, but new PINs have at least 8 digits and an alarm is raised."
        )
    ),
];

const SENDS: [Field; 7] = [
    number(
        "cooldown_seconds",
        Sends::COOLDOWN,
        Sends::DEFAULT.cooldown,
        about!("Minimum number of seconds between two messages to one number."),
    ),
    cap!(
        "per_subject",
        Sends::DEFAULT.subject,
        Cap::COUNT,
        about!("Messages of one subject.")
    ),
    cap!(
        "per_number",
        Sends::DEFAULT.number,
        Cap::COUNT,
        about!("Messages to one number.")
    ),
    field(
        "per_client",
        Form::Map(&CLIENT),
        Absent::Out,
        about!(
            "Messages per client address (IPv6 by its /64). If set, every start must name the client's address. As many sends that Xoxzo rejects, such as to bad numbers, are allowed in the same window, counted apart."
        ),
    ),
    cap!(
        "per_range",
        Sends::DEFAULT.range,
        Cap::COUNT,
        about!(
            "Messages to one range of 10,000 numbers, which share all digits but the last four."
        )
    ),
    cap!(
        "per_audience",
        Sends::DEFAULT.audience,
        Cap::COUNT,
        about!(
            "Messages to all users together. As many rejected sends are allowed in the same window, counted apart."
        )
    ),
    field(
        "monitor",
        Form::Flag,
        Absent::Flag(false),
        about!(
            "Only count: a message over a cap raises an alarm and is sent. The cooldown, limits of guesses and the pause after five failures of Xoxzo in a row still refuse."
        ),
    ),
];

const CLIENT: [Field; 2] = [
    field("count", Form::Number(Cap::COUNT), Absent::Required, COUNT),
    field(
        "seconds",
        Form::Number(Cap::SECONDS),
        Absent::Required,
        SECONDS,
    ),
];

const LOCALES: Form = Form::Choice(&[
    "en", "ja", "id", "ms", "vi", "th", "zh-Hans", "zh-Hant", "ko", "es",
]);

const MESSAGE: [Field; 6] = [
    field(
        "locale",
        LOCALES,
        Absent::Text("en"),
        about!("Default language, where a start names none."),
    ),
    number(
        "max_parts",
        Messages::PARTS,
        1,
        about!(
            "Maximum number of billed parts. A longer message is refused before it costs anything. Does not apply to templates, whose text is Xoxzo's."
        ),
    ),
    field(
        "webotp_domain",
        Form::Text,
        Absent::Out,
        about!(
            "Adds a last line, @DOMAIN #PIN, by which browsers fill the PIN in on that domain only (WICG). Not with templates."
        ),
    ),
    field(
        "android_hash",
        Form::Text,
        Absent::Out,
        about!(
            "Ends the message with these 11 characters, by which Android hands it to an app (SMS Retriever). Not with templates."
        ),
    ),
    field(
        "texts",
        Form::List(&Form::Map(&WORDING), Messages::TEXTS),
        Absent::Empty,
        about!(
        "The service's own texts, at most one for each language and purpose. What they leave out is said in the engine's words. Not for an "
        "SMS with templates."),
    ),
    field(
        "templates",
        Form::List(&Form::Map(&TEMPLATE), Messages::TEMPLATES),
        Absent::Empty,
        about!(
        "Approved templates. With any, every SMS is made from one: of the call's language or else of message.locale, with amount and payee "
        "for a payment and without for anything else. Without, every SMS is freeform, for which the account must be enabled."),
    ),
];

const WORDING: [Field; 5] = [
    field(
        "locale",
        LOCALES,
        Absent::Required,
        about!("Language of the text."),
    ),
    field(
        "purpose",
        Form::Text,
        Absent::Out,
        about!(
            "Purpose that the text is for. If absent: every purpose that has no text of its own."
        ),
    ),
    field(
        "text",
        Form::Text,
        Absent::Out,
        about!(
        "An SMS that confirms no payment, with {pin} once and at most once {service} and {minutes}: no line break, no invisible character, no "
        "digit or placeholder directly beside {pin}, at most three digits together, and at most max_parts parts at the longest values."),
    ),
    field(
        "payment",
        Form::Text,
        Absent::Out,
        about!(
            "An SMS that confirms a payment, by the same rules, with {amount}, {currency} and {payee} once each before {pin}."
        ),
    ),
    field(
        "call",
        Form::Text,
        Absent::Out,
        about!(
            "Words of a call that confirms no payment, in en or ja, with {pin} once or twice. Digits are said one by one."
        ),
    ),
];

const TEMPLATE: [Field; 3] = [
    field(
        "id",
        Form::Number(Range(1, u32::MAX)),
        Absent::Required,
        about!("The template's id at Xoxzo."),
    ),
    field(
        "locale",
        LOCALES,
        Absent::Required,
        about!("Language of the text."),
    ),
    field(
        "variables",
        Form::Map(&VARIABLES),
        Absent::Required,
        about!(
            "Names of its placeholders, each 1 to 64 letters, digits and _. Every placeholder must be named."
        ),
    ),
];

const VARIABLES: [Field; 5] = [
    field(
        "pin",
        Form::Text,
        Absent::Required,
        about!("Placeholder for the PIN."),
    ),
    field(
        "minutes",
        Form::Text,
        Absent::Out,
        about!("Placeholder for the whole minutes that are left."),
    ),
    field(
        "service",
        Form::Text,
        Absent::Out,
        about!("Placeholder for the name of the service."),
    ),
    field(
        "amount",
        Form::Text,
        Absent::Out,
        about!("Placeholder for amount and currency of a payment. Required with payee."),
    ),
    field(
        "payee",
        Form::Text,
        Absent::Out,
        about!("Placeholder for the payee. Required with amount."),
    ),
];

const COUNT: &str = about!("Maximum in one window.");
const SECONDS: &str =
    about!("Length of the window in seconds. It begins with the first event in it.");
