//! Templates, and what is made from them.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The longest name of a variable, in characters.
const LONGEST_NAME: usize = 64;

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

    /// Checks the id and that every brace belongs to a placeholder.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.id == 0 {
            return Err("an id is 1 or more".to_string());
        }
        if self.content.is_empty() {
            return Err("the text is empty".to_string());
        }
        let mut rest = self.content.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let position = self.content.len() - rest.len() + at;
            let character = self.content[..position].chars().count() + 1;
            let name = rest[at..].strip_prefix('{').ok_or_else(|| {
                format!("the `}}` at character {character} closes no placeholder")
            })?;
            let (name, after) = name
                .split_once('}')
                .ok_or_else(|| format!("the `{{` at character {character} is not closed"))?;
            if !is_name(name) {
                return Err(format!(
                    "`{{{name}}}` is not a placeholder: a name is 1 to {LONGEST_NAME} letters, digits and _"
                ));
            }
            rest = after;
        }
        Ok(())
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

/// Tells whether Xoxzo takes it as the name of a variable (docs.xoxzo.com, "SMS templates").
fn is_name(name: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_brace_belongs_to_a_placeholder() {
        let check = |id, content: &str| Template::new(id, "A".into(), content.into(), true).check();
        let longest = format!("{{{}}}", "x".repeat(LONGEST_NAME));
        for content in [
            "Hi",
            "{a}",
            "{a}{b_2} {a}",
            "認証コード：{code}。",
            &longest,
        ] {
            assert_eq!(check(1, content), Ok(()), "{content}");
        }
        let long = format!("{{{}}}", "x".repeat(LONGEST_NAME + 1));
        for (id, content, why) in [
            (0, "Hi", "an id is 1 or more"),
            (1, "", "the text is empty"),
            (1, "認証 {code", "the `{` at character 4 is not closed"),
            (1, "{a} b}", "the `}` at character 6 closes no placeholder"),
            (1, "}{", "the `}` at character 1 closes no placeholder"),
            (1, "{a{b}}", "`{a{b}` is not a placeholder"),
            (1, "{}", "`{}` is not a placeholder"),
            (1, "{the-code}", "`{the-code}` is not a placeholder"),
            (
                1,
                &long,
                "is not a placeholder: a name is 1 to 64 letters, digits and _",
            ),
        ] {
            let told = check(id, content).unwrap_err();
            assert!(told.contains(why), "{content}: {told}");
        }
    }

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
