//! JSON objects.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xoxzo_2fa_core::json::quote;

/// A JSON object that is being written.
pub(crate) struct Object(Vec<String>);

impl Object {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let mut quoted = String::new();
        quote(value, &mut quoted);
        self.raw(name, &quoted)
    }

    pub(crate) fn number(&mut self, name: &str, value: u32) -> &mut Self {
        self.raw(name, &value.to_string())
    }

    pub(crate) fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    pub(crate) fn raw(&mut self, name: &str, value: &str) -> &mut Self {
        self.0.push(["\"", name, "\":", value].concat());
        self
    }

    pub(crate) fn finish(self) -> String {
        ["{", &self.0.join(","), "}"].concat()
    }
}
