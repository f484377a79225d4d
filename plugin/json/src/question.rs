//! The functions of `configuration` and `steps` as text: a question in, an answer out.
//!
//! A question is an object with one field, the name of the function, with its arguments as an object. One table says what
//! they are; what does not fit it is refused with path and kind, as in the settings.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use rand::TryCryptoRng;
use xoxzo_2fa_core::document::{Absent, Field, Form, SchemaError, any};
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{
    About, Answer, AskCredits, AskLimits, Channel, Claimed, Code, Dispatch, Expected, Failure,
    Kept, Known, Locale, NoAnswer, Range, ReceiptKey, RequestKey, Response, RootKey, Sending,
    Status, StepUp, Total, Totals, Trail, Transaction, Turn, Unlock, Verify, check_receipt,
    explain, inspect, number_index, sign_request,
};

use crate::cursor::Cursor;
use crate::{answer, prepare};

/// The longest question, in bytes: a response of 16 KiB fits with every byte escaped.
const LONGEST: usize = 100 * 1024;

/// The questions of one operation, or of several. What one question read or wrote is kept, so that the next need not read it again.
///
/// It answers as a new one for each question would: what is kept is found by its own bytes, and by no others.
pub struct Conversation(Kept);

impl Conversation {
    /// One in which nothing was asked.
    #[must_use]
    pub const fn new() -> Self {
        Self(Kept::new())
    }

    /// Answers a question, with settings that `prepare` gave, or none for a function that takes none. A failure is an answer too.
    #[must_use]
    pub fn ask(
        &mut self,
        settings: &[u8],
        now: u32,
        question: &[u8],
        rng: &mut impl TryCryptoRng,
    ) -> String {
        let answer = read(question)
            .map_err(misuse)
            .and_then(|(function, arguments)| {
                let from = Cursor(&arguments);
                match &*function {
                    "prepare" => prepare(from.str("json"), rng).map(|it| answer::prepared(&it)),
                    "check_receipt" => receipt(from, now),
                    "keygen" => RootKey::generate(rng).map(|key| answer::key(&key.to_text())),
                    "receipt_key" => {
                        let (root, audience, test) = key_for(from)?;
                        Ok(answer::key(&root.receipt_key(audience, test).to_text()))
                    }
                    "request_key" => {
                        let (root, audience, test) = key_for(from)?;
                        Ok(answer::key(&root.request_key(audience, test).to_text()))
                    }
                    "sign_request" => signed_request(from, now, rng),
                    "inspect" => {
                        inspect(from.str("token")).map(|token_info| answer::token_info(&token_info))
                    }
                    "explain" => explanation(from),
                    _ => {
                        let known = self.0.known(settings)?;
                        answer_with(known, now, &function, from, rng)
                    }
                }
            });
        answer.unwrap_or_else(|failure| answer::failure(&failure))
    }
}

impl Default for Conversation {
    fn default() -> Self {
        Self::new()
    }
}

/// Answers a question that needs settings, by what is known of them and of the operation that waits.
fn answer_with(
    known: &mut Known,
    now: u32,
    function: &str,
    from: Cursor<'_>,
    rng: &mut impl TryCryptoRng,
) -> Result<String, Failure> {
    let settings = known.settings();
    let binding = || claimed(from.at("binding"));
    let sending = || sending(from.at("sending"));
    let (token, asked) = (from.str("token"), from.flag("audit"));
    let (subject, recipient) = (from.str("subject"), from.str("recipient"));
    let challenge = || About::claimed(settings, binding(), Some(token));
    let user = || About::user(settings, subject, recipient);
    let turn = match function {
        "preview" => {
            let paid = from
                .maybe("transaction")
                .map(|paid| Transaction::parse(transaction(paid)));
            let previews =
                settings.previews(from.option_str("purpose"), paid.transpose()?.as_ref())?;
            return Ok(answer::previews(&previews));
        }
        "trail_of" => {
            return Trail::of(settings, subject, recipient).map(|trail| answer::trail(&trail));
        }
        "index_of" => {
            let index = number_index(settings, recipient);
            return index.map(|index| answer::number_index(&index));
        }
        "start" => {
            let begun = Dispatch::start(settings, now, binding(), sending(), rng);
            Turn::audited(begun, settings, asked, challenge)?.any()
        }
        "resend" => {
            let begun = Dispatch::resend(settings, now, token, binding(), sending());
            Turn::audited(begun, settings, asked, challenge)?.any()
        }
        "verify" => {
            let (pin, client) = (from.str("pin"), from.option_str("client"));
            let begun = Verify::begin(settings, now, token, binding(), pin, client);
            Turn::audited(begun, settings, asked, challenge)?.any()
        }
        "status" => {
            let begun = Status::begin(settings, now, from.str("handle"));
            Turn::audited(begun, settings, asked, About::default)?.any()
        }
        "unlock" => {
            let begun = Unlock::begin(settings, subject, recipient);
            Turn::audited(begun, settings, asked, user)?.any()
        }
        "limits" => {
            let client = from.option_str("client");
            let begun = AskLimits::begin(settings, subject, recipient, client);
            Turn::audited(begun, settings, asked, user)?.any()
        }
        "credits" => {
            let begun = AskCredits::begin(settings, now);
            Turn::audited(begun, settings, asked, About::default)?.any()
        }
        // `counted`, `sent` or `unanswered`.
        _ => known.resume(now, from.str("state"), came(from)?)?,
    };
    Ok(match turn {
        Turn::Count(charges, operation) => answer::count(&known.suspend(operation, now), &charges),
        Turn::Send(request, operation) => answer::send(&known.suspend(operation, now), &request),
        Turn::Done(told) => answer::ended(&told),
    })
}

/// Reads what the host brings: of totals, a response, or none exactly one is there.
fn came(from: Cursor<'_>) -> Result<Answer, Failure> {
    if let Some(response) = from.maybe("response") {
        return Ok(Answer::Response(response_of(response)));
    }
    if let Some(no_answer) = from.option_str("no_answer") {
        let no_answer = match no_answer {
            "guard-full" => NoAnswer::GuardFull,
            "guard-unreachable" => NoAnswer::GuardUnreachable,
            "not-sent" => NoAnswer::NotSent,
            _ => NoAnswer::Unknown,
        };
        return Ok(Answer::Unanswered(no_answer, from.str("cause").to_string()));
    }
    let total = |from: Cursor<'_>| {
        Ok(Total {
            total: from.number("total"),
            ends_in: from.number("ends_in_seconds"),
        })
    };
    Ok(Answer::Totals(Totals {
        totals: from.each("totals", total).map_err(misuse)?,
        now: from.option_number("now_seconds"),
    }))
}

fn response_of(from: Cursor<'_>) -> Response {
    let headers = from.at("headers").0.list().iter().map(Cursor);
    let headers = headers.map(|header| (header.str("name"), header.str("value")));
    Response::new(from.number("status"), headers, from.str("body").to_string())
}

fn receipt(from: Cursor<'_>, now: u32) -> Result<String, Failure> {
    let keys = from.texts("receipt_keys");
    let keys: Result<Vec<_>, _> = keys.iter().map(|key| ReceiptKey::parse(key)).collect();
    let keys = keys.map_err(|unfit| unfit.argument("receipt_keys"))?;
    let expected = expected(from.at("expected"));
    check_receipt(&keys, from.str("receipt"), now, expected).map(|claims| answer::claims(&claims))
}

fn expected(from: Cursor<'_>) -> Expected<'_> {
    Expected {
        subject: from.str("subject"),
        purpose: from.str("purpose"),
        recipient: from.option_str("recipient"),
        session: from.option_str("session"),
        transaction: from.maybe("transaction").map(transaction),
    }
}

/// The root from which a key is derived, for which audience and whether for test mode.
fn key_for(from: Cursor<'_>) -> Result<(RootKey, &str, bool), Failure> {
    let root = RootKey::parse(from.str("root_key")).map_err(|unfit| unfit.argument("root_key"))?;
    Ok((root, from.str("audience"), from.flag("test")))
}

fn signed_request(
    from: Cursor<'_>,
    now: u32,
    rng: &mut impl TryCryptoRng,
) -> Result<String, Failure> {
    let key = RequestKey::parse(from.str("request_key"));
    let key = key.map_err(|unfit| unfit.argument("request_key"))?;
    let step_up = from.at("step_up");
    let asked = StepUp {
        subject: step_up.str("subject"),
        session: step_up.option_str("session"),
        transaction: transaction(step_up.at("transaction")),
    };
    sign_request(&key, now, asked, rng).map(|signed| answer::signed_request(&signed))
}

fn explanation(from: Cursor<'_>) -> Result<String, Failure> {
    let code = Code::parse(from.str("code")).map_err(|unfit| unfit.argument("code"))?;
    let locale = Locale::parse(from.str("locale")).map_err(|unfit| unfit.argument("locale"))?;
    let (left, wait) = (
        from.option_number("guesses_left"),
        from.option_number("retry_after_seconds"),
    );
    Ok(answer::explanation(&explain(code, left, wait, locale)))
}

fn claimed(from: Cursor<'_>) -> Claimed<'_> {
    Claimed {
        recipient: from.str("recipient"),
        subject: from.str("subject"),
        purpose: from.str("purpose"),
        session: from.option_str("session"),
        transaction: from.maybe("transaction").map(transaction),
    }
}

fn transaction(from: Cursor<'_>) -> (&str, &str, &str) {
    (from.str("amount"), from.str("currency"), from.str("payee"))
}

fn sending(from: Cursor<'_>) -> Sending<'_> {
    Sending {
        channel: match from.str("channel") {
            "voice" => Channel::Voice,
            _ => Channel::Sms,
        },
        locale: from.option_str("locale"),
        client: from.option_str("client"),
        decoy: from.flag("decoy"),
    }
}

/// The function of a question and its arguments, which have their form.
fn read(question: &[u8]) -> Result<(String, Node), SchemaError> {
    const ONE: &str = "must be an object with one field, a function";
    if question.len() > LONGEST {
        return Err(SchemaError::new("longer than 100 KiB"));
    }
    let question = str::from_utf8(question).map_err(|_| SchemaError::new("not UTF-8"))?;
    let mut question = Node::parse(question).map_err(|(kind, _)| SchemaError::new(kind))?;
    QUESTION.fill(&mut question)?;
    match &mut question {
        Node::Map(fields) if fields.len() == 1 => fields.pop().ok_or(SchemaError::new(ONE)),
        _ => Err(SchemaError::new(ONE)),
    }
}

fn misuse(SchemaError { path, requirement }: SchemaError) -> Failure {
    let place = if path.is_empty() { "question" } else { &path };
    Failure::new(Code::Request, [place, ": ", &requirement].concat())
}

const ANY: Range = Range(0, u32::MAX);
const TEXT: Form = Form::Text(any);

const fn field(name: &'static str, form: Form, absent: Absent) -> Field {
    Field {
        name,
        about: "",
        form,
        absent,
    }
}

const fn needed(name: &'static str, form: Form) -> Field {
    field(name, form, Absent::Required)
}

const fn option(name: &'static str, form: Form) -> Field {
    field(name, form, Absent::Out)
}

const fn function(name: &'static str, arguments: &'static [Field]) -> Field {
    option(name, Form::Map(arguments))
}

const QUESTION: Form = Form::Map(&[
    function("prepare", &[needed("json", TEXT)]),
    function(
        "check_receipt",
        &[
            needed("receipt_keys", Form::List(&TEXT, ANY)),
            needed("receipt", TEXT),
            needed("expected", EXPECTED),
        ],
    ),
    function("keygen", &[]),
    function("receipt_key", &KEY_FOR),
    function("request_key", &KEY_FOR),
    function(
        "sign_request",
        &[needed("request_key", TEXT), needed("step_up", STEP_UP)],
    ),
    function("inspect", &[needed("token", TEXT)]),
    function(
        "preview",
        &[option("purpose", TEXT), option("transaction", TRANSACTION)],
    ),
    function("trail_of", &[SUBJECT, RECIPIENT]),
    function("index_of", &[RECIPIENT]),
    function(
        "explain",
        &[
            needed("code", TEXT),
            option("guesses_left", Form::Whole),
            option("retry_after_seconds", Form::Whole),
            needed("locale", TEXT),
        ],
    ),
    function("start", &[needed("binding", BINDING), SENDING, AUDIT]),
    function(
        "resend",
        &[
            needed("token", TEXT),
            needed("binding", BINDING),
            SENDING,
            AUDIT,
        ],
    ),
    function(
        "verify",
        &[
            needed("token", TEXT),
            needed("binding", BINDING),
            needed("pin", TEXT),
            option("client", TEXT),
            AUDIT,
        ],
    ),
    function("status", &[needed("handle", TEXT), AUDIT]),
    function("unlock", &[SUBJECT, RECIPIENT, AUDIT]),
    function(
        "limits",
        &[SUBJECT, RECIPIENT, option("client", TEXT), AUDIT],
    ),
    function("credits", &[AUDIT]),
    function(
        "counted",
        &[
            needed("state", TEXT),
            needed("totals", Form::List(&Form::Map(&TOTAL), ANY)),
            option("now_seconds", Form::Whole),
        ],
    ),
    function(
        "sent",
        &[
            needed("state", TEXT),
            needed("response", Form::Map(&RESPONSE)),
        ],
    ),
    function(
        "unanswered",
        &[
            needed("state", TEXT),
            needed("no_answer", NO_ANSWER),
            field("cause", TEXT, Absent::Text("")),
        ],
    ),
]);

/// A key that is derived for one audience.
const KEY_FOR: [Field; 3] = [
    needed("root_key", TEXT),
    needed("audience", TEXT),
    field("test", Form::Flag, Absent::Flag(false)),
];

const SUBJECT: Field = needed("subject", TEXT);
const RECIPIENT: Field = needed("recipient", TEXT);

const AUDIT: Field = field("audit", Form::Flag, Absent::Flag(false));

const BINDING: Form = Form::Map(&[
    RECIPIENT,
    SUBJECT,
    needed("purpose", TEXT),
    option("session", TEXT),
    option("transaction", TRANSACTION),
]);

const EXPECTED: Form = Form::Map(&[
    needed("subject", TEXT),
    needed("purpose", TEXT),
    option("recipient", TEXT),
    option("session", TEXT),
    option("transaction", TRANSACTION),
]);

const STEP_UP: Form = Form::Map(&[
    needed("subject", TEXT),
    option("session", TEXT),
    needed("transaction", TRANSACTION),
]);

const TRANSACTION: Form = Form::Map(&[
    needed("amount", TEXT),
    needed("currency", TEXT),
    needed("payee", TEXT),
]);

const SENDING: Field = field(
    "sending",
    Form::Map(&[
        field(
            "channel",
            Form::Choice(&["sms", "voice"]),
            Absent::Text("sms"),
        ),
        option("locale", TEXT),
        option("client", TEXT),
        field("decoy", Form::Flag, Absent::Flag(false)),
    ]),
    Absent::Defaults,
);

const TOTAL: [Field; 2] = [
    needed("total", Form::Whole),
    needed("ends_in_seconds", Form::Whole),
];

const RESPONSE: [Field; 3] = [
    needed("status", Form::Whole),
    field(
        "headers",
        Form::List(&Form::Map(&HEADER), ANY),
        Absent::Empty,
    ),
    field("body", TEXT, Absent::Text("")),
];

const HEADER: [Field; 2] = [needed("name", TEXT), needed("value", TEXT)];

const NO_ANSWER: Form = Form::Choice(&["not-sent", "unknown", "guard-unreachable", "guard-full"]);
