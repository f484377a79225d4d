//! The parameters of a request: a form or a JSON object, and what is wrong with them.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::refusal::Refusal;

/// The longest text, in UTF-16 units (help.xoxzo.com, `how-many-characters`).
const LONGEST_TEXT: usize = 660;

/// Country codes after which a national number never begins with 0: there it is a kept trunk zero.
const NO_ZERO_AFTER: [&str; 11] = [
    "31", "33", "44", "49", "60", "61", "62", "66", "81", "82", "84",
];

/// A check of a parameter. The error is the text that Xoxzo answers.
pub(super) type Rule = fn(&str) -> Result<(), &'static str>;

/// Parameters by name. Those that are not asked for are ignored.
pub(super) struct Parameters {
    given: Map<String, Value>,
    faults: Map<String, Value>,
}

impl Parameters {
    /// Reads a body that came whole.
    pub(super) fn read(
        headers: &HeaderMap,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<Self, Refusal> {
        let body = body.map_err(|_| {
            Refusal::detail(StatusCode::PAYLOAD_TOO_LARGE, "Request body too large.")
        })?;
        Self::parse(headers, &body)
    }

    /// Reads a body by its content type. Of a parameter that a form gives twice, the last counts;
    /// one that is null in JSON counts as absent.
    fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
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

    /// Tells whether the parameter is there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        !matches!(self.given.get(name), None | Some(Value::Null))
    }

    /// A text that may be absent.
    pub(super) fn optional(&mut self, name: &str) -> Option<String> {
        if !self.has(name) {
            return None;
        }
        let text = self
            .given
            .get(name)
            .map_or(Err("Not a valid string."), text);
        Some(self.note(name, text)).filter(|text| !text.is_empty())
    }

    /// An object that must be there; in a form, as JSON.
    pub(super) fn object(&mut self, name: &str) -> Map<String, Value> {
        const FAULT: &str = "Expected a dictionary of items.";
        let found = match self.given.get(name) {
            None | Some(Value::Null) => Err("This field is required."),
            Some(Value::Object(found)) => Ok(found.clone()),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| FAULT),
            Some(_) => Err(FAULT),
        };
        self.note(name, found)
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

    /// A flag that may be absent: the text `true` or `false`, or such a value in JSON.
    pub(super) fn flag(&mut self, name: &str) -> bool {
        let flag = match self.given.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if text == "true" => Ok(true),
            Some(Value::String(text)) if text == "false" => Ok(false),
            Some(_) => Err("Must be a valid boolean."),
        };
        self.note(name, flag)
    }

    /// Notes what is wrong with a parameter.
    pub(super) fn refuse(&mut self, name: &str, fault: &str) {
        self.faults.insert(name.to_string(), json!([fault]));
    }

    /// Names the given parameters that change something at Xoxzo, or once did, and nothing here.
    pub(super) fn not_imitated(&self) -> Vec<String> {
        let tracking = ["track_link", "lt_callbackurl"].into_iter();
        let tracking = tracking.map(|name| (name, "is not imitated: links stay as they are"));
        let ended = ["jp-kp", "jp-kddi-sender", "jp_kddi_sender"].into_iter();
        let ended = ended.map(|name| (name, "is a name that Xoxzo no longer knows"));
        let given = tracking.chain(ended).filter(|(name, _)| self.has(name));
        given.map(|(name, why)| format!("{name} {why}")).collect()
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

pub(super) fn message(text: &str) -> Result<(), &'static str> {
    let fits = text.encode_utf16().count() <= LONGEST_TEXT;
    fits.then_some(()).ok_or("Message too long")
}

/// E.164: a plus sign and 8 to 15 digits, the first not 0, and no trunk zero after the country code.
pub(super) fn recipient(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let plausible = (8..=15).contains(&digits.len()) && all_digits(digits);
    let trunk_zero = NO_ZERO_AFTER.iter().any(|code| {
        let national = digits.strip_prefix(code).unwrap_or_default();
        national.starts_with('0')
    });
    let sound = plausible && !digits.starts_with('0') && !trunk_zero;
    sound.then_some(()).ok_or("Enter a valid phone number.")
}

/// Checks a sender: at most 10 letters and digits, or at most 15 digits with or without a plus sign.
pub(super) fn sender(text: &str) -> Result<(), &'static str> {
    let named = text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (named || caller(text).is_ok())
        .then_some(())
        .ok_or("Enter a valid sender.")
}

/// Checks a numeric sender: at most 15 digits, with or without a plus sign.
pub(super) fn caller(text: &str) -> Result<(), &'static str> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let numeric = !digits.is_empty() && digits.len() <= 15 && all_digits(digits);
    numeric.then_some(()).ok_or("Enter a valid phone number.")
}

/// A language that is spoken.
pub(super) fn language(text: &str) -> Result<(), &'static str> {
    let spoken = matches!(text, "en" | "ja");
    spoken
        .then_some(())
        .ok_or("This language is not supported.")
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}
