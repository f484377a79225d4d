//! The parameters of a request: a form or a JSON object, and what is wrong with them.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// Whether a parameter is sound; if not, the text that says so.
pub(super) type Rule = fn(&str) -> Result<(), &'static str>;

/// Parameters by name. Those that are not asked for are ignored.
pub(super) struct Parameters {
    given: Map<String, Value>,
    faults: Map<String, Value>,
}

impl Parameters {
    /// Reads a body by its content type. Of a parameter that a form gives twice, the last counts;
    /// one that is null in JSON counts as absent.
    pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or_default();
        let essence = kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let given = match essence.as_str() {
            _ if body.is_empty() => Map::new(),
            "application/x-www-form-urlencoded" => form_urlencoded::parse(body)
                .map(|(name, text)| (name.into_owned(), Value::String(text.into_owned())))
                .collect(),
            "application/json" => object(body)?,
            _ => {
                let text = format!("Unsupported media type \"{kind}\" in request.");
                return Err(Refusal::detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &text));
            }
        };
        Ok(Self {
            given,
            faults: Map::new(),
        })
    }

    /// A text that must be there, not be empty, and keep a rule; empty and noted as a fault if not.
    pub(super) fn required(&mut self, name: &str, rule: Rule) -> String {
        let text = match self.given.get(name) {
            None | Some(Value::Null) => Err("This field is required."),
            Some(value) => text(value).and_then(|text| match text.as_str() {
                "" => Err("This field may not be blank."),
                _ => rule(&text).map(|()| text),
            }),
        };
        self.note(name, text)
    }

    /// A list that may be absent, then empty: texts with commas between them, or a JSON array of
    /// texts. Empty ones are left out.
    pub(super) fn list(&mut self, name: &str) -> Vec<String> {
        let items = match self.given.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().map(text).collect(),
            Some(value) => text(value).map(|text| text.split(',').map(str::to_string).collect()),
        };
        let mut items: Vec<String> = self.note(name, items);
        items.retain(|item| !item.is_empty());
        items
    }

    /// 400 with all faults by name, if there are any.
    pub(super) fn refuse_faults(self) -> Result<(), Refusal> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Refusal::faults(self.faults))
        }
    }

    fn note<T: Default>(&mut self, name: &str, value: Result<T, &'static str>) -> T {
        value.unwrap_or_else(|fault| {
            self.faults.insert(name.to_string(), json!([fault]));
            T::default()
        })
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(given)) => Ok(given),
        Ok(_) => {
            let fault = json!(["Invalid data. Expected a dictionary."]);
            Err(Refusal::faults(Map::from_iter([(
                "non_field_errors".to_string(),
                fault,
            )])))
        }
        Err(_) => Err(Refusal::detail(StatusCode::BAD_REQUEST, "JSON parse error")),
    }
}

fn text(value: &Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err("Not a valid string."),
    }
}
