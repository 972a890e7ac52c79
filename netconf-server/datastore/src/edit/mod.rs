//! Edits: what `edit-config` asks for (RFC 6241 §7.2), read from XML or JSON, and carried out on a tree.

mod apply;
mod attributes;
mod draft;
mod from_json;
mod from_xml;
mod list;
mod qualified;
mod tree;

pub use apply::{ErrorOption, Outcome, apply};
pub use from_json::parse_json;
pub use from_xml::parse_xml;
pub use tree::{Body, Edit, EditNode, Insert};

pub(crate) use qualified::{from_xml_value, to_xml_value};

use crate::error::DataError;
use crate::schema::Schema;
use crate::tree::Tree;
use crate::xml::{Fragment, Limits};
use std::sync::Arc;

/// What to do with a node (RFC 6241 §7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Make it so, keep what is not named.
    Merge,
    /// Make it exactly so.
    Replace,
    /// As merge, but it must not be there yet.
    Create,
    /// Take it away; it must be there.
    Delete,
    /// Take it away if it is there.
    Remove,
    /// It only leads to nodes with an operation; it must be there.
    None,
}

impl Operation {
    /// The operation of that name; `none` is no value of the attribute.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "merge" => Self::Merge,
            "replace" => Self::Replace,
            "create" => Self::Create,
            "delete" => Self::Delete,
            "remove" => Self::Remove,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Replace => "replace",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Remove => "remove",
            Self::None => "none",
        }
    }

    /// Whether it takes the node away.
    pub(crate) fn is_deletion(self) -> bool {
        matches!(self, Self::Delete | Self::Remove)
    }
}

/// What nodes without an operation of their own or from above get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultOperation {
    /// Merge.
    #[default]
    Merge,
    /// The edit is the whole configuration.
    Replace,
    /// Only nodes with an operation change anything.
    None,
}

impl DefaultOperation {
    /// The value of `<default-operation>`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "merge" => Self::Merge,
            "replace" => Self::Replace,
            "none" => Self::None,
            _ => return None,
        })
    }
}

/// A whole configuration from XML, as in `<copy-config>` with a `<config>` source or in a startup file; a `<config>` or
/// `<data>` element around it is passed over.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn tree_from_xml(schema: &Arc<Schema>, xml: Fragment<'_>, limits: Limits) -> Result<Tree, DataError> {
    whole(schema, &from_xml::parse_document(schema, xml, limits)?)
}

/// A whole configuration from JSON (RFC 7951).
///
/// # Errors
/// The first thing that is wrong with it.
pub fn tree_from_json(schema: &Arc<Schema>, json: &[u8], limits: Limits) -> Result<Tree, DataError> {
    whole(schema, &parse_json(schema, json, limits)?)
}

fn whole(schema: &Arc<Schema>, edit: &Edit) -> Result<Tree, DataError> {
    let outcome =
        apply(&Tree::empty(schema.clone()), edit, DefaultOperation::Merge, ErrorOption::RollbackOnError);
    outcome.into_result().map_err(|error| DataError { error, position: None })
}

#[cfg(test)]
mod tests;
