//! Trees as people and programs read them. No I/O: everything is rendered first and written then.

mod bgp;
mod commits;
mod compare;
mod config;
mod interfaces;
mod routes;
mod status;
mod table;

pub(super) use bgp::bgp;
pub(super) use commits::commits;
pub(super) use compare::{compare, compare_json, compare_xml};
pub(super) use config::{config, document};
pub(super) use interfaces::interfaces;
pub(super) use routes::{has_routes, is_incomplete, routes};
pub(super) use status::{status, version};

use daybreak_datastore::schema::Kind;
use daybreak_datastore::tree::{InstancePath, NodeRef, Select, Tree};

/// Shown in place of a secret.
const HIDDEN: &str = "********";

/// The nodes at a path: all entries of a list or leaf-list that no key chooses from, else one or none.
pub(super) fn nodes_at<'t>(tree: &'t Tree, path: &InstancePath) -> Vec<NodeRef<'t>> {
    let whole = path.steps().last().filter(|step| step.select == Select::Node);
    if let Some(step) = whole
        && matches!(tree.schema().node(step.id).kind, Kind::List { .. } | Kind::LeafList(..))
    {
        let above = path.parent().unwrap_or_default();
        return tree.find(&above).map(|above| above.children_of(step.id).collect()).unwrap_or_default();
    }
    tree.find(path).into_iter().collect()
}

/// The child of that name, if it is there; any module.
fn child<'t>(node: &NodeRef<'t>, name: &str) -> Option<NodeRef<'t>> {
    node.children().find(|child| child.name() == name)
}

/// The node along these names.
fn descend<'t>(node: &NodeRef<'t>, names: &[&str]) -> Option<NodeRef<'t>> {
    names.iter().try_fold(node.clone(), |at, name| child(&at, name))
}

/// The value of a leaf along these names.
fn leaf<'t>(node: &NodeRef<'t>, names: &[&str]) -> Option<&'t str> {
    descend(node, names).and_then(|leaf| leaf.value().map(|value| &**value))
}

/// All children of that name.
fn each<'t>(node: &NodeRef<'t>, name: &'static str) -> impl Iterator<Item = NodeRef<'t>> + use<'t> {
    node.children().filter(move |child| child.name() == name)
}

/// The first keys of the entries of a list.
pub(super) fn first_keys(tree: Option<&Tree>, list: &InstancePath) -> Vec<String> {
    let Some(tree) = tree else { return Vec::new() };
    let nodes = nodes_at(tree, list);
    nodes.iter().filter_map(|node| node.key()?.values().next().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cli::lang::tests::{every_node, models};
    use crate::cli::link::read_state;

    /// What the server says of a router, laid over its configuration.
    fn tree() -> Tree {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testcases/state");
        ["bgp", "commits", "dataplane", "interfaces", "routes", "system"].iter().fold(
            every_node(),
            |tree, name| {
                let text = std::fs::read_to_string(folder.join(name).with_extension("xml")).unwrap();
                tree.joined(&read_state(&models().schema, &text).unwrap())
            },
        )
    }

    /// `testcases/cli/NAME.txt` is what people see; `DAYBREAK_BLESS=1` writes it anew.
    #[test]
    fn tables_are_as_expected() {
        let tree = tree();
        for (name, text) in [
            ("interfaces", interfaces(&tree, None)),
            ("interface", interfaces(&tree, Some("p0"))),
            ("routes", routes(&tree, 1000)),
            ("bgp", bgp(&tree, None)),
            ("commits", commits(&tree, None)),
            ("version", version(&tree, "0.1.0")),
            ("status", status(&tree, false, false)),
        ] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("testcases/cli/{name}.txt"));
            if std::env::var_os("DAYBREAK_BLESS").is_some() {
                std::fs::write(&file, &text).unwrap();
            }
            assert_eq!(text, std::fs::read_to_string(&file).unwrap_or_default(), "{name}");
        }
    }

    #[test]
    fn nothing_is_an_empty_table() {
        let empty = Tree::empty(models().schema.clone());
        assert_eq!(interfaces(&empty, None) + &routes(&empty, 1) + &bgp(&empty, None), "");
        assert!(status(&empty, true, true).contains("not committed"));
    }
}
