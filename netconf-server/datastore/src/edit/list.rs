//! Entries of lists and leaf-lists in an edit.

use super::apply::Run;
use super::draft::Draft;
use super::{EditNode, Insert, Operation};
use crate::error::DataError;
use crate::schema::SchemaId;
use crate::tree::{Entries, Key, Node, Slot};
use daybreak_netconf::error::ErrorTag;
use std::sync::Arc;

impl Run<'_> {
    pub(super) fn entry(
        &mut self,
        draft: &mut Draft<'_>,
        edit: &EditNode,
        key: &Key,
        children: &[EditNode],
        operation: Operation,
    ) -> Result<(), DataError> {
        let id = edit.id;
        let old = draft.node().entry(id, key).cloned();
        if operation.is_deletion() {
            if self.must_change(operation, old.is_some())? {
                remove_entry(draft, id, key);
            }
            return Ok(());
        }
        self.must_change(operation, old.is_some())?;
        let empty = Node::default();
        let (base, below) = match (operation, &old) {
            (Operation::Replace, _) => (&empty, Operation::Merge),
            (operation, Some(old)) => (&**old, operation),
            (operation, None) => (&empty, operation),
        };
        let changed = self.children(base, children, below)?;
        let is_new = old.is_none();
        if let Some(new) = changed
            && old.is_none_or(|old| *old != new)
        {
            if is_new {
                self.leave_other_cases(draft, id);
            }
            if let Slot::List(entries) = self.slot(draft, id) {
                entries.insert(key.clone(), Arc::new(new));
            }
        }
        match edit.insert.as_deref() {
            Some(insert) => self.place(draft, id, key, insert, edit),
            None => Ok(()),
        }
    }

    pub(super) fn leaf_list_entry(
        &mut self,
        draft: &mut Draft<'_>,
        edit: &EditNode,
        value: &Arc<str>,
        operation: Operation,
    ) -> Result<(), DataError> {
        let (id, key) = (edit.id, Key::single(value.clone()));
        let exists = draft.node().leaf_list(id).is_some_and(|values| values.contains(&key));
        if !self.must_change(operation, exists)? {
            return Ok(());
        }
        if operation.is_deletion() {
            remove_entry(draft, id, &key);
            return Ok(());
        }
        if !exists {
            self.leave_other_cases(draft, id);
            if let Slot::LeafList(values) = self.slot(draft, id) {
                values.insert(key.clone(), ());
            }
        }
        match edit.insert.as_deref() {
            Some(insert) => self.place(draft, id, &key, insert, edit),
            None => Ok(()),
        }
    }

    /// The list or leaf-list, made if it is not there.
    fn slot<'d>(&self, draft: &'d mut Draft<'_>, id: SchemaId) -> &'d mut Slot {
        let node = self.schema.node(id);
        draft.change().get_or_insert_with(id, || {
            if node.has_value() {
                Slot::LeafList(Entries::new(node.order()))
            } else {
                Slot::List(Entries::new(node.order()))
            }
        })
    }

    /// Moves an entry that is there to where the edit wants it.
    fn place(
        &self,
        draft: &mut Draft<'_>,
        id: SchemaId,
        key: &Key,
        insert: &Insert,
        edit: &EditNode,
    ) -> Result<(), DataError> {
        let Some(slot) = draft.get(id) else { return Ok(()) };
        let (from, count, anchor) = match (slot, insert) {
            (Slot::List(entries), Insert::Before(anchor) | Insert::After(anchor)) => {
                (entries.position(key), entries.len(), Some(entries.position(anchor)))
            }
            (Slot::LeafList(values), Insert::Before(anchor) | Insert::After(anchor)) => {
                (values.position(key), values.len(), Some(values.position(anchor)))
            }
            (Slot::List(entries), _) => (entries.position(key), entries.len(), None),
            (Slot::LeafList(values), _) => (values.position(key), values.len(), None),
            _ => return Ok(()),
        };
        let Some(from) = from else { return Ok(()) };
        let before = |at: usize| if from < at { at - 1 } else { at };
        let to = match (insert, anchor) {
            (Insert::First, _) => 0,
            (Insert::Last, _) => count - 1,
            (_, Some(Some(at))) if at == from => from,
            (Insert::Before(_), Some(Some(at))) => before(at),
            (Insert::After(_), Some(Some(at))) => before(at) + 1,
            (Insert::Before(anchor) | Insert::After(anchor), _) => {
                let name = &*self.schema.node(edit.id).name;
                let wanted = anchor.values().collect::<Vec<_>>().join(" ");
                let attribute = if self.schema.node(id).has_value() { "value" } else { "key" };
                // RFC 7950 §15.7.
                let error = DataError::new(
                    ErrorTag::BadAttribute,
                    format!("{name} has no entry {wanted} to stand beside"),
                );
                let error = error.app_tag("missing-instance").attribute(attribute).element(name);
                return Err(error.at(self.schema, &self.at));
            }
        };
        if to != from {
            match draft.change().get_mut(id) {
                Some(Slot::List(entries)) => entries.place(key, to),
                Some(Slot::LeafList(values)) => values.place(key, to),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Takes an entry out, and the list with it when it was the last.
fn remove_entry(draft: &mut Draft<'_>, id: SchemaId, key: &Key) {
    let node = draft.change();
    let vacant = match node.get_mut(id) {
        Some(Slot::List(entries)) => {
            entries.remove(key);
            entries.is_empty()
        }
        Some(Slot::LeafList(values)) => {
            values.remove(key);
            values.is_empty()
        }
        _ => false,
    };
    if vacant {
        node.remove(id);
    }
}
