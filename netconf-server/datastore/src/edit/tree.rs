//! An edit as data.

use super::Operation;
use crate::error::DataError;
use crate::schema::{Kind, Schema, SchemaId};
use crate::tree::Key;
use daybreak_netconf::error::ErrorTag;
use std::sync::Arc;

/// What is to be changed: nodes at the top, each with what is below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// The nodes.
    pub nodes: Vec<EditNode>,
}

/// A node of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditNode {
    /// Its schema node.
    pub id: SchemaId,
    /// Its own operation; else that of the node above holds.
    pub operation: Option<Operation>,
    /// Where an entry of a user-ordered list goes.
    pub insert: Option<Box<Insert>>,
    /// What is in it.
    pub body: Body,
}

/// What is in a node of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Inside of a container.
    Container(Vec<EditNode>),
    /// Inside of a list entry, keys included.
    Entry(Key, Vec<EditNode>),
    /// Canonical value of a leaf or leaf-list entry.
    Value(Arc<str>),
    /// Nothing: a leaf to be taken away.
    Nothing,
}

/// Where an entry goes (RFC 7950 §7.8.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Insert {
    /// Before all others.
    First,
    /// After all others.
    Last,
    /// Right before the entry with that key.
    Before(Key),
    /// Right after the entry with that key.
    After(Key),
}

/// The key of an entry from the key leafs among its children.
pub(super) fn key_of(schema: &Schema, id: SchemaId, children: &[EditNode]) -> Result<Key, DataError> {
    let list = schema.node(id);
    let Kind::List { keys, .. } = &list.kind else { return Ok(Key::number(1)) };
    if let [only] = &**keys {
        return value_of(schema, id, *only, children).cloned().map(Key::single);
    }
    let values: Result<Vec<_>, _> =
        keys.iter().map(|key| value_of(schema, id, *key, children).cloned()).collect();
    values.map(|values| Key::of(&values))
}

fn value_of<'e>(
    schema: &Schema,
    list: SchemaId,
    key: SchemaId,
    children: &'e [EditNode],
) -> Result<&'e Arc<str>, DataError> {
    let value = children.iter().find(|child| child.id == key).and_then(|child| match &child.body {
        Body::Value(value) => Some(value),
        _ => None,
    });
    value.ok_or_else(|| {
        let (list, key) = (&schema.node(list).name, &schema.node(key).name);
        DataError::new(ErrorTag::MissingElement, format!("an entry of {list} has no key {key}")).element(key)
    })
}

/// Refuses what cannot be twice in one node of an edit: a leaf or container, and nodes of several cases of a choice
/// (RFC 7950 §8.3.1).
pub(super) fn check_siblings(schema: &Schema, children: &[EditNode]) -> Result<(), DataError> {
    let mut cases = Vec::new();
    for (at, child) in children.iter().enumerate() {
        let node = schema.node(child.id);
        let single = matches!(node.kind, Kind::Container { .. } | Kind::Leaf(_) | Kind::AnyData);
        if single && children[..at].iter().any(|other| other.id == child.id) {
            let message = format!("{} is there twice", node.name);
            return Err(DataError::new(ErrorTag::BadElement, message).element(&node.name));
        }
        if node.case.is_none() || child.operation.is_some_and(Operation::is_deletion) {
            continue;
        }
        for case in schema.cases_of(child.id) {
            let choice = schema.case(case).choice;
            match cases.iter().find(|(other, _)| *other == choice) {
                None => cases.push((choice, case)),
                Some((_, other)) if *other == case => {}
                Some((_, other)) => {
                    let message = format!(
                        "{} is of the case {}, but nodes of the case {} of the choice {} are there, too",
                        node.name,
                        schema.case(case).name,
                        schema.case(*other).name,
                        schema.choice(choice).name,
                    );
                    return Err(DataError::new(ErrorTag::BadElement, message).element(&node.name));
                }
            }
        }
    }
    Ok(())
}
