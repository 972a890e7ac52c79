//! The schema of the appliance, made once.

use std::sync::Arc;

use daybreak_datastore::schema::{Schema, SchemaId};
use daybreak_yang::{Identities, LeafType, QName, leaf_type};

use crate::cli::error::CliError;

/// Schema and identities.
#[derive(Debug)]
pub(crate) struct Models {
    /// The data nodes.
    pub(crate) schema: Arc<Schema>,
    derived: Identities,
    identities: Vec<QName>,
}

impl Models {
    /// The modules of this program, which are those of the `netconfd` that it was built with.
    pub(crate) fn load() -> Result<Self, CliError> {
        let context = daybreak_yang::context()?;
        Ok(Self::of(Schema::new(context)?))
    }

    /// The modules of a schema.
    pub(crate) fn of(schema: Schema) -> Self {
        let context = schema.context();
        let mut identities: Vec<QName> = context
            .modules(false)
            // libyang takes no identity of a module that is only imported.
            .filter(daybreak_yang::yang5::schema::SchemaModule::is_implemented)
            .flat_map(|module| daybreak_yang::identities(&module))
            .map(|identity| identity.name)
            .collect();
        identities.sort();
        Self { derived: Identities::of(context), schema: Arc::new(schema), identities }
    }

    /// The type of a leaf or leaf-list, behind leafrefs.
    pub(crate) fn leaf_type(&self, id: SchemaId) -> Option<LeafType> {
        let mut kind = leaf_type(&self.schema.node(id).yang)?;
        while let LeafType::Leafref { target, .. } = kind {
            kind = *target;
        }
        Some(kind)
    }

    /// The identities that a leaf may name, also as a member of a union.
    pub(crate) fn identities_of(&self, kind: &LeafType) -> Vec<&QName> {
        match kind {
            LeafType::Identityref { bases } => self
                .identities
                .iter()
                .filter(|name| bases.iter().all(|base| self.derived.is_derived_from(name, base)))
                .collect(),
            LeafType::Union(members) => {
                members.iter().flat_map(|member| self.identities_of(member)).collect()
            }
            LeafType::Leafref { target, .. } => self.identities_of(target),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::OnceLock;

    use daybreak_datastore::edit::tree_from_xml;
    use daybreak_datastore::tree::Tree;
    use daybreak_datastore::xml::{Fragment, Limits};

    use super::*;

    /// The appliance's, for the tests of every file.
    pub(crate) fn models() -> &'static Models {
        static MODELS: OnceLock<Models> = OnceLock::new();
        MODELS.get_or_init(|| Models::load().unwrap())
    }

    /// The example that has every node of the models.
    pub(crate) fn every_node() -> Tree {
        let text = include_str!("../../../yang/testcases/valid/every-node.xml");
        tree_from_xml(&models().schema, Fragment::new(text), Limits::default()).unwrap()
    }

    #[test]
    fn identities_are_those_of_the_bases() {
        let models = models();
        let kind =
            models.schema.find("/routing/control-plane-protocols/control-plane-protocol/type").unwrap();
        let names: Vec<_> = models
            .identities_of(&models.leaf_type(kind).unwrap())
            .into_iter()
            .map(ToString::to_string)
            .collect();
        assert!(
            names.contains(&"ietf-bgp:bgp".to_owned()) && names.contains(&"ietf-routing:static".to_owned())
        );
        assert!(!names.iter().any(|name| name.starts_with("iana-if-type")), "{names:?}");
    }
}
