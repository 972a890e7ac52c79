//! Answers that hold state, as trees.

use std::sync::Arc;

use daybreak_datastore::schema::{Encoding, Kind, Schema, SchemaId};
use daybreak_datastore::tree::{BuildError, Builder, Tree};
use daybreak_netconf::xml::{Element, XmlError};

use crate::cli::error::CliError;

/// The tree in a `<data>` element. What the schema does not know is passed over: a newer server may say more.
///
/// # Errors
/// [`CliError::Answer`].
pub(super) fn state(schema: &Arc<Schema>, data: &Element<'_>) -> Result<Tree, CliError> {
    let answer = |error: &dyn std::fmt::Display| CliError::Answer(error.to_string());
    let mut broken = None;
    let tree = Tree::build(schema, |top| {
        let mut reader = Reader { schema, broken: None };
        let filled = reader.fill(top, None, data);
        broken = reader.broken;
        filled
    });
    match broken {
        Some(error) => Err(answer(&error)),
        None => tree.map_err(|error| answer(&error)),
    }
}

struct Reader<'s> {
    schema: &'s Schema,
    /// What ended the reading, beside what building refuses.
    broken: Option<XmlError>,
}

impl Reader<'_> {
    fn fill(
        &mut self,
        into: &mut Builder<'_>,
        parent: Option<SchemaId>,
        around: &Element<'_>,
    ) -> Result<(), BuildError> {
        for child in self.keep(around.children()).unwrap_or_default() {
            let module = child.namespace().and_then(|namespace| self.schema.module_in(namespace));
            let Some(module) = module else { continue };
            let Some(id) = self.schema.child(parent, module, child.name()) else { continue };
            let node = self.schema.node(id);
            let name = format!("{}:{}", self.schema.module(module).name, node.name);
            match &node.kind {
                Kind::Container { .. } => {
                    into.container(&name, |inner| self.fill(inner, Some(id), &child))?;
                }
                Kind::List { .. } => {
                    into.entry(&name, |inner| self.fill(inner, Some(id), &child))?;
                }
                Kind::Leaf(encoding) => {
                    if let Some(text) = self.text(&child, *encoding) {
                        into.leaf(&name, text)?;
                    }
                }
                Kind::LeafList(encoding, _) => {
                    into.leaf_list(&name, self.text(&child, *encoding))?;
                }
                Kind::AnyData => {}
            }
        }
        Ok(())
    }

    /// A value with names of modules in place of prefixes.
    fn text(&mut self, element: &Element<'_>, encoding: Encoding) -> Option<String> {
        let text = self.keep(element.text())?;
        if !matches!(encoding, Encoding::Identity | Encoding::Union) {
            return Some(text);
        }
        let Some((prefix, name)) = text.split_once(':') else { return Some(text) };
        let namespaces = element.prefixes();
        let namespace = namespaces.iter().find(|(own, _)| own == prefix).map(|(_, namespace)| namespace);
        let module = namespace.and_then(|namespace| self.schema.module_in(namespace));
        Some(
            module.map_or_else(
                || text.clone(),
                |module| format!("{}:{}", self.schema.module(module).name, name),
            ),
        )
    }

    fn keep<T>(&mut self, result: Result<T, XmlError>) -> Option<T> {
        result.map_err(|error| self.broken = Some(error)).ok()
    }
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    use daybreak_datastore::codec::{WriteOptions, write_xml};
    use daybreak_netconf::xml::Limits;

    use super::*;
    use crate::cli::lang::Models;

    /// The state in a text, for the tests of what shows it.
    pub(in crate::cli) fn read(schema: &Arc<Schema>, inner: &str) -> Result<Tree, CliError> {
        let text = format!("<data>{inner}</data>");
        let limits = Limits { children: usize::MAX, ..Limits::default() };
        state(schema, &Element::parse(&text, limits).unwrap())
    }

    /// What the server writes is read and written again as it was.
    #[test]
    fn state_is_read_as_it_was_written() {
        let models = Models::load().unwrap();
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/state");
        for name in ["bgp", "commits", "dataplane", "interfaces", "routes", "system"] {
            let text = std::fs::read_to_string(folder.join(name).with_extension("xml")).unwrap();
            let tree = read(&models.schema, &text).unwrap();
            let mut written = String::new();
            let options = WriteOptions { indent: Some(2), ..WriteOptions::default() };
            write_xml(&mut written, &tree.root(), options).unwrap();
            assert_eq!(written.trim(), text.trim(), "{name}");
        }
    }

    #[test]
    fn what_is_unknown_is_passed_over_and_what_is_broken_is_told() {
        let models = Models::load().unwrap();
        let tree = read(&models.schema, "<x xmlns='urn:x'/><y/>").unwrap();
        assert!(tree.is_empty());
        let broken = "<system-state xmlns='urn:ietf:params:xml:ns:yang:ietf-system'><platform>x</platform></system-state>";
        assert!(read(&models.schema, broken).is_ok(), "text in a container means nothing");
        let wrong =
            "<interfaces xmlns='urn:ietf:params:xml:ns:yang:ietf-interfaces'><interface/></interfaces>";
        assert!(matches!(read(&models.schema, wrong), Err(CliError::Answer(_))));
    }

    #[test]
    fn long_lists_are_read() {
        let models = Models::load().unwrap();
        let entries: Vec<_> =
            (0..5000).map(|n| format!("<interface><name>i{n}</name></interface>")).collect();
        let entries = entries.concat();
        let text =
            format!("<interfaces xmlns='urn:ietf:params:xml:ns:yang:ietf-interfaces'>{entries}</interfaces>");
        let tree = read(&models.schema, &text).unwrap();
        let interfaces = tree.root().children().next().unwrap();
        assert_eq!(interfaces.children().count(), 5000);
    }
}
