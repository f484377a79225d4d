//! A message, and what became of it.

use std::fmt;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Date, Duration, OffsetDateTime};

use crate::fault::Fault;

/// Credits for a part of a message.
const PART_COST: usize = 10;

/// A message in the inbox. Debug does not show its body: there is a PIN in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Its id in the API: 32 letters and digits, of a call a UUID.
    pub message_id: String,
    /// The channel: `sms` or `voice`.
    pub channel: &'static str,
    /// The sender, as given.
    pub sender: String,
    /// The recipient in E.164.
    pub recipient: String,
    /// Its text, or what the call says.
    pub body: String,
    /// The time at which it was taken: RFC 3339, UTC, whole seconds, such as `2026-11-24T08:00:00Z`.
    pub sent_at: String,
    pub(crate) callback_url: Option<String>,
    pub(crate) fault: Option<Fault>,
    cost: usize,
    tags: Vec<String>,
    taken: OffsetDateTime,
}

/// A sound request to send.
pub(crate) struct Draft {
    pub(crate) channel: &'static str,
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) body: String,
    pub(crate) tags: Vec<String>,
    pub(crate) callback_url: Option<String>,
    /// The price in credits, where it does not depend on the text.
    pub(crate) flat_cost: Option<usize>,
    /// The sandbox's remarks on it.
    pub(crate) remarks: Vec<String>,
}

impl Draft {
    /// Returns the price in credits.
    pub(crate) fn cost(&self) -> usize {
        self.flat_cost
            .unwrap_or_else(|| parts(&self.body) * PART_COST)
    }
}

impl Message {
    pub(crate) fn new(
        message_id: String,
        draft: Draft,
        fault: Option<Fault>,
        taken: OffsetDateTime,
    ) -> Self {
        let cost = draft.cost();
        let Draft {
            channel,
            sender,
            recipient,
            body,
            tags,
            callback_url,
            ..
        } = draft;
        let sent_at = rfc3339(taken);
        Self {
            message_id,
            channel,
            sender,
            recipient,
            body,
            sent_at,
            callback_url,
            fault,
            cost,
            tags,
            taken,
        }
    }

    /// Returns the message as the inbox shows it.
    pub(crate) fn entry(&self) -> Value {
        json!({
            "message_id": self.message_id,
            "channel": self.channel,
            "sender": self.sender,
            "recipient": self.recipient,
            "body": self.body,
            "sent_at": self.sent_at,
        })
    }

    /// The date it was taken, in UTC.
    pub(crate) fn date(&self) -> Date {
        self.taken.to_offset(time::UtcOffset::UTC).date()
    }

    /// The words of its states, in their order.
    pub(crate) fn states(&self) -> [&'static str; 3] {
        let fault = self.fault;
        if self.channel == "voice" {
            let last = match fault {
                Some(Fault::Failed) => "FAILED",
                Some(Fault::Fail) => "NO ANSWER",
                Some(Fault::Stuck) => "IN PROGRESS",
                _ => "ANSWERED",
            };
            return ["IN PROGRESS", "IN PROGRESS", last];
        }
        let last = match fault {
            Some(Fault::Failed) => "FAILED",
            Some(Fault::Fail) => "FAIL",
            Some(Fault::Ok) => "OK",
            Some(Fault::Stuck) => "DELIVERING",
            Some(Fault::UnknownState) => "PONDERING",
            _ => "DELIVERED",
        };
        ["QUEUED", "DELIVERING", last]
    }

    /// The word of its state.
    pub(crate) fn state(&self, pace: std::time::Duration, now: OffsetDateTime) -> &'static str {
        self.states()[stage(now - self.taken, pace)]
    }

    /// Returns the message as the API describes it. `url` is the sandbox's.
    pub(crate) fn status(&self, url: &str, state: &str) -> Value {
        let sent_time = self.sent_at.replace('T', " ").replace('Z', "");
        if self.channel == "voice" {
            return json!({
                "callid": self.message_id,
                "caller": self.sender,
                "recipient": self.recipient,
                "status": state,
                "call_type": "simple/playbacks",
                "direction": "outbound",
                "start_time": sent_time,
                "end_time": sent_time,
                "duration": 15,
                "cost": self.cost,
                "tags": self.tags,
                "url": format!("{url}/voice/calls/{}/", self.message_id),
            });
        }
        json!({
            "msgid": self.message_id,
            "status": state,
            "sender": self.sender,
            "recipient": self.recipient,
            "sent_time": sent_time,
            "cost": self.cost,
            "parts": parts(&self.body),
            "tags": self.tags,
            "url": format!("{url}/sms/messages/{}/", self.message_id),
        })
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("message_id", &self.message_id)
            .field("body", &"[REDACTED]")
            .finish_non_exhaustive()
    }
}

/// Returns the stage, of three, of a message of this age. A clock that was put back leaves it at the first.
fn stage(age: Duration, pace: std::time::Duration) -> usize {
    if age >= pace * 2 {
        2
    } else {
        usize::from(age >= pace)
    }
}

/// Parts that a text is sent and billed in, by the table of help.xoxzo.com,
/// `how-many-characters`: one of 140 ASCII characters or 70 UTF-16 units, else 132 or 66 each.
fn parts(text: &str) -> usize {
    let units = text.encode_utf16().count();
    let (whole, split) = if text.is_ascii() {
        (140, 132)
    } else {
        (70, 66)
    };
    if units <= whole {
        1
    } else {
        units.div_ceil(split)
    }
}

/// A time in RFC 3339, UTC, with whole seconds.
pub(crate) fn rfc3339(moment: OffsetDateTime) -> String {
    let whole = moment
        .to_offset(time::UtcOffset::UTC)
        .replace_nanosecond(0)
        .expect("0 is in range");
    whole
        .format(&Rfc3339)
        .expect("a clock tells years of four digits")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn parts_follow_the_table() {
        let ascii = [(1, 140), (2, 264), (3, 396), (4, 528), (5, 660)];
        let other = [70, 132, 198, 264, 330, 396, 462, 528, 594, 660];
        for (expected, units) in ascii {
            assert_eq!(parts(&"x".repeat(units)), expected, "{units} ASCII");
            assert_eq!(
                parts(&"x".repeat(units + 1)),
                expected + 1,
                "{units} ASCII and one"
            );
        }
        for (at, units) in other.into_iter().enumerate() {
            assert_eq!(parts(&"あ".repeat(units)), at + 1, "{units} others");
            assert_eq!(
                parts(&"あ".repeat(units + 1)),
                at + 2,
                "{units} others and one"
            );
        }
    }

    #[test]
    fn one_letter_outside_of_ascii_shortens_the_parts() {
        assert_eq!(parts(&format!("{}é", "x".repeat(69))), 1);
        assert_eq!(parts(&format!("{}é", "x".repeat(70))), 2);
    }

    #[test]
    fn an_emoji_counts_twice() {
        assert_eq!(parts(&"🙂".repeat(35)), 1);
        assert_eq!(parts(&"🙂".repeat(36)), 2);
    }

    #[test]
    fn a_clock_put_back_does_not_deliver() {
        let pace = std::time::Duration::from_secs(1);
        assert_eq!(stage(Duration::seconds(-5), pace), 0);
        assert_eq!(stage(Duration::ZERO, std::time::Duration::ZERO), 2);
    }

    #[test]
    fn dates_are_in_utc_and_whole_seconds() {
        for (moment, expected) in [
            (datetime!(2026-11-24 08:00:00 UTC), "2026-11-24T08:00:00Z"),
            (
                datetime!(2026-11-24 08:00:00.999 UTC),
                "2026-11-24T08:00:00Z",
            ),
            (datetime!(2027-01-01 00:30:00 +9), "2026-12-31T15:30:00Z"),
            (datetime!(2028-02-29 23:59:59 UTC), "2028-02-29T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(moment), expected);
        }
    }
}
