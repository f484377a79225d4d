//! A JSON object that is being written. Names are the contract's, and need no escapes.

use std::fmt::Display;
use std::io::Write;

/// Bytes of a usual answer: a token is not copied while it grows.
const USUAL: usize = 1_024;

pub(super) struct Object(Vec<u8>);

impl Object {
    /// Returns an object with the fields that `fill` writes.
    pub(super) fn written(fill: impl FnOnce(&mut Self)) -> String {
        let mut out = Self(Vec::with_capacity(USUAL));
        out.within(fill);
        String::from_utf8(out.0).expect("it was written from texts")
    }

    pub(super) fn text(&mut self, name: &'static str, text: &str) {
        self.name(name);
        self.quote(text);
    }

    pub(super) fn maybe_text(&mut self, name: &'static str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    pub(super) fn texts<'a>(
        &mut self,
        name: &'static str,
        texts: impl IntoIterator<Item = &'a str>,
    ) {
        self.list(name, texts, |out, text| out.quote(text));
    }

    /// Writes a whole number.
    pub(super) fn number(&mut self, name: &'static str, number: impl Display) {
        self.name(name);
        write!(self.0, "{number}").expect("memory takes all of it");
    }

    pub(super) fn maybe_number(&mut self, name: &'static str, number: Option<impl Display>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    pub(super) fn flag(&mut self, name: &'static str, flag: bool) {
        self.name(name);
        self.push(if flag { "true" } else { "false" });
    }

    pub(super) fn object(&mut self, name: &'static str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.within(fill);
    }

    pub(super) fn objects<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        fill: impl Fn(&mut Self, T),
    ) {
        self.list(name, items, |out, item| out.within(|out| fill(out, item)));
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        self.name(name);
        self.push("[");
        for item in items {
            self.part();
            write(self, item);
        }
        self.push("]");
    }

    fn within(&mut self, fill: impl FnOnce(&mut Self)) {
        self.push("{");
        fill(self);
        self.push("}");
    }

    fn name(&mut self, name: &'static str) {
        self.part();
        self.push("\"");
        self.push(name);
        self.push("\":");
    }

    /// Parts a field or an item from the one before.
    fn part(&mut self) {
        if !matches!(self.0.last(), Some(b'{' | b'[')) {
            self.push(",");
        }
    }

    fn quote(&mut self, text: &str) {
        serde_json::to_writer(&mut self.0, text).expect("memory takes all of it");
    }

    fn push(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }
}
