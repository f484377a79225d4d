//! The description of the service, OpenAPI 3.1: from the tables that read questions.

use serde_json::{Map, Value, json};
use xoxzo_2fa::Code;
use xoxzo_2fa_core::document::{Absent, Field, Form};

use super::answers;
use super::function::Function;
use super::key::Right;
use super::list;

/// The path of the description.
pub(crate) const PATH: &str = "/v1/openapi.json";

/// Statuses of answers that are failures, and when they are given.
const FAILURES: [(&str, &str); 11] = [
    (
        "400",
        "Misuse: the question or its binding has not its form.",
    ),
    ("401", "The bearer key is missing or unknown."),
    ("403", "The key lacks the right."),
    ("408", "The body did not come whole within 10 s."),
    ("413", "The body is longer than 64 KiB."),
    ("415", "The body is not application/json."),
    (
        "422",
        "Refuse: the user is refused, such as for a wrong code.",
    ),
    (
        "429",
        "Refuse: the user is refused, and waiting helps. Retry-After says how many seconds.",
    ),
    ("500", "The service has a fault."),
    (
        "502",
        "Upstream: the provider of messages refused, or was not reached.",
    ),
    (
        "503",
        "Upstream: the counters did not answer, or the clock cannot be right.",
    ),
];

/// The status of a list that came before.
const REPEATED: (&str, &str) = (
    "409",
    "A list with this id came within 120 s. Nothing was charged.",
);

/// Writes the description.
pub(crate) fn document() -> String {
    let paths = Function::ALL.into_iter().map(|function| {
        let (name, right) = (function.name(), function.right());
        let question = schema(&function.arguments());
        let post = operation(
            name,
            function.about(),
            right,
            question,
            answers::answer(function),
        );
        (function.path(), json!({"post": post}))
    });
    let mut paths: Map<_, _> = paths.collect();
    for (path, name, about, question, answer) in [
        (
            list::PATH,
            "guard",
            "Makes a list of charges on the server's counters, once for each id.",
            answers::guard_list(),
            answers::counted(),
        ),
        (
            list::REVOKE,
            "revoke",
            "Makes a charge, once for each id, and puts its counter on the list of revocations.",
            answers::revocation(),
            answers::counted(),
        ),
        (
            list::REVOCATIONS,
            "revocations",
            "Gives the revocations after a number, at most 1,000 at a time.",
            answers::since(),
            answers::revocations(),
        ),
    ] {
        let mut post = operation(name, about, Right::Guard, question, answer);
        if path != list::REVOCATIONS {
            post["responses"]["409"] = json!({"$ref": "#/components/responses/409"});
        }
        paths.insert(path.to_string(), json!({"post": post}));
    }
    let responses: Map<_, _> = FAILURES
        .iter()
        .chain(&[REPEATED])
        .map(|(status, about)| ((*status).to_string(), failed(status, about)))
        .collect();
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "xoxzo-2fa",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "SMS two-factor authentication: the functions of wit/ASK.md. Never repeat a request whose answer was lost: a start may have sent its message, and a verify counts each time.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Failure": answers::failure(Code::ALL), "Audit": answers::audit()},
            "responses": responses,
        },
        "security": [{"key": []}],
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a tree is JSON");
    text.push('\n');
    text
}

fn operation(name: &str, about: &str, right: Right, question: Value, answer: Value) -> Value {
    let mut responses = Map::new();
    let answer = json!({"application/json": {"schema": answer}});
    responses.insert(
        "200".to_string(),
        json!({"description": "The answer.", "content": answer}),
    );
    for (status, _) in FAILURES {
        let reference = format!("#/components/responses/{status}");
        responses.insert(status.to_string(), json!({"$ref": reference}));
    }
    json!({
        "operationId": name,
        "summary": about,
        "description": format!("Needs a key with the right {}.", right.code()),
        "requestBody": {"required": true, "content": {"application/json": {"schema": question}}},
        "responses": responses,
    })
}

fn failed(status: &str, about: &str) -> Value {
    let schema = json!({"$ref": "#/components/schemas/Failure"});
    let mut response =
        json!({"description": about, "content": {"application/json": {"schema": schema}}});
    let header = match status {
        "401" | "403" => Some(("WWW-Authenticate", "string")),
        "429" => Some(("Retry-After", "integer")),
        _ => None,
    };
    if let Some((name, kind)) = header {
        response["headers"] = json!({name: {"required": true, "schema": {"type": kind}}});
    }
    response
}

/// The schema of what a form takes.
fn schema(form: &Form) -> Value {
    match form {
        Form::Flag => json!({"type": "boolean"}),
        Form::Number(range) => json!({"type": "integer", "minimum": range.0, "maximum": range.1}),
        Form::Whole => json!({"type": "integer", "minimum": 0}),
        Form::Text(_) | Form::Secret(_) => json!({"type": "string"}),
        Form::Choice(choices) => json!({"enum": choices}),
        Form::Map(fields) => object(fields),
        Form::List(item, range) => {
            json!({"type": "array", "items": schema(item), "minItems": range.0, "maxItems": range.1})
        }
        Form::Either(_, fields) => json!({"oneOf": [{"type": "string"}, object(fields)]}),
    }
}

fn object(fields: &[Field]) -> Value {
    let properties: Map<_, _> = fields
        .iter()
        .map(|field| (field.name.to_string(), property(field)))
        .collect();
    let required = fields
        .iter()
        .filter(|field| matches!(field.absent, Absent::Required));
    let required: Vec<_> = required.map(|field| field.name).collect();
    json!({
        "type": "object", "additionalProperties": false, "properties": properties, "required": required,
    })
}

fn property(field: &Field) -> Value {
    let mut property = schema(&field.form);
    property["description"] = json!(field.about);
    match field.absent {
        Absent::Flag(flag) => property["default"] = json!(flag),
        Absent::Number(number) => property["default"] = json!(number),
        Absent::Text(text) => property["default"] = json!(text),
        Absent::Required | Absent::Out | Absent::Defaults | Absent::One(_) | Absent::Empty => {}
    }
    property
}

#[cfg(test)]
mod tests {
    use std::{env, fs};

    use super::*;

    #[test]
    fn the_description_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
        let made = document();
        if env::var_os("BLESS").is_some() {
            fs::write(path, &made).unwrap();
        }
        let written = fs::read_to_string(path).unwrap();
        assert_eq!(written, made, "run with BLESS=1 to write it");
    }
}
