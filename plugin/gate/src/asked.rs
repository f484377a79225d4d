//! The kind of answer that a client asks for.

use crate::head::Head;
use crate::wording::PageLanguage;

/// The kind of answer that the client wants.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) json: bool,
    pub(crate) html: bool,
    pub(crate) language: PageLanguage,
}

impl Asked {
    pub(crate) fn of(head: &Head) -> Self {
        let html = head.accepts("text/html");
        Self {
            html,
            json: !html && head.accepts("application/json"),
            language: PageLanguage::of(head),
        }
    }
}
