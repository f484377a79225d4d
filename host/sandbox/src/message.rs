//! A message, and what became of it.

use std::fmt;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

/// Credits for a part of a message.
const PART_COST: usize = 10;

/// A message in the inbox. Debug does not show its body: there is a PIN in it.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// Its id in the API: 32 letters and digits.
    pub message_id: String,
    /// What it came by: `sms`.
    pub channel: &'static str,
    /// Who it says it is from, as given.
    pub sender: String,
    /// Whom it went to, in E.164.
    pub recipient: String,
    /// Its text.
    pub body: String,
    /// When it was taken: RFC 3339, UTC, whole seconds, such as `2026-11-24T08:00:00Z`.
    pub sent_at: String,
    tags: Vec<String>,
    taken: OffsetDateTime,
}

/// What a request to send asks for, found sound.
pub(crate) struct Draft {
    pub(crate) sender: String,
    pub(crate) recipient: String,
    pub(crate) body: String,
    pub(crate) tags: Vec<String>,
}

impl Message {
    pub(crate) fn new(message_id: String, draft: Draft, taken: OffsetDateTime) -> Self {
        let Draft {
            sender,
            recipient,
            body,
            tags,
        } = draft;
        let sent_at = rfc3339(taken);
        Self {
            message_id,
            channel: "sms",
            sender,
            recipient,
            body,
            sent_at,
            tags,
            taken,
        }
    }

    /// As in the inbox.
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

    /// As the API tells it, `url` being the sandbox's.
    pub(crate) fn status(&self, url: &str, now: OffsetDateTime) -> Value {
        let parts = parts(&self.body);
        json!({
            "msgid": self.message_id,
            "status": progress(now - self.taken),
            "sender": self.sender,
            "recipient": self.recipient,
            "sent_time": self.sent_at.replace('T', " ").replace('Z', ""),
            "cost": parts * PART_COST,
            "parts": parts,
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

/// The status of a message of that age; a clock put back leaves it `QUEUED`.
fn progress(age: Duration) -> &'static str {
    match age.whole_seconds() {
        ..1 => "QUEUED",
        1 => "DELIVERING",
        2.. => "DELIVERED",
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

fn rfc3339(moment: OffsetDateTime) -> String {
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
        assert_eq!(progress(Duration::seconds(-5)), "QUEUED");
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
