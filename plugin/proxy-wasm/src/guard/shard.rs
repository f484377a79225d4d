//! A short list of counters as bytes.
//!
//! ```text
//! latest time 8 | (length of the name 1 | name | total 4 | ends at 8)*      numbers little-endian, times in milliseconds
//! ```

use xoxzo_2fa_core::{Charge, Total};

/// Bytes of the longest list: about 600 counters.
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
    /// Where it begins, and where the next does.
    at: (usize, usize),
    total: u32,
    ends: u64,
}

impl Shard {
    /// A list as it was kept, at a time. Workers read the clock one after the other: a time before the latest stands still.
    #[must_use]
    pub fn read(mut bytes: Vec<u8>, now: u64) -> Self {
        if bytes.len() < 8 {
            bytes = vec![0; 8];
        }
        let latest = number(&bytes, 0);
        Self {
            now: now.max(latest),
            bytes,
            changed: false,
        }
    }

    /// The list to keep, if it is another one now.
    #[must_use]
    pub fn finish(mut self) -> Option<Vec<u8>> {
        if let Some(latest) = self.bytes.get_mut(..8) {
            latest.copy_from_slice(&self.now.to_le_bytes());
        }
        self.changed.then_some(self.bytes)
    }

    /// Counters in the list, some of which may have ended.
    #[must_use]
    pub fn count(&self) -> usize {
        let mut at = 8;
        let next = std::iter::from_fn(|| {
            let (_, counter) = self.counter(at)?;
            at = counter.at.1;
            Some(())
        });
        next.count()
    }

    /// Makes a charge: what it led to, and whether its limit refuses it. `None`: there is no room for a new counter, and no live one may
    /// be forgotten for it.
    pub fn charge(&mut self, charge: &Charge) -> Option<(Total, bool)> {
        let name = charge.key.as_bytes();
        let length = u8::try_from(name.len()).ok()?;
        let live = self.find(name).filter(|counter| counter.ends > self.now);
        let begins = self
            .now
            .saturating_add(u64::from(charge.ttl).saturating_mul(1_000));
        let (before, ends) = live.map_or((0, begins), |counter| (counter.total, counter.ends));
        let total = before.saturating_add_signed(charge.amount);
        let refused = charge.amount >= 0 && total > charge.limit;
        if !refused && total != before {
            match live {
                Some(counter) if total == 0 => self.remove(counter),
                Some(counter) => self.overwrite(counter, total),
                None => self.append(length, name, total, ends)?,
            }
            self.changed = true;
        }
        let left = ends.saturating_sub(self.now).div_ceil(1_000);
        let ends_in = u32::try_from(left).unwrap_or(u32::MAX);
        Some((Total { total, ends_in }, refused))
    }

    fn find(&self, name: &[u8]) -> Option<Counter> {
        let mut at = 8;
        while let Some((own, counter)) = self.counter(at) {
            if own == name {
                return Some(counter);
            }
            at = counter.at.1;
        }
        None
    }

    fn counter(&self, at: usize) -> Option<(&[u8], Counter)> {
        let rest = self.bytes.get(at..)?;
        let (length, rest) = rest.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (total, rest) = rest.split_first_chunk()?;
        let ends = u64::from_le_bytes(*rest.first_chunk()?);
        let next = at.checked_add(13)?.checked_add(name.len())?;
        Some((
            name,
            Counter {
                at: (at, next),
                total: u32::from_le_bytes(*total),
                ends,
            },
        ))
    }

    fn overwrite(&mut self, counter: Counter, total: u32) {
        let (_, next) = counter.at;
        let place = next
            .checked_sub(12)
            .and_then(|at| self.bytes.get_mut(at..)?.first_chunk_mut());
        if let Some(place) = place {
            *place = total.to_le_bytes();
        }
    }

    fn remove(&mut self, counter: Counter) {
        let (at, next) = counter.at;
        self.bytes.drain(at..next);
    }

    fn append(&mut self, length: u8, name: &[u8], total: u32, ends: u64) -> Option<()> {
        self.forget();
        let needed = name.len().saturating_add(13);
        if self.bytes.len().saturating_add(needed) > ROOM {
            return None;
        }
        self.bytes.push(length);
        self.bytes.extend_from_slice(name);
        self.bytes.extend_from_slice(&total.to_le_bytes());
        self.bytes.extend_from_slice(&ends.to_le_bytes());
        Some(())
    }

    /// Takes out what has ended.
    fn forget(&mut self) {
        let mut kept: Vec<u8> = self.bytes.get(..8).unwrap_or_default().into();
        let mut at = 8;
        while let Some((_, counter)) = self.counter(at) {
            if counter.ends > self.now {
                kept.extend_from_slice(self.bytes.get(at..counter.at.1).unwrap_or_default());
            }
            at = counter.at.1;
        }
        self.bytes = kept;
    }
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..).and_then(<[u8]>::first_chunk);
    bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(key: &str, amount: i32, ttl: u32) -> Charge {
        Charge::alone(key.into(), amount, u32::MAX, ttl)
    }

    fn make(bytes: Vec<u8>, now: u64, charge: &Charge) -> (Vec<u8>, Option<(u32, u32)>) {
        let mut shard = Shard::read(bytes.clone(), now);
        let made = shard.charge(charge);
        let made = made.map(|(total, _)| (total.total, total.ends_in));
        (shard.finish().unwrap_or(bytes), made)
    }

    #[test]
    fn what_comes_to_zero_takes_no_place() {
        let (bytes, _) = make(Vec::new(), 1_000, &charge("a", 2, 600));
        let (bytes, _) = make(bytes, 1_000, &charge("b", 1, 600));
        assert_eq!(Shard::read(bytes.clone(), 1_000).count(), 2);
        let (bytes, made) = make(bytes, 1_000, &charge("a", -5, 600));
        assert_eq!(made, Some((0, 600)));
        assert_eq!(Shard::read(bytes.clone(), 1_000).count(), 1);
        assert_eq!(make(bytes, 1_000, &charge("b", 0, 1)).1, Some((1, 600)));
    }

    #[test]
    fn a_time_before_the_latest_stands_still() {
        let (bytes, made) = make(Vec::new(), 100_000, &charge("a", 1, 60));
        assert_eq!(made, Some((1, 60)));
        let (bytes, made) = make(bytes, 130_000, &charge("b", 1, 60));
        assert_eq!(made, Some((1, 60)));
        let (bytes, made) = make(bytes, 1_000, &charge("a", 1, 60));
        assert_eq!(made, Some((2, 30)));
        assert_eq!(make(bytes, 160_000, &charge("a", 0, 60)).1, Some((0, 60)));
    }

    #[test]
    fn a_full_list_forgets_only_what_has_ended() {
        let mut bytes = Vec::new();
        let mut kept = 0;
        loop {
            let (next, made) = make(
                bytes,
                1_000,
                &charge(
                    &format!("2fa.{kept:022}"),
                    1,
                    if kept == 7 { 10 } else { 600 },
                ),
            );
            bytes = next;
            if made.is_none() {
                break;
            }
            kept += 1;
        }
        assert!(kept > 500 && bytes.len() <= ROOM);
        for at in 0..kept {
            assert_eq!(
                make(
                    bytes.clone(),
                    1_000,
                    &charge(&format!("2fa.{at:022}"), 0, 1)
                )
                .1
                .unwrap()
                .0,
                1
            );
        }
        let (bytes, made) = make(bytes, 11_000, &charge("2fa.a_new_one_of_its_size_0", 1, 60));
        assert_eq!(made, Some((1, 60)));
        assert!(
            make(bytes, 11_000, &charge("2fa.another_one_of_its_size", 1, 60))
                .1
                .is_none()
        );
    }

    #[test]
    fn bytes_of_another_make_are_no_counters() {
        for bytes in [
            vec![1, 2, 3],
            vec![0; 8],
            vec![0xff; 40],
            [vec![0; 8], vec![3, b'a']].concat(),
        ] {
            let mut shard = Shard::read(bytes, 5);
            assert_eq!(
                shard
                    .charge(&charge("a", 0, 1))
                    .map(|(total, _)| total.total),
                Some(0)
            );
        }
    }
}
