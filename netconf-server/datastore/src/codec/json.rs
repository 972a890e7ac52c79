//! JSON.

use super::WriteOptions;
use super::view::View;
use crate::filter::Selection;
use crate::schema::{Encoding, SchemaId};
use crate::tree::NodeRef;
use std::fmt;

/// Writes what is below a node, usually the root, as one JSON object (RFC 7951).
///
/// # Errors
/// What the sink refuses; see [`super::IoSink`].
pub fn write_json<'t>(
    out: &mut dyn fmt::Write,
    node: &NodeRef<'t>,
    options: WriteOptions<'_, 't>,
) -> fmt::Result {
    let view = View { options };
    let mut writer = JsonWriter { out, view, pending: Vec::new(), depth: 1, first: true };
    writer.out.write_str("{")?;
    writer.members(node, view.selection())?;
    writer.depth = 0;
    if !writer.first {
        writer.line()?;
    }
    writer.out.write_str("}")?;
    if options.indent.is_some() { writer.out.write_str("\n") } else { Ok(()) }
}

struct JsonWriter<'o, 't> {
    out: &'o mut dyn fmt::Write,
    view: View<'o, 't>,
    /// Containers without presence, which are written when something in them is.
    pending: Vec<NodeRef<'t>>,
    depth: usize,
    /// Nothing was written yet in the object or array that is open.
    first: bool,
}

impl<'t> JsonWriter<'_, 't> {
    /// Writes the members of an object that is open, in schema order; entries of a list come one after the other.
    fn members(&mut self, node: &NodeRef<'t>, selection: &Selection) -> fmt::Result {
        let view = self.view;
        let mut array: Option<SchemaId> = None;
        view.children(node, selection, &mut |child, inner| {
            let is_entry = child.key().is_some();
            if array.is_some() && array != child.id() {
                self.end("]")?;
                array = None;
            }
            if is_entry {
                if array.is_none() {
                    self.flush()?;
                    self.name(child)?;
                    self.begin("[")?;
                    array = child.id();
                }
                self.comma()?;
                return self.value(child, inner);
            }
            if child.schema_node().is_some_and(crate::schema::SchemaNode::is_structure) {
                return self.structure(child, inner);
            }
            self.flush()?;
            self.name(child)?;
            self.value(child, inner)
        })?;
        if array.is_some() { self.end("]") } else { Ok(()) }
    }

    fn structure(&mut self, node: &NodeRef<'t>, selection: &Selection) -> fmt::Result {
        self.pending.push(node.clone());
        let waiting = self.pending.len();
        self.members(node, selection)?;
        if self.pending.len() == waiting {
            self.pending.pop();
            return Ok(());
        }
        self.end("}")
    }

    /// Writes the containers that wait.
    fn flush(&mut self) -> fmt::Result {
        for node in std::mem::take(&mut self.pending) {
            self.name(&node)?;
            self.begin("{")?;
        }
        Ok(())
    }

    fn value(&mut self, node: &NodeRef<'t>, selection: &Selection) -> fmt::Result {
        let Some(id) = node.id() else { return Ok(()) };
        let Some(value) = node.value() else {
            self.begin("{")?;
            self.members(node, selection)?;
            return self.end("}");
        };
        match node.schema().encoding_of(id, value) {
            Encoding::Number | Encoding::Boolean => self.out.write_str(value),
            Encoding::Empty => self.out.write_str("[null]"),
            _ => quote(self.out, value),
        }
    }

    fn name(&mut self, node: &NodeRef<'t>) -> fmt::Result {
        self.comma()?;
        let around = node.parent().and_then(|parent| parent.module());
        self.out.write_str("\"")?;
        if let Some(module) = node.module().filter(|module| around != Some(*module)) {
            write!(self.out, "{}:", node.schema().module(module).name)?;
        }
        let space = if self.view.options.indent.is_some() { " " } else { "" };
        write!(self.out, "{}\":{space}", node.name())
    }

    fn begin(&mut self, bracket: &str) -> fmt::Result {
        self.depth += 1;
        self.first = true;
        self.out.write_str(bracket)
    }

    fn end(&mut self, bracket: &str) -> fmt::Result {
        self.depth -= 1;
        if !self.first {
            self.line()?;
        }
        self.first = false;
        self.out.write_str(bracket)
    }

    fn comma(&mut self) -> fmt::Result {
        if !self.first {
            self.out.write_str(",")?;
        }
        self.first = false;
        self.line()
    }

    fn line(&mut self) -> fmt::Result {
        match self.view.options.indent {
            Some(indent) => write!(self.out, "\n{:1$}", "", indent * self.depth),
            None => Ok(()),
        }
    }
}

fn quote(out: &mut dyn fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c if c < ' ' => write!(out, "\\u{:04x}", c as u32)?,
            c => out.write_char(c)?,
        }
    }
    out.write_char('"')
}
