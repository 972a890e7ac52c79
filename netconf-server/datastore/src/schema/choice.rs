//! Choices and cases, which are in the schema but not in the data.

use super::{ModuleId, SchemaId};

/// A choice: an index into the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChoiceId(pub(crate) u32);

/// A case: an index into the arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseId(pub(crate) u32);

/// A choice (RFC 7950 §7.9).
#[derive(Debug)]
pub struct Choice {
    /// Its own number.
    pub id: ChoiceId,
    /// Name.
    pub name: Box<str>,
    /// The module whose namespace it is in.
    pub module: ModuleId,
    /// The data node around it; `None` at the top.
    pub parent: Option<SchemaId>,
    /// The case of another choice that it is in.
    pub within: Option<CaseId>,
    /// Whether one case must be there.
    pub mandatory: bool,
    /// Configuration rather than state.
    pub config: bool,
    /// The case whose defaults hold when no case is there.
    pub default: Option<CaseId>,
    /// Its cases in schema order.
    pub cases: Vec<CaseId>,
    /// The same choice of libyang.
    pub yang: yang5::schema::SchemaNode<'static>,
}

/// A case (RFC 7950 §7.9.2).
#[derive(Debug)]
pub struct Case {
    /// Its own number.
    pub id: CaseId,
    /// Name.
    pub name: Box<str>,
    /// The choice it is of.
    pub choice: ChoiceId,
    /// Data nodes of the case, also those of choices within it.
    pub nodes: Vec<SchemaId>,
    /// The same case of libyang.
    pub yang: yang5::schema::SchemaNode<'static>,
}
