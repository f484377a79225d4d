//! All phones there are, in memory.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::message::Message;

/// Messages that are kept; beyond it, the oldest goes.
const KEPT: usize = 1_000;

#[derive(Default)]
pub(crate) struct Phones(Mutex<VecDeque<Message>>);

impl Phones {
    pub(crate) fn take(&self, message: Message) {
        let mut messages = self.messages();
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
            };
            phones.take(Message::new(
                at.to_string(),
                draft,
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
