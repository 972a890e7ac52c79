//! The nodes of an axis, in the order of the axis (XPath 1.0 §2.2).

use super::{Evaluator, Item, Items};
use crate::ast::{Axis, NodeTest};
use crate::{Tree, XPathError};

impl<T: Tree> Evaluator<'_, T> {
    /// Appends the nodes of the axis that pass the test.
    pub(super) fn axis(
        &self,
        axis: Axis,
        test: &NodeTest,
        from: &Item<T::Node>,
        out: &mut Items<T>,
    ) -> Result<(), XPathError> {
        match axis {
            Axis::Attribute | Axis::Namespace => {}
            Axis::SelfNode => self.admit(test, from.clone(), out)?,
            Axis::Parent => {
                if let Some(parent) = self.parent(from) {
                    self.admit(test, parent, out)?;
                }
            }
            Axis::Ancestor | Axis::AncestorOrSelf => {
                let mut next = if axis == Axis::Ancestor { self.parent(from) } else { Some(from.clone()) };
                while let Some(item) = next {
                    next = self.parent(&item);
                    self.admit(test, item, out)?;
                }
            }
            Axis::Child => self.child(test, from, out)?,
            Axis::Descendant | Axis::DescendantOrSelf => {
                if axis == Axis::DescendantOrSelf {
                    self.admit(test, from.clone(), out)?;
                }
                if !from.is_text {
                    self.admit_text(test, &from.node, out)?;
                    self.descend(test, &from.node, out)?;
                }
            }
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                // A text node has no siblings.
                if !from.is_text {
                    for node in self.siblings(&from.node, axis == Axis::FollowingSibling)? {
                        self.admit(test, Item::element(node), out)?;
                    }
                }
            }
            Axis::Following | Axis::Preceding => self.around(axis == Axis::Following, test, from, out)?,
        }
        Ok(())
    }

    fn parent(&self, from: &Item<T::Node>) -> Option<Item<T::Node>> {
        if from.is_text {
            return Some(Item::element(from.node.clone()));
        }
        self.tree.parent(&from.node).map(Item::element)
    }

    fn child(&self, test: &NodeTest, from: &Item<T::Node>, out: &mut Items<T>) -> Result<(), XPathError> {
        if from.is_text {
            return Ok(());
        }
        if let NodeTest::Name { module, name } = test {
            for node in self.tree.children_named(&from.node, module.as_deref(), name) {
                self.charge(1)?;
                out.push(Item::element(node));
            }
            return Ok(());
        }
        self.admit_text(test, &from.node, out)?;
        for node in self.tree.children(&from.node) {
            self.admit(test, Item::element(node), out)?;
        }
        Ok(())
    }

    /// All below that pass the test.
    fn descend(&self, test: &NodeTest, from: &T::Node, out: &mut Items<T>) -> Result<(), XPathError> {
        let mut below = Vec::new();
        self.below(from, &mut below)?;
        for node in below {
            self.admit(test, Item::element(node.clone()), out)?;
            self.admit_text(test, &node, out)?;
        }
        Ok(())
    }

    /// Appends all nodes below, in document order.
    pub(super) fn below(&self, from: &T::Node, out: &mut Vec<T::Node>) -> Result<(), XPathError> {
        let mut open: Vec<T::Node> = self.tree.children(from).collect();
        self.charge(open.len())?;
        open.reverse();
        while let Some(node) = open.pop() {
            let first = open.len();
            open.extend(self.tree.children(&node));
            self.charge(open.len() - first)?;
            open[first..].reverse();
            out.push(node);
        }
        Ok(())
    }

    /// The other children of the parent: the later ones in document order, or the earlier ones from the nearest on.
    fn siblings(&self, from: &T::Node, later: bool) -> Result<Vec<T::Node>, XPathError> {
        let Some(parent) = self.tree.parent(from) else { return Ok(Vec::new()) };
        let mut earlier = Vec::new();
        let mut children = self.tree.children(&parent);
        for node in children.by_ref() {
            self.charge(1)?;
            if node == *from {
                break;
            }
            if !later {
                earlier.push(node);
            }
        }
        if later {
            let rest: Vec<_> = children.collect();
            self.charge(rest.len())?;
            return Ok(rest);
        }
        earlier.reverse();
        Ok(earlier)
    }

    /// `following` and `preceding`: the siblings of the node and of all above, with what is below them.
    fn around(
        &self,
        later: bool,
        test: &NodeTest,
        from: &Item<T::Node>,
        out: &mut Items<T>,
    ) -> Result<(), XPathError> {
        let mut next = Some(from.node.clone());
        while let Some(node) = next {
            for sibling in self.siblings(&node, later)? {
                let first = out.len();
                self.admit(test, Item::element(sibling.clone()), out)?;
                self.admit_text(test, &sibling, out)?;
                self.descend(test, &sibling, out)?;
                if !later {
                    out[first..].reverse();
                }
            }
            next = self.tree.parent(&node);
        }
        Ok(())
    }

    /// Appends the node if it passes the test.
    fn admit(&self, test: &NodeTest, item: Item<T::Node>, out: &mut Items<T>) -> Result<(), XPathError> {
        self.charge(1)?;
        let is_element = || !item.is_text && self.tree.parent(&item.node).is_some();
        let passes = match test {
            NodeTest::Node => true,
            NodeTest::Text => item.is_text,
            NodeTest::Never => false,
            NodeTest::Any => is_element(),
            NodeTest::Module(module) => is_element() && self.tree.module(&item.node) == &**module,
            NodeTest::Name { module, name } => {
                !item.is_text
                    && self.tree.name(&item.node) == &**name
                    && module.as_deref().is_none_or(|module| self.tree.module(&item.node) == module)
            }
        };
        if passes {
            out.push(item);
        }
        Ok(())
    }

    /// Appends the text node of a leaf if the test asks for such; an empty text makes none.
    fn admit_text(&self, test: &NodeTest, node: &T::Node, out: &mut Items<T>) -> Result<(), XPathError> {
        if matches!(test, NodeTest::Node | NodeTest::Text) {
            self.charge(1)?;
            if self.tree.text(node).is_some_and(|text| !text.is_empty()) {
                out.push(Item::text(node.clone()));
            }
        }
        Ok(())
    }
}
