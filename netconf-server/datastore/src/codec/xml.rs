//! XML.

use super::view::View;
use super::{WithDefaults, WriteOptions};
use crate::edit::to_xml_value;
use crate::filter::Selection;
use crate::schema::{ModuleId, Schema};
use crate::tree::NodeRef;
use crate::xml::{WITH_DEFAULTS, escape_attribute, escape_text};
use std::fmt;

/// Writes what is below a node, usually the root: elements beside each other, each declaring its namespace where that
/// differs from the element around it.
///
/// # Errors
/// What the sink refuses; see [`super::IoSink`].
pub fn write_xml<'t>(
    out: &mut dyn fmt::Write,
    node: &NodeRef<'t>,
    options: WriteOptions<'_, 't>,
) -> fmt::Result {
    let view = View { options };
    let mut writer = XmlWriter::new(out, view);
    view.children(node, view.selection(), &mut |child, selection| {
        writer.element(child, selection, &Attributes::default())
    })
}

/// What is written into a start tag beside the name.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    /// The attributes as they are written.
    pub(super) text: String,
    /// Modules whose names are used as prefixes.
    pub(super) modules: Vec<ModuleId>,
}

impl Attributes {
    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.modules.is_empty()
    }
}

pub(super) struct XmlWriter<'o, 't> {
    out: &'o mut dyn fmt::Write,
    view: View<'o, 't>,
    /// Containers without presence, which are written when something in them is.
    pending: Vec<NodeRef<'t>>,
    depth: usize,
}

impl<'o, 't> XmlWriter<'o, 't> {
    pub(super) fn new(out: &'o mut dyn fmt::Write, view: View<'o, 't>) -> Self {
        Self { out, view, pending: Vec::new(), depth: 0 }
    }

    /// Writes a node with all that is visible in it; `attributes` are written as they are.
    pub(super) fn element(
        &mut self,
        node: &NodeRef<'t>,
        selection: &Selection,
        attributes: &Attributes,
    ) -> fmt::Result {
        let Some(schema_node) = node.schema_node() else { return Ok(()) };
        if node.value().is_some() {
            self.flush()?;
            return self.leaf(node, attributes);
        }
        let waits = schema_node.is_structure() && attributes.is_empty();
        if waits {
            self.pending.push(node.clone());
        } else {
            self.flush()?;
            if node.node().is_empty() && !self.view.implies() {
                self.line()?;
                self.start(node, attributes)?;
                self.out.write_str("/>")?;
                return self.end_of_top();
            }
            self.open(node, attributes)?;
        }
        let waiting = self.pending.len();
        let view = self.view;
        view.children(node, selection, &mut |child, inner| {
            self.element(child, inner, &Attributes::default())
        })?;
        if waits && self.pending.len() == waiting {
            // Nothing in it was written, else it would not wait any more.
            self.pending.pop();
            return Ok(());
        }
        self.close(node)
    }

    /// Writes the containers that wait.
    fn flush(&mut self) -> fmt::Result {
        for node in std::mem::take(&mut self.pending) {
            self.open(&node, &Attributes::default())?;
        }
        Ok(())
    }

    /// Writes a start tag.
    pub(super) fn open(&mut self, node: &NodeRef<'t>, attributes: &Attributes) -> fmt::Result {
        self.line()?;
        self.start(node, attributes)?;
        self.out.write_str(">")?;
        self.depth += 1;
        Ok(())
    }

    /// Writes an end tag.
    pub(super) fn close(&mut self, node: &NodeRef<'t>) -> fmt::Result {
        self.depth -= 1;
        if let Some(indent) = self.view.options.indent {
            write!(self.out, "\n{:1$}", "", indent * self.depth)?;
        }
        write!(self.out, "</{}>", node.name())?;
        self.end_of_top()
    }

    /// Writes a leaf or leaf-list entry.
    pub(super) fn leaf(&mut self, node: &NodeRef<'t>, attributes: &Attributes) -> fmt::Result {
        self.line()?;
        self.start(node, attributes)?;
        let (Some(id), schema) = (node.id(), node.schema()) else { return Ok(()) };
        let value = node.value().map_or("", |value| value);
        let value = to_xml_value(schema, id, value);
        for module in value.modules.iter().filter(|module| !attributes.modules.contains(module)) {
            declare(self.out, schema, *module)?;
        }
        if node.is_default() && self.view.options.defaults == WithDefaults::ReportAllTagged {
            write!(self.out, " xmlns:wd=\"{WITH_DEFAULTS}\" wd:default=\"true\"")?;
        }
        if value.text.is_empty() {
            self.out.write_str("/>")?;
        } else {
            self.out.write_str(">")?;
            escape_text(self.out, &value.text)?;
            write!(self.out, "</{}>", node.name())?;
        }
        self.end_of_top()
    }

    /// Writes `<NAME` with the namespace if it is another than that of the element around.
    fn start(&mut self, node: &NodeRef<'t>, attributes: &Attributes) -> fmt::Result {
        write!(self.out, "<{}", node.name())?;
        let around = node.parent().and_then(|parent| parent.module());
        if let Some(module) = node.module().filter(|module| around != Some(*module)) {
            self.out.write_str(" xmlns=\"")?;
            escape_attribute(self.out, &node.schema().module(module).namespace)?;
            self.out.write_str("\"")?;
        }
        for module in &attributes.modules {
            declare(self.out, node.schema(), *module)?;
        }
        self.out.write_str(&attributes.text)
    }

    fn line(&mut self) -> fmt::Result {
        match self.view.options.indent {
            Some(indent) if self.depth > 0 => write!(self.out, "\n{:1$}", "", indent * self.depth),
            _ => Ok(()),
        }
    }

    fn end_of_top(&mut self) -> fmt::Result {
        if self.depth == 0 && self.view.options.indent.is_some() { self.out.write_str("\n") } else { Ok(()) }
    }
}

fn declare(out: &mut dyn fmt::Write, schema: &Schema, module: ModuleId) -> fmt::Result {
    let module = schema.module(module);
    write!(out, " xmlns:{}=\"", module.name)?;
    escape_attribute(out, &module.namespace)?;
    out.write_str("\"")
}
