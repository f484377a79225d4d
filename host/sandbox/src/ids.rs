//! Random ids like those of Xoxzo.

use std::io;

use rand::TryRng;
use rand::rngs::SysRng;

/// A UUID of version 4 (RFC 9562), like Xoxzo's ids of calls.
pub(crate) fn random_uuid() -> io::Result<String> {
    let mut bytes = [0_u8; 16];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(io::Error::other)?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}

/// Six digits, each equally likely.
pub(crate) fn random_code() -> io::Result<String> {
    const LENGTH: usize = 6;

    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        let mut bytes = [0; 2 * LENGTH];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(io::Error::other)?;
        let fair = bytes.iter().filter(|byte| **byte < 250);
        let digits = fair.map(|byte| char::from(b'0' + byte % 10));
        code.extend(digits.take(LENGTH - code.len()));
    }
    Ok(code)
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
    fn uuids_are_of_version_4() {
        let ids: BTreeSet<_> = (0..100).map(|_| random_uuid().unwrap()).collect();
        assert_eq!(ids.len(), 100);
        for id in ids {
            let lengths: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
            assert!(
                id.get(14..15) == Some("4") && "89ab".contains(&id[19..20]),
                "{id}"
            );
        }
    }

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
