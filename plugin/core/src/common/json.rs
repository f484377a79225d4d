//! A JSON value as a tree, read by `serde_json`: no repeated names, a bounded number of values.

mod object;

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::Cell;
use core::{fmt, mem};

use crate::common::codec::wipe;
use itoa::Buffer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

pub use object::Object;

/// The most values in one text: what a tree of them takes fits the memory of a guest.
const MOST: u32 = 2_000;

/// The most fields of one object: more than any has that is asked for. Each new name is compared with all before it.
const FIELDS: usize = 64;

/// A JSON value. Wiped on drop: it may be a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Flag(bool),
    /// A whole number from 0 on.
    Number(u64),
    /// A number that is not a whole one from 0 on, without its fraction: no setting is one, but Xoxzo's prices and credits are.
    Fraction(i64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Node>),
    /// An object, its fields in their order.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// Reads a whole text.
    ///
    /// # Errors
    ///
    /// What kind of fault it is and, if it is one of the syntax, on which line; else 0.
    pub fn parse(json: &str) -> Result<Self, (&'static str, usize)> {
        let state = Budget {
            left: Cell::new(MOST),
            fault: Cell::new(None),
        };
        let mut from = serde_json::Deserializer::from_str(json);
        let node = Seed(&state)
            .deserialize(&mut from)
            .and_then(|node| from.end().map(|()| node));
        match (state.fault.get(), node) {
            (None, Ok(node)) => Ok(node),
            (Some(kind), _) => Err((kind, 0)),
            (None, Err(error)) => Err(("not JSON", error.line())),
        }
    }

    /// The value of a name in a map.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(fields) => fields
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// The value of a name in a map, to change.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut Self> {
        match self {
            Self::Map(fields) => fields
                .iter_mut()
                .find(|(own, _)| own == name)
                .map(|(_, node)| node),
            _ => None,
        }
    }

    /// Adds what another tree has and this one has not. Where this one has something of another type, it stays.
    pub fn underlay(&mut self, under: &Self) {
        let (Self::Map(own), Self::Map(under)) = (self, under) else {
            return;
        };
        for (name, node) in under {
            match own.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) => own.underlay(node),
                None => own.push((name.clone(), node.clone())),
            }
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A flag.
    #[must_use]
    pub fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The values of an array; none of anything else.
    #[must_use]
    pub fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// Appends the value as JSON.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null | Self::Fraction(_) => out.push_str("null"),
            Self::Flag(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Number(number) => out.push_str(Buffer::new().format(*number)),
            Self::Text(text) => quote(text, out),
            Self::List(list) => {
                out.push('[');
                for (at, node) in list.iter().enumerate() {
                    separate(at, out);
                    node.write(out);
                }
                out.push(']');
            }
            Self::Map(fields) => {
                out.push('{');
                for (at, (name, node)) in fields.iter().enumerate() {
                    separate(at, out);
                    quote(name, out);
                    out.push(':');
                    node.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Self::Text(text) = self {
            wipe(mem::take(text).into_bytes());
        }
    }
}

fn separate(at: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
}

/// Appends a text as JSON.
pub fn quote(text: &str, out: &mut String) {
    let plain = |byte: u8| !byte.is_ascii_control() && byte != b'"' && byte != b'\\';
    out.push('"');
    if text.bytes().all(plain) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for letter in text.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            control if control.is_ascii_control() => {
                let hex = |half: u32| char::from_digit(half, 16).unwrap_or('0');
                let code = u32::from(control);
                out.extend(['\\', 'u', '0', '0', hex(code >> 4), hex(code & 15)]);
            }
            plain => out.push(plain),
        }
    }
    out.push('"');
}

const REPEATED: &str = "duplicate field";
const TOO_MANY: &str = "too many values";

/// The state shared by all values of one text.
struct Budget {
    /// Values that may still come.
    left: Cell<u32>,
    /// The first fault that is not one of the syntax. It is kept here, and what follows is read and dropped: an error
    /// through `serde_json` would bring its formatting along.
    fault: Cell<Option<&'static str>>,
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Seed<'a>(&'a Budget);

impl Seed<'_> {
    fn fail(self, kind: &'static str) -> Node {
        self.0.fault.set(self.0.fault.get().or(Some(kind)));
        Node::Null
    }

    /// Tells whether there is room for one more value.
    fn room(self) -> bool {
        match self.0.left.get().checked_sub(1) {
            Some(left) => self.0.left.set(left),
            None => drop(self.fail(TOO_MANY)),
        }
        self.0.fault.get().is_none()
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Node, E> {
        Ok(Node::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Fraction(number))
    }

    #[expect(clippy::cast_possible_truncation, reason = "its fraction is left out")]
    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Fraction(number as i64))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(node) = from.next_element_seed(self)? {
            if self.room() {
                list.push(node);
            }
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Node, A::Error> {
        let mut fields: Vec<(String, Node)> = Vec::new();
        while let Some(mut name) = from.next_key_seed(self)? {
            let node = from.next_value_seed(self)?;
            let name = match &mut name {
                Node::Text(name) => mem::take(name),
                _ => String::new(),
            };
            if fields.len() >= FIELDS {
                self.fail(TOO_MANY);
            } else if fields.iter().any(|(other, _)| *other == name) {
                self.fail(REPEATED);
            }
            if self.room() {
                fields.push((name, node));
            }
        }
        Ok(Node::Map(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let text =
            r#"{"a":[null,true,false,0,18446744073709551615],"b":{"c":"d\"\\\u000aé🙂"},"e":""}"#;
        let node = Node::parse(text).unwrap_or(Node::Null);
        let mut out = String::new();
        node.write(&mut out);
        assert_eq!(out, text);
    }

    #[test]
    fn faults_have_kind_and_line() {
        let fault = |text: &str| Node::parse(text).err();
        assert_eq!(fault("{\n\"a\":1,\n\"a\":2}"), Some((REPEATED, 0)));
        assert_eq!(fault("[1.5,-1,1e400]"), Some(("not JSON", 1)));
        assert_eq!(fault("{}{}"), Some(("not JSON", 1)));
        assert_eq!(
            fault(&alloc::format!("[{}0]", "0,".repeat(2_000))),
            Some((TOO_MANY, 0))
        );
        assert_eq!(
            fault(&"[".repeat(10_000)).map(|fault| fault.0),
            Some("not JSON")
        );
    }
}
