//! What expressions ask about types.

use super::When;
use crate::schema::SchemaId;
use daybreak_xpath::{Expression, Names};
use daybreak_yang::{Identities, LeafType, QName};
use std::collections::HashMap;

/// Types, identities and references of a schema.
#[derive(Debug)]
pub(super) struct Facts {
    /// Types of leafs and leaf-lists, by schema node.
    pub(super) types: Vec<Option<LeafType>>,
    pub(super) identities: Identities,
    /// Where leafrefs lead: an expression that finds the nodes with the value of its context node.
    pub(super) targets: HashMap<SchemaId, Expression>,
    /// `when` statements by schema node, also those of choices and cases around it.
    pub(super) whens: Vec<Vec<When>>,
}

/// The type behind leafrefs.
pub(super) fn real(leaf: &LeafType) -> &LeafType {
    match leaf {
        LeafType::Leafref { target, .. } => real(target),
        other => other,
    }
}

impl Facts {
    /// The type of a leaf or leaf-list behind leafrefs.
    pub(super) fn type_of(&self, id: SchemaId) -> Option<&LeafType> {
        self.types[id.index()].as_ref().map(real)
    }

    /// The canonical form of the identity that a text of an expression names, when the node holds identities.
    pub(super) fn identity(&self, id: SchemaId, text: &str, names: &Names) -> Option<String> {
        let is_identity = |leaf: &LeafType| matches!(real(leaf), LeafType::Identityref { .. });
        let holds = match self.type_of(id)? {
            LeafType::Union(members) => members.iter().any(is_identity),
            leaf => is_identity(leaf),
        };
        let (module, name) = holds.then(|| names.resolve(text))??;
        let name = QName { module: module?.to_owned(), name: name.to_owned() };
        self.identities.contains(&name).then(|| name.to_string())
    }
}
