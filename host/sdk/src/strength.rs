//! The strength of keys, as far as their bytes tell it.

use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

/// Bytes of a key, in front of its checksum.
const KEY: usize = 32;

/// The fewest different bytes of a key that is taken for random. A random one has fewer in one of 10^12 cases.
const DIFFERENT: usize = 18;

/// Tells what shows that a written key was not drawn at random. The form of the key is the component's to check.
pub(crate) fn weakness(key: &str) -> Option<&'static str> {
    let written = key.split_once('_').map_or(key, |(_, written)| written);
    let bytes = Zeroizing::new(Base64UrlUnpadded::decode_vec(written).unwrap_or_default());
    let key = bytes.get(..KEY)?;
    let mut seen = [false; 256];
    key.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    let different = seen.iter().filter(|seen| **seen).count();
    let is_text = key
        .iter()
        .all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    match (different < DIFFERENT, is_text) {
        (true, _) => Some("repeats itself"),
        (_, true) => Some("is a text"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: [u8; KEY]) -> String {
        // The checksum is not looked at.
        let whole = [&bytes[..], &[0; 4]].concat();
        format!("x2fk1_{}", Base64UrlUnpadded::encode_string(&whole))
    }

    #[test]
    fn keys_that_are_not_random_are_told() {
        let counted: [u8; KEY] = std::array::from_fn(|at| at as u8);
        assert_eq!(weakness(&written([7; KEY])), Some("repeats itself"));
        let few: [u8; KEY] = std::array::from_fn(|at| (at % (DIFFERENT - 1)) as u8);
        assert_eq!(weakness(&written(few)), Some("repeats itself"));
        let text = *b"The quick brown fox jumps over 1";
        assert_eq!(weakness(&written(text)), Some("is a text"));
        // Nothing but the draw itself could tell that this is not random.
        assert_eq!(weakness(&written(counted)), None);
    }

    #[test]
    fn keys_of_keygen_are_sound() {
        for _ in 0..200 {
            let key = crate::keygen().unwrap();
            assert_eq!(weakness(&key), None);
        }
    }
}
