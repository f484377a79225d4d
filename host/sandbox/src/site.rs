//! What requests are answered from, and the ids that it gives.

use std::io;

use rand::TryRng;
use rand::rngs::SysRng;
use time::OffsetDateTime;

use crate::account::Account;
use crate::phones::Phones;

/// Tells the time.
pub(crate) type Clock = Box<dyn Fn() -> OffsetDateTime + Send + Sync>;

pub(crate) struct Site {
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    pub(crate) account: Account,
    pub(crate) phones: Phones,
    clock: Clock,
}

impl Site {
    pub(crate) fn new(url: String, account: Account, clock: Clock) -> Self {
        Self {
            url,
            account,
            phones: Phones::default(),
            clock,
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }
}

/// 32 letters and digits from the system's generator, like Xoxzo's own ids.
pub(crate) fn random_id() -> io::Result<String> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const LENGTH: usize = 32;

    let mut id = String::with_capacity(LENGTH);
    while id.len() < LENGTH {
        let mut bytes = [0; LENGTH];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(io::Error::other)?;
        // 248 is 4 times 62: with the bytes above it, the first letters would come more often.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let letters = fair.map(|byte| char::from(LETTERS[usize::from(byte % 62)]));
        id.extend(letters.take(LENGTH - id.len()));
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_32_letters_and_digits_and_use_all_of_them() {
        let ids: Vec<String> = (0..200).map(|_| random_id().unwrap()).collect();
        for id in &ids {
            assert_eq!(id.len(), 32, "{id}");
            assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
        }
        // A letter is absent from 6,400 drawn ones with a probability below 1e-43.
        let seen: BTreeSet<char> = ids.iter().flat_map(|id| id.chars()).collect();
        assert_eq!(seen.len(), 62);
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 200);
    }
}
