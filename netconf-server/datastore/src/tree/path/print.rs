//! The text of a path.

use super::{InstancePath, Select, Step};
use crate::schema::{Kind, ModuleId, Schema};
use std::fmt;

/// A path with the schema that names its nodes.
pub struct PathDisplay<'a> {
    path: &'a InstancePath,
    schema: &'a Schema,
    every_prefix: bool,
}

impl InstancePath {
    /// The text of the path, for logs, errors and [`Self::parse`].
    pub fn display<'a>(&'a self, schema: &'a Schema) -> PathDisplay<'a> {
        PathDisplay { path: self, schema, every_prefix: false }
    }

    /// The path as an XML instance-identifier (RFC 7950 §9.13.2): every name has its module's name as prefix. Comes
    /// with the modules whose namespaces must be declared for it.
    pub fn to_xml(&self, schema: &Schema) -> (String, Vec<ModuleId>) {
        let text = PathDisplay { path: self, schema, every_prefix: true }.to_string();
        let mut modules = Vec::new();
        for step in &self.steps {
            let module = schema.node(step.id).module;
            if !modules.contains(&module) {
                modules.push(module);
            }
        }
        (text, modules)
    }
}

impl fmt::Display for PathDisplay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.steps.is_empty() {
            return f.write_str("/");
        }
        let mut module = None;
        for step in &self.path.steps {
            let node = self.schema.node(step.id);
            f.write_str("/")?;
            if self.every_prefix || module != Some(node.module) {
                write!(f, "{}:", self.schema.module(node.module).name)?;
                module = Some(node.module);
            }
            f.write_str(&node.name)?;
            self.predicates(f, step)?;
        }
        Ok(())
    }
}

impl PathDisplay<'_> {
    fn predicates(&self, f: &mut fmt::Formatter<'_>, step: &Step) -> fmt::Result {
        let Select::Key(key) = &step.select else { return Ok(()) };
        let node = self.schema.node(step.id);
        match &node.kind {
            Kind::List { keys, .. } if keys.is_empty() => write!(f, "[{}]", key.text()),
            Kind::List { keys, .. } => keys.iter().zip(key.values()).try_for_each(|(key, value)| {
                f.write_str("[")?;
                if self.every_prefix {
                    write!(f, "{}:", self.schema.module(node.module).name)?;
                }
                write!(f, "{}=", self.schema.node(*key).name)?;
                quote(f, value)?;
                f.write_str("]")
            }),
            _ => {
                f.write_str("[.=")?;
                quote(f, key.text())?;
                f.write_str("]")
            }
        }
    }
}

/// XPath 1.0 has no escapes: a value with both quotes has to be put together.
fn quote(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    if !value.contains('\'') {
        return write!(f, "'{value}'");
    }
    if !value.contains('"') {
        return write!(f, "\"{value}\"");
    }
    f.write_str("concat(")?;
    let mut rest = value;
    while let Some(first) = rest.chars().next() {
        let (quote, ends) =
            if first == '\'' { ('"', rest.find(|c| c != '\'')) } else { ('\'', rest.find('\'')) };
        let (part, after) = rest.split_at(ends.unwrap_or(rest.len()));
        let comma = if after.is_empty() { "" } else { "," };
        write!(f, "{quote}{part}{quote}{comma}")?;
        rest = after;
    }
    f.write_str(")")
}
