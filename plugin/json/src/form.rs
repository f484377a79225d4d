//! Forms: which names and types a document has, and what stands for what it leaves out.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use xoxzo_2fa_core::Range;
use xoxzo_2fa_core::json::Node;

/// Text for the schema only.
macro_rules! about {
    ($($text:literal)*) => {
        if cfg!(feature = "schema") { concat!($($text),*) } else { "" }
    };
}
pub(crate) use about;

/// A named value in a map.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// The description, for the schema.
    #[cfg_attr(not(feature = "schema"), expect(dead_code, reason = "for the schema"))]
    pub(crate) about: &'static str,
    pub(crate) form: Form,
    pub(crate) absent: Absent,
}

/// The type of a value.
#[cfg_attr(not(feature = "schema"), expect(dead_code, reason = "for the schema"))]
pub(crate) enum Form {
    Flag,
    /// The range is told here and enforced by the engine.
    Number(Range),
    Text,
    /// A text that is redacted, and that hosts take as a reference too.
    Secret,
    Choice(&'static [&'static str]),
    Map(&'static [Field]),
    /// Of so many.
    List(&'static Form, Range),
    /// A name or a map.
    Either(&'static [Field]),
}

pub(crate) const fn field(
    name: &'static str,
    form: Form,
    absent: Absent,
    about: &'static str,
) -> Field {
    Field {
        name,
        about,
        form,
        absent,
    }
}

pub(crate) const fn number(
    name: &'static str,
    range: Range,
    absent: u32,
    about: &'static str,
) -> Field {
    field(name, Form::Number(range), Absent::Number(absent), about)
}

/// The value of a field that is left out.
pub(crate) enum Absent {
    /// Nothing: an error.
    Required,
    /// Nothing: it stays out.
    Out,
    Flag(bool),
    Number(u32),
    Text(&'static str),
    /// A map of its own defaults.
    Defaults,
    /// A list of what this makes.
    One(fn() -> Node),
    Empty,
}

/// A fault in a document: its place and its kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SchemaError {
    /// Names and indices from the outermost, joined by dots.
    pub(crate) path: String,
    pub(crate) kind: String,
}

impl SchemaError {
    pub(crate) fn new(kind: impl Into<String>) -> Self {
        Self {
            path: String::new(),
            kind: kind.into(),
        }
    }

    pub(crate) fn within(mut self, name: &str) -> Self {
        self.path = if self.path.is_empty() {
            name.to_string()
        } else {
            [name, &self.path].join(".")
        };
        self
    }
}

impl Form {
    /// The value with all defaults filled in.
    ///
    /// # Errors
    ///
    /// A value of another form.
    pub(crate) fn fill(&self, node: &Node) -> Result<Node, SchemaError> {
        match (self, node) {
            (Self::Flag, Node::Flag(_))
            | (Self::Number(_), Node::Number(_))
            | (Self::Text | Self::Secret, Node::Text(_)) => Ok(node.clone()),
            (Self::Secret, Node::Map(_)) => Err(SchemaError::new(
                "a reference, which the host must resolve before the engine sees it",
            )),
            (Self::Number(_), Node::Fraction(_)) => {
                Err(SchemaError::new("must be a whole number from 0 on"))
            }
            (Self::Choice(choices), Node::Text(text)) if choices.contains(&text.as_str()) => {
                Ok(node.clone())
            }
            (Self::Choice(choices), Node::Text(_)) => Err(SchemaError::new(
                ["must be ", &choices.join(" or ")].concat(),
            )),
            (Self::Either(_), Node::Text(_)) => Ok(node.clone()),
            (Self::Map(fields) | Self::Either(fields), Node::Map(given)) => fill_map(fields, given),
            (Self::List(item, _), Node::List(list)) => {
                let filled = (0_usize..).zip(list).map(|(at, node)| {
                    item.fill(node)
                        .map_err(|error| error.within(&at.to_string()))
                });
                filled.collect::<Result<_, _>>().map(Node::List)
            }
            _ => Err(SchemaError::new("a value of the wrong type")),
        }
    }

    /// Puts the values of variables in the place of references `{"env": "NAME"}`, where secrets stand.
    ///
    /// # Errors
    ///
    /// A reference of another form, or to a variable that is not there.
    #[cfg(feature = "gate")]
    pub(crate) fn resolve(
        &self,
        node: &mut Node,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<(), SchemaError> {
        if let (Self::Secret, Node::Map(reference)) = (self, &*node) {
            let variable = match &reference[..] {
                [(kind, Node::Text(name))] if kind == "env" => environment(name),
                _ => return Err(SchemaError::new("must be a string or {\"env\": NAME}")),
            };
            *node = variable.map(Node::Text).ok_or(SchemaError::new(
                "the environment variable is not set, or not listed in host_env_keys",
            ))?;
            return Ok(());
        }
        match (self, node) {
            (Self::Map(fields), Node::Map(given)) => {
                for (name, node) in given {
                    if let Some(field) = fields.iter().find(|field| field.name == name) {
                        let resolved = field.form.resolve(node, environment);
                        resolved.map_err(|error| error.within(field.name))?;
                    }
                }
                Ok(())
            }
            (Self::List(item, _), Node::List(list)) => {
                for (at, node) in (0_usize..).zip(list) {
                    let resolved = item.resolve(node, environment);
                    resolved.map_err(|error| error.within(&at.to_string()))?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Overwrites what is secret.
    pub(crate) fn redact(&self, node: &mut Node) {
        match (self, node) {
            (Self::Secret, node) => *node = Node::Text("[REDACTED]".to_string()),
            (Self::Map(fields), Node::Map(given)) => {
                for (name, node) in given {
                    if let Some(field) = fields.iter().find(|field| field.name == name) {
                        field.form.redact(node);
                    }
                }
            }
            (Self::List(item, _), Node::List(list)) => {
                list.iter_mut().for_each(|node| item.redact(node));
            }
            _ => {}
        }
    }
}

fn fill_map(fields: &[Field], given: &[(String, Node)]) -> Result<Node, SchemaError> {
    // The name itself is not told: it may be a key in the wrong place.
    if given
        .iter()
        .any(|(name, _)| fields.iter().all(|field| field.name != name))
    {
        return Err(SchemaError::new("has a field that does not exist"));
    }
    let mut filled = Vec::with_capacity(fields.len());
    for field in fields {
        let node = given
            .iter()
            .find(|(name, _)| field.name == name)
            .map(|(_, node)| node);
        let value = match (node, &field.absent) {
            (Some(node), _) => field.form.fill(node),
            (None, Absent::Out) => continue,
            (None, Absent::Required) => Err(SchemaError::new("is missing")),
            (None, Absent::Flag(flag)) => Ok(Node::Flag(*flag)),
            (None, Absent::Number(number)) => Ok(Node::Number((*number).into())),
            (None, Absent::Text(text)) => Ok(Node::Text((*text).to_string())),
            (None, Absent::Defaults) => field.form.fill(&Node::Map(Vec::new())),
            (None, Absent::Empty) => Ok(Node::List(Vec::new())),
            (None, Absent::One(item)) => Ok(Node::List(alloc::vec![item()])),
        };
        filled.push((
            field.name.to_string(),
            value.map_err(|error| error.within(field.name))?,
        ));
    }
    Ok(Node::Map(filled))
}
