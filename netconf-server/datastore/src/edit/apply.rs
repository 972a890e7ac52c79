//! Carrying out an edit.

use super::draft::Draft;
use super::from_xml::select;
use super::{Body, DefaultOperation, Edit, EditNode, Operation};
use crate::error::DataError;
use crate::schema::{Kind, Schema, SchemaId};
use crate::tree::{InstancePath, Node, Slot, Tree};
use daybreak_netconf::error::{ErrorTag, RpcError};
use std::sync::Arc;

/// What to do when part of an edit fails (RFC 6241 §7.2, `error-option`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ErrorOption {
    /// Stop. What was done before is not kept either: an edit is whole or nothing.
    #[default]
    StopOnError,
    /// Leave out what fails, do the rest, and tell of every failure.
    ContinueOnError,
    /// Leave everything as it was.
    RollbackOnError,
}

impl ErrorOption {
    /// The value of `<error-option>`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "stop-on-error" => Self::StopOnError,
            "continue-on-error" => Self::ContinueOnError,
            "rollback-on-error" => Self::RollbackOnError,
            _ => return None,
        })
    }
}

/// How an edit ended.
#[derive(Debug)]
pub struct Outcome {
    /// The tree with what succeeded: the very same as before if nothing changed, or if an error undid the edit.
    pub tree: Tree,
    /// What failed: at most one unless [`ErrorOption::ContinueOnError`] was given.
    pub errors: Vec<RpcError>,
}

impl Outcome {
    /// The tree, or the first error.
    ///
    /// # Errors
    /// The first of [`Self::errors`].
    pub fn into_result(self) -> Result<Tree, RpcError> {
        match self.errors.into_iter().next() {
            None => Ok(self.tree),
            Some(error) => Err(error),
        }
    }
}

/// Carries out an edit: copies the way to each changed node and shares the rest. A merge that sets what is there already
/// copies nothing.
pub fn apply(tree: &Tree, edit: &Edit, default: DefaultOperation, option: ErrorOption) -> Outcome {
    let schema = tree.schema();
    let mut run = Run {
        schema,
        at: InstancePath::default(),
        errors: Vec::new(),
        keep_going: option == ErrorOption::ContinueOnError,
    };
    let empty = Node::default();
    let (base, operation): (&Node, _) = match default {
        DefaultOperation::Merge => (tree.root_node(), Operation::Merge),
        DefaultOperation::None => (tree.root_node(), Operation::None),
        // RFC 6241 §7.2: "completely replaces the configuration in the target datastore".
        DefaultOperation::Replace => (&empty, Operation::Merge),
    };
    let result = run.children(base, &edit.nodes, operation);
    if let Err(error) = result {
        return Outcome { tree: tree.clone(), errors: vec![error.into()] };
    }
    let changed = result.ok().flatten();
    let changed = match default {
        DefaultOperation::Replace => Some(changed.unwrap_or_default()),
        _ => changed,
    };
    let root = match changed {
        Some(root) if root != **tree.root_node() => Arc::new(root),
        _ => tree.root_node().clone(),
    };
    Outcome { tree: Tree::from_root(schema.clone(), root), errors: run.errors }
}

/// One run of an edit.
pub(super) struct Run<'a> {
    pub(super) schema: &'a Schema,
    pub(super) at: InstancePath,
    errors: Vec<RpcError>,
    keep_going: bool,
}

impl Run<'_> {
    /// Carries out the edits below one node; `None` if they change nothing.
    pub(super) fn children(
        &mut self,
        base: &Node,
        edits: &[EditNode],
        above: Operation,
    ) -> Result<Option<Node>, DataError> {
        let mut draft = Draft::new(base);
        for edit in edits {
            let depth = self.at.steps().len();
            let leaf_list = matches!(self.schema.node(edit.id).kind, Kind::LeafList(..));
            self.at.push(edit.id, select(&edit.body, leaf_list));
            match self.one(&mut draft, edit, above) {
                Ok(()) => {}
                Err(error) if self.keep_going => {
                    self.errors.push(error.into());
                    while self.at.steps().len() > depth + 1 {
                        self.at.pop();
                    }
                }
                Err(error) => return Err(error),
            }
            self.at.pop();
        }
        Ok(draft.finish())
    }

    fn one(&mut self, draft: &mut Draft<'_>, edit: &EditNode, above: Operation) -> Result<(), DataError> {
        let operation = edit.operation.unwrap_or(above);
        let node = self.schema.node(edit.id);
        if node.key {
            return self.key_leaf(draft, edit, operation);
        }
        match &edit.body {
            Body::Entry(key, children) => self.entry(draft, edit, key, children, operation),
            Body::Value(value) if matches!(node.kind, Kind::LeafList(..)) => {
                self.leaf_list_entry(draft, edit, value, operation)
            }
            Body::Container(children) => self.container(draft, edit.id, children, operation),
            Body::Value(value) => self.leaf(draft, edit.id, Some(value), operation),
            Body::Nothing => self.leaf(draft, edit.id, None, operation),
        }
    }

    /// A key comes with its entry and never changes.
    fn key_leaf(
        &self,
        draft: &mut Draft<'_>,
        edit: &EditNode,
        operation: Operation,
    ) -> Result<(), DataError> {
        let name = &*self.schema.node(edit.id).name;
        if edit.operation.is_some_and(Operation::is_deletion) {
            let message = format!("{name} is a key; delete the entry instead");
            let error = DataError::new(ErrorTag::BadAttribute, message).attribute("operation").element(name);
            return Err(error.at(self.schema, &self.at));
        }
        if let (Body::Value(value), None) = (&edit.body, draft.get(edit.id))
            && !operation.is_deletion()
        {
            draft.change().insert(edit.id, Slot::Leaf(value.clone()));
        }
        Ok(())
    }

    fn leaf(
        &self,
        draft: &mut Draft<'_>,
        id: SchemaId,
        value: Option<&Arc<str>>,
        operation: Operation,
    ) -> Result<(), DataError> {
        let old = draft.node().leaf(id);
        if !self.must_change(operation, old.is_some())? {
            return Ok(());
        }
        match value {
            _ if operation.is_deletion() => {
                draft.change().remove(id);
            }
            Some(value) if old == Some(value) => {}
            Some(value) => self.set(draft, id, Slot::Leaf(value.clone())),
            None => {}
        }
        Ok(())
    }

    fn container(
        &mut self,
        draft: &mut Draft<'_>,
        id: SchemaId,
        children: &[EditNode],
        operation: Operation,
    ) -> Result<(), DataError> {
        let structure = self.schema.node(id).is_structure();
        let old = draft.node().container(id).cloned();
        if operation.is_deletion() {
            if self.must_change(operation, old.is_some())? {
                draft.change().remove(id);
            }
            return Ok(());
        }
        // A container without presence is always there, so only what is in it can exist or be missing.
        if !structure {
            self.must_change(operation, old.is_some())?;
        }
        let empty = Node::default();
        let (base, below) = match (operation, &old) {
            (Operation::Replace, _) => (&empty, Operation::Merge),
            (operation, Some(old)) => (&**old, operation),
            (operation, None) => (&empty, operation),
        };
        let changed = self.children(base, children, below)?;
        let replaced = operation == Operation::Replace || old.is_none();
        let Some(new) = changed.or_else(|| replaced.then(Node::default)) else { return Ok(()) };
        if structure && new.is_empty() {
            if old.is_some() {
                draft.change().remove(id);
            }
        } else if old.is_none_or(|old| *old != new) {
            self.set(draft, id, Slot::Container(Arc::new(new)));
        }
        Ok(())
    }

    /// Whether there is anything to do with a node that is there or not.
    pub(super) fn must_change(&self, operation: Operation, exists: bool) -> Result<bool, DataError> {
        let name = || self.at.id().map_or("", |id| &self.schema.node(id).name);
        match operation {
            Operation::Create if exists => {
                let message = format!("{} is there already", name());
                Err(DataError::new(ErrorTag::DataExists, message).at(self.schema, &self.at))
            }
            Operation::Delete | Operation::None if !exists => {
                let message = format!("{} is not there", name());
                Err(DataError::new(ErrorTag::DataMissing, message).at(self.schema, &self.at))
            }
            Operation::Remove => Ok(exists),
            Operation::None => Ok(false),
            Operation::Merge | Operation::Replace | Operation::Create | Operation::Delete => Ok(true),
        }
    }

    /// Puts a node in. RFC 7950 §7.9: "the creation of a node from one case implicitly deletes all nodes from all other
    /// cases".
    pub(super) fn set(&self, draft: &mut Draft<'_>, id: SchemaId, slot: Slot) {
        self.leave_other_cases(draft, id);
        draft.change().insert(id, slot);
    }

    pub(super) fn leave_other_cases(&self, draft: &mut Draft<'_>, id: SchemaId) {
        for case in self.schema.cases_of(id) {
            let choice = self.schema.choice(self.schema.case(case).choice);
            for other in choice.cases.iter().filter(|other| **other != case) {
                for node in &self.schema.case(*other).nodes {
                    if draft.get(*node).is_some() {
                        draft.change().remove(*node);
                    }
                }
            }
        }
    }
}
