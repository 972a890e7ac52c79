//! The timeline: what happened to a node, on one clock, kept after failure.

mod catalogue;
mod manual;

use crate::node::NodeId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use catalogue::{CATALOGUE, Code, Level, Row};
pub use manual::manual;

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Grows with each event of the site.
    pub id: i64,
    /// The node, if it is about one.
    pub node: Option<NodeId>,
    /// When it was seen.
    pub at: Timestamp,
    /// Which row of the catalogue.
    pub code: Code,
    /// One line for a person. Never a secret.
    pub message: String,
    /// The same as data.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub fields: serde_json::Value,
}

/// An event before it has an id.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// The node, if it is about one.
    pub node: Option<NodeId>,
    /// When it was seen.
    pub at: Timestamp,
    /// Which row of the catalogue.
    pub code: Code,
    /// One line for a person. Never a secret.
    pub message: String,
    /// The same as data.
    pub fields: serde_json::Value,
}
