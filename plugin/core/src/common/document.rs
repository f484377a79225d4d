//! Documents: the names, types and defaults of what a JSON object may have.
//!
//! A table of [`Field`]s fills in what a document leaves out, refuses what it must not have, redacts its secrets, and is what schemas are made from.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::common::failure::InvalidFormat;
use crate::common::json::Node;
use crate::common::range::Range;

/// True if fields have their descriptions: the feature `schema`.
pub const DESCRIBED: bool = cfg!(feature = "schema");

/// A named value in an object.
#[derive(Clone, Copy)]
pub struct Field {
    /// The name.
    pub name: &'static str,
    /// The description, for schemas. Empty without the feature `schema`.
    pub about: &'static str,
    /// The type.
    pub form: Form,
    /// The value where the field is left out.
    pub absent: Absent,
}

/// The type of a value.
#[derive(Clone, Copy)]
pub enum Form {
    /// `true` or `false`.
    Flag,
    /// A whole number in a range.
    Number(Range),
    /// A whole number of any size.
    Whole,
    /// A text under a rule.
    Text(Rule),
    /// A text that is redacted, and that hosts take as a reference too.
    Secret(Rule),
    /// One of some texts.
    Choice(&'static [&'static str]),
    /// An object.
    Map(&'static [Field]),
    /// An array with so many entries.
    List(&'static Form, Range),
    /// A name under a rule, or an object.
    Either(Rule, &'static [Field]),
}

/// A rule on a text: returns what it requires of a text that breaks it.
pub type Rule = fn(&str) -> Result<(), InvalidFormat>;

/// Takes any text: its own type has rules, or its document has some between fields.
///
/// # Errors
///
/// None.
pub fn any(_: &str) -> Result<(), InvalidFormat> {
    Ok(())
}

/// The value of a field that is left out.
#[derive(Clone, Copy)]
pub enum Absent {
    /// None: the document is refused.
    Required,
    /// None: the field stays out.
    Out,
    /// A flag.
    Flag(bool),
    /// A number.
    Number(u32),
    /// A text.
    Text(&'static str),
    /// An object with the defaults of its own fields.
    Defaults,
    /// An array with the one entry that this makes.
    One(fn() -> Node),
    /// An empty array.
    Empty,
}

/// A document breaks a rule: where, and what is required there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Names and indices from the outermost, joined by dots.
    pub path: String,
    /// The requirement. Holds nothing of the document.
    pub requirement: String,
}

impl SchemaError {
    /// An error at the root of a document.
    #[must_use]
    pub fn new(requirement: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            requirement: requirement.into(),
        }
    }

    /// The same error, seen from the object or array around it.
    #[must_use]
    pub fn within(mut self, name: &str) -> Self {
        self.path = if self.path.is_empty() {
            name.to_string()
        } else {
            [name, &self.path].join(".")
        };
        self
    }
}

impl From<InvalidFormat> for SchemaError {
    fn from(rule: InvalidFormat) -> Self {
        Self::new(rule.requirement())
    }
}

impl Form {
    /// Fills in all defaults.
    ///
    /// # Errors
    ///
    /// The first value that has another type or breaks a rule, an unknown field, or a missing one. The tree is then only partly there.
    pub fn fill(&self, node: &mut Node) -> Result<(), SchemaError> {
        match (self, node) {
            (Self::Flag, Node::Flag(_)) | (Self::Whole, Node::Number(_)) => Ok(()),
            (Self::Number(range), Node::Number(number)) if range.holds(*number) => Ok(()),
            (Self::Number(range), Node::Number(_)) => {
                Err(SchemaError::new(["must be ", &range.words()].concat()))
            }
            (Self::Number(_) | Self::Whole, Node::Fraction(_)) => {
                Err(SchemaError::new("must be a whole number from 0 on"))
            }
            (Self::Text(rule) | Self::Secret(rule) | Self::Either(rule, _), Node::Text(text)) => {
                rule(text).map_err(SchemaError::from)
            }
            (Self::Secret(_), Node::Map(_)) => Err(SchemaError::new(
                "a reference, which the host must resolve before the engine sees it",
            )),
            (Self::Choice(choices), Node::Text(text)) if choices.contains(&text.as_str()) => Ok(()),
            (Self::Map(fields) | Self::Either(_, fields), Node::Map(given)) => {
                fill_map(fields, given)
            }
            (Self::List(entry, range), Node::List(list)) => {
                for (at, node) in list.iter_mut().enumerate() {
                    let filled = entry.fill(node);
                    filled.map_err(|error| error.within(&at.to_string()))?;
                }
                if !range.holds(list.len()) {
                    let requirement = ["must have ", &range.words(), " entries"].concat();
                    return Err(SchemaError::new(requirement));
                }
                Ok(())
            }
            (own, _) => Err(SchemaError::new(own.expected())),
        }
    }

    /// Returns what a value of another type should be.
    fn expected(&self) -> String {
        let kind = match self {
            Self::Flag => "true or false",
            Self::Number(_) | Self::Whole => "a number",
            Self::Text(_) | Self::Secret(_) => "a text in quotes",
            Self::Choice(choices) => return ["must be ", &choices.join(" or ")].concat(),
            Self::Map(_) => "an object in braces",
            Self::List(..) => "a list in brackets",
            Self::Either(..) => "a text in quotes, or an object in braces",
        };
        ["must be ", kind].concat()
    }

    /// Calls `change` with each value that stands where a secret belongs.
    ///
    /// # Errors
    ///
    /// The first error of `change`, with its path.
    pub fn each_secret(
        &self,
        node: &mut Node,
        change: &mut dyn FnMut(&mut Node) -> Result<(), SchemaError>,
    ) -> Result<(), SchemaError> {
        match (self, node) {
            (Self::Secret(_), node) => change(node),
            (Self::Map(fields) | Self::Either(_, fields), Node::Map(given)) => {
                given.iter_mut().try_for_each(|(name, node)| {
                    let field = fields.iter().find(|field| field.name == name);
                    let changed = field.map(|field| field.form.each_secret(node, change));
                    changed.map_or(Ok(()), |changed| {
                        changed.map_err(|error| error.within(name))
                    })
                })
            }
            (Self::List(entry, _), Node::List(list)) => {
                (0_usize..).zip(list).try_for_each(|(at, node)| {
                    let changed = entry.each_secret(node, change);
                    changed.map_err(|error| error.within(&at.to_string()))
                })
            }
            _ => Ok(()),
        }
    }
}

/// Puts the fields in the order of the table, and fills in those that are not given.
fn fill_map(fields: &[Field], given: &mut Vec<(String, Node)>) -> Result<(), SchemaError> {
    let mut known = 0_usize;
    for field in fields {
        let mut rest = (known..).zip(given.iter().skip(known));
        if let Some((place, _)) = rest.find(|(_, (name, _))| field.name == name) {
            given.swap(known, place);
            known = known.saturating_add(1);
        }
    }
    // The name itself is not told: it may be a key in the wrong place.
    if known < given.len() {
        return Err(SchemaError::new("has a field that does not exist"));
    }
    let mut at = 0_usize;
    for field in fields {
        let within = |error: SchemaError| error.within(field.name);
        if given.get(at).is_none_or(|(name, _)| field.name != name) {
            let Some(value) = field.absent.value().map_err(within)? else {
                continue;
            };
            given.insert(at, (field.name.to_string(), value));
        }
        if let Some((_, node)) = given.get_mut(at) {
            field.form.fill(node).map_err(within)?;
        }
        at = at.saturating_add(1);
    }
    Ok(())
}

impl Absent {
    /// Makes the value, if there is one.
    fn value(&self) -> Result<Option<Node>, SchemaError> {
        Ok(Some(match self {
            Self::Required => return Err(SchemaError::new("is missing")),
            Self::Out => return Ok(None),
            Self::Flag(flag) => Node::Flag(*flag),
            Self::Number(number) => Node::Number((*number).into()),
            Self::Text(text) => Node::Text((*text).to_string()),
            Self::Defaults => Node::Map(Vec::new()),
            Self::One(entry) => Node::List(alloc::vec![entry()]),
            Self::Empty => Node::List(Vec::new()),
        }))
    }
}
