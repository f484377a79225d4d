//! Arguments of a function, from a tree that its form has filled.

use std::time::Duration;

use xoxzo_2fa::{Binding, Channel, Code, Expected, Sending, Transaction};
use xoxzo_2fa_core::document::SchemaError;
use xoxzo_2fa_core::json::Node;

use super::function::Function;

/// What stands for an object that was left out.
static NOTHING: Node = Node::Null;

/// The arguments of a function, which have their form.
pub(crate) struct Asked(Node);

impl Asked {
    /// Reads the body of a request.
    ///
    /// # Errors
    ///
    /// Path and kind of the first fault, and no value.
    pub(crate) fn read(function: Function, body: &[u8]) -> Result<Self, SchemaError> {
        let json = str::from_utf8(body).map_err(|_| SchemaError::new("not UTF-8"))?;
        let mut given = Node::parse(json).map_err(|(kind, _)| SchemaError::new(kind))?;
        let filled = function.arguments().fill(&mut given);
        filled.map_err(|error| error.within(function.name()))?;
        Ok(Self(given))
    }

    /// A text; the empty one if it was left out.
    pub(crate) fn text(&self, name: &str) -> &str {
        text(&self.0, name).unwrap_or_default()
    }

    /// A text, if it was given.
    pub(crate) fn option(&self, name: &str) -> Option<&str> {
        text(&self.0, name)
    }

    /// Tells whether the caller wants an audit.
    pub(crate) fn audit(&self) -> bool {
        self.0.field("audit").and_then(Node::flag) == Some(true)
    }

    pub(crate) fn binding(&self) -> Binding {
        let given = self.0.field("binding").unwrap_or(&NOTHING);
        let part = |name| text(given, name).unwrap_or_default();
        let mut binding = Binding::new(part("recipient"), part("subject"), part("purpose"));
        binding.session = text(given, "session").map(str::to_string);
        binding.transaction = transaction(given);
        binding
    }

    pub(crate) fn sending(&self) -> Sending {
        let given = self.0.field("sending").unwrap_or(&NOTHING);
        let mut sending = Sending::default();
        if text(given, "channel") == Some("voice") {
            sending = sending.channel(Channel::Voice);
        }
        sending.locale = text(given, "locale").map(str::to_string);
        sending.client = text(given, "client").map(str::to_string);
        sending.decoy = given.field("decoy").and_then(Node::flag) == Some(true);
        sending
    }

    pub(crate) fn expected(&self) -> Expected {
        let given = self.0.field("expected").unwrap_or(&NOTHING);
        let part = |name| text(given, name).unwrap_or_default();
        let mut expected = Expected::new(part("subject"), part("purpose"));
        expected.recipient = text(given, "recipient").map(str::to_string);
        expected.session = text(given, "session").map(str::to_string);
        expected.transaction = transaction(given);
        expected
    }

    pub(crate) fn transaction(&self) -> Option<Transaction> {
        transaction(&self.0)
    }

    pub(crate) fn receipt_keys(&self) -> Vec<String> {
        let keys = self.0.field("receipt_keys").map_or(&[][..], Node::list);
        keys.iter()
            .filter_map(Node::text)
            .map(str::to_string)
            .collect()
    }

    /// The code of a failure: the form takes no other text.
    pub(crate) fn code(&self) -> Option<Code> {
        let name = self.text("code");
        Code::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    pub(crate) fn guesses_left(&self) -> Option<u32> {
        self.number("guesses_left")
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.number("retry_after_seconds")?;
        Some(Duration::from_secs(seconds.into()))
    }

    /// A number, and the largest for one that is larger.
    fn number(&self, name: &str) -> Option<u32> {
        let number = self.0.field(name).and_then(Node::number)?;
        Some(u32::try_from(number).unwrap_or(u32::MAX))
    }
}

fn text<'a>(node: &'a Node, name: &str) -> Option<&'a str> {
    node.field(name).and_then(Node::text)
}

fn transaction(node: &Node) -> Option<Transaction> {
    let paid = node.field("transaction")?;
    let part = |name| text(paid, name).unwrap_or_default();
    Some(Transaction::new(
        part("amount"),
        part("currency"),
        part("payee"),
    ))
}
