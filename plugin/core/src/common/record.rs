//! Records: structs whose fields are a document's, described once.
//!
//! ```text
//! record! { doc, name, type = form, default ─► a struct, its Fields, how it is read, and how it is stored }
//! ```

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::codec::{Reader, Writer};
use crate::common::document::SchemaError;
use crate::common::json::Node;

/// The type of a field of a document.
pub trait Value: Sized {
    /// Takes the value from a document that its form has filled. `None`: it was not.
    fn read(node: &Node) -> Option<Self>;

    /// Takes the value of a field, or of one that stayed out.
    fn read_field(node: Option<&Node>) -> Option<Self> {
        Self::read(node?)
    }
}

/// Takes a value from a document that its form has filled.
///
/// # Errors
///
/// A document that it has not filled.
pub fn read<T: Value>(filled: &Node) -> Result<T, SchemaError> {
    T::read(filled).ok_or_else(|| SchemaError::new("must be filled by its form"))
}

/// A value in prepared settings, as bytes.
pub(crate) trait Stored: Sized {
    /// Appends the value.
    fn store(&self, out: &mut Writer);

    /// Takes the value back. Bytes that no value has make the reader fail.
    fn restore(from: &mut Reader<'_>) -> Self;
}

/// Stores a struct as its fields in their order.
#[doc(hidden)]
#[macro_export]
macro_rules! stored {
    ($name:ident { $($field:ident)+ }) => {
        impl $crate::record::Stored for $name {
            fn store(&self, out: &mut $crate::Writer) {
                $(self.$field.store(out);)+
            }

            fn restore(from: &mut $crate::Reader<'_>) -> Self {
                Self { $($field: $crate::record::Stored::restore(from),)+ }
            }
        }
    };
}

/// Declares a struct and the fields of its document: for each a description, name, type, form, and the value where it is left out. With `stored`, it can
/// stand in prepared settings. `only` has fields of the document that the struct does not keep.
/// The visibility is that of its fields.
#[macro_export]
macro_rules! record {
    (stored $(#[doc = $about:literal])+ $vis:vis $name:ident {
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $form:expr, $absent:expr;)+
    }) => {
        $crate::record! { $(#[doc = $about])+ $vis $name { $($(#[doc = $doc])+ $field: $type = $form, $absent;)+ } }

        $crate::stored! { $name { $($field)+ } }
    };
    ($(#[doc = $about:literal])+ $vis:vis $name:ident {
        $(only { $($(#[doc = $only_doc:literal])+ $only:ident = $only_form:expr, $only_absent:expr;)+ })?
        $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $form:expr, $absent:expr;)+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $doc])+ $vis $field: $type,)+
        }

        impl $name {
            /// The fields of its document.
            pub const FIELDS: [$crate::document::Field;
                [$($(stringify!($only),)+)? $(stringify!($field)),+].len()] = [
                $($($crate::document::Field {
                    name: stringify!($only),
                    about: if $crate::document::DESCRIBED { concat!($($only_doc),+) } else { "" },
                    form: $only_form,
                    absent: $only_absent,
                },)+)?
                $($crate::document::Field {
                    name: stringify!($field),
                    about: if $crate::document::DESCRIBED { concat!($($doc),+) } else { "" },
                    form: $form,
                    absent: $absent,
                },)+
            ];
        }

        impl $crate::record::Value for $name {
            fn read(node: &$crate::json::Node) -> Option<Self> {
                Some(Self {
                    $($field: $crate::record::Value::read_field(node.field(stringify!($field)))?,)+
                })
            }
        }
    };
}

/// Declares an enum whose variants are texts in documents. With `stored`, it can stand in prepared settings.
#[macro_export]
macro_rules! choice {
    (stored $(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+ }) => {
        $crate::choice! { $(#[doc = $about])+ $name { $($(#[doc = $doc])+ $variant = $code,)+ } }

        impl $crate::record::Stored for $name {
            fn store(&self, out: &mut $crate::Writer) {
                out.u8(*self as u8);
            }

            fn restore(from: &mut $crate::Reader<'_>) -> Self {
                from.one_of(&Self::ALL).unwrap_or_else(|| {
                    from.fail();
                    Self::ALL[0]
                })
            }
        }
    };
    ($(#[doc = $about:literal])+ $name:ident { $($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// The texts that stand for them in documents, in the same order.
            pub const CODES: [&'static str; [$($code),+].len()] = [$($code),+];

            /// The text that stands for it in documents.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }
        }

        impl $crate::record::Value for $name {
            fn read(node: &$crate::json::Node) -> Option<Self> {
                match node.text()? {
                    $($code => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub use {choice, record};

impl Value for bool {
    fn read(node: &Node) -> Option<Self> {
        node.flag()
    }
}

impl Stored for bool {
    fn store(&self, out: &mut Writer) {
        out.flag(*self);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        from.present()
    }
}

macro_rules! numbers {
    ($($type:ident)+) => {$(
        impl Value for $type {
            fn read(node: &Node) -> Option<Self> {
                Self::try_from(node.number()?).ok()
            }
        }

        impl Stored for $type {
            fn store(&self, out: &mut Writer) {
                out.$type(*self);
            }

            fn restore(from: &mut Reader<'_>) -> Self {
                from.$type()
            }
        }
    )+};
}

numbers! { u8 u16 u32 }

impl Value for String {
    fn read(node: &Node) -> Option<Self> {
        node.text().map(ToString::to_string)
    }
}

impl Stored for String {
    fn store(&self, out: &mut Writer) {
        out.text(self);
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        from.text()
    }
}

impl<T: Value> Value for Option<T> {
    fn read(node: &Node) -> Option<Self> {
        T::read(node).map(Some)
    }

    fn read_field(node: Option<&Node>) -> Option<Self> {
        match node {
            Some(node) => Self::read(node),
            None => Some(None),
        }
    }
}

impl<T: Stored> Stored for Option<T> {
    fn store(&self, out: &mut Writer) {
        out.flag(self.is_some());
        if let Some(value) = self {
            value.store(out);
        }
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        from.present().then(|| T::restore(from))
    }
}

impl<T: Value> Value for Vec<T> {
    fn read(node: &Node) -> Option<Self> {
        node.list().iter().map(T::read).collect()
    }
}

impl<T: Stored> Stored for Vec<T> {
    fn store(&self, out: &mut Writer) {
        out.u32(u32::try_from(self.len()).unwrap_or(u32::MAX));
        self.iter().for_each(|entry| entry.store(out));
    }

    fn restore(from: &mut Reader<'_>) -> Self {
        let mut entries = Self::new();
        for _ in 0..from.u32() {
            if from.finish() {
                from.fail();
                break;
            }
            entries.push(T::restore(from));
        }
        entries
    }
}
