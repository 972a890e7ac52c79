//! Reading a path.

use super::{InstancePath, Select, Step};
use crate::schema::{Kind, Lookup, Schema, SchemaId};
use crate::tree::Key;
use std::sync::Arc;

/// Longest text that is read: a path of any real use is far shorter.
const MAX_LENGTH: usize = 16 * 1024;

/// A text that is no path in the schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Over 16 KiB.
    #[error("the path is longer than 16384 bytes")]
    TooLong,
    /// No slash in front.
    #[error("a path starts with '/'")]
    NotAbsolute,
    /// Something else stood where this was needed.
    #[error("expected {expected} at byte {at} of the path")]
    Expected {
        /// What was needed.
        expected: &'static str,
        /// Where, in bytes from 0.
        at: usize,
    },
    /// A prefix that no module has for a name.
    #[error("no module is named {0}")]
    UnknownModule(String),
    /// The parent has no such child.
    #[error("{parent} has no node {name}")]
    UnknownNode {
        /// Path of the schema node before it, `/` for the root.
        parent: String,
        /// The name.
        name: String,
    },
    /// Several modules put a node of that name there.
    #[error("{name} is a node of several modules here; write MODULE:{name}")]
    Ambiguous {
        /// The name.
        name: String,
    },
    /// A predicate on a node without keys, with the wrong keys or with too few.
    #[error("{node}: {problem}")]
    Predicate {
        /// Name of the node.
        node: String,
        /// What is wrong.
        problem: String,
    },
}

impl InstancePath {
    /// Reads a path: module names as prefixes, which may be left out where they are clear; values are made canonical.
    /// A list or leaf-list without predicates stands for all its entries.
    ///
    /// # Errors
    /// [`PathError`] with the part that is wrong.
    pub fn parse(schema: &Schema, text: &str) -> Result<Self, PathError> {
        if text.len() > MAX_LENGTH {
            return Err(PathError::TooLong);
        }
        if !text.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        let mut reader = Reader { schema, text, at: 0 };
        let mut steps: Vec<Step> = Vec::new();
        if text == "/" {
            return Ok(Self::new(steps));
        }
        while !reader.rest().is_empty() {
            reader.expect('/', "'/'")?;
            let id = reader.node(steps.last().map(|step| step.id))?;
            let select = reader.predicates(id)?;
            steps.push(Step { id, select });
        }
        Ok(Self::new(steps))
    }

    /// Reads predicates alone, as in the attribute `key` of RFC 7950 §7.8.6. Prefixes are passed over: keys have the
    /// namespace of their list.
    pub(crate) fn parse_predicates(schema: &Schema, id: SchemaId, text: &str) -> Result<Select, PathError> {
        if text.len() > MAX_LENGTH {
            return Err(PathError::TooLong);
        }
        let mut reader = Reader { schema, text, at: 0 };
        let select = reader.predicates(id)?;
        if reader.rest().is_empty() {
            Ok(select)
        } else {
            Err(PathError::Expected { expected: "the end", at: reader.at })
        }
    }
}

struct Reader<'a> {
    schema: &'a Schema,
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.at += c.len_utf8();
        }
        found
    }

    fn expect(&mut self, c: char, expected: &'static str) -> Result<(), PathError> {
        if self.eat(c) { Ok(()) } else { Err(PathError::Expected { expected, at: self.at }) }
    }

    fn name(&mut self) -> Result<(Option<&'a str>, &'a str), PathError> {
        let first = self.identifier()?;
        if self.eat(':') { Ok((Some(first), self.identifier()?)) } else { Ok((None, first)) }
    }

    fn identifier(&mut self) -> Result<&'a str, PathError> {
        let rest = self.rest();
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(PathError::Expected { expected: "a name", at: self.at });
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn node(&mut self, parent: Option<SchemaId>) -> Result<SchemaId, PathError> {
        let (module, name) = self.name()?;
        let unknown = || PathError::UnknownNode {
            parent: parent.map_or_else(|| "/".to_owned(), |id| self.schema.path(id)),
            name: name.to_owned(),
        };
        let Some(module) = module else {
            return match self.schema.child_by_name(parent, name) {
                Lookup::One(id) => Ok(id),
                Lookup::Ambiguous => Err(PathError::Ambiguous { name: name.to_owned() }),
                Lookup::Unknown => Err(unknown()),
            };
        };
        let id =
            self.schema.module_named(module).ok_or_else(|| PathError::UnknownModule(module.to_owned()))?;
        self.schema.child(parent, id, name).ok_or_else(unknown)
    }

    fn predicates(&mut self, id: SchemaId) -> Result<Select, PathError> {
        if !self.rest().starts_with('[') {
            return Ok(Select::Node);
        }
        let node = self.schema.node(id);
        let wrong = |problem: String| PathError::Predicate { node: node.name.to_string(), problem };
        match &node.kind {
            Kind::LeafList(..) => {
                self.open()?;
                self.expect('.', "'.'")?;
                let value = self.equals()?;
                Ok(Select::Key(Key::single(self.canonical(id, &value)?)))
            }
            Kind::List { keys, .. } if keys.is_empty() => {
                self.open()?;
                let digits = self.identifier()?;
                let number = digits.parse::<usize>().ok().filter(|number| *number > 0);
                let number = number.ok_or_else(|| wrong(format!("{digits} is no position")))?;
                self.close()?;
                Ok(Select::Key(Key::number(number)))
            }
            Kind::List { keys, .. } => {
                let mut values: Vec<Option<Arc<str>>> = vec![None; keys.len()];
                while self.rest().starts_with('[') {
                    self.open()?;
                    let (_, name) = self.name()?;
                    let at = keys.iter().position(|key| *self.schema.node(*key).name == *name);
                    let at = at.ok_or_else(|| wrong(format!("{name} is no key of it")))?;
                    if values[at].is_some() {
                        return Err(wrong(format!("the key {name} is given twice")));
                    }
                    let value = self.equals()?;
                    values[at] = Some(self.canonical(keys[at], &value)?);
                }
                let given: Option<Vec<_>> = values.into_iter().collect();
                let given = given.ok_or_else(|| wrong("not every key is given".to_owned()))?;
                Ok(Select::Key(Key::of(&given)))
            }
            _ => Err(wrong("it has no keys".to_owned())),
        }
    }

    fn open(&mut self) -> Result<(), PathError> {
        self.expect('[', "'['")?;
        self.space();
        Ok(())
    }

    fn close(&mut self) -> Result<(), PathError> {
        self.space();
        self.expect(']', "']'")
    }

    /// Reads `= VALUE ]`.
    fn equals(&mut self) -> Result<String, PathError> {
        self.space();
        self.expect('=', "'='")?;
        self.space();
        let value = if let Some(rest) = self.rest().strip_prefix("concat(") {
            self.at = self.text.len() - rest.len();
            let mut value = self.literal()?.to_owned();
            self.space();
            while self.eat(',') {
                self.space();
                value.push_str(self.literal()?);
                self.space();
            }
            self.expect(')', "')'")?;
            value
        } else {
            self.literal()?.to_owned()
        };
        self.close()?;
        Ok(value)
    }

    fn literal(&mut self) -> Result<&'a str, PathError> {
        let rest = self.rest();
        let missing = PathError::Expected { expected: "a quoted value", at: self.at };
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Err(missing);
        };
        let Some(end) = rest[1..].find(quote) else { return Err(missing) };
        self.at += end + 2;
        Ok(&rest[1..=end])
    }

    fn canonical(&self, id: SchemaId, value: &str) -> Result<Arc<str>, PathError> {
        self.schema.canonical(id, value).map_err(|error| PathError::Predicate {
            node: self.schema.node(id).name.to_string(),
            problem: error.message,
        })
    }
}
