//! A short list of counters as bytes.
//!
//! ```text
//! latest time 8 | (name 16 | total 4 | ends at 8)*      numbers little-endian, times in milliseconds
//! ```

use xoxzo_2fa_core::{Charge, GuardName, Total};

/// Bytes of the time in front.
const TIME: usize = 8;

/// Bytes of a name.
const NAME: usize = 16;

/// Bytes of a counter.
const COUNTER: usize = NAME + 4 + 8;

/// Bytes of the longest list: 877 counters.
const ROOM: usize = 24 * 1024;

/// A list of counters at a time.
pub struct Shard {
    bytes: Vec<u8>,
    now: u64,
    /// The list is another one now.
    changed: bool,
}

/// A counter in the list.
#[derive(Clone, Copy)]
struct Counter {
    /// The place where it begins.
    at: usize,
    total: u32,
    ends: u64,
}

impl Shard {
    /// A list as it was kept, at a time. Workers read the clock one after the other: a time before the latest stands still.
    #[must_use]
    pub fn read(mut bytes: Vec<u8>, now: u64) -> Self {
        if bytes.len() < TIME {
            bytes = vec![0; TIME];
        }
        let latest = bytes.first_chunk().copied().map_or(0, u64::from_le_bytes);
        Self {
            now: now.max(latest),
            bytes,
            changed: false,
        }
    }

    /// The list to keep, if it is another one now.
    #[must_use]
    pub fn finish(mut self) -> Option<Vec<u8>> {
        if let Some(latest) = self.bytes.first_chunk_mut() {
            *latest = self.now.to_le_bytes();
        }
        self.changed.then_some(self.bytes)
    }

    /// Counters in the list, some of which may have ended.
    #[must_use]
    pub fn count(&self) -> usize {
        self.counters().len()
    }

    /// Makes a charge: what it led to, and whether its limit refuses it. `None`: there is no room for a new counter, and no live one may
    /// be forgotten for it.
    pub fn charge(&mut self, charge: &Charge) -> Option<(Total, bool)> {
        let live = self.find(charge.counter);
        let live = live.filter(|counter| counter.ends > self.now);
        let begins = self
            .now
            .saturating_add(u64::from(charge.ttl).saturating_mul(1_000));
        let (before, ends) = live.map_or((0, begins), |counter| (counter.total, counter.ends));
        let (total, refused) = charge.apply(before);
        if !refused && total != before {
            match live {
                Some(counter) if total == 0 => self.remove(counter),
                Some(counter) => self.overwrite(counter, total),
                None => self.append(charge.counter, total, ends)?,
            }
            self.changed = true;
        }
        let left = ends.saturating_sub(self.now).div_ceil(1_000);
        let ends_in = u32::try_from(left).unwrap_or(u32::MAX);
        Some((Total { total, ends_in }, refused))
    }

    fn counters(&self) -> &[[u8; COUNTER]] {
        self.bytes.get(TIME..).unwrap_or_default().as_chunks().0
    }

    fn find(&self, name: GuardName) -> Option<Counter> {
        let mut counters = self.counters().iter().enumerate();
        let (index, counter) = counters.find(|(_, own)| own.starts_with(name.as_bytes()))?;
        let (_, values) = counter.split_first_chunk::<NAME>()?;
        Some(Counter {
            at: index.checked_mul(COUNTER)?.checked_add(TIME)?,
            total: u32::from_le_bytes(*values.first_chunk()?),
            ends: end(counter),
        })
    }

    fn overwrite(&mut self, counter: Counter, total: u32) {
        let at = counter.at.saturating_add(NAME);
        let place = self.bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        if let Some(place) = place {
            *place = total.to_le_bytes();
        }
    }

    fn remove(&mut self, counter: Counter) {
        let next = counter.at.saturating_add(COUNTER);
        self.bytes.drain(counter.at..next);
    }

    fn append(&mut self, name: GuardName, total: u32, ends: u64) -> Option<()> {
        self.forget();
        if self.bytes.len().saturating_add(COUNTER) > ROOM {
            return None;
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(&total.to_le_bytes());
        self.bytes.extend_from_slice(&ends.to_le_bytes());
        Some(())
    }

    /// Takes out what has ended.
    fn forget(&mut self) {
        let live = |counter: &&[u8; COUNTER]| end(counter) > self.now;
        let live = self.counters().iter().filter(live).flatten();
        let time = self.bytes.iter().take(TIME);
        self.bytes = time.chain(live).copied().collect();
    }
}

/// Returns the time at which a counter ends.
fn end(counter: &[u8; COUNTER]) -> u64 {
    let ends = counter.last_chunk();
    ends.map_or(0, |ends| u64::from_le_bytes(*ends))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(counter: u128, amount: i32, ttl: u32) -> Charge {
        let counter = GuardName::new(counter.to_be_bytes());
        Charge::alone(counter, amount, u32::MAX, ttl)
    }

    fn make(bytes: Vec<u8>, now: u64, charge: &Charge) -> (Vec<u8>, Option<(u32, u32)>) {
        let mut shard = Shard::read(bytes.clone(), now);
        let made = shard.charge(charge);
        let made = made.map(|(total, _)| (total.total, total.ends_in));
        (shard.finish().unwrap_or(bytes), made)
    }

    #[test]
    fn what_comes_to_zero_takes_no_place() {
        let (bytes, _) = make(Vec::new(), 1_000, &charge(1, 2, 600));
        let (bytes, _) = make(bytes, 1_000, &charge(2, 1, 600));
        assert_eq!(Shard::read(bytes.clone(), 1_000).count(), 2);
        let (bytes, made) = make(bytes, 1_000, &charge(1, -5, 600));
        assert_eq!(made, Some((0, 600)));
        assert_eq!(Shard::read(bytes.clone(), 1_000).count(), 1);
        assert_eq!(make(bytes, 1_000, &charge(2, 0, 1)).1, Some((1, 600)));
    }

    #[test]
    fn a_time_before_the_latest_stands_still() {
        let (bytes, made) = make(Vec::new(), 100_000, &charge(1, 1, 60));
        assert_eq!(made, Some((1, 60)));
        let (bytes, made) = make(bytes, 130_000, &charge(2, 1, 60));
        assert_eq!(made, Some((1, 60)));
        let (bytes, made) = make(bytes, 1_000, &charge(1, 1, 60));
        assert_eq!(made, Some((2, 30)));
        assert_eq!(make(bytes, 160_000, &charge(1, 0, 60)).1, Some((0, 60)));
    }

    #[test]
    fn a_full_list_forgets_only_what_has_ended() {
        let mut bytes = Vec::new();
        let mut kept = 0;
        loop {
            let ttl = if kept == 7 { 10 } else { 600 };
            let (next, made) = make(bytes, 1_000, &charge(kept, 1, ttl));
            bytes = next;
            if made.is_none() {
                break;
            }
            kept += 1;
        }
        assert!(kept == 877 && bytes.len() <= ROOM);
        for at in 0..kept {
            let (_, made) = make(bytes.clone(), 1_000, &charge(at, 0, 1));
            assert_eq!(made.unwrap().0, 1);
        }
        let (bytes, made) = make(bytes, 11_000, &charge(kept, 1, 60));
        assert_eq!(made, Some((1, 60)));
        let (bytes, made) = make(bytes, 11_000, &charge(kept + 1, 1, 60));
        assert_eq!(made, None);
        assert_eq!(make(bytes, 11_000, &charge(8, 0, 1)).1, Some((1, 590)));
    }

    #[test]
    fn bytes_of_another_make_are_no_counters() {
        for bytes in [
            vec![1, 2, 3],
            vec![0; 8],
            [vec![0; 8], vec![0xff; 40]].concat(),
            [vec![0; 8], vec![1; 27]].concat(),
        ] {
            let (bytes, made) = make(bytes, 5, &charge(3, 0, 1));
            assert_eq!(made, Some((0, 1)));
            // What is written after it is found again.
            let (bytes, made) = make(bytes, 5, &charge(3, 1, 60));
            assert_eq!(made.map(|(total, _)| total), Some(1));
            assert_eq!(make(bytes, 5, &charge(3, 0, 1)).1.unwrap().0, 1);
        }
    }
}
