//! The languages of the page.

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Japanese,
}

impl Language {
    /// The one that an `Accept-Language` header (RFC 9110, section 12.5.4) weighs most, the first
    /// of equals; English if it names neither.
    pub(super) fn of(accepted: &str) -> Self {
        let mut best = (0.0, Self::English);
        for range in accepted.split(',') {
            let mut pieces = range.split(';').map(str::trim);
            let tag = pieces.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default();
            let language = match primary.to_ascii_lowercase().as_str() {
                "en" => Self::English,
                "ja" => Self::Japanese,
                _ => continue,
            };
            let weight = pieces.find_map(|piece| piece.strip_prefix("q="));
            let weight = weight.map_or(1.0, |text| text.parse::<f32>().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weightiest_language_is_taken() {
        for (accepted, expected) in [
            ("", Language::English),
            ("ja", Language::Japanese),
            ("JA-jp", Language::Japanese),
            ("ja,en-US;q=0.9,en;q=0.8", Language::Japanese),
            ("en-US,en;q=0.9,ja;q=0.8", Language::English),
            ("en;q=0.3, ja;q=0.5", Language::Japanese),
            ("fr, ja;q=0.2", Language::Japanese),
            ("ja;q=0", Language::English),
            ("jam", Language::English),
            ("*", Language::English),
        ] {
            assert_eq!(Language::of(accepted), expected, "{accepted}");
        }
    }
}
