//! Templates, and what is made from them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) id: u32,
    name: String,
    content: String,
    pub(crate) approved: bool,
}

impl Template {
    pub(crate) fn new(id: u32, name: String, content: String, approved: bool) -> Self {
        Self {
            id,
            name,
            content,
            approved,
        }
    }

    /// Returns the template as the API describes it.
    pub(crate) fn entry(&self) -> Value {
        let content = |shown: bool| shown.then_some(&self.content);
        let example = self.approved.then(|| {
            let samples: Map<_, _> = self
                .placeholders()
                .into_iter()
                .map(|name| (name.to_string(), json!(format!("Sample_{name}"))))
                .collect();
            let body = json!({"sender": "TestSender", "recipient": "+81987654321", "variables": samples});
            format!(
                "curl -u sid:token -H 'Content-Type: application/json' -d '{body}' https://api.xoxzo.com/sms/templates/{}/messages/",
                self.id
            )
        });
        json!({
            "id": self.id,
            "name": self.name,
            "approved_content": content(self.approved),
            "pending_content": content(!self.approved),
            "status": if self.approved { "APPROVED" } else { "PENDING" },
            "api_usage_example": example,
        })
    }

    /// The text with its variables, or what is wrong with them.
    pub(crate) fn render(&self, variables: &Map<String, Value>) -> Result<String, String> {
        let placeholders = self.placeholders();
        if let Some(missing) = placeholders
            .iter()
            .find(|name| !variables.contains_key(**name))
        {
            return Err(format!("Missing variable: {missing}"));
        }
        if variables
            .keys()
            .any(|name| !placeholders.contains(name.as_str()))
        {
            return Err("Unknown variable".to_string());
        }
        let mut text = String::new();
        let mut rest = self.content.as_str();
        while let Some((before, name, after)) = next(rest) {
            text.push_str(before);
            match variables.get(name) {
                Some(Value::String(value)) => text.push_str(value),
                Some(Value::Number(value)) => text.push_str(&value.to_string()),
                _ => return Err("Not a valid string.".to_string()),
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }

    fn placeholders(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        let mut rest = self.content.as_str();
        while let Some((_, name, after)) = next(rest) {
            names.insert(name);
            rest = after;
        }
        names
    }
}

/// Splits a text at its first `{name}` into the text before it, the name, and the text after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(variables: Value) -> Result<String, String> {
        let template = Template::new(
            6,
            "Welcome".into(),
            "Hi {name}, {n} for {name}".into(),
            true,
        );
        template.render(variables.as_object().unwrap())
    }

    #[test]
    fn every_variable_and_no_other() {
        assert_eq!(
            render(json!({"name": "Ann", "n": 7})).unwrap(),
            "Hi Ann, 7 for Ann"
        );
        assert_eq!(
            render(json!({"name": "{n}", "n": "x"})).unwrap(),
            "Hi {n}, x for {n}"
        );
        assert_eq!(
            render(json!({"name": "Ann"})).unwrap_err(),
            "Missing variable: n"
        );
        for variables in [
            json!({"name": "Ann", "n": 7, "more": 1}),
            json!({"name": ["Ann"], "n": 7}),
            json!({}),
        ] {
            assert!(render(variables).is_err());
        }
    }
}
