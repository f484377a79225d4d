//! JSON objects that are being written.

use alloc::string::String;

use itoa::Buffer;

use super::quote;

/// A JSON object that is being written, field by field. Names of fields are the program's own, of letters that need no escapes.
pub struct Object(String);

impl Object {
    /// An object without fields. With `capacity` bytes, so that no copy of a secret is left behind by growing.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut text = String::with_capacity(capacity);
        text.push('{');
        Self(text)
    }

    /// The text of an object whose one field is an object.
    pub fn of(name: &'static str, fill: impl FnOnce(&mut Self)) -> String {
        let mut out = Self::with_capacity(2048);
        out.object(name, fill);
        out.finish()
    }

    /// The text of the object.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }

    /// Appends a text.
    pub fn text(&mut self, name: &'static str, text: &str) {
        quote(text, self.name(name));
    }

    /// Appends a text that `write` appends, of letters that need no escapes.
    pub fn plain(&mut self, name: &'static str, write: impl FnOnce(&mut String)) {
        self.name(name).push('"');
        write(&mut self.0);
        self.0.push('"');
    }

    /// Appends a text under a name of any letters.
    pub fn entry(&mut self, name: &str, text: &str) {
        self.separate();
        quote(name, &mut self.0);
        self.0.push(':');
        quote(text, &mut self.0);
    }

    /// Appends a text, if there is one.
    pub fn maybe_text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    /// Appends a number.
    pub fn number(&mut self, name: &'static str, number: impl Into<i64>) {
        self.raw(name, Buffer::new().format(number.into()));
    }

    /// Appends a number, if there is one.
    pub fn maybe_number(&mut self, name: &'static str, number: Option<u32>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    /// Appends `true` or `false`.
    pub fn flag(&mut self, name: &'static str, flag: bool) {
        self.raw(name, if flag { "true" } else { "false" });
    }

    /// Appends a value that is JSON already.
    pub fn raw(&mut self, name: &'static str, value: &str) {
        self.name(name).push_str(value);
    }

    /// Appends an object.
    pub fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.braces(fill);
    }

    /// Appends an array, whose items `item` writes.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut String, T),
    ) {
        self.name(name).push('[');
        for one in items {
            self.separate();
            item(&mut self.0, one);
        }
        self.0.push(']');
    }

    /// Appends an array of objects.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(&mut Self, T),
    ) {
        self.name(name).push('[');
        for one in items {
            self.separate();
            self.braces(|out| fill(out, one));
        }
        self.0.push(']');
    }

    fn braces(&mut self, fill: impl FnOnce(&mut Self)) {
        self.0.push('{');
        fill(self);
        self.0.push('}');
    }

    fn name(&mut self, name: &'static str) -> &mut String {
        self.separate();
        self.0.push('"');
        self.0.push_str(name);
        self.0.push_str("\":");
        &mut self.0
    }

    /// Appends a comma, except at the beginning.
    fn separate(&mut self) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
    }
}
