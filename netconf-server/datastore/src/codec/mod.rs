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

/// Says something of a node.
pub type Judge<'a, 't> = &'a dyn Fn(&NodeRef<'t>) -> bool;

/// What is written and how.
#[derive(Clone, Copy, Default)]
pub struct WriteOptions<'a, 't> {
    /// Which defaults.
    pub defaults: WithDefaults,
    /// The part that is written; all of it if absent.
    pub selection: Option<&'a Selection>,
    /// Whether a node may be seen; what is below a hidden node is hidden. All may if absent.
    pub permit: Option<Judge<'a, 't>>,
    /// Whether the `when` of a node that is not stored lets it be, so that its default is written. It does if absent.
    pub when: Option<Judge<'a, 't>>,
    /// Blanks per level; everything on one line if absent.
    pub indent: Option<usize>,
}

impl fmt::Debug for WriteOptions<'_, '_> {
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
