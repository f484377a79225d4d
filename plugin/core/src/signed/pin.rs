//! The PIN: derived from the challenge and never stored.

use core::fmt;

use alloc::string::String;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::common::codec::Writer;
use crate::common::failure::{Code, Failure};
use crate::signed::mac::MacKey;

/// The longest PIN.
const LONGEST: usize = 10;

/// ASCII digits. Debug prints `[REDACTED]`; wiped on drop.
#[derive(Clone, ZeroizeOnDrop)]
pub(crate) struct Pin {
    digits: [u8; LONGEST],
    #[zeroize(skip)]
    length: usize,
}

impl Pin {
    /// The PIN of the challenge with the bytes `message`: the first unbiased draw of a PRF over them.
    pub(crate) fn derive(key: &MacKey, message: &[u8], digits: u8) -> Self {
        let length = usize::from(digits).min(LONGEST);
        let bound = 10_u64.saturating_pow(digits.into()).max(1);
        let mut value = sample(bound, |counter| {
            let mut input = Writer::new();
            let [a, b, c, d, e, f, g, h, ..] = key.mac(&input.raw(message).u32(counter).finish());
            u64::from_be_bytes([a, b, c, d, e, f, g, h])
        });
        let mut pin = Self {
            digits: [b'0'; LONGEST],
            length,
        };
        for place in pin.digits.iter_mut().take(length).rev() {
            *place =
                b'0'.saturating_add(u8::try_from(value.checked_rem(10).unwrap_or(0)).unwrap_or(0));
            value = value.checked_div(10).unwrap_or(0);
        }
        pin
    }

    /// Takes exactly `digits` ASCII digits.
    ///
    /// # Errors
    ///
    /// [`Code::Malformed`]: spaces, other scripts' digits, another length.
    pub(crate) fn parse(text: &str, digits: u8) -> Result<Self, Failure> {
        let length = usize::from(digits);
        let mut pin = Self {
            digits: [b'0'; LONGEST],
            length,
        };
        if text.len() != length || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::new(
                Code::Malformed,
                "the pin must be the digits of the message and nothing else",
            ));
        }
        pin.digits
            .iter_mut()
            .zip(text.bytes())
            .for_each(|(place, digit)| *place = digit);
        Ok(pin)
    }

    /// A keyed hash of the PIN for the challenge with the bytes `message`: what is kept and compared instead of the digits.
    pub(crate) fn fingerprint(&self, key: &MacKey, message: &[u8]) -> [u8; 32] {
        let mut input = Writer::new();
        // No draw of a PIN gets to this counter.
        input
            .raw(message)
            .u32(u32::MAX)
            .bytes(self.digits.get(..self.length).unwrap_or(&self.digits));
        key.mac(&Zeroizing::new(input.finish()))
    }

    /// The digits, for the message.
    pub(crate) fn expose(&self) -> String {
        self.digits
            .iter()
            .take(self.length)
            .map(|digit| char::from(*digit))
            .collect()
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[REDACTED]")
    }
}

/// A number below `bound`, each equally likely if `draw` is uniform: draws above the last whole multiple of
/// `bound` are refused. With 64 bits and at most 10 digits one in 10⁸ is at the most.
fn sample(bound: u64, mut draw: impl FnMut(u32) -> u64) -> u64 {
    let rest = (u64::MAX.checked_rem(bound).unwrap_or(0))
        .wrapping_add(1)
        .checked_rem(bound)
        .unwrap_or(0);
    let last = u64::MAX.wrapping_sub(rest);
    (0..=u32::MAX)
        .map(&mut draw)
        .find(|value| *value <= last)
        .and_then(|value| value.checked_rem(bound))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    #[test]
    fn refuses_the_biased_end() {
        // 2^64 mod 10^6 = 551,616: the last so many values are one too many of some remainders.
        let top = u64::MAX - 551_615;
        assert_eq!(
            sample(1_000_000, |counter| if counter == 0 { top } else { 7 }),
            7
        );
        assert_eq!(sample(1_000_000, |_| top - 1), 999_999);
    }

    /// Chi-square over each digit place: uniform for 4 to 10 digits. With 9 degrees of freedom a value above 33.7
    /// comes once in 10,000 fair tests; the keys are fixed, so this never flickers.
    #[test]
    fn digits_are_uniform() {
        for digits in 4..=10 {
            let key = MacKey::new(&[digits; 32]);
            let mut counts = [[0_u32; 10]; LONGEST];
            for round in 0..20_000_u32 {
                let pin = Pin::derive(&key, &round.to_be_bytes(), digits).expose();
                assert_eq!(pin.len(), usize::from(digits));
                for (place, digit) in pin.bytes().enumerate() {
                    counts[place][usize::from(digit - b'0')] += 1;
                }
            }
            for place in &counts[..usize::from(digits)] {
                let chi: f64 = place
                    .iter()
                    .map(|count| (f64::from(*count) - 2_000.0).powi(2) / 2_000.0)
                    .sum();
                assert!(chi < 33.7, "{digits} digits: {place:?}");
            }
        }
    }

    #[test]
    fn only_its_own_digits_match() {
        let key = MacKey::new(&[1; 32]);
        let pin = Pin::derive(&key, b"m", 6);
        let text = pin.expose();
        let print = |text: &str, digits| Pin::parse(text, digits).unwrap().fingerprint(&key, b"m");
        assert_eq!(pin.fingerprint(&key, b"m"), print(&text, 6));
        for at in 0..6 {
            let mut near: Vec<u8> = text.clone().into_bytes();
            near[at] = if near[at] == b'0' { b'1' } else { b'0' };
            assert_ne!(
                pin.fingerprint(&key, b"m"),
                print(core::str::from_utf8(&near).unwrap(), 6)
            );
        }
        assert_ne!(print("0000", 4), print("00000", 5));
        assert_ne!(pin.fingerprint(&key, b"m"), pin.fingerprint(&key, b"n"));
        assert_eq!(format!("{pin:?}"), "[REDACTED]");
    }

    #[test]
    fn other_shapes_are_no_pin() {
        let long = "1".repeat(1_000_000);
        for text in [
            "",
            "12345",
            "1234567",
            " 123456",
            "123456 ",
            "12345\n",
            "１２３４５６",
            "١٢٣٤٥٦",
            "123_456",
            "+12345",
            "12345\0",
            long.as_str(),
        ] {
            assert_eq!(
                Pin::parse(text, 6).err().map(|failure| failure.code),
                Some(Code::Malformed),
                "{text:.9}"
            );
        }
    }
}
