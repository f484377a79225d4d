//! Compliance: the rules of standards that settings meet, and those left to the service.
//!
//! The rules are in `wit/compliance.json`, the same for every host. A rule is *met* or *not met* only where settings decide it.

use serde_json::Value;

use crate::configuration::Checked;

const RULES: &str = include_str!("../wit/compliance.json");

/// The verdict on a rule. The gravest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Standing {
    /// The settings break it.
    NotMet,
    /// Settings cannot prove it: it is the service's to do.
    Yours,
    /// The settings see to it.
    Met,
}

impl Standing {
    /// `met`, `not met` or `yours`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::Yours => "yours",
        }
    }
}

/// A rule of a standard, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Name of the rule, such as `nist-throttle`.
    pub id: String,
    /// Standard and section.
    pub source: String,
    /// True if the standard says MUST, false if it says SHOULD.
    pub must: bool,
    /// The rule in words.
    pub text: String,
    /// The verdict.
    pub standing: Standing,
    /// Advice: the change that meets the rule, or the service's own part in it.
    pub advice: Option<String>,
    /// Fields of the settings that break the rule, such as `pin.digits`. Empty unless it is not met.
    pub fields: Vec<String>,
}

impl Checked {
    /// Each rule that settings touch, and how it stands.
    #[must_use]
    pub fn compliance(&self) -> Vec<Finding> {
        let effective: Value =
            serde_json::from_str(self.effective_settings()).expect("the component writes JSON");
        let rules: Value = serde_json::from_str(RULES).expect("the rules are ours");
        let rules = rules["rules"].as_array().expect("they are a list");
        rules.iter().map(|rule| finding(rule, &effective)).collect()
    }
}

fn finding(rule: &Value, effective: &Value) -> Finding {
    let text = |name: &str| rule[name].as_str().map(str::to_string);
    let tests = rule["met_if"].as_array();
    let broken = tests.into_iter().flatten();
    let broken = broken.filter(|test| !holds(test, effective));
    let fields: Vec<_> = broken
        .filter_map(|test| test["path"].as_str())
        .map(str::to_string)
        .collect();
    let standing = match tests {
        None => Standing::Yours,
        Some(_) if fields.is_empty() => Standing::Met,
        Some(_) => Standing::NotMet,
    };
    let advice = match standing {
        Standing::Met => None,
        Standing::NotMet => text("setting").map(|setting| format!("change {setting}")),
        Standing::Yours => text("yours"),
    };
    Finding {
        id: text("id").unwrap_or_default(),
        source: text("source").unwrap_or_default(),
        must: rule["level"] == "must",
        text: text("text").unwrap_or_default(),
        standing,
        advice,
        fields,
    }
}

/// Tests a value of the settings against a rule. An absent value passes no test.
fn holds(test: &Value, effective: &Value) -> bool {
    let path = test["path"].as_str().unwrap_or_default();
    let value = path.split('.').try_fold(effective, |at, name| at.get(name));
    let Some(value) = value else {
        return false;
    };
    let least = test["at_least"].as_u64();
    let most = test["at_most"].as_u64();
    match (least, most, test.get("is")) {
        (Some(least), _, _) => value.as_u64().is_some_and(|number| number >= least),
        (_, Some(most), _) => value.as_u64().is_some_and(|number| number <= most),
        (_, _, Some(wanted)) => value == wanted,
        _ => test["present"] == true,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn rules_have_names_of_their_own_and_decide_something() {
        let rules: Value = serde_json::from_str(RULES).unwrap();
        let rules = rules["rules"].as_array().unwrap();
        let names: BTreeSet<_> = rules
            .iter()
            .map(|rule| rule["id"].as_str().unwrap())
            .collect();
        assert_eq!(names.len(), rules.len());
        for rule in rules {
            let decided = rule["met_if"]
                .as_array()
                .is_some_and(|tests| !tests.is_empty());
            assert_ne!(decided, rule["yours"].is_string(), "{}", rule["id"]);
            assert_eq!(decided, rule["setting"].is_string(), "{}", rule["id"]);
            assert!(matches!(rule["level"].as_str(), Some("must" | "should")));
        }
    }

    #[test]
    fn tests_of_rules() {
        let effective = serde_json::json!({"a": {"b": 5}, "c": false, "d": ["x"]});
        for (test, expected) in [
            (r#"{"path":"a.b","at_least":5}"#, true),
            (r#"{"path":"a.b","at_least":6}"#, false),
            (r#"{"path":"a.b","at_most":5}"#, true),
            (r#"{"path":"a.b","at_most":4}"#, false),
            (r#"{"path":"c","is":false}"#, true),
            (r#"{"path":"c","is":true}"#, false),
            (r#"{"path":"d","present":true}"#, true),
            (r#"{"path":"e","present":true}"#, false),
            (r#"{"path":"a.e","at_most":9}"#, false),
            (r#"{"path":"d","at_most":9}"#, false),
        ] {
            let test: Value = serde_json::from_str(test).unwrap();
            assert_eq!(holds(&test, &effective), expected, "{test}");
        }
    }
}
