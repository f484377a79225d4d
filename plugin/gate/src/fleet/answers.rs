//! Answers of the guard service.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64ct::{Base64UrlUnpadded, Encoding};
use xoxzo_2fa_core::json::Node;
use xoxzo_2fa_core::{Answer, GuardName, NoAnswer, Total, Totals};

/// Totals of a list, and the id of the store that made them.
pub(super) struct Counted {
    pub(super) totals: Totals,
    pub(super) id: Option<[u8; 16]>,
}

/// A part of the list of revocations.
pub(super) struct Page {
    pub(super) id: [u8; 16],
    /// Number of the last entry that is now known.
    pub(super) sequence: u32,
    /// Tells whether there are entries after it.
    pub(super) more: bool,
    pub(super) entries: Vec<Entry>,
}

/// A counter whose total every gate must know.
pub(super) struct Entry {
    pub(super) counter: GuardName,
    pub(super) total: u32,
    /// Seconds.
    pub(super) ends_in: u32,
}

impl Counted {
    /// Reads the answer to a list.
    ///
    /// # Errors
    ///
    /// There are no totals: why, and the cause for a log.
    pub(super) fn read(answer: Answer) -> Result<Self, (NoAnswer, String)> {
        let unreachable = |cause| (NoAnswer::GuardUnreachable, cause);
        let response = match answer {
            Answer::Response(response) => response,
            Answer::Unanswered(_, cause) => return Err(unreachable(cause)),
            Answer::Totals(_) => return Err(unreachable(stray())),
        };
        let told = Node::parse(&response.body).ok();
        if response.status != 200 {
            let failure = told.as_ref().and_then(|told| told.field("failure"));
            let full = failure.and_then(|failure| failure.field("no_answer")?.text());
            let why = match full {
                Some("guard-full") => NoAnswer::GuardFull,
                _ => NoAnswer::GuardUnreachable,
            };
            return Err((why, refused(response.status)));
        }
        let counted = told.as_ref().and_then(|told| told.field("counted"));
        counted
            .and_then(Self::of)
            .ok_or_else(|| unreachable(unreadable()))
    }

    fn of(counted: &Node) -> Option<Self> {
        let total = |node: &Node| {
            Some(Total {
                total: number(node, "total")?,
                ends_in: number(node, "ends_in_seconds")?,
            })
        };
        let totals = counted.field("totals")?.list().iter().map(total);
        let id = match counted.field("fleet") {
            Some(id) => Some(name(id.text()?)?),
            None => None,
        };
        let now = match counted.field("now_seconds") {
            Some(_) => Some(number(counted, "now_seconds")?),
            None => None,
        };
        let totals = Totals {
            totals: totals.collect::<Option<_>>()?,
            now,
        };
        Some(Self { totals, id })
    }
}

impl Page {
    /// Reads the answer to a pull.
    ///
    /// # Errors
    ///
    /// It is no page: the cause, for a log.
    pub(super) fn read(answer: &Answer) -> Result<Self, String> {
        let response = match answer {
            Answer::Response(response) => response,
            Answer::Unanswered(_, cause) => return Err(cause.clone()),
            Answer::Totals(_) => return Err(stray()),
        };
        if response.status != 200 {
            return Err(refused(response.status));
        }
        let told = Node::parse(&response.body).ok();
        let page = told.as_ref().and_then(|told| told.field("revocations"));
        page.and_then(Self::of).ok_or_else(unreadable)
    }

    fn of(page: &Node) -> Option<Self> {
        let entries = page.field("entries")?.list().iter();
        let entries = entries.map(|entry| Entry::parse(entry.text()?));
        Some(Self {
            id: name(page.field("fleet")?.text()?)?,
            sequence: number(page, "sequence")?,
            more: page.field("more")?.flag()?,
            entries: entries.collect::<Option<_>>()?,
        })
    }
}

impl Entry {
    /// Reads `COUNTER.TOTAL.SECONDS`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let (counter, total, ends_in) = (parts.next()?, parts.next()?, parts.next()?);
        let entry = Self {
            counter: GuardName::new(name(counter)?),
            total: total.parse().ok()?,
            ends_in: ends_in.parse().ok()?,
        };
        parts.next().is_none().then_some(entry)
    }
}

/// 16 bytes, as names and ids are written.
fn name(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let decoded = Base64UrlUnpadded::decode(text, &mut bytes).ok()?.len();
    (decoded == bytes.len()).then_some(bytes)
}

fn number(node: &Node, field: &str) -> Option<u32> {
    u32::try_from(node.field(field)?.number()?).ok()
}

fn refused(status: u16) -> String {
    ["fleet: the guard service answered ", &status.to_string()].concat()
}

fn unreadable() -> String {
    "fleet: the guard service gave no readable answer".to_string()
}

fn stray() -> String {
    "fleet: the answer belongs to no question".to_string()
}
