//! The kind of answer that a client asks for.

use xoxzo_2fa_core::Locale;

use crate::head::Head;
use crate::wording;

/// The kind of answer that the client wants.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) json: bool,
    pub(crate) html: bool,
    pub(crate) language: Locale,
}

impl Asked {
    pub(crate) fn of(head: &Head) -> Self {
        let html = head.accepts("text/html");
        Self {
            html,
            json: !html && head.accepts("application/json"),
            language: wording::preferred(head),
        }
    }
}
