//! What one node of the schema is.

use super::{CaseId, ModuleId};
use crate::tree::Key;
use daybreak_yang::DefaultDeny;
use std::sync::Arc;
use yang5::schema::SchemaNode as YangNode;

/// A data node of the schema: an index into the arena.
///
/// Numbers are given depth first, a list's keys before its other children, so the order of numbers is the order of the
/// schema, and a node's descendants are the numbers right after its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId(pub(crate) u32);

impl SchemaId {
    /// The index, to keep something per node in a vector of [`super::Schema::len`] items.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A data node of the schema.
#[derive(Debug)]
pub struct SchemaNode {
    /// Its own number.
    pub id: SchemaId,
    /// The data node around it; `None` at the top.
    pub parent: Option<SchemaId>,
    /// Name without prefix.
    pub name: Box<str>,
    /// The module whose namespace it is in.
    pub module: ModuleId,
    /// What it is.
    pub kind: Kind,
    /// Configuration rather than state.
    pub config: bool,
    /// `mandatory true`, or a key.
    pub mandatory: bool,
    /// Whether it is a key of the list around it.
    pub key: bool,
    /// Canonical default values: none or one of a leaf, any number of a leaf-list.
    pub defaults: Box<[Arc<str>]>,
    /// The defaults of a leaf-list as what its entries are known by.
    pub(crate) default_keys: Box<[Key]>,
    /// The innermost case it is in.
    pub case: Option<CaseId>,
    /// Data nodes directly below, in schema order; choices and cases are left out.
    pub children: Box<[SchemaId]>,
    /// The same sorted by name, for look-ups.
    pub(crate) by_name: Box<[SchemaId]>,
    /// Fewest entries; 0 if there is no bound.
    pub min: u32,
    /// Most entries.
    pub max: Option<u32>,
    /// What NACM does by default, also when it comes from a node above.
    pub deny: Option<DefaultDeny>,
    /// The same node of libyang, for expressions and types.
    pub yang: YangNode<'static>,
    /// One more than the number of the last descendant.
    pub(crate) end: u32,
}

/// What a data node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A container.
    Container {
        /// Whether its being there means something.
        presence: bool,
    },
    /// A list.
    List {
        /// Its keys in the order of the `key` statement; none for some lists of state.
        keys: Box<[SchemaId]>,
        /// Whose order the entries have.
        order: Order,
    },
    /// A leaf.
    Leaf(Encoding),
    /// A leaf-list.
    LeafList(Encoding, Order),
    /// `anydata` or `anyxml`, which trees do not hold: the models have none that is configuration.
    AnyData,
}

/// Who orders the entries of a list or leaf-list (RFC 7950 §7.7.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Sorted by us.
    System,
    /// As the client put them.
    User,
}

/// How values of a type are written (RFC 7951 §6, RFC 7950 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// JSON number: integers of up to 32 bits.
    Number,
    /// JSON `true` or `false`.
    Boolean,
    /// JSON `[null]`, an empty element in XML.
    Empty,
    /// JSON string, the same text in XML.
    Text,
    /// JSON string with module names, prefixes in XML.
    Identity,
    /// A path: in JSON a module name where the module changes, in XML a prefix on every name.
    Path,
    /// The member type that fits decides.
    Union,
}

impl Encoding {
    /// Whether module names in the value become prefixes in XML.
    pub fn is_qualified(self) -> bool {
        matches!(self, Self::Identity | Self::Path | Self::Union)
    }
}

impl SchemaNode {
    /// Whether it is a leaf or a leaf-list.
    pub fn has_value(&self) -> bool {
        matches!(self.kind, Kind::Leaf(_) | Kind::LeafList(..))
    }

    /// How its values are written; `None` for nodes without values.
    pub fn encoding(&self) -> Option<Encoding> {
        match self.kind {
            Kind::Leaf(encoding) | Kind::LeafList(encoding, _) => Some(encoding),
            _ => None,
        }
    }

    /// Whether it is a container without presence: it is there when something in it is.
    pub fn is_structure(&self) -> bool {
        self.kind == Kind::Container { presence: false }
    }

    /// The keys of a list; empty for all else.
    pub fn keys(&self) -> &[SchemaId] {
        match &self.kind {
            Kind::List { keys, .. } => keys,
            _ => &[],
        }
    }

    /// Whether the user orders its entries. A list without keys is in the order in which it was made.
    pub fn order(&self) -> Order {
        match &self.kind {
            Kind::List { keys, .. } if keys.is_empty() => Order::User,
            Kind::List { order, .. } | Kind::LeafList(_, order) => *order,
            _ => Order::System,
        }
    }

    /// Whether `other` is this node or below it.
    pub fn contains(&self, other: SchemaId) -> bool {
        (self.id.0..self.end).contains(&other.0)
    }
}
