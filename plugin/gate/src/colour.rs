//! The colour of buttons.

/// A colour of the sRGB space.
#[derive(Clone, Copy)]
pub(crate) struct Colour([u8; 3]);

impl Colour {
    /// Takes `#` and six hexadecimal digits.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16)
            .ok()
            .filter(|_| hexadecimal)?;
        let [_, colour @ ..] = number.to_be_bytes();
        Some(Self(colour))
    }

    /// Tells whether black stands out more on it than white (WCAG 2.2, relative luminance; the curve by a polynomial).
    pub(crate) fn is_light(self) -> bool {
        let [red, green, blue] = self.0.map(|byte| {
            let part = f32::from(byte) / 255.0;
            part * (part * (part * 0.305_306 + 0.682_171) + 0.012_523)
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_can_be_read() {
        for (colour, light) in [
            ("#000000", false),
            ("#ffffff", true),
            ("#0b57d0", false),
            ("#ffcc00", true),
            ("#777777", true),
            ("#757575", false),
        ] {
            assert_eq!(Colour::parse(colour).unwrap().is_light(), light, "{colour}");
        }
        for bad in [
            "", "#fff", "0b57d0", "#0b57dg", "#0b57d00", "#+b57d0", "red",
        ] {
            assert!(Colour::parse(bad).is_none(), "{bad}");
        }
    }
}
