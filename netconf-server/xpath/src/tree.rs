//! What the evaluator asks of a tree.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::Names;

/// A child of a list entry that has to equal a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'k> {
    /// Module of the child; `None` for any.
    pub module: Option<&'k str>,
    /// Name of the child; `.` for the entry of a leaf-list itself.
    pub name: &'k str,
    /// The text, as the expression has it: for an identity it may carry a prefix.
    pub value: &'k str,
}

/// A tree of data: a root without name, inner nodes, and leaves that have a text.
///
/// The order of children is the document order. Only what an expression may see (RFC 7950 §6.4.1) is in it.
pub trait Tree {
    /// A handle, cheap to clone; equal handles are the same node.
    type Node: Clone + Eq;

    /// The node above the top-level ones.
    fn root(&self) -> Self::Node;

    /// The node above; `None` for the root only.
    fn parent(&self, node: &Self::Node) -> Option<Self::Node>;

    /// The children in document order.
    fn children(&self, node: &Self::Node) -> impl Iterator<Item = Self::Node>;

    /// The children of that name in document order; `module` is `None` for any.
    fn children_named(
        &self,
        node: &Self::Node,
        module: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = Self::Node> {
        self.children(node).filter(move |child| {
            self.name(child) == name && module.is_none_or(|module| self.module(child) == module)
        })
    }

    /// The children of that name in document order that have these values, found without a look at the others;
    /// `None` when the tree cannot. More than those that have them may be given: the evaluator checks each.
    /// `names` are those of the expression, for values with a prefix.
    fn entries(
        &self,
        node: &Self::Node,
        module: Option<&str>,
        name: &str,
        keys: &[Key<'_>],
        names: &Names,
    ) -> Option<Vec<Self::Node>> {
        let _ = (node, module, name, keys, names);
        None
    }

    /// Name without module; empty for the root.
    fn name<'n>(&'n self, node: &'n Self::Node) -> &'n str;

    /// Module that the name belongs to; empty for the root.
    fn module<'n>(&'n self, node: &'n Self::Node) -> &'n str;

    /// XML namespace of the name; empty for the root.
    fn namespace<'n>(&'n self, node: &'n Self::Node) -> &'n str;

    /// Canonical value of a leaf or of an entry of a leaf-list; `None` for every other node.
    fn text<'n>(&'n self, node: &'n Self::Node) -> Option<Cow<'n, str>>;

    /// Document order.
    fn compare(&self, left: &Self::Node, right: &Self::Node) -> Ordering;

    /// The canonical form of a text that an expression compares with the value of `node`; `None` when it is the text
    /// itself or when the text is no value of its type. It serves identities: `'ianaift:l2vlan'` has the prefix of the
    /// expression.
    fn canonical(&self, node: &Self::Node, text: &str, names: &Names) -> Option<String> {
        let _ = (node, text, names);
        None
    }

    /// What a leafref or an instance-identifier refers to (RFC 7950 §10.3.1), in document order.
    fn deref(&self, node: &Self::Node) -> Vec<Self::Node> {
        let _ = node;
        Vec::new()
    }

    /// Whether the value is an identity derived from that one, or with `or_self` also the identity itself
    /// (RFC 7950 §10.4). `module` is `None` for any.
    fn is_derived(&self, node: &Self::Node, module: Option<&str>, identity: &str, or_self: bool) -> bool {
        let _ = (node, module, identity, or_self);
        false
    }

    /// The integer of an enumeration's value (RFC 7950 §10.5.1).
    fn enum_value(&self, node: &Self::Node) -> Option<i32> {
        let _ = node;
        None
    }

    /// Whether the value of type bits has that bit set (RFC 7950 §10.6.1).
    fn bit_is_set(&self, node: &Self::Node, bit: &str) -> bool {
        let _ = (node, bit);
        false
    }
}
