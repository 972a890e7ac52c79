//! Finding nodes by name.

use super::{CaseId, ModuleId, Schema, SchemaId};
use std::fmt::Write as _;

/// What a name without a namespace stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// One node.
    One(SchemaId),
    /// Nodes of several modules have the name, and none of them is the parent's.
    Ambiguous,
    /// No node has it.
    Unknown,
}

impl Schema {
    /// The module of that name.
    pub fn module_named(&self, name: &str) -> Option<ModuleId> {
        self.by_module.get(name).copied()
    }

    /// The module with that XML namespace.
    pub fn module_in(&self, namespace: &str) -> Option<ModuleId> {
        self.by_namespace.get(namespace).copied()
    }

    /// Data nodes directly below a node, or at the top.
    pub fn children(&self, parent: Option<SchemaId>) -> &[SchemaId] {
        parent.map_or(&self.top, |parent| &self.node(parent).children)
    }

    /// The child of that module and name.
    pub fn child(&self, parent: Option<SchemaId>, module: ModuleId, name: &str) -> Option<SchemaId> {
        self.children_named(parent, name).iter().copied().find(|id| self.node(*id).module == module)
    }

    /// The child of that name where no module is given: the only one, or that of the parent's module.
    pub fn child_by_name(&self, parent: Option<SchemaId>, name: &str) -> Lookup {
        match self.children_named(parent, name) {
            [] => Lookup::Unknown,
            [only] => Lookup::One(*only),
            several => parent
                .and_then(|parent| {
                    several.iter().find(|id| self.node(**id).module == self.node(parent).module)
                })
                .map_or(Lookup::Ambiguous, |id| Lookup::One(*id)),
        }
    }

    /// The node at a schema path of data nodes such as `/ietf-interfaces:interfaces/interface`; a module name may be left
    /// out where it is the parent's or the name is unambiguous.
    pub fn find(&self, path: &str) -> Option<SchemaId> {
        let mut at = None;
        for step in path.strip_prefix('/')?.split('/') {
            let found = match step.split_once(':') {
                Some((module, name)) => self.child(at, self.module_named(module)?, name)?,
                None => match self.child_by_name(at, step) {
                    Lookup::One(id) => id,
                    Lookup::Ambiguous | Lookup::Unknown => return None,
                },
            };
            at = Some(found);
        }
        at
    }

    /// The data path of a node, with module names where the module changes, as [`Self::find`] reads it.
    pub fn path(&self, id: SchemaId) -> String {
        let mut path = String::new();
        let mut module = None;
        for id in self.lineage(id) {
            let node = self.node(id);
            path.push('/');
            if module != Some(node.module) {
                let _ = write!(path, "{}:", self.module(node.module).name);
                module = Some(node.module);
            }
            path.push_str(&node.name);
        }
        path
    }

    /// The node and those around it, outermost first.
    pub fn lineage(&self, id: SchemaId) -> Vec<SchemaId> {
        let mut lineage: Vec<_> = std::iter::successors(Some(id), |id| self.node(*id).parent).collect();
        lineage.reverse();
        lineage
    }

    /// The cases that a node is in, innermost first.
    pub fn cases_of(&self, id: SchemaId) -> impl Iterator<Item = CaseId> + '_ {
        std::iter::successors(self.node(id).case, |case| self.choice(self.case(*case).choice).within)
    }

    /// The children of that name, one per module that has it.
    pub fn children_named(&self, parent: Option<SchemaId>, name: &str) -> &[SchemaId] {
        let sorted = parent.map_or(&self.top_by_name, |parent| &self.node(parent).by_name);
        let first = sorted.partition_point(|id| *self.node(*id).name < *name);
        let count = sorted[first..].iter().take_while(|id| *self.node(**id).name == *name).count();
        &sorted[first..first + count]
    }
}

#[cfg(test)]
mod tests {
    use super::Lookup;
    use crate::testing::schema;

    #[test]
    fn paths_are_found_again() {
        let schema = schema();
        for node in schema.nodes() {
            assert_eq!(schema.find(&schema.path(node.id)), Some(node.id), "{}", schema.path(node.id));
        }
        assert_eq!(schema.find("/ietf-interfaces:interfaces/nothing"), None);
        assert_eq!(schema.find("interfaces"), None);
    }

    #[test]
    fn numbers_follow_the_schema_with_keys_first() {
        let schema = schema();
        for node in schema.nodes() {
            assert!(node.children.is_sorted());
            assert!(node.children.iter().all(|child| node.contains(*child) && *child > node.id));
            assert_eq!(node.keys(), &node.children[..node.keys().len()]);
        }
    }

    #[test]
    fn a_name_alone_is_enough_where_it_is_clear() {
        let schema = schema();
        let interfaces = schema.find("/ietf-interfaces:interfaces").unwrap();
        assert_eq!(schema.child_by_name(None, "interfaces"), Lookup::One(interfaces));
        let interface = schema.find("/ietf-interfaces:interfaces/interface").unwrap();
        let ipv4 = schema.find("/ietf-interfaces:interfaces/interface/ietf-ip:ipv4").unwrap();
        assert_eq!(schema.child_by_name(Some(interface), "ipv4"), Lookup::One(ipv4));
        assert_eq!(schema.child_by_name(Some(interface), "nothing"), Lookup::Unknown);
    }
}
