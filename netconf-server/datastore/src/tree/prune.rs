//! A tree without what somebody may not see.

use super::{Entries, Node, NodeRef, Slot, Tree};
use std::sync::Arc;

impl Tree {
    /// The part whose nodes `keep` takes. What is below a node that it does not take is gone with it, and so is a container
    /// without presence in which nothing is left; the keys of an entry belong to it.
    #[must_use]
    pub fn pruned(&self, keep: impl Fn(&NodeRef<'_>) -> bool) -> Self {
        Self::from_root(Arc::clone(self.schema()), Arc::new(inside(&self.root(), &keep)))
    }
}

fn inside(node: &NodeRef<'_>, keep: &impl Fn(&NodeRef<'_>) -> bool) -> Node {
    let mut kept = Node::default();
    for child in node.children() {
        let Some(schema) = child.schema_node() else { continue };
        if !schema.key && !keep(&child) {
            continue;
        }
        let order = schema.order();
        match (child.key(), child.value()) {
            (None, Some(value)) => kept.insert(schema.id, Slot::Leaf(Arc::clone(value))),
            (None, None) => {
                let content = inside(&child, keep);
                if !(schema.is_structure() && content.is_empty()) {
                    kept.insert(schema.id, Slot::Container(Arc::new(content)));
                }
            }
            (Some(key), Some(_)) => {
                let slot = kept.get_or_insert_with(schema.id, || Slot::LeafList(Entries::new(order)));
                if let Slot::LeafList(values) = slot {
                    values.insert(key.clone(), ());
                }
            }
            (Some(key), None) => {
                let content = Arc::new(inside(&child, keep));
                let slot = kept.get_or_insert_with(schema.id, || Slot::List(Entries::new(order)));
                if let Slot::List(entries) = slot {
                    entries.insert(key.clone(), content);
                }
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use crate::filter::SubtreeFilter;
    use crate::testing::{example, tree, xml};
    use crate::xml::{Fragment, Limits};

    const DATA: &str = "<top xmlns='urn:example'><name>n</name><tag>b</tag><tag>a</tag><server>b</server><server>a</server>\
        <item><name>i</name><value>1</value></item><item><name>h</name><value>2</value></item><plain><a>x</a></plain></top>";

    #[test]
    fn what_is_not_kept_is_gone_with_all_below_it() {
        let tree = tree(DATA);
        assert_eq!(tree.pruned(|_| true), tree);
        assert!(tree.pruned(|_| false).is_empty());
        // Keys stay, whatever is said of them; the user's order stays; a container in which nothing is left goes.
        let kept = tree.pruned(|node| !matches!(node.name(), "name" | "value" | "a" | "tag"));
        assert_eq!(
            xml(&kept),
            "<top xmlns=\"urn:example\"><server>b</server><server>a</server><item><name>h</name></item>\
             <item><name>i</name></item></top>"
        );
    }

    #[test]
    fn a_filter_cannot_ask_for_what_is_gone() {
        let tree = tree(DATA);
        let filter = "<top xmlns='urn:example'><item><value>1</value></item></top>";
        let filter = SubtreeFilter::parse(example(), Fragment::new(filter), Limits::default()).unwrap();
        assert!(!filter.select(&tree.root(), false).is_none());
        let pruned = tree.pruned(|node| node.name() != "value");
        assert!(filter.select(&pruned.root(), false).is_none());
    }
}
