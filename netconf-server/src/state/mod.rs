//! What is true now, as trees to be laid beside the configuration.
//!
//! Each function takes what was observed and gives a tree with top-level nodes of its own, so that a reply needs only the
//! parts that its filter names. [`Tree::joined`] lays one over another.

mod lenient;
mod library;
mod monitoring;
mod system;
mod time;

pub use library::content_id;
pub use monitoring::{Counters, Denied, Lock, Monitoring, Session, Statistics};
pub use system::Machine;

use daybreak_datastore::schema::Schema;
use daybreak_datastore::tree::{BuildError, Tree};
use std::sync::Arc;
use std::time::SystemTime;

/// `netconf-state` of ietf-netconf-monitoring.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn monitoring(schema: &Arc<Schema>, now: &Monitoring<'_>) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| monitoring::fill(top, schema.context(), now))
}

/// The counters within `nacm` of ietf-netconf-acm.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn denied(schema: &Arc<Schema>, now: Denied) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| monitoring::fill_denied(top, now))
}

/// `yang-library` of ietf-yang-library. It never changes while the server runs.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn library(schema: &Arc<Schema>) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| library::fill(top, schema.context()))
}

/// `system-state` of ietf-system.
///
/// # Errors
/// [`BuildError`] when the schema is another.
pub fn system(schema: &Arc<Schema>, machine: &Machine, now: SystemTime) -> Result<Tree, BuildError> {
    Tree::build(schema, |top| system::fill(top, machine, now))
}

#[cfg(test)]
mod tests;
