//! Messages of decoys: what is told of them. Nothing was sent, so their states are drawn, to go as those of messages do.
//!
//! ```text
//! an SMS: QUEUED ─ 1 to 4 s ► DELIVERING ─┬─ 2 to 9 s, one in ten 10 to 89 s ► DELIVERED
//!                                         └─ 4 in 100: 60 to 299 s ──────────► FAILED
//! a call: IN PROGRESS ─ 10 to 39 s ─┬► ANSWERED
//!                                   └─ 12 in 100 ► NO ANSWER
//! ```
//!
//! What is drawn depends on the key and the message's id alone, and the rest on the age: a state never goes back.

use crate::common::channel::Channel;
use crate::common::codec::{Reader, Writer};
use crate::signed::mac::MacKey;

/// A state that is told of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DecoyState {
    Queued,
    Delivering,
    Delivered,
    Failed,
    InProgress,
    Answered,
    NoAnswer,
}

impl DecoyState {
    pub(crate) const ALL: [Self; 7] = [
        Self::Queued,
        Self::Delivering,
        Self::Delivered,
        Self::Failed,
        Self::InProgress,
        Self::Answered,
        Self::NoAnswer,
    ];

    /// Draws the state of a message that was not sent, `age` seconds ago.
    pub(crate) fn draw(key: &MacKey, channel: Channel, message_id: &str, age: u32) -> Self {
        let input = Writer::new()
            .text("xoxzo-2fa decoy state")
            .u8(channel.number())
            .text(message_id)
            .finish();
        let drawn = key.mac(&input);
        let mut drawn = Reader::new(&drawn);
        let [wait, way, rare, late, fate] = core::array::from_fn(|_| drawn.u32());
        match channel {
            Channel::Sms => {
                let fails = fate % 100 < 4;
                let queued = 1_u32.saturating_add(wait % 4);
                let delivering = match (fails, rare % 10) {
                    (true, _) => 60_u32.saturating_add(way % 240),
                    (false, 0) => 10_u32.saturating_add(late % 80),
                    (false, _) => 2_u32.saturating_add(way % 8),
                };
                if age < queued {
                    Self::Queued
                } else if age < queued.saturating_add(delivering) {
                    Self::Delivering
                } else if fails {
                    Self::Failed
                } else {
                    Self::Delivered
                }
            }
            Channel::Voice => {
                if age < 10_u32.saturating_add(late % 30) {
                    Self::InProgress
                } else if fate % 100 < 12 {
                    Self::NoAnswer
                } else {
                    Self::Answered
                }
            }
        }
    }

    /// The word of Xoxzo.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Delivering => "DELIVERING",
            Self::Delivered => "DELIVERED",
            Self::Failed => "FAILED",
            Self::InProgress => "IN PROGRESS",
            Self::Answered => "ANSWERED",
            Self::NoAnswer => "NO ANSWER",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    const DECOYS: usize = 1_000;

    /// The states of a decoy, second by second, and the seconds at which they begin.
    fn course(channel: Channel, at: usize) -> Vec<(u32, DecoyState)> {
        let key = MacKey::new(&[9; 32]);
        let id = format!("message-{at}");
        let mut course: Vec<(u32, DecoyState)> = Vec::new();
        for age in (0..400).chain([3_600, 86_399]) {
            let state = DecoyState::draw(&key, channel, &id, age);
            if course.last().is_none_or(|(_, last)| *last != state) {
                course.push((age, state));
            }
        }
        course
    }

    /// Whether a count is within four standard deviations of its share of all.
    fn near(count: usize, of: usize, percent: usize) -> bool {
        let variance = of * percent * (100 - percent) / 10_000;
        (count.abs_diff(of * percent / 100)).pow(2) <= 16 * variance
    }

    #[test]
    fn a_message_goes_forward_as_is_specified() {
        let (mut queued, mut late, mut failed) = ([0; 5], 0, 0);
        for at in 0..DECOYS {
            let course = course(Channel::Sms, at);
            let [
                (0, DecoyState::Queued),
                (moves, DecoyState::Delivering),
                (ends, end),
            ] = course[..]
            else {
                panic!("{course:?}");
            };
            queued[usize::try_from(moves).unwrap()] += 1;
            match (end, ends - moves) {
                (DecoyState::Failed, 60..300) => failed += 1,
                (DecoyState::Delivered, 2..10) => {}
                (DecoyState::Delivered, 10..90) => late += 1,
                _ => panic!("{course:?}"),
            }
        }
        assert!(queued[0] == 0 && queued[1..].iter().all(|count| near(*count, DECOYS, 25)));
        assert!(near(failed, DECOYS, 4), "{failed}");
        assert!(near(late, DECOYS - failed, 10), "{late}");
    }

    #[test]
    fn a_call_goes_forward_as_is_specified() {
        let mut unanswered = 0;
        for at in 0..DECOYS {
            let course = course(Channel::Voice, at);
            match course[..] {
                [(0, DecoyState::InProgress), (10..40, DecoyState::Answered)] => {}
                [(0, DecoyState::InProgress), (10..40, DecoyState::NoAnswer)] => unanswered += 1,
                _ => panic!("{course:?}"),
            }
        }
        assert!(near(unanswered, DECOYS, 12), "{unanswered}");
    }

    #[test]
    fn nobody_else_can_draw_it() {
        let told = |byte: u8| -> Vec<_> {
            let key = MacKey::new(&[byte; 32]);
            let draw = |at| DecoyState::draw(&key, Channel::Sms, &format!("message-{at}"), 8);
            (0..DECOYS).map(draw).collect()
        };
        assert!(told(1) == told(1) && told(1) != told(2));
    }
}
