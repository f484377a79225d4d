//! Texts of the pages, a file for each language. Failures are explained by the engine.

mod en;
mod es;
mod id;
mod ja;
mod ko;
mod ms;
mod th;
mod vi;
mod zh_hans;
mod zh_hant;

use alloc::string::String;

use xoxzo_2fa_core::{Locale, explain};

use crate::head::Head;
use crate::visit::Failed;
use crate::words::Words;

/// Returns the texts of a language.
pub(crate) fn words(language: Locale) -> &'static Words {
    match language {
        Locale::En => &en::WORDS,
        Locale::Es => &es::WORDS,
        Locale::Id => &id::WORDS,
        Locale::Ja => &ja::WORDS,
        Locale::Ko => &ko::WORDS,
        Locale::Ms => &ms::WORDS,
        Locale::Th => &th::WORDS,
        Locale::Vi => &vi::WORDS,
        Locale::ZhHans => &zh_hans::WORDS,
        Locale::ZhHant => &zh_hant::WORDS,
    }
}

/// Explains a failure at `now`.
pub(crate) fn explained(language: Locale, failed: Failed, now: u32) -> String {
    let Failed {
        code,
        guesses_left,
        retry_at,
    } = failed;
    let wait = retry_at.map(|at| at.saturating_sub(now));
    explain(code, guesses_left, wait, language).text
}

/// Returns the language that the client likes best of those that the pages have (RFC 9110, section 12.5.4); English if none.
pub(crate) fn preferred(head: &Head) -> Locale {
    let mut best = (0, Locale::En);
    let lines = head
        .all("accept-language")
        .filter_map(|line| core::str::from_utf8(line).ok());
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or_default().trim();
        let Some(language) = spoken(tag) else {
            continue;
        };
        let quality = parts
            .find_map(|part| part.trim().strip_prefix("q="))
            .map_or(1_000, thousandths);
        if quality > best.0 {
            best = (quality, language);
        }
    }
    best.1
}

/// Returns the language of a tag, whatever its region (RFC 4647, section 3.4). Chinese goes by its script or, where none is named, by that of the region.
fn spoken(tag: &str) -> Option<Locale> {
    let mut subtags = tag.split('-');
    let language = subtags.next()?;
    let is = |name: &str| language.eq_ignore_ascii_case(name);
    if is("zh") {
        // RFC 5646: the script stands before the region.
        let mut scripts = subtags.filter_map(|subtag| {
            let named = |names: &[&str]| names.iter().any(|name| subtag.eq_ignore_ascii_case(name));
            if named(&["Hans", "CN", "SG", "MY"]) {
                Some(Locale::ZhHans)
            } else if named(&["Hant", "TW", "HK", "MO"]) {
                Some(Locale::ZhHant)
            } else {
                None
            }
        });
        return Some(scripts.next().unwrap_or(Locale::ZhHans));
    }
    // Java wrote `in` for Indonesian until release 17.
    if is("in") {
        return Some(Locale::Id);
    }
    Locale::ALL.into_iter().find(|locale| is(locale.code()))
}

/// A quality value in thousandths.
fn thousandths(text: &str) -> u32 {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let mut digits = fraction.chars().chain(core::iter::repeat('0'));
    let mut number = if whole == "1" { 1_u32 } else { 0 };
    for _ in 0..3 {
        let digit = digits
            .next()
            .and_then(|digit| digit.to_digit(10))
            .unwrap_or(0);
        number = number.saturating_mul(10).saturating_add(digit);
    }
    number
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        let of = |value: &[u8]| preferred(&Head::new([("accept-language", value)]));
        for (value, language) in [
            (&b"ja"[..], Locale::Ja),
            (b"ja-JP,en;q=0.8", Locale::Ja),
            (b"fr, ja;q=0.3, en;q=0.2", Locale::Ja),
            (b"en;q=0.5,JA;q=0.75", Locale::Ja),
            (b"en", Locale::En),
            (b"fr", Locale::En),
            (b"", Locale::En),
            (b"ja;q=0", Locale::En),
            (b"\xff", Locale::En),
            (b"jam", Locale::En),
            (b"*", Locale::En),
            (b"ja;q=x,en;q=0.001", Locale::En),
            (b"th-TH;q=0.9, vi;q=0.95", Locale::Vi),
            (b"es-419,es;q=0.9", Locale::Es),
            (b"ko-KR", Locale::Ko),
            (b"id-ID,en;q=0.1", Locale::Id),
            (b"in-ID", Locale::Id),
            (b"ms-BN", Locale::Ms),
            (b"zh", Locale::ZhHans),
            (b"zh-CN,zh;q=0.9", Locale::ZhHans),
            (b"zh-SG", Locale::ZhHans),
            (b"zh-Hans-HK", Locale::ZhHans),
            (b"zh-TW,zh;q=0.9,en;q=0.8", Locale::ZhHant),
            (b"zh-HK", Locale::ZhHant),
            (b"zh-mo", Locale::ZhHant),
            (b"ZH-HANT", Locale::ZhHant),
            (b"zh-Hant-CN", Locale::ZhHant),
            (b"zh-yue-HK", Locale::ZhHant),
        ] {
            let shown = String::from_utf8_lossy(value);
            assert_eq!(of(value), language, "{shown}");
        }
        for language in Locale::ALL {
            assert_eq!(of(language.code().as_bytes()), language);
        }
    }

    #[test]
    fn every_language_has_every_text_and_none_is_that_of_another() {
        let all: Vec<_> = Locale::ALL
            .map(|locale| (locale, words(locale).all()))
            .into();
        let mut found = Vec::new();
        for (at, (locale, texts)) in all.iter().enumerate() {
            for (name, text) in texts {
                assert!(!text.concat().trim().is_empty(), "{locale:?} {name}");
                let mut others = all[..at].iter().flat_map(|(_, texts)| texts);
                if others.any(|(other, theirs)| other == name && theirs == text) {
                    found.push((locale.code(), *name));
                }
            }
        }
        // Close languages share these, and no more.
        let shared = [
            ("ms", "recovery"),
            ("ms", "amount"),
            ("ms", "payee"),
            ("ms", "payment_cancel"),
            ("zh-Hant", "code_button"),
            ("zh-Hant", "error_title"),
            ("zh-Hant", "amount"),
            ("zh-Hant", "payee"),
            ("zh-Hant", "payment_cancel"),
            ("es", "error_before_title"),
        ];
        assert_eq!(found, shared);
    }

    #[test]
    fn a_text_is_whole() {
        for locale in Locale::ALL {
            for (name, text) in words(locale).all() {
                let whole = text.join("7");
                assert!(!whole.contains(['{', '}', '\n', '|', '<']), "{whole}");
                assert!(!whole.contains("  "), "{locale:?} {name}: {whole}");
                let sentence = [
                    "_text",
                    "_kept",
                    "_share",
                    "_out",
                    "unconfirmed",
                    "_void",
                    "two_sessions",
                ];
                let stop = match locale {
                    Locale::Ja | Locale::ZhHans | Locale::ZhHant => '。',
                    // Thai ends a sentence without a sign.
                    Locale::Th => continue,
                    _ => '.',
                };
                if sentence.iter().any(|end| name.ends_with(end)) {
                    assert!(text.concat().ends_with(stop), "{locale:?} {name}: {whole}");
                } else if !["code_left", "resend_wait"].contains(&name) {
                    assert!(
                        !whole.trim_end_matches('7').ends_with(stop),
                        "{locale:?} {name}: {whole}"
                    );
                }
            }
        }
    }
}
