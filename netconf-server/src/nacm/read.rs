//! From the datastore to rules.

use super::path::RulePath;
use super::{Action, Group, Nacm, Operations, Rule, RuleList, Target};
use daybreak_datastore::tree::{NodeRef, Tree};
use std::collections::BTreeSet;

/// A rule that cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {reason}")]
pub struct NacmError {
    /// Instance path of the leaf to blame.
    pub at: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Nacm {
    /// Reads the access control of a datastore; the defaults of RFC 8341 hold where nothing is said.
    ///
    /// # Errors
    /// When a rule's path leads nowhere: a rule that is misread could open what it was to close.
    pub fn read(tree: &Tree) -> Result<Self, NacmError> {
        let top = super::root(tree.schema()).and_then(|id| tree.root().child(id));
        let leaf = |name: &str| top.as_ref().and_then(|top| text(top, name));
        let action = |name: &str, otherwise: Action| match leaf(name).as_deref() {
            Some("permit") => Action::Permit,
            Some(_) => Action::Deny,
            None => otherwise,
        };
        let flag = |name: &str| leaf(name).as_deref() != Some("false");
        let groups =
            top.iter().flat_map(|top| children(top, "groups")).flat_map(|all| children(&all, "group"));
        let mut lists = Vec::new();
        for list_node in top.iter().flat_map(|top| children(top, "rule-list")) {
            let mut rules = Vec::new();
            for node in children(&list_node, "rule") {
                rules.push(rule(tree, &node)?);
            }
            lists.push(RuleList { groups: values(&list_node, "group"), rules });
        }
        Ok(Self {
            enabled: flag("enable-nacm"),
            read_default: action("read-default", Action::Permit),
            write_default: action("write-default", Action::Deny),
            exec_default: action("exec-default", Action::Permit),
            external_groups: flag("enable-external-groups"),
            groups: groups
                .map(|group| Group {
                    name: text(&group, "name").unwrap_or_default(),
                    users: values(&group, "user-name").into_iter().collect(),
                })
                .collect(),
            lists,
        })
    }
}

fn rule(tree: &Tree, node: &NodeRef<'_>) -> Result<Rule, NacmError> {
    let target = if let Some(path) = text(node, "path") {
        let at = || format!("{}/path", node.path().display(tree.schema()));
        let path = RulePath::parse(tree.schema(), &path).map_err(|reason| NacmError { at: at(), reason })?;
        Target::Data(path)
    } else if let Some(name) = text(node, "rpc-name") {
        Target::Operation(named(name))
    } else if text(node, "notification-name").is_some() {
        Target::Notification
    } else {
        Target::Anything
    };
    let operations = text(node, "access-operations").and_then(named).map(|bits| {
        let bits: BTreeSet<String> = bits.split_whitespace().map(str::to_owned).collect();
        bits
    });
    Ok(Rule {
        module: text(node, "module-name").and_then(named),
        target,
        operations: Operations(operations),
        action: if text(node, "action").as_deref() == Some("permit") { Action::Permit } else { Action::Deny },
    })
}

/// `*` stands for all (RFC 8341, typedef `matchall-string-type`).
fn named(name: String) -> Option<String> {
    (name != "*").then_some(name)
}

fn children<'t>(node: &NodeRef<'t>, name: &str) -> Vec<NodeRef<'t>> {
    let schema = node.schema();
    let id = schema.children(node.id()).iter().copied().find(|id| *schema.node(*id).name == *name);
    id.map(|id| node.children_of(id).collect()).unwrap_or_default()
}

fn values(node: &NodeRef<'_>, name: &str) -> Vec<String> {
    children(node, name).iter().filter_map(|entry| entry.value().map(ToString::to_string)).collect()
}

fn text(node: &NodeRef<'_>, name: &str) -> Option<String> {
    values(node, name).into_iter().next()
}
