//! All phones there are, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::message::Message;

/// Messages that are kept; beyond it, the oldest goes.
const KEPT: usize = 1_000;

#[derive(Default)]
pub(crate) struct Phones {
    messages: Mutex<VecDeque<Message>>,
    arrived: watch::Sender<()>,
}

impl Phones {
    pub(crate) fn take(&self, message: Message) {
        let mut messages = self.messages();
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
        drop(messages);
        self.arrived.send_replace(());
    }

    pub(crate) fn clear(&self) {
        self.messages().clear();
    }

    /// Tells when a message has come.
    pub(crate) fn arrivals(&self) -> watch::Receiver<()> {
        self.arrived.subscribe()
    }

    /// The first message to a recipient, if one is given, and after another, if one is given and still there.
    pub(crate) fn next(&self, recipient: Option<&str>, after: Option<&str>) -> Option<Message> {
        let messages = self.messages();
        let after = messages
            .iter()
            .position(|message| Some(message.message_id.as_str()) == after);
        let mut later = messages.iter().skip(after.map_or(0, |at| at + 1));
        let next = later.find(|message| recipient.is_none_or(|own| own == message.recipient));
        next.cloned()
    }

    /// Newest last.
    pub(crate) fn inbox(&self, recipient: Option<&str>) -> Vec<Message> {
        let messages = self.messages();
        let to = |message: &&Message| recipient.is_none_or(|own| own == message.recipient);
        messages.iter().filter(to).cloned().collect()
    }

    pub(crate) fn find(&self, message_id: &str) -> Option<Message> {
        let messages = self.messages();
        messages
            .iter()
            .find(|message| message.message_id == message_id)
            .cloned()
    }

    fn messages(&self) -> MutexGuard<'_, VecDeque<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::message::Draft;

    #[test]
    fn the_oldest_goes() {
        let phones = Phones::default();
        for at in 0..=KEPT {
            let draft = Draft {
                channel: "sms",
                callback_url: None,
                sender: "Shop".into(),
                recipient: "+819012345678".into(),
                body: "Hi".into(),
                tags: Vec::new(),
                flat_cost: None,
                remarks: Vec::new(),
            };
            phones.take(Message::new(
                at.to_string(),
                draft,
                None,
                OffsetDateTime::UNIX_EPOCH,
            ));
        }
        let inbox = phones.inbox(None);
        assert_eq!(inbox.len(), 1_000);
        assert_eq!(
            (inbox[0].message_id.as_str(), inbox[999].message_id.as_str()),
            ("1", "1000")
        );
        assert!(phones.find("0").is_none() && phones.find("1").is_some());
    }
}
