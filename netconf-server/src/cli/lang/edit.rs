//! What `set` and `delete` mean: another tree, and the `edit-config` that leads to it.

use daybreak_datastore::codec::write_edit_xml;
use daybreak_datastore::diff::diff;
use daybreak_datastore::edit::{Body, DefaultOperation, Edit, EditNode, ErrorOption, Operation, apply};
use daybreak_datastore::schema::{Kind, SchemaId};
use daybreak_datastore::tree::{InstancePath, Select, Tree};

use super::walk::Setting;
use super::{LineError, Models, Walk, place, short};

/// A tree after an edit.
#[derive(Debug)]
pub(crate) struct Edited {
    /// The candidate as it will be.
    pub(crate) tree: Tree,
    /// The content of `<config>` that makes it so; empty if it is so already.
    pub(crate) config: String,
}

/// Sets what was walked to.
///
/// # Errors
/// [`LineError`] for a path that ends too early, or an edit that does not fit.
pub(crate) fn set(before: &Tree, walk: &Walk<'_>) -> Result<Edited, LineError> {
    let (settings, stands) = walk.assignment()?;
    let mut nodes: Vec<EditNode> = Vec::new();
    for Setting { path, value } in settings {
        nodes.extend(nested(walk.models(), path, None, Body::Value(value.clone())));
    }
    if let Some(path) = stands {
        let inner = match path.steps().last().map(|step| &step.select) {
            Some(Select::Key(key)) => Body::Entry(key.clone(), Vec::new()),
            _ => Body::Container(Vec::new()),
        };
        nodes.extend(nested(walk.models(), path, None, inner));
    }
    carry_out(before, nodes)
}

/// Takes away what was walked to, with all that is in it. Of a leaf with a value, only if it has that value.
///
/// # Errors
/// [`LineError`] if there is nothing of the kind.
pub(crate) fn delete(before: &Tree, walk: &Walk<'_>) -> Result<Edited, LineError> {
    let models = walk.models();
    let path = walk.node()?;
    let words = place(models, &path, 0);
    let Some(id) = path.id() else {
        return Err(LineError::Incomplete("say what is to be deleted".to_owned()));
    };
    let nothing = || LineError::Wrong(format!("there is no {words}"));
    let schema_node = models.schema.node(id);
    let whole = path.steps().last().is_some_and(|step| step.select == Select::Node);
    let bodies = match &schema_node.kind {
        Kind::List { .. } | Kind::LeafList(..) if whole => {
            let above = path.parent().unwrap_or_default();
            let parent = before.find(&above).ok_or_else(nothing)?;
            parent.children_of(id).map(|entry| entry.path()).collect()
        }
        _ => vec![path.clone()],
    };
    let mut nodes = Vec::new();
    for path in &bodies {
        let at = before.find(path).ok_or_else(nothing)?;
        let wanted = walk.settings().first().map(|setting| &setting.value);
        if let (Kind::Leaf(_), Some(wanted), Some(value)) = (&schema_node.kind, wanted, at.value())
            && wanted != value
        {
            let message =
                format!("{words} is {}, not {}", short(models, id, value), short(models, id, wanted));
            return Err(LineError::Wrong(message));
        }
        let body = match (&schema_node.kind, at.key()) {
            (Kind::List { .. }, Some(key)) => Body::Entry(key.clone(), Vec::new()),
            (Kind::LeafList(..), Some(key)) => Body::Value(key.text().clone()),
            (Kind::Leaf(_), _) => Body::Nothing,
            _ => Body::Container(Vec::new()),
        };
        nodes.extend(nested(models, path, Some(Operation::Delete), body));
    }
    if nodes.is_empty() {
        return Err(nothing());
    }
    carry_out(before, nodes)
}

/// A node within those around it.
fn nested(
    models: &Models,
    path: &InstancePath,
    operation: Option<Operation>,
    body: Body,
) -> Option<EditNode> {
    let mut steps = path.steps().iter().rev();
    let last = steps.next()?;
    let body = match body {
        Body::Entry(key, _) => {
            let keys = key_leafs(models, last.id, &key);
            Body::Entry(key, keys)
        }
        other => other,
    };
    let mut node = EditNode { id: last.id, operation, insert: None, body };
    for step in steps {
        let body = match &step.select {
            Select::Node => Body::Container(vec![node]),
            Select::Key(key) => {
                let mut children = key_leafs(models, step.id, key);
                children.push(node);
                Body::Entry(key.clone(), children)
            }
        };
        node = EditNode { id: step.id, operation: None, insert: None, body };
    }
    Some(node)
}

fn key_leafs(models: &Models, list: SchemaId, key: &daybreak_datastore::tree::Key) -> Vec<EditNode> {
    let keys = models.schema.node(list).keys().iter();
    keys.zip(key.values())
        .map(|(id, value)| EditNode {
            id: *id,
            operation: None,
            insert: None,
            body: Body::Value(value.into()),
        })
        .collect()
}

/// One edit after the other, all or none.
fn carry_out(before: &Tree, nodes: Vec<EditNode>) -> Result<Edited, LineError> {
    let mut tree = before.clone();
    for node in nodes {
        let edit = Edit { nodes: vec![node] };
        let outcome = apply(&tree, &edit, DefaultOperation::Merge, ErrorOption::RollbackOnError);
        tree = outcome.into_result().map_err(|error| LineError::Wrong(error.to_string()))?;
    }
    let changes = diff(before, &tree);
    let mut config = String::new();
    write_edit_xml(&mut config, before, &tree, &changes, None)
        .map_err(|_| LineError::Wrong("the edit cannot be written as XML".to_owned()))?;
    Ok(Edited { tree, config })
}

#[cfg(test)]
mod tests {
    use daybreak_datastore::edit::{parse_xml, tree_from_xml};
    use daybreak_datastore::xml::{Fragment, Limits};

    use super::super::models::tests::{every_node, models};
    use super::super::{Scope, split};
    use super::*;

    type Act = fn(&Tree, &Walk<'_>) -> Result<Edited, LineError>;

    fn act(act: Act, tree: &Tree, line: &str) -> Result<Edited, String> {
        let words = &split(line).unwrap()[0];
        Walk::all(models(), &InstancePath::default(), Scope::Config, words)
            .and_then(|walk| act(tree, &walk))
            .map_err(|error| error.to_string())
    }

    fn empty() -> Tree {
        Tree::empty(models().schema.clone())
    }

    /// What the server would make of the edit.
    fn sent(before: &Tree, edited: &Edited) -> Tree {
        let edit = parse_xml(&models().schema, Fragment::new(&edited.config), Limits::default()).unwrap();
        apply(before, &edit, DefaultOperation::Merge, ErrorOption::RollbackOnError).into_result().unwrap()
    }

    #[test]
    fn a_set_becomes_an_edit_that_leads_to_the_same() {
        let mut tree = empty();
        for line in [
            "interfaces interface p0 type ethernetCsmacd",
            "interfaces interface p0 ipv4 address 10.0.0.1 prefix-length 24",
            "interfaces interface p0 enabled false description \"to the peer\"",
            "interfaces interface lo",
            "routing control-plane-protocols control-plane-protocol bgp main bgp global as 65001",
            "system dns-resolver search a.example",
            "system dns-resolver search b.example",
        ] {
            let edited = act(set, &tree, line).unwrap();
            assert!(!edited.config.is_empty(), "{line}");
            assert_eq!(sent(&tree, &edited), edited.tree, "{line}");
            assert_ne!(edited.tree, tree, "{line}");
            tree = edited.tree;
            assert!(act(set, &tree, line).unwrap().config.is_empty(), "twice: {line}");
        }
        let expected = tree_from_xml(
            &models().schema,
            Fragment::new(
                "<interfaces xmlns='urn:ietf:params:xml:ns:yang:ietf-interfaces'>
                 <interface><name>p0</name><description>to the peer</description>
                 <type xmlns:t='urn:ietf:params:xml:ns:yang:iana-if-type'>t:ethernetCsmacd</type>
                 <enabled>false</enabled><ipv4 xmlns='urn:ietf:params:xml:ns:yang:ietf-ip'>
                 <address><ip>10.0.0.1</ip><prefix-length>24</prefix-length></address></ipv4></interface>
                 <interface><name>lo</name></interface></interfaces>
                 <routing xmlns='urn:ietf:params:xml:ns:yang:ietf-routing'><control-plane-protocols>
                 <control-plane-protocol><type xmlns:b='urn:ietf:params:xml:ns:yang:ietf-bgp'>b:bgp</type>
                 <name>main</name><bgp xmlns='urn:ietf:params:xml:ns:yang:ietf-bgp'><global><as>65001</as></global>
                 </bgp></control-plane-protocol></control-plane-protocols></routing>
                 <system xmlns='urn:ietf:params:xml:ns:yang:ietf-system'><dns-resolver><search>a.example</search>
                 <search>b.example</search></dns-resolver></system>",
            ),
            Limits::default(),
        );
        assert_eq!(tree, expected.unwrap());
    }

    #[test]
    fn paths_that_end_too_early_are_told() {
        for (line, parts) in [
            ("interfaces", &["interfaces takes no value", "interface"][..]),
            ("interfaces interface", &["interface needs its name"]),
            ("system dns-resolver", &["go on with search"]),
            ("interfaces interface p0 ipv4 mtu", &["mtu needs a value", "68..65535"]),
            ("system contact noc dns-resolver", &["go on with"]),
            ("", &["say what"]),
        ] {
            let error = act(set, &empty(), line).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{line}: {error}");
        }
    }

    #[test]
    fn what_is_there_can_be_deleted() {
        let tree = every_node();
        for line in [
            "interfaces interface p0 description",
            "interfaces interface p0 description \"to the peer\"",
            "interfaces interface p0 ipv4 address 192.0.2.1",
            "interfaces interface p0 ipv4 address",
            "interfaces interface",
            "interfaces",
            "system dns-resolver search example.net",
            "system dns-resolver search",
            "routing control-plane-protocols control-plane-protocol bgp main",
        ] {
            let edited = act(delete, &tree, line).unwrap();
            assert_eq!(sent(&tree, &edited), edited.tree, "{line}");
            assert!(act(delete, &edited.tree, line).unwrap_err().contains("there is no "), "{line}");
        }
    }

    #[test]
    fn what_is_not_there_cannot_be_deleted() {
        let tree = every_node();
        for (line, part) in [
            ("interfaces interface p9", "there is no interfaces interface p9"),
            ("interfaces interface p0 description other", "is to the peer, not other"),
            ("", "say what"),
        ] {
            let error = act(delete, &tree, line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }
}
