//! Resemblance: whether some application could take a path for a place that needs a recent code.
//!
//! Applications, frameworks and file systems ignore case, trim spaces and final dots, drop letters that nobody sees, fold letters into ASCII, write one
//! letter as two, and cut off streams (`::$DATA`). Some take the extension of a page for its format (`/transfer.json`), or what follows the name of a script
//! for the page (`/index.php/transfer`). A path that only resembles such a place asks for a recent code too. That costs a user a code at most.

use alloc::vec::Vec;

/// Extensions of scripts that get the rest of a path as their own (CGI, RFC 3875, section 4.1.5).
const SCRIPTS: [&str; 12] = [
    "php", "phtml", "php5", "php7", "php8", "cgi", "fcgi", "pl", "py", "asp", "aspx", "jsp",
];

/// Tells whether some application could take `path` for `place` or for something under it. Both are decoded.
pub(crate) fn is_like_under(path: &str, place: &str) -> bool {
    if begins_like(path.split('/'), place) {
        return true;
    }
    let mut ends = path.match_indices('/').skip(1).map(|(end, _)| end);
    ends.any(|end| {
        let (head, rest) = path.split_at_checked(end).unwrap_or_default();
        let (folder, script) = head.rsplit_once('/').unwrap_or_default();
        // The application is at the root, or in the script's folder.
        is_script(script)
            && (begins_like(rest.split('/'), place)
                || begins_like(folder.split('/').chain(rest.split('/').skip(1)), place))
    })
}

fn is_script(segment: &str) -> bool {
    // As file systems read it: without a stream, and without dots and spaces at the end.
    let file = segment.split(':').next().unwrap_or_default();
    let extension = file.trim_end_matches(['.', ' ']).rsplit_once('.');
    extension.is_some_and(|(_, extension)| {
        SCRIPTS
            .iter()
            .any(|own| own.eq_ignore_ascii_case(extension))
    })
}

/// Tells whether the first segments are like those of a place.
fn begins_like<'a>(mut segments: impl Iterator<Item = &'a str>, place: &str) -> bool {
    let mut places = place.split('/').peekable();
    while let Some(place) = places.next() {
        let Some(own) = segments.next() else {
            return false;
        };
        let is_last = places.peek().is_none();
        if !(is_like(own, place) || (is_last && is_format_of(own, place))) {
            return false;
        }
    }
    true
}

/// Tells whether a segment is the place in some format, or the place is the segment in one, which servers negotiate.
fn is_format_of(segment: &str, place: &str) -> bool {
    let mut stems = segment
        .match_indices('.')
        .filter_map(|(at, _)| segment.get(..at));
    let stem = place.rsplit_once('.').map(|(stem, _)| stem);
    let names = |stem: &str| !stem.is_empty();
    stems.any(|stem| names(stem) && is_like(stem, place))
        || stem.is_some_and(|stem| names(stem) && is_like(segment, stem))
}

fn is_like(segment: &str, place: &str) -> bool {
    if is_usual(segment) && is_usual(place) {
        return segment.eq_ignore_ascii_case(place);
    }
    let streams = ["::", ":$"].into_iter();
    let cut = streams.filter_map(|mark| segment.find(mark)).min();
    let file = cut.and_then(|at| segment.get(..at));
    let place = marks(place);
    [Some(segment), file]
        .into_iter()
        .flatten()
        .any(|own| meet(&marks(own), &place))
}

/// Tells whether there is nothing in a segment that some application reads in its own way, but the case of letters.
fn is_usual(segment: &str) -> bool {
    !segment.ends_with('.')
        && segment
            .bytes()
            .all(|byte| byte.is_ascii() && !b" +:".contains(&byte))
}

/// In the place of a letter: any letters, or none.
const ANY: u32 = u32::MAX;

/// The letters of a segment without their case, each in its parts.
fn marks(segment: &str) -> Vec<u32> {
    let mut marks = Vec::with_capacity(segment.len());
    for letter in segment.trim_end_matches(['.', ' ']).chars() {
        let number = u32::from(letter);
        if let Some(parts) = syllable(number) {
            marks.extend(parts.into_iter().flatten());
        } else if let Some(base) = unvoiced(number) {
            marks.extend([base, ANY]);
        } else {
            marks.push(if is_loose(letter) || is_composed(number) {
                ANY
            } else {
                fold(letter)
            });
        }
    }
    marks.dedup_by(|one, other| *one == ANY && one == other);
    marks
}

/// Returns the letters of a Hangul syllable (Unicode 17, section 3.12).
fn syllable(number: u32) -> Option<[Option<u32>; 3]> {
    let at = number.checked_sub(0xac00).filter(|at| *at < 11_172)?;
    let last = Some(at % 28).filter(|last| *last > 0);
    let of = |first: u32, at: u32| first.saturating_add(at);
    Some([
        Some(of(0x1100, at / 588)),
        Some(of(0x1161, at % 588 / 28)),
        last.map(|last| of(0x11a7, last)),
    ])
}

/// Returns the kana without the mark that voices it.
fn unvoiced(number: u32) -> Option<u32> {
    let hiragana = match number {
        0x30ac..=0x30fe => number.saturating_sub(0x60),
        other => other,
    };
    let distance = match hiragana {
        0x304c..=0x3062 if hiragana % 2 == 0 => 1,
        0x3065 | 0x3067 | 0x3069 | 0x309e => 1,
        0x3070..=0x307d if hiragana % 3 == 1 => 1,
        0x3070..=0x307d if hiragana % 3 == 2 => 2,
        0x3094 => 0x4e,
        0x3097..=0x309a if number != hiragana => 8,
        _ => return None,
    };
    number.checked_sub(distance)
}

/// Tells whether a letter may be written as two, or is such a second one: of Cyrillic, Hebrew, Arabic, the scripts of India, Tibetan, Burmese and Balinese, the marks
/// of kana, and ideographs that are another's double (Unicode 17, canonical decomposition). Those of Latin and Greek are loose anyway.
fn is_composed(number: u32) -> bool {
    COMPOSED
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&number))
}

/// Tells whether a letter may be trimmed, dropped, or folded into ASCII by somebody (Unicode 17, NFKC and simple case folding; and collations that
/// ignore accents), or has another case that [`fold`] does not know. The letters of other scripts stay what they are.
fn is_loose(letter: char) -> bool {
    matches!(
        letter,
        ' ' | '+'
            | '\u{80}'..='\u{390}'
            | '\u{3aa}'..='\u{3b0}'
            | '\u{3ca}'..='\u{3ff}'
            | '\u{587}'
            | '\u{61c}'
            | '\u{10a0}'..='\u{10ff}'
            | '\u{115f}'..='\u{1160}'
            | '\u{13a0}'..='\u{13ff}'
            | '\u{1680}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1c80}'..='\u{1cbf}'
            | '\u{1d00}'..='\u{1fff}'
            | '\u{2000}'..='\u{2e7f}'
            | '\u{3000}'
            | '\u{3164}'
            | '\u{3200}'..='\u{33ff}'
            | '\u{a640}'..='\u{a7ff}'
            | '\u{ab30}'..='\u{abbf}'
            | '\u{e000}'..='\u{faff}'
            | '\u{fb00}'..='\u{fb17}'
            | '\u{fe00}'..='\u{1ffff}'
            | '\u{40000}'..
    )
}

/// Ranges of letters, first and last.
#[rustfmt::skip]
const COMPOSED: &[(u32, u32)] = &[
    (0x400, 0x401), (0x403, 0x403), (0x407, 0x407), (0x40c, 0x40e), (0x419, 0x419), (0x439, 0x439), (0x450, 0x451), (0x453, 0x453),
    (0x457, 0x457), (0x45c, 0x45e), (0x476, 0x477), (0x4c1, 0x4c2), (0x4d0, 0x4d3), (0x4d6, 0x4d7), (0x4da, 0x4df), (0x4e2, 0x4e7),
    (0x4ea, 0x4f5), (0x4f8, 0x4f9), (0x5b4, 0x5b4), (0x5b7, 0x5b9), (0x5bc, 0x5bc), (0x5bf, 0x5bf), (0x5c1, 0x5c2), (0x622, 0x626),
    (0x653, 0x655), (0x6c0, 0x6c0), (0x6c2, 0x6c2), (0x6d3, 0x6d3), (0x929, 0x929), (0x931, 0x931), (0x934, 0x934), (0x93c, 0x93c),
    (0x958, 0x95f), (0x9bc, 0x9bc), (0x9be, 0x9be), (0x9cb, 0x9cc), (0x9d7, 0x9df), (0xa33, 0xa33), (0xa36, 0xa36), (0xa3c, 0xa3c),
    (0xa59, 0xa5b), (0xa5e, 0xa5e), (0xb3c, 0xb3c), (0xb3e, 0xb3e), (0xb48, 0xb4c), (0xb56, 0xb5d), (0xb94, 0xb94), (0xbbe, 0xbbe),
    (0xbca, 0xbcc), (0xbd7, 0xbd7), (0xc48, 0xc48), (0xc56, 0xc56), (0xcc0, 0xcc0), (0xcc2, 0xcc2), (0xcc7, 0xccb), (0xcd5, 0xcd6),
    (0xd3e, 0xd3e), (0xd4a, 0xd4c), (0xd57, 0xd57), (0xdca, 0xdcf), (0xdda, 0xdda), (0xddc, 0xddf), (0xf43, 0xf43), (0xf4d, 0xf4d),
    (0xf52, 0xf52), (0xf57, 0xf57), (0xf5c, 0xf5c), (0xf69, 0xf69), (0xf72, 0xf76), (0xf78, 0xf78), (0xf80, 0xf81), (0xf93, 0xf93),
    (0xf9d, 0xf9d), (0xfa2, 0xfa2), (0xfa7, 0xfa7), (0xfac, 0xfac), (0xfb5, 0xfb5), (0xfb7, 0xfb7), (0xfb9, 0xfb9), (0x1026, 0x1026),
    (0x102e, 0x102e), (0x1b06, 0x1b06), (0x1b08, 0x1b08), (0x1b0a, 0x1b0a), (0x1b0c, 0x1b0c), (0x1b0e, 0x1b0e), (0x1b12, 0x1b12), (0x1b35, 0x1b35),
    (0x1b3b, 0x1b3b), (0x1b3d, 0x1b3d), (0x1b40, 0x1b41), (0x1b43, 0x1b43), (0x3099, 0x309a), (0xfb1d, 0xfb1d), (0xfb1f, 0xfb1f), (0xfb2a, 0xfb4e),
    (0x2f800, 0x2fa1d),
];

/// Tells whether one text fits both. It takes time in the square of the place's length at most.
fn meet(own: &[u32], place: &[u32]) -> bool {
    if own.len() > place.len().saturating_mul(4).saturating_add(1) {
        return false;
    }
    // For each beginning of the place: whether it fits what was seen of the segment.
    let mut empty = true;
    let mut fits: Vec<bool> = place
        .iter()
        .map(|other| {
            empty &= *other == ANY;
            empty
        })
        .collect();
    let mut nothing = true;
    for mark in own {
        let mut diagonal = nothing;
        nothing &= *mark == ANY;
        let mut before = nothing;
        for (fit, other) in fits.iter_mut().zip(place) {
            let above = *fit;
            *fit = if *mark == ANY || *other == ANY {
                above || before
            } else {
                diagonal && mark == other
            };
            (diagonal, before) = (above, *fit);
        }
    }
    fits.last().copied().unwrap_or(nothing)
}

/// Folds the case of ASCII, Greek, Cyrillic and Armenian letters, without the tables for all scripts.
fn fold(letter: char) -> u32 {
    let number = u32::from(letter);
    match number {
        0x41..=0x5a | 0x391..=0x3a9 | 0x410..=0x42f => number.saturating_add(0x20),
        0x3c2 => 0x3c3,
        0x400..=0x40f => number.saturating_add(0x50),
        0x460..=0x481 | 0x48a..=0x4bf | 0x4d0..=0x52f => number | 1,
        0x4c0 => 0x4cf,
        0x4c1..=0x4ce => number.saturating_add(number & 1),
        0x531..=0x556 => number.saturating_add(0x30),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_application_could_fold_is_alike() {
        for path in [
            "/transfer",
            "/transfer/1",
            "/Transfer",
            "/transfer ",
            "/transfer+",
            "/transfer.",
            "/transfer. .",
            "/transfer\u{a0}",
            "/trans\u{200b}fer",
            "/\u{feff}transfer",
            "/tran\u{17f}fer",
            "/tran\u{ff53}fer",
            "/tr\u{e0}nsfer",
            "/tra\u{300}nsfer",
            "/trans\u{1d41f}er",
            "/trans\u{fb00}er",
            "/transfer::$DATA",
            "/transfer:$I30:$INDEX_ALLOCATION/1",
            "/TRAN\u{17f}FER .",
        ] {
            assert!(is_like_under(path, "/transfer"), "{path:?}");
        }
        assert!(is_like_under("/v1/pay:send", "/v1/pay:send"));
        assert!(is_like_under("/v1/PAY:send::$DATA", "/v1/pay:send"));
        assert!(
            is_like_under("/caf\u{e9}", "/cafe\u{301}") && is_like_under("/cafe", "/caf\u{e9}")
        );
        assert!(is_like_under(
            "/\u{41f}\u{430}\u{439}",
            "/\u{43f}\u{430}\u{439}"
        ));
    }

    #[test]
    fn no_letter_has_a_case_that_is_missed() {
        for letter in '\0'..=char::MAX {
            let mut cases = letter.to_lowercase().chain(letter.to_uppercase());
            let known = cases.all(|other| fold(other) == fold(letter) || is_loose(other));
            assert!(known || is_loose(letter), "{letter:?}");
        }
    }

    #[test]
    fn a_letter_may_be_written_as_two() {
        for (one, two) in [
            ("/\u{30ac}\u{30b9}", "/\u{30ab}\u{3099}\u{30b9}"),
            (
                "/\u{30d1}\u{30f4}\u{30fa}",
                "/\u{30cf}\u{309a}\u{30a6}\u{3099}\u{30f2}\u{3099}",
            ),
            (
                "/\u{3070}\u{3071}\u{304e}\u{3065}",
                "/\u{306f}\u{3099}\u{306f}\u{309a}\u{304d}\u{3099}\u{3064}\u{3099}",
            ),
            (
                "/\u{c1a1}\u{ae08}",
                "/\u{1109}\u{1169}\u{11bc}\u{1100}\u{1173}\u{11b7}",
            ),
            ("/\u{043f}\u{0439}", "/\u{043f}\u{0438}\u{0306}"),
            ("/\u{0928}\u{0929}", "/\u{0928}\u{0928}\u{093c}"),
            ("/\u{0622}", "/\u{0627}\u{0653}"),
        ] {
            assert!(is_like_under(two, one) && is_like_under(one, two), "{one}");
        }
        // Other words stay other words.
        for (one, other) in [
            ("/\u{c1a1}\u{ae08}", "/\u{acc4}\u{c815}"),
            ("/\u{30ac}\u{30b9}", "/\u{30d1}\u{30b9}"),
            ("/\u{306f}\u{3044}", "/\u{307e}\u{3044}"),
        ] {
            assert!(
                !is_like_under(other, one) && !is_like_under(one, other),
                "{one}"
            );
        }
    }

    #[test]
    fn formats_and_scripts_name_the_same_page() {
        for path in [
            "/transfer.json",
            "/transfer.xml?",
            "/Transfer.JSON/1",
            "/transfer.v2.json",
            "/index.php/transfer",
            "/app_dev.PHP/transfer/1",
            "/public/index.php/transfer.json",
            "/cgi-bin/bank.cgi/transfer",
            "/index.php/other.php/transfer",
            "/index.php./transfer",
            "/index.php /transfer",
            "/index.php::$DATA/transfer",
        ] {
            assert!(is_like_under(path, "/transfer"), "{path}");
        }
        assert!(is_like_under("/shop/index.php/transfer", "/shop/transfer"));
        assert!(is_like_under("/index.php/shop/transfer", "/shop/transfer"));
        assert!(is_like_under("/transfer", "/transfer.php"));
        for path in [
            "/transfers.json",
            "/a.json/transfers",
            "/.json",
            "/static/v1.2/transfer",
            "/index.php",
            "/index.php/",
            "/index.php/other",
            "/other.php/a/transfer",
        ] {
            assert!(!is_like_under(path, "/transfer"), "{path}");
        }
        assert!(!is_like_under("/a.json/b", "/a/b"));
    }

    #[test]
    fn other_paths_are_not() {
        for path in [
            "/",
            "/transfers",
            "/transfe",
            "/a/transfer",
            "/transfer:1",
            "/\u{9001}\u{91d1}",
            "/trans fer s",
            "/transfer s",
            "/\u{e9}cole",
            "/pay",
        ] {
            assert!(!is_like_under(path, "/transfer"), "{path:?}");
        }
        assert!(!is_like_under("/v1/pay", "/v1/pay:send"));
        assert!(!is_like_under("/a", "/a/b"));
        let long = ["/", &"\u{a0}a".repeat(20_000)].concat();
        assert!(!is_like_under(&long, "/transfer"));
    }
}
