//! Edits from XML.

use super::attributes::{self, Attributes};
use super::qualified::from_xml_value;
use super::tree::{check_siblings, key_of};
use super::{Body, Edit, EditNode, Operation};
use crate::error::DataError;
use crate::schema::{Kind, Lookup, Schema, SchemaId};
use crate::tree::{InstancePath, Key, Select};
use crate::xml::{Element, Fragment, Limits, NETCONF, Token, XmlReader};
use daybreak_netconf::error::ErrorTag;

/// Reads the content of a `<config>` element. Names are resolved and values made canonical; whether the edit fits the
/// datastore is found out by [`super::apply`].
///
/// Elements without a namespace, or in that of NETCONF because the client declared no other, are taken for the one node
/// that has the name.
///
/// # Errors
/// The first thing that is wrong, with line and column in the fragment.
pub fn parse_xml(schema: &Schema, xml: Fragment<'_>, limits: Limits) -> Result<Edit, DataError> {
    parse(schema, xml, limits, false)
}

/// As [`parse_xml`], and takes the text out of a `<config>` or `<data>` element if there is one around it.
pub(super) fn parse_document(schema: &Schema, xml: Fragment<'_>, limits: Limits) -> Result<Edit, DataError> {
    parse(schema, xml, limits, true)
}

fn parse(schema: &Schema, xml: Fragment<'_>, limits: Limits, document: bool) -> Result<Edit, DataError> {
    let mut parser =
        Parser { schema, reader: XmlReader::new(xml, limits)?, at: InstancePath::default(), document };
    let result = parser.children(None, None);
    result.map(|nodes| Edit { nodes }).map_err(|mut error| {
        error.position = error.position.or_else(|| Some(parser.reader.position()));
        if error.error.path.is_none() { error.at(schema, &parser.at) } else { error }
    })
}

struct Parser<'x> {
    schema: &'x Schema,
    reader: XmlReader<'x>,
    /// Where the parser is; when it fails, where it failed.
    at: InstancePath,
    /// Whether an element around the data may come.
    document: bool,
}

impl Parser<'_> {
    /// Reads elements up to the end of the one around them.
    fn children(
        &mut self,
        parent: Option<SchemaId>,
        above: Option<Operation>,
    ) -> Result<Vec<EditNode>, DataError> {
        let mut children = Vec::new();
        loop {
            match self.reader.next()? {
                Token::Start(element) if self.is_wrapper(&element) => {
                    self.document = false;
                    children.append(&mut self.children(None, None)?);
                }
                Token::Start(element) => children.push(self.element(parent, &element, above)?),
                Token::End | Token::Eof => break,
                Token::Text(text) if text.trim_ascii().is_empty() => {}
                Token::Text(text) => {
                    let around = parent.map_or("config", |id| &self.schema.node(id).name);
                    let text: String = text.trim_ascii().chars().take(40).collect();
                    let message = format!("{around} holds elements, not the text {text:?}");
                    return Err(DataError::new(ErrorTag::BadElement, message).element(around));
                }
            }
        }
        check_siblings(self.schema, &children)?;
        Ok(children)
    }

    fn is_wrapper(&self, element: &Element<'_>) -> bool {
        self.document
            && self.at.steps().is_empty()
            && matches!(element.name(), "config" | "data")
            && element.namespace.as_deref().is_none_or(|namespace| namespace == NETCONF)
    }

    fn element(
        &mut self,
        parent: Option<SchemaId>,
        element: &Element<'_>,
        above: Option<Operation>,
    ) -> Result<EditNode, DataError> {
        let id = resolve(self.schema, parent, element)?;
        let node = self.schema.node(id);
        self.at.push(id, Select::Node);
        if !node.config {
            let message = format!("{} is state and cannot be configured", node.name);
            return Err(DataError::new(ErrorTag::UnknownElement, message).element(&node.name));
        }
        let Attributes { operation, insert, default } =
            attributes::read(self.schema, id, element, self.reader.scope())?;
        let operation_here = operation.or(above);
        let body = match &node.kind {
            Kind::Container { .. } => Body::Container(self.children(Some(id), operation_here)?),
            Kind::List { .. } => {
                let children = self.children(Some(id), operation_here)?;
                Body::Entry(key_of(self.schema, id, &children)?, children)
            }
            Kind::Leaf(_) | Kind::LeafList(..) => self.value(id, operation_here)?,
            Kind::AnyData => {
                let message = format!("{} has content of any kind, which cannot be stored", node.name);
                return Err(DataError::new(ErrorTag::OperationNotSupported, message));
            }
        };
        let operation = if default { self.as_default(id, operation, &body)? } else { operation };
        self.at.pop();
        Ok(EditNode { id, operation, insert: insert.map(Box::new), body })
    }

    fn value(&mut self, id: SchemaId, operation: Option<Operation>) -> Result<Body, DataError> {
        let node = self.schema.node(id);
        let text = self.reader.text(&node.name)?;
        // `<mtu operation="delete"/>`: what a leaf to be taken away holds does not matter.
        let goes = operation.is_some_and(Operation::is_deletion);
        if goes && !node.key && matches!(node.kind, Kind::Leaf(_)) {
            return Ok(Body::Nothing);
        }
        let encoding = node.encoding().unwrap_or(crate::schema::Encoding::Text);
        let qualified = from_xml_value(self.schema, encoding, &text, self.reader.scope());
        let value = self.schema.canonical(id, &qualified).map_err(|error| {
            let refusal = DataError::new(ErrorTag::InvalidValue, error.message).element(&node.name);
            match error.app_tag {
                Some(tag) => refusal.app_tag(tag),
                None => refusal,
            }
        })?;
        Ok(Body::Value(value))
    }

    /// RFC 6243 §4.5.3: a value marked as default must be it, and is then not stored.
    fn as_default(
        &self,
        id: SchemaId,
        operation: Option<Operation>,
        body: &Body,
    ) -> Result<Option<Operation>, DataError> {
        let node = self.schema.node(id);
        match body {
            Body::Value(value) if !node.defaults.contains(value) => {
                let message = format!("{value} is not the default of {}", node.name);
                Err(DataError::new(ErrorTag::InvalidValue, message).element(&node.name))
            }
            Body::Value(_) => Ok(Some(Operation::Remove)),
            _ => Ok(operation),
        }
    }
}

/// The schema node of an element.
fn resolve(schema: &Schema, parent: Option<SchemaId>, element: &Element<'_>) -> Result<SchemaId, DataError> {
    let name = element.name();
    let around = || parent.map_or_else(|| "the top level".to_owned(), |id| schema.node(id).name.to_string());
    let namespace = element.namespace.as_deref().filter(|namespace| *namespace != NETCONF);
    let Some(namespace) = namespace else {
        return match schema.child_by_name(parent, name) {
            Lookup::One(id) => Ok(id),
            Lookup::Ambiguous => {
                let message =
                    format!("{name} is a node of several modules in {}; give its namespace", around());
                Err(DataError::new(ErrorTag::UnknownElement, message).element(name))
            }
            Lookup::Unknown => {
                let message = format!("there is no {name} in {}", around());
                Err(DataError::new(ErrorTag::UnknownElement, message).element(name))
            }
        };
    };
    let Some(module) = schema.module_in(namespace) else {
        let message = format!("no module has the namespace {namespace}");
        let error = DataError::new(ErrorTag::UnknownNamespace, message);
        return Err(error.element(name).namespace(namespace));
    };
    schema.child(parent, module, name).ok_or_else(|| {
        let message = format!("{} has no {name} in {}", schema.module(module).name, around());
        DataError::new(ErrorTag::UnknownElement, message).element(name)
    })
}

/// The step of a path to a node of an edit.
pub(super) fn select(body: &Body, leaf_list: bool) -> Select {
    match body {
        Body::Entry(key, _) => Select::Key(key.clone()),
        Body::Value(value) if leaf_list => Select::Key(Key::single(value.clone())),
        _ => Select::Node,
    }
}
