//! Names of nodes as people type them.

use daybreak_datastore::schema::{Lookup, Schema, SchemaId};

use super::suggest::pick;
use super::{LineError, Models};

/// Modules whose nodes are there for libyang and no datastore has.
const MADE_UP: &[&str] = &["default", "yang", "ietf-netconf"];

/// Which nodes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// What can be configured.
    Config,
    /// State, too.
    All,
}

/// The children that a path may go on with, in schema order: keys belong to their list.
pub(super) fn children(schema: &Schema, parent: Option<SchemaId>, scope: Scope) -> Vec<SchemaId> {
    let shown = |id: &&SchemaId| {
        let node = schema.node(**id);
        (scope == Scope::All || node.config)
            && !node.key
            && (parent.is_some() || !MADE_UP.contains(&&*schema.module(node.module).name))
    };
    schema.children(parent).iter().filter(shown).copied().collect()
}

/// The name of a node among its siblings: with the name of its module where it would not be found without.
pub(crate) fn label(schema: &Schema, id: SchemaId) -> String {
    let node = schema.node(id);
    match schema.child_by_name(node.parent, &node.name) {
        Lookup::One(found) if found == id => node.name.to_string(),
        _ => format!("{}:{}", schema.module(node.module).name, node.name),
    }
}

/// The child that a word means.
pub(super) fn find(
    models: &Models,
    parent: Option<SchemaId>,
    scope: Scope,
    word: &str,
) -> Result<SchemaId, LineError> {
    let schema = &models.schema;
    let all = children(schema, parent, scope);
    let place = parent.map_or_else(|| "the configuration".to_owned(), |id| schema.node(id).name.to_string());
    if let Some((module, name)) = word.split_once(':') {
        let found = schema.module_named(module).and_then(|module| schema.child(parent, module, name));
        if let Some(found) = found.filter(|id| all.contains(id)) {
            return Ok(found);
        }
    }
    let labels: Vec<String> = all.iter().map(|id| label(schema, *id)).collect();
    let error = match pick(word, &place, &labels) {
        Ok(at) => return Ok(all[at]),
        Err(error) => error,
    };
    // A name that is there, but not to be typed here, deserves a better answer than "unknown".
    match schema.child_by_name(parent, word) {
        Lookup::One(id) if schema.node(id).key => {
            let message = format!("{word} is the key of {place}: it is given right after that name");
            Err(LineError::Wrong(message))
        }
        Lookup::One(id) if scope == Scope::Config && !schema.node(id).config => {
            Err(LineError::Wrong(format!("{word} is state: it can be shown, and not configured")))
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::super::models::tests::models;
    use super::*;

    fn found(parent: &str, word: &str, scope: Scope) -> Result<String, String> {
        let models = models();
        let parent = (!parent.is_empty()).then(|| models.schema.find(parent).unwrap());
        find(models, parent, scope, word).map(|id| models.schema.path(id)).map_err(|error| error.to_string())
    }

    #[test]
    fn names_and_their_beginnings() {
        for (parent, word, expected) in [
            ("", "interfaces", "/ietf-interfaces:interfaces"),
            ("", "inter", "/ietf-interfaces:interfaces"),
            ("", "ietf-interfaces:interfaces", "/ietf-interfaces:interfaces"),
            ("/interfaces/interface", "ipv4", "/ietf-interfaces:interfaces/interface/ietf-ip:ipv4"),
            ("/interfaces/interface", "desc", "/ietf-interfaces:interfaces/interface/description"),
        ] {
            assert_eq!(found(parent, word, Scope::Config).as_deref(), Ok(expected), "{parent} {word}");
        }
    }

    #[test]
    fn wrong_names_are_told_with_what_is_accepted() {
        for (parent, word, parts) in [
            ("", "intrefaces", &["did you mean interfaces?", "telemetry"][..]),
            ("", "sys", &["ambiguous"]),
            ("/interfaces/interface", "ipv", &["ambiguous", "ipv4", "ipv6"]),
            ("/interfaces/interface", "name", &["is the key of interface"]),
            ("/interfaces/interface", "oper-status", &["is state"]),
            ("", "rpc-error", &["unknown"]),
        ] {
            let scope = if word == "sys" { Scope::All } else { Scope::Config };
            let error = found(parent, word, scope).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{parent} {word}: {error}");
        }
    }

    #[test]
    fn every_label_leads_back() {
        let models = models();
        for node in models.schema.nodes() {
            let all = children(&models.schema, node.parent, Scope::All);
            if all.contains(&node.id) {
                let found = find(models, node.parent, Scope::All, &label(&models.schema, node.id));
                assert_eq!(found, Ok(node.id), "{}", models.schema.path(node.id));
            }
        }
    }
}
