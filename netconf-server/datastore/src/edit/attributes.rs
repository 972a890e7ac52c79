//! The attributes of an edit.

use super::{Insert, Operation, qualified::from_xml_value};
use crate::error::DataError;
use crate::schema::{Kind, Order, Schema, SchemaId};
use crate::tree::{InstancePath, Key, Select};
use crate::xml::{Attribute, Element, NETCONF, Scope, WITH_DEFAULTS, YANG};
use daybreak_netconf::error::ErrorTag;

/// What the attributes of an element say.
#[derive(Debug, Default)]
pub(super) struct Attributes {
    pub(super) operation: Option<Operation>,
    pub(super) insert: Option<Insert>,
    /// `wd:default="true"`: the value is the default and is not to be stored (RFC 6243 §4.5.3).
    pub(super) default: bool,
}

/// Reads the attributes of an element. Those of NETCONF and YANG may come without a namespace: many clients send them so.
pub(super) fn read(
    schema: &Schema,
    id: SchemaId,
    element: &Element<'_>,
    scope: &Scope,
) -> Result<Attributes, DataError> {
    let mut result = Attributes::default();
    let (mut insert, mut anchor) = (None, None);
    for attribute in &element.attributes {
        let is_of = |namespace: &str| attribute.namespace.as_deref().is_none_or(|own| own == namespace);
        match attribute.name.as_str() {
            "operation" if is_of(NETCONF) => {
                let operation = Operation::parse(&attribute.value);
                result.operation = Some(operation.ok_or_else(|| {
                    bad(attribute, element, "is none of merge, replace, create, delete, remove")
                })?);
            }
            "insert" if is_of(YANG) => insert = Some(attribute),
            "key" | "value" if is_of(YANG) => anchor = Some(attribute),
            "default" if is_of(WITH_DEFAULTS) => {
                result.default = matches!(attribute.value.as_str(), "true" | "1");
            }
            name => {
                let message = format!("the attribute {name} means nothing on {}", element.name());
                return Err(DataError::new(ErrorTag::UnknownAttribute, message)
                    .attribute(name)
                    .element(element.name()));
            }
        }
    }
    match (insert, anchor) {
        (Some(insert), anchor) => {
            result.insert = Some(placement(schema, id, element, insert, anchor, scope)?);
        }
        (None, Some(anchor)) => return Err(missing("insert", element, &anchor.name)),
        (None, None) => {}
    }
    Ok(result)
}

fn placement(
    schema: &Schema,
    id: SchemaId,
    element: &Element<'_>,
    insert: &Attribute,
    anchor: Option<&Attribute>,
    scope: &Scope,
) -> Result<Insert, DataError> {
    let node = schema.node(id);
    let entry = matches!(node.kind, Kind::List { .. } | Kind::LeafList(..));
    if !entry || node.order() != Order::User {
        return Err(bad(insert, element, "is for entries that the user orders"));
    }
    // RFC 7950 §7.8.6 and §7.7.9: `key` names a list entry, `value` a leaf-list entry.
    let wanted = if matches!(node.kind, Kind::List { .. }) { "key" } else { "value" };
    let anchored = |make: fn(Key) -> Insert| {
        let anchor = anchor.filter(|anchor| anchor.name == wanted);
        let anchor = anchor.ok_or_else(|| missing(wanted, element, &insert.value))?;
        anchor_key(schema, id, anchor, element, scope).map(make)
    };
    match insert.value.as_str() {
        "first" => Ok(Insert::First),
        "last" => Ok(Insert::Last),
        "before" => anchored(Insert::Before),
        "after" => anchored(Insert::After),
        _ => Err(bad(insert, element, "is none of first, last, before, after")),
    }
}

fn anchor_key(
    schema: &Schema,
    id: SchemaId,
    anchor: &Attribute,
    element: &Element<'_>,
    scope: &Scope,
) -> Result<Key, DataError> {
    if let Some(encoding) = schema.node(id).encoding() {
        let value = from_xml_value(schema, encoding, &anchor.value, scope);
        let value = schema.canonical(id, &value).map_err(|error| bad(anchor, element, &error.message))?;
        return Ok(Key::single(value));
    }
    let select = InstancePath::parse_predicates(schema, id, anchor.value.trim_ascii())
        .map_err(|error| bad(anchor, element, &error.to_string()))?;
    match select {
        Select::Key(key) => Ok(key),
        Select::Node => Err(bad(anchor, element, "names no entry")),
    }
}

fn bad(attribute: &Attribute, element: &Element<'_>, problem: &str) -> DataError {
    let message = format!("{}=\"{}\" of {} {problem}", attribute.name, attribute.value, element.name());
    DataError::new(ErrorTag::BadAttribute, message).attribute(&attribute.name).element(element.name())
}

fn missing(name: &str, element: &Element<'_>, with: &str) -> DataError {
    let message = format!("{} has no attribute {name}, which {with} needs", element.name());
    DataError::new(ErrorTag::MissingAttribute, message).attribute(name).element(element.name())
}
