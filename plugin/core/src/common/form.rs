//! Forms of short texts in settings.

use crate::common::failure::InvalidFormat;

/// Printable ASCII without spaces, of at most so many bytes.
pub(crate) fn plain<const LONGEST: usize>(text: &str) -> Result<(), InvalidFormat> {
    let fits =
        (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    InvalidFormat::unless(
        fits,
        "must be printable ASCII without spaces, and not too long",
    )
}

/// A host name in lower case.
pub(crate) fn host(text: &str) -> bool {
    let lower =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    (1..=253).contains(&text.len()) && text.bytes().all(lower) && !text.starts_with(['-', '.'])
}

/// Digits: at most 15, and not fewer than `least`.
pub(crate) fn digits(text: &str, least: usize) -> bool {
    (least..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters, digits, `-` and `_`.
pub(crate) fn name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// No two are equal.
pub(crate) fn distinct<T: PartialEq>(items: &[T]) -> bool {
    (1..)
        .zip(items)
        .all(|(next, item)| items.iter().skip(next).all(|other| other != item))
}
