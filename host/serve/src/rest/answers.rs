//! Schemas of answers, for the description of the service.

use serde_json::{Map, Value, json};
use xoxzo_2fa::Code;

use super::function::Function;
use super::list;

/// A field: its name, whether it is always there, and its schema.
type Member = (&'static str, bool, Value);

/// Returns the schema of a function's answer: an object with one field, which names its kind.
pub(crate) fn answer(function: Function) -> Value {
    match function {
        Function::Start | Function::Resend => kind("challenged", challenged()),
        Function::Verify => kind(
            "accepted",
            object(vec![
                always(
                    "subject",
                    text("The subject of the binding: who is let in."),
                ),
                always("receipt", text("Proof for another service.")),
                always("expires_in_seconds", seconds("Life of the receipt.")),
                sometimes("audit", reference("Audit")),
            ]),
        ),
        Function::Status => kind(
            "reported",
            object(vec![
                always("delivery", delivery()),
                always("detail", text("The provider's word for it, for a log.")),
                sometimes("audit", reference("Audit")),
            ]),
        ),
        Function::Explain => kind(
            "explanation",
            object(vec![
                always(
                    "text",
                    text("One or two sentences of plain text. Escape it in HTML."),
                ),
                always(
                    "offers",
                    list_of(
                        json!({"enum": ["try-again", "resend", "start-again", "wait", "contact-support"]}),
                    ),
                ),
            ]),
        ),
        Function::CheckReceipt => kind("claims", claims()),
        Function::Inspect => kind(
            "token_info",
            object(vec![
                always("key_id", text("Id of the key that is said to have signed.")),
                always("digits", whole("Digits of the code.")),
                always("issued_at_seconds", seconds("Since 1970.")),
                always("expires_at_seconds", seconds("Since 1970.")),
            ]),
        ),
        Function::Preview => kind(
            "previews",
            object(vec![always("previews", list_of(preview()))]),
        ),
        Function::TrailOf => kind("trail", trail()),
        Function::IndexOf => kind(
            "number_index",
            object(vec![always("index", text("Index of the phone number."))]),
        ),
        Function::Limits => kind(
            "limits",
            object(vec![
                always("limits", list_of(limit())),
                sometimes("audit", reference("Audit")),
            ]),
        ),
        Function::Unlock => kind(
            "unlocked",
            object(vec![
                always("failures", whole("Failures in a row that were cleared.")),
                always(
                    "subject_failures",
                    whole("Failures of the subject that were cleared."),
                ),
                always("messages", whole("Messages that were cleared.")),
                sometimes("audit", reference("Audit")),
            ]),
        ),
        Function::Credits => kind(
            "credits",
            object(vec![
                always(
                    "credits",
                    json!({"type": "integer", "description": "Whole credits; below 0 for an account that pays afterwards."}),
                ),
                sometimes("audit", reference("Audit")),
            ]),
        ),
    }
}

/// Returns the schema of a failure.
pub(crate) fn failure(codes: &[Code]) -> Value {
    let codes: Vec<_> = codes.iter().map(|code| code.as_str()).collect();
    kind(
        "failure",
        object(vec![
            always("blame", json!({"enum": ["misuse", "refuse", "upstream"]})),
            always("code", json!({"enum": codes})),
            always("detail", text("A line for a log, for operators.")),
            sometimes("guesses_left", whole("Tries that the challenge still has.")),
            sometimes("retry_after_seconds", seconds("Waiting for so long helps.")),
            sometimes(
                "expires_in_seconds",
                seconds("Life that the token has left."),
            ),
            sometimes(
                "no_answer",
                json!({"enum": ["guard-unreachable", "guard-full"], "description": "Why a list of charges has no totals."}),
            ),
            sometimes("audit", reference("Audit")),
        ]),
    )
}

fn charge() -> Value {
    object(vec![
        always("counter", name("The counter.")),
        always("group", name("Its group, always the same for one counter.")),
        always(
            "amount",
            json!({"type": "integer", "minimum": i32::MIN, "maximum": i32::MAX, "description": "Added. Below 0: given back. 0: only looked at."}),
        ),
        always(
            "limit",
            small("The highest total that this charge may lead to."),
        ),
        always("ttl_seconds", small("Life of a counter that it creates.")),
    ])
}

/// Returns the schema of a list of charges.
pub(crate) fn guard_list() -> Value {
    let charges = json!({"type": "array", "items": charge(), "maxItems": list::MOST});
    object(vec![
        always("id", name("Random, and another for each list.")),
        always("charges", charges),
    ])
}

/// Returns the schema of a charge that revokes something.
pub(crate) fn revocation() -> Value {
    object(vec![
        always("id", name("Random, and another for each list.")),
        always("charge", charge()),
    ])
}

/// Returns the schema of a question for revocations.
pub(crate) fn since() -> Value {
    object(vec![always(
        "since",
        small("Number of the last entry that is known; 0 for the whole list."),
    )])
}

/// Returns the schema of a part of the list of revocations.
pub(crate) fn revocations() -> Value {
    let entry = json!({
        "type": "string", "pattern": "^[A-Za-z0-9_-]{22}\\.[0-9]+\\.[0-9]+$",
        "description": "Counter, total, and seconds until the entry ends.",
    });
    kind(
        "revocations",
        object(vec![
            always(
                "fleet",
                name(
                    "The store's id. Another one: the store was lost, and everything that was known of it is void.",
                ),
            ),
            always(
                "sequence",
                small(
                    "Number to ask with next time. Below the one asked with: ask for the whole list.",
                ),
            ),
            always(
                "more",
                json!({"type": "boolean", "description": "There are entries after these."}),
            ),
            always("entries", list_of(entry)),
        ]),
    )
}

/// Returns the schema of the totals of a list.
pub(crate) fn counted() -> Value {
    let total = object(vec![
        always(
            "total",
            whole("The total that the charge led to or, if it was refused, would have led to."),
        ),
        always("ends_in_seconds", seconds("Until the counter ends.")),
    ]);
    kind(
        "counted",
        object(vec![
            always("totals", list_of(total)),
            sometimes("now_seconds", seconds("The store's time, since 1970.")),
            sometimes(
                "fleet",
                name(
                    "The store's id, which lives as long as its counters. Absent where its clock is behind and nothing was charged.",
                ),
            ),
        ]),
    )
}

/// Returns the schema of what is beside an answer for operators.
pub(crate) fn audit() -> Value {
    object(vec![
        sometimes("trail", trail()),
        sometimes(
            "challenge_id",
            text("The same for each operation on one challenge."),
        ),
        sometimes("message_id", text("The provider's id of the message.")),
        always("decoy", json!({"type": "boolean"})),
        sometimes(
            "cause",
            text("The reason why the counters or the provider gave no answer."),
        ),
        sometimes(
            "alarm",
            json!({"enum": ["failures", "sends", "clock", "delivery"]}),
        ),
    ])
}

fn challenged() -> Value {
    object(vec![
        always("token", text("Token for the user's session.")),
        always("masked", text("The recipient, mostly hidden, to show.")),
        always("expires_in_seconds", seconds("Life of the token.")),
        always(
            "resend_after_seconds",
            seconds("Until another message may go to this number."),
        ),
        always("delivery", delivery()),
        sometimes("handle", text("Handle for a status.")),
        sometimes("parts", whole("Billed parts.")),
        sometimes("audit", reference("Audit")),
    ])
}

fn claims() -> Value {
    object(vec![
        always("id", text("Id of the receipt.")),
        always("audience", text("Service that accepted the user.")),
        always("purpose", text("Purpose of the challenge.")),
        sometimes(
            "transaction",
            object(vec![
                always("amount", text("Amount.")),
                always("currency", text("ISO 4217 code.")),
                always("payee", text("Who is paid.")),
            ]),
        ),
        always("test", json!({"type": "boolean"})),
        always("issued_at_seconds", seconds("Since 1970.")),
        always("expires_at_seconds", seconds("Since 1970.")),
    ])
}

fn preview() -> Value {
    object(vec![
        always("locale", text("Language.")),
        always("text", text("Text of an SMS.")),
        always("parts", whole("Billed parts of it.")),
        always("call", text("Words of a call.")),
    ])
}

fn limit() -> Value {
    object(vec![
        always("setting", text("Path of the setting that limits it.")),
        always("open", json!({"type": "boolean"})),
        always("total", whole("The count.")),
        always("most", whole("Totals above this are refused.")),
        sometimes("ends_in_seconds", seconds("Until the counter ends.")),
        always("refuses", json!({"type": "boolean"})),
    ])
}

fn trail() -> Value {
    object(vec![
        always("subject", text("Hash of the subject.")),
        always("recipient", text("Hash of the recipient.")),
        always("calling_code", text("Country code of the recipient.")),
    ])
}

fn delivery() -> Value {
    json!({"enum": ["accepted", "unknown", "queued", "delivering", "delivered", "failed"]})
}

fn always(name: &'static str, schema: Value) -> Member {
    (name, true, schema)
}

fn sometimes(name: &'static str, schema: Value) -> Member {
    (name, false, schema)
}

fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

fn whole(about: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": about})
}

/// A whole number of 32 bits.
fn small(about: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": u32::MAX, "description": about})
}

/// 16 bytes.
fn name(about: &str) -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$", "description": about})
}

fn seconds(about: &str) -> Value {
    whole(about)
}

fn list_of(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

fn kind(name: &'static str, content: Value) -> Value {
    object(vec![always(name, content)])
}

fn object(members: Vec<Member>) -> Value {
    let required: Vec<_> = members
        .iter()
        .filter_map(|(name, always, _)| always.then_some(*name))
        .collect();
    let properties: Map<_, _> = members
        .into_iter()
        .map(|(name, _, schema)| (name.to_string(), schema))
        .collect();
    json!({
        "type": "object", "additionalProperties": false, "properties": properties, "required": required,
    })
}
