//! Operations by `ask`, the one function of the module for hosts without components.

use std::collections::HashMap;

use serde_json::{Value, json};
use xoxzo_2fa_json::Conversation;
use xoxzo_2fa_world::{Counting, NOW, pin_in};

/// The questions of a start and of a verify that is accepted, so that they can be asked again without a host's own work between them.
pub(crate) struct Asked {
    settings: String,
    pub(crate) start: Vec<String>,
    pub(crate) verify: Vec<String>,
}

impl Asked {
    /// Walks a login with these settings. `None` if the user is not let in.
    pub(crate) fn new(document: &Value) -> Option<Self> {
        let mut host = Host::default();
        let (_, mut prepared) = host.ask(&json!({"prepare": {"json": document.to_string()}}))?;
        host.settings = prepared["settings"].take().as_str()?.to_string();
        let binding =
            json!({"recipient": "+819012345678", "subject": "user-1", "purpose": "login"});
        let challenge = host.run(
            json!({"start": {"binding": binding, "audit": true}}),
            "challenged",
        )?;
        let start = host.questions.split_off(1);
        let guess = json!({
            "token": challenge["token"], "binding": binding, "pin": host.pin, "audit": true,
        });
        host.run(json!({"verify": guess}), "accepted")?;
        Some(Self {
            verify: host.questions.split_off(1),
            settings: host.settings,
            start,
        })
    }

    /// Asks all of an operation in one conversation, and returns the kind of the last answer with its brace: `{"accepted"`.
    pub(crate) fn again(&self, questions: &[String]) -> String {
        let mut conversation = Conversation::new();
        let mut last = String::new();
        for question in questions {
            let random = &mut Counting::default();
            let (settings, question) = (self.settings.as_bytes(), question.as_bytes());
            last = conversation.ask(settings, NOW, question, random);
        }
        last.split(':').next().unwrap_or_default().to_string()
    }
}

#[derive(Default)]
struct Host {
    settings: String,
    counters: HashMap<String, i64>,
    pin: String,
    questions: Vec<String>,
}

impl Host {
    fn run(&mut self, mut question: Value, end: &str) -> Option<Value> {
        loop {
            let (kind, answer) = self.ask(&question)?;
            question = match kind.as_str() {
                "count" => {
                    let charges = answer["charges"].as_array()?;
                    let totals: Vec<_> = charges.iter().map(|charge| self.charge(charge)).collect();
                    json!({"counted": {"state": answer["state"], "totals": totals}})
                }
                "send" => {
                    let message = answer["request"]["body"].as_str()?.split('&').next()?;
                    self.pin = pin_in(message, 6)?;
                    let response = json!({"status": 201, "body": r#"[{"msgid":"m1"}]"#});
                    json!({"sent": {"state": answer["state"], "response": response}})
                }
                kind => return (kind == end).then_some(answer),
            }
        }
    }

    fn charge(&mut self, charge: &Value) -> Value {
        let name = charge["counter"].as_str().unwrap_or_default();
        let total = self.counters.entry(name.to_string()).or_default();
        *total = (*total + charge["amount"].as_i64().unwrap_or_default()).max(0);
        json!({"total": *total, "ends_in_seconds": charge["ttl_seconds"]})
    }

    fn ask(&mut self, question: &Value) -> Option<(String, Value)> {
        self.questions.push(question.to_string());
        let random = &mut Counting::default();
        let question = question.to_string();
        let settings = self.settings.as_bytes();
        let answer = Conversation::new().ask(settings, NOW, question.as_bytes(), random);
        let answer: Value = serde_json::from_str(&answer).ok()?;
        let fields = answer.as_object()?.clone();
        fields.into_iter().next()
    }
}
