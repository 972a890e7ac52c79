//! Trees as text: XML (RFC 7950) and JSON (RFC 7951). The same tree always gives the same bytes.

mod edit_xml;
mod json;
mod sink;
mod view;
mod xml;

pub use edit_xml::write_edit_xml;
pub use json::write_json;
pub use sink::IoSink;
pub use xml::write_xml;

use crate::filter::Selection;
use crate::schema::SchemaId;
use crate::tree::NodeRef;
use std::fmt;

/// Which default values are written (RFC 6243 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithDefaults {
    /// What was set, also to the default: the basic mode.
    #[default]
    Explicit,
    /// Defaults in use, too.
    ReportAll,
    /// As [`Self::ReportAll`], and marked; JSON has no marks.
    ReportAllTagged,
    /// Nothing that has its default value.
    Trim,
}

impl WithDefaults {
    /// The value of `<with-defaults>`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "explicit" => Self::Explicit,
            "report-all" => Self::ReportAll,
            "report-all-tagged" => Self::ReportAllTagged,
            "trim" => Self::Trim,
            _ => return None,
        })
    }
}

/// Says of a node whether it may be seen; what is below a hidden node is hidden.
pub type Permit<'a> = &'a dyn Fn(&NodeRef<'_>) -> bool;
/// Says whether the `when` of a child that has a default lets it be, given the node above.
pub type WhenHolds<'a> = &'a dyn Fn(&NodeRef<'_>, SchemaId) -> bool;

/// What is written and how.
#[derive(Clone, Copy, Default)]
pub struct WriteOptions<'a> {
    /// Which defaults.
    pub defaults: WithDefaults,
    /// The part that is written; all of it if absent.
    pub selection: Option<&'a Selection>,
    /// Nodes that may be seen; all if absent.
    pub permit: Option<Permit<'a>>,
    /// For defaults of nodes with a `when`; if absent such nodes are taken to be there.
    pub when: Option<WhenHolds<'a>>,
    /// Blanks per level; everything on one line if absent.
    pub indent: Option<usize>,
}

impl fmt::Debug for WriteOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOptions")
            .field("defaults", &self.defaults)
            .field("selection", &self.selection)
            .field("indent", &self.indent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
