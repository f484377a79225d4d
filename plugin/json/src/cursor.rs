//! A place in a tree that has its form: what stands there is of the right type or absent.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xoxzo_2fa_core::document::SchemaError;
use xoxzo_2fa_core::json::Node;

/// A filled tree, or a part of one.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a>(pub(crate) &'a Node);

impl<'a> Cursor<'a> {
    pub(crate) fn at(self, name: &str) -> Cursor<'a> {
        static NOTHING: Node = Node::Null;
        Cursor(self.0.field(name).unwrap_or(&NOTHING))
    }

    pub(crate) fn maybe(self, name: &str) -> Option<Cursor<'a>> {
        self.0.field(name).map(Cursor)
    }

    pub(crate) fn str(self, name: &str) -> &'a str {
        self.option_str(name).unwrap_or_default()
    }

    pub(crate) fn option_str(self, name: &str) -> Option<&'a str> {
        self.0.field(name).and_then(Node::text)
    }

    pub(crate) fn flag(self, name: &str) -> bool {
        self.at(name).0.flag().unwrap_or(false)
    }

    /// Returns a number, and the largest of its type for one that is larger.
    pub(crate) fn number<T: TryFrom<u64> + Bounded>(self, name: &str) -> T {
        T::try_from(self.at(name).0.number().unwrap_or(u64::MAX)).unwrap_or(T::LARGEST)
    }

    pub(crate) fn option_number<T: TryFrom<u64> + Bounded>(self, name: &str) -> Option<T> {
        self.maybe(name).map(|_| self.number(name))
    }

    pub(crate) fn each<T>(
        self,
        name: &str,
        read: impl Fn(Cursor<'a>) -> Result<T, SchemaError>,
    ) -> Result<Vec<T>, SchemaError> {
        let list = (0_usize..).zip(self.at(name).0.list());
        list.map(|(at, node)| {
            read(Cursor(node)).map_err(|error| error.within(&at.to_string()).within(name))
        })
        .collect()
    }

    pub(crate) fn texts(self, name: &str) -> Vec<String> {
        let list = self.at(name).0.list().iter();
        list.filter_map(Node::text)
            .map(ToString::to_string)
            .collect()
    }
}

pub(crate) trait Bounded {
    const LARGEST: Self;
}

impl Bounded for u16 {
    const LARGEST: Self = Self::MAX;
}

impl Bounded for u32 {
    const LARGEST: Self = Self::MAX;
}
