//! Datastores as parameters: `<source><running/></source>`, `<target><candidate/></target>`, inline `<config>`.

use std::sync::Arc;

use daybreak_datastore::edit::tree_from_xml;
use daybreak_datastore::schema::Schema;
use daybreak_datastore::store::Datastore;
use daybreak_datastore::tree::Tree;
use daybreak_datastore::xml::{Fragment, Limits};
use daybreak_netconf::error::{ErrorTag, RpcError};
use daybreak_netconf::xml::Element;

use super::parameters::of_xml;
use super::{Context, one};

/// What is named in a `<source>`.
pub(super) enum Source {
    Stored(Datastore),
    Inline(Tree),
}

impl Source {
    pub(super) fn tree(self, context: &Context) -> Tree {
        match self {
            Self::Stored(datastore) => context.engine.tree(datastore),
            Self::Inline(tree) => tree,
        }
    }
}

fn only<'m>(parameter: &Element<'m>) -> Result<Element<'m>, RpcError> {
    let mut inside = parameter.children().map_err(|error| of_xml(&error))?;
    match (inside.pop(), inside.is_empty()) {
        (Some(element), true) => Ok(element),
        (Some(second), false) => {
            Err(RpcError::bad_element(second.name(), format!("{} names one datastore", parameter.name())))
        }
        (None, _) => Err(RpcError::missing_element("running", parameter.name())),
    }
}

fn named(element: &Element<'_>, around: &str) -> Result<Datastore, RpcError> {
    match element.name() {
        "running" => Ok(Datastore::Running),
        "candidate" => Ok(Datastore::Candidate),
        "startup" => Ok(Datastore::Startup),
        "url" => Err(RpcError::protocol(
            ErrorTag::OperationNotSupported,
            "there is no :url capability; send the configuration in config",
        )),
        other => Err(RpcError::unknown_element(other, around)),
    }
}

/// The datastore that a parameter names.
pub(super) fn datastore(parameter: &Element<'_>) -> Result<Datastore, RpcError> {
    named(&only(parameter)?, parameter.name())
}

/// The datastore or configuration that a parameter names.
pub(super) fn source(schema: &Arc<Schema>, parameter: &Element<'_>) -> Result<Source, Vec<RpcError>> {
    let element = only(parameter).map_err(one)?;
    if element.name() != "config" {
        return named(&element, parameter.name()).map(Source::Stored).map_err(one);
    }
    let namespaces = element.namespaces();
    let fragment = Fragment { text: element.inner(), namespaces: &namespaces };
    let tree = tree_from_xml(schema, fragment, Limits::default()).map_err(|error| one(error.into()))?;
    Ok(Source::Inline(tree))
}
