//! Texts on their way in and out.

use std::ffi::{CStr, c_char};

/// Reads a text: `None` for NULL. Bytes that are not UTF-8 become U+FFFD, which no argument may hold.
///
/// # Safety
///
/// `text` is NULL, or ends with a zero byte.
pub(crate) unsafe fn optional(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: it ends with a zero byte, as the caller promises.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_string_lossy().into_owned())
}

/// Writes as much of a text as there is room for, and the zero byte at its end.
pub(crate) fn put<const N: usize>(to: &mut [c_char; N], text: &str) {
    let text = &text[..text.floor_char_boundary(N - 1)];
    *to = [0; N];
    for (to, byte) in to.iter_mut().zip(text.bytes()) {
        *to = byte.cast_signed() as c_char;
    }
}

/// Reads what [`put`] wrote, or what a program put there, up to its zero byte or its end.
pub(crate) fn stored<const N: usize>(from: &[c_char; N]) -> String {
    let bytes: Vec<u8> = from
        .iter()
        .take_while(|&&byte| byte != 0)
        .map(|&byte| byte.cast_unsigned())
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_letters() {
        let mut room = [1; 5];
        for (text, kept) in [
            ("", ""),
            ("four", "four"),
            ("fifth", "fift"),
            ("日本", "日"),
        ] {
            put(&mut room, text);
            assert_eq!((room[4], stored(&room)), (0, kept.to_string()));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_told() {
        // SAFETY: both end with a zero byte, or are NULL.
        unsafe {
            assert_eq!(optional(std::ptr::null()), None);
            assert_eq!(optional(c"\xff1".as_ptr()), Some("\u{fffd}1".to_string()));
        }
    }
}
