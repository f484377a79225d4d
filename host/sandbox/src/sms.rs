//! Messages, and what became of them.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Messages that are kept.
const KEPT: usize = 1_000;

/// A message in the inbox. Debug does not show its body: there is a PIN in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Its id in the API.
    pub message_id: String,
    /// `sms`.
    pub channel: &'static str,
    /// Who it says it is from.
    pub sender: String,
    /// Whom it went to.
    pub recipient: String,
    /// Its text.
    pub body: String,
    /// When it was taken: RFC 3339, UTC, whole seconds.
    pub sent_at: String,
    tags: Vec<String>,
    taken: OffsetDateTime,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("message_id", &self.message_id).field("body", &"[REDACTED]").finish_non_exhaustive()
    }
}

impl Message {
    pub(crate) fn new(message_id: String, sender: String, recipient: String, body: String, tags: Vec<String>) -> Self {
        let taken = OffsetDateTime::now_utc();
        let sent_at = taken.replace_nanosecond(0).unwrap_or(taken).format(&Rfc3339).unwrap_or_default();
        Self { message_id, channel: "sms", sender, recipient, body, sent_at, tags, taken }
    }

    /// As in the inbox.
    pub(crate) fn entry(&self) -> Value {
        let Self { message_id, channel, sender, recipient, body, sent_at, .. } = self;
        json!({"message_id": message_id, "channel": channel, "sender": sender, "recipient": recipient, "body": body, "sent_at": sent_at})
    }

    /// As the API tells it, `url` being the sandbox's.
    pub(crate) fn status(&self, url: &str, now: OffsetDateTime) -> Value {
        let parts = parts(&self.body);
        let sent = self.sent_at.replace('T', " ").replace('Z', "");
        json!({
            "msgid": self.message_id, "status": progress((now - self.taken).unsigned_abs()), "sender": self.sender, "recipient": self.recipient,
            "sent_time": sent, "cost": parts * 10, "parts": parts, "tags": self.tags,
            "url": format!("{url}/sms/messages/{}/", self.message_id),
        })
    }
}

fn progress(age: Duration) -> &'static str {
    match age.as_secs() {
        0 => "QUEUED",
        1 => "DELIVERING",
        _ => "DELIVERED",
    }
}

/// Parts of a text: one of 140 ASCII characters or 70 UTF-16 units, else 132 or 66 each.
pub(crate) fn parts(text: &str) -> usize {
    let units = text.encode_utf16().count();
    let (whole, split) = if text.is_ascii() { (140, 132) } else { (70, 66) };
    if units <= whole { 1 } else { units.div_ceil(split) }
}

/// All phones there are.
#[derive(Default)]
pub(crate) struct Phones(Mutex<VecDeque<Message>>);

impl Phones {
    pub(crate) fn take(&self, message: Message) {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    pub(crate) fn inbox(&self, recipient: Option<&str>) -> Vec<Message> {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.iter().filter(|message| recipient.is_none_or(|own| own == message.recipient)).cloned().collect()
    }

    pub(crate) fn find(&self, message_id: &str) -> Option<Message> {
        let messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        messages.iter().find(|message| message.message_id == message_id).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_the_table() {
        for (text, expected) in [("x".repeat(140), 1), ("x".repeat(141), 2), ("x".repeat(660), 5), ("あ".repeat(70), 1), ("あ".repeat(71), 2), ("🙂".repeat(36), 2)] {
            assert_eq!(parts(&text), expected);
        }
    }

    #[test]
    fn a_message_moves_on_by_time() {
        let message = Message::new("m".into(), "s".into(), "+819012345678".into(), "b".into(), vec!["t".into()]);
        let status = |seconds: i64| message.status("http://x", message.taken + time::Duration::seconds(seconds))["status"].clone();
        assert_eq!([status(0), status(1), status(2), status(60)], ["QUEUED", "DELIVERING", "DELIVERED", "DELIVERED"]);
        assert_eq!(message.status("http://x", message.taken)["url"], "http://x/sms/messages/m/");
        assert!(message.sent_at.ends_with('Z') && message.sent_at.len() == 20, "{}", message.sent_at);
    }

    #[test]
    fn the_oldest_goes() {
        let phones = Phones::default();
        for at in 0..=KEPT {
            phones.take(Message::new(at.to_string(), "s".into(), "r".into(), "b".into(), Vec::new()));
        }
        let inbox = phones.inbox(None);
        assert_eq!((inbox.len(), inbox[0].message_id.as_str(), inbox[KEPT - 1].message_id.as_str()), (KEPT, "1", "1000"));
    }
}
