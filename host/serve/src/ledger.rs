//! The fleet's own counters, beside those of the engine: the store's id, and the list of revocations.
//!
//! ```text
//! one group    id 0 … id 3     31 random bits each, set once: the id is a hash of them, and lives as long as the counters around it
//!              sequence        number of the last entry
//!              floor           number below which all entries have ended
//!              entry n, 0 … 4  counter 128 bits | total 22 bits, in five times 30 bits, each with 1 more; lives as long as what it revokes
//! ```
//!
//! They are counters like all others, so every store has them. A list of one group is made as one: an entry is there as a whole or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use xoxzo_2fa::{AsyncGuard, Charge, GuardError, GuardName, Total};
use xoxzo_2fa_core::json::Object;

use crate::seconds::rounded_up;

/// Life of what ends with the store: as long as a counter can live.
const FOREVER: Duration = Duration::from_secs(u32::MAX as u64);

/// The most entries that have not ended.
pub(crate) const MOST: u32 = 100_000;

/// Entries of a page.
const PAGE: usize = 1_000;

/// Entries that are read with one list.
const CHUNK: u32 = 100;

/// Ended entries after which the floor is raised.
const RAISED: u32 = 1_000;

/// Attempts at appending: others append too.
const TRIES: usize = 32;

/// Counters of the id.
pub(crate) const PARTS: usize = 4;

/// Counters of an entry.
const PIECES: usize = 5;

const PIECE: u32 = (1 << 30) - 1;
const HIGHEST: u32 = (1 << 22) - 1;

/// The ledger of one store, with a copy of its list. Processes that share the store share the ledger.
pub(crate) struct Ledger {
    guard: Arc<dyn AsyncGuard>,
    copy: Mutex<Known>,
    /// Held while an entry is appended.
    turn: Mutex<()>,
}

/// The entries that were read so far.
#[derive(Default)]
struct Known {
    id: Option<[u8; 16]>,
    /// Number of the last entry that was read.
    read: u32,
    entries: BTreeMap<u32, Entry>,
}

/// A counter whose total every gate must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) counter: GuardName,
    pub(crate) total: u32,
    pub(crate) ends_at: Instant,
}

/// A part of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) id: [u8; 16],
    /// Number of the last entry that the reader knows with this page.
    pub(crate) sequence: u32,
    /// Tells whether there are entries after it.
    pub(crate) more: bool,
    pub(crate) entries: Vec<Entry>,
}

/// The head of the list, as the store has it now.
struct Head {
    id: Option<[u8; 16]>,
    /// Some counters of the id are missing: the store has lost a part of its counters.
    broken: bool,
    sequence: u32,
    floor: u32,
}

impl Ledger {
    pub(crate) fn new(guard: Arc<dyn AsyncGuard>) -> Self {
        Self {
            guard,
            copy: Mutex::default(),
            turn: Mutex::default(),
        }
    }

    /// Returns the store's id, which is drawn if there is none.
    pub(crate) async fn id(&self) -> Result<[u8; 16], GuardError> {
        Ok(self.head().await?.0)
    }

    /// Appends what a charge came to: of a total beyond its limit, the limit.
    ///
    /// # Errors
    ///
    /// Those of [`append`](Self::append).
    pub(crate) async fn note(&self, charge: &Charge, total: u32) -> Result<(), GuardError> {
        let total = total.min(charge.limit);
        self.append(charge.counter, total, charge.ttl).await
    }

    /// Appends a counter with its total, for as long as its life.
    ///
    /// # Errors
    ///
    /// [`GuardError::Full`]: the list has no room. Otherwise whether the entry is there is not known.
    async fn append(
        &self,
        counter: GuardName,
        total: u32,
        life: Duration,
    ) -> Result<(), GuardError> {
        // One at a time: only other processes can come between.
        let _turn = self.turn.lock().await;
        // What the list has needs no second entry: one user could fill it.
        if self.lists(counter, total).await? {
            return Ok(());
        }
        let pieces = pieces(counter, total);
        let mut swept = false;
        for attempt in 0..TRIES {
            let (_, head) = self.head().await?;
            if head.sequence.saturating_sub(head.floor) >= MOST {
                if swept {
                    return Err(GuardError::Full);
                }
                // What has ended makes room.
                swept = true;
                self.since(0).await?;
                continue;
            }
            let next = head.sequence.saturating_add(1);
            let counted = own("sequence", 0, 0);
            let mut charges = Vec::with_capacity(PIECES + 1);
            for (at, piece) in (0..).zip(pieces) {
                // Whoever comes second is refused at the first piece.
                let limit = if at == 0 { piece } else { u32::MAX };
                let amount = i32::try_from(piece).unwrap_or(i32::MAX);
                charges.push(charge(own("entry", next, at), amount, limit, life));
            }
            charges.push(charge(counted, 1, next, FOREVER));
            let made = self.guard.add(&charges).await?;
            match made.len() {
                len if len > PIECES && made[PIECES].total == next => return Ok(()),
                0 => return Err(shut()),
                _ => {}
            }
            // Another entry has the number. If its list was cut short by a fault, the number is left out.
            let (_, now) = self.head().await?;
            if now.sequence == head.sequence && attempt > 0 {
                self.guard.add(&[charge(counted, 1, next, FOREVER)]).await?;
            }
        }
        let why = "busy: others append to the list of revocations again and again";
        Err(GuardError::Unreachable(why.to_string()))
    }

    /// Tells whether the list has a counter with such a total, or more.
    async fn lists(&self, counter: GuardName, total: u32) -> Result<bool, GuardError> {
        self.since(u32::MAX).await?;
        let (now, counted) = (Instant::now(), total.min(HIGHEST));
        let copy = self.copy.lock().await;
        let mut entries = copy.entries.values();
        Ok(entries
            .any(|entry| entry.counter == counter && entry.total >= counted && now < entry.ends_at))
    }

    /// Returns the entries after a number, as the store has them now.
    pub(crate) async fn since(&self, number: u32) -> Result<Page, GuardError> {
        let mut copy = self.copy.lock().await;
        let (id, head) = self.head().await?;
        if copy.id != Some(id) {
            *copy = Known {
                id: Some(id),
                ..Known::default()
            };
        }
        if head.sequence < copy.read {
            // The store went back to an older state.
            copy.read = 0;
            copy.entries.split_off(&head.sequence.saturating_add(1));
        }
        copy.read = copy.read.max(head.floor);
        while copy.read < head.sequence {
            let last = head.sequence.min(copy.read.saturating_add(CHUNK));
            let read = self.read(copy.read.saturating_add(1), last).await?;
            copy.entries.extend(read);
            copy.read = last;
        }
        let now = Instant::now();
        copy.entries.retain(|_, entry| now < entry.ends_at);
        self.raise(&copy, &head).await?;
        let mut after = copy.entries.range(number.saturating_add(1)..);
        let entries: Vec<_> = after.by_ref().take(PAGE).collect();
        let more = after.next().is_some();
        let last = entries.last().map(|(number, _)| **number);
        Ok(Page {
            id,
            sequence: last.filter(|_| more).unwrap_or(copy.read),
            more,
            entries: entries.into_iter().map(|(_, entry)| *entry).collect(),
        })
    }

    /// Raises the floor above entries that have ended.
    async fn raise(&self, copy: &Known, head: &Head) -> Result<(), GuardError> {
        let oldest = copy.entries.first_key_value();
        let floor = oldest.map_or(copy.read, |(oldest, _)| oldest.saturating_sub(1));
        let ended = floor.saturating_sub(head.floor);
        if ended >= RAISED {
            let amount = i32::try_from(ended).unwrap_or(i32::MAX);
            // Another process may have raised it meanwhile: then this is refused.
            let raise = charge(own("floor", 0, 0), amount, floor, FOREVER);
            self.guard.add(&[raise]).await?;
        }
        Ok(())
    }

    /// Reads the entries with numbers from `first` to `last`. Those that have ended are left out.
    async fn read(&self, first: u32, last: u32) -> Result<Vec<(u32, Entry)>, GuardError> {
        let looks: Vec<_> = (first..=last)
            .flat_map(|number| (0..PIECES as u32).map(move |at| own("entry", number, at)))
            .map(look)
            .collect();
        let totals = self.guard.add(&looks).await?;
        if totals.len() < looks.len() {
            return Err(shut());
        }
        let now = Instant::now();
        let (pieces, _) = totals.as_chunks::<PIECES>();
        let entries = (first..).zip(pieces).filter_map(|(number, pieces)| {
            let (counter, total) = whole(pieces)?;
            let left = pieces.iter().map(|piece| piece.ends_in).max()?;
            let entry = Entry {
                counter,
                total,
                ends_at: now + left,
            };
            Some((number, entry))
        });
        Ok(entries.collect())
    }

    /// Reads the head of the list. The id is drawn if there is none.
    async fn head(&self) -> Result<([u8; 16], Head), GuardError> {
        for _ in 0..TRIES {
            let mut looks = id_looks().to_vec();
            looks.extend(["sequence", "floor"].map(|label| look(own(label, 0, 0))));
            let totals = self.guard.add(&looks).await?;
            let [parts @ .., sequence, floor] = &totals[..] else {
                return Err(shut());
            };
            let head = Head {
                id: id(parts),
                broken: parts.iter().any(|part| part.total > 0),
                sequence: sequence.total,
                floor: floor.total,
            };
            match head.id {
                Some(id) => return Ok((id, head)),
                None => self.draw(head.broken).await?,
            }
        }
        Err(GuardError::Unfit("it keeps no counters".to_string()))
    }

    /// Draws an id, in the place of one of which parts are missing.
    async fn draw(&self, broken: bool) -> Result<(), GuardError> {
        let mut charges = Vec::with_capacity(2 * PARTS);
        if broken {
            charges.extend(id_names().map(|part| charge(part, i32::MIN, 0, FOREVER)));
        }
        for (at, part) in id_names().into_iter().enumerate() {
            let drawn = SysRng.try_next_u32().map_err(|_| {
                GuardError::Unreachable("randomness: the system gives none".to_string())
            })?;
            let amount = i32::try_from(drawn >> 1).unwrap_or(1).max(1);
            // Whoever comes second is refused at the first part.
            let limit = if at == 0 {
                amount.unsigned_abs()
            } else {
                u32::MAX
            };
            charges.push(charge(part, amount, limit, FOREVER));
        }
        self.guard.add(&charges).await.map(|_| ())
    }
}

/// Looks at the counters of the id, to put into a list before its own charges.
pub(crate) fn id_looks() -> [Charge; PARTS] {
    id_names().map(look)
}

/// The id that the counters of [`id_looks`] say; `None` if one of them is missing.
pub(crate) fn id(parts: &[Total]) -> Option<[u8; 16]> {
    let mut hash = Sha256::new();
    hash.update("xoxzo-2fa fleet id");
    for part in parts {
        hash.update(part.total.to_be_bytes());
    }
    let whole = parts.len() == PARTS && parts.iter().all(|part| part.total > 0);
    let hash: [u8; 32] = hash.finalize().into();
    whole.then(|| std::array::from_fn(|at| hash[at]))
}

fn id_names() -> [GuardName; PARTS] {
    std::array::from_fn(|at| own("id", 0, at as u32))
}

/// The name of a counter of the ledger, which is no counter of the engine's.
fn own(label: &str, number: u32, at: u32) -> GuardName {
    let mut hash = Sha256::new();
    hash.update("xoxzo-2fa fleet ");
    hash.update(label);
    hash.update(number.to_be_bytes());
    hash.update(at.to_be_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    GuardName::new(std::array::from_fn(|at| hash[at]))
}

fn charge(counter: GuardName, amount: i32, limit: u32, life: Duration) -> Charge {
    Charge::new(counter, amount, limit, life).in_group(own("group", 0, 0))
}

fn look(counter: GuardName) -> Charge {
    charge(counter, 0, u32::MAX, Duration::from_secs(1))
}

fn shut() -> GuardError {
    GuardError::Unreachable("clock: the store made no charge".to_string())
}

/// Cuts an entry into counters, none of which is 0.
fn pieces(counter: GuardName, total: u32) -> [u32; PIECES] {
    let name = u128::from_be_bytes(*counter.as_bytes());
    let total = u128::from(total.min(HIGHEST));
    let low = ((name & 0xff) << 22) | total;
    std::array::from_fn(|at| {
        let piece = match at {
            4 => low,
            at => (name >> (98 - 30 * at)) & u128::from(PIECE),
        };
        piece as u32 + 1
    })
}

/// Puts an entry together; `None` if it has ended.
fn whole(pieces: &[Total; PIECES]) -> Option<(GuardName, u32)> {
    let mut name = 0_u128;
    for piece in &pieces[..4] {
        name = (name << 30) | u128::from(piece.total.checked_sub(1)? & PIECE);
    }
    let low = pieces[4].total.checked_sub(1)?;
    name = (name << 8) | u128::from(low >> 22);
    Some((GuardName::new(name.to_be_bytes()), low & HIGHEST))
}

impl Page {
    /// Writes the page as a gate reads it.
    pub(crate) fn write(&self) -> String {
        let now = Instant::now();
        Object::of("revocations", |out| {
            out.text("fleet", &GuardName::new(self.id).to_string());
            out.number("sequence", self.sequence);
            out.flag("more", self.more);
            out.list("entries", &self.entries, |out, entry| {
                let left = rounded_up(entry.ends_at.saturating_duration_since(now));
                out.push_str(&format!("\"{}.{}.{left}\"", entry.counter, entry.total));
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use xoxzo_2fa::AsyncMemoryGuard;

    use super::*;

    fn total(total: u32) -> Total {
        Total::new(total, Duration::from_secs(1))
    }

    #[test]
    fn an_entry_is_whole_again() {
        for (byte, counted) in [(0, 0), (0, 1), (255, HIGHEST), (0xa5, 77)] {
            let name = GuardName::new([byte; 16]);
            let cut = pieces(name, counted);
            assert!(cut.iter().all(|piece| (1..=1 << 30).contains(piece)));
            assert_eq!(whole(&cut.map(total)), Some((name, counted)));
        }
        let mixed = GuardName::new(std::array::from_fn(|at| (13 * at + 3) as u8));
        assert_eq!(whole(&pieces(mixed, 5).map(total)), Some((mixed, 5)));
        assert_eq!(
            whole(&pieces(mixed, u32::MAX).map(total)),
            Some((mixed, HIGHEST))
        );
        let mut ended = pieces(mixed, 5).map(total);
        ended[2] = total(0);
        assert_eq!(whole(&ended), None);
    }

    #[tokio::test]
    async fn an_id_lives_as_long_as_its_store() {
        let store = || Arc::new(AsyncMemoryGuard::default());
        let (one, other) = (store(), store());
        let (first, second) = (Ledger::new(one.clone()), Ledger::new(one.clone()));
        let id = first.id().await.unwrap();
        assert_eq!(second.id().await, Ok(id));
        assert_ne!(Ledger::new(other).id().await, Ok(id));
        // A part that is lost makes another one.
        let lost = charge(id_names()[2], i32::MIN, 0, FOREVER);
        one.add(&[lost]).await.unwrap();
        let new = first.id().await.unwrap();
        assert_ne!(new, id);
        assert_eq!(second.id().await, Ok(new));
    }

    #[tokio::test]
    async fn entries_are_numbered_and_end() {
        let now = Arc::new(std::sync::atomic::AtomicU64::new(0));
        let clock = Arc::clone(&now);
        let store = xoxzo_2fa::MemoryGuard::danger_with_clock(1_000_000, move |_| {
            Duration::from_secs(clock.load(std::sync::atomic::Ordering::Relaxed))
        });
        let guard: Arc<dyn AsyncGuard> = Arc::new(AsyncMemoryGuard::from(store));
        let (one, other) = (Ledger::new(Arc::clone(&guard)), Ledger::new(guard));
        let name = |number: u16| {
            let [high, low] = number.to_be_bytes();
            GuardName::new(std::array::from_fn(|at| [high, low][at % 2]))
        };
        let life = Duration::from_secs(3_600);
        for number in 0..1_500 {
            let ledger = if number % 2 == 0 { &one } else { &other };
            ledger
                .append(name(number), u32::from(number) + 1, life)
                .await
                .unwrap();
        }
        for ledger in [&one, &other] {
            let first = ledger.since(0).await.unwrap();
            assert_eq!(
                (first.sequence, first.more, first.entries.len()),
                (1_000, true, 1_000)
            );
            let rest = ledger.since(first.sequence).await.unwrap();
            assert_eq!(
                (rest.sequence, rest.more, rest.entries.len()),
                (1_500, false, 500)
            );
            let all: Vec<_> = first.entries.iter().chain(&rest.entries).collect();
            for (number, entry) in (0..).zip(all) {
                assert_eq!(
                    (entry.counter, entry.total),
                    (name(number), u32::from(number) + 1)
                );
            }
        }
        // The copy knows its ends; a new one reads them.
        now.store(3_600, std::sync::atomic::Ordering::Relaxed);
        let fresh = Ledger::new(Arc::clone(&one.guard));
        let page = fresh.since(0).await.unwrap();
        assert_eq!(
            (page.sequence, page.more, page.entries.len()),
            (1_500, false, 0)
        );
        assert_eq!(fresh.head().await.unwrap().1.floor, 1_500);
    }

    #[tokio::test]
    async fn a_full_list_refuses() {
        let guard: Arc<dyn AsyncGuard> = Arc::new(AsyncMemoryGuard::default());
        let ledger = Ledger::new(Arc::clone(&guard));
        let life = Duration::from_secs(60);
        let filled = charge(own("sequence", 0, 0), MOST as i32 - 1, u32::MAX, FOREVER);
        guard.add(&[filled]).await.unwrap();
        // The entry with the last number lives, and what is before it has ended.
        ledger
            .append(GuardName::new([1; 16]), 1, life)
            .await
            .unwrap();
        ledger
            .append(GuardName::new([2; 16]), 1, life)
            .await
            .unwrap();
        let held = charge(own("floor", 0, 0), i32::MIN, 0, FOREVER);
        guard.add(&[held]).await.unwrap();
        let early = pieces(GuardName::new([3; 16]), 1);
        let early = (0..)
            .zip(early)
            .map(|(at, piece)| charge(own("entry", 1, at), piece as i32, u32::MAX, life));
        let early: Vec<_> = early.collect();
        guard.add(&early).await.unwrap();
        let refused = Ledger::new(guard)
            .append(GuardName::new([4; 16]), 1, life)
            .await;
        assert_eq!(refused, Err(GuardError::Full));
    }

    #[tokio::test]
    async fn a_number_that_a_fault_took_is_left_out() {
        let guard: Arc<dyn AsyncGuard> = Arc::new(AsyncMemoryGuard::default());
        let ledger = Ledger::new(Arc::clone(&guard));
        let life = Duration::from_secs(60);
        guard
            .add(&[charge(own("entry", 1, 0), 7, u32::MAX, life)])
            .await
            .unwrap();
        ledger
            .append(GuardName::new([1; 16]), 1, life)
            .await
            .unwrap();
        let page = ledger.since(0).await.unwrap();
        assert_eq!((page.sequence, page.entries.len()), (2, 1));
    }
}
